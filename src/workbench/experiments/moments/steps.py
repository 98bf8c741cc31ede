"""The range of each column, and how its values become whole numbers of small steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, frexp, isfinite
from typing import Any

import narwhals as nw

from workbench.data.frames import collect
from workbench.errors import AnalysisError

__all__ = ["LIMB_BITS", "Step", "find_steps"]

LIMB_BITS = 31
"""Bits of a limb: a product of two limbs fits a signed 64-bit integer."""

FINE_ROWS = 2**19
"""Up to so many rows a float has two limbs, above one."""

_Span = tuple[int, int, Any, Any]  # values, infinite ones, smallest, largest

_LARGEST = 2**62
_WIDEST = 1e300


@dataclass(frozen=True)
class Step:
    """How a column becomes whole numbers, cut into limbs of :data:`LIMB_BITS`.

    Parameters
    ----------
    scale
        Steps per unit of a whole number or decimal.
    shift
        What is taken off first, in steps: no value is smaller (floats: the smallest, as it is).
    limbs
        How many limbs a whole number has.
    power
        Floats only: steps of `2 ** -power` above `shift`. One limb cuts the range into 2 ** 31
        steps: the error of a mean is far below a millionth of its standard error then, whatever the
        values, because the range is at most `sqrt(2 * rows)` standard deviations.
    missing, infinite
        Whether a value is missing, or infinite, in any row.
    unit_range
        Whether all values lie between 0 and 1.
    bits
        How many bits a whole number of one limb has at most.
    """

    scale: int
    shift: int | float
    limbs: int
    power: int | None = None
    missing: bool = False
    infinite: bool = False
    unit_range: bool = False
    bits: int = LIMB_BITS + 1

    def value(self, total: int, n: int) -> Fraction:
        """Return the sum of `n` original values from the sum of their whole numbers."""
        if self.power is not None:
            return Fraction(total) * self.size() + n * Fraction(self.shift)
        return Fraction(total + n * int(self.shift), self.scale)

    def size(self) -> Fraction:
        """Return one step in units of the original value."""
        return Fraction(2) ** -self.power if self.power is not None else Fraction(1, self.scale)

    def floor(self) -> Fraction:
        """Return what is taken off first, in units of the original value."""
        return (
            Fraction(self.shift)
            if self.power is not None
            else Fraction(int(self.shift), self.scale)
        )

    def whole(self, column: str) -> nw.Expr:
        """Return a column as whole numbers of steps; null where it is null."""
        value = nw.col(column)
        if self.power is not None:
            # One multiplication and one addition: the shift by a power of two is exact.
            raised = value * 2.0**self.power + (0.5 - float(self.shift) * 2.0**self.power)
            return raised.floor().cast(nw.Int64)
        scaled = (value * self.scale if self.scale > 1 else value).cast(nw.Int64)
        return scaled - int(self.shift) if self.shift else scaled


def find_steps(
    frame: nw.LazyFrame[Any], labels: Mapping[str, str], rows: int, *, where: str
) -> dict[str, Step]:
    """Return how each column is written as whole numbers, from its range and the row count.

    Parameters
    ----------
    frame
        One row per unit.
    labels
        Columns of numbers -> their names for the message of an error.
    rows
        How many rows the frame has.
    where
        What the table is, for the message of an error.

    Raises
    ------
    AnalysisError
        When values are too large to be measurements.
    """
    schema = frame.collect_schema()
    spans = _spans(frame, list(labels))
    made = {}
    for name, label in labels.items():
        kind = schema[name]
        count, infinite, low, high = spans[name]
        missing = count < rows
        if kind.is_float():
            made[name] = _float_step(label, count, infinite, low, high, rows, where)
            continue
        scale = 10**kind.scale if isinstance(kind, nw.Decimal) else 1
        least, most = (int(Fraction(end) * scale) if count else 0 for end in (low, high))
        if max(abs(least), abs(most)) > _LARGEST:
            raise _too_large(label, float(least) / scale, float(most) / scale, where)
        inside = least >= 0 and most <= scale
        shift = 0 if least >= 0 and most < 2**LIMB_BITS else least  # one operation less
        bits = (most - shift).bit_length()
        limbs = max(ceil(bits / LIMB_BITS), 1)
        made[name] = Step(scale, shift, limbs, None, missing, False, inside, bits)
    return made


def _float_step(
    name: str, count: int, infinite: int, low: Any, high: Any, rows: int, where: str
) -> Step:
    if not count:
        return Step(1, 0.0, 1, 0, rows > 0, infinite > 0, True)
    least, most = float(low), float(high)
    width = most - least
    if not width <= _WIDEST:
        raise _too_large(name, least, most, where)
    limbs = 2 if rows <= FINE_ROWS else 1
    power = min(LIMB_BITS * limbs - frexp(width)[1], 1000)
    inside = least >= 0 and most <= 1
    return Step(1, least, limbs, power, count < rows, infinite > 0, inside)


def _too_large(name: str, low: float, high: float, where: str) -> AnalysisError:
    return AnalysisError(
        f"outcomes range from {low:g} to {high:g}",
        where=f"{where}, outcome {name}",
        fix="Check its unit; values of this size are no measurement.",
    )


def _spans(frame: nw.LazyFrame[Any], columns: Sequence[str]) -> dict[str, _Span]:
    """Return count, infinite ones, minimum and maximum of the finite values of each column.

    Plain counts, minima and maxima of a Parquet file cost no scan in DuckDB: they stand in its
    statistics. There a NaN is the largest number, so a finite maximum tells that there is none.
    """
    schema = frame.collect_schema()
    floats = [name for name in columns if schema[name].is_float()]
    others = [name for name in columns if name not in floats]
    native = frame.implementation.is_duckdb()
    found = _ends(frame, [*others, *floats] if native else others, text=native)
    unsure = [
        name
        for name in floats
        if name not in found or not all(isfinite(float(end or 0)) for end in found[name][2:])
    ]
    if unsure:
        guarded: dict[str, nw.Expr] = {}
        for name in unsure:
            value = nw.col(name)
            there = ~value.is_null() & value.is_finite()
            infinite = ~value.is_null() & ~value.is_nan() & ~value.is_finite()
            guarded[f"there {name}"] = nw.when(there).then(1).otherwise(0)
            guarded[f"infinite {name}"] = nw.when(infinite).then(1).otherwise(0)
            guarded[f"low {name}"] = nw.when(there).then(value).otherwise(float("inf"))
            guarded[f"high {name}"] = nw.when(there).then(value).otherwise(-float("inf"))
        seen = frame.select(**guarded).select(
            *[nw.col(f"{part} {name}").sum() for name in unsure for part in ("there", "infinite")],
            *[nw.col(f"low {name}").min() for name in unsure],
            *[nw.col(f"high {name}").max() for name in unsure],
        )
        row = collect(seen).to_dict("records")[0]
        for name in unsure:
            counts = (_int(row[f"there {name}"]), _int(row[f"infinite {name}"]))
            found[name] = (*counts, row[f"low {name}"], row[f"high {name}"])
    return found


def _ends(frame: nw.LazyFrame[Any], columns: Sequence[str], *, text: bool) -> dict[str, _Span]:
    if not columns:
        return {}
    asked: dict[str, nw.Expr] = {}
    for name in columns:
        asked[f"count {name}"] = nw.col(name).count()
        asked[f"low {name}"] = nw.col(name).min()
        asked[f"high {name}"] = nw.col(name).max()
    ends = frame.select(**asked)
    if text:  # a frame would make floats of decimals
        ends = ends.select(nw.all().cast(nw.String))
    row = collect(ends).to_dict("records")[0]
    return {
        name: (
            _int(row[f"count {name}"]),
            0,
            _number(row[f"low {name}"]),
            _number(row[f"high {name}"]),
        )
        for name in columns
    }


def _int(value: Any) -> int:
    return 0 if value is None or value != value else int(value)


def _number(value: Any) -> Any:
    if isinstance(value, str):
        return Decimal({"true": "1", "false": "0"}.get(value, value))
    return value
