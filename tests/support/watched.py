"""A metric as a report records it, and editions before this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.report.formats import format_unit

__all__ = ["Point", "make_before", "make_metric"]


@dataclass(frozen=True)
class Point:
    as_of: str
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)


def make_metric(
    value: float | None, *, id: str = "rate", unit: str = "share", ci: Any = None, **more: Any
) -> dict[str, Any]:
    record = {
        "id": id,
        "label": "Repeat rate",
        "value": value,
        "unit": unit,
        "display": format_unit(value, unit),
        "good": None,
        "reason": None,
        "ci": None if ci is None else [*ci, 0.95, "bootstrap"],
    }
    return record | more


def make_before(
    values: Sequence[float | None], *, name: str = "retention.rate", unit: str = "share"
) -> list[Point]:
    """Make one edition a month from January 2024 on."""
    return [
        Point(f"{2024 + n // 12}-{n % 12 + 1:02d}-28", {name: {"value": value, "unit": unit}})
        for n, value in enumerate(values)
    ]
