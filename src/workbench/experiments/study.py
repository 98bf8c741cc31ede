"""All experiments of a unit in one call: check, estimate, adjust, decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, Literal

import narwhals as nw
import pandas as pd

from workbench.data.frames import aliases, collect, lazy
from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError
from workbench.experiments.checks import check_plan
from workbench.experiments.estimators import Difference, difference
from workbench.experiments.moments import MetricMoments, Moments, moments
from workbench.experiments.multiplicity import benjamini_hochberg, holm
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.shown import Comparison, Decision, decide
from workbench.experiments.tally import tally
from workbench.experiments.verdicts import Check, check_frame
from workbench.params import ExperimentParams

__all__ = ["Effect", "ExperimentResult", "Experiments", "analyse", "analyse_all"]

_NONE = MetricMoments(0, 0, 0, Fraction(0), Fraction(0), True)


@dataclass(frozen=True)
class Effect:
    """One comparison of an experiment.

    Parameters
    ----------
    metric
        The outcome.
    variant
        The variant that is compared with the control.
    difference
        The estimate.
    pvalue_adj
        Adjusted: by Holm over all primary comparisons, by Benjamini and Hochberg over all others;
        None where there is no test.
    adjustment
        `Holm` or `Benjamini-Hochberg`, with the number of comparisons.
    """

    metric: Metric
    variant: str
    difference: Difference
    pvalue_adj: float | None
    adjustment: str


@dataclass(frozen=True)
class ExperimentResult:
    """One experiment, analysed.

    Parameters
    ----------
    plan
        What was declared.
    units
        Variant -> customers; those in two variants are not among them.
    checks
        May the data be read?
    effects
        All comparisons with the control, primary ones first.
    decision
        What may be concluded.
    min_group
        Fewer customers are not shown.
    """

    plan: Plan
    units: Mapping[str, int]
    checks: tuple[Check, ...]
    effects: tuple[Effect, ...]
    decision: Decision
    min_group: int

    @property
    def customers(self) -> int | None:
        """Return the customers in declared variants; None where one of these is a small group."""
        counts = [n for name, n in self.units.items() if name in self.plan.shares]
        return None if any(is_small(n, self.min_group) for n in counts) else sum(counts)


@dataclass(frozen=True)
class Experiments:
    """All declared experiments of a unit.

    Parameters
    ----------
    results
        One per declared experiment, in the order of the declaration.
    undeclared
        Ids in the assignments that were not declared; they are not analysed.
    """

    results: tuple[ExperimentResult, ...]
    undeclared: tuple[str, ...]

    def decisions(self) -> pd.DataFrame:
        """Return one row per experiment.

        Returns
        -------
        pandas.DataFrame
            `experiment` (title), `customers` (None where a variant has too few to show: all less
            the others would be they), `verdict`, `text`, `reasons` (joined), `planned`.
        """
        rows = [
            (
                r.plan.title,
                r.customers,
                r.decision.verdict,
                r.decision.text,
                " ".join(r.decision.reasons),
                r.decision.planned,
            )
            for r in self.results
        ]
        names = ["experiment", "customers", "verdict", "text", "reasons", "planned"]
        return pd.DataFrame(rows, columns=names).astype({"customers": "Int64"})

    def effects(self) -> pd.DataFrame:
        """Return one row per experiment, outcome and variant.

        Returns
        -------
        pandas.DataFrame
            `experiment_id`, `experiment`, `metric`, `label`, `kind`, `primary`, `variant`, all
            fields of :class:`workbench.experiments.estimators.Difference`, `pvalue_adj`,
            `adjustment`, `verdict` (of the experiment). None where there is no number.
        """
        rows = [
            {
                "experiment_id": r.plan.id,
                "experiment": r.plan.title,
                "metric": e.metric.name,
                "label": e.metric.label,
                "kind": e.metric.kind,
                "primary": e.metric.primary,
                "variant": e.variant,
                **asdict(e.difference),
                "pvalue_adj": e.pvalue_adj,
                "adjustment": e.adjustment,
                "verdict": r.decision.verdict,
            }
            for r in self.results
            for e in r.effects
        ]
        names = ["experiment_id", "experiment", "metric", "label", "kind", "primary", "variant"]
        names += [*Difference.__dataclass_fields__, "pvalue_adj", "adjustment", "verdict"]
        return pd.DataFrame(rows, columns=names, dtype=object)

    def checks(self) -> pd.DataFrame:
        """Return one row per experiment and check, failed ones first within an experiment.

        Returns
        -------
        pandas.DataFrame
            `experiment`, `check`, `status`, `text`, `advice`.
        """
        parts = [check_frame(r.checks).assign(experiment=r.plan.title) for r in self.results]
        names = ["experiment", "check", "status", "text", "advice"]
        return (
            pd.concat(parts)[names].reset_index(drop=True) if parts else pd.DataFrame(columns=names)
        )


def analyse_all(
    assignments: Any, experiments: Mapping[str, ExperimentParams], *, min_group: int
) -> Experiments:
    """Return all declared experiments of a unit, analysed.

    Parameters
    ----------
    assignments
        The unit's table: `experiment_id`, `customer_id`, `variant` and the outcome columns.
    experiments
        Id -> declaration, as `unit.experiments` holds them.
    min_group
        Comparisons with fewer customers in a group show no number.
    """
    needs = ("experiment_id", "customer_id", "variant")
    plans = [Plan.of(name, declared) for name, declared in experiments.items()]
    outcomes = {column for plan in plans for metric in plan.metrics for column in metric.columns}
    named = aliases(assignments, outcomes)
    frame = lazy(assignments, where="assignments", needs=needs, named=named)
    ids = collect(frame.select("experiment_id").unique())["experiment_id"].dropna()
    undeclared = sorted(str(i) for i in ids if str(i) not in experiments)
    results = []
    for plan in plans:
        rows = frame.filter(nw.col("experiment_id").cast(nw.String) == plan.id)
        results.append(analyse(rows, _renamed(plan, named), min_group=min_group))
    return Experiments(tuple(results), tuple(undeclared))


def _renamed(plan: Plan, named: Mapping[str, str]) -> Plan:
    """Return a plan that reads its outcomes under other names."""
    metrics = (replace(m, column=named.get(m.column, m.column)) for m in plan.metrics)
    return replace(plan, metrics=tuple(metrics))


def analyse(assignments: Any, plan: Plan, *, min_group: int) -> ExperimentResult:
    """Return one experiment, analysed.

    Parameters
    ----------
    assignments
        The rows of this experiment: `customer_id`, `variant` and the outcome columns.
    plan
        What was declared.
    min_group
        Comparisons with fewer customers in a group show no number.

    Raises
    ------
    AnalysisError
        When the table lacks `customer_id` or `variant`, or an outcome holds no numbers. A missing
        outcome column is a failed check, not an error: other outcomes can still be read.
    """
    frame = lazy(assignments, where=f"experiment {plan.id}", needs=("customer_id", "variant"))
    there = frame.collect_schema().names()
    absent = [metric for metric in plan.metrics if metric.column not in there]
    columns = [metric.column for metric in plan.metrics if metric.column in there]
    try:
        found = moments(frame, columns)
    except AnalysisError as error:
        where = f"experiment {plan.id}, {error.where}"
        raise AnalysisError(error.what, where=where, fix=error.fix) from error
    several = found.repeated_rows or found.units_in_two_variants or found.units_in_conflict
    spread = tally(frame, plan, unique=not several)
    checks = check_plan(plan, found, min_group=min_group, tally=spread) + tuple(
        Check(
            f"missing-{metric.name}",
            f"{metric.label}: outcomes are there",
            "failed",
            f"The assignments have no column {metric.column}.",
        )
        for metric in absent
    )
    effects = _effects(plan, found, min_group)
    primary = [
        Comparison(
            e.metric.label, e.variant, e.difference.effect_size, e.pvalue_adj, e.difference.reason
        )
        for e in effects
        if e.metric.primary
    ]
    decision = decide(plan, checks, primary)
    return ExperimentResult(plan, found.units, checks, effects, decision, min_group)


def _effects(plan: Plan, found: Moments, min_group: int) -> tuple[Effect, ...]:
    """Return all comparisons, primary ones first, with p-values adjusted in two families."""
    made = []
    for primary, adjust, name in (
        (True, holm, "Holm"),
        (False, benjamini_hochberg, "Benjamini-Hochberg"),
    ):
        pairs = [(m, v) for m in plan.metrics if m.primary is primary for v in plan.treatments]
        family = [
            Effect(metric, variant, _compare(plan, found, metric, variant, min_group), None, "")
            for metric, variant in pairs
        ]
        # A comparison without a test still counts as one: leaving it out would make the others
        # easier to show.
        pvalues = [1.0 if e.difference.pvalue is None else e.difference.pvalue for e in family]
        note = f"{name}, {len(family)} comparison{'' if len(family) == 1 else 's'}"
        for effect, adjusted in zip(family, adjust(pvalues), strict=True):
            tested = effect.difference.pvalue is not None
            made.append(replace(effect, pvalue_adj=adjusted if tested else None, adjustment=note))
    return tuple(made)


def _compare(
    plan: Plan, found: Moments, metric: Metric, variant: str, min_group: int
) -> Difference:
    if metric.kind in ("ratio", "quantile"):
        # Never silently as a mean: an outcome of another kind is another question.
        why = f"a {metric.kind} is declared, and this report compares means and proportions so far"
        level = 1 - plan.alpha
        return Difference(None, None, None, None, level=level, reason=why, rel_reason=why)
    control = found.metrics.get((plan.control, metric.column), _NONE)
    treatment = found.metrics.get((variant, metric.column), _NONE)
    kind: Literal["mean", "proportion"] = "mean" if metric.kind == "mean" else "proportion"
    return difference(control, treatment, kind, alpha=plan.alpha, min_group=min_group)
