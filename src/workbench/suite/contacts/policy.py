"""The contact policy in force for a unit, and whether the lists that it names can exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.params import ContactsParams, UnitParams
from workbench.suite.known import require_report

__all__ = ["Policy", "check_contacts", "policy_of"]


@dataclass(frozen=True)
class Policy:
    """What holds for all lists of a unit together.

    Parameters
    ----------
    priority
        Lists as ``report.list``, the most important first; the others follow.
    cap
        At most so many contacts for each customer in a period.
    period_days
        How many days the period has.
    control_share
        Share of all customers that no list touches, 0 to below 1.
    is_declared
        Whether the parameters state it; else it is the house's own.
    """

    priority: tuple[str, ...] = ()
    cap: int = 1
    period_days: int = 30
    control_share: float = 0.0
    is_declared: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the policy as plain JSON values."""
        return {
            "priority": list(self.priority),
            "cap": self.cap,
            "period_days": self.period_days,
            "control_share": self.control_share,
            "declared": self.is_declared,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Policy:
        """Return a policy from what `to_json` gave."""
        return cls(
            tuple(told["priority"]),
            told["cap"],
            told["period_days"],
            told["control_share"],
            told["declared"],
        )


def policy_of(unit: UnitParams) -> Policy:
    """Return the policy of a unit: what its parameters state, else the house's.

    The house's is at most one contact for each customer in 30 days, no control group, and lists
    in the order of their reports.
    """
    stated = unit.contacts
    said = stated or ContactsParams()
    return Policy(
        tuple(said.priority),
        said.cap,
        said.period_days,
        float(said.control_share),
        stated is not None,
    )


def check_contacts(units: Iterable[UnitParams], reports: Collection[str]) -> None:
    """Check that every list of every policy is one of a report that exists.

    Parameters
    ----------
    units
        The units, the suite's policy laid under theirs.
    reports
        The names of all reports of the project.

    Raises
    ------
    ParameterError
        For the first that names another report: with file, key and the nearest name.
    """
    for unit in units:
        for name in policy_of(unit).priority:
            where = f"{unit.where}, contacts.priority, {name}"
            require_report(name.split(".", 1)[0], reports, where=where)
