"""Atlas Outfitters as a unit: simulated, written down, its truth kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.demo.atlas.facts import GROUPS, PROCESS
from workbench.data.demo.atlas.files import atlas_files
from workbench.data.demo.atlas.world import AtlasWorld, simulate_atlas
from workbench.data.demo.shared import fixed, stream, texts
from workbench.data.demo.truth import UnitTruth, errors_frame, no_duplicates, no_overlap

__all__ = ["write_atlas"]


def write_atlas(folder: Path, *, seed: int, as_of: date, scale: float) -> UnitTruth:
    """Simulate the unit, write its raw files to ``folder/atlas`` and return the planted truth."""
    world = simulate_atlas(seed, as_of, scale)
    totals, planted = atlas_files(folder, world, stream(seed, "atlas", "dirt"))
    facts: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "start": world.calendar.start.isoformat(),
        "purchases": PROCESS.facts(),
        "groups": _group_facts(world),
        "experiments": world.effects,
        "totals": totals,
    }
    return UnitTruth(
        unit="atlas",
        facts=facts,
        customers=_customer_truth(world),
        errors=errors_frame(planted),
        duplicates=no_duplicates(),
        overlap=no_overlap(),
    )


def _group_facts(world: AtlasWorld) -> dict[str, Any]:
    """Return size and behaviour of each planted group."""
    value = PROCESS.spend_p / world.buyers.nu
    facts = {}
    for number, group in enumerate(GROUPS):
        member = world.group == number
        facts[group.name] = {
            "customers": int(member.sum()),
            "categories": group.categories,
            "channels": group.channels,
            "share_of_lines_discounted": group.discounted,
            "mean_rate_per_week": round(float(world.buyers.rate[member].mean()), 6),
            "mean_dropout": round(float(world.buyers.dropout[member].mean()), 6),
            "mean_order_value": round(float(value[member].mean()), 4),
        }
    return facts


def _customer_truth(world: AtlasWorld) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "customer_id": world.key,
            "group": texts([g.name for g in GROUPS])[world.group],
            "rate_per_week": fixed(world.buyers.rate, 8),
            "dropout": fixed(world.buyers.dropout, 8),
            "mean_order_value": fixed(PROCESS.spend_p / world.buyers.nu, 6),
            "alive_at_end": np.where(world.alive, "yes", "no"),
        }
    )
    return frame.sort_values("customer_id", ignore_index=True)
