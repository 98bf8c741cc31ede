"""Customers to act on: candidates for a list, readable by their owner only, never shown.

A report does not know what the lists of other reports hold, so it settles nothing: it writes who
qualifies and agreed to marketing. The suite then settles all lists of the unit by one contact
policy.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import NotebookError
from workbench.report.candidates import MARGIN, VALUE, add_up, parquet_bytes
from workbench.report.display import show
from workbench.report.findings import format_unit, plain_number
from workbench.report.formats import format_number, is_missing
from workbench.report.mime import ACTION
from workbench.report.tables import as_pandas, check_columns
from workbench.report.text import clean, escape_markdown, formula_safe, slug

__all__ = ["SCHEMA", "action_list"]

SCHEMA = 3  # of the record and of the candidates' file


def action_list(
    frame: Any,
    *,
    id: str,
    label: str,
    key: str,
    folder: Path | str,
    columns: Mapping[str, str] | Sequence[str],
    consent: str | None,
    channel: str | None = None,
    value: str | None = None,
    margin: str | None = None,
    unit: str | None = None,
    holdout_share: float = 0.0,
    min_group: int = 5,
    hidden: bool = False,
) -> None:
    """Write the candidates for a list into the owner-only folder, and show only how many and what.

    Where they are few, that is not shown either: neither how many they are nor what they are worth.
    The file is the same.

    The file ``<id>.parquet`` has one row for each customer who qualifies and agreed to marketing,
    the key first; who did not agree is only counted. It is written beside its place and then
    renamed. The suite settles from it, and from those of all other reports, who is contacted.

    Parameters
    ----------
    frame
        One row for each customer who qualifies, the most urgent first.
    id
        Slug; names the list.
    label
        What is to be done with them: ``Customers to win back``.
    key
        Column with the CRM's own key; no value may be missing or stand twice.
    folder
        The owner-only folder, ``unit.actions``; made with mode 0700 when missing.
    columns
        Columns to write beside the key: names, or name -> heading.
    consent
        Column of truth values: who agreed to marketing. Missing is no. None where the unit's data
        do not tell: then nobody is known to have agreed, and the list is empty.
    channel
        Column with the channel that reaches a customer best; missing where it is not known.
    value
        Column with what each customer is worth.
    margin
        Column with the margin of that, missing where the cost is not known.
    unit
        Unit of both, as in `metric`: an ISO currency code, ``share``, ``days`` or a word.
    holdout_share
        Share of those on the list to hold out, 0 to below 1, so that a later edition can say what
        the contact did. Who is held out is drawn by the suite.
    min_group
        The smallest group that may be shown, ``unit.min_group``. Nobody is no group.
    hidden
        Whether to hide how many they are in any case, because a smaller group that is shown nowhere
        could be computed from it.

    Raises
    ------
    NotebookError
        When a column is missing, keys are missing or not unique, two columns have one heading, or
        the share is none.
    """
    name = slug(id, where="action list")
    where = f"action list {name}"
    title = " ".join(clean(label).split())
    _check_options(title, value, margin, unit, holdout_share, where=where)
    data = as_pandas(frame, where=where)
    chosen = dict(columns) if isinstance(columns, Mapping) else {c: c for c in columns}
    extra = {c: c for c in (channel, margin) if c is not None and c not in chosen}
    named = {key: chosen.get(key, key), **chosen, **extra}
    check_columns(data, [*named, *(c for c in (value, consent) if c)], where=where)
    headers = {column: str(formula_safe(heading)) for column, heading in named.items()}
    _check_headings(headers, where=where)
    _check_keys(data[key], where=where)
    agreed = _agreed(data, consent)
    reachable = data[agreed]
    amounts = {
        label: column for label, column in ((VALUE, value), (MARGIN, margin)) if column is not None
    }
    file = f"{name}.parquet"
    refused = len(data) - len(reachable)
    digest = _write(Path(folder), file, parquet_bytes(reachable, headers, amounts, refused))
    worth = _worth(data, value, margin, where=where)
    told = _told(len(data), len(reachable), worth, unit, min_group=min_group, hidden=hidden)
    record = {
        "id": name,
        "label": title,
        "file": file,
        "digest": digest,
        "key": headers[key],
        "columns": list(headers.values()),
        "channel": headers[channel] if channel is not None else None,
        **told,
        "consent_known": _is_known(data, consent),
        "min_group": min_group,
        "unit": unit,
        "holdout_share": float(holdout_share),
        "schema": SCHEMA,
    }
    said = f"{title}: qualify: {told['customers_display']}"
    if told["display"]:
        said += f", worth {told['display']}"
    said += f"; without consent to marketing: {told['no_consent_display']}"
    said += ". Who is contacted is settled with all lists of the unit."
    show(ACTION, record, plain=said, preview={"text/markdown": escape_markdown(said)})


@dataclass(frozen=True)
class _Worth:
    """What some customers are worth: sums, and of how many the margin is known."""

    value: float | int | None = None
    margin: float | int | None = None
    with_margin: int = 0


def _check_options(
    title: str,
    value: str | None,
    margin: str | None,
    unit: str | None,
    holdout_share: float,
    *,
    where: str,
) -> None:
    if not title:
        raise NotebookError("the label is empty", where=where, fix="Say what is to be done.")
    if (value is None) != (unit is None):
        raise NotebookError(
            "value and unit go together", where=where, fix="Give both of them, or none."
        )
    if margin is not None and value is None:
        raise NotebookError("a margin without a value", where=where, fix="Give the value, too.")
    if not 0 <= holdout_share < 1:
        raise NotebookError(
            f"holdout_share == {holdout_share}, must be at least 0 and less than 1", where=where
        )


def _check_headings(headers: Mapping[str, str], *, where: str) -> None:
    labels = list(headers.values())
    wrong = sorted({one for one in labels if labels.count(one) > 1 or one in (VALUE, MARGIN)})
    if wrong:
        raise NotebookError(
            f"the heading {', '.join(wrong)} stands twice, or is taken",
            where=where,
            fix="Give each column a heading of its own.",
        )


def _check_keys(keys: pd.Series, *, where: str) -> None:
    missing = sum(is_missing(value) or str(value).strip() == "" for value in keys)
    twice = int(keys.duplicated().sum())
    if missing or twice:
        raise NotebookError(
            f"{missing} keys are missing and {twice} stand more than once",
            where=where,
            fix="Give one row for each customer, each with the CRM's key.",
        )


def _agreed(data: pd.DataFrame, consent: str | None) -> pd.Series:
    """Return who agreed to marketing; nobody whose answer is missing, or anything but yes."""
    said = [None] * len(data) if consent is None else data[consent].tolist()
    agreed = [not is_missing(one) and bool(one == True) for one in said]  # noqa: E712
    return pd.Series(agreed, index=data.index, dtype=bool)


def _is_known(data: pd.DataFrame, consent: str | None) -> bool:
    """Return whether anybody's answer is known; of nobody, it is."""
    if not len(data):
        return True
    return consent is not None and not all(is_missing(said) for said in data[consent])


def _worth(data: pd.DataFrame, value: str | None, margin: str | None, *, where: str) -> _Worth:
    if value is None:
        return _Worth()
    total = plain_number(add_up(data[value].tolist()), where=where)
    if margin is None:
        return _Worth(total)
    known = [one for one in data[margin].tolist() if not is_missing(one)]
    return _Worth(total, plain_number(add_up(known), where=where), len(known))


def _told(
    many: int, reachable: int, worth: _Worth, unit: str | None, *, min_group: int, hidden: bool
) -> dict[str, Any]:
    """Return what the record says of numbers and worth, without what few would give away."""

    def is_few(*counts: int) -> bool:
        return any(0 < count < min_group for count in counts)

    refused = many - reachable
    secret = bool(many) and (hidden or is_few(many))
    # Of two parts of a number that is shown, the one gives the other away.
    split = secret or is_few(reachable, refused)
    without = many - worth.with_margin
    no_margin = secret or is_few(worth.with_margin) or (not worth.with_margin and bool(many))
    value, margin = (None if secret else worth.value), (None if no_margin else worth.margin)
    known = margin is not None
    return {
        "customers": None if secret else many,
        "customers_display": _how_many(many, min_group, hidden=secret),
        "no_consent": None if split else refused,
        "no_consent_display": _how_many(refused, min_group, hidden=split),
        "candidates": None if split else reachable,
        "candidates_display": _how_many(reachable, min_group, hidden=split),
        "value": value,
        "display": None if value is None or unit is None else format_unit(value, unit),
        "margin": margin,
        "margin_display": None if not known or unit is None else format_unit(margin, unit),
        "margin_missing": without if known and not is_few(without) else None,
    }


def _how_many(count: int, min_group: int, *, hidden: bool) -> str:
    """Return how many customers there are, in words; without the number where it is hidden."""
    if not hidden:
        return f"{format_number(count)} customer{'' if count == 1 else 's'}"
    if 0 < count < min_group:
        return f"fewer than {min_group} customers"
    return "number of customers hidden, so that a smaller group cannot be computed"


def _write(folder: Path, name: str, content: bytes) -> str:
    """Write an owner-only file in one step, and return the digest of its bytes."""
    for place in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        place.mkdir(mode=0o700, exist_ok=True)  # another report may be making it, too
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return hashlib.sha256(content).hexdigest()
