# ruff: noqa: RUF012 - pydantic copies a mutable default for each model
"""What ``suite.yml`` and ``<unit>.yml`` may say, as frozen models.

Every model refuses a key that it does not know. ``reading`` turns such a refusal into a message
that names the file, the key, the nearest known key and the allowed values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from workbench.params.calendar import EventParams
from workbench.params.contacts import ContactsParams
from workbench.params.experiments import ExperimentParams
from workbench.params.fields import Currency, Day, Model, Overrides, Slug, Timezone, Weekday
from workbench.params.gate import GateParams, IdentityParams, RetainParams
from workbench.params.rules import MetricName
from workbench.params.sources import SourceParams, TableParams
from workbench.params.watch import AlertParams, GoalParams, PlanParams

__all__ = ["SplitParams", "SuiteFile", "UnitFile"]


class SplitParams(Model):
    """One unit per value of an expression, reading each source once.

    Parameters
    ----------
    by
        An SQL expression over canonical columns, or columns that are carried along.
    min_customers
        Values with fewer customers go to the unit ``rest``.
    """

    by: str
    min_customers: Annotated[int, Field(ge=1)] = 1


class _Shared(Model):
    """What both files may hold."""

    title: str
    owner: str | None = None
    currency: Currency | None = None
    timezone: Timezone | None = None
    week_start: Weekday | None = None
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] | None = None
    sources: dict[str, Annotated[dict[Slug, SourceParams], Field(min_length=1)]] = {}
    tables: dict[str, TableParams] = {}
    experiments: dict[Slug, ExperimentParams] = {}
    reports: Overrides = {}
    goals: dict[MetricName, GoalParams | None] = {}
    alerts: dict[Slug, AlertParams | None] = {}
    plans: dict[Slug, PlanParams | None] = {}
    calendar: dict[Slug, EventParams | None] = {}
    contacts: ContactsParams | None = None
    gate: GateParams | None = None
    identity: IdentityParams | None = None
    retain: RetainParams | None = None

    @field_validator("reports", mode="before")
    @classmethod
    def _empty_reports(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: {} if chosen is None else chosen for name, chosen in value.items()}
        return value

    @model_validator(mode="after")
    def _like(self) -> _Shared:
        for table, named in self.sources.items():
            for name, source in named.items():
                if source.like is None:
                    continue
                other = named.get(source.like)
                if other is None or other.like is not None or source.like == name:
                    raise ValueError(
                        f"sources.{table}.{name}.like must name another source of `{table}` "
                        "that has no `like` of its own"
                    )
        return self


class SuiteFile(_Shared):
    """What ``suite.yml`` may hold: the suite's own facts, and defaults for its units."""

    as_of: Day | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    min_group: Annotated[int, Field(ge=1)] = 5
    split: SplitParams | None = None

    @model_validator(mode="after")
    def _sources_with_split(self) -> SuiteFile:
        if self.split is not None and not self.sources:
            raise ValueError("a suite with `split` states its `sources` here, in suite.yml")
        if self.split is None and self.sources:
            raise ValueError(
                "`sources` stand in the units' files; in suite.yml they go with `split`"
            )
        return self


class UnitFile(_Shared):
    """What ``<unit>.yml`` may hold; what it leaves out comes from the suite."""

    title: str
