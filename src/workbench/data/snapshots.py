"""Snapshots: the accepted rows of a unit, named by a digest of their content, never changed.

A snapshot is a folder ``data/<suite>/<unit>/snapshots/<digest>/`` with one Parquet file a table,
the triage record, and ``snapshot.json``, which lists them all with their digests. It is written in
a sibling folder and renamed, so that it is whole or not there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.gone import why_gone
from workbench.errors import SnapshotError
from workbench.files import (
    canonical,
    digest_of,
    digest_of_file,
    read_object,
    replace_file,
    write_file,
)

__all__ = [
    "Snapshot",
    "TableDigest",
    "current_digest",
    "current_snapshot",
    "day_of",
    "make_current",
    "publish_snapshot",
    "read_snapshot",
    "verify_snapshot",
]

DESCRIPTION = "snapshot.json"
CURRENT = "current.json"


@dataclass(frozen=True)
class TableDigest:
    """One file of a snapshot.

    Parameters
    ----------
    rows
        Its rows.
    digest
        SHA-256 of its bytes, in hexadecimal.
    """

    rows: int
    digest: str


@dataclass(frozen=True)
class Snapshot:
    """The accepted rows of a unit, as of a day.

    Parameters
    ----------
    digest
        Its name: 16 hexadecimal digits of the digest of its description.
    folder
        Where it is.
    suite, unit, as_of
        Whose, and as of which day (ISO).
    tables
        Canonical table -> rows and digest.
    triage
        SHA-256 of the triage record.
    """

    digest: str
    folder: Path
    suite: str
    unit: str
    as_of: str
    tables: Mapping[str, TableDigest]
    triage: str

    @property
    def home(self) -> Path:
        """Return the unit's folder of data, in which it is."""
        return self.folder.parents[1]

    def path(self, table: str) -> Path:
        """Return the Parquet file of a table."""
        return self.folder / f"{table}.parquet"


def publish_snapshot(
    draft: Path, home: Path, *, suite: str, unit: str, as_of: str, rows: Mapping[str, int]
) -> Snapshot:
    """Describe a draft, and move it to its place under ``home/snapshots``.

    Parameters
    ----------
    draft
        A folder beside ``home/snapshots`` with the Parquet files and ``triage.json``.
    home
        The unit's data folder.
    suite, unit, as_of
        What the snapshot is of.
    rows
        Canonical table -> its rows.

    Returns
    -------
    Snapshot
        The snapshot; where one with this content exists, that one, and the draft is removed.
    """
    tables = {
        name: {"rows": count, "digest": digest_of_file(draft / f"{name}.parquet")}
        for name, count in rows.items()
    }
    description = {
        "suite": suite,
        "unit": unit,
        "as_of": as_of,
        "tables": tables,
        "triage": digest_of_file(draft / "triage.json"),
    }
    digest = digest_of(description)
    folder = home / "snapshots" / digest
    write_file(draft / DESCRIPTION, canonical(description))
    if folder.exists() and _is_whole(folder, description):
        shutil.rmtree(draft)
    else:
        if folder.exists():
            # A damaged snapshot is replaced by the same content, whole.
            shutil.rmtree(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(folder)
    return read_snapshot(home, digest)


def _is_whole(folder: Path, description: Mapping[str, Any]) -> bool:
    try:
        return (
            json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")) == description
            and digest_of_file(folder / "triage.json") == description["triage"]
            and all(
                digest_of_file(folder / f"{name}.parquet") == table["digest"]
                for name, table in description["tables"].items()
            )
        )
    except (OSError, ValueError):
        return False


def make_current(home: Path, digest: str) -> None:
    """Make a snapshot the one that is read when none is named."""
    replace_file(home / CURRENT, canonical({"snapshot": digest}))


def current_digest(home: Path) -> str:
    """Return the digest of a unit's newest snapshot; empty where the pointer tells of none."""
    return str(read_object(home / CURRENT).get("snapshot", ""))


def day_of(home: Path, digest: str) -> str:
    """Return the day that a snapshot is as of (ISO); empty where its description does not say."""
    return str(read_object(home / "snapshots" / digest / DESCRIPTION).get("as_of", ""))


def current_snapshot(home: Path) -> Snapshot:
    """Return the unit's newest snapshot.

    Raises
    ------
    SnapshotError
        When the unit has none yet.
    """
    path = home / CURRENT
    try:
        digest = json.loads(path.read_text(encoding="utf-8"))["snapshot"]
    except FileNotFoundError:
        raise SnapshotError(
            f"the unit `{home.name}` of suite `{home.parent.name}` has no data yet",
            fix=f"Run `workbench ingest {home.parent.name}` first.",
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise SnapshotError(
            f"the pointer to the current snapshot cannot be read ({error})",
            where=f"{home.parent.name}/{home.name}/{CURRENT}",
            fix="Run `workbench ingest` again.",
        ) from None
    return read_snapshot(home, digest)


def read_snapshot(home: Path, digest: str) -> Snapshot:
    """Return a snapshot by its digest.

    Raises
    ------
    SnapshotError
        When it is not there, or its description is damaged.
    """
    folder = home / "snapshots" / digest
    where = f"{home.parent.name}/{home.name}/snapshots/{digest}"
    try:
        value = json.loads((folder / DESCRIPTION).read_bytes())
        if digest_of(value) != digest:
            raise SnapshotError(
                "the description is not what its digest says",
                where=where,
                fix="Run `workbench ingest`; it makes the snapshot anew.",
            )
        return Snapshot(
            digest=digest,
            folder=folder,
            suite=value["suite"],
            unit=value["unit"],
            as_of=value["as_of"],
            tables={name: TableDigest(**table) for name, table in value["tables"].items()},
            triage=value["triage"],
        )
    except FileNotFoundError:
        why = why_gone(home, digest)
        if why:
            raise SnapshotError(
                why, where=where, fix="It does not come back; the unit's newest data are there."
            ) from None
        raise SnapshotError(
            "no such snapshot", where=where, fix="Run `workbench ingest` to make one."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(
            f"the snapshot cannot be read ({error})", where=where, fix="Ingest again."
        ) from None


def verify_snapshot(snapshot: Snapshot) -> None:
    """Compare each file of a snapshot with its digest.

    Raises
    ------
    SnapshotError
        Naming the first file that differs.
    """
    files = {f"{name}.parquet": table.digest for name, table in snapshot.tables.items()}
    for name, digest in {**files, "triage.json": snapshot.triage}.items():
        path = snapshot.folder / name
        if not path.is_file() or digest_of_file(path) != digest:
            raise SnapshotError(
                f"`{name}` is missing or not what its digest says",
                where=f"snapshot {snapshot.digest}",
                fix="Run `workbench ingest --rehash`; it writes the snapshot anew.",
            )
