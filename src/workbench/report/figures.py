"""A figure as SVG: the same bytes each time, with words for who cannot see it."""

from __future__ import annotations

import base64
import io
import re
import sys
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from workbench.errors import NotebookError
from workbench.report import theme
from workbench.report.display import show
from workbench.report.mime import FIGURE
from workbench.report.text import clean, slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

__all__ = ["figure", "svg_of"]

# matplotlib writes who made the file, with addresses; none of that belongs into a page.
_PROLOGUE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_MARGIN = 0.02  # inches around a figure
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


def svg_of(fig: Figure, *, salt: str) -> str:
    """Return a figure as SVG text: outlines for letters, ids from a salt, no date, no maker.

    Parameters
    ----------
    fig
        The figure; its own size is kept.
    salt
        Seed of the ids inside; two figures of a page must not share one.
    """
    out = io.StringIO()
    fixed: dict[Any, Any] = {
        "svg.hashsalt": salt,
        "svg.fonttype": "path",
        "text.parse_math": False,
        "text.hinting": "none",
    }
    with mpl.rc_context(fixed):
        fig.savefig(out, format="svg", bbox_inches=_filled(fig), metadata={"Date": None})
    svg = _METADATA.sub("", _PROLOGUE.sub("", out.getvalue()))
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _filled(fig: Figure) -> Bbox:
    """Return what the figure fills, in inches, with a thin margin.

    Asking matplotlib for "tight" would draw everything twice.
    """
    if fig.get_layout_engine() is not None:
        fig.draw_without_rendering()
    return fig.get_tightbbox().padded(_MARGIN)


def figure(
    fig: Figure, *, id: str, caption: str, alt: str, png: bool = False, unless: str = ""
) -> None:
    """Record and show a figure, and close it.

    Parameters
    ----------
    fig
        A matplotlib figure, such as the `charts` make.
    id
        Slug, unique in the notebook.
    caption
        What the figure shows; the number is put before it when rendered.
    alt
        What a reader who cannot see it must know: form, axes, and what it shows.
    png
        Record a bitmap beside the SVG, for where SVG is not taken (mail).
    unless
        Why there is nothing to show; then no figure is made. A finding of the same section must say
        the reason.

    Raises
    ------
    NotebookError
        When caption or alternative text is empty.
    """
    if unless:
        _close(fig)
        return
    name = slug(id, where="figure")
    where = f"figure {name}"
    title = " ".join(clean(caption).split())
    words = " ".join(clean(alt).split())
    if not title:
        raise NotebookError("the caption is empty", where=where, fix="Say what the figure shows.")
    if not words:
        raise NotebookError(
            "the alternative text is empty",
            where=where,
            fix="Say in `alt` what the figure shows, for readers who cannot see it.",
        )
    svg = svg_of(fig, salt=name)
    record = {"id": name, "caption": title, "alt": words, "svg": svg}
    if png:
        record["png"] = _png(fig)
    _close(fig)
    show(FIGURE, record, plain=f"{title}\n{words}", preview={"image/svg+xml": svg})


def _close(fig: Figure) -> None:
    """Close a figure: an open one is shown a second time by the notebook, and kept in memory."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(fig)


def _png(fig: Figure) -> str:
    out = io.BytesIO()
    with mpl.rc_context({"text.parse_math": False}):
        fig.savefig(
            out,
            format="png",
            dpi=theme.PNG_DPI,
            bbox_inches=_filled(fig),
            metadata={"Software": None},
        )
    return base64.b64encode(out.getvalue()).decode("ascii")
