"""Brook & Daughters as a unit: simulated, written down twice, its truth kept."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.demo.brook.facts import PROCESS
from workbench.data.demo.brook.files import brook_files
from workbench.data.demo.brook.records import pairs_of_one_person
from workbench.data.demo.brook.world import BrookWorld, simulate_brook
from workbench.data.demo.shared import fixed, stream, texts
from workbench.data.demo.truth import UnitTruth, errors_frame

__all__ = ["write_brook"]


def write_brook(folder: Path, *, seed: int, as_of: date, scale: float) -> UnitTruth:
    """Simulate the unit, write its raw files to ``folder/brook`` and return the planted truth."""
    world = simulate_brook(seed, as_of, scale)
    files = brook_files(folder, world, stream(seed, "brook", "dirt"))
    start = world.calendar.start
    facts: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "start": start.isoformat(),
        "purchases": PROCESS.facts(),
        "orders_in_both_sources": {
            "first_day": (start + timedelta(days=world.overlap[0])).isoformat(),
            "last_day": (start + timedelta(days=world.overlap[1])).isoformat(),
        },
        "persons": len(world.people.email),
        "totals": files.totals,
    }
    pairs = pairs_of_one_person(world.records)
    both = pairs["customer_id_a"].isin(files.keys) & pairs["customer_id_b"].isin(files.keys)
    return UnitTruth(
        unit="brook",
        facts=facts,
        customers=_customer_truth(world),
        errors=errors_frame(files.planted),
        duplicates=pairs[both].reset_index(drop=True),
        overlap=files.overlap,
    )


def _customer_truth(world: BrookWorld) -> pd.DataFrame:
    """Return one row per key: the person behind it and, where the person buys, what is hidden."""
    person = world.records.person
    buys = person < len(world.alive)
    held = np.where(buys, person, 0)
    blank = texts([""] * len(person))
    frame = pd.DataFrame(
        {
            "customer_id": world.records.key,
            "person": texts([f"P{p:05d}" for p in person.tolist()]),
            "buys": np.where(buys, "yes", "no"),
            "person_rate_per_week": np.where(buys, fixed(world.buyers.rate, 8)[held], blank),
            "person_dropout": np.where(buys, fixed(world.buyers.dropout, 8)[held], blank),
            "alive_at_end": np.where(buys, np.where(world.alive[held], "yes", "no"), ""),
        }
    )
    return frame.drop_duplicates("customer_id").sort_values("customer_id", ignore_index=True)
