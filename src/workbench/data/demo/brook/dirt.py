"""The errors of Brook & Daughters, planted row by row; rows that both sources share stay clean.

Errors that make ingest reject a customer hit only customers who never bought, so that no order
becomes an orphan by the way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from workbench.data.demo.brook.records import misspell
from workbench.data.demo.dirt import Dirt, RawTable, four_years_before
from workbench.data.demo.people import TOWNS
from workbench.data.demo.shared import Bools, Ints, Texts

__all__ = [
    "dirty_accounts",
    "dirty_cards",
    "dirty_cases",
    "dirty_sales",
    "dirty_touches",
    "dirty_web_orders",
]


def _share(size: int, base: int) -> Callable[[float], int]:
    """Return a function that scales a count planned for ``base`` rows; at least 2."""
    return lambda count: max(2, round(count * size / base))


def _slips(rng: np.random.Generator) -> Callable[[str], str]:
    return lambda old: misspell(rng, old)


def _case_variant(old: str) -> str:
    return old.upper() if len(old) % 2 else f" {old.lower()}"


def _other_town(rng: np.random.Generator) -> Callable[[str], str]:
    names = [town[0] for town in TOWNS]

    def change(old: str) -> str:
        others = [name for name in names if name != old]
        return others[int(rng.integers(0, len(others)))]

    return change


def _ambiguous(dates: Texts) -> Bools:
    """Tell which British dates can be read as American ones too, and mean another day then."""
    return np.array([int(d[:2]) <= 12 and d[:2] != d[3:5] for d in dates.tolist()])


def _swap_order(old: str) -> str:
    return f"{old[3:5]}/{old[:2]}{old[5:]}"


def _early(dates: Texts, as_of: date) -> Bools:
    """Tell which British dates lie in a year before ``as_of``'s: a swap stays in the past."""
    return np.array([int(d[6:10]) < as_of.year for d in dates.tolist()])


def _times_hundred(old: str) -> str:
    """Return an amount in pence where pounds were meant, written as a whole number of pounds."""
    mark = "," if "," in old else "."
    whole, part = old.split(mark)
    return f"{int(whole + part)}{mark}00"


def _swap(dirt: Dirt, rows: Ints, one: str, other: str) -> None:
    first, second = dirt.columns[one][rows].copy(), dirt.columns[other][rows].copy()
    dirt.cell("swapped_fields", one, rows, second.tolist())
    dirt.cell("swapped_fields", other, rows, first.tolist())


def dirty_cards(
    rng: np.random.Generator, columns: dict[str, Texts], quiet: Bools, linked: Bools, as_of: date
) -> RawTable:
    """Return the till's customers with errors.

    Parameters
    ----------
    rng, columns
        Chance, and the clean table.
    quiet
        Rows of customers whose loss hurts no other table.
    linked
        Rows that the web shop has under the same key.
    as_of
        The last day of the data.
    """
    dirt = Dirt(rng, ("brook/till_customers.csv", "customers", "till"), columns, ";")
    dirt.reserve(linked)
    n = _share(len(quiet), 3800)
    late = f"15/03/{as_of.year + 6}"
    dirt.cell("null_key", "card", dirt.take(n(8), quiet), "", "missing:customer_id")
    dirt.cell(
        "unreadable_date", "joined", dirt.take(n(8), quiet), "31/02/2024", "unreadable:joined"
    )
    dirt.cell("after_as_of", "joined", dirt.take(n(6), quiet), late, "after_as_of:joined_at")
    dirt.cell(
        "before_start", "joined", dirt.take(n(8), quiet), "01/01/1900", "before_start:joined_at"
    )
    dirt.break_lines(dirt.take(n(6), quiet))
    dirt.copy("exact_duplicate", dirt.take(n(20)), "duplicate_row")
    dirt.copy(
        "duplicate_key", dirt.take(n(12)), "duplicate_key", ("phone", lambda old: "01632 960000")
    )
    in_york = np.array(["Yorkshire" in county for county in columns["county"].tolist()])
    dirt.cell(
        "misspelt", "county", dirt.take(n(15), in_york), lambda old: old.replace("hire", "hre")
    )
    dirt.cell("misspelt", "county", dirt.take(n(25)), _slips(rng))
    dirt.cell("case_variant", "county", dirt.take(n(20)), _case_variant)
    dirt.cell("broken_dependency", "town", dirt.take(n(25)), _other_town(rng))
    both = (columns["email"] != "") & (columns["phone"] != "")
    _swap(dirt, dirt.take(n(10), both), "email", "phone")
    written = columns["email"] != ""
    rows = dirt.take(n(12), written)
    mails = [f"please write to {mail}" for mail in columns["email"][rows].tolist()]
    dirt.cell("personal_in_note", "note", rows, mails)
    dirt.cell("missing_value", "town", dirt.take(n(25)), "")
    dirt.cell("missing_value", "postcode", dirt.take(n(15)), "")
    may = _ambiguous(columns["joined"]) & _early(columns["joined"], as_of)
    dirt.cell("date_order", "joined", dirt.take(n(15), may), _swap_order)
    return dirt.finish()


def dirty_accounts(
    rng: np.random.Generator, columns: dict[str, Texts], quiet: Bools, linked: Bools
) -> RawTable:
    """Return the web shop's customers with errors; parameters as for :func:`dirty_cards`."""
    dirt = Dirt(rng, ("brook/shop.db", "customers", "web"), columns)
    dirt.reserve(linked)
    n = _share(len(quiet), 2800)
    dirt.cell("null_key", "account", dirt.take(n(5), quiet), "", "missing:customer_id")
    dirt.cell(
        "unreadable_date", "created_at", dirt.take(n(5), quiet), "last May", "unreadable:created_at"
    )
    dirt.cell("absurd", "born", dirt.take(n(5), quiet), "1066", "absurd:birth_year")
    dirt.copy("exact_duplicate", dirt.take(n(8)), "duplicate_row")
    dirt.copy(
        "duplicate_key", dirt.take(n(6)), "duplicate_key", ("phone", lambda old: "01632 960001")
    )
    dirt.cell("misspelt", "county", dirt.take(n(20)), _slips(rng))
    dirt.cell("broken_dependency", "town", dirt.take(n(12)), _other_town(rng))
    rows = dirt.take(n(8))
    mails = [f"billing contact: {mail}" for mail in columns["email"][rows].tolist()]
    dirt.cell("personal_in_note", "note", rows, mails)
    dirt.cell("missing_value", "town", dirt.take(n(10)), "")
    return dirt.finish()


def dirty_sales(
    rng: np.random.Generator, columns: dict[str, Texts], shared: Bools, as_of: date
) -> RawTable:
    """Return the till's sales with errors.

    Parameters
    ----------
    rng, columns
        Chance, and the clean table.
    shared
        Rows that the web shop has too.
    as_of
        The last day of the data.
    """
    dirt = Dirt(rng, ("brook/till_sales.csv.gz", "orders", "till"), columns, ";")
    dirt.reserve(shared)
    n = _share(len(shared), 16000)
    carded = columns["card"] != ""
    sold = np.array([not total.startswith("-") for total in columns["total"].tolist()])
    small = np.array([0 < float(t.replace(",", ".")) < 45 for t in columns["total"].tolist()])
    year = str(as_of.year + 1)
    dirt.cell("null_key", "receipt", dirt.take(n(12)), "", "missing:order_id")
    dirt.cell("unreadable_date", "sold", dirt.take(n(15)), "32/13/2024 10:00", "unreadable:sold")
    dirt.cell(
        "after_as_of", "sold", dirt.take(n(10)), lambda old: old[:6] + year + old[10:],
        "after_as_of:ordered_at",
    )  # fmt: skip
    dirt.cell(
        "before_start", "sold", dirt.take(n(8)), "01/01/1970 00:00", "before_start:ordered_at"
    )
    dirt.cell(
        "unreadable_number", "total", dirt.take(n(15)), lambda old: old[:-1] + "O",
        "unreadable:total",
    )  # fmt: skip
    dirt.cell("absurd", "total", dirt.take(n(6)), "9999999,99", "absurd:amount")
    dirt.cell(
        "negative_amount", "price", dirt.take(n(6), sold), lambda old: f"-{old}",
        "negative:unit_price",
    )  # fmt: skip
    dirt.cell("orphan", "card", dirt.take(n(20), carded), "B1999999", "orphan:customer_id")
    dirt.break_lines(dirt.take(n(10)))
    dirt.copy("exact_duplicate", dirt.take(n(60)), "duplicate_row")
    dirt.copy("duplicate_key", dirt.take(n(20)), "duplicate_key", ("total", _one_pound_more))
    dirt.cell(
        "wrong_total", "total", dirt.take(n(12), sold), _one_pound_more, "rule:adds_up", "warn"
    )
    dirt.cell("misspelt", "department", dirt.take(n(60)), _slips(rng))
    dirt.cell("case_variant", "department", dirt.take(n(30)), _case_variant)
    dirt.cell("missing_value", "department", dirt.take(n(40)), "")
    rows = dirt.take(n(15), small)
    for column in ("price", "total"):
        dirt.cell("wrong_units", column, rows, _times_hundred)
    _swap(dirt, dirt.take(n(8)), "article", "department")
    may = _ambiguous(columns["sold"]) & _early(columns["sold"], as_of)
    dirt.cell("date_order", "sold", dirt.take(n(20), may), _swap_order)
    dirt.cell(
        "personal_in_note", "note", dirt.take(n(10)), "send the receipt to office@example.org"
    )
    return dirt.finish()


def _one_pound_more(old: str) -> str:
    mark = "," if "," in old else "."
    whole, part = old.split(mark)
    return f"{int(whole) + (-1 if whole.startswith('-') else 1)}{mark}{part}"


def dirty_web_orders(
    rng: np.random.Generator, columns: dict[str, Texts], shared: Bools, as_of: date
) -> RawTable:
    """Return the web shop's orders with errors; parameters as for :func:`dirty_sales`."""
    dirt = Dirt(rng, ("brook/shop.db", "orders", "web"), columns)
    dirt.reserve(shared)
    n = _share(len(shared), 9000)
    year = str(as_of.year + 1)
    sale = columns["kind"] == "sale"
    small = np.array([0 < float(total) < 45 for total in columns["total"].tolist()])
    dirt.cell("null_key", "order_no", dirt.take(n(6)), "", "missing:order_id")
    dirt.cell("unreadable_date", "placed_at", dirt.take(n(8)), "yesterday", "unreadable:placed_at")
    dirt.cell(
        "after_as_of", "placed_at", dirt.take(n(6)), lambda old: f"{year}-03-1{old[9:]}",
        "after_as_of:ordered_at",
    )  # fmt: skip
    dirt.cell("unreadable_number", "total", dirt.take(n(8)), "n/a", "unreadable:total")
    dirt.cell(
        "negative_quantity", "qty", dirt.take(n(10), sale), lambda old: f"-{old}", "rule:sold_some"
    )
    dirt.cell("orphan", "account", dirt.take(n(8)), "W2999999", "orphan:customer_id")
    dirt.copy("exact_duplicate", dirt.take(n(20)), "duplicate_row")
    dirt.copy("duplicate_key", dirt.take(n(8)), "duplicate_key", ("total", _one_pound_more))
    dirt.cell("misspelt", "category", dirt.take(n(20)), _slips(rng))
    dirt.cell("missing_value", "category", dirt.take(n(15)), "")
    rows = dirt.take(n(8), small & (columns["discount"] == "0.00"))
    for column in ("unit_price", "total"):
        dirt.cell("wrong_units", column, rows, _times_hundred)
    return dirt.finish()


def dirty_cases(rng: np.random.Generator, columns: dict[str, Texts]) -> RawTable:
    """Return the service desk's cases with errors."""
    dirt = Dirt(rng, ("brook/service_desk.jsonl", "interactions", "desk"), columns)
    closed = columns["closed"] != ""
    dirt.cell(
        "order_of_events", "closed", dirt.take(8, closed), four_years_before,
        "order_of_events:resolved_at",
    )  # fmt: skip
    rated = columns["stars"] != ""
    dirt.cell("unreadable_number", "stars", dirt.take(4, rated), "five", "unreadable:stars")
    dirt.cell("missing_value", "about", dirt.take(10), "")
    return dirt.finish()


def dirty_touches(rng: np.random.Generator, columns: dict[str, Texts]) -> RawTable:
    """Return the contacts with errors."""
    dirt = Dirt(rng, ("brook/touchpoints.parquet", "touchpoints", "mailer"), columns)
    dirt.cell("orphan", "customer", dirt.take(5), "B1999999", "orphan:customer_id")
    dirt.cell("orphan", "code", dirt.take(3), "K999", "orphan:campaign_id", "warn")
    return dirt.finish()
