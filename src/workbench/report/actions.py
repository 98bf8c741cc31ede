"""Customers to act on: written for the CRM, readable by their owner only, never shown."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import NotebookError
from workbench.report.csvs import csv_text
from workbench.report.display import show
from workbench.report.findings import format_unit, plain_number
from workbench.report.formats import format_number, is_missing
from workbench.report.mime import ACTION
from workbench.report.tables import as_pandas, check_columns
from workbench.report.text import clean, escape_markdown, formula_safe, slug

__all__ = ["SCHEMA", "action_list"]

SCHEMA = 2  # of the record and the file; a CRM that reads them checks it


def action_list(
    frame: Any,
    *,
    id: str,
    label: str,
    key: str,
    folder: Path | str,
    columns: Mapping[str, str] | Sequence[str],
    value: str | float | None = None,
    unit: str | None = None,
    holdout: str | None = None,
    min_group: int = 5,
    hidden: bool = False,
) -> None:
    """Write customers to act on into the owner-only folder, and show only how many and how much.

    Where they are few, that is not shown either: neither how many they are nor what they are worth.
    The file is the same.

    The file ``<id>.csv`` has one row for each customer, the key first; strings that a spreadsheet
    would run get a leading apostrophe. It is written beside its place and then renamed.

    Parameters
    ----------
    frame
        One row for each customer, the most urgent first.
    id
        Slug; names the file.
    label
        What is to be done with them: ``Customers to win back``.
    key
        Column with the CRM's own key; no value may be missing or stand twice.
    folder
        The owner-only folder, ``unit.actions``; made with mode 0700 when missing.
    columns
        Columns to write beside the key: names, or name -> heading.
    value
        What the list is worth: a column to add up, or a number.
    unit
        Unit of the value, as in `metric`: an ISO currency code, ``share``, ``days`` or a word.
    holdout
        Column of truth values: who must not be contacted, so that the effect can be measured.
        They go to ``<id>.holdout.csv`` instead. Where few are held out, or few are not, neither
        number is shown: who knows all of them would know the other one.
    min_group
        The smallest group that may be shown, ``unit.min_group``. Nobody is no group.
    hidden
        Whether to hide how many they are in any case, because a smaller group that is shown nowhere
        could be computed from it.

    Raises
    ------
    NotebookError
        When a column is missing, or keys are missing or not unique.
    """
    name = slug(id, where="action list")
    where = f"action list {name}"
    title = " ".join(clean(label).split())
    if not title:
        raise NotebookError("the label is empty", where=where, fix="Say what is to be done.")
    if (value is None) != (unit is None):
        raise NotebookError(
            "value and unit go together", where=where, fix="Give both of them, or none."
        )
    data = as_pandas(frame, where=where)
    headers = dict(columns) if isinstance(columns, Mapping) else {c: c for c in columns}
    headers = {key: headers.get(key, key), **headers}
    extra = [name for name in (value, holdout) if isinstance(name, str)]
    check_columns(data, [*headers, *extra], where=where)
    _check_keys(data[key], where=where)
    held = _held(data, holdout)
    treated = data[~held]
    place = Path(folder)
    digest = _write(place, f"{name}.csv", csv_text(treated, headers))
    apart: dict[str, Any] | None = None
    if holdout is not None:
        aside = f"{name}.holdout.csv"
        apart = {
            "file": aside,
            "digest": _write(place, aside, csv_text(data[held], headers)),
        }
    many, aside_many = len(treated), int(held.sum())
    few = [count for count in (many, aside_many) if 0 < count < min_group]
    secret = bool(many) and (hidden or bool(few))
    total = None if secret else _total(treated, value, where=where)
    told = _told(many, min_group, hidden=secret)
    if apart is not None:
        withheld = bool(aside_many) and (hidden or bool(few))
        apart["customers"] = None if withheld else aside_many
        apart["customers_display"] = _told(aside_many, min_group, hidden=withheld)
    record = {
        "id": name,
        "label": title,
        "file": f"{name}.csv",
        "digest": digest,
        "key": formula_safe(headers[key]),
        "columns": [formula_safe(heading) for heading in headers.values()],
        "customers": None if secret else many,
        "customers_display": told,
        "min_group": min_group,
        "value": total,
        "unit": unit,
        "holdout": apart,
        "display": None if total is None or unit is None else format_unit(total, unit),
        "schema": SCHEMA,
    }
    said = f"{title}: {told}"
    if record["display"]:
        said += f", {record['display']}"
    if apart is not None:
        said += f"; held out: {apart['customers_display']}"
    said += f". Written to {name}.csv in the owner-only folder."
    show(ACTION, record, plain=said, preview={"text/markdown": escape_markdown(said)})


def _told(count: int, min_group: int, *, hidden: bool) -> str:
    """Return how many customers there are, in words; without the number where it is hidden."""
    if not hidden:
        return f"{format_number(count)} customers"
    if count < min_group:
        return f"fewer than {min_group} customers"
    return "number of customers hidden, so that a smaller group cannot be computed"


def _check_keys(keys: pd.Series, *, where: str) -> None:
    missing = sum(is_missing(value) or str(value).strip() == "" for value in keys)
    twice = int(keys.duplicated().sum())
    if missing or twice:
        raise NotebookError(
            f"{missing} keys are missing and {twice} stand more than once",
            where=where,
            fix="Give one row for each customer, each with the CRM's key.",
        )


def _held(data: pd.DataFrame, holdout: str | None) -> pd.Series:
    if holdout is None:
        return pd.Series(False, index=data.index)
    return data[holdout].astype(bool)


def _total(data: pd.DataFrame, value: str | float | None, *, where: str) -> float | int | None:
    if value is None:
        return None
    # Decimals add up exactly; a plain sum keeps the order of the rows for floats too.
    amount = sum(data[value].tolist()) if isinstance(value, str) else value
    return plain_number(amount, where=where)


def _write(folder: Path, name: str, text: str) -> str:
    """Write an owner-only file in one step, and return the digest of its bytes."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = text.encode("utf-8")
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return hashlib.sha256(content).hexdigest()
