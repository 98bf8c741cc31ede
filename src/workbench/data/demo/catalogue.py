"""Products: categories with a ladder of prices each, a cost behind every price.

The rungs of a ladder lie a fixed ratio apart, so that a basket of any planted value can be filled
with whole products at list prices and miss it by a few per cent at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.data.demo.shared import Floats, Ints, Texts, texts

__all__ = ["Catalogue", "make_catalogue"]

_LOWEST, _HIGHEST = 2.0, 1500.0


@dataclass(frozen=True)
class Catalogue:
    """All products, ladder after ladder: product ``category * rungs + rung``.

    Parameters
    ----------
    categories
        Names of the categories.
    rungs
        Products in each category, from the cheapest to the dearest.
    product_id, name
        Key and name per product.
    price, cost
        List price and unit cost per product, in pence.
    ladder
        Logarithms of the borders between neighbouring prices, in pounds.
    """

    categories: tuple[str, ...]
    rungs: int
    product_id: Texts
    name: Texts
    price: Ints
    cost: Ints
    ladder: Floats

    def nearest(self, category: Ints, pounds: Floats) -> Ints:
        """Return, for each wanted price, the category's product that comes nearest to it."""
        rung = np.searchsorted(self.ladder, np.log(np.maximum(pounds, 0.01)))
        return category * self.rungs + rung.astype(np.int64)

    def category_of(self, product: Ints) -> Texts:
        """Return the names of the products' categories."""
        return texts(self.categories)[product // self.rungs]


def make_catalogue(
    prefix: str,
    ranges: dict[str, tuple[float, tuple[str, ...]]],
    series: tuple[str, ...],
) -> Catalogue:
    """Return a catalogue.

    Parameters
    ----------
    prefix
        Two letters before each product's number.
    ranges
        Category -> (margin share of the price, names of its products from cheap to dear); the same
        count of names in each.
    series
        Names of the series in which each product is made, from plain to fine.
    """
    categories = tuple(ranges)
    rungs = len(next(iter(ranges.values()))[1]) * len(series)
    exact = np.geomspace(_LOWEST, _HIGHEST, rungs)
    # Shop prices end in 5 or 9 pence, or in 95 above twenty pounds.
    pence = np.where(exact < 20, np.round(exact * 10) * 10 - 1, np.round(exact) * 100 - 5)
    ladder = np.log(np.sqrt(pence[1:] * pence[:-1]) / 100)
    ids, names, price, cost = [], [], [], []
    for number, (margin, nouns) in enumerate(ranges.values()):
        for rung in range(rungs):
            noun, line = nouns[rung // len(series)], series[rung % len(series)]
            ids.append(f"{prefix}{number + 1}{rung:03d}")
            names.append(f"{line} {noun}")
            price.append(int(pence[rung]))
            # Within a category the margin drifts by up to three points along the ladder.
            cost.append(round(pence[rung] * (1 - margin - 0.03 * np.cos(rung))))
    return Catalogue(
        categories,
        rungs,
        texts(ids),
        texts(names),
        np.array(price, dtype=np.int64),
        np.array(cost, dtype=np.int64),
        ladder,
    )
