"""What ``retain:`` says of old data: snapshots and rows set aside go when their time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from workbench.data.gone import ERASED, EXPIRED, note_expired
from workbench.data.removal import delete, hide
from workbench.data.snapshots import CURRENT, DESCRIPTION
from workbench.files import read_json
from workbench.ingest.ledger import IDENTITY, load_of
from workbench.params import RetainParams

__all__ = ["Expiring", "expire", "what_expires"]

Kind = Literal["snapshots", "identity", "quarantine"]
KINDS: tuple[Kind, ...] = ("snapshots", "identity", "quarantine")


@dataclass(frozen=True)
class Expiring:
    """Data whose time is over.

    Parameters
    ----------
    kind
        ``snapshots``; ``identity``: who was which customer when a snapshot was made; or
        ``quarantine``: the rows that were set aside then.
    path
        The folder; its name is the snapshot's digest.
    as_of
        The day that the snapshot is as of (ISO).
    """

    kind: Kind
    path: Path
    as_of: str


def what_expires(home: Path, retain: RetainParams | None, as_of: date) -> tuple[Expiring, ...]:
    """Return the data of a unit whose time is over, the oldest first; nothing is changed.

    A snapshot is kept for ``snapshots_days`` after the day that it is as of, the current one for
    ever; so is what tells who was which customer then, but for the load that the newest one was
    compared with. Rows that were set aside are kept for ``quarantine_days``. What cannot say its
    day stays.

    Parameters
    ----------
    home
        The unit's data folder.
    retain
        How long data stay; None: for ever.
    as_of
        The day that is counted back from.
    """
    if retain is None:
        return ()
    current = str(_json(home / CURRENT).get("snapshot", ""))
    found: list[Expiring] = []
    if retain.snapshots_days is not None:
        last = (as_of - timedelta(days=retain.snapshots_days)).isoformat()
        for path in _folders(home / "snapshots"):
            day = _day(home, path.name)
            if day and day < last and path.name != current:
                found.append(Expiring("snapshots", path, day))
        # A load that is ingested again calls the same people by the same identifiers.
        needed = {current, *load_of(home).get("before", {}).values()}
        for path in _folders(home / IDENTITY):
            day = _day(home, path.name)
            if day and day < last and path.name not in needed:
                found.append(Expiring("identity", path, day))
    if retain.quarantine_days is not None:
        last = (as_of - timedelta(days=retain.quarantine_days)).isoformat()
        for path in _folders(home / "quarantine"):
            day = _day(home, path.name)
            if day and day < last:
                found.append(Expiring("quarantine", path, day))
    return tuple(sorted(found, key=lambda one: (one.as_of, one.kind, one.path.name)))


def expire(home: Path, retain: RetainParams | None, as_of: date) -> tuple[Expiring, ...]:
    """Remove the data of a unit whose time is over, and return what went.

    First it is noted why, then each folder is renamed out of sight, then deleted: when this is
    killed, each folder is whole or gone, and the next ingest goes on.

    Parameters
    ----------
    home, retain, as_of
        As `what_expires` takes them.
    """
    found = what_expires(home, retain, as_of)
    for kind in KINDS:
        days = {one.path.name: one.as_of for one in found if one.kind == kind}
        if days:
            note_expired(home, kind, days, as_of.isoformat())
    hidden = [hide(one.path, home) for one in found]
    for path in hidden:
        delete(path)
    return found


def _folders(place: Path) -> list[Path]:
    return sorted(
        path for path in place.glob("*") if path.is_dir() and not path.name.startswith(".")
    )


def _day(home: Path, digest: str) -> str:
    """Return the day of a snapshot, also of one that is gone; empty where nobody knows."""
    own = str(_json(home / "snapshots" / digest / DESCRIPTION).get("as_of", ""))
    if own:
        return own
    for name in (EXPIRED, ERASED):
        noted = _json(home / name).get("snapshots", {})
        if digest in noted:
            return str(noted[digest].get("as_of", ""))
    return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
