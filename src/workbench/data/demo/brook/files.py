"""How Brook & Daughters writes things down: a till's export, a web shop's database, and more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from workbench.data.demo.brook.dirt import (
    dirty_accounts,
    dirty_cards,
    dirty_cases,
    dirty_sales,
    dirty_touches,
    dirty_web_orders,
)
from workbench.data.demo.brook.orders import order_overlap, two_books
from workbench.data.demo.brook.world import BrookWorld
from workbench.data.demo.dirt import Planted, RawTable, all_planted, totals_of
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
from workbench.data.demo.workbook import xlsx_bytes
from workbench.data.demo.write import (
    csv_bytes,
    gzip_bytes,
    jsonl_bytes,
    parquet_bytes,
    put,
    sqlite_bytes,
)

__all__ = ["BrookFiles", "brook_files"]

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


@dataclass(frozen=True)
class BrookFiles:
    """What is known of the files that were written.

    Parameters
    ----------
    totals
        "table/source" -> records, rejected, accepted, and for orders the accepted amount.
    planted
        The planted errors.
    overlap
        The records that two sources share.
    keys
        Customer keys of which at least one record carries no error that rejects it.
    """

    totals: dict[str, dict[str, int | str]]
    planted: tuple[Planted, ...]
    overlap: pd.DataFrame
    keys: frozenset[str]


@dataclass(frozen=True)
class _Tables:
    """The tables with all their errors, and what two sources share."""

    cards: RawTable
    accounts: RawTable
    sales: RawTable
    web_orders: RawTable
    cases: RawTable
    touches: RawTable
    overlap: pd.DataFrame

    def all(self) -> tuple[RawTable, ...]:
        return (
            self.cards,
            self.accounts,
            self.sales,
            self.web_orders,
            self.cases,
            self.touches,
        )


def brook_files(folder: Path, world: BrookWorld, rng: np.random.Generator) -> BrookFiles:
    """Write all raw files, and return what is known of them."""
    tables = _dirty_tables(world, rng)
    for table in (tables.cards, tables.sales):
        content = csv_bytes(table.columns, delimiter=";", encoding="cp1252", broken=table.broken)
        put(folder / table.file, gzip_bytes(content) if table.file.endswith(".gz") else content)
    database = {
        "accounts": (_ACCOUNT_KINDS, tables.accounts.columns),
        "orders": (_ORDER_KINDS, tables.web_orders.columns),
    }
    put(folder / tables.accounts.file, sqlite_bytes(database))
    put(folder / tables.cases.file, jsonl_bytes(_case_records(tables.cases)))
    put(folder / tables.touches.file, parquet_bytes(_touch_arrays(tables.touches)))
    campaigns = _campaign_rows(world)
    header = ("code", "title", "medium", "starts", "ends", "budget")
    put(folder / "brook/campaigns.xlsx", xlsx_bytes("Plan", header, campaigns))
    totals = _totals(tables)
    count = len(campaigns)
    totals["campaigns/plan"] = {"records": count, "rejected": 0, "accepted": count}
    known = {
        key
        for table, name in ((tables.cards, "card"), (tables.accounts, "account"))
        for key in table.columns[name][~table.rejected].tolist()
    }
    return BrookFiles(totals, all_planted(tables.all()), tables.overlap, frozenset(known))


def _dirty_tables(world: BrookWorld, rng: np.random.Generator) -> _Tables:
    as_of = world.calendar.as_of
    books = two_books(world, rng)
    sales = dirty_sales(rng, books.till, books.twin >= 0, as_of)
    web_orders = dirty_web_orders(rng, books.web, books.repeated, as_of)
    cards_columns, accounts_columns, card_rows, account_rows = _customer_columns(world)
    linked = world.records.linked
    quiet = world.only_registered & ~linked
    cards = dirty_cards(rng, cards_columns, quiet[card_rows], linked[card_rows], as_of)
    accounts = dirty_accounts(rng, accounts_columns, quiet[account_rows], linked[account_rows])
    overlap = [
        order_overlap(sales, web_orders, books.twin),
        _customer_overlap(world, cards, accounts, card_rows, account_rows),
    ]
    return _Tables(
        cards=cards,
        accounts=accounts,
        sales=sales,
        web_orders=web_orders,
        cases=dirty_cases(rng, _cases(world)),
        touches=dirty_touches(rng, _touches(world)),
        overlap=pd.concat(overlap, ignore_index=True),
    )


def _totals(tables: _Tables) -> dict[str, dict[str, int | str]]:
    """Return records, rejected and accepted; what both sources hold is kept from the till."""
    totals = {f"{t.table}/{t.source}": totals_of(t) for t in tables.all()}
    for table in (tables.accounts, tables.web_orders):
        rejected = table.rejected.copy()
        shared = tables.overlap["table"] == table.table
        rejected[tables.overlap.loc[shared, "row_b"].to_numpy() - 1] = True
        totals[f"{table.table}/{table.source}"] = totals_of(table, rejected)
        if table.table == "orders":
            totals["orders/web"]["amount_accepted"] = _sum(table.columns["total"], rejected)
    totals["orders/till"]["amount_accepted"] = _sum(
        tables.sales.columns["total"], tables.sales.rejected
    )
    return totals


def _sum(amounts: Texts, rejected: Bools) -> str:
    """Return the exact sum of the accepted amounts in pounds, as text."""
    pence = sum(
        round(float(text.replace(",", ".")) * 100)
        for text, out in zip(amounts.tolist(), rejected.tolist(), strict=True)
        if not out
    )
    return str(money(np.array([pence], dtype=np.int64))[0])


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
        "mail": np.where(consent[cards], "Y", "N").astype(object),
        "note": texts([""] * len(cards)),
    }
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
