"""Cirrus Cloud as a unit: simulated, written down, its truth kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.demo.cirrus.facts import CHURN
from workbench.data.demo.cirrus.files import cirrus_files
from workbench.data.demo.cirrus.world import CirrusWorld, simulate_cirrus
from workbench.data.demo.shared import fixed, stream
from workbench.data.demo.subscriptions import Lives
from workbench.data.demo.truth import UnitTruth, errors_frame, no_duplicates, no_overlap

__all__ = ["write_cirrus"]


def write_cirrus(folder: Path, *, seed: int, as_of: date, scale: float) -> UnitTruth:
    """Simulate the unit, write its raw files to ``folder/cirrus`` and return the planted truth."""
    world = simulate_cirrus(seed, as_of, scale)
    totals, planted = cirrus_files(folder, world, stream(seed, "cirrus", "dirt"))
    facts: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "start": world.calendar.start.isoformat(),
        "churn": {**CHURN.facts(), **_survival(world.lives, np.datetime64(as_of, "D"))},
        "experiments": {"renewal_reminder": world.effect},
        "totals": totals,
    }
    return UnitTruth(
        unit="cirrus",
        facts=facts,
        customers=_customer_truth(world),
        errors=errors_frame(planted),
        duplicates=no_duplicates(),
        overlap=no_overlap(),
    )


def _customer_truth(world: CirrusWorld) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "customer_id": world.key,
            "churn_theta": fixed(world.subscribers.theta, 8),
            "tickets_per_month": fixed(world.subscribers.ticket_rate, 8),
        }
    )
    return frame.sort_values("customer_id", ignore_index=True)


def _survival(lives: Lives, last: np.datetime64) -> dict[str, list[float] | list[int]]:
    """Return survival after m renewals, as expected from all that is hidden and as it came.

    For each m over the first subscriptions that are old enough to have had m renewals; failed
    payments count as an end.
    """
    months = lives.renewal.shape[1] - 1
    fails = np.log1p(-CHURN.payment_failed) * (np.arange(months + 1) > 0)
    log_stay = np.cumsum(np.log1p(-lives.hazard) + fails, axis=1)
    expected, observed, old_enough = [], [], []
    for month in range(months + 1):
        mature = lives.renewal[:, month] <= last
        if mature.sum() < 50:
            break
        gone = (lives.ended > 0) & (lives.ended <= month)
        expected.append(round(float(np.exp(log_stay[mature, month]).mean()), 6))
        observed.append(round(float(1 - gone[mature].mean()), 6))
        old_enough.append(int(mature.sum()))
    return {
        "survival_expected": expected,
        "survival_observed": observed,
        "subscriptions_old_enough": old_enough,
    }
