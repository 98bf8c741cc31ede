"""Forecasts of simulated customers: whether intervals hold, and the rule tells right from wrong.

    python benchmarks/forecasts.py [--repetitions 60] [--rules 60] [--customers 1000]

Customer bases are simulated from known processes, seeded, two years long:

- ``BG/NBD`` and ``Pareto/NBD``: customers as the models have them;
- ``moved weeks``: BG/NBD, and weeks in which all customers buy more or less, by a fifth, as they do
  in real shops;
- ``season``: BG/NBD, and months in which all buy more or less, as in a shop for gifts; a month
  differs from year to year by a twentieth;
- ``first season``: the same, of a shop that is one year old: what is a season cannot be told yet;
- ``renewals``: subscriptions of a shifted-beta-geometric process.

First the intervals: how often they hold what comes in the three months after the data end, for the
whole time and for single months. Nominal is 95%; a good interval has 93 to 97%. The last column is
how wrong the forecast of the whole time was, beside the best of the naive ones in hindsight.

Then the rule. A unit's forecasts are made as the report makes them: tried from four earlier days,
published or withheld. Told is how often they are published when the model is right, and when the
world changes on the day of the latest trial: from then on customers buy 40% as often, or end their
subscriptions twice as often. A rule that is any good publishes most of the first and few of the
second. Nobody can tell a change that comes on the day after the data end.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from workbench.retention.backtest.churning import try_renewals
from workbench.retention.backtest.purchases import try_purchases
from workbench.retention.backtest.trials import Trial
from workbench.retention.contracts import contract_log
from workbench.retention.forecasts import forecast
from workbench.retention.periods import Calendar
from workbench.retention.purchases.log import purchase_log

SEED = 20250630
START, END, LATER = date(2023, 1, 1), date(2024, 12, 31), date(2025, 3, 31)
DAYS = (LATER - START).days
CHANGE = date(2024, 9, 30)  # the latest day from which three months are tried
AHEAD = 3
BGNBD = {"r": 0.8, "alpha": 5.0, "a": 0.8, "b": 3.0}
PARETO = {"r": 0.8, "alpha": 5.0, "s": 0.6, "beta": 15.0}
RENEWAL = {"alpha": 1.0, "beta": 9.0}
SPREAD, PERSISTS = 0.2, 0.6  # of the weeks that are moved
MONTHS = (0.8, 0.8, 0.9, 1.0, 1.0, 0.95, 0.9, 0.85, 0.95, 1.1, 1.35, 1.4)  # of a season
YEARLY = 0.05  # by which a month differs from year to year
DROP, SURGE = 0.4, 2.0


def buying(
    rng: np.random.Generator,
    customers: int,
    *,
    process: str,
    moved: bool,
    changed: bool,
    season: bool = False,
    young: bool = False,
) -> pd.DataFrame:
    """Return order lines until LATER.

    Parameters
    ----------
    rng, customers
        Chance, and how many customers; they come over the first fifteen months.
    process
        ``BG/NBD`` or ``Pareto/NBD``.
    moved
        Whether whole weeks are stronger or weaker.
    changed
        Whether customers buy less from CHANGE on.
    season
        Whether months are stronger or weaker.
    young
        Whether the first customers came a year before END only.
    """
    shape, rate = (BGNBD["r"], BGNBD["alpha"]) if process == "BG/NBD" else (0.8, 5.0)
    first = rng.integers(366 if young else 0, 640 if young else 456, customers)
    pace = _pace(rng, moved=moved, changed=changed, season=season)
    clock = np.concatenate([[0.0], np.cumsum(pace)])  # what a clock that runs at this pace shows
    rates = rng.gamma(shape, 1 / rate, customers) / 7
    stays = np.full(customers, float(DAYS))
    if process == "Pareto/NBD":
        leaving = rng.gamma(PARETO["s"], 1 / PARETO["beta"], customers) / 7
        stays = np.minimum(first + 1 + rng.exponential(1 / np.maximum(leaving, 1e-12)), DAYS)
    begins, ends = clock[first + 1], np.interp(stays, np.arange(DAYS + 1), clock)
    wanted = rng.poisson(rates * np.maximum(ends - begins, 0))
    who = np.repeat(np.arange(customers), wanted)
    shown = begins[who] + rng.random(len(who)) * (ends - begins)[who]
    order = np.lexsort((shown, who))
    who, shown = who[order], shown[order]
    if process == "BG/NBD":
        last = rng.geometric(np.clip(rng.beta(BGNBD["a"], BGNBD["b"], customers), 1e-9, 1))
        rank = np.arange(len(who)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
        kept = rank < last[who]
        who, shown = who[kept], shown[kept]
    day = np.minimum(np.searchsorted(clock, shown, side="right") - 1, DAYS - 1)
    people = np.concatenate([np.arange(customers), who])
    days = np.concatenate([first, day])
    mean = rng.gamma(6, 5, customers)
    amount = rng.gamma(3, 1 / 3, len(days)) * mean[people]
    frame = pd.DataFrame({"customer_id": people, "day": days, "amount": np.round(amount + 0.01, 2)})
    frame = frame.drop_duplicates(["customer_id", "day"])
    at = pd.Timestamp(START) + pd.to_timedelta(frame["day"], unit="D")
    return frame.assign(ordered_at=at).drop(columns="day")


def _pace(rng: np.random.Generator, *, moved: bool, changed: bool, season: bool) -> np.ndarray:
    pace = np.ones(DAYS)
    if season:
        days = pd.date_range(START, periods=DAYS)
        run = (days.year - START.year) * 12 + days.month - 1
        yearly = np.exp(YEARLY * rng.standard_normal(run.max() + 1))
        pace = np.array(MONTHS)[run % 12] * yearly[run]
    if moved:
        weeks = -(-DAYS // 7)
        level, noise = np.empty(weeks), rng.standard_normal(weeks)
        level[0] = noise[0]
        for week in range(1, weeks):
            level[week] = PERSISTS * level[week - 1] + np.sqrt(1 - PERSISTS**2) * noise[week]
        spread = np.sqrt(np.log1p(SPREAD**2))
        pace *= np.repeat(np.exp(spread * level - spread**2 / 2), 7)[:DAYS]
    if changed:
        pace[(CHANGE - START).days + 1 :] *= DROP
    return pace


def subscribing(rng: np.random.Generator, customers: int, *, changed: bool) -> pd.DataFrame:
    """Return subscriptions as they were on LATER; they renew each month."""
    start = rng.integers(0, 600, customers)
    chance = rng.beta(RENEWAL["alpha"], RENEWAL["beta"], customers)
    first = pd.Timestamp(START) + pd.to_timedelta(start, unit="D")
    ended = np.full(customers, np.datetime64("NaT"), dtype="datetime64[ns]")
    there = np.ones(customers, dtype=bool)
    for month in range(1, 28):
        at = (first + pd.DateOffset(months=month)).to_numpy()
        later = changed & (at > np.datetime64(CHANGE))
        leaves = there & (rng.random(customers) < np.minimum(chance * np.where(later, SURGE, 1), 1))
        ended[leaves] = at[leaves]
        there &= ~leaves
    ended[ended > np.datetime64(LATER)] = np.datetime64("NaT")
    return pd.DataFrame(
        {
            "subscription_id": np.arange(customers),
            "customer_id": np.arange(customers),
            "started_at": first,
            "ended_at": ended,
            "monthly_amount": rng.choice([10, 20, 40], customers),
        }
    )


def orders_trial(frame: pd.DataFrame) -> Trial:
    """Return what is forecast of order lines on END, and what came."""
    log = purchase_log(frame, as_of=LATER)
    return try_purchases(log, END, "month", ahead=AHEAD, seed=SEED, draws=200, seasonal=True)


def renewals_trial(frame: pd.DataFrame) -> Trial:
    """Return what is forecast of subscriptions on END, and what came."""
    log = contract_log(frame, as_of=LATER)
    return try_renewals(log, END, "month", ahead=AHEAD, seed=SEED, draws=400)


Make = Callable[..., pd.DataFrame]
WORLDS: dict[str, tuple[Make, Callable[[pd.DataFrame], Trial]]] = {
    "BG/NBD": (partial(buying, process="BG/NBD", moved=False), orders_trial),
    "Pareto/NBD": (partial(buying, process="Pareto/NBD", moved=False), orders_trial),
    "moved weeks": (partial(buying, process="BG/NBD", moved=True), orders_trial),
    "season": (partial(buying, process="BG/NBD", moved=False, season=True), orders_trial),
    "first season": (
        partial(buying, process="BG/NBD", moved=False, season=True, young=True),
        orders_trial,
    ),
    "renewals": (subscribing, renewals_trial),
}


def cover(world: str, repetitions: int, customers: int) -> None:
    """Print how often intervals hold what comes."""
    make, tried = WORLDS[world]
    held: dict[str, list[np.ndarray]] = {}
    wrong: dict[str, list[tuple[float, ...]]] = {}
    for turn in range(repetitions):
        rng = np.random.default_rng([SEED, turn])
        trial = tried(make(rng, customers, changed=False))
        futures = trial.futures[trial.chosen]
        for name in futures.draws:
            low, high = futures.ends(name, 0.05)
            actual = trial.actual[name]
            held.setdefault(name, []).append((actual >= low) & (actual <= high))
            naive = {
                method: abs(values[name].sum() - actual[:AHEAD].sum())
                for method, values in trial.naive.items()
            }
            own = abs(futures.mean(name)[:AHEAD].sum() - actual[:AHEAD].sum())
            wrong.setdefault(name, []).append((own, *(naive[m] for m in sorted(naive))))
    for name, rows in held.items():
        found = np.array(rows)
        errors = np.array(wrong[name]).mean(axis=0)
        print(
            f"{world:<12} {name:<8} {found[:, -1].mean():>8.1%} {found[:, :AHEAD].mean():>8.1%} "
            f"{errors[0] / errors[1:].min():>8.2f}"
        )


def rule(world: str, repetitions: int, customers: int, *, changed: bool) -> None:
    """Print how often forecasts are published."""
    make, _ = WORLDS[world]
    published: dict[str, int] = {}
    why: dict[str, int] = {}
    for turn in range(repetitions):
        rng = np.random.default_rng([SEED, 1000 + turn])
        frame = make(rng, customers, changed=changed)
        tables: dict[str, Any] = {"orders": frame}
        if world == "renewals":
            tables = {"subscriptions": frame}
        found = forecast(
            **tables, as_of=END, calendar=Calendar(), ahead=AHEAD, seed=SEED, min_group=5
        )
        for name, number in found.numbers.items():
            published[name] = published.get(name, 0) + number.verdict.published
            if "no better" in number.verdict.reason:
                why[name] = why.get(name, 0) + 1
    world_now = "changed" if changed else "right"
    for name, count in published.items():
        print(
            f"{world:<12} {world_now:<8} {name:<8} {count / repetitions:>9.0%} "
            f"{why.get(name, 0) / repetitions:>14.0%}"
        )
    if not published:
        print(f"{world:<12} {world_now:<8} no forecast was made")


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=60)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--rules", type=int, default=0, help="of the second table; -1: none")
    parser.add_argument("--worlds", nargs="*", choices=list(WORLDS), default=list(WORLDS))
    chosen = parser.parse_args()
    rules = chosen.rules or chosen.repetitions
    print(f"{chosen.repetitions} bases of {chosen.customers:,} customers, {AHEAD} months ahead\n")
    print("Intervals of 95%")
    print(
        f"{'world':<12} {'number':<8} {'whole':>8} {'months':>8} {'error':>8}"
        "  (error: as a share of the best naive one's)"
    )
    for world in chosen.worlds:
        cover(world, chosen.repetitions, chosen.customers)
    if rules < 0:
        return
    print("\nThe rule")
    print(f"{'world':<12} {'is':<8} {'number':<8} {'published':>9} {'no better':>14}")
    for world in chosen.worlds:
        for changed in (False, True):
            rule(world, rules, chosen.customers, changed=changed)


if __name__ == "__main__":
    main()
