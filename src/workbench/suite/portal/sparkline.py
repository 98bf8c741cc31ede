"""A line of a few numbers over time, as a small SVG picture: no style, no script, no library.

The scale is the series' own: from its lowest to its highest value, intervals included, so that a
wiggle within its interval looks like one. Days are placed by the calendar, not by their count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from markupsafe import Markup

from workbench.report.text import escape_html

__all__ = ["HEIGHT", "WIDTH", "Dot", "sparkline"]

WIDTH, HEIGHT = 296, 80  # its own units, so that places are whole numbers
_EDGE = 10  # room for the dots


@dataclass(frozen=True)
class Dot:
    """One number of a series.

    Parameters
    ----------
    as_of
        Its day, ``YYYY-MM-DD``.
    value
        The number.
    display
        The number as a page shows it.
    low, high
        Its interval, or None.
    """

    as_of: str
    value: float
    display: str
    low: float | None = None
    high: float | None = None


def sparkline(dots: Sequence[Dot], words: str, titles: Sequence[str] = ()) -> Markup:
    """Return the picture of a series of at least two numbers.

    Parameters
    ----------
    dots
        The series, oldest first.
    words
        What it shows, for those who do not see it.
    titles
        What the pointer is told at each dot; none when empty.
    """
    xs, up = _across(tuple(dot.as_of for dot in dots)), _upwards(dots)
    places = [f"{x} {up(dot.value)}" for x, dot in zip(xs, dots, strict=True)]
    # A stroke of no length with round ends is a dot, in a quarter of the bytes of a circle.
    marks = "".join(f"M{place}h.1" for place in places)
    hints = "".join(
        f'<circle class="wp-hint" cx="{x}" cy="{up(dot.value)}" r="12">'
        f"<title>{escape_html(title)}</title></circle>"
        for x, dot, title in zip(xs, dots, titles, strict=False)
    )
    return Markup(
        f'<svg class="wp-spark" role="img" aria-label="{escape_html(words)}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{_band(dots, xs, up)}'
        f'<path class="wp-line" d="M{"L".join(places)}"/><path class="wp-dots" d="{marks}"/>'
        f'<path class="wp-last" d="M{places[-1]}h.1"/>{hints}</svg>'
    )


def _band(dots: Sequence[Dot], xs: Sequence[int], up: Callable[[float], int]) -> str:
    """Return the intervals as an area, where every number has one."""
    there, back = [], []
    for x, dot in zip(xs, dots, strict=True):
        if dot.low is None or dot.high is None:
            return ""
        there.append(f"{x} {up(dot.high)}")
        back.append(f"{x} {up(dot.low)}")
    return f'<path class="wp-band" d="M{"L".join([*there, *reversed(back)])}z"/>'


@lru_cache(maxsize=256)  # the numbers of a unit share their days
def _across(days: tuple[str, ...]) -> tuple[int, ...]:
    """Return where days stand from left to right."""
    counted = [date.fromisoformat(day).toordinal() for day in days]
    first, whole = counted[0], counted[-1] - counted[0]
    shares = [(day - first) / whole if whole else 0.5 for day in counted]
    return tuple(round(_EDGE + share * (WIDTH - 2 * _EDGE)) for share in shares)


def _upwards(dots: Sequence[Dot]) -> Callable[[float], int]:
    """Return where a number stands from top to bottom."""
    ends = [dot.value for dot in dots]
    ends += [end for dot in dots for end in (dot.low, dot.high) if end is not None]
    least, room = min(ends), max(ends) - min(ends)

    def up(value: float) -> int:
        share = (value - least) / room if room > 0 else 0.5
        return round(HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE))

    return up
