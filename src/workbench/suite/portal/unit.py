"""One unit as the portal shows it: its served edition, read once, beside the suite's day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.params import SuiteParams
from workbench.suite.editions import Edition, list_editions
from workbench.suite.portal.age import age_in_words
from workbench.suite.portal.cells import CHANGES, CONTACTS, cell_of
from workbench.suite.portal.trend import (
    change_of,
    judged_of,
    points_of,
    series_of,
    trend_of,
)
from workbench.suite.portal.views import (
    Alert,
    EditionView,
    Group,
    Link,
    NumberRow,
    Said,
    Source,
    UnitView,
)
from workbench.suite.status import Status

__all__ = ["Desk", "Room", "anchor", "read_unit"]

Json = Mapping[str, Any]
_EDITION = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]+\Z")
_LISTS = ("findings", "metrics", "goals", "alerts", "plans", "unread")


@dataclass(frozen=True)
class Room:
    """How much is shown of a unit.

    Parameters
    ----------
    metrics, findings
        At most so many of a report; numbers with a goal or an alert are shown besides.
    reasons
        At most so many of a cell.
    editions
        At most so many in the list of editions.
    titles
        Whether each dot of a sparkline tells its number.
    """

    metrics: int
    findings: int
    reasons: int
    editions: int
    titles: bool


@dataclass(frozen=True)
class Desk:
    """Where the units' editions are, and how much is shown of each.

    Parameters
    ----------
    folder
        The suite's folder below ``reports/``.
    params
        The suite.
    room
        How much is shown.
    """

    folder: Path
    params: SuiteParams
    room: Room


def read_unit(desk: Desk, rows: Sequence[Status], problem: str) -> UnitView:
    """Return one unit as the portal shows it.

    Parameters
    ----------
    desk
        Where its editions are, and how much to show.
    rows
        How each of its reports stands; at least one.
    problem
        Why nothing could be published for it in the last run; empty when it could.
    """
    unit, edition = rows[0].unit, rows[0].edition
    as_of = str(edition.manifest["as_of"]) if edition else ""
    good = list(_good(rows))
    shown, older = _editions(desk, unit.name, edition)
    findings = [one for link, told in good for one in _findings(link, told, desk.room.findings)]
    groups, elsewhere = _numbers(desk, edition, good)
    return UnitView(
        name=unit.name,
        title=unit.title,
        owner=unit.owner,
        edition=edition.id if edition else "",
        as_of=as_of,
        age=age_in_words(as_of, desk.params.as_of),
        is_new=as_of >= desk.params.as_of.isoformat(),
        problem=problem,
        changes=_changes(edition),
        contacts=_contacts(edition),
        cells=[cell_of(row, desk.params.as_of, desk.room.reasons) for row in rows],
        results={row.report.name: found for row, found in zip(_ready(rows), good, strict=True)},
        findings=findings,
        decisions=[one for link, told in good for one in _decisions(link, told)],
        alerts=_alerts(good),
        unread=[
            str(one["words"])
            for _, told in good
            for one in told["unread"]
            if one["state"] != "too_few"  # it waits for more editions, and that is as it should be
        ],
        groups=groups,
        other_goals=elsewhere,
        sources=list(_sources(unit.title, edition)),
        editions=shown,
        older=older,
    )


def _ready(rows: Iterable[Status]) -> list[Status]:
    return [row for row in rows if row.edition and row.entry and row.entry.state == "ok"]


def _good(rows: Iterable[Status]) -> Iterator[tuple[Link, dict[str, Any]]]:
    """Yield each good report and what it recorded, all lists there and in their order."""
    for row in _ready(rows):
        assert row.entry is not None
        assert row.edition is not None
        told: dict[str, Any] = {name: list(row.entry.results.get(name, ())) for name in _LISTS}
        told["findings"].sort(key=lambda finding: finding.get("order", 0))
        yield Link(f"{_place(row.edition)}/{row.report.name}.html", row.report.title), told


def _place(edition: Edition) -> str:
    return f"{edition.folder.parent.name}/{edition.id}"


def _changes(edition: Edition | None) -> Link | None:
    """Return the page on what changed, where the edition vouches for one."""
    if edition is None or CHANGES not in edition.manifest["files"]:
        return None
    earlier = str(edition.manifest.get("prior", {}).get("edition", ""))
    return Link(f"{_place(edition)}/{CHANGES}", earlier[:10])


def _contacts(edition: Edition | None) -> Link | None:
    """Return the page on who is contacted, where the edition vouches for one."""
    if edition is None or CONTACTS not in edition.manifest["files"]:
        return None
    return Link(f"{_place(edition)}/{CONTACTS}", "Who is contacted, and who is not")


def _findings(link: Link, told: Json, most: int) -> Iterator[Said]:
    found = [one for one in told["findings"] if one["kind"] in {"answer", "warning"}]
    for one in found[:most]:
        yield _said(one, link)


def _decisions(link: Link, told: Json) -> Iterator[Said]:
    for one in told["findings"]:
        if one["decision"] or one["kind"] == "action":
            yield _said(one, link)


def _said(finding: Json, link: Link) -> Said:
    return Said(str(finding["text"]), str(finding["kind"]), str(finding["decision"] or ""), link)


def _alerts(good: Iterable[tuple[Link, Json]]) -> list[Alert]:
    found = [
        Alert(
            severity=alert["severity"],
            owner=alert["owner"],
            label=alert["label"],
            words=alert["words"],
            why=alert.get("why", ""),
            rule=alert["rule"],
            condition=alert.get("condition", alert["rule"]),  # of an older edition
            source=Link(f"{link.href}#{anchor('alert', alert)}", link.title),
        )
        for link, told in good
        for alert in told["alerts"]
    ]
    return sorted(found, key=lambda alert: alert.severity != "critical")


def anchor(kind: str, told: Json) -> str:
    """Return where a report's page tells of an alert, a plan or a goal."""
    name = {
        "alert": f"alert-{told['id']}.{told.get('metric', '')}",
        "plan": f"plan-{told['id']}",
        "goal": f"metric-{told.get('metric', '')}",
    }[kind]
    return quote(name, safe="")


def _numbers(
    desk: Desk, edition: Edition | None, good: Iterable[tuple[Link, Json]]
) -> tuple[list[Group], list[Json]]:
    """Return the headline numbers by report, and the goals over metrics that are not there."""
    points, judged = points_of(edition), judged_of(edition)
    groups, elsewhere = [], []
    for link, told in good:
        report = link.href.rpartition("/")[2].removesuffix(".html")
        goals = {str(goal["metric"]): goal for goal in told["goals"]}
        alerts: dict[str, str] = {}
        for alert in told["alerts"]:
            if alerts.get(alert["metric"]) != "critical":
                alerts[alert["metric"]] = alert["severity"]
        head = [one for one in told["metrics"] if one.get("headline", True)][: desk.room.metrics]
        ids = {one["id"] for one in head}
        rows = []
        for metric in told["metrics"]:
            name, unit = str(metric["id"]), str(metric["unit"])
            if name not in ids and name not in goals and name not in alerts:
                continue
            key = f"{report}.{name}"
            dots = series_of(points, key, unit)
            change = None
            if metric["value"] is not None:
                change = change_of(dots, unit, metric.get("good"), judged.get(key))
            rows.append(
                NumberRow(
                    metric={"ci_display": None, "reason": None, **metric},
                    goal=goals.pop(name, None),
                    alert=alerts.get(name, ""),
                    change=change,
                    trend=trend_of(str(metric["label"]), dots, titles=desk.room.titles),
                )
            )
        if rows:
            groups.append(Group(link, rows))
        elsewhere += list(goals.values())
    return groups, elsewhere


def _sources(unit: str, edition: Edition | None) -> Iterator[Source]:
    told = edition.manifest["data"]["rows"] if edition else {}
    for table, sources in sorted(told.items()):
        for name, counts in sorted(sources.items()):
            yield Source(
                unit,
                table,
                name,
                counts["department"],
                counts["received"],
                counts["accepted"],
                counts["quarantined"],
            )


def _editions(desk: Desk, unit: str, shown: Edition | None) -> tuple[list[EditionView], int]:
    """Return the newest editions, and how many more there are."""
    home = desk.folder / unit
    newest = list_editions(home, most=desk.room.editions)
    there = sum(1 for path in home.iterdir() if _EDITION.match(path.name)) if newest else 0
    views = [
        EditionView(
            id=one.id,
            as_of=str(one.manifest["as_of"]),
            is_served=shown is not None and one.id == shown.id,
            manifest=f"{_place(one)}/manifest.json",
            changes=f"{_place(one)}/{CHANGES}" if CHANGES in one.manifest["files"] else "",
            contacts=f"{_place(one)}/{CONTACTS}" if CONTACTS in one.manifest["files"] else "",
            reports=list(_pages(one)),
        )
        for one in newest
    ]
    return views, max(0, there - len(views))


def _pages(edition: Edition) -> Iterator[Link]:
    told = sorted(edition.manifest["reports"].items(), key=lambda pair: (pair[1]["order"], pair[0]))
    for name, report in told:
        if f"{name}.html" in report["files"]:
            failed = " (failed)" if report["state"] == "failed" else ""
            yield Link(f"{_place(edition)}/{name}.html", f"{report['title']}{failed}")
