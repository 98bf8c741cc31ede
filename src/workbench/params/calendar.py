# ruff: noqa: RUF012 - pydantic copies a mutable default for each model
"""What a parameter file may say of a unit's calendar: days that explain a change in its data."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from workbench.params.fields import Day, Model

__all__ = ["CHANGE_KINDS", "ChangeKind", "EventParams"]

ChangeKind = Literal[
    "schema", "volume", "freshness", "missing", "categories", "distribution", "history"
]
"""The kinds of change between two loads."""

CHANGE_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)


class EventParams(Model):
    """A known event of a unit: a holiday, a promotion, an outage, a move to another system.

    Parameters
    ----------
    title
        What it is, for people: ``Eid al-Fitr``.
    start, end
        Its first and its last day, both included; for an event of one day they are the same.
    explains
        The kinds of change that it accounts for: ``schema``, ``volume``, ``freshness``,
        ``missing``, ``categories``, ``distribution``, ``history``; each once. There is no default:
        an event that would explain everything would hide what it has nothing to do with.
    tables
        The canonical tables that it is about; all of them unless told.
    """

    title: Annotated[str, Field(min_length=1)]
    start: Day
    end: Day
    explains: Annotated[list[ChangeKind], Field(min_length=1)]
    tables: list[str] = []

    @field_validator("explains", "tables")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names `{twice[0]}` twice")
        return names

    @model_validator(mode="after")
    def _in_order(self) -> EventParams:
        if self.end < self.start:
            raise ValueError("`end` must be `start` or a later day: it is the last day, included")
        return self

    def covers(self, kind: ChangeKind, table: str, first: date, last: date) -> bool:
        """Tell whether the event accounts for a change.

        Parameters
        ----------
        kind
            The kind of change.
        table
            The canonical table in which it is seen.
        first, last
            The days in which it came about, both included.
        """
        return (
            kind in self.explains
            and (not self.tables or table in self.tables)
            and self.start <= last
            and first <= self.end
        )
