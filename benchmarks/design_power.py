"""Does a plan keep its promise? Simulated experiments of the planned size, and how many show it.

    python benchmarks/design_power.py [runs]

For each kind of metric and setting: the size is planned for a power of 80 %, that many units are
drawn with the planned effect, the test is made, and the share that shows the effect is printed
beside the promise. Drawn anew from one seed; 40,000 runs have a standard error of 0.2 points.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from workbench.experiments.crossing import anytime_bounds, spending_bounds
from workbench.experiments.design import n_obs
from workbench.experiments.dunnett import dunnett_critical
from workbench.experiments.setting import Baseline, Setting

RUNS, CHUNK, SEED = 40_000, 1_000, 20250630
Random = np.random.Generator
Test = Callable[[Random, int], np.ndarray]


def welch(c: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.asarray(stats.ttest_ind(t, c, axis=1, equal_var=False).pvalue) < 0.05


def pooled_z(hits: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the z of the last column against the first."""
    share = hits.sum(axis=1) / n.sum()
    error = np.sqrt(share * (1 - share) * (1 / n[0] + 1 / n[1]))
    found: np.ndarray = (hits[:, 1] / n[1] - hits[:, 0] / n[0]) / error
    return found


def normal_mean() -> tuple[str, Test]:
    n = n_obs(Baseline.of_mean(10, 5), 1.0, Setting((2, 1))).per_variant
    return f"mean, normal, two to one ({n[0]:,} and {n[1]:,})", lambda r, k: welch(
        r.normal(10, 5, (k, n[0])), r.normal(11, 5, (k, n[1]))
    )


def skewed_spend() -> tuple[str, Test]:
    """95 % spend nothing; the others 50 on average. The effect is one half more buyers."""
    p, q, mean = 0.05, 0.065, 50.0
    second = 2 * mean**2
    sds = [np.sqrt(s * second - (s * mean) ** 2) for s in (p, q)]
    # Planned with one deviation for both groups: that of the mean of both variances.
    sd = float(np.sqrt((sds[0] ** 2 + sds[1] ** 2) / 2))
    n = n_obs(Baseline.of_mean(p * mean, sd), (q - p) * mean, Setting()).per_variant[0]

    def sums(random: Random, k: int, share: float) -> tuple[np.ndarray, np.ndarray]:
        buyers = random.binomial(n, share, k)
        spend = random.exponential(mean, buyers.sum())
        starts = np.concatenate([[0], np.cumsum(buyers)[:-1]])
        total = np.add.reduceat(spend, starts) / n
        squares = np.add.reduceat(spend**2, starts) / n
        return total, (squares - total**2) * n / (n - 1)

    def test(random: Random, k: int) -> np.ndarray:
        (c, vc), (t, vt) = sums(random, k, p), sums(random, k, q)
        z = (t - c) / np.sqrt((vc + vt) / n)
        return np.abs(z) > stats.norm.isf(0.025)

    return f"mean, spend with 95 % zeros ({n:,} each)", test


def shares(p: float, change: float, kind: str) -> tuple[str, Test]:
    n = np.array(n_obs(Baseline.of_share(p), change, Setting((1, 3))).per_variant)
    return (
        f"{kind}, {p:g} to {p + change:g}, one to three ({n[0]:,} and {n[1]:,})",
        lambda r, k: (
            np.abs(pooled_z(r.binomial(n, (p, p + change), (k, 2)), n)) > stats.norm.isf(0.025)
        ),
    )


def ratio() -> tuple[str, Test]:
    """Plan spend per order: 1 + Poisson(2) orders of a customer, of a size that is their own."""
    effect = 4.0

    def draw(random: Random, k: int, n: int, more: float) -> tuple[np.ndarray, np.ndarray]:
        orders = 1 + random.poisson(2.0, (k, n))
        return orders * (random.gamma(4.0, 10.0, (k, n)) + more), orders.astype(float)

    num, den = draw(np.random.default_rng(1), 1, 2_000_000, 0.0)
    cov = np.cov(num[0], den[0])
    baseline = Baseline.of_ratio(
        float(num.mean()), float(den.mean()), float(cov[0, 0]), float(cov[1, 1]), float(cov[0, 1])
    )
    n = n_obs(baseline, effect, Setting()).per_variant[0]

    def part(num: np.ndarray, den: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = num.sum(axis=1) / den.sum(axis=1)
        linear = (num - value[:, None] * den) / den.mean(axis=1)[:, None]
        return value, linear.var(axis=1, ddof=1) / n

    def test(random: Random, k: int) -> np.ndarray:
        (c, vc), (t, vt) = (part(*draw(random, k, n, more)) for more in (0.0, effect))
        return np.abs(t - c) / np.sqrt(vc + vt) > stats.norm.isf(0.025)

    return f"ratio, spend per order ({n:,} each)", test


def quantile() -> tuple[str, Test]:
    """Plan the 75 % quantile of normal waits; error from order statistics (McKean & Schrader)."""
    q, sd, effect = 0.75, 10.0, 2.0
    z = float(stats.norm.ppf(q))
    baseline = Baseline.of_quantile(q, sd * z, float(stats.norm.pdf(z)) / sd)
    n = n_obs(baseline, effect, Setting()).per_variant[0]
    half = 1.96 * np.sqrt(n * q * (1 - q))
    low, high = round(n * q - half), round(n * q + half)

    def part(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows.sort(axis=1)
        # The ranks were rounded: what they really span, in standard errors.
        span = (high - low) / np.sqrt(n * q * (1 - q))
        return rows[:, round(n * q) - 1], ((rows[:, high - 1] - rows[:, low - 1]) / span) ** 2

    def test(random: Random, k: int) -> np.ndarray:
        c, vc = part(random.normal(0, sd, (k, n)))
        t, vt = part(random.normal(effect, sd, (k, n)))
        return np.abs(t - c) / np.sqrt(vc + vt) > stats.norm.isf(0.025)

    return f"quantile, 75 % ({n:,} each)", test


def adjusted() -> tuple[str, Test]:
    """Regression on treatment and a covariate with a correlation of 0.8."""
    rho = 0.8
    setting = Setting(r_squared=rho**2, covariates=1)
    n = n_obs(Baseline.of_mean(0, 1), 0.2, setting).per_variant[0]

    def test(random: Random, k: int) -> np.ndarray:
        x = random.normal(size=(k, 2, n))
        y = rho * x + np.sqrt(1 - rho**2) * random.normal(size=(k, 2, n))
        y[:, 1] += 0.2
        mx, my = x.mean(axis=2), y.mean(axis=2)
        dx, dy = x - mx[:, :, None], y - my[:, :, None]
        sxx, sxy, syy = ((a * b).sum(axis=(1, 2)) for a, b in ((dx, dx), (dx, dy), (dy, dy)))
        slope, gap = sxy / sxx, mx[:, 1] - mx[:, 0]
        effect = my[:, 1] - my[:, 0] - slope * gap
        variance = (syy - slope * sxy) / (2 * n - 3)
        error = np.sqrt(variance * (2 / n + gap**2 / sxx))
        return np.abs(effect) / error > stats.t.isf(0.025, 2 * n - 3)

    return f"mean, adjusted, R2 0.64 ({n:,} each)", test


def clustered() -> tuple[str, Test]:
    """Clusters of 5 to 35 customers, ICC 0.05; robust variance over clusters, t with K - 2."""
    icc, effect = 0.05, 0.3
    sizes = np.arange(5, 36)
    mean, cv = float(sizes.mean()), float(sizes.std() / sizes.mean())
    setting = Setting(icc=icc, cluster_size=mean, cluster_size_cv=cv)
    clusters = n_obs(Baseline.of_mean(0, 1), effect, setting).clusters
    assert clusters is not None
    k_c = clusters[0]

    def part(random: Random, k: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
        m = random.choice(sizes, (k, k_c))
        total = m * (shift + np.sqrt(icc) * random.normal(size=(k, k_c)))
        total += np.sqrt(m * (1 - icc)) * random.normal(size=(k, k_c))
        value = total.sum(axis=1) / m.sum(axis=1)
        linear = (total - value[:, None] * m) / m.mean(axis=1)[:, None]
        return value, linear.var(axis=1, ddof=1) / k_c

    def test(random: Random, k: int) -> np.ndarray:
        (c, vc), (t, vt) = part(random, k, 0.0), part(random, k, effect)
        return np.abs(t - c) / np.sqrt(vc + vt) > stats.t.isf(0.025, 2 * k_c - 2)

    return f"mean, {k_c} clusters each of 20 (5 to 35), ICC 0.05", test


def variants(adjustment: str) -> tuple[str, Test]:
    """Three variants against a control, one of them with an effect: the chance that it shows."""
    setting = Setting((1, 1, 1, 1), adjustment=adjustment)  # type: ignore[arg-type]
    n = n_obs(Baseline.of_mean(0, 1), 0.2, setting).per_variant[0]
    bonferroni = float(stats.norm.isf(0.025 / 3))
    dunnett = dunnett_critical((1, 1, 1, 1), 0.05)

    def test(random: Random, k: int) -> np.ndarray:
        means = random.normal(0, 1 / np.sqrt(n), (k, 4))
        z = (means[:, 1:] - means[:, :1] + np.array([0.2, 0, 0])) / np.sqrt(2 / n)
        if adjustment == "dunnett":
            return np.abs(z[:, 0]) > dunnett
        # Holm: the first is shown at a third of alpha, or later if others are shown before it.
        size = np.abs(z)
        rank = (size[:, 1:] > size[:, :1]).sum(axis=1)
        critical = stats.norm.isf(0.025 / np.array([3.0, 2.0, 1.0]))
        others = np.sort(size[:, 1:], axis=1)[:, ::-1]
        before = np.where(rank > 0, others[:, 0] > bonferroni, True)
        before &= np.where(rank > 1, others[:, 1] > critical[1], True)
        return (size[:, 0] > critical[rank]) & before

    return f"mean, three variants, {adjustment} ({n:,} each)", test


def looks(spending: str) -> tuple[str, Test]:
    """Five looks at a share, equally far apart."""
    setting = Setting(looks=5, spending=spending)  # type: ignore[arg-type]
    n = -(-n_obs(Baseline.of_share(0.1), 0.02, setting).per_variant[0] // 5)
    bounds = spending_bounds(0.05, [0.2, 0.4, 0.6, 0.8, 1.0], spending)  # type: ignore[arg-type]

    def test(random: Random, k: int) -> np.ndarray:
        hits = random.binomial(n, (0.1, 0.12), (k, 5, 2)).cumsum(axis=1)
        shown = np.zeros(k, dtype=bool)
        for look, bound in enumerate(bounds):
            so_far = np.array([n * (look + 1)] * 2)
            shown |= np.abs(pooled_z(hits[:, look], so_far)) > bound
        return shown

    return f"proportion, five looks, {spending} ({5 * n:,} each)", test


def anytime() -> tuple[str, Test]:
    """Read each of 100 days."""
    n = n_obs(Baseline.of_mean(0, 1), 0.05, Setting(anytime=True)).per_variant[0]
    day = -(-n // 100)
    times = np.arange(1, 101)
    bounds = np.array(anytime_bounds(0.05, [float(t) for t in day * times / n]))

    def test(random: Random, k: int) -> np.ndarray:
        steps = random.normal(0.05 * day, np.sqrt(2 * day), (k, 100)).cumsum(axis=1)
        found: np.ndarray = (np.abs(steps / np.sqrt(2 * day * times)) > bounds).any(axis=1)
        return found

    return f"mean, read each of 100 days ({100 * day:,} each)", test


def guardrail() -> tuple[str, Test]:
    """Hold a share that must not rise by more than a point, and does not change."""
    setting = Setting(sides=1, alpha=0.025, margin=0.01)
    n = n_obs(Baseline.of_share(0.1), 0.0, setting).per_variant[0]

    def test(random: Random, k: int) -> np.ndarray:
        p = random.binomial(n, 0.1, (k, 2)) / n
        error = np.sqrt((p * (1 - p)).sum(axis=1) / n)
        found: np.ndarray = (p[:, 0] - p[:, 1] + 0.01) / error > stats.norm.isf(0.025)
        return found

    return f"guardrail, proportion 0.1, margin 1 point ({n:,} each)", test


def cases() -> Iterator[tuple[str, Test]]:
    yield normal_mean()
    yield skewed_spend()
    yield shares(0.10, 0.02, "proportion")
    yield shares(0.60, -0.04, "retention")
    yield ratio()
    yield quantile()
    yield adjusted()
    yield clustered()
    yield variants("holm")
    yield variants("dunnett")
    yield looks("obrien-fleming")
    yield looks("pocock")
    yield anytime()
    yield guardrail()


def main(runs: int) -> int:
    print(f"{runs:,} runs each; promised: 80.0 %")
    worst = 0.0
    for name, test in cases():
        random = np.random.default_rng(SEED)
        done = [test(random, min(CHUNK, runs - start)) for start in range(0, runs, CHUNK)]
        seen = 100 * float(np.concatenate(done).mean())
        worst = max(worst, abs(seen - 80))
        print(f"{name:58} {seen:5.1f} %  {seen - 80:+.1f}", flush=True)
    print(f"largest gap: {worst:.1f} points (at most 2.0)")
    return 0 if worst <= 2 else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
