"""Invented subscribers who leave for reasons that are known: complaints and a cheap plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

AS_OF = date(2024, 12, 31)
DAYS = 720


@dataclass(frozen=True)
class Business:
    """Tables as an analysis sees them."""

    subscriptions: pd.DataFrame
    interactions: pd.DataFrame
    touchpoints: pd.DataFrame
    customers: pd.DataFrame


def subscribers(
    size: int = 1500, *, seed: int = 1, per_contact: float = 0.9, basic: float = 0.8
) -> Business:
    """Return subscribers, month by month, whose hazard to leave is raised by what came before.

    Parameters
    ----------
    size
        How many start within the first 600 days.
    seed
        Of chance.
    per_contact, basic
        What a contact of the last two months, and the basic plan, add to the log of the hazard.
        With both 0 nothing tells who leaves.
    """
    rng = np.random.default_rng(seed)
    first = AS_OF.toordinal() - DAYS
    start = first + rng.integers(0, 600, size)
    plan = np.where(rng.random(size) < 0.5, "basic", "full")
    often = rng.gamma(0.7, 0.35, size)
    end = np.zeros(size, dtype="int64")
    contacts: list[tuple[int, int]] = []
    for who in range(size):
        recent = [0, 0]
        for month in range(1, 25):
            day = int(start[who]) + 30 * month
            if day > AS_OF.toordinal():
                break
            asked = int(rng.poisson(often[who]))
            contacts += [(who, day - int(one)) for one in rng.integers(1, 30, asked)]
            recent = [recent[1], asked]
            score = per_contact * min(sum(recent), 4) + basic * (plan[who] == "basic")
            if rng.random() < 1 - np.exp(-0.02 * np.exp(score)):
                end[who] = day
                break
    keys = np.array([f"c{who:05d}" for who in range(size)], dtype=object)
    asked_by = np.array([who for who, _ in contacts], dtype="int64")
    opened = times(np.array([day for _, day in contacts], dtype="int64"))
    reached = rng.integers(0, size, 3 * size)
    return Business(
        pd.DataFrame(
            {
                "subscription_id": keys,
                "customer_id": keys,
                "started_at": times(start),
                "ended_at": times(end).where(end > 0),
                "end_reason": np.where(end == 0, None, np.where(end % 9 == 0, _FAILED, "price")),
                "plan": plan,
                "monthly_amount": np.where(plan == "basic", 10.0, 30.0),
            }
        ),
        pd.DataFrame(
            {
                "interaction_id": np.arange(len(contacts)),
                "customer_id": keys[asked_by],
                "opened_at": opened,
                "resolved_at": opened + pd.Timedelta(days=2),
                "channel": np.where(asked_by % 3 == 0, "phone", "chat"),
                "reopened": asked_by % 5 == 0,
                "satisfaction": 1.0 + asked_by % 5,
            }
        ),
        pd.DataFrame(
            {
                "touchpoint_id": np.arange(3 * size),
                "customer_id": keys[reached],
                "touched_at": times(first + rng.integers(0, DAYS, 3 * size)),
            }
        ),
        pd.DataFrame(
            {
                "customer_id": keys,
                "joined_at": times(start),
                "country": np.where(rng.random(size) < 0.6, "GB", "FR"),
                "birth_year": rng.integers(1950, 2000, size),
                "marketing_consent": rng.random(size) < 0.7,
            }
        ),
    )


_FAILED = "payment_failed"


def times(days: np.ndarray) -> pd.Series:
    """Return day numbers as times."""
    since = np.asarray(days, dtype="int64") - 719_163
    return pd.Series(since.astype("datetime64[D]").astype("datetime64[s]"))
