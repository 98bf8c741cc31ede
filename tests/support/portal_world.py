"""A suite as its portal finds it: units, editions and results, written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from workbench.files import canonical, digest_of, digest_of_file, files_below, write_file
from workbench.params import SuiteParams, UnitParams
from workbench.suite.editions import Edition, serve
from workbench.suite.keys import JobKey
from workbench.suite.manifest import Entry, make_manifest, make_results
from workbench.suite.notebook import Report
from workbench.suite.reads import TablesRead
from workbench.suite.status import Condition, Status
from workbench.workspace import Workspace

__all__ = [
    "AS_OF",
    "World",
    "alert",
    "finding",
    "goal",
    "make_world",
    "metric",
    "month_ends",
    "plan",
    "results_of",
    "rows_of",
    "write_edition",
]

TITLES = ("Data quality", "Customer segments", "Experiments", "Retention", "Support", "Campaigns")
OWNERS = ("Retail North", "Retail South", "Subscriptions")
AS_OF = date(2025, 6, 30)


def _text(words: str) -> str:
    return words


def month_ends(last: date, count: int) -> list[date]:
    """Return the last days of months, the newest last."""
    days = [last]
    while len(days) < count:
        days.append(days[-1].replace(day=1) - timedelta(days=1))
    return days[::-1][:count]


def metric(name: str, value: float | None, **more: Any) -> dict[str, Any]:
    """Return a metric as a notebook records it."""
    shown = "–" if value is None else f"{100 * value:.1f}%"
    return {
        "id": name,
        "label": name.replace("-", " ").capitalize(),
        "value": value,
        "unit": "share",
        "display": shown,
        "good": "up",
        "reason": "Too few customers." if value is None else None,
        "ci": None,
        "ci_display": None,
        "headline": True,
        **more,
    }


def finding(text: str, **more: Any) -> dict[str, Any]:
    """Return a finding as a notebook records it."""
    return {"id": "f", "text": text, "kind": "answer", "decision": None, "order": 1, **more}


def alert(report: str, name: str, **more: Any) -> dict[str, Any]:
    """Return an alert as an edition holds it."""
    return {
        "id": "low_share",
        "report": report,
        "metric": name,
        "label": name.replace("-", " ").capitalize(),
        "rule": f"{report}.{name} < 0.3",
        "condition": f"“{name.replace('-', ' ').capitalize()}” is below 30%",
        "severity": "warning",
        "owner": "Data office",
        "value": 0.281,
        "display": "28.1%",
        "words": f"“{name}” stands at 28.1%, below 30%.",
        "why": "It feeds every other number.",
        "as_of": AS_OF.isoformat(),
        **more,
    }


def goal(report: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a goal as an edition holds it."""
    return {
        "id": f"{report}.{name}",
        "report": report,
        "metric": name,
        "label": name.replace("-", " ").capitalize(),
        "unit": "share",
        "value": 0.281,
        "display": "28.1%",
        "target": 0.35,
        "target_display": "35%",
        "direction": "up",
        "by": "2025-12-31",
        "owner": "Marketing",
        "state": "off_track",
        "words": f"“{name}” is to be at least 35% by 31 Dec 2025; it stands at 28.1%: off track.",
        "brief": "Goal 35% by 31 Dec 2025: off track",
        **more,
    }


def plan(report: str, **more: Any) -> dict[str, Any]:
    """Return a plan as an edition holds it."""
    return {
        "id": "remind",
        "report": report,
        "decision": "Are first-time buyers reminded?",
        "when": "repeat-rate < 0.3",
        "condition": "“Repeat rate” is below 30%",
        "do": "Mail a reminder before day 54.",
        "owner": "Marketing",
        "by": "2025-09-30",
        "state": "due",
        "words": "“Repeat rate” stands at 28.1%, below 30%.",
        **more,
    }


@dataclass
class World:
    """A suite that was never run.

    Parameters
    ----------
    workspace, params, reports, rows
        What `write_portal` takes.
    """

    workspace: Workspace
    params: SuiteParams
    reports: dict[str, Report]
    rows: list[Status] = field(default_factory=list)


Results = Callable[[int, str, int, int], dict[str, Any]]
Standing = tuple[Condition, tuple[str, ...]]


def results_of(unit: int, report: str, age: int, which: int) -> dict[str, Any]:
    """Return what a report of a unit records; `age` is how many editions it is old."""
    seed = (unit * 7 + which * 3) % 11
    value = 0.25 + seed / 50 - age * (0.004 + seed / 2000) * (1 if seed % 2 else -1)
    ci = [value - 0.02, value + 0.02, 0.95, "Wilson"]
    words = f"95% interval {100 * ci[0]:.1f}% to {100 * ci[1]:.1f}%"
    metrics = [
        metric("repeat-rate", value, ci=ci, ci_display=words, label=f"Repeat rate in {report}"),
        metric(
            "customers",
            5000 + 31 * seed - 40 * age,
            unit="customers",
            display=f"{5000 + 31 * seed - 40 * age:,}",
            good=None,
        ),
        metric(
            "days",
            90 + seed + age,
            unit="days",
            display=f"{90 + seed + age} days",
            label="Median days to a second purchase",
            good="down",
        ),
    ]
    told: dict[str, Any] = {
        "findings": [
            finding(f"{100 * value:.1f}% of first-time buyers bought again within a year."),
            finding(
                "Half of those who buy again have done so by day 54.",
                kind="action",
                decision=f"Whether to remind first-time buyers ({report}).",
            ),
        ],
        "metrics": metrics,
        "actions": [],
        "goals": [],
        "alerts": [],
        "plans": [],
    }
    if which == 3 and unit % 2 == 0:
        told["goals"] = [goal(report, "repeat-rate"), goal(report, "days", state="on_track")]
        told["plans"] = [plan(report)]
    if which == 0 and unit % 3 == 1:
        told["alerts"] = [
            alert(report, "repeat-rate", severity="critical"),
            alert(report, "customers", id="few_customers"),
        ]
    return told


def make_world(
    root: Path,
    *,
    units: int = 3,
    reports: int = 4,
    editions: int = 6,
    text: Callable[[str], str] = _text,
    results: Results = results_of,
    conditions: Mapping[tuple[int, int], Standing] | None = None,
    editions_of: Callable[[int], int] | None = None,
) -> World:
    """Write the editions of a suite, and return what its portal is made from.

    Parameters
    ----------
    root
        The project's folder.
    units, reports, editions
        How many.
    text
        What becomes of every text that comes from outside.
    results
        What a report of a unit records: by unit, report, age in editions, place of the report.
    conditions
        (unit, report) by place -> how it stands; fresh unless told.
    editions_of
        How many editions a unit has, by its place.
    """
    names = ["triage", "segmentation", "experiments", "retention", "support", "campaigns"][:reports]
    catalogue = {
        name: Report(
            name, root / f"{name}.ipynb", text(TITLES[n]), n, (), (), TablesRead((), False), ()
        )
        for n, name in enumerate(names)
    }
    declared = {
        f"unit_{n:03}": UnitParams(
            f"unit_{n:03}",
            text(f"Unit {n:03} Outfitters"),
            text(OWNERS[n % 3]),
            "GBP",
            "UTC",
            "monday",
            1,
        )
        for n in range(units)
    }
    params = SuiteParams(
        "mini", text("Mini suite"), AS_OF, 7, 5, declared, None, None, "params/mini/suite.yml"
    )
    world = World(Workspace(root), params, catalogue)
    for n, unit in enumerate(declared.values()):
        count = editions_of(n) if editions_of else editions
        made = list(_editions(world, n, unit, count, text, results, conditions or {}))
        for m, report in enumerate(catalogue.values()):
            condition, reasons = (conditions or {}).get((n, m), ("fresh", ()))
            entry = made[-1][1][report.name] if made else None
            if not made and condition == "fresh":
                condition = "never_run"
            world.rows.append(
                Status(unit, report, condition, reasons, entry, made[-1][0] if made else None)
            )
    return world


def _editions(
    world: World,
    n: int,
    unit: UnitParams,
    count: int,
    text: Callable[[str], str],
    results: Results,
    conditions: Mapping[tuple[int, int], Standing],
) -> Iterator[tuple[Edition, dict[str, Entry]]]:
    home = world.workspace.unit_reports(world.params.name, unit.name)
    points: list[dict[str, Any]] = []
    before = ""
    for age, day in zip(reversed(range(count)), month_ends(AS_OF, count), strict=True):
        entries = {}
        for m, report in enumerate(world.reports.values()):
            condition = conditions.get((n, m), ("fresh", ()))[0] if age == 0 else "fresh"
            entries[report.name] = _entry(
                report, m, day, condition, results(n, report.name, age, m), before
            )
        told = {name: entry.results for name, entry in entries.items() if entry.results}
        points.append(
            {
                "as_of": day.isoformat(),
                "metrics": {
                    f"{name}.{one['id']}": {
                        key: one[key] for key in ("value", "unit", "ci", "label", "good", "display")
                    }
                    for name, result in told.items()
                    for one in result["metrics"]
                },
            }
        )
        edition = write_edition(home, world.params.name, unit, day, entries, points, before, text)
        before = edition.id
        yield edition, entries


def _entry(
    report: Report,
    place: int,
    day: date,
    condition: Condition,
    results: Mapping[str, Any],
    before: str,
) -> Entry:
    key = JobKey("0" * 16, {"versions": {"pandas": "3"}, "engine": {}, "parameters": {}})
    if condition in {"not_applicable", "never_run"}:
        state = "not_applicable" if condition == "not_applicable" else "not_run"
        return Entry(report.name, report.title, place, state)  # type: ignore[arg-type]
    if condition == "stopped":
        why = "3 rows passed every check; the gate asks for at least 10."
        return Entry(report.name, report.title, place, "stopped", why, last_good=before)
    failed = condition == "failed"
    return Entry(
        report.name,
        report.title,
        place,
        "failed" if failed else "ok",
        reason="ValueError in cell 3: no column" if failed else "",
        as_of=day.isoformat(),
        key=key,
        files=(f"{report.name}.html",),
        results={} if failed else results,
        last_good=before if failed else "",
    )


def write_edition(
    home: Path,
    suite: str,
    unit: UnitParams,
    day: date,
    entries: Mapping[str, Entry],
    points: list[dict[str, Any]],
    before: str = "",
    text: Callable[[str], str] = _text,
) -> Edition:
    """Write one edition and serve it."""
    draft = home / ".draft"
    for entry in entries.values():
        for name in entry.files:
            write_file(draft / name, b"<!doctype html><title>A report</title>")
    write_file(draft / "results.json", canonical(make_results(entries.values())))
    write_file(draft / "state" / "history.json", canonical({"schema": 1, "points": points}))
    if before:
        write_file(draft / "changes.html", b"<!doctype html><title>What changed</title>")
        write_file(draft / "changes.json", canonical({"schema": 1, "metrics": _compared(points)}))
    digests = {
        path.relative_to(draft).as_posix(): digest_of_file(path) for path in files_below(draft)
    }
    bad = 40 * (int(unit.name[-3:]) % 5)
    head: dict[str, Any] = {
        "suite": suite,
        "unit": unit.name,
        "title": unit.title,
        "owner": unit.owner,
        "as_of": day.isoformat(),
        "renderer": {"name": "embedded", "version": "1"},
        "data": {
            "rows": {
                "customers": {text("crm"): rows_of(text("Customer service"), 5000, 3)},
                "orders": {
                    text("till"): rows_of(text("Shop floor"), 20000, bad),
                    text("web"): rows_of(text("Web shop"), 12000, 10 * bad),
                },
            }
        },
    }
    if before:
        head["prior"] = {"edition": before, "digest": "0"}
    manifest = make_manifest(head, entries.values(), digests)
    content = canonical(manifest)
    write_file(draft / "manifest.json", content)
    place = home / f"{day.isoformat()}-{digest_of(content)}"
    draft.rename(place)
    serve(home, place.name)
    return Edition(place, manifest)


def _compared(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the comparison with the edition before says: all is within noise."""
    before, now = points[-2]["metrics"], points[-1]["metrics"]
    return [
        {
            "report": name.partition(".")[0],
            "id": name.partition(".")[2],
            "old": before[name]["value"],
            "new": now[name]["value"],
            "verdict": {"state": "within_noise", "words": "."},
        }
        for name in now
        if name in before
    ]


def rows_of(department: str, received: int, bad: int) -> dict[str, Any]:
    """Return what a source gave, as a manifest tells it."""
    return {
        "department": department,
        "received": received,
        "accepted": received - bad,
        "quarantined": bad,
    }
