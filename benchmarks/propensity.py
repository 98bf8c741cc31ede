"""Does the propensity to leave hold what it promises? Simulations with a known truth.

    python benchmarks/propensity.py [--draws 400] [--seed 1] [--part nothing --customers 3000]

- Intervals at 95% of AUC, precision and lift of the top tenth, and the share of leavers that it
  holds: how often they cover the true value, by number of customers and share that leaves. The
  truth is that of the ranking in the whole population.
- Calibration: customers whose risk is a logistic function of their facts, and others whose risk has
  steps and interactions. Models learn, are calibrated and chosen as in a report. Printed is the
  slope of calibration of the chosen model on a hundred thousand fresh customers (1 is right), how
  often the interval from the report's own test covers that slope, how often trees were chosen, and
  how often a model was better than everyone's average: only then are probabilities told.
- Nothing to be found: how often a model is called better than everyone's average (at most 2.5%).
- The demo's units: which facts stand out, beside what was planted; seconds and peak memory.

Four standard errors of a rate of 95% are 4.4 points at 400 draws.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from workbench.data.demo.atlas.world import simulate_atlas
from workbench.data.demo.cirrus.facts import CHURN
from workbench.data.demo.cirrus.world import CirrusWorld, simulate_cirrus
from workbench.retention.propensity.facts import Fact, Tables
from workbench.retention.propensity.fitting import fit_models
from workbench.retention.propensity.models import fit_line
from workbench.retention.propensity.panel import Panel
from workbench.retention.propensity.quality import measure
from workbench.retention.propensity.study import who_leaves

Rng = np.random.Generator
AS_OF = date(2025, 6, 30)
PARTS = ("intervals", "calibration", "nothing", "demo")
FACTS = tuple(Fact(f"x{i}", f"Fact {i}") for i in range(8))


def covers(figure: object, truth: float) -> float:
    """Return 1 where an interval holds the truth, else 0; NaN without an interval."""
    low, high = figure.ci_lower, figure.ci_upper  # type: ignore[attr-defined]
    return np.nan if low is None else float(low <= truth <= high)


def intervals(rng: Rng, draws: int) -> None:
    print("\nIntervals at 95%: share that cover the truth")
    print(f"{'customers':>10} {'leave':>6} {'AUC':>7} {'precision':>10} {'lift':>7} {'captured':>9}"
          f" {'no interval':>12}")  # fmt: skip
    for size, rate in ((300, 0.1), (1000, 0.05), (1000, 0.3), (3000, 0.1), (3000, 0.7)):
        draw = population(rate)
        score, left = draw(rng, 2_000_000)
        order = np.argsort(-score)
        top = left[order[: len(left) // 10]]
        precision = float(top.mean())
        truth = {
            "auc": auc(score, left),
            "precision": precision,
            "lift": precision / float(left.mean()),
            "captured": float(top.sum() / left.sum()),
        }
        held = []
        for _ in range(draws):
            found = measure(*draw(rng, size))
            held.append([covers(getattr(found, name), value) for name, value in truth.items()])
        rates, missing = np.nanmean(held, axis=0), np.isnan(held).mean()
        print(f"{size:>10,} {rate:>6.0%} {rates[0]:>7.1%} {rates[1]:>10.1%} {rates[2]:>7.1%}"
              f" {rates[3]:>9.1%} {missing:>12.1%}")  # fmt: skip


def population(rate: float) -> Callable[[Rng, int], tuple[np.ndarray, np.ndarray]]:
    """Return what draws customers with a score that tells in part who leaves."""
    shift = float(logit(rate)) * 1.15

    def draw(rng: Rng, size: int) -> tuple[np.ndarray, np.ndarray]:
        score = rng.normal(shift, 0.9, size)
        return score, (rng.random(size) < expit(score)).astype("float64")

    return draw


def auc(score: np.ndarray, left: np.ndarray) -> float:
    ranks = np.empty(len(score))
    ranks[np.argsort(score)] = np.arange(1, len(score) + 1)
    gone = left == 1
    n = int(gone.sum())
    return float((ranks[gone].sum() - n * (n + 1) / 2) / (n * (len(left) - n)))


def smooth(x: np.ndarray) -> np.ndarray:
    """Return log-odds that a logistic model can learn."""
    return -2.2 + 0.8 * x[:, 0] - 0.5 * x[:, 1] + 0.3 * x[:, 2]


def stepped(x: np.ndarray) -> np.ndarray:
    """Return log-odds with steps and an interaction, which trees can learn."""
    return -2.6 + 1.8 * (x[:, 0] > 0.7) * (x[:, 1] > 0) + 1.2 * (np.abs(x[:, 2]) > 1.3)


def nothing(x: np.ndarray) -> np.ndarray:
    return np.full(len(x), -2.0)


def customers(rng: Rng, size: int, risk: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    x = rng.normal(size=(size, len(FACTS)))
    rows = pd.DataFrame(x, columns=[fact.name for fact in FACTS])
    left = (rng.random(size) < expit(risk(x))).astype("float64")
    return rows.assign(left=left, customer_id=np.arange(size))


def panel(rng: Rng, size: int, risk: Callable[[np.ndarray], np.ndarray]) -> Panel:
    parts = [
        customers(rng, count * size, risk).assign(part=part)
        for part, count in (("train", 4), ("calibrate", 1), ("test", 1))
    ]
    return Panel("orders", 90, pd.concat(parts, ignore_index=True), FACTS, (), 0, "")


def calibrations(rng: Rng, draws: int) -> None:
    print("\nCalibration of the chosen model on 100,000 fresh customers")
    print(f"{'truth':>8} {'customers':>10} {'slope':>7} {'90% of slopes':>16} {'covered':>8}"
          f" {'trees':>6} {'better':>7}")  # fmt: skip
    for name, risk in (("smooth", smooth), ("steps", stepped)):
        for size in (500, 1000, 3000):
            slopes, held, trees, better = [], [], [], []
            for _ in range(draws):
                fit = fit_models(panel(rng, size, risk), seed=1)
                better.append(fit.better)
                if not fit.better:  # no probability is told
                    continue
                fresh = customers(rng, 100_000, risk)
                said = fit.model.log_odds(fit.model.design.raw(fresh))
                slope = fit_line(said, fresh["left"].to_numpy("float64"), smooth=False).slope
                slopes.append(slope)
                held.append(covers(fit.chosen.quality.slope, slope))
                trees.append(fit.chosen.name == "boosting")
            low, high = np.quantile(slopes, [0.05, 0.95])
            print(f"{name:>8} {size:>10,} {np.median(slopes):>7.2f} {low:>8.2f} to {high:>4.2f}"
                  f" {np.nanmean(held):>8.1%} {np.mean(trees):>6.0%}"
                  f" {np.mean(better):>7.0%}")  # fmt: skip


def chance(rng: Rng, draws: int, sizes: tuple[int, ...]) -> None:
    print("\nNothing to be found: called better than everyone's average (2.5% are allowed)")
    for size in sizes:
        better = [fit_models(panel(rng, size, nothing), seed=1).better for _ in range(draws)]
        print(f"{size:>10,} customers {np.mean(better):>7.1%}")


def demo(seed: int) -> None:
    print("\nThe demo's units")
    shop = simulate_atlas(seed, AS_OF, 1.0)
    orders = shop.sales.orders
    lines = pd.DataFrame(
        {
            "customer_id": shop.key[orders.customer],
            "ordered_at": pd.Series(shop.calendar.midnight(orders.day).astype("datetime64[s]")),
            "amount": orders.value,
        }
    )
    told("buyers", Tables(orders=lines), "chance of buying, and a chance to leave after a purchase")
    world = simulate_cirrus(seed, AS_OF, 1.0)
    planted = (
        f"tickets in two months {CHURN.per_ticket:+}, team {CHURN.team:+}, business "
        f"{CHURN.business:+}, paid search {CHURN.paid_search:+} (log hazard of a month)"
    )
    told("subscribers", subscriptions(world), planted)


def told(name: str, tables: Tables, planted: str) -> None:
    began = time.process_time()
    found = who_leaves(tables, as_of=AS_OF, days=90, seed=1, min_group=5, currency="EUR")
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {len(found.today):,} today, {seconds:.1f} s, peak of the process {peak:,.0f} MB"
    )
    print(f"  planted: {planted}")
    for row in found.importance.head(6).to_dict("records"):
        star = "*" if row["matters"] else " "
        print(f"  {star} {row['label']:<60} {row['rise']:.4f}"
              f" ({row['ci_lower']:.4f} to {row['ci_upper']:.4f})")  # fmt: skip
    if found.fit is not None:
        q = found.fit.chosen.quality
        low, high = (q.lift.ci or (0.0, 0.0))[:2]
        print(f"  {found.fit.chosen.name}: AUC {q.auc.value:.3f}, lift {q.lift.value:.2f}"
              f" ({low:.2f} to {high:.2f}), slope {q.slope.value:.2f}")  # fmt: skip


def subscriptions(world: CirrusWorld) -> Tables:
    """Return Cirrus as an analysis sees it."""
    spells, cases = world.spells, world.cases
    plans, prices = np.array(["Basic", "Team", "Business"]), np.array([19.0, 59.0, 189.0])
    return Tables(
        subscriptions=pd.DataFrame(
            {
                "customer_id": world.key[spells.customer],
                "started_at": pd.Series(spells.start.astype("datetime64[s]")),
                "ended_at": pd.Series(spells.end.astype("datetime64[s]")),
                "end_reason": spells.reason,
                "plan": plans[spells.plan],
                "monthly_amount": prices[spells.plan],
            }
        ),
        interactions=pd.DataFrame(
            {
                "customer_id": world.key[cases.customer],
                "opened_at": pd.Series(cases.opened.astype("datetime64[s]")),
                "resolved_at": pd.Series(cases.resolved.astype("datetime64[s]")),
                "reopened": cases.reopened,
                "satisfaction": np.where(cases.stars > 0, cases.stars, np.nan),
            }
        ),
        customers=pd.DataFrame(
            {
                "customer_id": world.key,
                "joined_at": pd.Series(world.subscribers.start.astype("datetime64[s]")),
                "country": world.country,
                "channel": world.won_by,
            }
        ),
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--draws", type=int, default=400)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--part", choices=["all", *PARTS], default="all", help="only this part")
    options.add_argument(
        "--customers", type=int, nargs="+", default=[300, 1000, 3000], help="of `nothing`"
    )
    chosen = options.parse_args()
    rng = np.random.default_rng(chosen.seed)
    print(f"{chosen.draws} draws, seed {chosen.seed}")
    wanted = PARTS if chosen.part == "all" else (chosen.part,)
    if "intervals" in wanted:
        intervals(rng, 4 * chosen.draws)
    if "calibration" in wanted:
        calibrations(rng, max(chosen.draws // 4, 1))
    if "nothing" in wanted:
        chance(rng, chosen.draws, tuple(chosen.customers))
    if "demo" in wanted:
        demo(20250630)


if __name__ == "__main__":
    main()
