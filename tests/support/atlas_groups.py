"""Customers of the demo unit Atlas as measures, with the groups that were planted in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.demo.atlas.facts import CHANNELS, DAYS, GROUPS
from workbench.data.demo.atlas.world import simulate_atlas
from workbench.data.demo.sales import movements
from workbench.segmentation.clusters.traits import Trait


@dataclass(frozen=True)
class AtlasGroups:
    """Measures per customer, what they are, and the planted group (index into `planted`)."""

    measures: pd.DataFrame
    traits: tuple[Trait, ...]
    labels: npt.NDArray[np.int64]
    planted: tuple[str, ...]


def atlas_groups(*, seed: int, scale: float) -> AtlasGroups:
    """Return what plain pandas measures of the simulated sales."""
    world = simulate_atlas(seed, date(2025, 6, 30), scale)
    moved = movements(world.sales)
    lines = pd.DataFrame(
        {
            "customer": world.sales.orders.customer[moved.order],
            "day": world.sales.orders.day[moved.order],
            "amount": moved.amount / 100,
            "range": world.sales.catalogue.category_of(moved.product),
            "channel": np.array(CHANNELS, dtype=object)[world.channel[moved.order]],
        }
    )
    sold = lines[moved.sold]
    days = sold.groupby("customer")["day"]
    spent = sold.groupby("customer")["amount"].sum()
    measures = pd.DataFrame(
        {
            "since": DAYS - 1 - days.max(),
            "days": days.nunique(),
            "spend": spent / days.nunique(),
        },
        dtype="float64",
    )
    traits = [
        Trait(
            "since",
            "Days since the last purchase",
            "days",
            "recency",
            "bought long ago",
            "bought lately",
        ),
        Trait("days", "Days with a purchase", "count", "frequency", "buys often", "buys seldom"),
        Trait("spend", "Spend per purchase", "money", "money", "spends much", "spends little"),
    ]
    mixes = (("range", "category", "on", ""), ("channel", "channel", "by", "by "))
    for column, block, word, before in mixes:
        mix = sold.pivot_table(
            index="customer", columns=column, values="amount", aggfunc="sum", fill_value=0.0
        ).div(spent, axis=0)
        for name in mix:
            measures[f"{column}: {name}"] = mix[name]
            label, high = f"Share of spending {word} {name}", f"buys {before}{name}"
            traits.append(Trait(f"{column}: {name}", label, "share", block, high))  # type: ignore[arg-type]
    planted = tuple(group.name for group in GROUPS)
    labels = np.asarray(world.group)[measures.index]
    return AtlasGroups(measures.reset_index(drop=True), tuple(traits), labels, planted)
