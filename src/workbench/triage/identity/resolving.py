"""One load's customers: linked, joined as the owner answered, with identifiers that last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.contracts import CONTRACTS
from workbench.data.engine import column_types
from workbench.data.quoting import quote
from workbench.files import replace_file
from workbench.triage.found import CustomersRecord
from workbench.triage.identity.clusters import Change, Customers, join, lasting
from workbench.triage.identity.linking import LINKED, Linking, link_records
from workbench.triage.identity.reviews import (
    Review,
    read_answers,
    read_reviews,
    to_review,
    write_reviews,
)

__all__ = ["Resolved", "resolve_customers"]

_MOVED = "moved_customers"
_RECORDS = "customer_records"


@dataclass(frozen=True)
class Resolved:
    """Who is who in this load.

    Parameters
    ----------
    customers
        Record -> customer, and what to hand to the next load.
    record
        The same in figures, for the triage record.
    reviews
        The rows of the review file: what is asked, and what was answered.
    values
        Record -> column -> what it says, for the records that are asked about.
    moved
        The engine's table ``record, customer`` of records that are known by another identifier.
    """

    customers: Customers
    record: CustomersRecord
    reviews: tuple[Review, ...]
    values: Mapping[str, Mapping[str, str | None]]
    moved: str

    def write(self, reviews: Path, state: Path) -> None:
        """Write the review file and what the next load needs, for their owner only.

        Parameters
        ----------
        reviews, state
            The two files.
        """
        for path in (reviews, state):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.reviews or reviews.exists():
            write_reviews(reviews, self.reviews, self.values)
        earlier = sorted(self.customers.earlier.items())
        table = pa.table(
            {
                "record": pa.array([record for record, _ in earlier], pa.string()),
                "customer": pa.array([customer for _, customer in earlier], pa.string()),
            }
        )
        replace_file(state, _parquet(table), mode=0o600)


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def resolve_customers(
    connection: duckdb.DuckDBPyConnection,
    accepted: str,
    *,
    country: str | None,
    seed: int,
    reviews: Path,
    earlier: Mapping[str, str],
    memory: str,
) -> Resolved:
    """Find which accepted records are one customer, and note it in the engine.

    Parameters
    ----------
    connection
        The engine; a table of it is made.
    accepted
        A query of the accepted rows of ``customers``, personal columns and all.
    country
        ISO code of the country whose national telephone numbers these are, or None.
    seed
        Chooses the random pairs from which the rarity of agreement is learned.
    reviews
        The review file with the owner's answers; it need not exist.
    earlier
        Record -> customer, as an earlier load left it.
    memory
        What the comparison may hold, such as ``1GB``.

    Raises
    ------
    ParameterError
        When the review file cannot be understood, or its answers contradict each other.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_RECORDS} AS SELECT * EXCLUDE (source, _wb_split) "
        f"FROM ({accepted}) WHERE customer_id IS NOT NULL "
        "QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY source) = 1"
    )
    found = link_records(
        connection,
        _RECORDS,
        "customer_id",
        contract=CONTRACTS["customers"],
        country=country,
        seed=seed,
        memory=memory,
    )
    keys = [
        str(key)
        for (key,) in connection.execute(
            f"SELECT CAST(customer_id AS VARCHAR) FROM {_RECORDS} ORDER BY 1"
        ).fetchall()
    ]
    answers, rows = read_answers(reviews), read_reviews(reviews)
    joined = join(keys, found.links, answers, LINKED, found.telling)
    customers = lasting(joined.groups, earlier)
    asked = to_review(found.links, customers.of, rows, LINKED, joined.left_out)
    values = _values(connection, {name for one in asked for name in (one.one, one.other)})
    connection.execute(f"DROP TABLE {_RECORDS}")
    _note(connection, customers)
    return Resolved(customers, _figures(found, customers, asked), asked, values, _MOVED)


def _note(connection: duckdb.DuckDBPyConnection, customers: Customers) -> None:
    moved = sorted((one, other) for one, other in customers.of.items() if one != other)
    table = pa.table(
        {
            "record": pa.array([one for one, _ in moved], pa.string()),
            "customer": pa.array([other for _, other in moved], pa.string()),
        }
    )
    connection.register(f"{_MOVED}_arrow", table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_MOVED} AS SELECT * FROM {_MOVED}_arrow")
    connection.unregister(f"{_MOVED}_arrow")


def _values(
    connection: duckdb.DuckDBPyConnection, records: set[str]
) -> dict[str, dict[str, str | None]]:
    if not records:
        return {}
    names = [name for name in column_types(connection, _RECORDS) if name != "customer_id"]
    texts = ", ".join(f"CAST({quote(name)} AS VARCHAR)" for name in names)
    rows = connection.execute(
        f"SELECT CAST(customer_id AS VARCHAR), {texts} FROM {_RECORDS} "
        "WHERE list_contains(?, CAST(customer_id AS VARCHAR)) ORDER BY 1",
        [sorted(records)],
    ).fetchall()
    return {record: dict(zip(names, cells, strict=True)) for record, *cells in rows}


def _figures(found: Linking, customers: Customers, asked: tuple[Review, ...]) -> CustomersRecord:
    sizes: dict[str, int] = {}
    for customer in customers.of.values():
        sizes[customer] = sizes.get(customer, 0) + 1
    return CustomersRecord(
        records=len(customers.of),
        customers=len(sizes),
        joined=sum(size for size in sizes.values() if size > 1),
        asked=sum(not one.answer for one in asked),
        answered=sum(bool(one.answer) for one in asked),
        merges=_many(customers.changes, "merge"),
        splits=_many(customers.changes, "split"),
        by=tuple(dict.fromkeys(column.column for column in found.columns)),
        unlinked_because=found.unlinked_because,
        not_compared=found.not_compared,
    )


def _many(changes: tuple[Change, ...], kind: str) -> int:
    return sum(change.kind == kind for change in changes)
