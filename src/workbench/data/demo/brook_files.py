"""How Brook & Daughters writes things down: a till's export, a web shop's database, and more."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from workbench.data.demo.atlas_files import totals_of
from workbench.data.demo.brook_dirt import (
    dirty_accounts,
    dirty_cards,
    dirty_cases,
    dirty_sales,
    dirty_touches,
    dirty_web_orders,
)
from workbench.data.demo.dirt import RawTable
from workbench.data.demo.shared import (
    Bools,
    Ints,
    Texts,
    day_text,
    fixed,
    money,
    numbered,
    texts,
    time_text,
)
from workbench.data.demo.truth import errors_frame
from workbench.data.demo.write import (
    csv_bytes,
    gzip_bytes,
    jsonl_bytes,
    parquet_bytes,
    put,
    sqlite_bytes,
    xlsx_bytes,
)

if TYPE_CHECKING:
    from workbench.data.demo.brook import BrookWorld

__all__ = ["brook_files"]

_ACCOUNT_KINDS = {
    "account": "TEXT", "full_name": "TEXT", "email": "TEXT", "phone": "TEXT", "born": "INTEGER",
    "postcode": "TEXT", "town": "TEXT", "county": "TEXT", "created_at": "TEXT",
    "opted_in": "INTEGER", "note": "TEXT",
}  # fmt: skip
_ORDER_KINDS = {
    "order_no": "TEXT", "line_no": "INTEGER", "placed_at": "TEXT", "account": "TEXT", "sku": "TEXT",
    "category": "TEXT", "kind": "TEXT", "qty": "INTEGER", "unit_price": "REAL",
    "discount": "REAL", "total": "REAL", "vat": "REAL", "voucher": "TEXT",
}  # fmt: skip


def brook_files(
    folder: Path, world: BrookWorld, rng: np.random.Generator
) -> tuple[dict[str, dict[str, int | str]], pd.DataFrame, pd.DataFrame]:
    """Write all raw files; return totals per table and source, planted errors, and the overlap."""
    sales_columns, web_columns, till_twin, web_twin = _order_columns(world, rng)
    sales = dirty_sales(rng, sales_columns, till_twin >= 0, world.calendar.as_of)
    shop = dirty_web_orders(rng, web_columns, web_twin, world.calendar.as_of)
    cards_columns, accounts_columns, card_rows, account_rows = _customer_columns(world)
    quiet, linked = world.only_registered & ~world.records.linked, world.records.linked
    cards = dirty_cards(
        rng, cards_columns, quiet[card_rows], linked[card_rows], world.calendar.as_of
    )
    accounts = dirty_accounts(rng, accounts_columns, quiet[account_rows], linked[account_rows])
    cases, touches = dirty_cases(rng, _cases(world)), dirty_touches(rng, _touches(world))

    till = {"delimiter": ";", "encoding": "cp1252"}
    put(folder / cards.file, csv_bytes(cards.columns, broken=cards.broken, **till))  # type: ignore[arg-type]
    content = csv_bytes(sales.columns, broken=sales.broken, **till)  # type: ignore[arg-type]
    put(folder / sales.file, gzip_bytes(content))
    tables = {
        "accounts": (_ACCOUNT_KINDS, accounts.columns),
        "orders": (_ORDER_KINDS, shop.columns),
    }
    put(folder / "brook/shop.db", sqlite_bytes(tables))
    put(folder / cases.file, jsonl_bytes(_case_records(cases)))
    put(folder / touches.file, parquet_bytes(_touch_arrays(touches)))
    campaigns = _campaign_rows(world)
    header = ("code", "title", "medium", "starts", "ends", "budget")
    put(folder / "brook/campaigns.xlsx", xlsx_bytes("Plan", header, campaigns))

    overlap = pd.concat(
        [
            _order_overlap(sales, shop, till_twin),
            _customer_overlap(world, cards, accounts, card_rows, account_rows),
        ],
        ignore_index=True,
    )
    totals = {f"{t.table}/{t.source}": totals_of(t) for t in (cards, accounts, sales, shop)}
    for table in (cases, touches):
        totals[f"{table.table}/{table.source}"] = totals_of(table)
    totals["campaigns/plan"] = {
        "records": len(campaigns), "rejected": 0, "accepted": len(campaigns)
    }  # fmt: skip
    # What stands in both sources is kept from the till, which is declared first.
    twice = {name: part["row_b"].to_numpy() - 1 for name, part in overlap.groupby("table")}
    lost = {
        "customers/web": _reject(totals, "customers/web", accounts, twice.get("customers")),
        "orders/web": _reject(totals, "orders/web", shop, twice.get("orders")),
    }
    totals["orders/till"]["amount_accepted"] = _sum(sales.columns["total"], sales.rejected)
    totals["orders/web"]["amount_accepted"] = _sum(shop.columns["total"], lost["orders/web"])
    every = (cards, accounts, sales, shop, cases, touches)
    return totals, errors_frame(tuple(e for t in every for e in t.planted)), overlap


def _reject(
    totals: dict[str, dict[str, int | str]], name: str, table: RawTable, rows: Any
) -> Bools:
    """Count the records that the other source has already as rejected; return all rejected."""
    rejected = table.rejected.copy()
    if rows is not None:
        rejected[rows] = True
    count = int(rejected.sum())
    totals[name] = {"records": table.rows, "rejected": count, "accepted": table.rows - count}
    return rejected


def _sum(amounts: Texts, rejected: Bools) -> str:
    """Return the exact sum of the accepted amounts in pounds, as text."""
    pence = sum(
        round(float(text.replace(",", ".")) * 100)
        for text, out in zip(amounts.tolist(), rejected.tolist(), strict=True)
        if not out
    )
    return str(money(np.array([pence], dtype=np.int64))[0])


def _order_columns(
    world: BrookWorld, rng: np.random.Generator
) -> tuple[dict[str, Texts], dict[str, Texts], Ints, Bools]:
    """Return till sales and web orders, and which of them are the same.

    The third element gives, per till row, the web row that it repeats (-1: none); the fourth tells
    per web row whether the till repeats it.
    """
    lines, shop, back = world.lines, world.catalogue, world.back
    count, size = len(world.orders.day), len(lines.order)
    product = np.concatenate([lines.product, lines.product[back]])
    quantity = np.concatenate([lines.quantity, world.back_quantity])
    paid_each = lines.amount(shop) // lines.quantity
    sign = np.repeat([1, -1], [size, len(back)])
    price = np.concatenate([shop.price[lines.product], paid_each[back]])
    discount = np.concatenate([lines.discount, np.zeros(len(back), dtype=np.int64)])
    total = sign * (quantity * price - discount)
    order = np.concatenate([lines.order, lines.order[back]])
    number = np.concatenate([lines.number, np.ones(len(back), dtype=np.int64)])
    time = np.concatenate([world.order_time[lines.order], world.back_time])
    web = world.order_web[order]
    plain = np.where(
        world.order_web,
        numbered("W", range(1, count + 1), 6),
        numbered("T", range(1, count + 1), 6),
    )
    refund = np.where(
        web[size:],
        numbered("WR", range(1, len(back) + 1), 5),
        numbered("TR", range(1, len(back) + 1), 5),
    )
    key = np.concatenate([plain[lines.order], refund])
    customer = np.append(world.records.key, "")[world.order_record[order]]
    voucher = np.append(world.campaigns.key, "")[world.order_credit[order]]
    day = (time.astype("datetime64[D]") - np.datetime64(world.calendar.start, "D")).astype(int)
    shared = web & (sign > 0) & (day >= world.overlap[0]) & (day <= world.overlap[1])

    web_rows = np.flatnonzero(web)
    web_rows = web_rows[np.lexsort((number[web_rows], key[web_rows], time[web_rows]))]
    till_rows = np.flatnonzero(~web | shared)
    till_rows = till_rows[np.lexsort((number[till_rows], key[till_rows], time[till_rows]))]
    web_place = np.full(len(order), -1)
    web_place[web_rows] = np.arange(len(web_rows))
    twin = np.where(shared[till_rows], web_place[till_rows], -1)

    # The clerk who typed web orders into the till got some totals wrong.
    typed = total[till_rows].copy()
    wrong = (twin >= 0) & (rng.random(len(typed)) < 0.06)
    typed[wrong] += 100 * rng.integers(1, 10, int(wrong.sum()))
    each = np.where(wrong, typed // quantity[till_rows], paid_price(total, quantity)[till_rows])
    typed = np.where(wrong, each * quantity[till_rows], typed)
    category = shop.category_of(product)
    vat = np.rint(total / 6).astype(np.int64)

    def comma(pence: Ints) -> Texts:
        return texts([m.replace(".", ",") for m in money(pence).tolist()])

    sales = {
        "receipt": key[till_rows],
        "line_no": texts([str(n) for n in number[till_rows].tolist()]),
        "sold": time_text(time[till_rows], style="british"),
        "card": customer[till_rows],
        "article": shop.product_id[product[till_rows]],
        "department": category[till_rows],
        "qty": texts([str(n) for n in (quantity * sign)[till_rows].tolist()]),
        "price": comma(each),
        "total": comma(typed),
        "vat": comma(np.rint(typed / 6).astype(np.int64)),
        "note": texts([""] * len(till_rows)),
    }
    orders = {
        "order_no": key[web_rows],
        "line_no": texts([str(n) for n in number[web_rows].tolist()]),
        "placed_at": time_text(time[web_rows]),
        "account": customer[web_rows],
        "sku": shop.product_id[product[web_rows]],
        "category": category[web_rows],
        "kind": np.where(sign[web_rows] > 0, "sale", "refund").astype(object),
        "qty": texts([str(n) for n in quantity[web_rows].tolist()]),
        "unit_price": money(price[web_rows]),
        "discount": money(discount[web_rows]),
        "total": money(total[web_rows]),
        "vat": money(vat[web_rows]),
        "voucher": voucher[web_rows],
    }
    return sales, orders, twin, shared[web_rows]


def paid_price(total: Ints, quantity: Ints) -> Ints:
    """Return the price paid for one unit, in pence, never negative."""
    return np.abs(total) // quantity


def _customer_columns(
    world: BrookWorld,
) -> tuple[dict[str, Texts], dict[str, Texts], Ints, Ints]:
    """Return cards and accounts, and the record behind each row of either."""
    r = world.records
    by_time = np.lexsort((r.key, world.joined))
    cards = by_time[r.system[by_time] == 0]
    accounts = by_time[r.system[by_time] == 1]
    joined = world.calendar.midnight(world.joined)
    consent = world.consent
    till = {
        "card": r.key[cards],
        "surname": r.family[cards],
        "forename": r.given[cards],
        "email": r.email[cards],
        "phone": r.phone[cards],
        "postcode": r.postcode[cards],
        "town": r.town[cards],
        "county": r.county[cards],
        "joined": day_text(joined[cards], style="british"),
        "mail": np.where(consent[cards], "J", "N").astype(object),
        "note": texts([""] * len(cards)),
    }
    till["mail"] = np.where(consent[cards], "Y", "N").astype(object)
    names = zip(r.given[accounts].tolist(), r.family[accounts].tolist(), strict=True)
    web = {
        "account": r.key[accounts],
        "full_name": texts([f"{given} {family}" for given, family in names]),
        "email": r.email[accounts],
        "phone": r.phone[accounts],
        "born": texts([str(y) for y in world.born[accounts].tolist()]),
        "postcode": r.postcode[accounts],
        "town": r.town[accounts],
        "county": r.county[accounts],
        "created_at": day_text(joined[accounts]),
        "opted_in": np.where(consent[accounts], "1", "0").astype(object),
        "note": texts([""] * len(accounts)),
    }
    return till, web, cards, accounts


def _order_overlap(sales: RawTable, shop: RawTable, twin: Ints) -> pd.DataFrame:
    rows_a = np.flatnonzero(twin >= 0)
    at_a, at_b = sales.position[rows_a], shop.position[twin[rows_a]]
    keys = [
        f"{order}|{line}"
        for order, line in zip(
            sales.columns["receipt"][at_a].tolist(),
            sales.columns["line_no"][at_a].tolist(),
            strict=True,
        )
    ]
    same = [
        till.replace(",", ".") == web
        for till, web in zip(
            sales.columns["total"][at_a].tolist(), shop.columns["total"][at_b].tolist(), strict=True
        )
    ]
    return pd.DataFrame(
        {
            "table": "orders",
            "key": keys,
            "row_a": at_a + 1,
            "row_b": at_b + 1,
            "conflict": ["" if equal else "amount" for equal in same],
        }
    )


def _customer_overlap(
    world: BrookWorld, cards: RawTable, accounts: RawTable, card_rows: Ints, account_rows: Ints
) -> pd.DataFrame:
    r = world.records
    card_at = {r.key[record]: int(cards.position[n]) for n, record in enumerate(card_rows.tolist())}
    rows = [
        ("customers", r.key[record], card_at[r.key[record]] + 1, int(accounts.position[n]) + 1,
         r.conflict[record])
        for n, record in enumerate(account_rows.tolist())
        if r.linked[record]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["table", "key", "row_a", "row_b", "conflict"])


def _cases(world: BrookWorld) -> dict[str, Texts]:
    c = world.cases
    return {
        "case": numbered("S", range(1, len(c.opened) + 1), 6),
        "customer": world.records.key[c.customer],
        "opened": time_text(c.opened, separator="T"),
        "first_reply": time_text(c.answered, separator="T"),
        "closed": time_text(c.resolved, separator="T"),
        "via": c.via,
        "about": c.topic,
        "priority": c.priority,
        "team": c.team,
        "agent": c.agent,
        "reopened": np.where(c.reopened, "yes", "no").astype(object),
        "stars": texts([str(s) if s else "" for s in c.stars.tolist()]),
        "words": c.words,
    }


def _case_records(table: RawTable) -> list[dict[str, Any]]:
    names = list(table.columns)
    made = []
    for row in zip(*(values.tolist() for values in table.columns.values()), strict=True):
        record: dict[str, Any] = {
            n: v if v != "" else None for n, v in zip(names, row, strict=True)
        }
        record["reopened"] = record["reopened"] == "yes"
        if record["stars"] is not None and record["stars"].isdigit():
            record["stars"] = int(record["stars"])
        made.append(record)
    return made


def _touches(world: BrookWorld) -> dict[str, Texts]:
    t = world.touches
    return {
        "id": numbered("T", range(1, len(t.time) + 1), 7),
        "customer": world.records.key[t.customer],
        "at": time_text(t.time, separator="T"),
        "code": world.campaigns.key[t.campaign],
        "medium": world.campaigns.medium[t.campaign],
        "cost": fixed(t.cost / 1000, 3),
    }


def _touch_arrays(table: RawTable) -> dict[str, pa.Array]:
    arrays = {
        name: pa.array(values.tolist(), pa.string()) for name, values in table.columns.items()
    }
    stamps = np.array(table.columns["at"].tolist(), dtype="datetime64[us]")
    arrays["at"] = pa.array(stamps, pa.timestamp("us"))
    arrays["cost"] = arrays["cost"].cast(pa.decimal128(12, 3))
    return arrays


def _campaign_rows(world: BrookWorld) -> list[tuple[str, str, str, date, date, int]]:
    c, start = world.campaigns, np.datetime64(world.calendar.start)
    first: list[date] = (start + c.first.astype("timedelta64[D]")).astype(object).tolist()
    last: list[date] = (start + c.last.astype("timedelta64[D]")).astype(object).tolist()
    cost: list[int] = c.fixed_cost.tolist()
    return list(
        zip(c.key.tolist(), c.title.tolist(), c.medium.tolist(), first, last, cost, strict=True)
    )
