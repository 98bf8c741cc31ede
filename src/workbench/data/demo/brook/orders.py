"""The orders of Brook & Daughters as the till and the web shop write them down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.data.demo.brook.world import BrookWorld
from workbench.data.demo.dirt import RawTable
from workbench.data.demo.sales import Movements, movements
from workbench.data.demo.shared import Bools, Ints, Texts, money, numbered, texts, time_text

__all__ = ["TwoBooks", "order_overlap", "two_books"]


@dataclass(frozen=True)
class TwoBooks:
    """The same business in two books.

    Parameters
    ----------
    till, web
        Column -> text as written, before any error was planted.
    twin
        Per till row, the web row that it repeats; -1 for none.
    repeated
        Per web row, whether the till repeats it.
    """

    till: dict[str, Texts]
    web: dict[str, Texts]
    twin: Ints
    repeated: Bools


def two_books(world: BrookWorld, rng: np.random.Generator) -> TwoBooks:
    """Return till sales and web orders, each by time.

    Parameters
    ----------
    world
        What happened.
    rng
        Chance of a slip where a clerk typed web orders into the till.
    """
    moved = movements(world.sales)
    web = world.on_web[moved.order]
    day = (moved.time - world.calendar.midnight(np.zeros(1, dtype=np.int64))) // np.timedelta64(
        1440, "m"
    )
    first, last = world.overlap
    shared = web & moved.sold & (day >= first) & (day <= last)
    key, customer = _keys(world, moved, web)
    by_time = np.lexsort((moved.number, key, moved.time))
    web_rows = by_time[web[by_time]]
    till_rows = by_time[(~web | shared)[by_time]]
    web_place = np.full(len(web), -1, dtype=np.int64)
    web_place[web_rows] = np.arange(len(web_rows))
    twin = np.where(shared[till_rows], web_place[till_rows], -1)
    return TwoBooks(
        till=_till(world, rng, moved, till_rows, key, customer, twin >= 0),
        web=_web(world, moved, web_rows, key, customer),
        twin=twin,
        repeated=shared[web_rows],
    )


def _keys(world: BrookWorld, moved: Movements, web: Bools) -> tuple[Texts, Texts]:
    """Return document key and customer key of every movement."""
    orders, returns = len(world.sales.time), len(world.sales.back)
    returned_web = web[~moved.sold]
    sale = [numbered(p, range(1, orders + 1), 6) for p in ("T", "W")]
    refund = [numbered(p, range(1, returns + 1), 5) for p in ("TR", "WR")]
    key = moved.keyed(
        np.where(world.on_web, sale[1], sale[0]), np.where(returned_web, refund[1], refund[0])
    )
    customer: Texts = np.append(world.records.key, "")[world.record[moved.order]]
    return key, customer


def _till(
    world: BrookWorld,
    rng: np.random.Generator,
    moved: Movements,
    rows: Ints,
    key: Texts,
    customer: Texts,
    typed: Bools,
) -> dict[str, Texts]:
    shop = world.sales.catalogue
    quantity, sign = moved.quantity[rows], moved.sign[rows]
    each = np.abs(moved.amount[rows]) // quantity
    # The clerk who typed web orders into the till got some prices wrong by a few pounds.
    slip = typed & (rng.random(len(rows)) < 0.06)
    each = np.where(slip, each + 100 * rng.integers(1, 10, len(rows)), each)
    total = sign * quantity * each
    blank = texts([""] * len(rows))
    return {
        "receipt": key[rows],
        "line_no": texts([str(n) for n in moved.number[rows].tolist()]),
        "sold": time_text(moved.time[rows], style="british"),
        "card": customer[rows],
        "article": shop.product_id[moved.product[rows]],
        "department": shop.category_of(moved.product[rows]),
        "qty": texts([str(n) for n in (quantity * sign).tolist()]),
        "price": _comma(each),
        "total": _comma(total),
        "vat": _comma(np.rint(total / 6).astype(np.int64)),
        "note": blank,
    }


def _comma(pence: Ints) -> Texts:
    return texts([amount.replace(".", ",") for amount in money(pence).tolist()])


def _web(
    world: BrookWorld, moved: Movements, rows: Ints, key: Texts, customer: Texts
) -> dict[str, Texts]:
    shop = world.sales.catalogue
    voucher = np.append(world.campaigns.key, "")[world.credited]
    return {
        "order_no": key[rows],
        "line_no": texts([str(n) for n in moved.number[rows].tolist()]),
        "placed_at": time_text(moved.time[rows]),
        "account": customer[rows],
        "sku": shop.product_id[moved.product[rows]],
        "category": shop.category_of(moved.product[rows]),
        "kind": np.where(moved.sold[rows], "sale", "refund").astype(object),
        "qty": texts([str(n) for n in moved.quantity[rows].tolist()]),
        "unit_price": money(moved.price[rows]),
        "discount": money(moved.discount[rows]),
        "total": money(moved.amount[rows]),
        "vat": money(np.rint(moved.amount[rows] / 6).astype(np.int64)),
        "voucher": voucher[moved.order[rows]],
    }


def order_overlap(till: RawTable, web: RawTable, twin: Ints) -> pd.DataFrame:
    """Return the records that both books hold, with what differs."""
    rows = np.flatnonzero(twin >= 0)
    at_till, at_web = till.position[rows], web.position[twin[rows]]
    receipts, lines = till.columns["receipt"][at_till], till.columns["line_no"][at_till]
    totals = [t.replace(",", ".") for t in till.columns["total"][at_till].tolist()]
    differs = np.array(totals, dtype=object) != web.columns["total"][at_web]
    return pd.DataFrame(
        {
            "table": "orders",
            "key": [f"{r}|{n}" for r, n in zip(receipts.tolist(), lines.tolist(), strict=True)],
            "row_a": at_till + 1,
            "row_b": at_web + 1,
            "conflict": np.where(differs, "amount", ""),
        }
    )
