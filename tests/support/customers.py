"""Customers made up for tests of groups: with and without groups, many of whom bought once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench.segmentation.clusters.traits import PURCHASES, Behaviour, Trait


def measures(points: Any, blocks: tuple[str, ...] = ()) -> Behaviour:
    """Return points as measures of customers."""
    names = [f"measure_{place}" for place in range(points.shape[1])]
    kinds: Any = blocks or ("money",) * len(names)
    table = pd.DataFrame(points, columns=names)
    table.insert(0, "customer_id", [f"{place:06d}" for place in range(len(points))])
    pairs = zip(names, kinds, strict=True)
    return Behaviour(table, tuple(Trait(name, name, "money", block, "h") for name, block in pairs))


def customer_base(
    rng: np.random.Generator, n: int, *, own: float, group: Any = None, worth: Any = None
) -> Behaviour:
    """Return customers of whom many bought once.

    Parameters
    ----------
    rng, n
        Where chance comes from, and how many customers.
    own
        Concentration of own preferences: 0 is none at all, else small is strong.
    group
        Whole numbers 0-3: what a customer's group is, which has a category and a channel of its
        own; None is no groups.
    worth
        Mean spend of each customer.
    """
    known = rng.integers(30, 900, n).astype("float64")
    bought = 1 + rng.poisson(rng.gamma(0.6, 5.0, n) * known / 900)
    since = np.where(bought == 1, known, np.floor(known * rng.beta(1, bought)))
    table = pd.DataFrame({"customer_id": [f"{place:06d}" for place in range(n)]})
    table["days_since_last_purchase"], table[PURCHASES] = since, bought.astype("float64")
    table["T"] = known
    table["spend_per_purchase_day"] = rng.gamma(4.0, 1.0, n) * (10.0 if worth is None else worth)
    table["returned_share"] = np.where(rng.random(n) < 0.2, rng.random(n), 0.0)
    traits = [
        Trait("days_since_last_purchase", "Days since the last purchase", "days", "recency", "h"),
        Trait(PURCHASES, "Days with a purchase", "count", "frequency", "h"),
        Trait("T", "Days since the first purchase", "days", "tenure", "h"),
        Trait("spend_per_purchase_day", "Spending per day", "money", "money", "h"),
        Trait("returned_share", "Share returned", "share", "returns", "h"),
    ]
    for block, size in (("category", 6), ("channel", 4)):
        overall = rng.dirichlet(np.full(size, 6.0))
        chances = rng.dirichlet(overall * own * size, n) if own else np.tile(overall, (n, 1))
        if group is not None:
            chances = 0.1 * chances + 0.9 * np.eye(size)[group]
        picked = rng.multinomial(bought, chances / chances.sum(axis=1, keepdims=True))
        for place in range(size):
            table[f"{block}: {place}"] = picked[:, place] / bought
            kind: Any = block
            traits.append(Trait(f"{block}: {place}", f"Share on {place}", "share", kind, "h"))
    return Behaviour(table, tuple(traits))
