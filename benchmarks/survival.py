"""Kaplan-Meier and Cox regression: recovery and coverage; and speed beside lifelines.

    python benchmarks/survival.py [--repetitions 1000] [--rows 1000000] [--runs 3]
        [--lifelines-python ...]

First, customers are simulated over and over with known hazard ratios: tied days, late entries,
several subscriptions of one customer (of 20, 50 or 200 customers, too), and the demo's own renewal
model. Printed are the means of the estimates beside the truth, and how often the 95% intervals hold
the truth: of the plain and the robust errors of a Cox regression, of survival given survival so
far, of the mean lifetime given survival so far, of ratios that differ early and late, and how often
the test of proportionality errs.

Then each contestant fits the same rows in a process of its own: tied days, a third of them events;
covariates that are categories (few distinct rows), or partly continuous (a row per customer).

- ``ours``: Kaplan-Meier with intervals; Cox with plain and robust errors;
- ``lifelines``: Kaplan-Meier with intervals; Cox with plain errors only.

The peer is left out, and the reason is printed, where neither this interpreter nor that of the
tests can import it: another one may be named. Wall and CPU time are those of the work, without
starting Python; the peak is the whole process's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from contest import Run, run
from workbench.data.demo.cirrus.facts import CHURN
from workbench.data.demo.subscriptions import Subscribers, live
from workbench.retention.cox.fit import CoxFit, fit_cox
from workbench.retention.cox.proportionality import check_proportionality
from workbench.retention.hazard import fit_hazard
from workbench.retention.hazard_effects import effects_by_part
from workbench.retention.survival import kaplan_meier

SEED = 20250630
CUT = 40
TRUTH = {"plan": 0.6, "load": -0.2, "team": -0.3}

READ = """
import json, numpy, pandas
held = numpy.load(path)
days, event, x = (held[name] for name in ("days", "event", "x"))
frame = pandas.DataFrame(x, columns=[f"x{place}" for place in range(x.shape[1])])
at = [30.0, 100.0, 300.0, 600.0, 900.0]
"""
OURS = (
    READ
    + """
from workbench.retention.cox.fit import fit_cox
from workbench.retention.survival import kaplan_meier
def work():
    if arguments[0] == "Cox":
        found = fit_cox(days, event, frame).effects(robust=False)
        return json.dumps([list(found["coefficient"]), list(found["std_error"])])
    curve = kaplan_meier(days, event)
    points = [curve.survival_at(time) for time in at]
    return json.dumps([[one.value for one in points], [one.ci_lower for one in points]])
"""
)
LIFELINES = (
    READ
    + """
import warnings
warnings.simplefilter("ignore")
from lifelines import CoxPHFitter, KaplanMeierFitter
rows = frame.assign(days=days, event=event)
def work():
    if arguments[0] == "Cox":
        found = CoxPHFitter().fit(rows, "days", "event")
        return json.dumps([list(found.params_), list(found.standard_errors_)])
    found = KaplanMeierFitter().fit(days, event)
    low = found.confidence_interval_.iloc[:, 0]
    return json.dumps([[float(found.predict(t)) for t in at], [float(low.asof(t)) for t in at]])
"""
)


def simulate(
    rng: np.random.Generator,
    people: int,
    *,
    each: int = 1,
    plan: tuple[float, float] | None = None,
) -> dict[str, np.ndarray]:
    """Draw subscriptions with tied days and late entries; `each` of them belong together.

    With `plan`, that covariate's effect is another one after day 40, and the team has none.
    """
    customers = people // each
    who = np.repeat(np.arange(customers), each)
    size = len(who)
    x = {
        "plan": rng.integers(0, 2, customers)[who].astype(float),
        "load": rng.normal(3, 2, customers)[who],
        "team": rng.integers(0, 2, size).astype(float),
    }
    score = sum(value * x[name] for name, value in TRUTH.items())
    # One customer's subscriptions end together more often than chance has it.
    own = rng.exponential(size=size)
    if each > 1:
        shared = rng.exponential(size=customers)[who]
        own = np.where(rng.random(customers)[who] < 0.6, shared, own)
    life = np.ceil(100 * own / np.exp(score))
    if plan is not None:
        rates = [np.exp(value * x["plan"] - 0.2 * x["load"]) / 60 for value in plan]
        early = own / rates[0]
        life = np.ceil(np.where(early <= CUT, early, CUT + (own - CUT * rates[0]) / rates[1]))
    leave = rng.integers(10, 400, size)
    entry = np.where(rng.random(size) < 0.3, rng.integers(0, 20, size), 0)
    times = np.minimum(life, leave)
    seen = times > entry
    made = {**x, "times": times, "event": life <= leave, "entry": entry, "who": who}
    return {name: values[seen] for name, values in made.items()}


def fitted(rows: dict[str, np.ndarray], *, clustered: bool = False) -> CoxFit:
    """Fit the regression to simulated rows."""
    return fit_cox(
        rows["times"],
        rows["event"],
        {name: rows[name] for name in TRUTH},
        entry=rows["entry"],
        cluster=rows["who"] if clustered else None,
    )


def held(found: CoxFit, *, robust: bool) -> np.ndarray:
    """Return which intervals hold the truth."""
    effects = found.effects(robust=robust)
    truth = np.exp(list(TRUTH.values()))
    return ((effects["ci_lower"] <= truth) & (truth <= effects["ci_upper"])).to_numpy()


def cox_coverage(draws: int, people: int) -> None:
    """Print recovery and coverage of Cox regressions, and errors of the proportionality test."""
    for title, each in (("single subscriptions", 1), ("four subscriptions a customer", 4)):
        cover, values, errs = np.zeros((2, len(TRUTH))), [], 0
        for draw in range(draws):
            rows = simulate(np.random.default_rng([SEED, draw]), people, each=each)
            found = fitted(rows, clustered=each > 1)
            cover += [held(found, robust=False), held(found, robust=True)]
            values.append(found.coefficients)
            checked = check_proportionality(found).pvalue
            errs += checked is not None and checked < 0.05
        print(f"  Cox regression, {title}: {draws} samples", flush=True)
        for place, (name, true) in enumerate(TRUTH.items()):
            print(
                f"    {name:6} true {true:6.3f}, mean {np.mean(values, axis=0)[place]:6.3f}, "
                f"covered: plain {cover[0, place] / draws:6.1%}, robust "
                f"{cover[1, place] / draws:6.1%}"
            )
        print(f"    proportionality rejected, though it holds: {errs / draws:.1%} (5% is meant)")


def few_clusters(draws: int) -> None:
    """Print coverage of the errors of few clusters, as they are and without their correction."""
    truth = np.array(list(TRUTH.values()))
    for customers in (20, 50, 200):
        cover, errs, done = np.zeros((2, len(TRUTH))), 0, 0
        for draw in range(draws):
            rng = np.random.default_rng([SEED, draw, customers])
            found = fitted(simulate(rng, 4 * customers, each=4), clustered=True)
            if not found.robust_cov.size:  # a customer was never followed: too few are left
                continue
            done += 1
            cover[1] += held(found, robust=True)
            known = found.clusters or 0
            plain = found.robust_cov * (known - len(TRUTH)) / known
            half = 1.96 * np.sqrt(np.diag(plain))
            cover[0] += np.abs(found.coefficients - truth) <= half
            checked = check_proportionality(found).pvalue
            errs += checked is not None and checked < 0.05
        told = [", ".join(f"{share / done:.1%}" for share in row) for row in cover]
        print(
            f"  Cox regression, {customers} customers of four subscriptions: {done} samples\n"
            f"    covered ({', '.join(TRUTH)}): {told[1]}; uncorrected, normal: {told[0]}; "
            f"proportionality rejected {errs / done:.1%}",
            flush=True,
        )


def parts_coverage(draws: int, people: int) -> None:
    """Print recovery and coverage of ratios of two parts of time: a plan's that shrinks."""
    truth = {"plan, first 40 days": 0.9, "plan, afterwards": 0.2, "load": -0.2}
    for title, each in (("single subscriptions", 1), ("four subscriptions a customer", 4)):
        cover, values = np.zeros(len(truth)), []
        for draw in range(draws):
            rng = np.random.default_rng([SEED, draw, each, 2])
            rows = simulate(rng, people, each=each, plan=(0.9, 0.2))
            x = {"plan": rows["plan"], "load": rows["load"]}
            found = effects_by_part(
                rows["times"],
                rows["event"],
                x,
                changing=["plan"],
                cuts=[CUT],
                entry=rows["entry"],
                cluster=rows["who"] if each > 1 else None,
                min_events=max(10, int(rows["event"].sum()) // 40),
            ).table
            ends = np.log(found[["ci_lower", "ci_upper"]].to_numpy("float64"))
            true = np.array(list(truth.values()))
            cover += (ends[:, 0] <= true) & (true <= ends[:, 1])
            values.append(found["coefficient"].to_numpy("float64"))
        print(f"  Ratios of two parts of time, {title}: {draws} samples", flush=True)
        for place, (name, true) in enumerate(truth.items()):
            print(
                f"    {name:20} true {true:6.3f}, mean {np.mean(values, axis=0)[place]:6.3f}, "
                f"covered {cover[place] / draws:6.1%}"
            )


def curve_coverage(draws: int, people: int) -> None:
    """Print coverage of survival and mean lifetime given survival so far, with late entries."""
    truth = np.exp(-(1.5**0.7) + 0.5**0.7)
    grid = np.linspace(0.5, 1.5, 20_001)
    mean = np.trapezoid(np.exp(-(grid**0.7) + 0.5**0.7), grid)
    cover = np.zeros(2)
    for draw in range(draws):
        rng = np.random.default_rng([SEED, draw, 1])
        life, leave = rng.weibull(0.7, people), rng.uniform(0.8, 3, people)
        entry = np.where(rng.random(people) < 0.3, rng.uniform(0, 0.4, people), 0.0)
        times = np.minimum(life, leave)
        seen = times > entry
        curve = kaplan_meier(times[seen], (life <= leave)[seen], entry=entry[seen])
        told = curve.survival_given(0.5, 1.0), curve.mean_given(0.5, 1.0)
        for place, (one, true) in enumerate(zip(told, (truth, mean), strict=True)):
            cover[place] += bool(one.ci_lower <= true <= one.ci_upper)
    print(
        f"  Kaplan-Meier given survival so far: {draws} samples\n    survival covered "
        f"{cover[0] / draws:6.1%}, mean lifetime to come covered {cover[1] / draws:6.1%}",
        flush=True,
    )


def demo_recovery(people: int) -> None:
    """Print the demo's planted coefficients beside estimates from its own renewal model.

    The propensity to leave is the same for all, plans do not change, and no support is asked for:
    then the planted model is a proportional hazard in months, and its coefficients can be had.
    With the demo's own spread of propensities the ratios of those still there shrink over time.
    """
    rng = np.random.default_rng(SEED)
    last = np.datetime64("2025-06-30")
    start = last - rng.integers(60, 900, people).astype("timedelta64[D]")
    month = start.astype("datetime64[M]").astype("datetime64[D]")
    plan, searched = rng.choice(3, people, p=[0.55, 0.32, 0.13]), rng.random(people) < 0.25
    x = pd.DataFrame({"team": plan == 1, "business": plan == 2, "paid_search": searched})
    planted = [CHURN.team, CHURN.business, CHURN.paid_search]
    fixed = replace(CHURN, per_ticket=0.0, payment_failed=0.0, upgrade=0.0, downgrade=0.0)
    nobody = (np.zeros(people, dtype=bool), start, 0, 0.0)
    for title, theta in (
        ("one propensity", np.full(people, 0.04)),
        ("beta-distributed propensities", rng.beta(CHURN.alpha, CHURN.beta, people)),
    ):
        subscribers = Subscribers(month, plan, searched, np.zeros(people), theta)
        lives = live(np.random.default_rng([SEED, 1]), fixed, subscribers, last, nobody)
        seen = ((lives.renewal <= last).sum(axis=1) - 1).astype(int)
        times = np.where(lives.ended > 0, lives.ended, seen)
        found = fit_cox(times, lives.ended > 0, x)
        hazard = fit_hazard(times, lives.ended > 0, x, link="cloglog", penalties=[0.0])
        tested = check_proportionality(found).pvalue
        print(f"  The demo's renewal model, {title}: {people:,} customers, {found.events:,} left")
        effects = found.effects()
        for place, name in enumerate(found.names):
            row = effects.iloc[place]
            print(
                f"    {name:12} planted {planted[place]:6.3f}, Cox {row['coefficient']:6.3f} "
                f"({np.log(row['ci_lower']):6.3f} to {np.log(row['ci_upper']):6.3f}), hazard model "
                f"{hazard.coefficients[place]:6.3f}"
            )
        print(f"    proportionality: p = {tested:.3f}", flush=True)


def rows_of(people: int, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return days, events and five covariates: categories only, or two of them continuous."""
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 2, (people, 5)).astype(float)
    x[:, 2] = rng.integers(0, 4, people)
    if kind == "continuous":
        x[:, 3], x[:, 4] = rng.normal(size=people), rng.normal(size=people)
    life = np.ceil(rng.exponential(size=people) * 900 / np.exp(x @ [0.5, -0.3, 0.1, 0.2, -0.1]))
    leave = rng.integers(1, 1096, people)
    return np.minimum(life, leave), (life <= leave).astype(float), x


def missing(python: str, module: str) -> str:
    """Return why a peer cannot be measured, or nothing."""
    tried = subprocess.run(
        [python, "-c", f"import {module}"], check=False, capture_output=True, text=True
    )
    last = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return last if tried.returncode else ""


def contest(model: str, kind: str, asked: argparse.Namespace, peers: dict[str, str]) -> None:
    """Let all contestants fit one model to one set of rows, in turns, and print the medians."""
    days, event, x = rows_of(asked.rows, kind)
    print(
        f"{model}, {kind} covariates: {asked.rows:,} rows, {int(event.sum()):,} events", flush=True
    )
    codes = {"ours": OURS, "lifelines": LIFELINES}
    runs: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="workbench-bench-") as made:
        path = Path(made) / "rows.npz"
        np.savez(path, days=days, event=event, x=x)
        for _ in range(asked.runs):
            for peer, python in {"ours": sys.executable, **peers}.items():
                runs.setdefault(peer, []).append(run(python, codes[peer], path, 2, model))
    assert len({one.said for one in runs["ours"]}) == 1, "our estimates differ from run to run"
    ours = np.array(json.loads(runs["ours"][0].said))
    for peer, done in runs.items():
        off = np.abs(np.array(json.loads(done[0].said)) - ours).max(axis=1)
        turns = list(zip(done, runs["ours"], strict=True))
        print(
            f"  {peer:10} wall {statistics.median(one.wall for one in done):8.3f} s, CPU "
            f"{statistics.median(one.cpu for one in done):8.3f} s, peak "
            f"{max(one.peak for one in done):5.0f} MB; to ours: wall "
            f"{statistics.median(one.wall / own.wall for one, own in turns):5.1f}, CPU "
            f"{statistics.median(one.cpu / own.cpu for one, own in turns):5.1f}; estimates off by "
            f"{off[0]:.1e}, errors or bounds by {off[1]:.1e}",
            flush=True,
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=1000, help="0: no simulation")
    parser.add_argument("--sample", type=int, default=1600, help="subscriptions in each of them")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3, help="0: no contest")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--lifelines-python", help="an interpreter that has lifelines")
    asked = parser.parse_args()
    if asked.repetitions:
        print(f"Recovery and coverage of 95% intervals, {asked.sample:,} rows in each sample")
        cox_coverage(asked.repetitions, asked.sample)
        few_clusters(asked.repetitions)
        parts_coverage(asked.repetitions, asked.sample)
        curve_coverage(asked.repetitions, asked.sample)
        demo_recovery(100_000)
    if not asked.runs:
        return 0
    # The tests' environment has lifelines, and that of the benchmarks need not.
    tests = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"
    tried = [asked.lifelines_python or sys.executable]
    tried += [str(tests)] if not asked.lifelines_python and tests.is_file() else []
    whys = {python: missing(python, "lifelines") for python in tried}
    able = [python for python, why in whys.items() if not why]
    peers = {"lifelines": able[0]} if able else {}
    if not peers:
        print(f"lifelines is left out: it cannot be imported ({'; '.join(whys.values())})")
    contest("Kaplan-Meier", "no", asked, peers)
    for kind in ("category", "continuous"):
        contest("Cox", kind, asked, peers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
