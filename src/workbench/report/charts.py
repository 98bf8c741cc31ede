"""The few chart forms that reports use, each with its message in the title.

All return a matplotlib figure for `figure`; none computes anything. Written once here, so that a
notebook needs one call, and every report reads the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from workbench.errors import NotebookError
from workbench.report import theme
from workbench.report.drawing import (
    canvas,
    drawable,
    format_x,
    name_ends,
    only_bars,
    short_label,
    shower,
    tick_writer,
)
from workbench.report.formats import is_missing
from workbench.report.text import clean
from workbench.report.waterfall import waterfall

__all__ = ["bars", "heatmap", "intervals", "lines", "waterfall"]

EMPTY_GRID = "Every cell is too small to be shown"


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
    colours: str | None = None,
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
    colours
        Column with each bar's place in the palette, 0 to 5, for things that keep their colour from
        one figure or edition to the next; `highlight` is then not used.
    low, high
        Columns with the ends of an interval, drawn as a whisker.
    """
    data = drawable(frame, [label, value, colours, low, high], where="charts.bars")
    write = shower(format, currency, digits)
    numbers = [0.0 if is_missing(v) else float(v) for v in data[value]]
    names = [str(name) for name in data[label]]
    fills = (
        [theme.PALETTE[int(place)] for place in data[colours]]
        if colours is not None
        else [theme.PALETTE[0] if not highlight or n in highlight else "#B4BDC8" for n in names]
    )
    with theme.context():
        labels = [short_label(name) for name in names]
        fig, axes = canvas((0.44 if "\n" in "".join(labels) else 0.34) * len(names) + 1.0)
        places = range(len(names))
        axes.barh(places, numbers, color=fills, height=0.68)
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
        only_bars(axes, labels, margin=0.14)
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
    x_format: str = "number",
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
    x_format
        How the numbers of x are written; dates are known by their type.
    x_label, y_label
        What the axes show.
    step
        Draw steps, as for survival curves.
    from_zero
        Start the axis of y at nought.
    """
    data = drawable(frame, [x, y, group, low, high], where="charts.lines")
    groups = [(None, data)] if group is None else list(data.groupby(group, sort=False))
    if len(groups) > len(theme.PALETTE):
        raise NotebookError(
            f"{len(groups)} lines cannot be told apart",
            where="charts.lines",
            fix=f"Draw at most {len(theme.PALETTE)} of them.",
        )
    with theme.context():
        fig, axes = canvas(3.9)
        ends: list[tuple[float, str, str]] = []
        for colour, (name, part) in zip(theme.PALETTE, groups, strict=False):
            last = _line(axes, part, (x, y, low, high), colour, step=step)
            if name is not None and last is not None:
                ends.append((last, short_label(name), colour))
        if from_zero:
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if data[y].min() < 0 else 0.0)
        axes.margins(x=0.01)
        axes.yaxis.set_major_formatter(tick_writer(axes.get_ylim(), format, currency, ticks=6))
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        format_x(axes, data[x], x_format)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(clean(x_label))
        axes.set_ylabel(clean(y_label))
        name_ends(axes, ends)
        theme.message(axes, title, subtitle)
    return fig


def _line(
    axes: Axes,
    part: pd.DataFrame,
    names: tuple[str, str, str | None, str | None],
    colour: str,
    *,
    step: bool,
) -> float | None:
    """Draw one line with its band, and return the height at which it ends."""
    x, y, low, high = names
    values = part[y].astype(float)
    axes.plot(part[x], values, color=colour, drawstyle="steps-post" if step else "default")
    if low and high:
        ends = (part[low].astype(float), part[high].astype(float))
        look: dict[str, Any] = {"color": colour, "alpha": 0.15, "lw": 0}
        axes.fill_between(part[x], *ends, step="post" if step else None, **look)
    known = values.dropna()
    return None if known.empty else float(known.iloc[-1])


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
        Columns: name, estimate, and the ends of its interval; a row without ends is a point alone.
    title, subtitle
        What the figure says, and how to read it.
    format, currency, digits
        How the numbers are written, as in `Column`.
    reference
        Where the line of no difference stands; None for no line.
    x_label
        What the axis shows.
    """
    data = drawable(frame, [label, estimate, low, high], where="charts.intervals")
    write = shower(format, currency, digits)
    with theme.context():
        fig, axes = canvas(0.46 * len(data) + 1.3)
        rows = zip(data[label], data[estimate], data[low], data[high], strict=True)
        names: list[str] = []
        for place, (name, middle, left, right) in enumerate(rows):
            names.append(short_label(name))
            if is_missing(middle):
                continue
            ends = not (is_missing(left) or is_missing(right))
            # Without an interval nothing is clear of the line.
            clear = ends and (reference is None or not float(left) <= reference <= float(right))
            colour = theme.PALETTE[0] if clear else theme.GREY
            if ends:
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
        axes.xaxis.set_major_formatter(tick_writer(axes.get_xlim(), format, currency))
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
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
        stay empty, and where all are, the figure says so.
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
    data = drawable(frame, [label], where="charts.heatmap")
    names = [column for column in data.columns if column != label]
    digits = 0 if format == "share" and digits is None else digits
    write = shower(format, currency, digits)
    grid = data[names].astype(float)
    empty = bool(grid.isna().to_numpy().all())
    if empty and not grid.size:
        raise NotebookError("there are no numbers to draw", where="charts.heatmap")
    largest = (0.0 if empty else float(grid.max().max())) if top is None else top
    with theme.context():
        fig, axes = canvas(0.32 * len(data) + 1.2)
        cells = axes.pcolormesh(
            grid.to_numpy(), cmap=theme.sequential(), vmin=0, vmax=largest or 1, ec="white", lw=1.5
        )
        grounds = cells.to_rgba(grid.to_numpy())
        size = 9.0 if len(names) <= 13 else 7.0
        for (row, place), number in np.ndenumerate(grid.to_numpy()):
            if is_missing(number):
                continue
            colour = theme.on(to_hex(tuple(grounds[row, place])))
            text = axes.text(place + 0.5, row + 0.5, write(number), fontsize=size, color=colour)
            text.set(ha="center", va="center", in_layout=False)  # measuring them all is slow
        if empty:  # a small unit, all of whose groups are too small to be shown
            words = axes.text(0.5, 0.5, EMPTY_GRID, transform=axes.transAxes, color=theme.GREY)
            words.set(ha="center", va="center")
        axes.set_xticks([p + 0.5 for p in range(len(names))], [short_label(n) for n in names])
        axes.set_yticks([p + 0.5 for p in range(len(data))], [short_label(n) for n in data[label]])
        axes.invert_yaxis()
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(clean(x_label), loc="left")
        if y_label:  # over the names of the rows: turned, it would be longer than a low grid
            axes.annotate(
                clean(y_label),
                (0, 1),
                xytext=(-4, 5),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="right",
                color=theme.GREY,
                fontsize=9.5,
                annotation_clip=False,
            )
        # The column names stand on top, so the message goes above them.
        theme.message(axes, title, subtitle, above=18 + (18 if x_label else 0))
    return fig
