"""Invented customers who buy, or subscribe, by the models' own rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

START = pd.Timestamp("2023-01-02")


def buying(
    seed: int,
    customers: int,
    days: int,
    *,
    drop_at: int | None = None,
    drop: float = 1.0,
    busy: tuple[tuple[int, int], ...] = (),
    factor: float = 1.0,
    months: Sequence[float] = (1.0,) * 12,
    stay: bool = False,
) -> pd.DataFrame:
    """Return order lines of a BG/NBD process (times in weeks: .8, 4, .8, 3) with gamma spend.

    Parameters
    ----------
    seed, customers, days
        Chance; how many; over how many days from START on. Customers come over the first half.
    drop_at, drop
        From which day on only this share of purchases is made.
    busy, factor
        First and last days on which so many times as many purchases are made.
    months
        The same of the months of the year, January first.
    stay
        Whether nobody leaves.
    """
    rng = np.random.default_rng(seed)
    first = rng.integers(0, days // 2, customers)
    rate = rng.gamma(0.8, 1 / 4.0, customers) / 7
    leaves = rng.beta(0.8, 3.0, customers) * (not stay)
    most = max(1.0, factor) * max(months)
    month = [(START + pd.Timedelta(days=day)).month - 1 for day in range(days)]
    rows = []
    spend = rng.gamma(5, 1, customers) * 6
    for who in range(customers):
        rows.append((who, int(first[who])))
        at = float(first[who])
        while True:
            at += rng.exponential(1 / (rate[who] * most))
            day = int(np.ceil(at))
            if day >= days:
                break
            kept = factor if any(a <= day <= b for a, b in busy) else 1.0
            kept *= months[month[day]]
            kept *= drop if drop_at is not None and day >= drop_at else 1.0
            if rng.random() * most >= kept:
                continue
            if rows[-1] != (who, day):
                rows.append((who, day))
            if rng.random() < leaves[who]:
                break
    frame = pd.DataFrame(rows, columns=["who", "day"])
    amount = rng.gamma(4, 1, len(frame)) / 4 * spend[frame["who"]]
    return pd.DataFrame(
        {
            "customer_id": [f"c{who:05d}" for who in frame["who"]],
            "ordered_at": START + pd.to_timedelta(frame["day"], unit="D"),
            "amount": np.round(amount + 0.01, 2),
        }
    )


def subscribing(
    seed: int, customers: int, months: int, *, surge: int | None = None, times: float = 2.0
) -> pd.DataFrame:
    """Return subscriptions of a shifted-beta-geometric process (1, 9) by month.

    Parameters
    ----------
    seed, customers, months
        Chance; how many; over how many months from START on. They begin over the first two thirds.
    surge, times
        The month from which on leaving is so many times as likely.
    """
    rng = np.random.default_rng(seed)
    begins = rng.integers(0, months * 2 // 3, customers)
    day = rng.integers(0, 28, customers)
    chance = rng.beta(1.0, 9.0, customers)
    first = np.datetime64("2023-01", "M")
    rows = []
    for who in range(customers):
        started = (first + int(begins[who])).astype("datetime64[D]") + int(day[who])
        ended = None
        for month in range(begins[who] + 1, months + 1):
            at = (first + int(month)).astype("datetime64[D]") + int(day[who])
            high = times * chance[who] if surge is not None and month >= surge else chance[who]
            if at < (first + months).astype("datetime64[D]") and rng.random() < min(high, 0.9):
                ended = at
                break
        rows.append((f"s{who:05d}", f"k{who // 2:05d}", started, ended, 10 + 5 * (who % 3)))
    names = ["subscription_id", "customer_id", "started_at", "ended_at", "monthly_amount"]
    made = pd.DataFrame(rows, columns=names)
    made["started_at"] = pd.to_datetime(made["started_at"])
    made["ended_at"] = pd.to_datetime(made["ended_at"])
    made["end_reason"] = np.where(made["ended_at"].isna(), None, "price")
    return made
