"""The HTML of a table, laid out by great_tables and cut down to what one shared stylesheet needs.

great_tables brings 12 KB of styles for each table, a random id and no caption. Here the id is
fixed, the styles are dropped (the page has one stylesheet for all), ids and classes never hold
names from data, and a caption and a place to scroll are added.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import great_tables
import pandas as pd

from workbench.report.text import escape_html

__all__ = ["TABLE_CSS", "Cell", "Head", "preview_html", "table_html"]

_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_TABLE = re.compile(r"<table\b[^>]*>(.*)</table>", re.DOTALL)
_IDS = re.compile(r'(<t[hdr]\b[^>]*?) (?:id|headers)="[^"]*"')
_HOLDER = re.compile(r"@c\d+(?:r\d+)?@")
_SPANS = re.compile(r' (?:row|col)span="1"')

# What a notebook's preview needs; the page has the same rules in its own stylesheet.
TABLE_CSS = (
    ".wb-table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".wb-table caption{text-align:left;font-weight:600;padding:0 0 .5em}"
    ".wb-table th,.wb-table td{padding:.3em .8em;text-align:left;border-bottom:1px solid #d9dee5}"
    ".wb-table .wb-short{white-space:nowrap}"
    ".wb-table .gt_right{text-align:right}.wb-table .gt_center{text-align:center}"
    ".wb-bar{width:5em;height:.6em;margin-left:.6em;fill:#0b5fa5}"
)


@dataclass(frozen=True)
class Head:
    """The heading of one column.

    Parameters
    ----------
    label
        Its words, not escaped.
    align
        ``left``, ``right`` or ``center``.
    is_row_label
        Whether its cells are the rows' headers.
    whole
        Whether its cells are never broken into lines.
    """

    label: str
    align: str
    is_row_label: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text
        What it says, not escaped.
    bar
        Length of its bar as a part of the longest, 0 to 1; None for no bar.
    reason
        Why the value is missing, for the reader of the en dash.
    """

    text: str
    bar: float | None = None
    reason: str | None = None

    def html(self) -> str:
        """Return the cell's content, escaped."""
        text = escape_html(self.text).replace("\n", "<br>")
        if self.reason:
            reason = escape_html(self.reason)
            return f'<span title="{reason}">{text}</span><span class="wb-hidden"> {reason}</span>'
        if self.bar is None:
            return text
        # The number says the same, so a screen reader may pass over the picture.
        return (
            f'{text} <svg class="wb-bar" viewBox="0 0 100 10" preserveAspectRatio="none" '
            f'aria-hidden="true" focusable="false"><rect width="{self.bar * 100:.1f}" height="10"/>'
            "</svg>"
        )


def table_html(
    name: str, caption: str, heads: Sequence[Head], cells: Sequence[Sequence[Cell]]
) -> str:
    """Return a table's HTML: caption, scoped headers, no styles, the same bytes each time.

    Parameters
    ----------
    name
        Slug; the element's id becomes ``tbl-<name>``.
    caption
        Its words, not escaped.
    heads
        One for each column, in order.
    cells
        For each column its cells, in the order of the rows.
    """
    # great_tables sees place holders only, and the escaped cells are filled in afterwards: what is
    # escaped, and how often, is then decided in one place.
    keys = [f"c{place}" for place in range(len(heads))]
    filled = {f"@{key}@": escape_html(head.label) for key, head in zip(keys, heads, strict=True)}
    held: dict[str, list[str]] = {}
    for key, column in zip(keys, cells, strict=True):
        held[key] = [f"@{key}r{row}@" for row in range(len(column))]
        filled.update(zip(held[key], (cell.html() for cell in column), strict=True))
    row_key = next((key for key, head in zip(keys, heads, strict=True) if head.is_row_label), None)
    frame = pd.DataFrame(held, columns=keys, dtype=object)
    built = great_tables.GT(frame, id=f"tbl-{name}", rowname_col=row_key)
    built = built.cols_label(cases={key: f"@{key}@" for key in keys})
    if row_key is not None:
        built = built.tab_stubhead(f"@{row_key}@")
    for align in ("left", "right", "center"):
        chosen = [key for key, head in zip(keys, heads, strict=True) if head.align == align]
        if chosen:
            built = built.cols_align(align=align, columns=chosen)
    found = _TABLE.search(_STYLE.sub("", built.as_raw_html()))
    assert found is not None, "great_tables always gives a table"
    body = _SPANS.sub("", found[1])
    while _IDS.search(body):
        body = _IDS.sub(r"\1", body)
    body = "\n".join(line.strip() for line in body.splitlines() if line.strip())
    for key in (key for key, head in zip(keys, heads, strict=True) if head.whole):
        body = re.sub(rf'class="([^"]*)">(?=@{key}r)', r'class="\1 wb-short">', body)
    body = _HOLDER.sub(lambda match: filled[match[0]], body)
    return (
        f'<table class="wb-table" id="tbl-{name}">\n<caption>{escape_html(caption)}</caption>\n'
        f"{body}\n</table>"
    )


def preview_html(table: str) -> str:
    """Return a table with the few styles that it needs in a notebook."""
    return f"<style>{TABLE_CSS}</style>{table}"
