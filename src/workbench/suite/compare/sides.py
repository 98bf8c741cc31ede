"""The two sides of a comparison, as a person names them, read from a unit's editions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.files import read_json
from workbench.suite.compare.told import Told
from workbench.suite.editions import Edition

__all__ = ["Numbers", "numbers_before", "told_before", "told_by"]


@dataclass(frozen=True)
class Numbers:
    """The numbers of one day.

    Parameters
    ----------
    as_of
        The day, ``YYYY-MM-DD``.
    metrics
        ``report.metric`` -> its record.
    """

    as_of: str
    metrics: Mapping[str, Mapping[str, Any]]


def told_by(edition: Edition) -> Told:
    """Return what an edition tells."""
    return Told(edition.id, edition.manifest, edition.results)


def told_before(edition: Edition, editions: Sequence[Edition]) -> Told | None:
    """Return what the edition tells that this one is compared with; None for a unit's first.

    It is the one that the manifest names: in its place, or as the copy that this edition keeps.
    Where the manifest names none, it is the one before by age.

    Parameters
    ----------
    edition
        The newer edition.
    editions
        The unit's editions, the newest first.
    """
    named = str(edition.manifest.get("prior", {}).get("edition", ""))
    by_id = {one.id: one for one in editions}
    if named in by_id:
        return told_by(by_id[named])
    kept = read_json(edition.folder / "prior" / "manifest.json")
    if named and kept is not None:
        results = read_json(edition.folder / "prior" / "results.json") or {}
        return Told(named, kept, results.get("reports", {}))
    ids = [one.id for one in editions]
    older = editions[ids.index(edition.id) + 1 :] if edition.id in by_id else ()
    return told_by(older[0]) if older else None


def numbers_before(edition: Edition, editions: Sequence[Edition]) -> list[Numbers]:
    """Return the numbers of the days up to an edition's, oldest first, one set for each day.

    It is the history that the edition holds; where it holds none, what its unit's other editions
    recorded.

    Parameters
    ----------
    edition
        The newer edition.
    editions
        The unit's editions, the newest first.
    """
    held = _held(edition.folder / "state" / "history.json")
    if held:
        return held
    found: dict[str, Numbers] = {}
    for one in editions:
        day = str(one.manifest["as_of"])
        if day <= str(edition.manifest["as_of"]) and day not in found:
            found[day] = Numbers(day, _metrics(one.results))
    return [found[day] for day in sorted(found)]


def _held(path: Path) -> list[Numbers]:
    points = (read_json(path) or {}).get("points", [])
    return [Numbers(str(point["as_of"]), point["metrics"]) for point in points]


def _metrics(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {
        f"{report}.{metric['id']}": metric
        for report, recorded in results.items()
        for metric in recorded.get("metrics", ())
    }
