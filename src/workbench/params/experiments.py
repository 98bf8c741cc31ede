# ruff: noqa: RUF012 - pydantic copies a mutable default for each model
"""What a parameter file may say of a controlled experiment, before its data are read.

``measures`` says what an outcome is and where its numbers come from.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from workbench.params.fields import Day, Model, Share, Slug
from workbench.params.measures import CovariateParams, MetricParams, Metrics

__all__ = [
    "ActionParams",
    "ExperimentParams",
    "MetricParams",
    "OverrideParams",
    "ReadingParams",
]

Text = Annotated[str, Field(min_length=1)]


class ActionParams(Model):
    """What will be done in each outcome.

    Parameters
    ----------
    ship
        When the change is shown to be worth having.
    do_not_ship
        When it is shown not to be, or harms what must not be harmed.
    inconclusive
        When neither is shown at the planned end.
    """

    ship: str = ""
    do_not_ship: str = ""
    inconclusive: str = ""


class ReadingParams(Model):
    """How often the data may be read for a decision.

    Parameters
    ----------
    method
        ``fixed``: once, at the planned end. ``group-sequential``: at a few ``looks``, equally far
        apart, the last one at the planned end. ``anytime``: as often as anybody likes, with wider
        intervals.
    looks
        Of ``group-sequential``: how many, the last one included.
    spending
        Of ``group-sequential``: how the accepted error is spent over the looks:
        ``obrien-fleming`` (little at first) or ``pocock`` (alike).
    """

    method: Literal["fixed", "group-sequential", "anytime"] = "fixed"
    looks: Annotated[int, Field(ge=2, le=50)] | None = None
    spending: Literal["obrien-fleming", "pocock"] = "obrien-fleming"

    @model_validator(mode="after")
    def _looks(self) -> ReadingParams:
        if self.method == "group-sequential" and self.looks is None:
            raise ValueError("needs `looks`, how many times the data will be read")
        if self.method != "group-sequential" and self.looks is not None:
            raise ValueError(f"`looks` goes with `method: group-sequential`, not {self.method}")
        return self


class OverrideParams(Model):
    """A decision that departs from the declared rule; the report shows it with its reason.

    Parameters
    ----------
    decision
        ``ship``, ``do not ship`` or ``keep running``.
    reason, author, on
        Why, by whom, and on which day.
    """

    decision: Literal["ship", "do not ship", "keep running"]
    reason: Text
    author: Text
    on: Day


class ExperimentParams(Model):
    """A controlled experiment, declared before its data are read; its key is its id.

    Parameters
    ----------
    title, hypothesis, decision
        Plain sentences: what it is, what is expected, what will be done with the answer.
    then
        The same for each outcome: ship, do not ship, inconclusive.
    unit
        The column of ``assignments`` by which variants were drawn: each customer, or a cluster of
        customers (a store, a household) that got one variant together.
    control
        The variant that the others are compared with.
    shares
        Variant -> planned share of units; they add up to 1.
    start, end
        The first and the last planned day of assignment, both included.
    n_obs
        Planned number of units, in all variants together.
    metrics
        Name -> outcome; at least one, and at least one that is no guardrail.
    covariates
        Name -> what was known of each customer before the assignment.
    segments
        Columns of ``assignments`` or ``customers``: for whom, beside all, effects will be read.
    alpha
        The accepted probability of calling an effect that is not there.
    power
        The wanted probability of showing the smallest effect worth having.
    readings
        How often the data may be read for a decision; once, at the planned end, unless told.
    ship_if
        ``effect``: ship when an improvement is shown, and one worth having is still possible.
        ``worth-having``: ship only when all of the interval is worth having.
    override
        A decision that departs from the rule; None when it stands.
    """

    title: str
    hypothesis: str = ""
    decision: str = ""
    then: ActionParams = ActionParams()
    unit: Text = "customer_id"
    control: str
    shares: dict[str, Share]
    start: Day | None = None
    end: Day | None = None
    n_obs: Annotated[int, Field(ge=2)] | None = None
    metrics: Metrics
    covariates: dict[Slug, CovariateParams] = {}
    segments: list[Text] = []
    alpha: Share = 0.05
    power: Share = 0.8
    readings: ReadingParams = ReadingParams()
    ship_if: Literal["effect", "worth-having"] = "effect"
    override: OverrideParams | None = None

    @field_validator("segments")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names `{twice[0]}` twice")
        return names

    @model_validator(mode="after")
    def _consistent(self) -> ExperimentParams:
        if self.control not in self.shares:
            raise ValueError(f"`control` must be one of the variants in `shares`: {[*self.shares]}")
        if len(self.shares) < 2:
            raise ValueError("`shares` must name at least two variants")
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"`shares` must add up to 1; they add up to {total:g}")
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError("`end` must be `start` or a later day: it is the last day, included")
        if self.readings.method == "group-sequential" and (self.start is None or self.end is None):
            raise ValueError(
                "`readings: group-sequential` needs `start` and `end`: looks lie there"
            )
        return self

    @model_validator(mode="after")
    def _decides(self) -> ExperimentParams:
        decide = [name for name in self.metrics if self.role(name) == "primary"]
        if not decide:
            raise ValueError("`metrics` are all guardrails: at least one must have no `margin`")
        if self.ship_if == "worth-having":
            for name in decide:
                if self.metrics[name].min_effect is None:
                    raise ValueError(f"`ship_if: worth-having` needs `min_effect` of `{name}`")
        for name, metric in self.metrics.items():
            if metric.value is not None and name not in decide:
                raise ValueError(f"`value` goes with a primary metric; `{name}` is none")
        return self

    def tables(self) -> set[str]:
        """Return the tables that metrics and covariates are computed from, beside assignments."""
        found = {one.origin for one in self.covariates.values()}
        for metric in self.metrics.values():
            found.add(metric.origin)
            found |= {part.origin for part in (metric.numerator, metric.denominator) if part}
        return {origin for origin in found if origin is not None}

    def role(self, name: str) -> Literal["primary", "guardrail", "secondary"]:
        """Return what a metric is for: when none is declared primary, all but guardrails are."""
        own = self.metrics[name].role
        some = any(metric.primary for metric in self.metrics.values())
        return "primary" if own == "secondary" and not some else own
