"""The plain types that parameter files are made of, and the frozen model all of them share."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "SLUG",
    "ColumnType",
    "Currency",
    "Day",
    "Format",
    "Model",
    "Overrides",
    "Severity",
    "Share",
    "Slug",
    "Timezone",
    "Weekday",
]

Severity = Literal["reject", "warn", "off"]
ColumnType = Literal["text", "integer", "decimal", "number", "date", "timestamp", "boolean"]
Format = Literal["csv", "parquet", "excel", "jsonl"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError("must be a three-letter ISO 4217 code in capitals, such as GBP")
    return code


@cache
def _zones() -> frozenset[str]:
    """Return the names of all time zones, for which folders are searched."""
    return frozenset(available_timezones())


def _timezone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be an IANA time zone, such as Europe/London")
    return name


def _slug(name: str) -> str:
    if not SLUG.match(name):
        raise ValueError(
            "must be a plain name: lower-case letters, digits, `_` and `-`, no path and no blank"
        )
    return name


def _day(value: Any) -> Any:
    """Accept a day written as YYYY-MM-DD and nothing else: no time, no number, no other order."""
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError("must be a date written as YYYY-MM-DD")
        return date.fromisoformat(value)
    if isinstance(value, date):
        return value
    raise ValueError("must be a date written as YYYY-MM-DD")


Currency = Annotated[str, AfterValidator(_currency)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Slug = Annotated[str, AfterValidator(_slug)]
Day = Annotated[date, BeforeValidator(_day)]
Share = Annotated[float, Field(gt=0, lt=1)]
Overrides = dict[str, dict[str, Any]]


class Model(BaseModel):
    """A frozen model that refuses unknown keys and never converts one type into another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
