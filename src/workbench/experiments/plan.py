"""What was declared of an experiment before its data were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from workbench.errors import AnalysisError, one_of
from workbench.params import ExperimentParams, MetricParams
from workbench.params.experiments import ActionParams, OverrideParams, ReadingParams
from workbench.params.measures import CovariateParams, MetricKind, SizeParams, ValueParams

__all__ = [
    "Covariate",
    "Kind",
    "Metric",
    "Plan",
    "absolute_size",
    "covariate_column",
    "metric_columns",
]

Kind = MetricKind
Role = Literal["primary", "guardrail", "secondary"]

_ONCE, _NOTHING_SAID = ReadingParams(), ActionParams()


def metric_columns(name: str, metric: MetricParams) -> tuple[str, ...]:
    """Return the columns of one outcome: one, or the numerator and denominator of a ratio.

    A column of the assignments keeps its name; what is computed has a name with a blank, which no
    declared name has.

    Examples
    --------
    >>> metric_columns("left", MetricParams(kind="proportion", column="unsubscribed"))
    ('unsubscribed',)
    >>> metric_columns("left", MetricParams.model_validate({"kind": "retention", "day": 30,
    ...     "from": "orders", "days": 7}))
    ('metric left',)
    """
    if metric.kind == "ratio":
        parts = (("numerator", metric.numerator), ("denominator", metric.denominator))
        return tuple((part and part.column) or f"{role} of {name}" for role, part in parts)
    if metric.column is not None and metric.cap is None:
        return (metric.column,)
    return (f"metric {name}",)


def covariate_column(name: str, covariate: CovariateParams) -> str:
    """Return the column of a covariate."""
    return covariate.column or f"covariate {name}"


def absolute_size(size: SizeParams, value: float) -> float | None:
    """Return the size of an effect in the metric's own unit; None without a value to relate it to.

    Parameters
    ----------
    size
        As declared: absolute, or a share of the control's value.
    value
        The control's value.

    Examples
    --------
    >>> absolute_size(SizeParams(relative=0.05), 20.0)
    1.0
    """
    if size.absolute is not None:
        return size.absolute
    found = (size.relative or 0.0) * abs(value)
    return found if found > 0 else None


@dataclass(frozen=True)
class Metric:
    """An outcome of an experiment.

    Parameters
    ----------
    name
        Its name in the declaration.
    column
        The column that holds it, one value per customer; of a ratio, its numerator.
    kind
        `mean` of a number; `proportion` of customers with 1 (or true); `ratio` of two sums;
        `quantile`; `retention`, the share of customers with 1.
    label
        How a report names it.
    primary
        Whether the decision rests on it.
    denominator
        Of a ratio: the column of its denominator.
    q
        Of a quantile: which one.
    cap
        Larger numbers count as this one; the column is cut already.
    direction
        Which way is better: `up` or `down`.
    margin
        Of a guardrail: so much worse than the control is still accepted; else None.
    min_effect, typical_effect
        The smallest improvement worth having; how large true effects usually are.
    value
        What an improvement is worth.
    window_days
        How long after its assignment a customer's outcome is known; 0 where a column holds it.
    """

    name: str
    column: str
    kind: Kind
    label: str
    primary: bool
    denominator: str | None = None
    q: float | None = None
    cap: float | None = None
    direction: Literal["up", "down"] = "up"
    margin: SizeParams | None = None
    min_effect: SizeParams | None = None
    typical_effect: SizeParams | None = None
    value: ValueParams | None = None
    window_days: int = 0

    @property
    def role(self) -> Role:
        """Return what the metric is for: `primary`, `guardrail` or `secondary`."""
        if self.margin is not None:
            return "guardrail"
        return "primary" if self.primary else "secondary"

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that hold it: one, or a ratio's two."""
        return (self.column,) if self.denominator is None else (self.column, self.denominator)


@dataclass(frozen=True)
class Covariate:
    """What was known of each customer before the assignment.

    Parameters
    ----------
    name, label
        Its name in the declaration, and in a report.
    column
        The column that holds it.
    measured_at
        The column that says when it was measured; None where that is not said.
    window_days
        Of one that is computed: the days before the assignment; 0 where a column holds it.
    """

    name: str
    label: str
    column: str
    measured_at: str | None = None
    window_days: int = 0


@dataclass(frozen=True)
class Plan:
    """An experiment as it was declared.

    Parameters
    ----------
    id
        Its value in `assignments.experiment_id`.
    title, hypothesis
        What it is, and what is expected, in plain words.
    control
        The variant that the others are compared with.
    shares
        Variant -> planned share of units.
    metrics
        The outcomes. When none was declared primary, all but guardrails are.
    alpha
        The accepted probability of calling an effect that is not there, over all primary
        comparisons of the experiment together.
    decision
        What will be done with the answer.
    unit
        The column by which variants were drawn: `customer_id`, or that of a cluster.
    start, end
        The first and the last planned day of assignment, or None.
    n_obs
        Planned number of units in all variants together, or None.
    covariates
        What was known before.
    segments
        Columns for whose values effects will be read as well.
    power
        The wanted probability of showing the smallest effect worth having.
    readings
        How often the data may be read for a decision.
    ship_if
        `effect` or `worth-having`: what must be shown of a change that is shipped.
    then
        What will be done in each outcome.
    override
        A decision that departs from the rule, or None.
    """

    id: str
    title: str
    hypothesis: str
    control: str
    shares: Mapping[str, float]
    metrics: tuple[Metric, ...]
    alpha: float
    decision: str
    unit: str = "customer_id"
    start: date | None = None
    end: date | None = None
    n_obs: int | None = None
    covariates: tuple[Covariate, ...] = ()
    segments: tuple[str, ...] = ()
    power: float = 0.8
    readings: ReadingParams = _ONCE
    ship_if: Literal["effect", "worth-having"] = "effect"
    then: ActionParams = _NOTHING_SAID
    override: OverrideParams | None = None

    def __post_init__(self) -> None:
        where = f"experiment {self.id}"
        if not 0 < self.alpha < 1:
            raise AnalysisError(f"alpha == {self.alpha}, must lie between 0 and 1", where=where)
        if self.control not in self.shares:
            raise AnalysisError(
                f"control {self.control} has no planned share",
                where=where,
                fix=one_of(self.control, self.shares),
            )
        wrong = [name for name, share in self.shares.items() if not share > 0]
        if wrong or len(self.shares) < 2:
            raise AnalysisError(
                f"planned shares {dict(self.shares)}",
                where=where,
                fix="Give at least two variants, each with a share above 0.",
            )
        if not self.metrics:
            raise AnalysisError("no metric is declared", where=where, fix="Declare one.")

    @classmethod
    def of(cls, id: str, declared: ExperimentParams) -> Plan:
        """Return the plan of an experiment in a unit's parameters.

        Parameters
        ----------
        id
            The experiment's id.
        declared
            Its declaration, as `unit.experiments` holds it.
        """
        return cls(
            id=id,
            title=declared.title,
            hypothesis=declared.hypothesis,
            control=declared.control,
            shares=dict(declared.shares),
            metrics=tuple(_metric(name, declared) for name in declared.metrics),
            alpha=declared.alpha,
            decision=declared.decision,
            unit=declared.unit,
            start=declared.start,
            end=declared.end,
            n_obs=declared.n_obs,
            covariates=tuple(
                Covariate(
                    name, one.label or name, covariate_column(name, one), one.measured_at,
                    one.days or 0,
                )
                for name, one in declared.covariates.items()
            ),
            segments=tuple(declared.segments),
            power=declared.power,
            readings=declared.readings,
            ship_if=declared.ship_if,
            then=declared.then,
            override=declared.override,
        )  # fmt: skip

    @property
    def treatments(self) -> tuple[str, ...]:
        """Return the variants that are compared with the control, as declared."""
        return tuple(name for name in self.shares if name != self.control)

    @property
    def clustered(self) -> bool:
        """Return whether clusters were drawn, not customers."""
        return self.unit != "customer_id"

    @property
    def units_word(self) -> str:
        """Return what was drawn, in a word: `customers`, or `clusters`."""
        return "clusters" if self.clustered else "customers"

    @property
    def level(self) -> float:
        """Return the level of the intervals, `1 - alpha`."""
        return 1 - self.alpha

    @property
    def window_days(self) -> int:
        """Return how long after the last assignment all outcomes that decide are known."""
        return max((m.window_days for m in self.metrics if m.role != "secondary"), default=0)


def _metric(name: str, declared: ExperimentParams) -> Metric:
    said = declared.metrics[name]
    columns = metric_columns(name, said)
    return Metric(
        name=name,
        column=columns[0],
        kind=said.kind,
        label=said.label or name,
        primary=declared.role(name) == "primary",
        denominator=columns[1] if len(columns) > 1 else None,
        q=said.q,
        cap=said.cap,
        direction=said.direction,
        margin=said.margin,
        min_effect=said.min_effect,
        typical_effect=said.typical_effect,
        value=said.value,
        window_days=said.window_days,
    )
