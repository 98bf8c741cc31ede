"""Means of values cut at a cap: a few very large outcomes cannot drown the rest.

The answer is about the capped outcome, and the cap is part of it. It is a quantile of all customers
together, looked up before anything is known of the groups.

References
----------
Tukey & McLaughlin, Sankhya A 25, 1963.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from workbench.data.frames import collect, lazy, require_number
from workbench.errors import AnalysisError

__all__ = ["Cap", "find_cap", "winsorise"]


@dataclass(frozen=True)
class Cap:
    """Where values are cut.

    Parameters
    ----------
    upper, lower
        Larger values count as `upper`, smaller ones as `lower`; None where nothing is cut.
    upper_quantile, lower_quantile
        Which quantiles of all customers they are.
    above, below
        How many values are cut.
    n_obs
        Finite values.
    """

    upper: float | None
    lower: float | None
    upper_quantile: float | None
    lower_quantile: float | None
    above: int
    below: int
    n_obs: int

    def words(self) -> str:
        """Return the cap in words.

        Examples
        --------
        >>> Cap(250.0, None, 0.99, None, 17, 0, 1800).words()
        'Values above 250 (quantile 0.99 of all customers) count as 250.'
        """
        parts = [
            f"values {side} {cap:,g} (quantile {quantile:g} of all customers) count as {cap:,g}"
            for side, cap, quantile in (
                ("above", self.upper, self.upper_quantile),
                ("below", self.lower, self.lower_quantile),
            )
            if cap is not None
        ]
        text = "; ".join(parts) or "no value is cut"
        return f"{text[0].upper()}{text[1:]}."


def find_cap(
    assignments: Any, column: str, *, upper: float | None = 0.99, lower: float | None = None
) -> Cap:
    """Return the cap of an outcome: quantiles of all customers, whatever their group.

    Parameters
    ----------
    assignments
        One experiment's assignments, as :func:`workbench.experiments.moments.moments` takes them.
    column
        The outcome.
    upper, lower
        Quantiles, between 0 and 1; None to cut nothing there. Each is a value that occurs: the
        smallest one with at least this share of all values at or below it.

    Raises
    ------
    AnalysisError
        When a quantile is not between 0 and 1, or the lower one is not below the upper one; when
        there is no finite value.
    """
    for quantile in (upper, lower):
        if quantile is not None and not 0 < quantile < 1:
            raise AnalysisError(f"quantile == {quantile}, must lie between 0 and 1", where="cap")
    if upper is not None and lower is not None and lower >= upper:
        raise AnalysisError(f"lower == {lower}, must be < upper == {upper}", where="cap")
    frame = lazy(assignments, where="assignments", needs=(column,))
    require_number(frame, column, where="assignments")
    only = frame.select(x=nw.col(column).cast(nw.Float64)).filter(~nw.col("x").is_null())
    values = collect(only)["x"].to_numpy(dtype="float64", copy=True)
    values = values[np.isfinite(values)]
    if not len(values):
        raise AnalysisError("no finite value", where=f"cap of {column}", fix="Check the outcome.")
    high = None if upper is None else _ranked(values, upper)
    low = None if lower is None else _ranked(values, lower)
    return Cap(
        high,
        low,
        upper,
        lower,
        0 if high is None else int((values > high).sum()),
        0 if low is None else int((values < low).sum()),
        len(values),
    )


def _ranked(values: Any, quantile: float) -> float:
    rank = max(int(np.ceil(quantile * len(values) - 1e-9)) - 1, 0)
    return float(np.partition(values, rank)[rank])


def winsorise(assignments: Any, column: str, cap: Cap) -> nw.LazyFrame[Any]:
    """Return the assignments with an outcome cut at a cap; moments are taken of them as usual.

    Parameters
    ----------
    assignments
        As :func:`find_cap` takes them.
    column
        The outcome; it holds floats afterwards. A missing or infinite one stays what it is.
    cap
        Where to cut.
    """
    frame = lazy(assignments, where="assignments", needs=(column,))
    made = frame.with_columns(nw.col(column).cast(nw.Float64).alias(column))
    value = nw.col(column)
    for end, upper in ((cap.upper, True), (cap.lower, False)):
        if end is not None:
            beyond = value > end if upper else value < end
            cut = nw.when(value.is_finite() & beyond).then(nw.lit(end)).otherwise(value)
            made = made.with_columns(cut.alias(column))
    return made
