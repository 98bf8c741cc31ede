"""Do the estimators keep what they promise? Seeded simulations, the figures printed.

    python benchmarks/experiment_claims.py [--runs 40000] [--only normal skewed]

Every case makes up experiments whose truth is known, hands their moments to the estimators of the
package, and counts how often an effect is called that is not there (type-I error at alpha 0.05) and
how often the 95 % interval holds the truth (coverage). What is promised:

- asymptotic estimators: error 0.045 to 0.055, coverage 94 to 96 %;
- exact and anytime-valid ones: error at most 0.055, coverage at least 94 %, where the anytime-valid
  ones are looked at on each of 100 days, and a fixed-time test beside them;
- adjustment takes away 1 - rho squared of the variance.

The last line says whether all of it held; the exit code is 1 when it did not.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from workbench.experiments.estimators import (
    Difference,
    QuantileWindow,
    adjusted_difference,
    difference_between_clusters,
    difference_in_means,
    difference_in_proportions,
    difference_in_ratios,
)
from workbench.experiments.estimators.quantiles import quantile_difference_interval
from workbench.experiments.moments import JointMoments, MetricMoments
from workbench.experiments.sequential import boundaries, bounded_sequence, tuning_of
from workbench.experiments.sequential.always import half_width
from workbench.experiments.sequential.proportions import log_evidence

ALPHA = 0.05
DAYS = 100
CHUNK = 500


@dataclass(frozen=True)
class Case:
    """What a case found: `kind` is `asymptotic`, `at most` or `beside` (shown, not judged)."""

    name: str
    kind: str
    error: float | None
    coverage: float | None
    note: str = ""

    @property
    def held(self) -> bool:
        """Whether it kept its promise."""
        if self.kind == "asymptotic":
            return (self.error is None or 0.045 <= self.error <= 0.055) and (
                self.coverage is None or 0.94 <= self.coverage <= 0.96
            )
        if self.kind == "at most":
            return (self.error is None or self.error <= 0.055) and (
                self.coverage is None or self.coverage >= 0.94
            )
        return True


def metric(values: Any) -> Iterator[MetricMoments]:
    """Yield the moments of each row of outcomes, shape (runs, customers)."""
    totals = values.sum(axis=1)
    squares = ((values - totals[:, None] / values.shape[1]) ** 2).sum(axis=1)
    for total, square in zip(totals.tolist(), squares.tolist(), strict=True):
        yield MetricMoments(values.shape[1], 0, 0, total, square, False)  # type: ignore[arg-type]


def joint(*columns: Any) -> Iterator[JointMoments]:
    """Yield the joint moments of each row of several columns, each of shape (runs, customers)."""
    stacked = np.stack(columns, axis=1)
    totals = stacked.sum(axis=2)
    apart = stacked - stacked.mean(axis=2, keepdims=True)
    crossed = np.einsum("rin,rjn->rij", apart, apart)
    names = tuple(f"x{i}" for i in range(len(columns)))
    for total, cross in zip(totals.tolist(), crossed.tolist(), strict=True):
        yield JointMoments(names, stacked.shape[2], 0, 0, tuple(total), tuple(map(tuple, cross)))  # type: ignore[arg-type]


def counted(found: Iterator[Difference], truth: float, runs: int) -> tuple[float, float]:
    """Return how often the test errs (without an effect), and how often the interval covers."""
    errs = covers = 0
    for one in found:
        assert one.pvalue is not None, one.reason
        assert one.effect_size_ci_lower is not None
        assert one.effect_size_ci_upper is not None
        errs += one.pvalue < ALPHA
        covers += one.effect_size_ci_lower <= truth <= one.effect_size_ci_upper
    return errs / runs, covers / runs


def chunks(runs: int) -> Iterator[int]:
    yield from (min(CHUNK, runs - done) for done in range(0, runs, CHUNK))


def spend(random: np.random.Generator, shape: tuple[int, int], share: float = 0.05) -> Any:
    """Return spend: 95 % zeros, the others lognormal."""
    buys = random.random(shape) < share
    values = np.zeros(shape)
    values[buys] = random.lognormal(3.0, 0.8, int(buys.sum()))
    return values


SPEND_MEAN = 0.05 * float(np.exp(3.0 + 0.8**2 / 2))


def normal(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(101)

    def found() -> Iterator[Difference]:
        for size in chunks(runs):
            c = metric(random.normal(10, 2, (size, 150)))
            t = metric(random.normal(10, 3, (size, 100)))
            yield from (difference_in_means(a, b) for a, b in zip(c, t, strict=True))

    yield Case("means, normal, unequal spread and size", "asymptotic", *counted(found(), 0, runs))


def skewed(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(102)

    def found(lift: float) -> Iterator[Difference]:
        for size in chunks(runs):
            c = metric(spend(random, (size, 4000)))
            t = metric(spend(random, (size, 4000)) * (1 + lift))
            yield from (difference_in_means(a, b) for a, b in zip(c, t, strict=True))

    error, _ = counted(found(0.0), 0, runs)
    _, coverage = counted(found(0.2), 0.2 * SPEND_MEAN, runs)
    yield Case("means, spend with 95 % zeros, n 4,000", "asymptotic", error, coverage)


def shares(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(103)

    def found(p_c: float, p_t: float, n_c: int, n_t: int) -> Iterator[Difference]:
        hits = [random.binomial(n, p, runs) for n, p in ((n_c, p_c), (n_t, p_t))]
        for x, y in zip(*(h.tolist() for h in hits), strict=True):
            parts = (MetricMoments(n, 0, 0, h, 0, True) for h, n in ((x, n_c), (y, n_t)))  # type: ignore[arg-type]
            yield difference_in_proportions(*parts)

    error, _ = counted(found(0.12, 0.12, 1500, 1400), 0, runs)
    _, coverage = counted(found(0.12, 0.15, 1500, 1400), 0.03, runs)
    yield Case("proportions, 12 %, n 1,500 and 1,400", "asymptotic", error, coverage)
    error, _ = counted(found(0.15, 0.15, 15, 18), 0, runs)
    _, coverage = counted(found(0.1, 0.4, 15, 18), 0.3, runs)
    yield Case("proportions, exact, n 15 and 18", "at most", error, coverage)
    error, _ = counted(found(0.0015, 0.0015, 2000, 2000), 0, runs)
    _, coverage = counted(found(0.001, 0.002, 2000, 2000), 0.001, runs)
    yield Case("proportions, exact, 3 events in 2,000", "at most", error, coverage)


def clustered(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(104)

    def arm(size: int, clusters: int) -> Iterator[JointMoments]:
        m = 5 + random.poisson(20, (size, clusters))
        level = random.normal(0, 1, m.shape)
        return joint(m * (50 + level) + np.sqrt(m) * random.normal(0, 3, m.shape), m.astype(float))

    def found(clusters: int) -> Iterator[Difference]:
        for size in chunks(runs):
            for a, b in zip(arm(size, clusters), arm(size, clusters), strict=True):
                yield difference_between_clusters(a, b).difference

    for clusters in (40, 12):
        error, coverage = counted(found(clusters), 0, runs)
        yield Case(f"{clusters} clusters a group, ICC 0.1", "asymptotic", error, coverage)

    def naive() -> Iterator[float]:
        for size in chunks(runs):
            m, values = 20, []
            for _ in range(2):
                level = random.normal(0, 1, (size, 40))
                mean = level + random.normal(0, 3, (size, 40)) / np.sqrt(m)
                values.append(mean.mean(axis=1))
            yield from (values[1] - values[0]) / np.sqrt(2 * 10 / (40 * m))

    z = np.fromiter(naive(), dtype="float64")
    yield Case(
        "the same, customers counted one by one", "beside", float((abs(z) > 1.96).mean()), None
    )


def ratio(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(105)

    def arm(size: int, scale: float) -> Iterator[JointMoments]:
        loyal = random.gamma(2.0, 0.5, (size, 400))
        orders = random.poisson(2 * loyal)
        total = random.gamma(np.where(orders > 0, 1.5 * orders, 1.0)) * (orders > 0) * scale
        return joint(total * 10, orders.astype(float))

    def found(lift: float) -> Iterator[Difference]:
        for size in chunks(runs):
            for a, b in zip(arm(size, 1.0), arm(size, 1 + lift), strict=True):
                yield difference_in_ratios(a, b)

    error, _ = counted(found(0.0), 0, runs)
    _, coverage = counted(found(0.1), 1.5, runs)
    yield Case("ratio of sums, spend per order, n 400", "asymptotic", error, coverage)


def adjusted(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(106)
    for rho in (0.5, 0.8):
        reductions, both = [], []

        def found(rho: float = rho, reductions: Any = reductions, both: Any = both) -> Any:
            for size in chunks(runs):
                arms = []
                for shift in (0.0, 0.3):
                    x = random.normal(0, 1, (size, 300))
                    y = rho * x + np.sqrt(1 - rho**2) * random.normal(0, 1, x.shape) + shift
                    arms.append(joint(y, x))
                for a, b in zip(*arms, strict=True):
                    one = adjusted_difference(a, b)
                    reductions.append(one.variance_reduction)
                    both.append((one.adjusted.effect_size, one.unadjusted.effect_size))
                    yield one.adjusted

        errs, covers = 0, 0
        for one in found():
            # The test of the true effect errs as the test of none does: a shift changes nothing.
            lower, upper = one.effect_size_ci_lower, one.effect_size_ci_upper
            covers += lower <= 0.3 <= upper
            errs += abs(one.effect_size - 0.3) / one.std_error > stats_t(one)
        variances = np.var(np.array(both, dtype="float64"), axis=0)
        seen = 1 - variances[0] / variances[1]
        note = (
            f"variance taken away: {np.mean(reductions):.4f} as estimated, {seen:.4f} as seen; "
            f"theory {rho**2:.4f}"
        )
        held = abs(np.mean(reductions) - rho**2) < 0.005 and abs(seen - rho**2) < 0.015
        kind = "asymptotic" if held else "missed"
        name = f"regression adjustment, rho {rho:g}"
        yield Case(name, kind, errs / runs, covers / runs, note)


def stats_t(one: Difference) -> float:
    """Return the quantile that an interval was made with."""
    assert one.effect_size_ci_upper is not None
    assert one.effect_size is not None
    assert one.std_error is not None
    return (one.effect_size_ci_upper - one.effect_size) / one.std_error


def quantile(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(107)

    def lognormal(size: int, lift: float) -> Any:
        return random.lognormal(2.0, 1.0, (size, 2000)) * (1 + lift)

    def tied(size: int, lift: float) -> Any:
        return np.ceil(random.lognormal(2.0, 1.0, (size, 1000))) + lift

    def bought(size: int, lift: float) -> Any:
        return spend(random, (size, 6000)) * (1 + lift)

    top = float(np.exp(3.0 + 0.8 * stats.norm.isf(0.02 / 0.05)))
    for name, draw, q, lift, truth, kind in (
        ("median, lognormal, n 2,000", lognormal, 0.5, 0.3, 0.3 * np.exp(2.0), "asymptotic"),
        (
            "quantile 0.9, lognormal, n 2,000", lognormal, 0.9, 0.3,
            0.3 * np.exp(2.0 + stats.norm.ppf(0.9)), "asymptotic",
        ),
        ("quantile 0.98, 95 % zeros, n 6,000", bought, 0.98, 0.2, 0.2 * top, "asymptotic"),
        ("median, whole numbers (ties), n 1,000", tied, 0.5, 2.0, 2.0, "at most"),
    ):  # fmt: skip
        errs = covers = 0
        for size in chunks(runs):
            for c, t in zip(draw(size, 0.0), draw(size, lift), strict=True):
                parts = QuantileWindow.of(c, q), QuantileWindow.of(t, q)
                lower, upper = quantile_difference_interval(parts, ALPHA)
                covers += lower <= truth <= upper
            for c, t in zip(draw(size, 0.0), draw(size, 0.0), strict=True):
                parts = QuantileWindow.of(c, q), QuantileWindow.of(t, q)
                lower, upper = quantile_difference_interval(parts, ALPHA)
                errs += lower > 0 or upper < 0
        yield Case(name, kind, errs / runs, covers / runs)


def peeking(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(108)
    for name, daily, first in (("normal", 20, 0), ("spend with 95 % zeros", 100, 0)):
        errs = fixed = 0
        sd = 1.0 if name == "normal" else float(spend(np.random.default_rng(1), (1000, 1000)).std())
        tuning = tuning_of(sd * np.sqrt(2 / (daily * DAYS)))
        for size in chunks(runs):
            sums = []
            for _ in range(2):
                shape = (size, DAYS * daily)
                x = random.normal(0, 1, shape) if name == "normal" else spend(random, shape)
                days = x.reshape(size, DAYS, daily)
                sums.append(
                    (np.cumsum(days.sum(axis=2), axis=1), np.cumsum((days**2).sum(axis=2), axis=1))
                )
            n = daily * np.arange(1.0, DAYS + 1)
            means = [s / n for s, _ in sums]
            variances = [
                (q - n * m**2) / (n - 1) / n for (_, q), m in zip(sums, means, strict=True)
            ]
            gap, error = means[1] - means[0], np.sqrt(variances[0] + variances[1])
            gap, error = gap[:, first:], np.maximum(error[:, first:], 1e-9)
            errs += int((np.abs(gap) > half_width(error, tuning, ALPHA)).any(axis=1).sum())
            fixed += int((np.abs(gap) > 1.96 * error).any(axis=1).sum())
        yield Case(
            f"anytime-valid means, {DAYS} looks, {name}", "at most", errs / runs, 1 - errs / runs
        )
        yield Case(f"  a fixed-time test read as often, {name}", "beside", fixed / runs, None)


def peeking_shares(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(109)
    daily, found = 40, {}
    for gap in (0.0, 0.03):
        counts = [
            np.cumsum(random.binomial(daily, p, (runs, DAYS)), axis=1) for p in (0.05, 0.05 + gap)
        ]
        out = np.zeros(runs, dtype=bool)
        fixed = np.zeros(runs, dtype=bool)
        for day in range(DAYS):
            n = daily * (day + 1)
            x, y = counts[0][:, day], counts[1][:, day]
            out |= log_evidence(x, n, y, n, gap) > -np.log(ALPHA)
            pooled = (x + y) / (2 * n)
            error = np.sqrt(np.maximum(2 * pooled * (1 - pooled) / n, 1e-300))
            fixed |= (np.abs(y - x) / n > 1.96 * error) & (x + y > 10)
        found[gap] = (out.mean(), fixed.mean())
    yield Case(
        f"anytime-valid proportions, {DAYS} looks", "at most", float(found[0.0][0]),
        1 - float(found[0.03][0]),
    )  # fmt: skip
    yield Case("  a fixed-time test read as often", "beside", float(found[0.0][1]), None)


def peeking_bounded(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(110)
    missed, truth = 0, 0.3 / 4.3
    for size in chunks(runs):
        days = random.beta(0.3, 4.0, (size, DAYS, 20))
        sums, squares = days.sum(axis=2).tolist(), (days**2).sum(axis=2).tolist()
        for first, second in zip(sums, squares, strict=True):
            batches = [(20, x, y) for x, y in zip(first, second, strict=True)]
            looks = bounded_sequence(batches, bounds=(0.0, 1.0), alpha=ALPHA)
            # Each interval lies within all before it, so the last one tells of all.
            missed += not looks[-1].lower <= truth <= looks[-1].upper
    yield Case(
        f"bounded means, one group, {DAYS} looks", "at most", missed / runs, 1 - missed / runs
    )


def groups(runs: int) -> Iterator[Case]:
    random = np.random.default_rng(111)
    for kind in ("obrien-fleming", "pocock"):
        shares = (0.15, 0.4, 0.6, 0.85, 1.0)
        plan = boundaries(shares, kind=kind, alpha=ALPHA)  # type: ignore[arg-type]
        steps = np.diff((0.0, *shares))
        errs = 0
        for size in chunks(runs):
            # Customers of a step: n 400 a group at the end, outcomes exponential.
            sums = [
                [random.exponential(1, (size, round(400 * step))) for step in steps]
                for _ in range(2)
            ]
            out = np.zeros(size, dtype=bool)
            for look, z in enumerate(plan.z):
                parts = [np.concatenate(arm[: look + 1], axis=1) for arm in sums]
                gap = parts[1].mean(axis=1) - parts[0].mean(axis=1)
                error = np.sqrt(sum(p.var(axis=1, ddof=1) / p.shape[1] for p in parts))
                out |= np.abs(gap) >= z * error
            errs += int(out.sum())
        yield Case(f"group-sequential, {kind}, 5 looks", "asymptotic", errs / runs, 1 - errs / runs)


CASES: dict[str, Callable[[int], Iterator[Case]]] = {
    "normal": normal,
    "skewed": skewed,
    "shares": shares,
    "clustered": clustered,
    "ratio": ratio,
    "adjusted": adjusted,
    "quantile": quantile,
    "peeking": peeking,
    "peeking-shares": peeking_shares,
    "peeking-bounded": peeking_bounded,
    "groups": groups,
}


def main() -> int:
    """Simulate all cases and print what they found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40_000)
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    asked = parser.parse_args()
    print(f"{asked.runs:,} runs a case; alpha {ALPHA:g}, intervals at {1 - ALPHA:.0%}", flush=True)
    print(f"  {'case':50} {'type I':>8} {'coverage':>9}  promise", flush=True)
    held = True
    for name in asked.only:
        begun = time.perf_counter()
        for case in CASES[name](asked.runs):
            error = "" if case.error is None else f"{case.error:.4f}"
            coverage = "" if case.coverage is None else f"{case.coverage:.4f}"
            verdict = "" if case.kind == "beside" else f"{case.kind}: "
            if case.kind != "beside":
                fine = case.held and case.kind != "missed"
                verdict += "held" if fine else "NOT HELD"
                held &= fine
            print(f"  {case.name:50} {error:>8} {coverage:>9}  {verdict}", flush=True)
            if case.note:
                print(f"    {case.note}", flush=True)
        print(f"    {time.perf_counter() - begun:.0f} s", flush=True)
    print("all promises held" if held else "a promise was NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
