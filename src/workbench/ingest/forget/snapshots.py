"""Which snapshots hold the customer: they are named by their content, so that no row can go alone.

A snapshot without some of its rows would bear a name that no longer verifies. So the current one is
made anew from the received rows that are left, and every snapshot that holds the customer goes.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from workbench.data.gone import note_erased
from workbench.data.quoting import literal, quote, relation
from workbench.data.removal import delete, hide
from workbench.data.snapshots import CURRENT, DESCRIPTION
from workbench.files import read_json
from workbench.ingest.forget.files import parquet_columns
from workbench.ingest.forget.person import Person

__all__ = ["current_of", "erase_snapshots", "holding", "naming"]


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
            conditions = naming(parquet_columns(connection, path), person)
            if not conditions:
                continue
            some = " OR ".join(f"coalesce({one}, false)" for one in conditions)
            row = connection.execute(
                f"SELECT count(*) FROM {relation(path)} WHERE {some}"
            ).fetchone()
            if row and row[0]:
                found[folder.name] = found.get(folder.name, 0) + int(row[0])
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
    days = {}
    for digest in digests:
        try:
            told = read_json(home / "snapshots" / digest / DESCRIPTION) or {}
        except (OSError, ValueError):
            told = {}
        days[digest] = str(told.get("as_of", ""))
    note_erased(home, days, tombstone)
    if current_of(home) in digests:
        (home / CURRENT).unlink()
    for digest in digests:
        delete(hide(home / "snapshots" / digest, home))


def current_of(home: Path) -> str:
    """Return the digest of a unit's current snapshot; empty where there is none."""
    try:
        return str((read_json(home / CURRENT) or {}).get("snapshot", ""))
    except (OSError, ValueError, AttributeError):
        return ""
