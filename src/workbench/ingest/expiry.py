"""What ``retain:`` says of old data: snapshots and rows set aside go when their time is over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from workbench.data.gone import EARLIER_LISTS, ERASED, EXPIRED, KINDS, Kind, note_expired
from workbench.data.removal import delete, hide
from workbench.data.snapshots import current_digest, day_of
from workbench.files import read_object
from workbench.ingest.ledger import compared_with
from workbench.params import RetainParams

__all__ = ["Expiring", "expire", "what_expires"]


@dataclass(frozen=True)
class Expiring:
    """Data whose time is over.

    Parameters
    ----------
    kind
        ``snapshots``; ``identity``: who was which customer when a snapshot was made;
        ``quarantine``: the rows that were set aside then; or ``lists``: who was contacted, and who
        was held out.
    path
        The folder; its name is the snapshot's digest, of lists the day.
    as_of
        The day that the snapshot, or the lists, are as of (ISO).
    """

    kind: Kind
    path: Path
    as_of: str


def what_expires(home: Path, retain: RetainParams | None, as_of: date) -> tuple[Expiring, ...]:
    """Return the data of a unit whose time is over, the oldest first; nothing is changed.

    A snapshot is kept for ``snapshots_days`` after the day that it is as of, the current one for
    ever; so is what tells who was which customer then, but for the load that the newest one was
    compared with. Rows that were set aside are kept for ``quarantine_days``, earlier lists for
    ``lists_days``, the newest ones for ever. What cannot say its day stays.

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
    current = current_digest(home)
    # A load that is ingested again calls the same people by the same identifiers.
    known = compared_with(home) | {current}
    asked: tuple[tuple[Kind, int | None, Collection[str]], ...] = (
        ("snapshots", retain.snapshots_days, {current}),
        ("identity", retain.snapshots_days, known),
        ("quarantine", retain.quarantine_days, ()),
    )
    found = []
    for kind, days, kept in asked:
        if days is None:
            continue
        last = (as_of - timedelta(days=days)).isoformat()
        for path in _folders(home / kind):
            day = _day(home, path.name)
            if day and day < last and path.name not in kept:
                found.append(Expiring(kind, path, day))
    if retain.lists_days is not None:
        last = (as_of - timedelta(days=retain.lists_days)).isoformat()
        lists = _folders(home / EARLIER_LISTS)
        found += [Expiring("lists", one, one.name) for one in lists[:-1] if one.name < last]
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
    own = day_of(home, digest)
    if own:
        return own
    for name in (EXPIRED, ERASED):
        noted = read_object(home / name).get("snapshots", {})
        if digest in noted:
            return str(noted[digest].get("as_of", ""))
    return ""
