"""What changed between two editions of a unit, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from workbench.suite.compare.cause import by_chance, compare_data, compare_reports, each_once
from workbench.suite.compare.findings import compare_findings
from workbench.suite.compare.metrics import compare_metrics
from workbench.suite.compare.model import Changes, FindingChange, MetricChange
from workbench.suite.compare.parts import compare_actions, compare_breakdowns, compare_policies
from workbench.suite.compare.told import Point, Side, Told
from workbench.suite.compare.words import summary
from workbench.suite.manifest import key_parts

__all__ = ["SCHEMA", "changes_json", "compare"]

SCHEMA = 1
_VERDICTS = ("beyond_noise", "not_comparable", "not_known", "within_noise", "unchanged")
_STATES = ("reversed", "new", "gone", "changed", "updated")
_KINDS = ("warning", "answer", "action", "limit")


def compare(old: Told | None, new: Told, history: Sequence[Point] = ()) -> Changes:
    """Return what changed between two editions of a unit.

    Parameters
    ----------
    old
        The edition to compare with; None when there is none before.
    new
        The edition that the changes lead to.
    history
        The numbers of earlier days, to tell which changes are usual; those after the earlier of
        the two editions are not looked at.
    """
    manifest = new.manifest
    found = Changes(
        suite=str(manifest["suite"]),
        unit=str(manifest["unit"]),
        title=str(manifest["title"]),
        owner=str(manifest.get("owner") or ""),
        old=None if old is None else Side(old.id, str(old.manifest["as_of"])),
        new=Side(new.id, str(manifest["as_of"])),
    )
    if old is not None:
        found = _filled(found, old, new, history)
    return replace(found, summary=tuple(summary(found)))


def _filled(found: Changes, old: Told, new: Told, history: Sequence[Point]) -> Changes:
    reports = compare_reports(old.manifest, new.manifest)
    metrics: list[MetricChange] = []
    findings: list[FindingChange] = []
    breakdowns = []
    actions = []
    for report in reports:
        if report.state not in {"same", "renewed"}:
            continue  # good in one of them only: there is nothing to hold side by side
        name, title = report.report, report.title
        keys = tuple(key_parts(told.manifest, name) or {} for told in (old, new))
        before, now = (told.results.get(name, {}) for told in (old, new))
        days = tuple(str(told.manifest["reports"][name]["as_of"]) for told in (old, new))
        metrics += compare_metrics(
            name,
            title,
            before.get("metrics", ()),
            now.get("metrics", ()),
            days=(days[0], days[1]),
            history=history,
            by_chance=by_chance(*keys),
        )
        findings += compare_findings(
            name, title, before.get("findings", ()), now.get("findings", ())
        )
        # Editions made before there were breakdowns hold none.
        breakdowns += compare_breakdowns(
            name, title, before.get("breakdowns", ()), now.get("breakdowns", ())
        )
        actions += compare_actions(name, title, before.get("actions", ()), now.get("actions", ()))
    return replace(
        found,
        metrics=tuple(sorted(metrics, key=_weight)),
        findings=tuple(sorted(findings, key=_place)),
        breakdowns=tuple(breakdowns),
        actions=tuple(actions),
        policy=compare_policies(old.manifest, new.manifest),
        reports=tuple(reports),
        causes=each_once(reports),
        data=tuple(compare_data(old.manifest, new.manifest)),
    )


def _weight(metric: MetricChange) -> tuple[int, bool, float]:
    """Return where a number stands: by its verdict, cards first, then the largest changes."""
    size = abs((metric.change or 0.0) / (metric.old or 1.0))
    return _VERDICTS.index(metric.verdict.state), not metric.headline, -size


def _place(finding: FindingChange) -> tuple[int, int]:
    kind = _KINDS.index(finding.kind) if finding.kind in _KINDS else len(_KINDS)
    return _STATES.index(finding.state), kind


def changes_json(changes: Changes) -> dict[str, Any]:
    """Return what changed as plain JSON values, the same for the same changes.

    Parameters
    ----------
    changes
        What changed.
    """
    return {"schema": SCHEMA, **_plain(asdict(changes))}


def _plain(value: Any) -> Any:
    """Return a value with lists for tuples, as JSON gives it back."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
