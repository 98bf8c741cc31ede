"""What is found of one experiment, and of all of a unit, as frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from workbench.data.small_groups import is_small
from workbench.experiments.comparing import Comparison
from workbench.experiments.curves import Curves, Review
from workbench.experiments.decision import Decision, Timing
from workbench.experiments.estimators import Difference
from workbench.experiments.evidence import plain
from workbench.experiments.plan import Plan
from workbench.experiments.segment_effects import SegmentReading
from workbench.experiments.verdicts import Check, check_frame

__all__ = ["ExperimentResult", "Experiments"]


@dataclass(frozen=True)
class ExperimentResult:
    """One experiment, analysed.

    Parameters
    ----------
    plan
        What was declared.
    units
        Variant -> units that were drawn; those in two variants are not among them.
    checks
        May the data be read?
    effects
        All comparisons with the control, primary ones first. Before an experiment may be read they
        hold no number.
    segments
        Effects on the primary outcomes by declared segment.
    decision
        What is to be done, by the declared rule.
    timing
        How far it has come.
    min_group
        Fewer customers are not shown.
    reviews
        What the plan could show of each outcome.
    curves
        Metric's name -> its curves of power; only primary ones with a smallest effect worth having.
    changes
        What was changed in the declaration after the first reading, as sentences.
    tuning
        Of an experiment that is read at any time: what must stay the same at all readings.
    """

    plan: Plan
    units: Mapping[str, int]
    checks: tuple[Check, ...]
    effects: tuple[Comparison, ...]
    segments: tuple[SegmentReading, ...]
    decision: Decision
    timing: Timing
    min_group: int
    reviews: tuple[Review, ...] = ()
    curves: Mapping[str, Curves] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    tuning: Mapping[str, float] = field(default_factory=dict)

    @property
    def customers(self) -> int | None:
        """Return the units in declared variants; None where one of these is a small group."""
        counts = [n for name, n in self.units.items() if name in self.plan.shares]
        return None if any(is_small(n, self.min_group) for n in counts) else sum(counts)

    @property
    def is_trusted(self) -> bool:
        """Return whether its numbers may be read: no check failed, and it is time."""
        return self.decision.verdict != "do not decide" and self.timing.may_decide


@dataclass(frozen=True)
class Experiments:
    """All declared experiments of a unit.

    Parameters
    ----------
    results
        One per declared experiment, in the order of the declaration.
    undeclared
        Ids in the assignments that were not declared; they are not analysed.
    handed_on
        What the next edition must know of the declarations: plain JSON.
    """

    results: tuple[ExperimentResult, ...]
    undeclared: tuple[str, ...]
    handed_on: Mapping[str, Any] = field(default_factory=dict)

    def decisions(self) -> pd.DataFrame:
        """Return one row per experiment.

        Returns
        -------
        pandas.DataFrame
            `experiment` (title), `customers` (None where a variant has too few to show: all less
            the others would be they), `verdict`, `final` (the override where there is one),
            `text`, `reasons` (joined), `planned`, `override` (in a sentence, or empty).
        """
        rows = [
            (
                r.plan.title,
                r.customers,
                r.decision.verdict,
                r.decision.final,
                r.decision.text,
                " ".join(r.decision.reasons),
                r.decision.planned,
                r.decision.override_text,
            )
            for r in self.results
        ]
        names = ["experiment", "customers", "verdict", "final", "text", "reasons", "planned"]
        return pd.DataFrame(rows, columns=[*names, "override"]).astype({"customers": "Int64"})

    def variants(self) -> pd.DataFrame:
        """Return one row per experiment and variant that may be read.

        Returns
        -------
        pandas.DataFrame
            `experiment`, `variant`, `outcome`, `probability_harm`, `value`, `value_ci_lower`,
            `value_ci_upper`, `loss_ship`, `loss_keep` (money a year; None where no value was
            declared), `reasons`.
        """
        rows = []
        for r in self.results:
            if not r.is_trusted:
                continue
            for one in r.decision.variants:
                worth = one.worth
                rows.append(
                    (
                        r.plan.title,
                        plain(one.variant),
                        one.outcome,
                        None if one.belief is None else one.belief.probability_harm,
                        None if worth is None else worth.value,
                        None if worth is None else worth.ci_lower,
                        None if worth is None else worth.ci_upper,
                        None if worth is None else worth.loss_ship,
                        None if worth is None else worth.loss_keep,
                        " ".join(one.reasons),
                    )
                )
        names = ["experiment", "variant", "outcome", "probability_harm", "value"]
        names += ["value_ci_lower", "value_ci_upper", "loss_ship", "loss_keep", "reasons"]
        return pd.DataFrame(rows, columns=names, dtype=object)

    def effects(self) -> pd.DataFrame:
        """Return one row per experiment, outcome and variant.

        Returns
        -------
        pandas.DataFrame
            `experiment_id`, `experiment`, `metric`, `label`, `kind`, `role`, `primary`, `variant`,
            all fields of :class:`workbench.experiments.estimators.Difference`, `pvalue_adj`,
            `adjustment`, `adjusted` (for covariates), `verdict` (of the experiment), `trusted`.
            None where there is no number.
        """
        rows = [
            {
                "experiment_id": r.plan.id,
                "experiment": r.plan.title,
                "metric": e.metric.name,
                "label": e.metric.label,
                "kind": e.metric.kind,
                "role": e.metric.role,
                "primary": e.metric.primary,
                "variant": e.variant,
                **asdict(e.difference),
                "pvalue_adj": e.pvalue_adj,
                "adjustment": e.adjustment,
                "adjusted": e.is_adjusted,
                "verdict": r.decision.verdict,
                "trusted": r.is_trusted,
            }
            for r, e in self.comparisons()
        ]
        names = ["experiment_id", "experiment", "metric", "label", "kind", "role", "primary"]
        names += ["variant", *Difference.__dataclass_fields__, "pvalue_adj", "adjustment"]
        return pd.DataFrame(rows, columns=[*names, "adjusted", "verdict", "trusted"], dtype=object)

    def comparisons(self) -> Iterator[tuple[ExperimentResult, Comparison]]:
        """Yield every comparison with its experiment, in the order of `effects`."""
        for result in self.results:
            for effect in result.effects:
                yield result, effect

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
