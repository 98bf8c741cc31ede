"""Units to totals per cluster, for experiments that assign shops, teams or regions as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from workbench.data.frames import lazy, require_number
from workbench.errors import AnalysisError
from workbench.experiments.moments.reduce import moments
from workbench.experiments.moments.results import Joint, JointMoments
from workbench.experiments.moments.steps import Step, find_steps
from workbench.experiments.moments.units import place_units

__all__ = ["ClusterMoments", "cluster_moments"]

_ROOM = 60  # bits of a cluster's total in 64-bit integers


@dataclass(frozen=True)
class ClusterMoments:
    """Joint moments of the clusters' totals.

    Parameters
    ----------
    clusters
        Variant -> clusters that are in this variant only.
    units
        Variant -> customers in them.
    joint
        (variant, column) -> joint moments over clusters of the sum of the outcome and of the number
        of customers who have it, in this order.
    clusters_in_two_variants
        Clusters found in more than one variant; excluded with all their customers.
    units_in_two_variants, units_in_conflict, rows_without_place, repeated_rows
        As in :class:`workbench.experiments.moments.Moments`; a row without a cluster has no place.
    """

    clusters: Mapping[str, int]
    units: Mapping[str, int]
    joint: Mapping[tuple[str, str], JointMoments]
    clusters_in_two_variants: int
    units_in_two_variants: int
    units_in_conflict: int
    rows_without_place: int
    repeated_rows: int


def cluster_moments(
    assignments: Any,
    columns: Sequence[str],
    *,
    cluster: str,
    unit: str = "customer_id",
    variant: str = "variant",
    unique: bool = False,
) -> ClusterMoments:
    """Return the sufficient statistics of an experiment whose clusters were randomised.

    Parameters
    ----------
    assignments, unit, variant, unique
        As :func:`workbench.experiments.moments.moments` takes them.
    columns
        The outcome columns, one value per unit.
    cluster
        Column of what was randomised.

    Raises
    ------
    AnalysisError
        When columns are missing or hold no numbers, or when totals are too large to be exact.
    """
    names = list(dict.fromkeys(columns))
    needs = ([] if unique else [unit]) + [variant, cluster, *names]
    frame = lazy(assignments, where="assignments", needs=needs)
    schema = frame.collect_schema()
    made: dict[str, nw.Expr] = {} if unique else {"unit": nw.col(unit)}
    made |= {"variant": nw.col(variant).cast(nw.String), "cluster": nw.col(cluster)}
    inner = {f"c{i}": name for i, name in enumerate(names)}
    for short, name in inner.items():
        require_number(frame, name, where="assignments")
        value = nw.col(name)
        made[short] = value.cast(nw.Int64) if schema[name] == nw.Boolean else value
    placed = place_units(frame.select(**made), ["cluster", *inner], unique=unique)
    rows = placed.rows - placed.rows_without_place
    steps = {
        short: _coarser(step, rows, inner[short])
        for short, step in find_steps(placed.frame, inner, rows, where="assignments").items()
    }
    totals = _totals(placed.frame, steps)
    wanted = {short: Joint((f"sum {short}", f"n {short}", f"bad {short}")) for short in inner}
    found = moments(totals, ["n"], joint=list(wanted.values()), unit="cluster")
    joint = {}
    for short, name in inner.items():
        for who in found.units:
            joint[who, name] = _restored(found.joint[who, wanted[short]], steps[short], name)
    return ClusterMoments(
        found.units,
        {who: int(found.metrics[who, "n"].total) for who in found.units},
        joint,
        found.units_in_two_variants,
        placed.units_in_two_variants,
        placed.units_in_conflict,
        placed.rows_without_place + found.rows_without_place,
        placed.repeated_rows,
    )


def _coarser(step: Step, rows: int, name: str) -> Step:
    """Return a step so large that a cluster's total fits a 64-bit integer, for floats."""
    room = _ROOM - max(rows, 1).bit_length()
    bits = 31 * step.limbs
    if step.power is not None:
        power = step.power - max(bits - room, 0)
        return Step(1, step.shift, 1, power, step.missing, step.infinite, step.unit_range)
    if step.limbs > 1 and bits > room:
        raise AnalysisError(
            "values are too large for exact totals of clusters",
            where=f"assignments, outcome {name}",
            fix="Check its unit, or give it as a number that is no integer or decimal.",
        )
    return step


def _totals(frame: nw.LazyFrame[Any], steps: Mapping[str, Step]) -> nw.LazyFrame[Any]:
    """Return one row per cluster and variant: whole numbers of steps, customers, infinite ones."""
    schema = frame.collect_schema()
    safe, flags = {}, {}
    for short, step in steps.items():
        value = nw.col(short)
        there = ~value.is_null()
        bad: nw.Expr = nw.lit(0)
        if schema[short].is_float():
            bad = nw.when(there & ~value.is_nan() & ~value.is_finite()).then(1).otherwise(0)
            there = there & value.is_finite()
            safe[short] = nw.when(there).then(value).otherwise(float(step.shift))
        flags[f"n {short}"] = nw.when(there).then(1).otherwise(0)
        flags[f"bad {short}"] = bad
    frame = frame.with_columns(**flags)
    if safe:
        frame = frame.with_columns(**safe)
    wholes = {
        f"sum {short}": nw.when(nw.col(f"n {short}") == 1)
        .then(step.whole(short).fill_null(0))
        .otherwise(0)
        for short, step in steps.items()
    }
    parts = [*wholes, *flags]
    ready = frame.with_columns(**wholes)
    summed = ready.group_by("cluster", "variant").agg(
        nw.len().alias("n"), *[nw.col(part).sum() for part in parts]
    )
    return summed.with_columns(nw.col("n", *parts).cast(nw.Int64))


def _restored(part: JointMoments, step: Step, name: str) -> JointMoments:
    """Return moments of totals in units of the outcome: sums of steps, plus the shift of each."""
    size, shift = step.size(), step.floor()
    total = size * part.totals[0] + shift * part.totals[1]
    (xx, xy), (_, yy) = part.centred[0][:2], part.centred[1][:2]
    squares = size**2 * xx + 2 * size * shift * xy + shift**2 * yy
    crossed = size * xy + shift * yy
    return JointMoments(
        (name, "customers"),
        part.n_obs,
        part.missing,
        int(part.totals[2]),
        (total, part.totals[1]),
        ((squares, crossed), (crossed, yy)),
    )
