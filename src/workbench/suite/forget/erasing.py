"""One site, step by step: whenever this is killed, the next run goes on where it stopped.

The tombstone comes first: from then on no ingest keeps the customer's rows. What says where they
are - the numbers of the received rows, and which records are one customer - goes after what is
found by it. Each file is replaced in one step, and each snapshot goes as a whole. The tombstone is
complete when all is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from workbench.data.engine import column_types
from workbench.data.quoting import relation
from workbench.data.removal import delete
from workbench.data.snapshots import current_digest
from workbench.data.sources import Received
from workbench.errors import WorkbenchError
from workbench.ingest import ingest_suite
from workbench.ingest.forget.files import parquet_without
from workbench.ingest.forget.lists import erase_lists
from workbench.ingest.forget.owner_only import (
    Places,
    erase_actions,
    erase_identity,
    erase_quarantine,
)
from workbench.ingest.forget.received import leave_out
from workbench.ingest.forget.snapshots import erase_snapshots, holding, naming
from workbench.ingest.forget.tombstones import Tombstone, write_tombstones
from workbench.ingest.ledger import load_digest, load_of
from workbench.ingest.run import clean_home
from workbench.suite.forget.published import erase_published, without_data
from workbench.suite.forget.sites import Known, Site, their_rows
from workbench.triage.named import Named
from workbench.workspace import Workspace

__all__ = ["Erased", "Step", "erase", "look"]

Step = Callable[[str], None]
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Erased:
    """What is erased at a site, or would be.

    Parameters
    ----------
    site
        Suite and unit.
    tombstone
        The tombstone's number.
    is_new
        Whether the customer was not forgotten before.
    rows
        Place -> how many rows, or places in a text: ``received``, ``quarantine``, ``lists``,
        ``actions``, ``snapshots``, ``identity``, ``editions``, ``logs``.
    sources
        ``table.source`` -> rows that it delivered: it may still hold the customer.
    snapshots
        Unit -> the snapshots that go as a whole.
    editions
        ``unit/edition`` -> why it can no longer be verified.
    problem
        Why something could not be done; else empty.
    """

    site: str
    tombstone: int
    is_new: bool
    rows: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    snapshots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    editions: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_anything(self) -> bool:
        """Tell whether the site held anything of the customer."""
        return any(self.rows.values())


@dataclass
class _Work:
    """What is known while a site is erased."""

    workspace: Workspace
    connection: duckdb.DuckDBPyConnection
    site: Site
    known: Known
    write: bool
    rows: Places = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    held: dict[Path, dict[str, int]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    editions: dict[str, str] = field(default_factory=dict)

    def reports(self, place: Path) -> Path:
        return self.workspace.unit_reports(place.parent.name, place.name)

    def result(self, problem: str = "") -> Erased:
        return Erased(
            self.site.name,
            self.known.stone.number,
            self.known.is_new,
            {place: count for place, count in self.done.items() if count},
            self.sources,
            {place.name: tuple(sorted(found)) for place, found in self.held.items() if found},
            dict(self.editions),
            problem,
        )


def look(
    workspace: Workspace, connection: duckdb.DuckDBPyConnection, site: Site, known: Known
) -> Erased:
    """Return what would be erased at a site; nothing is written.

    Parameters
    ----------
    workspace
        The project.
    connection
        The engine.
    site, known
        Where, and who.
    """
    work = _find(workspace, connection, site, known, write=False)
    for step in (_owner_only, _actions, _published, _identity):
        step(work)
    work.done["received"] = sum(work.sources.values()) + _ownerless(work, _at_hand(work))
    work.done["snapshots"] = _held(work)
    return work.result()


def erase(
    workspace: Workspace,
    connection: duckdb.DuckDBPyConnection,
    site: Site,
    known: Known,
    progress: Progress,
    at: Step,
) -> Erased:
    """Erase the customer at a site, and return what went.

    Parameters
    ----------
    workspace
        The project.
    connection
        The engine.
    site, known
        Where, and who.
    progress
        Told what is done.
    at
        Called with the name of each step when it is done; for tests that stop there.
    """
    for place in site.places:
        clean_home(place)
        _clean_hidden(place)
    was_killed = known.is_begun
    known = replace(known, stone=replace(known.stone, is_complete=False))
    work = _find(workspace, connection, site, known, write=True)
    _note(work, at, "tombstone")
    for name, step in (("owner only", _owner_only), ("actions", _actions)):
        step(work)
        _note(work, at, name)
    work.done["received"] = _received(work)
    _note(work, at, "received")
    work.done["snapshots"] = _held(work)
    # What is made anew is not compared with data that go.
    for place, found in work.held.items():
        erase_snapshots(place, sorted(found.keys() - {current_digest(place)}), known.stone.number)
    _note(work, at, "earlier data")
    problem = ""
    if site.unit is not None and (was_killed or work.sources or _is_current_held(work)):
        problem = _ingest(work, progress)
    at("ingest")
    for place, found in work.held.items():
        there = {digest for digest in found if (place / "snapshots" / digest).is_dir()}
        erase_snapshots(place, sorted(there), known.stone.number)
    _note(work, at, "snapshots")
    for name, step in (("editions", _published), ("identity", _identity)):
        step(work)
        _note(work, at, name)
    stone = replace(_stone(work), is_complete=True)
    write_tombstones(site.home, known.stones.put(stone))
    at("complete")
    return work.result(problem)


def _clean_hidden(place: Path) -> None:
    """Remove what a process that was killed left half-written in the owner-only folders."""
    lists = ("actions/.*", "actions/*/.*", "actions/*/*/.*")
    for pattern in ("received/.*", "identity/*/.*", "quarantine/*/.*", "reviews/.*", *lists):
        for path in place.glob(pattern):
            if path.is_dir():
                delete(path)
            else:
                path.unlink()


def _find(
    workspace: Workspace,
    connection: duckdb.DuckDBPyConnection,
    site: Site,
    known: Known,
    *,
    write: bool,
) -> _Work:
    work = _Work(workspace, connection, site, known, write)
    work.rows, work.sources = their_rows(connection, site, known.person)
    work.held = {place: holding(connection, place, known.person) for place in site.places}
    return work


def _held(work: _Work) -> int:
    return sum(sum(found.values()) for found in work.held.values())


def _is_current_held(work: _Work) -> bool:
    return any(current_digest(place) in found for place, found in work.held.items())


def _stone(work: _Work) -> Tombstone:
    return work.known.stone.with_more(
        {place: count for place, count in work.done.items() if count}, work.editions
    )


def _note(work: _Work, at: Step, name: str) -> None:
    """Write the tombstone with what was done so far."""
    write_tombstones(work.site.home, work.known.stones.put(_stone(work)))
    at(name)


def _owner_only(work: _Work) -> None:
    site, person = work.site, work.known.person
    lists = quarantine = 0
    there = _at_hand(work)
    for place in site.places:
        lists += erase_lists(work.connection, place, person, there, work.rows, write=work.write)
        current = current_digest(place) if _is_same_load(work, there) else ""
        for folder in sorted((place / "quarantine").glob("*")):
            if not folder.is_dir() or folder.name.startswith("."):
                continue
            rows: Places | None = work.rows if folder.name == current else {}
            if folder.name != current and folder.name in work.held[place]:
                rows = None
            quarantine += erase_quarantine(
                work.connection, folder, person, site.named, site.frame, rows, write=work.write
            )
    work.done |= {"lists": lists, "quarantine": quarantine}


def _is_same_load(work: _Work, there: Iterable[tuple[Named, Received]]) -> bool:
    """Tell whether the received rows are those of the current data: then their numbers hold."""
    return load_of(work.site.home).get("digest") == load_digest(work.site.suite, there)


def _actions(work: _Work) -> None:
    work.done["actions"] = sum(
        erase_actions(work.connection, place, work.known.person, write=work.write)
        for place in work.site.places
    )


def _at_hand(work: _Work) -> list[tuple[Named, Received]]:
    inbox = work.site.inbox
    return [(one, found) for one in work.site.named if (found := inbox.last(one)) is not None]


def _received(work: _Work) -> int:
    """Take the customer out of the received rows; what belongs to no source any more goes."""
    site, there = work.site, _at_hand(work)
    gone = _ownerless(work, there)
    before, after = sum(found.erased for _, found in there), there
    if site.unit is not None:
        after = leave_out(
            work.connection, site.suite, site.unit, site.inbox, there, work.known.stones
        )
    for path in _without_owner(work, after):
        path.unlink()
    return sum(found.erased for _, found in after) - before + gone


def _without_owner(work: _Work, there: Iterable[tuple[Named, Received]]) -> list[Path]:
    """Return the files of received rows that no source of the unit would ever read again."""
    kept = {found.path.stem for _, found in there}
    return [
        path
        for path in sorted(work.site.inbox.folder.glob("*"))
        if path.is_file() and path.stem.removesuffix(".unreadable") not in kept
    ]


def _ownerless(work: _Work, there: Iterable[tuple[Named, Received]]) -> int:
    """Return how many rows of such files name the customer in a cell."""
    return sum(
        parquet_without(
            work.connection,
            path,
            naming(column_types(work.connection, relation(path)), work.known.person),
            write=False,
        )
        for path in _without_owner(work, there)
        if path.suffix == ".parquet"
    )


def _ingest(work: _Work, progress: Progress) -> str:
    """Make the current data anew as of their own day; return why that could not be done."""
    site = work.site
    assert site.unit is not None  # held by `erase`
    units: Iterable[str] | None = None if site.suite.whole is not None else [site.unit.name]
    try:
        ingest_suite(work.workspace, site.suite, units, progress=progress)
    except WorkbenchError as error:
        return f"the data could not be made anew: {error}"
    return ""


def _published(work: _Work) -> None:
    number, places = work.known.stone.number, 0
    for place in work.site.places:
        folder = work.reports(place)
        lost = without_data(folder, place, frozenset(work.held[place]), number)
        done = erase_published(folder, place, work.known.person, number, write=work.write)
        places += done.places
        why = {**lost, **done.why}
        for edition in lost.keys() & done.why.keys():
            why[edition] = f"{lost[edition]}; {done.why[edition]}"
        work.editions |= {f"{place.name}/{edition}": said for edition, said in why.items()}
    work.done["editions"] = places


def _identity(work: _Work) -> None:
    work.done["identity"] = sum(
        erase_identity(work.connection, place, work.known.person, write=work.write)
        for place in work.site.places
    )
