"""Removes old editions and data that no kept edition needs; never what is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from workbench.data.archived import days_needed
from workbench.data.gone import EARLIER_LISTS
from workbench.data.removal import delete, delete_hidden, hide
from workbench.errors import ParameterError, PublishError, WorkbenchError
from workbench.files import read_json
from workbench.ingest.ledger import IDENTITY, compared_with
from workbench.params import parse_as_of
from workbench.suite.editions import SERVED, Edition, clean, list_editions, served
from workbench.suite.keep.portal import rewrite_portal
from workbench.suite.keep.rows import size_of, unreadable
from workbench.suite.lock import only_run
from workbench.suite.manifest import data_of, measured_in
from workbench.workspace import Workspace

__all__ = ["Going", "Pruning", "Staying", "Wish", "prune"]

_DAMAGED = ".damaged-"
_CURRENT = "current.json"
Kind = Literal["edition", "damaged", "snapshot", "quarantine", "identity", "lists"]
_DATA: Mapping[str, Kind] = {
    "snapshots": "snapshot",
    "quarantine": "quarantine",
    IDENTITY: "identity",
}


@dataclass(frozen=True)
class Going:
    """A folder that is removed.

    Parameters
    ----------
    kind
        ``edition``; ``damaged``: what is left of a damaged one; ``snapshot``; ``quarantine``: the
        rows that were set aside when that snapshot was made; ``identity``: who was which customer
        then; ``lists``: who was contacted, and who was held out, on a day.
    path
        Where it is, or was.
    size
        The bytes that it took.
    """

    kind: Kind
    path: Path
    size: int


@dataclass(frozen=True)
class Staying:
    """An edition that stays although it is among the old ones.

    Parameters
    ----------
    id
        Its name.
    reason
        Why, in words.
    """

    id: str
    reason: str


@dataclass(frozen=True)
class Pruning:
    """What is removed of a unit, and what stays.

    Parameters
    ----------
    suite, unit
        Of what.
    going
        What is removed.
    staying
        Old editions that stay, and why.
    kept
        How many editions stay in all.
    problem
        Why nothing was removed, or not all; else empty.
    """

    suite: str
    unit: str
    going: tuple[Going, ...]
    staying: tuple[Staying, ...]
    kept: int
    problem: str = ""

    @property
    def size(self) -> int:
        """Return the bytes that are freed."""
        return sum(one.size for one in self.going)


@dataclass(frozen=True)
class Wish:
    """What is to be removed.

    Parameters
    ----------
    keep
        How many of a unit's newest editions stay, at least 1.
    damaged
        Also what is left of damaged editions.
    snapshots
        Also data that no kept edition was made from and that are not the newest, and lists of
        earlier days that no kept edition is of or measured, and that no later one will measure.
    """

    keep: int
    damaged: bool = False
    snapshots: bool = False


def prune(
    workspace: Workspace,
    folders: Iterable[Path],
    wish: Wish,
    *,
    dry_run: bool = False,
) -> list[Pruning]:
    """Remove what is old, and return what went and what stays, unit by unit.

    Each folder is first renamed out of sight, then the portal is written anew, then the folder is
    deleted: whenever this is killed, each edition is whole or gone, and the next run deletes the
    rest.

    Parameters
    ----------
    workspace
        The project.
    folders
        The units' folders of editions.
    wish
        What is to be removed.
    dry_run
        Only say what would be.

    Raises
    ------
    ParameterError
        When no edition would be kept.
    PublishError
        When a run is under way.
    """
    if wish.keep < 1:
        raise ParameterError(f"keep == {wish.keep}, must be at least 1", fix="Keep 1 or more.")
    by_suite: dict[str, list[Path]] = {}
    for folder in folders:
        by_suite.setdefault(folder.parent.name, []).append(folder)
    done: list[Pruning] = []
    for suite, units in by_suite.items():
        if dry_run:
            done += [_plan(workspace, folder, wish) for folder in units]
            continue
        with only_run(workspace.data / suite, suite):
            done += _prune_suite(workspace, suite, units, wish)
    return done


def _prune_suite(
    workspace: Workspace, suite: str, units: Iterable[Path], wish: Wish
) -> list[Pruning]:
    hidden: list[Path] = []
    plans, was_killed = [], False
    for folder in units:
        home = workspace.unit_data(suite, folder.name)
        was_killed |= bool(clean(folder))
        delete_hidden(home)
        plans.append(_hide(_plan(workspace, folder, wish), home, hidden))
    problem = ""
    try:
        if hidden or was_killed:  # then the portal may still show what is gone
            rewrite_portal(workspace, suite)
    except (WorkbenchError, OSError) as error:
        problem = f"The portal could not be written anew: {error}"
    finally:
        for path in hidden:
            delete(path)
    return [
        replace(found, problem=problem) if problem and found.going and not found.problem else found
        for found in plans
    ]


def _hide(found: Pruning, home: Path, hidden: list[Path]) -> Pruning:
    """Rename what is to go out of sight; where the disk refuses, the rest stays."""
    for count, one in enumerate(found.going):
        try:
            hidden.append(hide(one.path, home if one.path.is_relative_to(home) else None))
        except OSError as error:
            words = f"{one.path.name} could not be removed ({error.strerror or error})."
            return replace(found, going=found.going[:count], problem=words)
    return found


def _plan(workspace: Workspace, folder: Path, wish: Wish) -> Pruning:
    suite, unit = folder.parent.name, folder.name
    shown = served(folder)
    editions = list_editions(folder)
    broken = unreadable(folder)
    if shown is None:
        said = "Nothing is removed: the edition to show is missing or damaged. Run the suite first."
        return Pruning(suite, unit, (), (), len(editions), said)
    newest = {edition.id for edition in editions[: wish.keep]}
    staying = _staying(editions, shown, newest)
    kept = newest | set(staying)
    old = [edition.folder for edition in editions if edition.id not in kept]
    going = [Going("edition", path, size_of(path)) for path in reversed(old)]
    problem = ""
    if wish.damaged:
        going += _damaged(folder, broken)
    if wish.snapshots and broken and not wish.damaged:
        problem = (
            f"Data stay: {len(broken)} damaged editions cannot say what they were made from; "
            "with --damaged they go too."
        )
    elif wish.snapshots:
        home = workspace.unit_data(suite, unit)
        going += _unneeded(home, [one for one in editions if one.id in kept])
    told = tuple(Staying(name, reason) for name, reason in staying.items())
    return Pruning(suite, unit, tuple(going), told, len(kept), problem)


def _staying(
    editions: Iterable[Edition], shown: Edition, newest: Collection[str]
) -> dict[str, str]:
    """Return the old editions that must stay, and why."""
    by_id = {edition.id: edition for edition in editions}
    staying = {} if shown.id in newest else {shown.id: "it is the one that is shown"}
    waiting = [*newest, *staying]
    while waiting:
        edition = by_id[waiting.pop()]
        for report, told in edition.manifest["reports"].items():
            needed = str(told.get("last_good", ""))
            if needed in by_id and needed not in newest and needed not in staying:
                staying[needed] = f"{edition.id} links to its {report}, the last good one"
                waiting.append(needed)
    return staying


def _damaged(folder: Path, broken: Iterable[str]) -> Iterator[Going]:
    """Yield what is left of damaged editions; never what the pointer names."""
    pointed = str((read_json(folder / SERVED) or {}).get("edition", ""))
    found = [path for path in folder.iterdir() if path.name.startswith(_DAMAGED) and path.is_dir()]
    for path in sorted([*found, *(folder / name for name in broken if name != pointed)]):
        yield Going("damaged", path, size_of(path))


def _unneeded(home: Path, kept: Collection[Edition]) -> Iterator[Going]:
    """Yield the data of a unit that no kept edition was made from and that are not the newest."""
    needed = {digest for edition in kept for digest in data_of(edition.manifest)}
    needed |= {_current(home), *compared_with(home)}
    for place, kind in _DATA.items():
        for path in sorted((home / place).glob("*")):
            if path.name not in needed and path.is_dir() and not path.name.startswith("."):
                yield Going(kind, path, size_of(path))
    days = {str(edition.manifest["as_of"]) for edition in kept}
    needed = days | {day for edition in kept for day in measured_in(edition.manifest)}
    needed |= days_needed(home, parse_as_of(max(days)))
    for path in sorted((home / EARLIER_LISTS).glob("[!.]*")):
        if path.name not in needed and path.is_dir():
            yield Going("lists", path, size_of(path))


def _current(home: Path) -> str:
    try:
        told = read_json(home / _CURRENT) or {}
    except ValueError as error:
        raise PublishError(
            "the pointer to the unit's newest data cannot be read",
            where=f"{home.parent.name}/{home.name}/{_CURRENT}",
            fix="Run `workbench ingest` first.",
        ) from error
    return str(told.get("snapshot", ""))
