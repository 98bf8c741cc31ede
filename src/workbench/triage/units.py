"""Which unit each row belongs to, where one source is split into several units."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from workbench.data.quoting import quote
from workbench.params import REST, WHOLE
from workbench.triage.marks import Settled

__all__ = ["SplitUnits", "slug", "split_units"]

_LABELS = "split_units"
_CUSTOMERS = "split_customers"


@dataclass(frozen=True)
class SplitUnits:
    """The units that a split makes.

    Parameters
    ----------
    titles
        Unit -> the value that it stands for; the whole and the rest have titles of their own.
    """

    titles: Mapping[str, str]

    def labelled(self, rows: str, columns: Sequence[str], splits: bool) -> str:
        """Return a query of rows with the column ``_wb_unit``.

        Parameters
        ----------
        rows
            A query of rows with ``_wb_split``.
        columns
            Its columns.
        splits
            Whether ``_wb_split`` was told from the rows; else the customer tells it.
        """
        if splits or "customer_id" not in columns:
            joined = f"({rows}) r LEFT JOIN {_LABELS} u ON u.value = r._wb_split"
        else:
            joined = (
                f"({rows}) r LEFT JOIN {_CUSTOMERS} c ON c.customer_id = r.customer_id "
                f"LEFT JOIN {_LABELS} u ON u.value = c.value"
            )
        return f"SELECT r.*, coalesce(u.unit, '{REST}') AS _wb_unit FROM {joined}"


def split_units(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Settled], min_customers: int
) -> SplitUnits:
    """Name one unit for each value with enough customers among the accepted rows.

    Parameters
    ----------
    connection
        The engine; its tables ``split_units`` and ``split_customers`` are made.
    tables
        The unit's settled tables.
    min_customers
        Values with fewer customers belong to the rest.
    """
    parts = [
        f"SELECT customer_id, _wb_split FROM ({table.accepted()}) WHERE _wb_split IS NOT NULL"
        for table in tables
        if all(source.splits for source in table.sources) and "customer_id" in table.columns
    ]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_LABELS} (value VARCHAR, unit VARCHAR)")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_CUSTOMERS} (customer_id VARCHAR, value VARCHAR)"
    )
    titles = {WHOLE: "All units", REST: "Rest"}
    if not parts:
        return SplitUnits(titles)
    both = " UNION ALL ".join(parts)
    values = connection.execute(
        f"SELECT _wb_split FROM ({both}) WHERE customer_id IS NOT NULL GROUP BY _wb_split "
        f"HAVING count(DISTINCT customer_id) >= {min_customers} ORDER BY _wb_split"
    ).fetchall()
    for (value,) in values:
        name = slug(value, taken=titles)
        titles[name] = value
        connection.execute(f"INSERT INTO {_LABELS} VALUES (?, ?)", [value, name])
    customers = next((table for table in tables if table.table == "customers"), None)
    if customers is not None and all(source.splits for source in customers.sources):
        key = quote("customer_id")
        connection.execute(
            f"INSERT INTO {_CUSTOMERS} SELECT {key}, min(_wb_split) "
            f"FROM ({customers.accepted()}) GROUP BY {key}"
        )
    return SplitUnits(titles)


def slug(value: str, *, taken: Mapping[str, str]) -> str:
    """Return a unit's name for a value: lower-case ASCII, unlike the names already taken.

    Examples
    --------
    >>> slug("Côte d'Ivoire", taken={})
    'cote-d-ivoire'
    >>> slug("All", taken={"all": "All units"})
    'all-2'
    """
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    if not name:
        # A script that has no ASCII form: a name that stays the same from load to load.
        name = f"unit-{hashlib.sha256(value.encode()).hexdigest()[:8]}"
    found, nth = name, 1
    while found in taken:
        nth += 1
        found = f"{name}-{nth}"
    return found
