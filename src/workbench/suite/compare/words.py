"""The answer in a few plain sentences: what moved, what is said anew, what grew, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.data.phrases import counted, listed
from workbench.suite.compare.model import (
    Cause,
    CauseKind,
    Changes,
    FindingChange,
    MetricChange,
    ReportChange,
)

__all__ = ["CAUSES", "REPORT_STATES", "VERDICTS", "moved", "summary"]

VERDICTS = {
    "beyond_noise": "More than noise",
    "within_noise": "Within noise",
    "not_known": "Cannot be said yet",
    "not_comparable": "Cannot be compared",
    "unchanged": "No change",
}
CAUSES: dict[CauseKind, str] = {
    "day": "Day",
    "data": "Data",
    "parameters": "Settings",
    "code": "Programs",
    "environment": "Installed software",
    "prior": "Earlier edition it builds on",
}
_BECAUSE: dict[CauseKind, str] = {
    "day": "{}",
    "data": "other data ({})",
    "parameters": "other settings ({})",
    "code": "other programs ({})",
    "environment": "other software installed ({})",
    "prior": "another earlier edition to build on ({})",
}
REPORT_STATES = {
    "same": "as before",
    "renewed": "made anew",
    "newly_ready": "ready for the first time",
    "ready_again": "ready again",
    "newly_applies": "applies now",
    "newly_failed": "failed",
    "still_failed": "failed, as before",
    "newly_stopped": "held back by the gate",
    "still_stopped": "held back by the gate, as before",
    "no_longer_applies": "does not apply any more",
    "not_applicable": "does not apply",
    "not_run": "not run",
    "gone": "gone",
}
_BAD = (
    ("newly_failed", "report failed", "reports failed"),
    ("still_failed", "report failed, as before", "reports failed, as before"),
)
_OTHERS = (
    ("no_longer_applies", "report does not apply any more", "reports do not apply any more"),
    ("ready_again", "report is ready again", "reports are ready again"),
    ("newly_applies", "report applies for the first time", "reports apply for the first time"),
    ("newly_ready", "report is new", "reports are new"),
    ("gone", "report is gone", "reports are gone"),
)
_NAMED = 3
_LIMIT = "limit"


def summary(changes: Changes) -> Iterator[str]:
    """Yield the answer, the weightiest sentence first.

    Parameters
    ----------
    changes
        What changed.
    """
    if changes.old is None:
        yield f"This is the first edition of {changes.title}: there is none before to compare with."
        return
    yield from _reports(changes)
    yield from _numbers([metric for metric in changes.metrics if metric.state == "kept"])
    yield from _findings([one for one in changes.findings if one.kind != _LIMIT])
    for whole in changes.breakdowns:
        yield from (f"{whole.label}: {sentence}" for sentence in whole.words[:1])
    if changes.policy:
        yield f"The contact policy is another one: {'; '.join(changes.policy)}."
    yield _why(changes.causes)


def _reports(changes: Changes) -> Iterator[str]:
    yield from _in_states(changes.reports, _BAD)
    yield from _held_back(changes.reports)
    yield from _in_states(changes.reports, _OTHERS)


def _in_states(
    reports: Sequence[ReportChange], states: Sequence[tuple[str, str, str]]
) -> Iterator[str]:
    for state, one, many in states:
        names = [report.title for report in reports if report.state == state]
        if names:
            yield f"{counted(len(names), one, many)}: {listed(names)}."


def _held_back(reports: Sequence[ReportChange]) -> Iterator[str]:
    """Yield which reports the gate holds back, with each reason once."""
    held = [one for one in reports if one.state in {"newly_stopped", "still_stopped"}]
    for reason in dict.fromkeys(one.reason for one in held):
        names = [one.title for one in held if one.reason == reason]
        many = counted(len(names), "report is", "reports are")
        yield f"{many} held back by the gate: {listed(names)}. {reason}"


def _numbers(metrics: Sequence[MetricChange]) -> Iterator[str]:
    if not metrics:
        return
    states = [metric.verdict.state for metric in metrics]
    all_of_them = counted(len(metrics), "number")
    if set(states) == {"unchanged"}:
        yield f"None of {all_of_them} changed."
        return
    beyond = [metric for metric in metrics if metric.verdict.state == "beyond_noise"]
    if beyond:
        yield f"{len(beyond)} of {all_of_them} moved by more than noise: {_named(beyond)}."
    elif "within_noise" in states:
        sure = not {"not_known", "not_comparable"} & set(states)
        known = "" if sure else "is known to have "
        moving = [metric for metric in metrics if metric.change and metric.headline]
        largest = f" The largest changes: {_named(moving[:_NAMED])}." if sure and moving else ""
        yield f"None of {all_of_them} {known}moved by more than noise.{largest}"
    open_ones = [metric for metric in metrics if metric.verdict.state == "not_known"]
    moving = [metric for metric in open_ones if metric.change]
    if moving:
        many = counted(len(moving), "number")
        yield f"It cannot be said yet whether {many} moved by more than usual: {_named(moving)}."
    apart = [metric for metric in metrics if metric.verdict.state == "not_comparable"]
    if apart:
        it = "is not measured" if len(apart) == 1 else "are not measured"
        yield (
            f"{counted(len(apart), 'number')} {it} as before, and cannot be compared: "
            f"{_listed([metric.label for metric in apart])}."
        )


def _named(metrics: Sequence[MetricChange]) -> str:
    return _listed([moved(metric) for metric in metrics], "; ")


def moved(metric: MetricChange) -> str:
    """Return a number's change in a few words: ``Revenue £1.08 million → £1.14 million (+5.2%)``.

    Parameters
    ----------
    metric
        The change; both numbers are there.
    """
    how = [metric.relative_display or metric.change_display]
    if metric.verdict.state == "beyond_noise":
        how.append(metric.direction or "")
    told = ", ".join(part for part in how if part)
    return f"{metric.label} {metric.old_display} → {metric.new_display}" + (
        f" ({told})" if told else ""
    )


def _listed(names: Sequence[str], between: str = ", ") -> str:
    """Return the first few names, and how many more there are."""
    if len(names) <= _NAMED + 1:
        return between.join(names)
    return f"{between.join(names[:_NAMED])}{between}and {len(names) - _NAMED} more"


def _findings(findings: Sequence[FindingChange]) -> Iterator[str]:
    for finding in findings:
        if finding.state == "reversed":
            yield f"{finding.report_title} now says the opposite: {finding.new_text}"
    parts: list[str] = []
    for state, one, many in (
        ("new", "is new", "are new"),
        ("gone", "is gone", "are gone"),
        ("changed", "says something else", "say something else"),
    ):
        count = sum(finding.state == state for finding in findings)
        if count:
            what = counted(count, "finding") if not parts else f"{count}"
            parts.append(f"{what} {one if count == 1 else many}")
    if parts:
        yield f"{listed(parts)}."
    elif not any(finding.state == "reversed" for finding in findings):
        yield "The findings are the same" + (", with new numbers." if findings else ".")


def _why(causes: Sequence[Cause]) -> str:
    if not causes:
        return "Nothing that the reports rest on differs."
    kinds = dict.fromkeys(cause.kind for cause in causes)
    parts = []
    for kind in kinds:
        words = [cause.words.replace(" changed: ", " ") for cause in causes if cause.kind == kind]
        parts.append(_BECAUSE[kind].format(_listed(words)))
    same = "" if {"data", "day"} & set(kinds) else "The data are the same. "
    return f"{same}Cause: {'; '.join(parts)}."
