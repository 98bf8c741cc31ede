"""What a parameter file may say of an outcome of an experiment, and of what was known before it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from workbench.params.fields import Model, Share, Slug
from workbench.params.rules import Number

__all__ = [
    "MEASURES",
    "YES_OR_NO",
    "CovariateParams",
    "MeasureParams",
    "MetricKind",
    "MetricParams",
    "Origin",
    "SizeParams",
    "ValueParams",
]

MetricKind = Literal["mean", "proportion", "ratio", "quantile", "retention"]
Origin = Literal["orders", "interactions"]
What = Literal[
    "amount", "margin", "quantity", "orders", "bought", "contacts", "contacted", "reopened",
    "satisfaction", "rated",
]  # fmt: skip

MEASURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "orders": ("amount", "margin", "quantity", "orders", "bought"),
        "interactions": ("contacts", "contacted", "reopened", "satisfaction", "rated"),
    }
)
"""What can be measured of a customer in each table."""

YES_OR_NO = frozenset({"bought", "contacted"})
"""Measures that are 1 or 0 for each customer."""

Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]


class _Aliased(Model):
    """A model whose facts read as its file does: `from`, not the name that Python allows."""

    model_config = ConfigDict(serialize_by_alias=True)


class SizeParams(Model):
    """The size of an effect: in the metric's own unit, or as a share of the control's value.

    Parameters
    ----------
    absolute
        In the metric's own unit; of a proportion in shares: 0.01 is one percentage point.
    relative
        As a share of the control's value: ``5%`` or 0.05.
    """

    absolute: Positive | None = None
    relative: Positive | None = None

    @model_validator(mode="after")
    def _one(self) -> SizeParams:
        if (self.absolute is None) == (self.relative is None):
            raise ValueError("needs either `absolute` or `relative`, and not both")
        return self


class MeasureParams(_Aliased):
    """One number per customer: a column of ``assignments``, or what another table says of a window.

    Parameters
    ----------
    column
        The column of ``assignments``, one value per customer.
    origin
        In the file ``from``: the table that it is computed from, ``orders`` or ``interactions``.
    what
        What is computed. Of ``orders``: ``amount`` (net of returns), ``margin`` (amount less cost),
        ``quantity``, ``orders`` (order numbers, returns not counted), ``bought`` (1 with at least
        one order). Of ``interactions``: ``contacts``, ``contacted`` (1 with at least one),
        ``reopened``, ``satisfaction`` (the sum of ratings), ``rated`` (how many were rated).
    days
        The length of the window, which begins with the assignment (an outcome) or ends there (a
        covariate), to the second.
    """

    column: Annotated[str, Field(min_length=1)] | None = None
    origin: Origin | None = Field(default=None, alias="from")
    what: What | None = None
    days: Annotated[int, Field(ge=1, le=3660)] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> MeasureParams:
        _check_place(self)
        if self.column is None and self.origin is None:
            raise ValueError("needs either `column` or `from`, the table that it is computed from")
        if self.origin is not None:
            _check_measure(self)
        return self


class CovariateParams(MeasureParams):
    """What was known of each customer before the assignment; it makes the intervals narrower.

    Parameters
    ----------
    column, origin, what, days
        As of an outcome; the window of ``days`` lies before the assignment.
    label
        How a report names it; the covariate's own name unless told.
    measured_at
        Of a ``column``: the column of ``assignments`` that says when its value was measured. What
        was measured after the assignment may be an effect of it, and must not be adjusted for.
    """

    label: str = ""
    measured_at: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _before(self) -> CovariateParams:
        if self.measured_at is not None and self.column is None:
            raise ValueError("`measured_at` goes with `column`: a window lies before by its making")
        return self


class ValueParams(Model):
    """What one unit of a metric is worth in a year, if the change is made for good.

    Parameters
    ----------
    per_unit
        Money a year for an improvement of the metric by one, for one customer: 13 for spend in
        28 days, which a year holds thirteen times.
    customers
        How many customers would get the change in a year.
    cost_per_customer, cost
        What the change costs a year: for each of them, and as a whole.
    """

    per_unit: Positive
    customers: Annotated[int, Field(ge=1)]
    cost_per_customer: NotNegative = 0.0
    cost: NotNegative = 0.0


class MetricParams(_Aliased):
    """An outcome of an experiment.

    Parameters
    ----------
    kind
        ``mean`` of a number; ``proportion`` of customers with 1; ``ratio`` of two sums; a
        ``quantile``; ``retention``, the share of customers who are still there at a day.
    column, origin, what, days
        Where the number of each customer is: see :class:`MeasureParams`. Of ``retention`` with
        ``from``, ``days`` is the length of the window that begins at ``day``, and there is no
        ``what``: a customer is there who has an order, or a contact, in it.
    numerator, denominator
        Of a ratio: the two numbers of each customer.
    q
        Of a quantile: which one, 0.5 for the median.
    day
        Of retention: days from the assignment to the window's begin.
    cap
        Of a mean: larger numbers count as this one, so that a few cannot decide.
    label
        How a report names it; the metric's own name unless told.
    direction
        Which way is better, ``up`` or ``down``.
    primary
        Whether the decision rests on it. When no metric is declared primary, all those without a
        ``margin`` are.
    margin
        Makes it a guardrail: so much worse than the control is still accepted.
    min_effect
        The smallest improvement worth having.
    typical_effect
        How large true effects of such changes usually are (their standard deviation): the
        probability of harm is then computed with it, else with none in favour of any effect.
    value
        What it is worth; the yearly value of the change is computed from it.
    """

    kind: MetricKind
    column: Annotated[str, Field(min_length=1)] | None = None
    origin: Origin | None = Field(default=None, alias="from")
    what: What | None = None
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    numerator: MeasureParams | None = None
    denominator: MeasureParams | None = None
    q: Share | None = None
    day: Annotated[int, Field(ge=1, le=3660)] | None = None
    cap: Number | None = None
    label: str = ""
    direction: Literal["up", "down"] = "up"
    primary: bool = False
    margin: SizeParams | None = None
    min_effect: SizeParams | None = None
    typical_effect: SizeParams | None = None
    value: ValueParams | None = None

    @model_validator(mode="after")
    def _consistent(self) -> MetricParams:
        for key, kind in (("q", "quantile"), ("day", "retention"), ("cap", "mean")):
            if getattr(self, key) is not None and self.kind != kind:
                raise ValueError(f"`{key}` goes with `kind: {kind}`, not with {self.kind}")
        if self.kind == "quantile" and self.q is None:
            raise ValueError("needs `q`, which quantile it is: 0.5 for the median")
        if self.kind == "retention" and self.day is None:
            raise ValueError("needs `day`, the days from the assignment on which it is asked")
        if self.kind == "ratio":
            self._check_ratio()
        else:
            self._check_number()
        self._check_role()
        return self

    def _check_ratio(self) -> None:
        if self.numerator is None or self.denominator is None:
            raise ValueError("needs `numerator` and `denominator`, each with `column` or `from`")
        for key in ("column", "origin", "what", "days"):
            if getattr(self, key) is not None:
                name = "from" if key == "origin" else key
                raise ValueError(f"`{name}` of a ratio stands in `numerator` and `denominator`")

    def _check_number(self) -> None:
        if self.numerator is not None or self.denominator is not None:
            raise ValueError("`numerator` and `denominator` go with `kind: ratio`")
        _check_place(self)
        if self.column is None and self.origin is None:
            raise ValueError("needs either `column` or `from`, the table that it is computed from")
        if self.origin is None:
            return
        if self.kind == "retention":
            if self.what is not None or self.days is None:
                raise ValueError("needs `days`, the window's length, and no `what`, with `from`")
            return
        _check_measure(self)
        if self.kind == "proportion" and self.what not in YES_OR_NO:
            allowed = " or ".join(f"`{name}`" for name in sorted(YES_OR_NO))
            raise ValueError(f"needs {allowed} as `what`: a proportion is of a yes or no")

    def _check_role(self) -> None:
        if self.primary and self.margin is not None:
            raise ValueError("cannot be `primary` and a guardrail (`margin`) at once")
        if self.margin is not None and (self.min_effect is not None or self.value is not None):
            raise ValueError(
                "cannot have `min_effect` or `value`: a guardrail (`margin`) only holds"
            )

    @property
    def role(self) -> Literal["primary", "guardrail", "secondary"]:
        """Return what the metric is for; where none is declared primary, `secondary` ones are."""
        if self.margin is not None:
            return "guardrail"
        return "primary" if self.primary else "secondary"

    @property
    def window_days(self) -> int:
        """Return how long after an assignment the outcome is known; 0 for a column."""
        parts = [part.days or 0 for part in (self.numerator, self.denominator) if part]
        return max([(self.day or 0) + (self.days or 0) if self.origin else 0, *parts])


def _check_place(given: MeasureParams | MetricParams) -> None:
    """Refuse two places at once, and a window without its table."""
    if given.column is not None and given.origin is not None:
        raise ValueError("needs either `column` or `from`, and not both")
    if given.origin is None:
        for key in ("what", "days"):
            if getattr(given, key) is not None:
                raise ValueError(f"`{key}` goes with `from`, not with `column`")


def _check_measure(given: MeasureParams | MetricParams) -> None:
    """Refuse a measure that its table does not have, and one without a window."""
    known = MEASURES[str(given.origin)]
    if given.what not in known:
        allowed = ", ".join(f"`{name}`" for name in known)
        raise ValueError(f"needs a `what` that `from: {given.origin}` has: {allowed}")
    if given.days is None:
        raise ValueError("needs `days`, the length of the window")


Metrics = Annotated[dict[Slug, MetricParams], Field(min_length=1)]
