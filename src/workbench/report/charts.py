"""The few chart forms that reports use, each with its message in the title.

All return a matplotlib figure for `figure`; none computes anything. Written once here, so that a
notebook needs one call, and every report reads the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from workbench.errors import NotebookError
from workbench.report import theme
from workbench.report.formats import format_date, format_value, is_missing
from workbench.report.tables import as_pandas, check_columns
from workbench.report.text import clean

__all__ = ["bars", "heatmap", "intervals", "lines"]

WIDTH = 7.6  # inches; the page's column at its natural size
_LONGEST = 28  # letters of a label before it is cut


def _label(value: Any) -> str:
    text = " ".join(clean(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _shower(format: str, currency: str | None, digits: int | None) -> Callable[[Any], str]:
    return lambda value: format_value(
        value, format, currency=currency, digits=digits, short=format == "money"
    )


def _frame(frame: Any, names: Sequence[str | None], *, where: str) -> pd.DataFrame:
    data = as_pandas(frame, where=where)
    check_columns(data, [name for name in names if name is not None], where=where)
    if data.empty:
        raise NotebookError(
            "there are no rows to draw", where=where, fix="Show a finding that says so instead."
        )
    return data


def _ticks(low: float, high: float, format: str, currency: str | None) -> Callable[[Any, Any], str]:
    """Return how an axis writes its numbers: short, and no more digits than its range needs."""
    span = high - low

    def write(value: float, _: object) -> str:
        if format == "share":
            return format_value(value, "share", digits=0 if span > 0.05 else 1)
        if format == "money" and abs(value) < 1e6 and (span > 20 or value == int(value)):
            return format_value(value, "money", currency=currency, digits=0)
        return format_value(value, format, currency=currency, short=format == "money")

    return write


def bars(
    frame: Any,
    *,
    label: str,
    value: str,
    title: str,
    subtitle: str = "",
    format: str = "number",
    currency: str | None = None,
    digits: int | None = None,
    highlight: Sequence[str] = (),
    low: str | None = None,
    high: str | None = None,
) -> Figure:
    """Return horizontal bars, the first row on top, each with its number.

    Parameters
    ----------
    frame
        One row for each bar, in the order to show; about 20 at most.
    label, value
        Columns: the bar's name and its length.
    title, subtitle
        What the figure says, and how to read it.
    format, currency, digits
        How the numbers are written, as in `Column`.
    highlight
        Names of the bars that the message is about; the others turn grey.
    low, high
        Columns with the ends of an interval, drawn as a whisker.
    """
    data = _frame(frame, [label, value, low, high], where="charts.bars")
    write = _shower(format, currency, digits)
    numbers = [0.0 if is_missing(v) else float(v) for v in data[value]]
    names = [str(name) for name in data[label]]
    colours = [
        theme.PALETTE[0] if not highlight or name in set(highlight) else "#B4BDC8" for name in names
    ]
    with theme.context():
        fig, axes = _canvas(0.34 * len(names) + 1.0)
        places = range(len(names))
        axes.barh(places, numbers, color=colours, height=0.68)
        reach = numbers
        if low and high:
            ends = [(float(a), float(b)) for a, b in zip(data[low], data[high], strict=True)]
            axes.hlines(places, [e[0] for e in ends], [e[1] for e in ends], color=theme.INK, lw=1.4)
            reach = [max(n, e[1]) for n, e in zip(numbers, ends, strict=True)]
        for place, (tip, number, shown) in enumerate(zip(reach, numbers, data[value], strict=True)):
            axes.annotate(
                write(shown),
                (tip, place),
                xytext=(5 if number >= 0 else -5, 0),
                textcoords="offset points",
                va="center",
                ha="left" if number >= 0 else "right",
                fontsize=9.5,
            )
        axes.set_yticks(places, [_label(name) for name in names], color=theme.INK)
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.axvline(0, color="#AAB2BD", lw=1)
        axes.margins(x=0.14)
        if min(numbers) >= 0:
            axes.set_xlim(left=0)
        theme.message(axes, title, subtitle)
    return fig


def lines(
    frame: Any,
    *,
    x: str,
    y: str,
    title: str,
    subtitle: str = "",
    group: str | None = None,
    low: str | None = None,
    high: str | None = None,
    format: str = "number",
    currency: str | None = None,
    x_label: str = "",
    y_label: str = "",
    step: bool = False,
    from_zero: bool = True,
) -> Figure:
    """Return one line for each group, each named at its end, with a band if there are intervals.

    Parameters
    ----------
    frame
        Rows in the order of x, one for each point; at most six groups.
    x, y
        Columns: numbers or dates, and numbers.
    title, subtitle
        What the figure says, and how to read it.
    group
        Column that names the line.
    low, high
        Columns with the ends of an interval, drawn as a band.
    format, currency
        How the numbers of y are written, as in `Column`.
    x_label, y_label
        What the axes show.
    step
        Draw steps, as for survival curves.
    from_zero
        Start the axis of y at nought.
    """
    data = _frame(frame, [x, y, group, low, high], where="charts.lines")
    groups = [(None, data)] if group is None else list(data.groupby(group, sort=False))
    if len(groups) > len(theme.PALETTE):
        raise NotebookError(
            f"{len(groups)} lines cannot be told apart",
            where="charts.lines",
            fix=f"Draw at most {len(theme.PALETTE)} of them.",
        )
    with theme.context():
        fig, axes = _canvas(3.9)
        ends: list[tuple[float, str, str]] = []
        for colour, (name, part) in zip(theme.PALETTE, groups, strict=False):
            values = part[y].astype(float)
            axes.plot(part[x], values, color=colour, drawstyle="steps-post" if step else "default")
            if low and high:
                axes.fill_between(
                    part[x],
                    part[low].astype(float),
                    part[high].astype(float),
                    color=colour,
                    alpha=0.15,
                    step="post" if step else None,
                )
            known = values.dropna()
            if name is not None and not known.empty:
                ends.append((float(known.iloc[-1]), _label(name), colour))
        if from_zero:
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if data[y].min() < 0 else 0.0)
        axes.margins(x=0.01)
        bottom, top = axes.get_ylim()
        axes.yaxis.set_major_formatter(FuncFormatter(_ticks(bottom, top, format, currency)))
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        _format_x(axes, data[x])
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(clean(x_label))
        axes.set_ylabel(clean(y_label))
        _name_ends(axes, ends)
        theme.message(axes, title, subtitle)
    return fig


def intervals(
    frame: Any,
    *,
    label: str,
    estimate: str,
    low: str,
    high: str,
    title: str,
    subtitle: str = "",
    format: str = "number",
    currency: str | None = None,
    digits: int | None = None,
    reference: float | None = 0.0,
    x_label: str = "",
) -> Figure:
    """Return one point with its interval for each row, beside a line of no difference.

    Parameters
    ----------
    frame
        One row for each estimate, in the order to show.
    label, estimate, low, high
        Columns: name, estimate, and the ends of its interval.
    title, subtitle
        What the figure says, and how to read it.
    format, currency, digits
        How the numbers are written, as in `Column`.
    reference
        Where the line of no difference stands; None for no line.
    x_label
        What the axis shows.
    """
    data = _frame(frame, [label, estimate, low, high], where="charts.intervals")
    write = _shower(format, currency, digits)
    with theme.context():
        fig, axes = _canvas(0.46 * len(data) + 1.3)
        rows = zip(data[label], data[estimate], data[low], data[high], strict=True)
        names: list[str] = []
        for place, (name, middle, left, right) in enumerate(rows):
            names.append(_label(name))
            if is_missing(middle):
                continue
            clear = reference is None or not float(left) <= reference <= float(right)
            colour = theme.PALETTE[0] if clear else theme.GREY
            if not (is_missing(left) or is_missing(right)):
                axes.hlines(place, float(left), float(right), color=colour, lw=2.4)
            axes.plot(float(middle), place, "o", ms=8, color=colour)
            axes.annotate(
                write(middle),
                (float(middle), place),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=9.5,
            )
        if reference is not None:
            axes.axvline(reference, color=theme.INK, lw=1.2, ls=(0, (4, 3)), zorder=0)
        axes.set_yticks(range(len(names)), names, color=theme.INK)
        axes.set_ylim(len(names) - 0.4, -0.7)
        axes.margins(x=0.08)
        left_end, right_end = axes.get_xlim()
        axes.xaxis.set_major_formatter(FuncFormatter(_ticks(left_end, right_end, format, currency)))
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(clean(x_label))
        theme.message(axes, title, subtitle)
    return fig


def heatmap(
    frame: Any,
    *,
    label: str,
    title: str,
    subtitle: str = "",
    format: str = "share",
    currency: str | None = None,
    digits: int | None = None,
    x_label: str = "",
    y_label: str = "",
    top: float | None = None,
) -> Figure:
    """Return a grid of numbers on coloured ground: a retention triangle, a migration matrix.

    Parameters
    ----------
    frame
        Wide: one row for each line of the grid, one column for each of its columns; missing cells
        stay empty.
    label
        Column that names the rows; all other columns are drawn.
    title, subtitle
        What the figure says, and how to read it.
    format, currency, digits
        How the numbers are written, as in `Column`; shares are written without decimals.
    x_label, y_label
        What the columns and the rows are.
    top
        The number that gets the darkest colour; the largest one when not given.
    """
    data = _frame(frame, [label], where="charts.heatmap")
    names = [column for column in data.columns if column != label]
    digits = 0 if format == "share" and digits is None else digits
    write = _shower(format, currency, digits)
    grid = data[names].astype(float)
    if grid.isna().to_numpy().all():
        raise NotebookError("there are no numbers to draw", where="charts.heatmap")
    largest = float(grid.max().max()) if top is None else top
    with theme.context():
        fig, axes = _canvas(0.32 * len(data) + 1.2)
        axes.pcolormesh(
            grid.to_numpy(), cmap=theme.sequential(), vmin=0, vmax=largest or 1, ec="white", lw=1.5
        )
        size = 9.0 if len(names) <= 13 else 7.0
        for row, line in enumerate(grid.itertuples(index=False)):
            for place, number in enumerate(line):
                if is_missing(number):
                    continue
                dark = number > 0.5 * (largest or 1)
                colour = "white" if dark else theme.INK
                axes.text(
                    place + 0.5,
                    row + 0.5,
                    write(number),
                    ha="center",
                    va="center",
                    fontsize=size,
                    color=colour,
                )
        axes.set_xticks([p + 0.5 for p in range(len(names))], [_label(n) for n in names])
        axes.set_yticks([p + 0.5 for p in range(len(data))], [_label(n) for n in data[label]])
        axes.invert_yaxis()
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(clean(x_label), loc="left")
        axes.set_ylabel(clean(y_label))
        # The column names stand on top, so the message goes above them.
        theme.message(axes, title, subtitle, above=18 + (18 if x_label else 0))
    return fig


def _canvas(height: float) -> tuple[Figure, Axes]:
    # Made without pyplot: nothing global to close, and no window system is asked for.
    fig = Figure(figsize=(WIDTH, max(height, 1.6)), layout="constrained")
    return fig, fig.add_subplot()


def _format_x(axes: Axes, values: pd.Series) -> None:
    """Write whole numbers or dates on the axis of x."""
    if pd.api.types.is_datetime64_any_dtype(values):
        dates: Any = mdates  # has no types
        axes.xaxis.set_major_locator(dates.AutoDateLocator(maxticks=7))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: _day(dates.num2date(place))))
        return
    whole = pd.api.types.is_integer_dtype(values)
    axes.xaxis.set_major_locator(MaxNLocator(9, integer=whole))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda place, _: format_value(place, "number", digits=0 if whole else None))
    )


def _day(moment: datetime) -> str:
    """Return a date for an axis: the day is left out on the first of a month."""
    text = format_date(moment.date())
    return text.partition(" ")[2] if moment.day == 1 else text


def _name_ends(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
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
            color=colour,
            fontweight="bold",
            fontsize=9.5,
            va="center",
            annotation_clip=False,
        )
