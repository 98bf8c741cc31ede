"""A metric over the editions of its unit: the series, its picture, and what changed last."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from workbench.files import read_json
from workbench.report.formats import format_date, format_unit
from workbench.suite.compare.amounts import change_text, relative_text
from workbench.suite.editions import Edition
from workbench.suite.portal.sparkline import Dot, sparkline

__all__ = [
    "Change",
    "Judged",
    "Trend",
    "change_of",
    "judged_of",
    "points_of",
    "series_of",
    "trend_of",
]

HISTORY = "state/history.json"
COMPARED = "changes.json"
_WITHIN = "within noise"
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Trend:
    """A metric over editions.

    Parameters
    ----------
    picture
        The sparkline.
    words
        The same in a sentence.
    first, last
        The numbers at its ends.
    since, until
        The days of its ends.
    """

    picture: Markup
    words: str
    first: str
    last: str
    since: str
    until: str


@dataclass(frozen=True)
class Change:
    """How a metric moved since the edition of an earlier day.

    Parameters
    ----------
    text
        The change with its sign, or ``no change``.
    aside
        The change as a share of the earlier number; may be empty.
    look
        ``better`` or ``worse``; empty where neither is known, or where it is within noise.
    words
        What to make of it: ``worse, more than noise``; may be empty.
    since
        The earlier day.
    """

    text: str
    aside: str
    look: str
    words: str
    since: str


@dataclass(frozen=True)
class Judged:
    """What the comparison with the edition before said of a metric's change.

    Parameters
    ----------
    old, new
        The numbers that it compared.
    state
        As a `Verdict` has it: ``within_noise``, ``beyond_noise`` and more.
    """

    old: float | None
    new: float | None
    state: str


def points_of(edition: Edition | None) -> Sequence[Json]:
    """Return what an edition tells of the numbers of its day and of earlier days, oldest first.

    Parameters
    ----------
    edition
        The edition; None, or one from before there was a history, gives nothing.
    """
    found: Sequence[Json] = _told(edition, HISTORY).get("points", ())
    return found


def judged_of(edition: Edition | None) -> Mapping[str, Judged]:
    """Return what an edition says of each number's change: ``report.metric`` -> that.

    Parameters
    ----------
    edition
        The edition; None, or one that was compared with no other, gives nothing.
    """
    return {
        f"{one['report']}.{one['id']}": Judged(one["old"], one["new"], one["verdict"]["state"])
        for one in _told(edition, COMPARED).get("metrics", ())
    }


def _told(edition: Edition | None, name: str) -> Json:
    """Return what a file of an edition holds; nothing where there is no such file."""
    if edition is None or name not in edition.manifest["files"]:
        return {}
    try:
        told: Json = read_json(edition.folder / name) or {}
    except (OSError, ValueError):  # an edition that was tampered with is another command's matter
        return {}
    return told


def series_of(points: Sequence[Json], name: str, unit: str) -> list[Dot]:
    """Return the numbers of a metric, oldest first.

    Parameters
    ----------
    points
        What an edition tells of each day.
    name
        ``report.metric``.
    unit
        The metric's unit now; numbers in another one are not comparable, and are left out.
    """
    return list(_dots(points, name, unit))


def _dots(points: Sequence[Json], name: str, unit: str) -> Iterator[Dot]:
    for point in points:
        told = point["metrics"].get(name)
        if told is None or told["value"] is None or told["unit"] != unit:
            continue
        value = float(told["value"])
        if not math.isfinite(value):
            continue
        low, high = told["ci"][:2] if told.get("ci") else (None, None)
        shown = told.get("display") or format_unit(told["value"], unit)
        yield Dot(str(point["as_of"]), value, str(shown), low, high)


def trend_of(label: str, dots: Sequence[Dot], *, titles: bool = False) -> Trend | None:
    """Return the picture of a series and its words; None where there are fewer than two numbers.

    Parameters
    ----------
    label
        The metric's label.
    dots
        Its numbers, oldest first.
    titles
        Whether the pointer is told day and number at each dot.
    """
    if len(dots) < 2:
        return None
    first, last = dots[0], dots[-1]
    if first.display == last.display:
        course = f"{first.display} at the start and at the end"
    else:
        course = f"from {first.display} to {last.display}"
    words = f"{label} over {len(dots)} editions: {course}"
    least, most = (end(dots, key=lambda dot: dot.value) for end in (min, max))
    beyond = [
        f"{word} {dot.display} on {format_date(dot.as_of)}"
        for word, dot in (("lowest", least), ("highest", most))
        if dot.value not in (first.value, last.value)
    ]
    words = ", ".join([words, *beyond])
    told = [f"{format_date(dot.as_of)}: {dot.display}" for dot in dots] if titles else ()
    return Trend(
        sparkline(dots, words, told),
        words,
        first.display,
        last.display,
        first.as_of,
        last.as_of,
    )


def change_of(
    dots: Sequence[Dot], unit: str, good: object, judged: Judged | None = None
) -> Change | None:
    """Return how the last number of a series differs from the one before; None without one.

    Parameters
    ----------
    dots
        The numbers, oldest first.
    unit
        Their unit.
    good
        ``up`` or ``down``: the direction that is good news, if there is one.
    judged
        What the comparison of editions said; it counts only if it is about the same two numbers.
    """
    if len(dots) < 2:
        return None
    before, now = dots[-2], dots[-1]
    change = now.value - before.value
    if change == 0:
        return Change("no change", "", "", "", before.as_of)
    share = "" if unit == "share" or not before.value else relative_text(change / abs(before.value))
    noise = _noise(before, now, judged)
    look = ""
    if good in {"up", "down"} and noise != _WITHIN:
        look = "better" if (change > 0) == (good == "up") else "worse"
    words = ", ".join(part for part in (look, noise) if part)
    return Change(change_text(change, unit), share, look, words, before.as_of)


def _noise(before: Dot, now: Dot, judged: Judged | None) -> str:
    """Return whether a change is more than noise, in words; empty where nobody can say."""
    if judged is not None and (judged.old, judged.new) == (before.value, now.value):
        return {"within_noise": _WITHIN, "beyond_noise": "more than noise"}.get(judged.state, "")
    if _holds(before, now.value) and _holds(now, before.value):
        return _WITHIN
    return ""


def _holds(dot: Dot, value: float) -> bool:
    return dot.low is not None and dot.high is not None and dot.low <= value <= dot.high
