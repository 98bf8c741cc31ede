"""The demo shops as an analysis sees them: clean order lines and contacts, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from workbench.data.demo.atlas.facts import CHANNELS, GROUPS
from workbench.data.demo.atlas.world import simulate_atlas
from workbench.data.demo.brook.world import simulate_brook
from workbench.data.demo.sales import Sales, movements

AS_OF = date(2025, 6, 30)


@dataclass(frozen=True)
class Shop:
    """One unit: canonical `orders` and `interactions`, and each customer's planted group."""

    orders: pd.DataFrame
    interactions: pd.DataFrame
    groups: pd.Series


@cache
def atlas(scale: float = 0.3, seed: int = 20250630) -> Shop:
    """Return the unit in which groups are planted, each with channels and categories of its own."""
    world = simulate_atlas(seed, AS_OF, scale)
    orders = _lines(world.sales, world.key[world.sales.orders.customer])
    orders["channel"] = np.array(CHANNELS, dtype=object)[
        world.channel[movements(world.sales).order]
    ]
    cases = world.cases
    interactions = pd.DataFrame(
        {
            "interaction_id": [f"c{i}" for i in range(len(cases.customer))],
            "customer_id": world.key[cases.customer].astype(object),
            "opened_at": pd.Series(cases.opened.astype("datetime64[s]")),
            "satisfaction": np.where(cases.stars > 0, cases.stars, np.nan),
        }
    )
    names = np.array([group.name for group in GROUPS], dtype=object)
    return Shop(orders, interactions, pd.Series(names[world.group], index=world.key.astype(object)))


@cache
def brook(scale: float = 0.3, seed: int = 20250630) -> Shop:
    """Return the unit without groups: everybody has the same preferences."""
    world = simulate_brook(seed, AS_OF, scale)
    orders = _lines(world.sales, world.sales.orders.customer.astype(str))
    orders["channel"] = np.where(world.on_web[movements(world.sales).order], "web", "till")
    nobody = pd.DataFrame(columns=["interaction_id", "customer_id", "opened_at"])
    return Shop(orders, nobody, pd.Series(dtype=object))


def _lines(sales: Sales, customer: np.ndarray) -> pd.DataFrame:
    moved = movements(sales)
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in moved.order],
            "customer_id": customer[moved.order].astype(object),
            "ordered_at": pd.Series(moved.time.astype("datetime64[s]")),
            "amount": moved.amount / 100,
            "category": sales.catalogue.category_of(moved.product).astype(object),
            "cost": moved.sign * moved.quantity * sales.catalogue.cost[moved.product] / 100,
        }
    )
