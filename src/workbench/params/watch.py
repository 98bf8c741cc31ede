"""What a parameter file may say of goals, alerts and plans: what is watched, and who acts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from workbench.params.fields import Day, Model, Slug
from workbench.params.rules import MetricPattern, Number, Rule, parse_rule

__all__ = ["AlertParams", "GoalParams", "PlanParams", "StartParams"]


class StartParams(Model):
    """Where the way to a goal began.

    Parameters
    ----------
    value
        The metric's number then.
    on
        The day.
    """

    value: Number
    on: Day


class GoalParams(Model):
    """What a metric shall come to.

    Parameters
    ----------
    target
        The number to reach.
    direction
        ``up``: at least the target; ``down``: at most.
    by
        The day at whose end it shall be reached; None for no day.
    owner
        The department that answers for it; the unit's owner unless told.
    start
        In the file ``from``: where the way began. With it, a straight way to the target tells
        before the day whether the metric is on track.
    """

    target: Number
    direction: Literal["up", "down"]
    by: Day | None = None
    owner: str = ""
    start: StartParams | None = Field(default=None, alias="from")

    @model_validator(mode="after")
    def _a_way(self) -> GoalParams:
        if self.start is None:
            return self
        if self.by is None:
            raise ValueError("`from` needs `by`, the day at which the way to the target ends")
        if self.start.on >= self.by:
            raise ValueError("`from.on` must be a day before `by`")
        short = self.target - self.start.value
        if (short if self.direction == "up" else -short) <= 0:
            side = "below" if self.direction == "up" else "above"
            raise ValueError(
                f"`from.value` must lie {side} `target` with direction {self.direction}"
            )
        return self


class AlertParams(Model):
    """A rule over a metric, and who is told when it holds.

    Parameters
    ----------
    metric
        ``report.metric``; ``*`` in the metric's name stands for any letters. May be left out where
        the rule names it.
    when
        The rule: ``> 0.3``, ``change < -10%``, ``change > 3 sigma of the last 8 editions``.
    severity
        ``critical`` or ``warning``.
    owner
        The department that is told; the unit's owner unless told.
    why
        Why it matters, in a sentence.
    """

    metric: MetricPattern = ""
    when: str
    severity: Literal["critical", "warning"] = "warning"
    owner: str = ""
    why: str = ""

    @field_validator("when")
    @classmethod
    def _is_a_rule(cls, text: str) -> str:
        parse_rule(text)
        return text

    @model_validator(mode="after")
    def _one_metric(self) -> AlertParams:
        named = parse_rule(self.when).metric
        if not self.metric and "." not in named:
            raise ValueError("needs `metric: report.metric`, or a `when` that names it so")
        if self.metric and named and named not in {self.metric, self.metric.split(".", 1)[1]}:
            raise ValueError(
                f"`when` names `{named}` and `metric` names `{self.metric}`: state one"
            )
        return self

    @property
    def rule(self) -> Rule:
        """Return the rule, with the whole name of its metric."""
        rule = parse_rule(self.when)
        return rule.about(self.metric or rule.metric)


class PlanParams(Model):
    """What will be done, and when, about a decision that a report serves.

    Parameters
    ----------
    report
        The report.
    decision
        The decision, as a question.
    when
        A rule over one of the report's metrics; None when it will be done in any case.
    do
        What will be done.
    owner
        The department that does it; the unit's owner unless told.
    by
        The day at whose end it shall be done; None for no day.
    """

    report: Slug
    decision: str
    when: str | None = None
    do: str
    owner: str = ""
    by: Day | None = None

    @model_validator(mode="after")
    def _own_metric(self) -> PlanParams:
        if self.when is None:
            return self
        named = parse_rule(self.when).metric
        if not named:
            raise ValueError(f"`when` must name a metric of `{self.report}`: `metric {self.when}`")
        if "." in named and named.split(".", 1)[0] != self.report:
            raise ValueError(f"`when` must be about a metric of the plan's report, `{self.report}`")
        return self

    @field_validator("when")
    @classmethod
    def _is_a_rule(cls, text: str | None) -> str | None:
        if text is not None:
            parse_rule(text)
        return text

    @property
    def rule(self) -> Rule | None:
        """Return the rule, with the whole name of its metric; None when there is none."""
        if self.when is None:
            return None
        rule = parse_rule(self.when)
        return rule.about(rule.metric if "." in rule.metric else f"{self.report}.{rule.metric}")
