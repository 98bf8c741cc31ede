"""From orders to order lines: which products, at which price, by which channel, what comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.data.demo.catalogue import Catalogue
from workbench.data.demo.shared import Bools, Floats, Ints, choose

__all__ = ["Group", "Lines", "fill_baskets", "mix_matrix", "return_lines"]


@dataclass(frozen=True)
class Group:
    """How one planted group of customers behaves.

    Parameters
    ----------
    name
        The group.
    categories, channels
        Weights of what it mostly buys and where; what is not named shares one tenth of the weight.
    extra_lines
        Mean number of order lines beyond the first.
    discounted
        Share of its lines that are discounted.
    discount
        Lowest and highest discount as a share of the price.
    returned
        Share of its lines that come back.
    """

    name: str
    categories: dict[str, float]
    channels: dict[str, float]
    extra_lines: float = 1.0
    discounted: float = 0.10
    discount: tuple[float, float] = (0.05, 0.20)
    returned: float = 0.05


@dataclass(frozen=True)
class Lines:
    """Order lines, one element per line in every array; money in pence.

    Parameters
    ----------
    order
        Index of the order.
    number
        Line number within the order, from 1.
    product
        Index into the catalogue.
    quantity
        Units.
    discount
        Discount on the whole line; a whole number of pence per unit.
    """

    order: Ints
    number: Ints
    product: Ints
    quantity: Ints
    discount: Ints

    def amount(self, catalogue: Catalogue) -> Ints:
        """Return what is paid for each line, in pence."""
        return self.quantity * catalogue.price[self.product] - self.discount


def mix_matrix(mixes: list[dict[str, float]], names: tuple[str, ...], other: float) -> Floats:
    """Return one row of shares per mix; what a mix does not name gets ``other`` in equal parts."""
    rows = []
    for mix in mixes:
        named = np.array([mix.get(name, 0.0) for name in names])
        rows.append(named / named.sum() * (1 - other) + other / len(names))
    return np.array(rows)


def choose_by_group(rng: np.random.Generator, shares: Floats, group: Ints) -> Ints:
    """Return one index per element, drawn from the shares of its group."""
    out = np.zeros(len(group), dtype=np.int64)
    for number, row in enumerate(shares):
        members = np.flatnonzero(group == number)
        out[members] = choose(rng, row, len(members))
    return out


def fill_baskets(
    rng: np.random.Generator,
    value: Floats,
    group: Ints,
    groups: tuple[Group, ...],
    catalogue: Catalogue,
) -> Lines:
    """Return lines whose amounts add up to about the value of each order.

    Parameters
    ----------
    rng
        Where chance comes from.
    value
        Wanted value of each order in pounds.
    group
        Index into ``groups`` for each order.
    groups, catalogue
        How the groups buy, and what there is to buy.
    """
    mean_extra = np.array([g.extra_lines for g in groups])[group]
    # A line below three pounds is not worth its own product.
    most = np.maximum(1, (value / 3).astype(np.int64))
    count = np.minimum(1 + rng.poisson(mean_extra), most)
    order = np.repeat(np.arange(len(value)), count)
    first = np.cumsum(count) - count
    number = np.arange(len(order)) - first[order]
    weight = rng.gamma(3.0, 1.0, len(order)) + 0.2
    part = weight / np.add.reduceat(weight, first)[order] * value[order]
    lines_group = group[order]
    shares = mix_matrix([g.categories for g in groups], catalogue.categories, 0.1)
    category = choose_by_group(rng, shares, lines_group)
    low = np.array([g.discount[0] for g in groups])[lines_group]
    high = np.array([g.discount[1] for g in groups])[lines_group]
    is_cut = rng.random(len(order)) < np.array([g.discounted for g in groups])[lines_group]
    cut = np.where(is_cut, np.round((low + rng.random(len(order)) * (high - low)) * 20) / 20, 0.0)
    quantity = np.where(part < 40, 1 + rng.binomial(2, 0.18, len(order)), 1).astype(np.int64)
    product = catalogue.nearest(category, part / (1 - cut) / quantity)
    per_unit = np.floor(catalogue.price[product] * cut + 1e-9).astype(np.int64)
    return Lines(order, number + 1, product, quantity, per_unit * quantity)


def return_lines(
    rng: np.random.Generator, lines: Lines, shares: Floats, day: Ints, last_day: int
) -> tuple[Ints, Ints, Bools]:
    """Return which lines come back, the day on which they do, and whether one unit only does.

    Parameters
    ----------
    rng
        Where chance comes from.
    lines
        The lines sold.
    shares
        Probability of coming back, per line.
    day
        Day number of the sale, per line.
    last_day
        Returns after this day number are not seen yet.
    """
    comes = np.flatnonzero(rng.random(len(shares)) < shares)
    back = day[comes] + 3 + rng.poisson(8, len(comes))
    one_only = rng.random(len(comes)) < 0.5
    seen = back <= last_day
    return comes[seen], back[seen], one_only[seen]
