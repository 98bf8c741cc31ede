"""Assignments to moments: one row per unit, the ranges, one scan, exact fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import narwhals as nw

from workbench.data.frames import lazy, require_number
from workbench.experiments.moments.results import (
    Joint,
    JointMoments,
    MetricMoments,
    Moments,
    SegmentMoments,
)
from workbench.experiments.moments.scan import Cell, Part, Scan
from workbench.experiments.moments.steps import Step, find_steps
from workbench.experiments.moments.units import Placed, place_units

__all__ = ["moments", "moments_of"]


def moments(
    assignments: Any,
    columns: Sequence[str],
    *,
    joint: Sequence[Joint] = (),
    segment: str | None = None,
    unit: str = "customer_id",
    variant: str = "variant",
    unique: bool = False,
) -> Moments:
    """Return the sufficient statistics of outcomes per variant.

    Parameters
    ----------
    assignments
        One experiment's assignments: a DuckDB relation, a pandas frame or a Polars frame.
    columns
        The outcome columns: numbers or true/false. Missing outcomes (NaN too) are counted.
    joint
        Columns whose sums of products are wanted as well: for ratios and adjustment.
    segment
        A column known before the experiment; the moments of each of its values are given, too.
    unit
        Column of the unit of randomisation.
    variant
        Column of the variant.
    unique
        Whether it is known that each unit has one row and none is missing. Finding out takes
        several times as long as the sums.

    Raises
    ------
    AnalysisError
        When columns are missing or hold no numbers, or numbers too large to be measurements.

    Notes
    -----
    Whole numbers and decimals are exact. A float is cut to steps of 2 ** -62 of its range, above
    half a million rows of 2 ** -31. No result depends on the engine or on the order of the rows.
    """
    wanted = [name for asked in joint for name in (*asked.outcomes, *asked.covariates)]
    names = list(dict.fromkeys([*columns, *wanted]))
    further = [] if segment is None else [segment]
    needs = ([] if unique else [unit]) + [variant, *further, *names]
    frame = lazy(assignments, where="assignments", needs=needs)
    for name in names:
        require_number(frame, name, where="assignments")
    made: dict[str, nw.Expr] = {} if unique else {"unit": nw.col(unit)}
    made["variant"] = nw.col(variant).cast(nw.String)
    if segment is not None:
        made["segment"] = nw.col(segment).cast(nw.String)
    schema, inner = frame.collect_schema(), {name: f"c{i}" for i, name in enumerate(names)}
    for name, short in inner.items():
        value = nw.col(name)
        made[short] = value.cast(nw.Int64) if schema[name] == nw.Boolean else value
    frame = frame.select(**made)
    held = [*([] if segment is None else ["segment"]), *inner.values()]
    placed = place_units(frame, held, unique=unique)
    return moments_of(placed, columns, joint, inner, segmented=segment is not None)


def moments_of(
    placed: Placed,
    columns: Sequence[str],
    joint: Sequence[Joint],
    inner: Mapping[str, str],
    *,
    segmented: bool,
) -> Moments:
    """Return the moments of rows that are one per unit.

    Parameters
    ----------
    placed
        The rows: `variant`, `segment` if asked for, and the columns under their inner names.
    columns, joint
        As :func:`moments` takes them.
    inner
        Column -> its name in the rows.
    segmented
        Whether the rows have a `segment`.
    """
    rows = placed.rows - placed.rows_without_place
    labels = {short: name for name, short in inner.items()}
    steps = find_steps(placed.frame, labels, rows, where="assignments")
    scan = Scan(steps, rows)
    plans = {name: scan.part(inner[name]) for name in dict.fromkeys(columns)}
    for name, part in plans.items():
        scan.mask((inner[name],))
        scan.pair(part, part)
    joined = {asked: _Joined.of(scan, asked, inner) for asked in dict.fromkeys(joint)}
    cells = scan.run(placed.frame, ["variant", "segment"] if segmented else ["variant"])
    read = _Reader(steps, plans, joined)
    segments = {}
    if segmented:
        for label in sorted({_label(key[1]) for key in cells}):
            own = {key: cell for key, cell in cells.items() if _label(key[1]) == label}
            segments[label] = SegmentMoments(*read.all(_by_variant(own)))
    units, metrics, crossed = read.all(_by_variant(cells))
    return Moments(
        units,
        metrics,
        placed.rows,
        placed.rows_without_place,
        placed.units_in_two_variants,
        placed.units_in_conflict,
        placed.repeated_rows,
        crossed,
        segments,
    )


def _label(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _by_variant(cells: Mapping[tuple[Any, ...], Cell]) -> dict[str, Cell]:
    """Return the cells added up per variant, in the order of their names."""
    found: dict[str, Cell] = {}
    for key in sorted(cells, key=lambda key: str(key[0])):
        found.setdefault(str(key[0]), Cell()).add(cells[key])
    return found


@dataclass(frozen=True)
class _Joined:
    """The parts that joint moments are read from: names, parts, who must be there."""

    names: tuple[str, ...]
    parts: tuple[Part, ...]
    mask: tuple[str, ...]
    outcomes: tuple[str, ...]

    @classmethod
    def of(cls, scan: Scan, asked: Joint, inner: Mapping[str, str]) -> _Joined:
        """Return the parts of what is asked for, told to the scan."""
        named = (*asked.outcomes, *asked.covariates)
        mask = scan.mask(inner[name] for name in asked.outcomes)
        parts = [scan.part(inner[name], mask) for name in named]
        lacking = [name for name in asked.covariates if scan.steps[inner[name]].missing]
        parts += [scan.part(inner[name], mask, absent=True) for name in lacking]
        for i, part in enumerate(parts):
            for other in parts[: i + 1]:
                scan.pair(part, other)
        outcomes = tuple(inner[name] for name in asked.outcomes)
        return cls((*named, *(f"missing {name}" for name in lacking)), tuple(parts), mask, outcomes)


class _Reader:
    """Reads moments, in exact fractions, from the raw sums of a group."""

    def __init__(
        self,
        steps: Mapping[str, Step],
        plans: Mapping[str, Part],
        joined: Mapping[Joint, _Joined],
    ) -> None:
        self.steps, self.plans, self.joined = steps, plans, joined

    def all(
        self, cells: Mapping[str, Cell]
    ) -> tuple[
        dict[str, int],
        dict[tuple[str, str], MetricMoments],
        dict[tuple[str, Joint], JointMoments],
    ]:
        """Return units, moments of each outcome and joint moments, per variant."""
        units = {variant: cell.rows for variant, cell in cells.items()}
        metrics = {
            (variant, name): self._metric(cell, part)
            for variant, cell in cells.items()
            for name, part in self.plans.items()
        }
        joint = {
            (variant, asked): self._joint(cell, joined)
            for variant, cell in cells.items()
            for asked, joined in self.joined.items()
        }
        return units, metrics, joint

    def _metric(self, cell: Cell, part: Part) -> MetricMoments:
        step = self.steps[part.source]
        n = cell.there[(part.source,)] if step.missing else cell.rows
        infinite = cell.infinite.get(part.source, 0)
        first, second = cell.first[part], cell.second[part, part]
        centred = Fraction(second * n - first * first, n) if n else Fraction(0)
        total = step.value(first, n)
        binary = step.unit_range or (step.power is None and step.scale == 1)
        if binary:  # whole numbers, or numbers from 0 to 1, equal their squares: all are 0 or 1
            shift, size = step.floor(), step.size()
            squares = second * size**2 + 2 * shift * first * size + n * shift**2
            binary = squares == total
        return MetricMoments(
            n_obs=n,
            missing=cell.rows - n - infinite,
            infinite=infinite,
            total=total,
            centred_squares=centred * step.size() ** 2,
            binary=binary,
        )

    def _joint(self, cell: Cell, joined: _Joined) -> JointMoments:
        n = cell.there[joined.mask] if joined.mask else cell.rows
        sizes, totals = [], []
        for part in joined.parts:
            step = self.steps[part.source]
            sizes.append(Fraction(1) if part.absent else step.size())
            first = cell.first[part]
            totals.append(Fraction(first) if part.absent else step.value(first, n))
        centred = [[Fraction(0)] * len(sizes) for _ in sizes]
        for i, a in enumerate(joined.parts):
            for j, b in enumerate(joined.parts[: i + 1]):
                product = cell.second[(a, b) if a <= b else (b, a)]
                sums = cell.first[a] * cell.first[b]
                value = Fraction(product * n - sums, n) if n else Fraction(0)
                centred[i][j] = centred[j][i] = value * sizes[i] * sizes[j]
        infinite = sum(cell.infinite.get(name, 0) for name in joined.outcomes)
        missing = max(cell.rows - n - infinite, 0)
        rows = tuple(map(tuple, centred))
        return JointMoments(joined.names, n, missing, infinite, tuple(totals), rows)
