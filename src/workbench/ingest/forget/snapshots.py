"""Which snapshots hold the customer: they are named by their content, so that no row can go alone.

A snapshot without some of its rows would bear a name that no longer verifies. So the current one is
made anew from the received rows that are left, and every snapshot that holds the customer goes.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from workbench.data.engine import column_types
from workbench.data.gone import note_erased
from workbench.data.quoting import literal, quote, relation
from workbench.data.removal import delete, hide
from workbench.data.snapshots import CURRENT, current_digest, day_of
from workbench.ingest.forget.files import parquet_without
from workbench.ingest.forget.person import Person

__all__ = ["erase_snapshots", "holding", "naming"]


def naming(columns: dict[str, str], person: Person) -> list[str]:
    """Return SQL conditions: a row names the customer in a whole cell.

    Every text column counts for an identifier that is unlikely to stand there by chance; for
    others those that are about customers.

    Parameters
    ----------
    columns
        Columns of a table with their SQL types.
    person
        Who is to be forgotten.
    """
    telling = sorted(person.telling)
    others = sorted(person.ids)
    found = []
    for name, kind in columns.items():
        if kind != "VARCHAR":
            continue
        is_about = "customer" in name.lower()
        wanted = others if is_about else telling
        if wanted:
            found.append(f"{quote(name)} IN ({', '.join(map(literal, wanted))})")
        if is_about:
            found.append(person.stones.matches(quote(name)))
    return found


def holding(connection: duckdb.DuckDBPyConnection, home: Path, person: Person) -> dict[str, int]:
    """Return the snapshots of a unit that hold the customer -> how many of their rows do.

    Parameters
    ----------
    connection
        The engine.
    home
        The unit's data folder.
    person
        Who is to be forgotten.
    """
    found: dict[str, int] = {}
    for folder in sorted((home / "snapshots").glob("*")):
        for path in sorted(folder.glob("*.parquet")):
            conditions = naming(column_types(connection, relation(path)), person)
            rows = parquet_without(connection, path, conditions, write=False)
            if rows:
                found[folder.name] = found.get(folder.name, 0) + rows
    return found


def erase_snapshots(home: Path, digests: list[str], tombstone: int) -> None:
    """Remove snapshots as a whole, and note why they are not there any more.

    Where the current one is among them, the unit has no data until the next ingest.

    Parameters
    ----------
    home
        The unit's data folder.
    digests
        The snapshots.
    tombstone
        The tombstone's number.
    """
    if not digests:
        return
    note_erased(home, {digest: day_of(home, digest) for digest in digests}, tombstone)
    if current_digest(home) in digests:
        (home / CURRENT).unlink()
    for digest in digests:
        delete(hide(home / "snapshots" / digest, home))
