"""A line of a few numbers over time, as a small SVG picture: no style, no script, no library.

The scale is the series' own: from its lowest to its highest value, intervals included, so that a
wiggle within the interval looks like one. Days are placed by the calendar, not by their count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from workbench.report.text import escape_html

__all__ = ["HEIGHT", "WIDTH", "Dot", "sparkline"]

WIDTH, HEIGHT = 132, 36
_SIDE, _EDGE = 5, 5  # room for the dots at the ends


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
    across, up = _scales(dots)
    places = [(across(dot.as_of), up(dot.value)) for dot in dots]
    ends = [dot for dot in dots if dot.low is not None and dot.high is not None]
    band = ""
    if len(ends) == len(dots):
        there = [f"{_n(across(dot.as_of))} {_n(up(dot.high or 0))}" for dot in ends]
        back = [f"{_n(across(dot.as_of))} {_n(up(dot.low or 0))}" for dot in reversed(ends)]
        band = f'<path class="wp-band" d="M{"L".join([*there, *back])}z"/>'
    line = "L".join(f"{_n(x)} {_n(y)}" for x, y in places)
    # A stroke of no length with round ends is a dot, in a quarter of the bytes of a circle.
    marks = "".join(f"M{_n(x)} {_n(y)}h.01" for x, y in places[:-1])
    x, y = places[-1]
    hints = "".join(
        f'<circle class="wp-hint" cx="{_n(x)}" cy="{_n(y)}" r="6">'
        f"<title>{escape_html(title)}</title></circle>"
        for (x, y), title in zip(places, titles, strict=False)
    )
    return Markup(
        f'<svg class="wp-spark" role="img" aria-label="{escape_html(words)}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'{band}<path class="wp-line" d="M{line}"/><path class="wp-dots" d="{marks}"/>'
        f'<circle class="wp-last" cx="{_n(x)}" cy="{_n(y)}" r="3"/>{hints}</svg>'
    )


def _scales(dots: Sequence[Dot]) -> tuple[Callable[[str], float], Callable[[float], float]]:
    """Return where a day stands from left to right, and a number from top to bottom."""
    first = date.fromisoformat(dots[0].as_of).toordinal()
    days = date.fromisoformat(dots[-1].as_of).toordinal() - first
    least = min(min(dot.value, dot.value if dot.low is None else dot.low) for dot in dots)
    most = max(max(dot.value, dot.value if dot.high is None else dot.high) for dot in dots)
    room = most - least

    def across(as_of: str) -> float:
        share = (date.fromisoformat(as_of).toordinal() - first) / days if days else 0.5
        return _SIDE + share * (WIDTH - 2 * _SIDE)

    def up(value: float) -> float:
        share = (value - least) / room if room > 0 else 0.5
        return HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE)

    return across, up


def _n(number: float) -> str:
    """Return a coordinate in few bytes."""
    return f"{number:.1f}".removesuffix(".0")
