"""Snapshots: the accepted rows of a unit, named by a digest of their content, never changed.

A snapshot is a folder ``data/<suite>/<unit>/snapshots/<digest>/`` with one Parquet file a table,
the triage record, and ``snapshot.json``, which lists them all with their digests. It is written in
a sibling folder and renamed, so that it is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import SnapshotError

__all__ = [
    "Snapshot",
    "TableDigest",
    "canonical_json",
    "current_snapshot",
    "file_digest",
    "publish_snapshot",
    "read_snapshot",
    "text_digest",
    "verify_snapshot",
    "write_atomically",
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

    def path(self, table: str) -> Path:
        """Return the Parquet file of a table."""
        return self.folder / f"{table}.parquet"


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and one form only, with a line break at its end."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old content or the new, never a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


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
        name: {"rows": count, "digest": file_digest(draft / f"{name}.parquet")}
        for name, count in rows.items()
    }
    description = {
        "suite": suite,
        "unit": unit,
        "as_of": as_of,
        "tables": tables,
        "triage": file_digest(draft / "triage.json"),
    }
    text = canonical_json(description)
    digest = text_digest(text)[:16]
    folder = home / "snapshots" / digest
    write_atomically(draft / DESCRIPTION, text)
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
            and file_digest(folder / "triage.json") == description["triage"]
            and all(
                file_digest(folder / f"{name}.parquet") == table["digest"]
                for name, table in description["tables"].items()
            )
        )
    except (OSError, ValueError):
        return False


def make_current(home: Path, digest: str) -> None:
    """Make a snapshot the one that is read when none is named."""
    write_atomically(home / CURRENT, canonical_json({"snapshot": digest}))


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
        text = (folder / DESCRIPTION).read_text(encoding="utf-8")
        value = json.loads(text)
        if text_digest(text)[:16] != digest:
            raise SnapshotError("the description is not what its digest says", where=where)
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
        if not path.is_file() or file_digest(path) != digest:
            raise SnapshotError(
                f"`{name}` is missing or not what its digest says",
                where=f"snapshot {snapshot.digest}",
                fix="Run `workbench ingest --rehash`; it writes the snapshot anew.",
            )
