"""What the chart forms share: canvas, labels, ticks, names at the ends of lines."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from datetime import datetime
from math import floor, log10
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from workbench.errors import NotebookError
from workbench.report import theme
from workbench.report.formats import format_date, format_value
from workbench.report.tables import as_pandas, check_columns
from workbench.report.text import clean

__all__ = [
    "canvas",
    "drawable",
    "format_x",
    "name_ends",
    "only_bars",
    "short_label",
    "shower",
    "tick_writer",
]

WIDTH = 7.6  # inches; the page's column at its natural size
_LINE = 36  # letters of a label on one line; it may have two


def short_label(value: Any) -> str:
    """Return a label on at most two lines, cut when it is too long to stand beside a chart."""
    lines = textwrap.wrap(" ".join(clean(value).split()), _LINE, break_on_hyphens=False)
    if len(lines) > 2:
        lines = [lines[0], f"{lines[1][: _LINE - 1]}…"]
    return "\n".join(lines)


def shower(format: str, currency: str | None, digits: int | None) -> Callable[[Any], str]:
    """Return how numbers are written beside what is drawn; millions of money in words."""
    return lambda value: format_value(
        value, format, currency=currency, digits=digits, short=format == "money"
    )


def drawable(frame: Any, names: Sequence[str | None], *, where: str) -> pd.DataFrame:
    """Return the frame, or refuse one that lacks a column or has no rows."""
    data = as_pandas(frame, where=where)
    check_columns(data, [name for name in names if name is not None], where=where)
    if data.empty:
        raise NotebookError(
            "there are no rows to draw", where=where, fix="Show a finding that says so instead."
        )
    return data


def tick_writer(
    ends: tuple[float, float], format: str, currency: str | None, *, ticks: int = 8
) -> FuncFormatter:
    """Return how an axis writes its numbers: short, and no more digits than its ticks need."""
    span = abs(ends[1] - ends[0])
    digits = max(0, -floor(log10(span / ticks) + 1e-9)) if span > 0 else 2
    if span > 0 and span / ticks > 5 * 10.0**-digits * (1 + 1e-9):
        digits = max(0, digits - 1)  # steps are of 1, 2, 5 and 10

    def write(value: float, _: object) -> str:
        if format == "share":
            return format_value(value, "share", digits=0 if span > 0.05 else 1)
        if format == "money" and abs(value) < 1e6 and (span > 20 or value == int(value)):
            return format_value(value, "money", currency=currency, digits=0)
        if format == "number":
            return format_value(value, "number", digits=digits)
        return format_value(value, format, currency=currency, short=format == "money")

    return FuncFormatter(write)


def canvas(height: float) -> tuple[Figure, Axes]:
    """Return a figure of the page's width, at least 1.6 inches high, and its axes."""
    # Made without pyplot: nothing global to close, and no window system is asked for.
    fig = Figure(figsize=(WIDTH, max(height, 1.6)), layout="constrained")
    return fig, fig.add_subplot()


def only_bars(axes: Axes, labels: Sequence[str], *, margin: float) -> None:
    """Leave horizontal bars with their names and a line at nought; each tells its own number."""
    axes.set_yticks(range(len(labels)), labels, color=theme.INK)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color="#AAB2BD", lw=1)
    axes.margins(x=margin)


def format_x(axes: Axes, values: pd.Series, format: str = "number") -> None:
    """Write numbers, shares or dates on the axis of x."""
    if pd.api.types.is_datetime64_any_dtype(values):
        dates: Any = mdates  # has no types
        axes.xaxis.set_major_locator(dates.AutoDateLocator(maxticks=7))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: _day(dates.num2date(place))))
        return
    if format != "number":
        ends = (float(values.min()), float(values.max()))
        axes.xaxis.set_major_locator(MaxNLocator(9, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(tick_writer(ends, format, None))
        return
    whole = pd.api.types.is_integer_dtype(values)
    # Periods are read in threes and sixes; what is no whole number, in ones, twos and fives.
    steps = [1, 2, 3, 5, 6, 10] if whole else [1, 2, 2.5, 5, 10]
    axes.xaxis.set_major_locator(MaxNLocator(9, integer=whole, steps=steps))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda place, _: f"{place:,.6g}".replace("-", "\u2212"))
    )


def _day(moment: datetime) -> str:
    """Return a date for an axis: the day is left out on the first of a month."""
    text = format_date(moment.date())
    return text.partition(" ")[2] if moment.day == 1 else text


def name_ends(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name at its end, moved apart so that none covers another."""
    if not ends:
        return
    bottom, top = axes.get_ylim()
    gap = 0.062 * (top - bottom)
    floor = bottom
    for height, name, colour in sorted(ends):
        place = max(height, floor)
        floor = place + gap
        axes.annotate(
            name,
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            color=theme.in_words(colour),
            fontweight="bold",
            fontsize=9.5,
            va="center",
            annotation_clip=False,
        )
