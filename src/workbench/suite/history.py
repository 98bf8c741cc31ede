"""The numbers of a unit, day by day: what an edition hands on to the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.suite.manifest import Entry

__all__ = ["HISTORY", "MOST", "Point", "history_json", "own_point", "points_of", "with_own"]

HISTORY = "state/history.json"
MOST = 60
"""How many days are kept: five years of months."""
_SCHEMA = 1
_KEPT = ("value", "unit", "ci", "label", "good", "display")


@dataclass(frozen=True)
class Point:
    """The numbers of one day.

    Parameters
    ----------
    as_of
        The day, ``YYYY-MM-DD``.
    metrics
        ``report.metric`` -> ``value``, ``unit``, ``ci``, ``label``, ``good`` and ``display``.
    """

    as_of: str
    metrics: Mapping[str, Mapping[str, Any]]


def own_point(entries: Iterable[Entry], as_of: str) -> Point:
    """Return the numbers that an edition's reports recorded for its day.

    A report that failed, or was carried over from another day, adds none; neither does a metric
    without a number.

    Parameters
    ----------
    entries
        The reports of the edition.
    as_of
        The edition's day.
    """
    return Point(
        as_of,
        {
            f"{entry.report}.{metric['id']}": {key: metric.get(key) for key in _KEPT}
            for entry in entries
            if entry.state == "ok" and entry.as_of == as_of
            for metric in entry.results.get("metrics", ())
            if metric.get("value") is not None
        },
    )


def with_own(points: Iterable[Point], own: Point) -> tuple[Point, ...]:
    """Return a history with an edition's own numbers in it, oldest first, one point for each day.

    Parameters
    ----------
    points
        The history before; of its own day and of later ones nothing is kept.
    own
        The edition's own numbers.

    Examples
    --------
    >>> days = with_own([Point("2025-05-31", {}), Point("2025-06-30", {})], Point("2025-06-30", {}))
    >>> [point.as_of for point in days]
    ['2025-05-31', '2025-06-30']
    """
    earlier = {point.as_of: point for point in points if point.as_of < own.as_of}
    return (*(earlier[day] for day in sorted(earlier)), own)[-MOST:]


def history_json(points: Sequence[Point]) -> dict[str, Any]:
    """Return a history as its file holds it."""
    told = [{"as_of": point.as_of, "metrics": dict(point.metrics)} for point in points]
    return {"schema": _SCHEMA, "points": told}


def points_of(told: Mapping[str, Any]) -> tuple[Point, ...]:
    """Return the points of a history's file: the opposite of `history_json`."""
    return tuple(Point(str(one["as_of"]), one["metrics"]) for one in told.get("points", ()))
