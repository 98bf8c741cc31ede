"""All experiments of a unit in one call: check, estimate, adjust, decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import narwhals as nw

from workbench.data.frames import collect, lazy
from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError
from workbench.experiments.baselines import baselines_of, curves_of
from workbench.experiments.comparing import Comparison
from workbench.experiments.curves import review
from workbench.experiments.data_checks import check_data
from workbench.experiments.decision import decide, timing
from workbench.experiments.declared import remember, told
from workbench.experiments.estimators import Difference
from workbench.experiments.evidence import Evidence, evidence_of
from workbench.experiments.multiplicity import benjamini_hochberg, holm
from workbench.experiments.pace import Pace, compare_at_pace, read_on
from workbench.experiments.plan import Plan
from workbench.experiments.prepare import prepare
from workbench.experiments.result import ExperimentResult, Experiments
from workbench.experiments.segment_effects import SegmentReading, read_segments
from workbench.experiments.sums import Sums, gather
from workbench.experiments.tally import tally
from workbench.experiments.verdicts import Check
from workbench.experiments.windows import midnight_after
from workbench.params import ExperimentParams

__all__ = ["analyse", "analyse_all"]

_NOT_YET = "It may not be read before its planned end: looking early finds effects by chance."


def analyse_all(
    assignments: Any,
    experiments: Mapping[str, ExperimentParams],
    *,
    as_of: date,
    min_group: int,
    orders: Any = None,
    interactions: Any = None,
    customers: Any = None,
    earlier: Mapping[str, Any] | None = None,
) -> Experiments:
    """Return all declared experiments of a unit, analysed.

    One that cannot be read, because a column is missing or holds no numbers, is told as a failed
    check of its own; the others are read.

    Parameters
    ----------
    assignments
        The unit's table: `experiment_id`, `customer_id`, `variant` and the outcome columns.
    experiments
        Id -> declaration, as `unit.experiments` holds them.
    as_of
        The day at whose end the data are looked at.
    min_group
        Comparisons with fewer customers in a group show no number.
    orders, interactions, customers
        The unit's tables, in the same engine; None where it has none.
    earlier
        What the earlier edition handed on: `declarations` and `tuning`; None or empty for none.
    """
    frame = lazy(assignments, where="assignments", needs=("experiment_id",))
    ids = collect(frame.select("experiment_id").unique())["experiment_id"].dropna()
    present = {str(one) for one in ids}
    known = dict(earlier or {})
    said = known.get("declarations")
    started = [
        name
        for name, one in experiments.items()
        if name in present and (one.start is None or one.start <= as_of)
    ]
    declarations = remember(said, experiments, as_of=as_of, read=started)
    tuning = dict(known.get("tuning") or {})
    results = []
    for name, one in experiments.items():
        tables = {"orders": orders, "interactions": interactions, "customers": customers}
        result = _read(
            assignments, name, one, as_of=as_of, min_group=min_group, tables=tables,
            tuning=tuning.get(name) or {},
        )  # fmt: skip
        results.append(replace(result, changes=told(declarations, name)))
        if result.tuning:
            tuning[name] = dict(result.tuning)
    handed_on = {"declarations": declarations, "tuning": tuning}
    return Experiments(tuple(results), tuple(sorted(present - set(experiments))), handed_on)


def _read(
    assignments: Any,
    name: str,
    declared: ExperimentParams,
    *,
    as_of: date,
    min_group: int,
    tables: Mapping[str, Any],
    tuning: Mapping[str, float],
) -> ExperimentResult:
    """Return one declared experiment, analysed, or why it cannot be."""
    plan = Plan.of(name, declared)
    try:
        ready = prepare(assignments, name, declared, as_of=read_on(plan, as_of), **tables)
        return analyse(
            ready.measured.frame,
            ready.plan,
            as_of=as_of,
            min_group=min_group,
            waiting=ready.measured.waiting,
            cut=ready.measured.cut_covariates,
            tuning=tuning,
        )
    except AnalysisError as error:
        fix = f" {error.fix}" if error.fix else ""
        text = f"{error.what[:1].upper()}{error.what[1:]} ({error.where})."
        check = Check("data", "The data can be read", "failed", text, advice=fix.strip())
        return _unread(plan, check, as_of, min_group)


def _unread(plan: Plan, check: Check, as_of: date, min_group: int) -> ExperimentResult:
    when = timing(plan, as_of=as_of, sequential_valid=True)
    effects = _without_numbers(plan, "The data cannot be read.")
    decision = decide(plan, [check], [], when)
    return ExperimentResult(plan, {}, (check,), effects, (), decision, when, min_group)


def analyse(
    assignments: Any,
    plan: Plan,
    *,
    as_of: date,
    min_group: int,
    waiting: Mapping[tuple[str, str], int] | None = None,
    cut: Mapping[str, int] | None = None,
    tuning: Mapping[str, float] | None = None,
) -> ExperimentResult:
    """Return one experiment, analysed.

    Parameters
    ----------
    assignments
        The rows of this experiment with all columns that its plan names, as
        :func:`workbench.experiments.prepare.prepare` makes them.
    plan
        What was declared.
    as_of
        The day at whose end the data are looked at; later assignments are not read.
    min_group
        Comparisons with fewer customers in a group show no number.
    waiting
        (variant, metric's name) -> customers whose window is not over.
    cut
        Covariate -> windows before the assignment that begin before their table does.
    tuning
        Of an experiment that is read at any time: what earlier readings fixed.

    Raises
    ------
    AnalysisError
        When the table lacks `customer_id` or `variant`, or an outcome holds no numbers. A missing
        outcome column is a failed check, not an error: other outcomes can still be read.
    """
    frame = lazy(assignments, where=f"experiment {plan.id}", needs=("customer_id", "variant"))
    try:
        return _analyse(frame, plan, as_of, min_group, waiting or {}, cut or {}, tuning or {})
    except AnalysisError as error:
        where = f"experiment {plan.id}, {error.where}"
        raise AnalysisError(error.what, where=where, fix=error.fix) from error


def _analyse(
    frame: nw.LazyFrame[Any],
    plan: Plan,
    as_of: date,
    min_group: int,
    waiting: Mapping[tuple[str, str], int],
    cut: Mapping[str, int],
    tuning: Mapping[str, float],
) -> ExperimentResult:
    names = frame.collect_schema().names()
    frame = _until(frame, plan, as_of, names)
    # Looks are days: without a time of assignment nobody knows what was there on one of them.
    timed = "assigned_at" in names or plan.readings.method == "anytime"
    when = timing(plan, as_of=as_of, sequential_valid=timed)
    found, sums = gather(frame, plan)
    several = found.repeated_rows or found.units_in_two_variants or found.units_in_conflict
    spread = tally(frame, plan, unique=not (several or plan.clustered))
    checks = check_data(
        plan, names, found, sums, spread, waiting=waiting, cut=cut, min_group=min_group
    )
    units = sum(found.units.get(name, 0) for name in plan.shares)
    pace = Pace.of(plan, days=spread.days, units=units, look=when.look, remembered=tuning)
    may_read = when.may_decide and when.state != "not started"
    effects = (
        _effects(plan, sums, pace, min_group) if may_read else _without_numbers(plan, _NOT_YET)
    )
    decision = decide(plan, checks, [_evidence(plan, e) for e in effects if _decides(e)], when)
    trusted = may_read and decision.verdict != "do not decide"
    segments: tuple[SegmentReading, ...] = ()
    if trusted and when.state in ("ended", "no end"):
        counts = {name: part["value"].nunique() for name, part in spread.segments.items()}
        segments = read_segments(frame, plan, sums.covariates, counts=counts, min_group=min_group)
    baselines = baselines_of(plan, found, sums, min_group=min_group)
    # All units less those of the large groups would tell how few are in a small one.
    small = any(is_small(found.units.get(name, 0), min_group) for name in plan.shares)
    told = None if small or not units else units
    reviews = review(plan, baselines, n_planned=plan.n_obs or told)
    return ExperimentResult(
        plan, found.units, checks, effects, segments, decision, when, min_group,
        reviews, curves_of(plan, baselines, spread, units=told), tuning=pace.tuning,
    )  # fmt: skip


def _until(
    frame: nw.LazyFrame[Any], plan: Plan, as_of: date, names: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return the assignments that may be read on a day."""
    if "assigned_at" not in names:
        return frame
    at = nw.col("assigned_at")
    return frame.filter(at.is_null() | (at < midnight_after(read_on(plan, as_of))))


def _without_numbers(plan: Plan, why: str) -> tuple[Comparison, ...]:
    none = Difference(None, None, None, None, level=plan.level, reason=why, rel_reason=why)
    ordered = sorted(plan.metrics, key=lambda metric: not metric.primary)
    return tuple(
        Comparison(metric, who, none, none) for metric in ordered for who in plan.treatments
    )


def _effects(plan: Plan, sums: Sums, pace: Pace, min_group: int) -> tuple[Comparison, ...]:
    """Return all comparisons, primary ones first, with p-values adjusted in two families."""
    made = []
    for primary, adjust, name in (
        (True, holm, "Holm"),
        (False, benjamini_hochberg, "Benjamini-Hochberg"),
    ):
        family = [
            compare_at_pace(plan, metric, variant, sums, pace, min_group=min_group)
            for metric in plan.metrics
            if metric.primary is primary
            for variant in plan.treatments
        ]
        # A comparison without a test still counts as one: leaving it out would make the others
        # easier to show.
        pvalues = [1.0 if e.difference.pvalue is None else e.difference.pvalue for e in family]
        note = f"{name}, {len(family)} comparison{'' if len(family) == 1 else 's'}"
        for effect, adjusted in zip(family, adjust(pvalues), strict=True):
            tested = effect.difference.pvalue is not None
            made.append(replace(effect, pvalue_adj=adjusted if tested else None, adjustment=note))
    return tuple(made)


def _decides(effect: Comparison) -> bool:
    return effect.metric.role != "secondary"


def _evidence(plan: Plan, effect: Comparison) -> Evidence:
    d = effect.difference
    ends = None
    if d.effect_size_ci_lower is not None and d.effect_size_ci_upper is not None:
        ends = d.effect_size_ci_lower, d.effect_size_ci_upper
    shown = None
    if effect.metric.primary:
        shown = effect.pvalue_adj is not None and effect.pvalue_adj < plan.alpha
    return evidence_of(
        effect.metric,
        effect.variant,
        control=d.control,
        effect=d.effect_size,
        se=d.std_error,
        interval=ends,
        level=d.level,
        shown=shown,
        reason=d.reason,
    )
