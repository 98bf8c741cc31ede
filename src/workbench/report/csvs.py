"""Frames as CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from workbench.report.formats import is_missing
from workbench.report.text import formula_safe

__all__ = ["csv_lines", "csv_text"]


def csv_text(frame: pd.DataFrame, headers: Mapping[str, str]) -> str:
    """Return some columns of a frame as CSV: full precision, ISO dates, empty where missing.

    Parameters
    ----------
    frame
        The rows, in the order wanted.
    headers
        Column of the frame -> heading in the file.
    """
    return csv_lines(headers.values(), [frame[name].tolist() for name in headers])


def csv_lines(headings: Iterable[str], columns: Sequence[Sequence[Any]]) -> str:
    """Return columns of values as CSV, as `csv_text` writes them.

    Parameters
    ----------
    headings
        What stands over each column.
    columns
        For each heading its values, all of one length.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([formula_safe(label) for label in headings])
    for row in zip(*columns, strict=True):
        writer.writerow([_plain(value) for value in row])
    return out.getvalue()


def _plain(value: Any) -> object:
    if isinstance(value, str):
        return formula_safe(value)
    if is_missing(value):
        return ""
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bool, int, float)) or value.__class__.__name__ == "Decimal":
        return str(value)
    return formula_safe(str(value))
