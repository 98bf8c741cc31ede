"""Candidates read, and lists written: readable by their owner only, the same bytes each time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.engine import connect
from workbench.data.quoting import literal, relation
from workbench.errors import PublishError
from workbench.files import write_file
from workbench.report.candidates import MARGIN, VALUE, add_up
from workbench.report.csvs import csv_lines
from workbench.suite.contacts.places import EARLIER
from workbench.suite.contacts.settling import Outcome

__all__ = [
    "ARM",
    "ARMS",
    "Archive",
    "Worth",
    "contacts_made",
    "keys_of",
    "read_candidates",
    "write_list",
]

ARM = "arm"
ARMS: Mapping[str, str] = {"contact": "contact", "held_out": "held out"}
"""Outcome -> what the column `arm` of an earlier list says."""

Worth = dict[str, Any]


@dataclass(frozen=True)
class Archive:
    """What is kept of both arms of a list, so that a later edition can compare them.

    Parameters
    ----------
    name
        ``report.list``: how the file is called, so that it says whose it was.
    day
        The edition's day.
    is_shown
        Whether the edition shows how many are in each arm. If not, no later one may: what is left
        of those who qualify is a group that is hidden.
    """

    name: str
    day: str
    is_shown: bool


def read_candidates(path: Path, digest: str) -> pa.Table:
    """Return the candidates of a list.

    Parameters
    ----------
    path
        The file.
    digest
        The SHA-256 that the report recorded.

    Raises
    ------
    PublishError
        When it is gone, or another one.
    """
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise PublishError(
            "the candidates are gone, or not those that the report recorded",
            where=f"{path.parent.name}.{path.stem}",
            fix="Run again: the report is then made anew.",
        )
    return pq.read_table(pa.BufferReader(content))


def keys_of(candidates: pa.Table) -> list[str]:
    """Return the customers' keys as texts, in the order of the list."""
    return [str(key) for key in candidates.column(0).to_pylist()]


def contacts_made(
    touchpoints: Path, customers: Sequence[str], as_of: str, period_days: int
) -> dict[str, int]:
    """Return how often customers were contacted in a period; those never contacted are left out.

    Parameters
    ----------
    touchpoints
        The Parquet file of contacts made, with ``customer_id`` and ``touched_at``.
    customers
        Keys of the customers to look for.
    as_of
        The last day of the period.
    period_days
        How many days it has.
    """
    with connect() as connection:
        connection.register("wanted", pa.table({"customer": pa.array(customers, pa.string())}))
        found = connection.execute(
            "SELECT CAST(customer_id AS VARCHAR) AS customer, count(*) "
            f"FROM {relation(touchpoints)} "
            "WHERE CAST(customer_id AS VARCHAR) IN (SELECT customer FROM wanted) "
            f"AND CAST(touched_at AS DATE) <= CAST({literal(as_of)} AS DATE) "
            f"AND CAST(touched_at AS DATE) > CAST({literal(as_of)} AS DATE) - {int(period_days)} "
            "GROUP BY 1"
        ).fetchall()
    return {str(customer): int(count) for customer, count in found}


def write_list(
    folder: Path,
    stem: str,
    candidates: pa.Table,
    outcomes: Sequence[Outcome],
    record: Any,
    archive: Archive,
) -> tuple[dict[str, Any], Worth]:
    """Write the files of a list, and return each with its digest, and what the contacted are worth.

    Parameters
    ----------
    folder
        Where to write: the owner-only folder, or one to be moved there.
    stem
        How the files' names begin.
    candidates
        The candidates, as the report wrote them.
    outcomes
        What became of each.
    record
        What the report recorded of the list.
    archive
        What is kept of both arms.
    """
    shown = candidates.select([n for n in candidates.column_names if n not in (VALUE, MARGIN)])
    parts = {arm: _rows(outcomes, arm) for arm in ARMS}
    contacted, held = (shown.take(pa.array(rows, pa.int64())) for rows in parts.values())
    files: dict[str, Any] = {"holdout_csv": None, "holdout_parquet": None}
    files |= _both(folder, stem, contacted, "")
    if record["holdout_share"] > 0:
        files |= _both(folder, f"{stem}.holdout", held, "holdout_")
    rows = sorted(place for part in parts.values() for place in part)
    files["earlier"] = _put(
        folder,
        f"{EARLIER}/{archive.day}/{archive.name}.parquet",
        _parquet(_both_arms(candidates, [outcomes[place] for place in rows], rows, archive)),
    )
    return files, _worth(candidates, parts["contact"])


def _rows(outcomes: Sequence[Outcome], wanted: str) -> list[int]:
    return [place for place, outcome in enumerate(outcomes) if outcome == wanted]


def _both(folder: Path, stem: str, rows: pa.Table, prefix: str) -> dict[str, Any]:
    columns = [rows.column(name).to_pylist() for name in rows.column_names]
    text = csv_lines(rows.column_names, columns)
    return {
        f"{prefix}csv": _put(folder, f"{stem}.csv", text.encode("utf-8")),
        f"{prefix}parquet": _put(folder, f"{stem}.parquet", _parquet(rows)),
    }


def _both_arms(
    candidates: pa.Table, outcomes: Sequence[Outcome], rows: Sequence[int], archive: Archive
) -> pa.Table:
    """Return who was to be contacted and who was held out, under names that do not change."""
    chosen = candidates.take(pa.array(rows, pa.int64()))
    columns = {
        "customer_id": chosen.column(0),
        ARM: pa.array([ARMS[outcome] for outcome in outcomes], pa.string()),
    }
    for name, place in (("value", VALUE), ("margin", MARGIN)):
        if place in candidates.column_names:
            columns[name] = chosen.column(place)
    columns["shown"] = pa.array([archive.is_shown] * len(rows), pa.bool_())
    return pa.table(columns)


def _worth(candidates: pa.Table, contacted: Sequence[int]) -> Worth:
    """Return value and margin of some rows; None where the list tells none."""
    rows = pa.array(contacted, pa.int64())
    found: Worth = {"value": None, "margin": None, "with_margin": 0}
    for name, place in (("value", VALUE), ("margin", MARGIN)):
        if place in candidates.column_names:
            values = candidates.column(place).take(rows).to_pylist()
            known = [one for one in values if one is not None]
            found[name] = _number(add_up(known))
            if name == "margin":
                found["with_margin"] = len(known)
    return found


def _number(amount: Any) -> float | int:
    if isinstance(amount, Decimal):
        return int(amount) if amount == amount.to_integral_value() else float(amount)
    found: float | int = amount
    return found


def _parquet(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(rows.combine_chunks().replace_schema_metadata(None), sink, compression="zstd")
    return bytes(sink.getvalue())


def _put(folder: Path, name: str, content: bytes) -> dict[str, str]:
    path = folder / name
    for inner in reversed(path.relative_to(folder).parents[:-1]):
        (folder / inner).mkdir(mode=0o700, exist_ok=True)
    write_file(path, content, mode=0o600)
    return {"file": name, "digest": hashlib.sha256(content).hexdigest()}
