"""One look for all figures: calm, printable, and clear to colour-blind readers.

The six colours were chosen by search: each has a contrast of at least 3 to 1 on white, and any two
differ by at least 27 in CIELAB, also as protanopes, deuteranopes and tritanopes see them (Machado,
Oliveira and Fernandes 2009, full severity); a test repeats the measurement. Words need more than
lines: at least 4.5 to 1 on what is behind them (WCAG 2.2, 1.4.3), which `in_words` and `on` give.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

from workbench.errors import NotebookError
from workbench.report.text import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "GREY",
    "INK",
    "PALETTE",
    "READABLE",
    "context",
    "contrast",
    "in_words",
    "message",
    "on",
    "sequential",
    "use",
]

PALETTE = ("#0B5FA5", "#C98306", "#04AA63", "#882B0D", "#976CFF", "#9B718C")
INK = "#1F2933"
GREY = "#5B6673"
GRID = "#E3E7EC"
PNG_DPI = 150
READABLE = 4.5
"""The least contrast of words with what is behind them."""
_FADING = tuple(1 - step / 25 for step in range(26))

# Letters of DejaVu Sans that fit into an inch, bold 12.5 and plain 9.5 points.
_TITLE_LETTERS, _SUBTITLE_LETTERS = 9.4, 13.5

_RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same letters everywhere
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # a price with two $ in a label is no formula
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.edgecolor": "#AAB2BD",
    "axes.labelcolor": GREY,
    "axes.labelsize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlesize": 12.5,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "patch.linewidth": 0,
    "figure.facecolor": "white",
    "figure.figsize": (7.6, 4.0),
    "figure.dpi": 100,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    # Measure letters as outlines are drawn: hinted ones are narrower, and labels would be cut.
    "text.hinting": "none",
}


def use() -> None:
    """Set the theme for all figures that follow, seaborn's included."""
    mpl.rcParams.update(_RC)


@contextmanager
def context() -> Iterator[None]:
    """Set the theme for the figures made inside."""
    with mpl.rc_context(_RC):
        yield


def sequential() -> LinearSegmentedColormap:
    """Return the colour map from little (near white) to much (deep blue)."""
    return LinearSegmentedColormap.from_list(
        "workbench", ["#F3F7FB", "#B9D4EA", "#5E9CCB", "#0B5FA5", "#083E6E"]
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 (the same) to 21 (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    )
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


@cache
def in_words(colour: str) -> str:
    """Return a line's colour as its name is written on paper: darkened until it can be read."""
    red, green, blue = to_rgb(colour)
    shades = (to_hex((red * part, green * part, blue * part)) for part in _FADING)
    return next(shade for shade in shades if contrast(shade, "white") >= READABLE)


@cache
def on(ground: str) -> str:
    """Return the colour of words on a ground: ink or white, or black where neither can be read."""
    return next(ink for ink in (INK, "white", "black") if contrast(ink, ground) >= READABLE)


def message(axes: Axes, title: str, subtitle: str = "", *, above: float = 0) -> None:
    """Put the message over the axes: what the figure says, and how to read it.

    Call it last: the message starts at the left edge of all that is drawn, names of ticks included.

    Parameters
    ----------
    axes
        The axes; a long message is broken into lines.
    title
        What the figure says, as a short sentence.
    subtitle
        How to read it: what is drawn, in which unit, over which time.
    above
        Points to leave free between the axes and the message, for labels on top.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise NotebookError("the axes belong to no figure", where="theme.message")
    inches = figure.get_size_inches()[0]
    head = textwrap.fill(clean(title), int(inches * _TITLE_LETTERS))
    under = textwrap.fill(clean(subtitle), int(inches * _SUBTITLE_LETTERS))
    pad = above + (13 * (under.count("\n") + 1) + 12 if under else 10)
    axes.set_title(head, loc="left", pad=pad)
    # Only a finished layout tells how wide the names of the ticks are. It is then kept: laying out
    # again for each drawing takes longer than all the rest.
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)
    box, filled = axes.get_window_extent(), axes.get_tightbbox()
    left = (filled.x0 - box.x0) / box.width if filled is not None and box.width else 0.0
    axes.set_title(head, loc="left", pad=pad, x=left)
    if under:
        axes.annotate(
            under,
            xy=(left, 1),
            xytext=(0, 8 + above),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=9.5,
            color=GREY,
            va="bottom",
            annotation_clip=False,
        )
