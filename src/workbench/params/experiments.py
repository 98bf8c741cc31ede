"""What a parameter file may say of a controlled experiment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.params.fields import Model, Share, Slug

__all__ = ["ExperimentParams", "MetricParams"]


class MetricParams(Model):
    """An outcome of an experiment: a column of ``assignments``.

    Parameters
    ----------
    column
        The column that holds the outcome, one value per customer.
    kind
        ``mean`` of a number, or ``proportion`` of customers with 1.
    label
        How a report names it; the metric's own name unless told.
    primary
        Whether the decision rests on it.
    """

    column: str
    kind: Literal["mean", "proportion"]
    label: str = ""
    primary: bool = False


class ExperimentParams(Model):
    """A controlled experiment, declared before its data are read.

    Parameters
    ----------
    title, hypothesis, decision
        Plain sentences: what it is, what is expected, what will be done with the answer.
    control
        The variant that the others are compared with.
    shares
        Variant -> planned share of customers; they add up to 1.
    metrics
        Name -> outcome; at least one.
    alpha
        The accepted probability of calling an effect that is not there.
    """

    title: str
    hypothesis: str = ""
    decision: str = ""
    control: str
    shares: dict[str, Share]
    metrics: Annotated[dict[Slug, MetricParams], Field(min_length=1)]
    alpha: Share = 0.05

    @model_validator(mode="after")
    def _consistent(self) -> ExperimentParams:
        if self.control not in self.shares:
            raise ValueError(f"`control` must be one of the variants in `shares`: {[*self.shares]}")
        if len(self.shares) < 2:
            raise ValueError("`shares` must name at least two variants")
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"`shares` must add up to 1; they add up to {total:g}")
        return self
