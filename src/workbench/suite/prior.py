"""The earlier edition that a new one follows: what it is compared with, and what it hands on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from workbench.data.handed import Handed, Kept, handed_on
from workbench.files import digest_of
from workbench.suite.editions import (
    MANIFEST,
    RESULTS,
    Edition,
    list_editions,
    read_edition,
    standing,
)
from workbench.suite.history import HISTORY, Point, own_point, points_of, with_own
from workbench.suite.manifest import read_entries

__all__ = [
    "PRIOR",
    "Prior",
    "base_of",
    "earlier_numbers",
    "earlier_states",
    "own_prior",
    "prior_of",
    "state_problems",
]

PRIOR = "prior"
_COPIES = {
    f"{PRIOR}/manifest.json": MANIFEST,
    f"{PRIOR}/results.json": RESULTS,
    f"{PRIOR}/history.json": HISTORY,
}


@dataclass(frozen=True)
class Prior:
    """What an edition keeps of the one before.

    Parameters
    ----------
    id
        The earlier edition's name.
    files
        What is kept of it: the file in the new edition -> its bytes.
    """

    id: str
    files: Mapping[str, bytes]

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Return its manifest."""
        found: Mapping[str, Any] = json.loads(self.files[f"{PRIOR}/manifest.json"])
        return found

    @property
    def results(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what its reports recorded, by report."""
        found: Mapping[str, Any] = json.loads(self.files[f"{PRIOR}/results.json"])
        return dict(found.get("reports", {}))

    @property
    def points(self) -> tuple[Point, ...]:
        """Return its numbers and those of the days before it; its own only, where it kept none."""
        if (content := self.files.get(f"{PRIOR}/history.json")) is not None:
            return points_of(json.loads(content))
        manifest = self.manifest
        entries = read_entries(manifest, self.results).values()
        return with_own((), own_point(entries, str(manifest["as_of"])))

    @property
    def told(self) -> dict[str, str]:
        """Return how the new edition's manifest names it."""
        return {"edition": self.id, "digest": digest_of(self.files[f"{PRIOR}/manifest.json"])}


def base_of(folder: Path, as_of: str, shown: Edition | None = None) -> Edition | None:
    """Return the edition that a new one of a day follows; None for a unit's first.

    It is the served one. Where a run looks back from an earlier day than that, it is the newest
    edition of that day or before: what was not known then is no part of its history.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    as_of
        The day of the new edition.
    shown
        The served edition, where it was read already.
    """
    shown = shown or standing(folder)
    if shown is None or str(shown.manifest["as_of"]) <= as_of:
        return shown
    earlier = (one for one in list_editions(folder) if str(one.manifest["as_of"]) <= as_of)
    return next(earlier, None)


def prior_of(edition: Edition | None) -> Prior | None:
    """Return what a new edition keeps of an earlier one; None for none.

    A file of it that is damaged is not handed on: without results it is no prior at all, without
    its history it hands on the numbers of its own day.
    """
    if edition is None:
        return None
    return _read(edition, edition.id, _COPIES.items())


def own_prior(edition: Edition) -> Prior | None:
    """Return what an edition itself kept of the one before; None for a unit's first.

    Where a copy is damaged, the earlier edition itself is read, if it is still in its place.
    """
    named = str(edition.manifest.get("prior", {}).get("edition", ""))
    if not named:
        return None
    wanted = {name for name in edition.manifest["files"] if name in _COPIES}
    kept = _read(edition, named, ((name, name) for name in _COPIES))
    if kept is not None and set(kept.files) == wanted:
        return kept
    return prior_of(read_edition(edition.folder.parent / named)) or kept


def _read(edition: Edition, name: str, places: Iterable[tuple[str, str]]) -> Prior | None:
    """Return the files as far as they are what the edition's manifest says."""
    contents = {kept: edition.read(place) for kept, place in places}
    found = {kept: content for kept, content in contents.items() if content is not None}
    is_whole = {f"{PRIOR}/manifest.json", f"{PRIOR}/results.json"} <= set(found)
    return Prior(name, found) if is_whole else None


def earlier_numbers(folders: Mapping[str, Path], as_of: str) -> dict[str, tuple[Point, ...]]:
    """Return for each unit the numbers of the days before a day, oldest first.

    Parameters
    ----------
    folders
        Unit -> the folder of its editions.
    as_of
        The day of the editions to come.
    """
    priors = {unit: prior_of(base_of(folder, as_of)) for unit, folder in folders.items()}
    return {
        unit: tuple(point for point in prior.points if point.as_of < as_of) if prior else ()
        for unit, prior in priors.items()
    }


def earlier_states(
    folders: Mapping[str, Path], reports: Iterable[str], as_of: str
) -> dict[str, dict[str, Handed]]:
    """Return for each unit and report what the earlier edition handed on.

    It is read from the edition that a new one follows, as `base_of` finds it, and is of a day
    before the new one: `workbench.data.handed` tells how.

    Parameters
    ----------
    folders
        Unit -> the folder of its editions.
    reports
        The reports' names.
    as_of
        The day of the editions to come.
    """
    names = list(reports)
    return {
        unit: {name: handed_on(editions, name, as_of) for name in names}
        for unit, editions in ((unit, _editions(folder)) for unit, folder in folders.items())
    }


def state_problems(states: Mapping[str, Mapping[str, Handed]]) -> Iterator[str]:
    """Yield in words each report that starts without the state that was kept for it."""
    for unit, by_report in states.items():
        for report, handed in by_report.items():
            if handed.problem:
                yield f"{unit}: {report} starts without an earlier state: {handed.problem}"


def _editions(folder: Path) -> Callable[[], Iterator[Kept]]:
    """Return what yields a unit's editions, the shown one first; the others are read if wanted."""
    shown = standing(folder)

    @cache
    def others() -> list[Edition]:
        return list_editions(folder)

    def editions() -> Iterator[Kept]:
        if shown is not None:
            yield shown.folder, shown.manifest
            yield from ((one.folder, one.manifest) for one in others())

    return editions
