"""One experiment of a unit's assignments, made ready to be read: its rows, plan and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import narwhals as nw

from workbench.data.frames import aliases, lazy
from workbench.experiments.metrics import Measured, measure
from workbench.experiments.plan import Plan
from workbench.experiments.tally import with_segments
from workbench.params import ExperimentParams
from workbench.params.measures import CovariateParams, MeasureParams, MetricParams

__all__ = ["Prepared", "prepare"]

Named = TypeVar("Named", MeasureParams, MetricParams, CovariateParams)


@dataclass(frozen=True)
class Prepared:
    """One experiment, ready to be read.

    Parameters
    ----------
    plan
        What was declared; its columns are those of `measured.frame`.
    measured
        The experiment's assignments with all outcomes, covariates and segments as columns.
    """

    plan: Plan
    measured: Measured


def prepare(
    assignments: Any,
    name: str,
    declared: ExperimentParams,
    *,
    as_of: date,
    orders: Any = None,
    interactions: Any = None,
    customers: Any = None,
) -> Prepared:
    """Return an experiment's assignments with all that its declaration asks for.

    Parameters
    ----------
    assignments
        The unit's table, of all experiments.
    name, declared
        The experiment's id and its declaration.
    as_of
        The day at whose end the data are looked at.
    orders, interactions, customers
        The unit's tables, in the same engine; None where it has none.

    Raises
    ------
    AnalysisError
        When a table or a column is missing or of the wrong kind. A plain outcome column that is
        missing is no error here: other outcomes can still be read.
    """
    named = aliases(assignments, _columns(declared))
    said = _renamed(declared, named)
    needs = ("experiment_id", "customer_id", "variant")
    frame = lazy(assignments, where="assignments", needs=needs, named=named)
    rows = frame.filter(nw.col("experiment_id").cast(nw.String) == name)
    rows = with_segments(rows, customers, said.segments)
    measured = measure(rows, said, as_of=as_of, orders=orders, interactions=interactions)
    return Prepared(Plan.of(name, said), measured)


def _columns(declared: ExperimentParams) -> set[str]:
    """Return the columns of the assignments that a declaration names."""
    found: set[str | None] = {declared.unit, *declared.segments}
    for metric in declared.metrics.values():
        found |= {part.column for part in (metric, metric.numerator, metric.denominator) if part}
    for covariate in declared.covariates.values():
        found |= {covariate.column, covariate.measured_at}
    return {name for name in found if name is not None}


def _renamed(declared: ExperimentParams, named: Mapping[str, str]) -> ExperimentParams:
    """Return a declaration that reads its columns under other names."""
    if not named:
        return declared

    def plain(one: Named) -> Named:
        return one.model_copy(update={"column": named.get(one.column or "", one.column)})

    metrics = {
        name: plain(metric).model_copy(
            update={
                key: plain(part)
                for key in ("numerator", "denominator")
                if (part := getattr(metric, key)) is not None
            }
        )
        for name, metric in declared.metrics.items()
    }
    covariates = {
        name: plain(one).model_copy(
            update={"measured_at": named.get(one.measured_at or "", one.measured_at)}
        )
        for name, one in declared.covariates.items()
    }
    return declared.model_copy(
        update={
            "metrics": metrics,
            "covariates": covariates,
            "unit": named.get(declared.unit, declared.unit),
            "segments": [named.get(name, name) for name in declared.segments],
        }
    )
