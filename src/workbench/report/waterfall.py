"""How an amount became another, step by step: floating bars between two totals."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from workbench.errors import NotebookError
from workbench.report import theme
from workbench.report.drawing import canvas, drawable, only_bars, short_label, shower
from workbench.report.formats import is_missing

__all__ = ["waterfall"]


def waterfall(
    frame: Any,
    *,
    label: str,
    step: str,
    title: str,
    subtitle: str = "",
    format: str = "number",
    currency: str | None = None,
    digits: int | None = None,
) -> Figure:
    """Return bars that begin where the one before ended, between a first and a last total.

    Parameters
    ----------
    frame
        The amount before in the first row, one row for each step, the amount after in the last
        one; at least two rows. Steps need not add up: what is missing is seen as a gap.
    label, step
        Columns: the bar's name, and the amount or by how much it changes (below nought: less).
    title, subtitle
        What the figure says, and how to read it.
    format, currency, digits
        How the numbers are written, as in `Column`.

    Raises
    ------
    NotebookError
        When there are fewer than two rows, or a number is missing.
    """
    data = drawable(frame, [label, step], where="charts.waterfall")
    if len(data) < 2 or any(is_missing(value) for value in data[step]):
        raise NotebookError(
            "a waterfall needs an amount before, one after, and no number missing",
            where="charts.waterfall",
            fix="Leave out a step that is hidden, or sum it up with others.",
        )
    write = shower(format, currency, digits)
    steps = [float(value) for value in data[step]]
    with theme.context():
        names = [short_label(str(name)) for name in data[label]]
        fig, axes = canvas(0.4 * len(names) + 1.0)
        level = 0.0
        for place, change in enumerate(steps):
            whole = place in (0, len(steps) - 1)
            start = 0.0 if whole else level
            colour = theme.GREY if whole else theme.PALETTE[0 if change >= 0 else 1]
            axes.barh(place, change, left=start, color=colour, height=0.62)
            level = change if whole else level + change
            if place < len(steps) - 1:
                axes.vlines(level, place - 0.31, place + 1.31, color="#AAB2BD", lw=1)
            shown = write(data[step].iloc[place])
            axes.annotate(
                f"+{shown}" if change > 0 and not whole else shown,
                (max(start, start + change), place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
            )
        only_bars(axes, names, margin=0.16)
        theme.message(axes, title, subtitle)
    return fig
