"""Covariates as numbers: checked, and rows with equal ones found, whatever their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import AnalysisError
from workbench.retention.times import Floats, Ints

__all__ = ["checked_columns", "distinct_rows"]

_WIDEST = 2**62


def checked_columns(
    covariates: Any, rows: int, *, where: str
) -> tuple[tuple[str, ...], list[Floats]]:
    """Return names and columns of covariates as numbers, or refuse them.

    Parameters
    ----------
    covariates
        A frame of numbers or true/false, a column per covariate, shape (rows, covariates).
    rows
        How many rows there must be.
    where
        What is done with them, for the message of an error.

    Raises
    ------
    AnalysisError
        Without a column, for two of one name, another number of rows, columns that are no numbers,
        or values that are missing or endless.
    """
    frame = covariates if isinstance(covariates, pd.DataFrame) else pd.DataFrame(covariates)
    names = tuple(str(name) for name in frame.columns)
    if not names:
        raise AnalysisError("no covariate is given", where=where, fix="Give one column at least.")
    if len(set(names)) < len(names):
        raise AnalysisError("two covariates have the same name", where=where)
    if len(frame) != rows:
        raise AnalysisError("covariates and durations differ in length", where=where)
    columns = []
    for place, name in enumerate(names):
        values = frame.iloc[:, place]
        if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
            raise AnalysisError(
                f"covariate {name} is {values.dtype}, not a number",
                where=where,
                fix="Give a column of 0 and 1 for each level of a category but one.",
            )
        column = values.to_numpy("float64", na_value=np.nan) + 0.0  # one kind of nought only
        missing = int((~np.isfinite(column)).sum())
        if missing:
            raise AnalysisError(
                f"covariate {name} is missing or endless in {missing:,} rows",
                where=where,
                fix="Leave these rows out, or make missing a level of its own.",
            )
        columns.append(column)
    return names, columns


def distinct_rows(
    keys: list[Ints], columns: list[Floats], last: Ints | None = None
) -> tuple[Ints, Ints]:
    """Return an order of the rows by their values, and where in it each distinct row begins.

    Parameters
    ----------
    keys
        Whole numbers, not negative, a column each; one at least.
    columns
        Numbers, a column each, none missing.
    last
        Whole numbers that are compared last, such as what a row is called: whatever they are, the
        others come in the same order.
    """
    rows = len(keys[0])
    if not rows:
        return np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64")
    made, size = np.zeros(rows, dtype="int64"), 1
    alone = False
    for codes in keys:
        made, size = _combined(made, size, codes, int(codes.max()) + 1)
    for column in columns:
        known = pd.factorize(column)
        rank = np.empty(len(known[1]), dtype="int64")
        rank[np.argsort(known[1])] = np.arange(len(rank))
        made, size = _combined(made, size, rank[known[0]], len(rank))
        if len(rank) == rows:  # no two rows are equal, so their order is settled
            alone = True
            break
    if last is not None and not alone:
        made, size = _combined(made, size, last, int(last.max()) + 1)
    order = np.argsort(made)
    if alone:
        return order, np.arange(rows)
    ordered = made[order]
    return order, np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def _combined(made: Ints, size: int, codes: Ints, more: int) -> tuple[Ints, int]:
    if size > _WIDEST // max(more, 1):
        known, made = np.unique(made, return_inverse=True)
        size = len(known)
    return made * more + codes, size * more
