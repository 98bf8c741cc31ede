"""Assignments to counts, sums and sums of squares per variant: one reduction, exact.

Every estimate works on these few numbers alone, so any number of rows costs the same scans.
Sums of floats would differ in their last bits with the order of the rows, and lose the variance of
large values altogether. So a value is first written as a whole number of small steps above the
smallest value; the whole numbers are cut into limbs that are short enough for sums of products to
fit 64 bits; and the limbs' sums are put together again in Python's unlimited integers. Whole
numbers and decimals are exact; a float is cut to steps of about 1e-11 of its range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, log2
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import collect, lazy, require_number
from workbench.errors import AnalysisError

__all__ = ["MetricMoments", "Moments", "moments"]

_BITS = 62  # of a signed 64-bit integer, with one to spare
_BEYOND = 2**62
_WIDEST = 1e300


@dataclass(frozen=True)
class MetricMoments:
    """What one variant's customers say of one outcome.

    Parameters
    ----------
    n_obs
        Customers with a finite outcome.
    missing
        Customers without an outcome.
    infinite
        Customers whose outcome is infinite; they are not in `n_obs`.
    total
        Sum of the outcomes.
    centred_squares
        Sum of squared distances from the mean.
    binary
        Whether every outcome is 0 or 1.
    """

    n_obs: int
    missing: int
    infinite: int
    total: Fraction
    centred_squares: Fraction
    binary: bool

    @property
    def mean(self) -> float:
        """Return the mean outcome; needs `n_obs` of at least 1."""
        return float(self.total / self.n_obs)

    @property
    def variance(self) -> float:
        """Return the sample variance (divisor `n_obs - 1`); needs `n_obs` of at least 2."""
        return float(self.centred_squares / (self.n_obs - 1))


@dataclass(frozen=True)
class Moments:
    """The sufficient statistics of one experiment.

    Parameters
    ----------
    units
        Variant -> customers who are in this variant only.
    metrics
        (variant, column) -> moments.
    rows
        Rows read, all variants.
    rows_without_place
        Rows without a customer or a variant; not counted further.
    units_in_two_variants
        Customers found in more than one variant; excluded.
    units_in_conflict
        Customers with several rows in one variant that disagree on an outcome; excluded.
    repeated_rows
        Rows that repeat another row exactly; counted once.
    """

    units: Mapping[str, int]
    metrics: Mapping[tuple[str, str], MetricMoments]
    rows: int
    rows_without_place: int
    units_in_two_variants: int
    units_in_conflict: int
    repeated_rows: int


@dataclass(frozen=True)
class _Steps:
    """How a column becomes whole numbers: `(value * scale - shift)`, cut into `limbs` of `bits`."""

    column: str
    scale: int
    shift: int | float
    limbs: int
    bits: int
    power: int | None  # floats only: steps of 2 ** -power above `shift`

    def value(self, total: int, n: int) -> Fraction:
        """Return the sum of `n` original values from the sum of their whole numbers."""
        if self.power is not None:
            return Fraction(total) * Fraction(2) ** -self.power + n * Fraction(self.shift)
        return Fraction(total + n * int(self.shift), self.scale)

    def squared_step(self) -> Fraction:
        """Return the square of one step in units of the original value."""
        if self.power is not None:
            return Fraction(2) ** (-2 * self.power)
        return Fraction(1, self.scale**2)


def moments(
    assignments: Any, columns: Sequence[str], *, unit: str = "customer_id", variant: str = "variant"
) -> Moments:
    """Return the sufficient statistics of outcomes per variant.

    Parameters
    ----------
    assignments
        One experiment's assignments: a DuckDB relation, a pandas frame or a Polars frame.
    columns
        The outcome columns: numbers or true/false. Missing outcomes (NaN too) are counted.
    unit
        Column of the unit of randomisation.
    variant
        Column of the variant.

    Raises
    ------
    AnalysisError
        When columns are missing or hold no numbers.
    """
    names = list(dict.fromkeys(columns))
    frame = lazy(assignments, where="assignments", needs=(unit, variant, *names))
    for name in names:
        require_number(frame, name, where="assignments")
    frame, scales = _plain(frame, names, unit, variant)
    placed = frame.filter(~nw.col("unit").is_null() & ~nw.col("variant").is_null())
    rows, rows_placed = _count(frame), _count(placed)
    placed, repeated, crossed, conflicting = _one_row_per_unit(placed)
    spans = collect(_spans(placed, scales))
    steps = _steps(spans, scales, names)
    sums = collect(_sums(placed, steps))
    return Moments(
        units={str(v): int(n) for v, n in zip(spans["variant"], spans["units"], strict=True)},
        metrics=_put_together(spans, sums, steps, names),
        rows=rows,
        rows_without_place=rows - rows_placed,
        units_in_two_variants=crossed,
        units_in_conflict=conflicting,
        repeated_rows=repeated,
    )


def _count(frame: nw.LazyFrame[Any]) -> int:
    return int(collect(frame.select(n=nw.len()))["n"].iloc[0])


def _plain(
    frame: nw.LazyFrame[Any], names: Sequence[str], unit: str, variant: str
) -> tuple[nw.LazyFrame[Any], list[int]]:
    """Return the frame with outcomes as x0, x1 ..., and their scale (0 for floats).

    Whole numbers and decimals become Int64 here; a missing, NaN or infinite outcome becomes 0
    with `there` = 0, so that no engine's idea of a missing number matters further on.
    """
    schema = frame.collect_schema()
    made: dict[str, nw.Expr] = {"unit": nw.col(unit), "variant": nw.col(variant).cast(nw.String)}
    scales = []
    for i, name in enumerate(names):
        kind, value = schema[name], nw.col(name)
        there, infinite = ~value.is_null(), nw.lit(False)
        if kind.is_float():
            there, infinite = (
                there & value.is_finite(),
                there & ~value.is_finite() & ~value.is_nan(),
            )
            scale, zero = 0, nw.lit(0.0)
        else:
            scale = 10 ** (kind.scale if isinstance(kind, nw.Decimal) else 0)
            value = (value * scale if scale > 1 else value).cast(nw.Int64)
            zero = nw.lit(0)
        scales.append(scale)
        made[f"x{i}"] = nw.when(there).then(value).otherwise(zero)
        made[f"there{i}"] = nw.when(there).then(1).otherwise(0)
        made[f"infinite{i}"] = nw.when(infinite).then(1).otherwise(0)
    return frame.select(**made), scales


def _one_row_per_unit(
    frame: nw.LazyFrame[Any],
) -> tuple[nw.LazyFrame[Any], int, int, int]:
    """Return one row per unit, with the counts of what was put right or left out."""
    if not _count(frame.group_by("unit").agg(n=nw.len()).filter(nw.col("n") > 1)):
        return frame, 0, 0, 0
    before = _count(frame)
    frame = frame.unique()
    repeated = before - _count(frame)
    several = frame.group_by("unit").agg(
        n=nw.len(), low=nw.col("variant").min(), high=nw.col("variant").max()
    )
    several = several.filter(nw.col("n") > 1)
    crossed = _count(several.filter(nw.col("low") != nw.col("high")))
    conflicting = _count(several) - crossed
    return frame.join(several, on="unit", how="anti"), repeated, crossed, conflicting


def _spans(frame: nw.LazyFrame[Any], scales: Sequence[int]) -> nw.LazyFrame[Any]:
    """Return counts and the range of each outcome per variant."""
    flags, found = {}, {}
    for i, scale in enumerate(scales):
        value, there = nw.col(f"x{i}"), nw.col(f"there{i}") == 1
        end = _BEYOND if scale else float("inf")  # no null: pandas would make floats of it
        flags[f"other{i}"] = nw.when((value != 0) & (value != max(scale, 1))).then(1).otherwise(0)
        flags[f"low{i}"] = nw.when(there).then(value).otherwise(end)
        flags[f"high{i}"] = nw.when(there).then(value).otherwise(-end)
        for name in ("there", "infinite", "other"):
            found[f"{name}{i}"] = nw.col(f"{name}{i}").sum()
        found[f"low{i}"] = nw.col(f"low{i}").min()
        found[f"high{i}"] = nw.col(f"high{i}").max()
    flagged = frame.with_columns(**flags) if flags else frame
    return flagged.group_by("variant").agg(units=nw.len(), **found)


def _steps(spans: pd.DataFrame, scales: Sequence[int], names: Sequence[str]) -> list[_Steps]:
    """Return how each outcome is written as whole numbers, from its range and the row count."""
    rows = max(int(spans["units"].sum()), 1) if len(spans) else 1
    bits = (_BITS - rows.bit_length()) // 2
    made = []
    for i, scale in enumerate(scales):
        low, high = spans[f"low{i}"].min(), spans[f"high{i}"].max()
        if not spans[f"there{i}"].sum():
            made.append(_Steps(f"x{i}", scale or 1, 0, 1, bits, None))
        elif scale:
            limbs = max(ceil((int(high) - int(low)).bit_length() / bits), 1)
            made.append(_Steps(f"x{i}", scale, int(low), limbs, bits, None))
        else:
            low, width = float(low), float(high) - float(low)
            if width > _WIDEST:
                raise AnalysisError(
                    f"outcomes range from {low:g} to {high:g}",
                    where=f"assignments, outcome {names[i]}",
                    fix="Check its unit; values of this size are no measurement.",
                )
            power = min(2 * bits - 1 - (ceil(log2(width)) if width else 0), 1000)
            made.append(_Steps(f"x{i}", 1, low, 2, bits, power))
    return made


def _sums(frame: nw.LazyFrame[Any], steps: Sequence[_Steps]) -> nw.LazyFrame[Any]:
    """Return the sums of limbs and of products of limbs per variant."""
    whole, limbs, products = {}, {}, {}
    for i, step in enumerate(steps):
        value = nw.col(step.column) - step.shift
        if step.power is not None:
            value = (value * 2.0**step.power + 0.5).floor().cast(nw.Int64)
        there = nw.col(f"there{i}") == 1
        whole[f"u{i}"] = nw.when(there).then(value).otherwise(0)
        for k in range(step.limbs):
            limb = nw.col(f"u{i}") // 2 ** (step.bits * k)
            if k < step.limbs - 1:
                limb = limb - nw.col(f"u{i}") // 2 ** (step.bits * (k + 1)) * 2**step.bits
            limbs[f"l{i}_{k}"] = limb
            for j in range(k + 1):
                products[f"p{i}_{j}_{k}"] = nw.col(f"l{i}_{j}") * nw.col(f"l{i}_{k}")
    if not steps:
        return frame.group_by("variant").agg(units=nw.len())
    ready = frame.with_columns(**whole).with_columns(**limbs).with_columns(**products)
    totals = [*limbs, *products]
    summed = ready.group_by("variant").agg(*[nw.col(name).sum() for name in totals])
    return summed.with_columns(nw.col(*totals).cast(nw.Int64))


def _put_together(
    spans: pd.DataFrame, sums: pd.DataFrame, steps: Sequence[_Steps], names: Sequence[str]
) -> dict[tuple[str, str], MetricMoments]:
    """Return the moments of each variant and outcome from the sums of limbs, in exact fractions."""
    by_variant = {str(row["variant"]): row for row in sums.to_dict("records")}
    found = {}
    for span in spans.to_dict("records"):
        variant = str(span["variant"])
        row = by_variant[variant]
        for i, (name, step) in enumerate(zip(names, steps, strict=True)):
            n, infinite = int(span[f"there{i}"]), int(span[f"infinite{i}"])
            first = sum(int(row[f"l{i}_{k}"]) << (step.bits * k) for k in range(step.limbs))
            second = sum(
                (int(row[f"p{i}_{j}_{k}"]) << (step.bits * (j + k))) * (1 if j == k else 2)
                for k in range(step.limbs)
                for j in range(k + 1)
            )
            centred = Fraction(second * n - first * first, n) if n else Fraction(0)
            found[variant, name] = MetricMoments(
                n_obs=n,
                missing=int(span["units"]) - n - infinite,
                infinite=infinite,
                total=step.value(first, n),
                centred_squares=centred * step.squared_step(),
                binary=int(span[f"other{i}"]) == 0,
            )
    return found
