"""What earlier editions told of a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.suite.watch.records import Told

__all__ = ["Earlier", "earlier_of"]


@dataclass(frozen=True)
class Earlier:
    """A metric's number in an earlier edition.

    Parameters
    ----------
    as_of
        The day that the edition looked back from.
    value
        The number.
    ci
        Its interval ``(low, high, level, method)``, or None.
    """

    as_of: str
    value: float
    ci: Sequence[Any] | None


def earlier_of(name: str, unit: str, as_of: str, history: Sequence[Told]) -> tuple[Earlier, ...]:
    """Return what the editions before a day told of a metric, oldest first.

    Parameters
    ----------
    name
        ``report.metric``.
    unit
        The unit that it has now; a number in another one is not comparable, and left out.
    as_of
        The day; editions of this day or later are left out.
    history
        The earlier editions, in any order. Those without a number of this metric are left out.
    """
    told = sorted((one for one in history if one.as_of < as_of), key=lambda one: one.as_of)
    found = ((one.as_of, one.metrics.get(name)) for one in told)
    return tuple(
        Earlier(on, record["value"], record.get("ci"))
        for on, record in found
        if record is not None
        and record.get("value") is not None
        and record.get("unit", unit) == unit
    )
