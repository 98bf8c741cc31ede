"""Data that went on purpose: which, when and why, so that nobody takes them for lost.

``erased.json`` in a unit's data folder tells what went because a customer was forgotten, and which
files of editions were changed for it; ``expired.json`` tells what went because its time under
``retain:`` was over. Neither holds anything of a customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from workbench.errors import SnapshotError
from workbench.files import canonical, read_json, read_object, replace_file

__all__ = [
    "EARLIER_LISTS",
    "ERASED",
    "EXPIRED",
    "KINDS",
    "Kind",
    "changed_files",
    "erased_snapshots",
    "note_changed",
    "note_erased",
    "note_expired",
    "why_changed",
    "why_gone",
]

ERASED = "erased.json"
EXPIRED = "expired.json"
EARLIER_LISTS = "actions/earlier"
"""Where a unit's data folder keeps the lists of each day, a folder for each."""
_SCHEMA = 1
Kind = Literal["snapshots", "identity", "quarantine", "lists"]
"""What may go by itself: folders in a unit's data, one for each snapshot; of lists, a day."""

KINDS: tuple[Kind, ...] = get_args(Kind)


def note_erased(home: Path, days: Mapping[str, str], tombstone: int) -> None:
    """Note that snapshots are erased because a customer was forgotten.

    Parameters
    ----------
    home
        The unit's data folder.
    days
        Digest of a snapshot -> the day that it was as of (ISO; empty where it cannot be told).
    tombstone
        The tombstone's number.
    """
    told = _read(home, ERASED)
    for digest, as_of in sorted(days.items()):
        why = "a customer in it was forgotten"
        entry = {"as_of": as_of, "why": why, "tombstones": []}
        _add(told.setdefault("snapshots", {}).setdefault(digest, entry), tombstone)
    _write(home, ERASED, told)


def note_changed(home: Path, edition: str, files: Mapping[str, str], tombstone: int) -> None:
    """Note which files of an edition are changed because a customer was forgotten.

    Parameters
    ----------
    home
        The unit's data folder.
    edition
        The edition's name.
    files
        Name of a file in it -> SHA-256 of its bytes after the change, in hexadecimal.
    tombstone
        The tombstone's number.
    """
    told = _read(home, ERASED)
    entry = told.setdefault("editions", {}).setdefault(edition, {"files": {}, "tombstones": []})
    entry["files"].update(files)
    _add(entry, tombstone)
    _write(home, ERASED, told)


def note_expired(home: Path, kind: Kind, days: Mapping[str, str], on: str) -> None:
    """Note that data are removed because their time under ``retain:`` was over.

    Parameters
    ----------
    home
        The unit's data folder.
    kind
        ``snapshots``; ``identity``: who was which customer when a snapshot was made;
        ``quarantine``: the rows that were set aside then; or ``lists``: who was contacted, and who
        was held out.
    days
        Digest of a snapshot, of lists the day -> the day that it was as of (ISO).
    on
        The day that the suite looks back from when they expire (ISO).
    """
    told = _read(home, EXPIRED)
    for digest, as_of in sorted(days.items()):
        told.setdefault(kind, {})[digest] = {"as_of": as_of, "expired": on}
    _write(home, EXPIRED, told)


def why_gone(home: Path, digest: str, kind: Kind = "snapshots") -> str:
    """Return in words why data went on purpose; empty when nothing is noted of it.

    Parameters
    ----------
    home
        The unit's data folder.
    digest
        That of a snapshot; of lists the day.
    kind
        What it was.
    """
    if kind == "snapshots" and digest in (erased := _noted(home, ERASED, "snapshots")):
        return f"it was erased on purpose: a customer was forgotten; {_stones(erased[digest])}"
    if digest in (expired := _noted(home, EXPIRED, kind)):
        return f"its data expired under `retain:` on {expired[digest]['expired']}"
    return ""


def erased_snapshots(home: Path, tombstone: int) -> frozenset[str]:
    """Return the digests of the snapshots that were erased for one tombstone."""
    noted = _noted(home, ERASED, "snapshots")
    return frozenset(digest for digest, entry in noted.items() if tombstone in entry["tombstones"])


def changed_files(home: Path, edition: str) -> Mapping[str, str]:
    """Return the files of an edition that were changed on purpose -> SHA-256 after the change."""
    found: Mapping[str, str] = _noted(home, ERASED, "editions").get(edition, {}).get("files", {})
    return found


def why_changed(home: Path, edition: str) -> str:
    """Return in words why files of an edition were changed; empty when none was."""
    entry = _noted(home, ERASED, "editions").get(edition)
    return f"changed on purpose: a customer was erased; {_stones(entry)}" if entry else ""


def _stones(entry: Mapping[str, Any]) -> str:
    numbers: Iterable[int] = entry["tombstones"]
    listed = ", ".join(str(number) for number in numbers)
    return f"tombstone{'s' if len(entry['tombstones']) > 1 else ''} {listed}"


def _add(entry: dict[str, Any], tombstone: int) -> None:
    entry["tombstones"] = sorted({*entry["tombstones"], tombstone})


def _noted(home: Path, name: str, kind: str) -> Mapping[str, Any]:
    """Return what is noted; nothing where the file cannot be read."""
    found: Mapping[str, Any] = read_object(home / name).get(kind, {})
    return found


def _read(home: Path, name: str) -> dict[str, Any]:
    try:
        return dict(read_json(home / name) or {"schema": _SCHEMA})
    except (OSError, ValueError, TypeError) as error:
        raise SnapshotError(
            f"what is noted of data that went on purpose cannot be read ({error})",
            where=f"{home.parent.name}/{home.name}/{name}",
            fix="Mend the file or put it back from a copy; removed, the reasons are lost.",
        ) from None


def _write(home: Path, name: str, told: Mapping[str, Any]) -> None:
    replace_file(home / name, canonical(told), mode=0o600)
