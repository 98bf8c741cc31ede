"""What changed between two editions of a unit: one kind of record for each kind of change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.suite.compare.told import Side

__all__ = [
    "ActionChange",
    "BreakdownChange",
    "Cause",
    "CauseKind",
    "Changes",
    "DataChange",
    "FindingChange",
    "MetricChange",
    "PartChange",
    "ReportChange",
    "Verdict",
]

CauseKind = Literal["data", "day", "parameters", "code", "environment", "prior"]


@dataclass(frozen=True)
class Verdict:
    """Whether a change is more than noise.

    Parameters
    ----------
    state
        ``unchanged``; ``within_noise``: chance or the usual ups and downs explain it;
        ``beyond_noise``: they do not; ``not_known``: there is nothing to measure noise by;
        ``not_comparable``: the two numbers do not measure the same thing in the same way.
    words
        Why, in one or two plain sentences.
    basis
        What it was judged by: ``interval`` (of both numbers), ``history`` (earlier changes),
        ``same_data`` (nothing that chance has a part in differs); None where it was not judged.
    low, high
        The interval of the change, or the range of usual changes, in the number's unit; None
        where there is none.
    """

    state: Literal["unchanged", "within_noise", "beyond_noise", "not_known", "not_comparable"]
    words: str
    basis: Literal["interval", "history", "same_data"] | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class MetricChange:
    """A number, before and now.

    Parameters
    ----------
    report, report_title
        Where it stands.
    id, label, unit
        The metric, as the newer edition records it (the older one where it is gone).
    state
        ``kept`` (in both editions), ``new`` or ``gone``.
    headline
        Whether it stands on a card on top of its report.
    old, new
        The numbers; None where there is none.
    old_display, new_display
        The numbers as the reports show them.
    old_aside, new_aside
        The interval, or why there is no number, in words; empty for neither.
    change, change_display
        New less old, in the number's unit; None and empty where one is missing.
    relative, relative_display
        The change as a share of the old number's size; None and empty where that says nothing.
    direction
        ``better`` or ``worse``, where a direction is good news and it moved; else None.
    verdict
        Whether it is more than noise.
    """

    report: str
    report_title: str
    id: str
    label: str
    unit: str
    state: Literal["kept", "new", "gone"]
    headline: bool
    old: float | None
    new: float | None
    old_display: str
    new_display: str
    old_aside: str
    new_aside: str
    change: float | None
    change_display: str
    relative: float | None
    relative_display: str
    direction: Literal["better", "worse"] | None
    verdict: Verdict


@dataclass(frozen=True)
class FindingChange:
    """A finding that is not what it was.

    Parameters
    ----------
    report, report_title
        Where it stands.
    id, kind
        The finding, as the newer edition records it (the older one where it is gone).
    state
        ``new``; ``gone``; ``reversed``: it says the opposite; ``changed``: it says something else;
        ``updated``: the same words with other numbers.
    old_text, new_text
        What it says; empty where there is none.
    old_decision, new_decision
        What leadership is asked to decide; empty for nothing.
    words
        For a reversed one, what turned round; for a changed one, whether a decision is newly asked
        for or no longer; else empty.
    """

    report: str
    report_title: str
    id: str
    kind: str
    state: Literal["new", "gone", "reversed", "changed", "updated"]
    old_text: str
    new_text: str
    old_decision: str
    new_decision: str
    words: str


@dataclass(frozen=True)
class PartChange:
    """One part of a whole, before and now.

    Parameters
    ----------
    name
        The part.
    state
        ``grew``, ``shrank``, ``same``; ``new`` or ``gone``: told in one edition only, for nobody
        or too few were in it in the other; ``not_known``: a size is missing.
    old, new, old_display, new_display
        The sizes, and as the reports show them.
    change, change_display
        New less old; None and empty where one is missing.
    old_share, new_share
        The share of the whole (0-1); None where it cannot be told.
    share_change_display
        The change of the share in points; empty where one is missing.
    """

    name: str
    state: Literal["grew", "shrank", "same", "new", "gone", "not_known"]
    old: float | None
    new: float | None
    old_display: str
    new_display: str
    change: float | None
    change_display: str
    old_share: float | None
    new_share: float | None
    share_change_display: str


@dataclass(frozen=True)
class BreakdownChange:
    """A whole that is cut into parts, before and now.

    Parameters
    ----------
    report, report_title
        Where it stands.
    id, label, part, unit
        What is cut, what a part is called, and the unit of the sizes.
    old_total, new_total, old_total_display, new_total_display
        The wholes; None where a size is missing.
    parts
        The parts in the newer edition's order, then those that are gone.
    words
        What grew and what shrank, in plain sentences.
    """

    report: str
    report_title: str
    id: str
    label: str
    part: str
    unit: str
    old_total: float | None
    new_total: float | None
    old_total_display: str
    new_total_display: str
    parts: tuple[PartChange, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class ActionChange:
    """A list of customers to act on, before and now.

    Parameters
    ----------
    report, report_title
        Where it stands.
    id, label
        The list.
    state
        ``same`` (the same file to the last byte), ``changed``, ``new`` or ``gone``; ``not_told``
        where one edition only hides how many there are, for the same file would tell it.
    old_customers, new_customers
        How many stand on it; None where there is no list, or where that is hidden.
    old_customers_display, new_customers_display
        The same as text: ``fewer than 5`` or ``hidden`` where it is hidden; empty where there is no
        list.
    customers_display
        The change of that number; empty where one is missing.
    old_display, new_display
        What it is worth; empty where that is not told.
    value_display
        The change of that worth; empty where it cannot be told.
    """

    report: str
    report_title: str
    id: str
    label: str
    state: Literal["same", "changed", "new", "gone", "not_told"]
    old_customers: int | None
    new_customers: int | None
    old_customers_display: str
    new_customers_display: str
    customers_display: str
    old_display: str
    new_display: str
    value_display: str


@dataclass(frozen=True)
class Cause:
    """One thing that differs between what two editions rest on.

    Parameters
    ----------
    kind
        ``data``; ``day``: the day that is looked back from; ``parameters``: of report, unit or
        suite, goals and alert rules included; ``code``: notebook or package; ``environment``:
        installed versions, engine, renderer; ``prior``: the earlier state that a report reads.
    words
        What differs.
    """

    kind: CauseKind
    words: str


@dataclass(frozen=True)
class ReportChange:
    """A report, before and now.

    Parameters
    ----------
    report, title
        The report.
    old_state, new_state
        ``ok``, ``failed``, ``stopped``, ``not_applicable``, ``not_run``; ``absent`` where an
        edition does not know it.
    state
        ``same``: good, and rests on the same; ``renewed``: good, and rests on something else;
        ``newly_ready``, ``ready_again``, ``newly_applies``; ``newly_failed``, ``still_failed``;
        ``newly_stopped``, ``still_stopped``: the gate holds it back; ``no_longer_applies``,
        ``not_applicable``, ``not_run``, ``gone``.
    reason
        Why it failed, is held back or does not apply; else empty.
    causes
        What differs between what the two rest on.
    """

    report: str
    title: str
    old_state: str
    new_state: str
    state: Literal[
        "same",
        "renewed",
        "newly_ready",
        "ready_again",
        "newly_applies",
        "newly_failed",
        "still_failed",
        "newly_stopped",
        "still_stopped",
        "no_longer_applies",
        "not_applicable",
        "not_run",
        "gone",
    ]
    reason: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class DataChange:
    """The rows of one source, before and now.

    Parameters
    ----------
    table, source, department
        The source, and who answers for it.
    state
        ``same`` numbers of rows, ``changed``, ``new`` or ``gone``.
    old_received, new_received
        Rows that were read; None where there is no such source.
    old_accepted, new_accepted
        Rows that passed every check.
    old_quarantined, new_quarantined
        Rows that were set aside.
    """

    table: str
    source: str
    department: str
    state: Literal["same", "changed", "new", "gone"]
    old_received: int | None
    new_received: int | None
    old_accepted: int | None
    new_accepted: int | None
    old_quarantined: int | None
    new_quarantined: int | None


@dataclass(frozen=True)
class Changes:
    """What changed between two editions of a unit.

    Parameters
    ----------
    suite, unit, title, owner
        Of which unit, by the newer edition.
    old
        The older edition; None when the newer one is the first.
    new
        The newer edition.
    summary
        The answer in a few plain sentences, the weightiest first.
    metrics
        Numbers of the reports that are good in both, the weightiest changes first.
    findings
        Findings of those reports that are not what they were.
    breakdowns
        Wholes and their parts.
    actions
        Lists of customers to act on.
    policy
        What differs in the contact policy, in words; only where both editions have lists.
    reports
        All reports, in their order.
    causes
        What differs between what the reports rest on, each once.
    data
        The rows of each source.
    """

    suite: str
    unit: str
    title: str
    owner: str
    old: Side | None
    new: Side
    summary: tuple[str, ...] = ()
    metrics: tuple[MetricChange, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    breakdowns: tuple[BreakdownChange, ...] = ()
    actions: tuple[ActionChange, ...] = ()
    policy: tuple[str, ...] = ()
    reports: tuple[ReportChange, ...] = ()
    causes: tuple[Cause, ...] = ()
    data: tuple[DataChange, ...] = ()
