"""What a shop sold and took back: orders filled with products, and one list of all movements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.data.demo.baskets import Group, Lines, fill_baskets, return_lines
from workbench.data.demo.calendar import Calendar
from workbench.data.demo.catalogue import Catalogue
from workbench.data.demo.purchases import Orders
from workbench.data.demo.shared import Bools, Ints, Texts, Times

__all__ = ["Movements", "Sales", "movements", "sell"]


@dataclass(frozen=True)
class Sales:
    """Orders with their lines, and the lines that came back.

    Parameters
    ----------
    catalogue, orders, lines
        Products, orders, order lines.
    time
        When each order was placed.
    back, back_time, back_quantity
        Index of each line that came back, when, and how many units.
    """

    catalogue: Catalogue
    orders: Orders
    lines: Lines
    time: Times
    back: Ints
    back_time: Times
    back_quantity: Ints


@dataclass(frozen=True)
class Movements:
    """Lines sold, then lines taken back, one element per movement in every array; money in pence.

    Parameters
    ----------
    order, number
        Index of the order that was placed, and the line's number within its document.
    product, quantity
        Index into the catalogue, and units (positive).
    price, discount
        Of one unit, and on the whole line. A refund is made at the price that was paid, and has no
        discount of its own.
    sold
        Whether it is a sale.
    time
        When.
    """

    order: Ints
    number: Ints
    product: Ints
    quantity: Ints
    price: Ints
    discount: Ints
    sold: Bools
    time: Times

    @property
    def sign(self) -> Ints:
        """Return 1 for a sale and -1 for a return."""
        return np.where(self.sold, 1, -1)

    @property
    def amount(self) -> Ints:
        """Return what is paid, negative for a return."""
        return self.sign * (self.quantity * self.price - self.discount)

    def keyed(self, sale_keys: Texts, refund_keys: Texts) -> Texts:
        """Return the document's key: the order's for a sale, one of its own for each return."""
        return np.concatenate([sale_keys[self.order[self.sold]], refund_keys])


def sell(
    rng: np.random.Generator,
    calendar: Calendar,
    catalogue: Catalogue,
    orders: Orders,
    groups: tuple[Group, ...],
    group: Ints,
    time: Times,
) -> Sales:
    """Return orders filled with products, a part of which comes back within the calendar.

    Parameters
    ----------
    rng, calendar, catalogue, orders
        Chance, days, products, and who buys when for how much.
    groups, group
        How groups of customers buy, and the group of each order.
    time
        When each order is placed.
    """
    lines = fill_baskets(rng, orders.value, group, groups, catalogue)
    shares = np.array([g.returned for g in groups])[group[lines.order]]
    days = orders.day[lines.order]
    back, back_day, one_only = return_lines(rng, lines, shares, days, calendar.days - 1)
    return Sales(
        catalogue=catalogue,
        orders=orders,
        lines=lines,
        time=time,
        back=back,
        back_time=calendar.times(rng, back_day, 9, 18),
        back_quantity=np.where(one_only, 1, lines.quantity[back]),
    )


def movements(sales: Sales) -> Movements:
    """Return all that was sold and all that came back."""
    lines, back = sales.lines, sales.back
    list_price = sales.catalogue.price[lines.product]
    paid_each = lines.amount(sales.catalogue) // lines.quantity
    count = len(back)
    return Movements(
        order=np.concatenate([lines.order, lines.order[back]]),
        number=np.concatenate([lines.number, np.ones(count, dtype=np.int64)]),
        product=np.concatenate([lines.product, lines.product[back]]),
        quantity=np.concatenate([lines.quantity, sales.back_quantity]),
        price=np.concatenate([list_price, paid_each[back]]),
        discount=np.concatenate([lines.discount, np.zeros(count, dtype=np.int64)]),
        sold=np.concatenate([np.ones(len(lines.order), np.bool_), np.zeros(count, np.bool_)]),
        time=np.concatenate([sales.time[lines.order], sales.back_time]),
    )
