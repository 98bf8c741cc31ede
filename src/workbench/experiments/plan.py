"""What was declared of an experiment before its data were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from workbench.errors import AnalysisError, one_of

__all__ = ["Declared", "DeclaredMetric", "Metric", "Plan"]

Kind = Literal["mean", "proportion"]


class DeclaredMetric(Protocol):
    """An outcome as a unit's parameters hold it."""

    @property
    def column(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> Kind: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def primary(self) -> bool: ...  # noqa: D102


class Declared(Protocol):
    """An experiment as a unit's parameters hold it."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def hypothesis(self) -> str: ...  # noqa: D102
    @property
    def decision(self) -> str: ...  # noqa: D102
    @property
    def control(self) -> str: ...  # noqa: D102
    @property
    def shares(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def metrics(self) -> Mapping[str, DeclaredMetric]: ...  # noqa: D102
    @property
    def alpha(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Metric:
    """An outcome of an experiment.

    Parameters
    ----------
    name
        Its name in the declaration.
    column
        The column of `assignments` that holds it, one value per customer.
    kind
        `mean` of a number, or `proportion` of customers with 1 (or true).
    label
        How a report names it.
    primary
        Whether the decision rests on it.
    """

    name: str
    column: str
    kind: Kind
    label: str
    primary: bool


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
        Variant -> planned share of customers.
    metrics
        The outcomes. When none was declared primary, all are.
    alpha
        The accepted probability of calling an effect that is not there, over all primary
        comparisons of the experiment together.
    decision
        What will be done with the answer.
    """

    id: str
    title: str
    hypothesis: str
    control: str
    shares: Mapping[str, float]
    metrics: tuple[Metric, ...]
    alpha: float
    decision: str

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
    def of(cls, id: str, declared: Declared) -> Plan:
        """Return the plan of an experiment in a unit's parameters.

        Parameters
        ----------
        id
            The experiment's id.
        declared
            Its declaration, as `unit.experiments` holds it.
        """
        some = any(metric.primary for metric in declared.metrics.values())
        metrics = tuple(
            Metric(name, m.column, m.kind, m.label or name, m.primary or not some)
            for name, m in declared.metrics.items()
        )
        return cls(
            id=id,
            title=declared.title,
            hypothesis=declared.hypothesis,
            control=declared.control,
            shares=dict(declared.shares),
            metrics=metrics,
            alpha=declared.alpha,
            decision=declared.decision,
        )

    @property
    def treatments(self) -> tuple[str, ...]:
        """Return the variants that are compared with the control, as declared."""
        return tuple(name for name in self.shares if name != self.control)

    @property
    def level(self) -> float:
        """Return the level of the intervals, `1 - alpha`."""
        return 1 - self.alpha
