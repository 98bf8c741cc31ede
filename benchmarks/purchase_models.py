"""Purchase, spend and renewal models: recovery and coverage; and speed beside two peers.

    python benchmarks/purchase_models.py [--repetitions 500] [--customers 100000 1000000]
        [--data /some/CDNOW_sample.txt.gz] [--lifetimes-python ...] [--pymc-python ...]

First, customers are simulated from each model over and over, with known parameters. Printed are the
means of the estimates beside the truth, and how often the 95% intervals hold the truth: of every
parameter, of survival that is projected, and of the numbers that are forecast.

Then each contestant fits BG/NBD and Pareto/NBD in a process of its own, from arrays of frequency,
recency and T in weeks: to the CDNOW sample where its file is named, and to customers who are
simulated with its parameters at day resolution (several purchases of a day are one).

- ``ours``: grouping into cells, the fit, and standard errors;
- ``lifetimes``: without penalty; it gives standard errors for BG/NBD only;
- ``pymc-marketing``: the maximum a posteriori with its default priors, without standard errors; a
  small fit before the timed one has its code compiled.

A peer is left out, and the reason is printed, where it cannot be imported: its own interpreter may
be named. Likelihoods are those of our cells at the estimates of each. Wall and CPU time are those
of the work, without starting Python; the peak is the whole process's.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from contest import Run, run
from workbench.retention.purchases.bgnbd import BgNbdLikelihood
from workbench.retention.purchases.cells import Cells, purchase_cells
from workbench.retention.purchases.fits import fit_bgnbd, fit_paretonbd
from workbench.retention.purchases.forecast import forecast_purchases
from workbench.retention.purchases.paretonbd import ParetoNbdLikelihood
from workbench.retention.renewals import ShiftedBetaGeometric, fit_renewals
from workbench.retention.spend import fit_gamma_gamma

SEED = 20250630
WEEKS = 52.0  # observed at most; customers come over the first half
HOLDOUT = 26
FORECASTS = 100  # samples of which the future is forecast too
BGNBD = {"r": 0.5, "alpha": 5.0, "a": 0.8, "b": 2.5}
PARETO = {"r": 0.6, "alpha": 6.0, "s": 0.6, "beta": 12.0}
GAMMA = {"p": 6.25, "q": 3.74, "v": 15.44}
RENEWAL = {"alpha": 0.668, "beta": 3.806}
CDNOW = {"BG/NBD": (0.243, 4.414, 0.793, 2.426), "Pareto/NBD": (0.553, 10.578, 0.606, 11.669)}
MODELS = {
    "BG/NBD": (fit_bgnbd, BgNbdLikelihood, BGNBD),
    "Pareto/NBD": (fit_paretonbd, ParetoNbdLikelihood, PARETO),
}
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]

READ = """
import json, numpy
held = numpy.load(path)
x, t_x, T = (held[name].astype("float64") for name in ("x", "t_x", "T"))
pareto = arguments[0] == "Pareto/NBD"
"""
OURS = (
    READ
    + """
from workbench.retention.purchases.cells import purchase_cells
from workbench.retention.purchases.fits import fit_bgnbd, fit_paretonbd
fit = fit_paretonbd if pareto else fit_bgnbd
def work():
    found = fit(purchase_cells(x, t_x, T))
    return json.dumps([[one.value, one.std_error] for one in found.parameters])
"""
)
LIFETIMES = (
    READ
    + """
import warnings
warnings.simplefilter("ignore")
from lifetimes import BetaGeoFitter, ParetoNBDFitter
fit = (ParetoNBDFitter if pareto else BetaGeoFitter)(penalizer_coef=0.0)
def work():
    fit.fit(x, t_x, T)
    names = ("r", "alpha", "s", "beta") if pareto else ("r", "alpha", "a", "b")
    return json.dumps([[float(fit.params_[name]), None] for name in names])
"""
)
PYMC = (
    (
        READ
        + """
import logging, pandas, warnings
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
from pymc_marketing.clv import BetaGeoModel, ParetoNBDModel
kind = ParetoNBDModel if pareto else BetaGeoModel
frame = pandas.DataFrame(
    {{"customer_id": numpy.arange(len(x)), "frequency": x, "recency": t_x, "T": T}})
def fitted(rows):
    model = kind()
    model.fit(data=rows, method="map", progressbar=False)
    return model
fitted(frame.head(500))
def work():
    found = fitted(frame).fit_summary()
    names = ("r", "alpha", "s", "beta") if pareto else ("r", "alpha", "a", "b")
    return json.dumps([[float(found[name]), None] for name in names])
"""
    )
    .replace("{{", "{")
    .replace("}}", "}")
)


def simulate(
    rng: np.random.Generator, people: int, name: str, truth: Any, *, ahead: float = 0.0
) -> tuple[Rows, np.ndarray]:
    """Draw customers, and how often each buys within `ahead` after the end, in weeks."""
    first, second, third, fourth = truth
    T = WEEKS - rng.integers(0, 26, people).astype(float)
    rate = rng.gamma(first, 1 / second, people)
    until = T + ahead
    stays = np.full(people, np.inf)
    last = np.full(people, np.inf)
    if name == "Pareto/NBD":
        stays = rng.exponential(size=people) / np.maximum(rng.gamma(third, size=people), 1e-300)
        stays *= fourth
    else:
        chance = np.clip(rng.beta(third, fourth, people), 1e-12, 1 - 1e-12)
        last = np.ceil(np.log1p(-rng.random(people)) / np.log1p(-chance))
    span = np.minimum(stays, until)
    made = rng.poisson(rate * span)
    who = np.repeat(np.arange(people), made)
    times = rng.random(len(who)) * span[who]
    order = np.lexsort((times, who))
    who, times = who[order], times[order]
    begins = np.repeat(np.cumsum(made) - made, made)
    kept = np.arange(len(who)) - begins < np.maximum(last, 1)[who]
    who, times = who[kept], times[kept]
    seen = times <= T[who]
    x = np.bincount(who[seen], minlength=people).astype(float)
    t_x = np.zeros(people)
    np.maximum.at(t_x, who[seen], times[seen])
    return (x, t_x, T), np.bincount(who[~seen], minlength=people)


def simulate_days(people: int, name: str) -> Rows:
    """Draw customers with CDNOW's parameters at day resolution; times in weeks."""
    rng = np.random.default_rng(SEED)
    first, second, third, fourth = CDNOW[name]
    T = rng.integers(189, 273, people)
    rate = rng.gamma(first, 1 / second, people) / 7
    last = np.full(people, np.inf)
    span = T.astype(float)
    if name == "Pareto/NBD":
        leave = np.maximum(rng.gamma(third, size=people), 1e-300) / (7 * fourth)
        span = np.minimum(rng.exponential(size=people) / leave, span)
    else:
        chance = np.clip(rng.beta(third, fourth, people), 1e-12, 1 - 1e-12)
        last = np.ceil(np.log1p(-rng.random(people)) / np.log1p(-chance))
    made = rng.poisson(rate * span)
    who = np.repeat(np.arange(people), made)
    days = np.ceil(rng.random(len(who)) * span[who]).astype("int64")
    order = np.lexsort((days, who))
    who, days = who[order], days[order]
    begins = np.repeat(np.cumsum(made) - made, made)
    kept = np.arange(len(who)) - begins < np.maximum(last, 1)[who]
    seen = np.unique(who[kept] * 1000 + days[kept])
    who, days = seen // 1000, seen % 1000
    x = np.bincount(who, minlength=people).astype(float)
    t_x = np.zeros(people)
    np.maximum.at(t_x, who, days)
    return x, t_x / 7, T / 7


def cdnow(path: Path) -> Rows:
    """Return the calibration period of the sample: to 30 September 1997, in weeks."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        lines = [line.split() for line in file if line.strip()]
    who = np.array([int(line[1]) for line in lines])
    text = np.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in (line[2] for line in lines)])
    end = np.datetime64("1997-09-30")
    days = text.astype("datetime64[D]")
    kept = days <= end
    seen = np.unique(who[kept] * 100_000 + (end - days[kept]).astype("int64"))
    people, place = np.unique(seen // 100_000, return_inverse=True)
    before = (seen % 100_000).astype(float)
    x = np.bincount(place) - 1.0
    T, newest = np.zeros(len(people)), np.full(len(people), np.inf)
    np.maximum.at(T, place, before)
    np.minimum.at(newest, place, before)
    return x, (T - newest) / 7, T / 7


def tally(name: str, truth: dict[str, float], draws: int, fit: Callable[[int], Any]) -> None:
    """Print recovery and coverage of a model's parameters."""
    held, values, failed = np.zeros(len(truth)), [], 0
    for draw in range(draws):
        found = fit(draw)
        if not found.converged:
            failed += 1
            continue
        for place, (one, true) in enumerate(zip(found.parameters, truth.values(), strict=True)):
            held[place] += one.ci_lower <= true <= one.ci_upper
        values.append([one.value for one in found.parameters])
    middle = np.median(values, axis=0)
    print(f"  {name}: {draws} samples, {failed} without a fit", flush=True)
    for place, (key, true) in enumerate(truth.items()):
        cover = held[place] / max(draws - failed, 1)
        print(f"    {key:6} true {true:7.3f}, median {middle[place]:7.3f}, covered {cover:6.1%}")


def purchases(name: str, people: int, ahead: list[bool], draw: int) -> Any:
    """Fit a purchase model to one sample; note whether the forecast of the first ones holds."""
    fit, _, truth = MODELS[name]
    rng = np.random.default_rng([SEED, draw])
    rows, after = simulate(rng, people, name, truth.values(), ahead=HOLDOUT)
    cells = purchase_cells(*rows)
    found = fit(cells)
    if found.converged and draw < FORECASTS:
        told = forecast_purchases(found, cells, periods=1, length=HOLDOUT, seed=draw, draws=300)
        ahead.append(bool(told.ci_lower <= after.sum() <= told.ci_upper))
    return found


def coverage(draws: int, people: int) -> None:
    """Print recovery and coverage of every model."""
    print(f"Recovery and coverage of 95% intervals, {people:,} customers in each sample")
    for name, (_, _, truth) in MODELS.items():
        ahead: list[bool] = []
        tally(name, truth, draws, partial(purchases, name, people, ahead))
        print(
            f"    purchases of {HOLDOUT} weeks to come: covered {np.mean(ahead):6.1%} of "
            f"{len(ahead)} samples"
        )

    def spend(draw: int) -> Any:
        rng = np.random.default_rng([SEED, draw])
        p, q, v = GAMMA.values()
        x = rng.geometric(0.35, people)
        scale = 1 / rng.gamma(q, 1 / v, people)
        return fit_gamma_gamma(x, rng.gamma(p * x) * scale / x)

    tally("Gamma-Gamma", GAMMA, draws, spend)
    renewals(draws, people)


def renewals(draws: int, people: int) -> None:
    """Print recovery and coverage of the renewal model: seven years seen, twelve projected."""
    true = ShiftedBetaGeometric(**RENEWAL)
    share, held, inside = true.survival(np.arange(1, 13)), np.zeros(12), np.zeros(5)

    def one(draw: int) -> Any:
        rng = np.random.default_rng([SEED, draw])
        chance = rng.beta(true.alpha, true.beta, people)
        leaves = np.ceil(np.log1p(-rng.random(people)) / np.log1p(-chance))
        left = leaves <= 7
        at, n = np.unique(np.where(left, leaves, 7) * 2 + left, return_counts=True)
        found = fit_renewals(at // 2, at % 2, n=n)
        if found.converged:
            told = found.projection(12)
            held[:] += (told["ci_lower"] <= share) & (share <= told["ci_upper"])
            ahead = found.remaining(int((~left).sum()), 5, done=7, seed=draw, draws=1000)
            there = np.array([(leaves > year).sum() for year in range(8, 13)])
            inside[:] += (ahead["ci_lower"] <= there) & (there <= ahead["ci_upper"])
        return found

    tally("shifted-beta-geometric", RENEWAL, draws, one)
    shown = ", ".join(f"{value / draws:.1%}" for value in held[[0, 6, 11]])
    print(f"    survival after 1, 7 and 12 years: covered {shown}")
    print(f"    customers left after 8 to 12 years: covered {np.mean(inside) / draws:6.1%}")


def missing(python: str, module: str) -> str:
    """Return why a peer cannot be measured, or nothing."""
    tried = subprocess.run(
        [python, "-c", f"import {module}"], check=False, capture_output=True, text=True
    )
    last = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return last if tried.returncode else ""


def show(name: str, runs: list[Run], floor: list[Run], cells: Cells, likelihood: Any) -> None:
    """Print the medians of a contestant beside ours in the same turn, and what it found."""
    found = [value for value, _ in json.loads(runs[-1].said)]
    loglik = likelihood(cells)(np.log(found))[0]
    turns = list(zip(runs, floor, strict=True))
    slower = [one.wall / own.wall for one, own in turns]
    cpu = [one.cpu / own.cpu for one, own in turns]
    estimates = ", ".join(f"{value:.4f}" for value in found)
    print(
        f"  {name:15} wall {statistics.median(one.wall for one in runs):8.3f} s, CPU "
        f"{statistics.median(one.cpu for one in runs):8.3f} s, peak "
        f"{max(one.peak for one in runs):5.0f} MB; to ours: wall {statistics.median(slower):6.1f}, "
        f"CPU {statistics.median(cpu):6.1f}; {estimates}; log-likelihood {loglik:,.4f}",
        flush=True,
    )


def contest(rows: Rows, name: str, label: str, asked: Any, peers: dict[str, str]) -> None:
    """Let all contestants fit one model to one set of customers."""
    cells = purchase_cells(*rows)
    print(f"{name}, {label}: {cells.customers:,} customers, {len(cells):,} cells", flush=True)
    codes = {"ours": OURS, "lifetimes": LIFETIMES, "pymc-marketing": PYMC}
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="workbench-bench-") as made:
        path = Path(made) / "customers.npz"
        x, t_x, T = rows
        np.savez(path, x=x, t_x=t_x, T=T)
        runs: dict[str, list[Run]] = {}
        for _ in range(asked.runs):
            for peer, python in {"ours": sys.executable, **peers}.items():
                limit = asked.pareto_rows if name == "Pareto/NBD" else 10**9
                if peer == "ours" or cells.customers <= limit:
                    runs.setdefault(peer, []).append(run(python, codes[peer], path, 2, name))
    said = {one.said for one in runs["ours"]}
    assert len(said) == 1, "our estimates differ from run to run"
    for peer, done in runs.items():
        show(peer, done, runs["ours"], cells, MODELS[name][1])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=500, help="0: no simulation")
    parser.add_argument("--sample", type=int, default=4000, help="customers in each of them")
    parser.add_argument("--customers", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--data", type=Path, help="CDNOW_sample.txt.gz")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--lifetimes-python", default=sys.executable)
    parser.add_argument("--pymc-python", default=sys.executable)
    parser.add_argument(
        "--pareto-rows", type=int, default=100_000, help="the peers fit Pareto/NBD to no more"
    )
    asked = parser.parse_args()
    if asked.repetitions:
        coverage(asked.repetitions, asked.sample)
    peers = {}
    named = {"lifetimes": asked.lifetimes_python, "pymc-marketing": asked.pymc_python}
    for peer, python in named.items():
        why = missing(python, peer.replace("-", "_"))
        if why:
            print(f"{peer} is left out: it cannot be imported ({why})")
        else:
            peers[peer] = python
    for name in MODELS:
        if asked.data:
            contest(cdnow(asked.data), name, "CDNOW sample", asked, peers)
        for people in asked.customers:
            contest(simulate_days(people, name), name, "simulated", asked, peers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
