"""What the portal's page shows of a unit: plain values, nothing of how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.suite.portal.trend import Change, Trend

__all__ = [
    "Alert",
    "Cell",
    "EditionView",
    "Group",
    "Link",
    "NumberRow",
    "Said",
    "Source",
    "UnitView",
]


@dataclass(frozen=True)
class Link:
    """A page to go to.

    Parameters
    ----------
    href
        Where, relative to the portal; empty for nowhere.
    title
        What it is called.
    """

    href: str
    title: str


@dataclass(frozen=True)
class Cell:
    """One report of one unit, in the table of all reports.

    Parameters
    ----------
    report, title
        The report.
    condition
        As `Status` has it.
    look, word
        How it stands: for the eye, and in words.
    as_of, age
        The day that it looks back from, and how much older than the suite's that is.
    reasons
        Why it is out of date, failed, is held back or does not apply.
    more
        How many more reasons there are.
    href
        Its page; empty when there is none.
    last_good
        The last good version of one that failed or is held back; its title is the day. None when
        there is none.
    """

    report: str
    title: str
    condition: str
    look: str
    word: str
    as_of: str
    age: str
    reasons: Sequence[str]
    more: int
    href: str
    last_good: Link | None = None


@dataclass(frozen=True)
class Said:
    """A finding.

    Parameters
    ----------
    text, kind, decision
        As recorded.
    source
        The report that says it.
    """

    text: str
    kind: str
    decision: str
    source: Link


@dataclass(frozen=True)
class Alert:
    """An alert of the unit.

    Parameters
    ----------
    severity, owner, label, words, why, rule, condition
        As the edition holds it.
    source
        The report that it is about, at its place.
    """

    severity: str
    owner: str
    label: str
    words: str
    why: str
    rule: str
    condition: str
    source: Link


@dataclass(frozen=True)
class NumberRow:
    """A headline number.

    Parameters
    ----------
    metric
        As recorded.
    goal
        How it stands against its goal, as the edition holds it, or None.
    alert
        The severity of the gravest alert over it; empty for none.
    change
        How it moved since the edition before, or None.
    trend
        How it moved over all editions, or None.
    """

    metric: Mapping[str, Any]
    goal: Mapping[str, Any] | None
    alert: str
    change: Change | None
    trend: Trend | None


@dataclass(frozen=True)
class Group:
    """The numbers of one report.

    Parameters
    ----------
    source
        The report.
    rows
        Its numbers.
    """

    source: Link
    rows: Sequence[NumberRow]


@dataclass(frozen=True)
class Source:
    """What a source of a unit gave.

    Parameters
    ----------
    unit, table, source, department
        Which one, and who answers for it.
    received, accepted, quarantined
        Rows.
    """

    unit: str
    table: str
    source: str
    department: str
    received: int
    accepted: int
    quarantined: int


@dataclass(frozen=True)
class EditionView:
    """An edition in the list of a unit's editions.

    Parameters
    ----------
    id, as_of
        Its name and its day.
    is_served
        Whether it is the one that is shown.
    manifest, changes, contacts
        Where these are; `changes` and `contacts` are empty where there is none.
    reports
        Its reports' pages.
    """

    id: str
    as_of: str
    is_served: bool
    manifest: str
    changes: str
    contacts: str
    reports: Sequence[Link]


@dataclass(frozen=True)
class UnitView:
    """A unit.

    Parameters
    ----------
    name, title, owner
        The unit.
    edition, as_of, age
        The edition that is served; empty where there is none.
    is_new
        Whether that edition is of the suite's day, or newer.
    problem
        Why nothing could be published in the last run; empty when it could.
    changes
        The page on what changed since the edition before; its title is that edition's day. None
        where there is none.
    cells
        How each report stands.
    contacts
        The page on who is contacted; None where there are no lists.
    results
        Report -> what it recorded, with its title and page, for the good ones.
    findings, decisions
        What the reports say, and ask for.
    alerts
        The critical ones first.
    unread
        Rules of alerts that could not be read.
    groups
        Headline numbers, by report.
    other_goals
        Goals over metrics that stand in no group.
    sources
        What its sources gave.
    editions
        The newest ones.
    older
        How many more editions there are.
    """

    name: str
    title: str
    owner: str
    edition: str
    as_of: str
    age: str
    is_new: bool
    problem: str
    changes: Link | None
    cells: Sequence[Cell]
    contacts: Link | None = None
    results: Mapping[str, tuple[Link, Mapping[str, Any]]] = field(default_factory=dict)
    findings: Sequence[Said] = ()
    decisions: Sequence[Said] = ()
    alerts: Sequence[Alert] = ()
    unread: Sequence[str] = ()
    groups: Sequence[Group] = ()
    other_goals: Sequence[Mapping[str, Any]] = ()
    sources: Sequence[Source] = ()
    editions: Sequence[EditionView] = ()
    older: int = 0

    @property
    def has_goals(self) -> bool:
        """Return whether any headline number has a goal."""
        return any(row.goal for group in self.groups for row in group.rows)

    @property
    def has_trends(self) -> bool:
        """Return whether any headline number has an earlier one."""
        return any(row.change for group in self.groups for row in group.rows)

    @property
    def since(self) -> str:
        """Return the earlier day, if it is the same for all numbers that changed; else empty."""
        days = {row.change.since for group in self.groups for row in group.rows if row.change}
        return days.pop() if len(days) == 1 else ""

    def counts(self, condition: str) -> int:
        """Return how many of its reports are in a condition."""
        return sum(cell.condition == condition for cell in self.cells)
