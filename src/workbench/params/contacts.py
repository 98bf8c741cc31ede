# ruff: noqa: RUF012 - pydantic copies a mutable default for each model
"""What a parameter file may say of contacts: one policy for all lists of customers of a unit."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from workbench.params.fields import Model

__all__ = ["ContactsParams"]

_LIST = re.compile(r"[a-z0-9][a-z0-9_-]*\.[a-z0-9]+(?:[-_][a-z0-9]+)*\Z")


def _list_name(name: str) -> str:
    if not _LIST.match(name):
        raise ValueError("must be `report.list`, such as segmentation.win-back")
    return name


ListName = Annotated[str, AfterValidator(_list_name)]


class ContactsParams(Model):
    """Who may be contacted how often, and which list comes first.

    Parameters
    ----------
    priority
        Lists as ``report.list``, the most important first. Those not named follow, in the order
        of their reports.
    cap
        At most so many contacts for each customer in a period, at least 1. Contacts that were made
        already, the rows of ``touchpoints``, count.
    period_days
        How many days the period has, up to the day that the edition looks back from.
    control_share
        Share of all customers (0 to below 1) that no list ever touches: who is in this global
        control group is drawn once, and stays.
    """

    priority: list[ListName] = []
    cap: Annotated[int, Field(ge=1)] = 1
    period_days: Annotated[int, Field(ge=1)] = 30
    control_share: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @field_validator("priority")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"must name each list once; twice: {', '.join(twice)}")
        return names
