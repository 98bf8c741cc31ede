"""The pages that link it all: ``reports/<suite>/index.html`` and ``reports/index.html``.

They are made anew after each run from the served editions, and are the only place where a report's
age and staleness show: an edition itself never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from workbench.files import canonical, read_json, replace_file
from workbench.params import SuiteParams
from workbench.report.formats import format_date
from workbench.suite.editions import Edition, list_editions
from workbench.suite.notebook import Report
from workbench.suite.render.filters import FILTERS
from workbench.suite.render.policy import policy
from workbench.suite.render.style import stylesheet
from workbench.suite.status import Status
from workbench.workspace import Workspace

__all__ = ["age_in_words", "write_portal"]

SUMMARY = "portal.json"
METRICS_SHOWN = 3  # of each report, the first that it recorded
FINDINGS_SHOWN = 1
REASONS_SHOWN = 3
_WORDS = {
    "fresh": ("ok", "Ready"),
    "stale": ("stale", "Out of date"),
    "failed": ("failed", "Failed"),
    "not_applicable": ("none", "Not applicable"),
    "never_run": ("none", "Not run yet"),
}


def write_portal(
    workspace: Workspace,
    params: SuiteParams,
    reports: Mapping[str, Report],
    rows: Iterable[Status],
    problems: Mapping[str, str] | None = None,
) -> Path:
    """Write the suite's page and the page of all suites, and return the former.

    Parameters
    ----------
    workspace
        The project.
    params
        The suite.
    reports
        The reports, in their order.
    rows
        How each report of each unit stands.
    problems
        Unit -> why nothing could be published for it in the last run.
    """
    by_unit: dict[str, list[Status]] = {}
    for row in rows:
        by_unit.setdefault(row.unit.name, []).append(row)
    folder = workspace.reports / params.name
    units = [
        _unit(folder, params, found, (problems or {}).get(name, ""))
        for name, found in by_unit.items()
    ]
    cells = [cell for unit in units for cell in unit["cells"]]
    counts = {
        "good": sum(cell["look"] in {"ok", "stale"} for cell in cells),
        "stale": sum(cell["look"] == "stale" for cell in cells),
        "failed": sum(cell["look"] == "failed" for cell in cells),
        "applicable": sum(cell["condition"] != "not_applicable" for cell in cells),
    }
    suite = {"name": params.name, "title": params.title, "as_of": params.as_of.isoformat()}
    content = _render(
        "suite.html.j2",
        suite=suite,
        units=units,
        reports=list(reports.values()),
        counts=counts,
        rows=_rows(units),
        attention=list(_attention(units)),
    )
    replace_file(folder / SUMMARY, canonical({**suite, **counts, "units": len(units)}))
    replace_file(folder / "index.html", content)
    _write_index(workspace)
    return folder / "index.html"


def _write_index(workspace: Workspace) -> None:
    suites = [read_json(path) for path in sorted(workspace.reports.glob(f"*/{SUMMARY}"))]
    replace_file(workspace.reports / "index.html", _render("index.html.j2", suites=suites))


def _unit(folder: Path, params: SuiteParams, rows: list[Status], problem: str) -> dict[str, Any]:
    unit, edition = rows[0].unit, rows[0].edition
    editions = list_editions(folder / unit.name)
    by_id = {one.id: one for one in editions}
    as_of = str(edition.manifest["as_of"]) if edition else ""
    good = [row for row in rows if row.entry and row.entry.state == "ok"]
    findings = [
        item
        for row in good
        for item in _first(row, "findings", FINDINGS_SHOWN, kinds=("answer", "warning"))
    ]
    return {
        "name": unit.name,
        "title": unit.title,
        "owner": unit.owner,
        "as_of": as_of,
        "age": age_in_words(as_of, params.as_of),
        "problem": problem,
        "cells": [_cell(params, row, by_id) for row in rows],
        "metrics": [
            {
                "title": row.report.title,
                "href": _href(row.edition, row.report.name),
                "metrics": list(shown),
            }
            for row in good
            if row.edition and (shown := tuple(_first(row, "metrics", METRICS_SHOWN)))
        ],
        "findings": findings,
        "said": {item["text"] for item in findings},
        "decisions": [
            item
            for row in good
            for item in _first(row, "findings", None)
            if item["decision"] or item["kind"] == "action"
        ],
        "sources": list(_sources(edition)),
        "editions": [_edition(one, edition) for one in editions],
    }


def _cell(params: SuiteParams, row: Status, editions: Mapping[str, Edition]) -> dict[str, Any]:
    entry = row.entry
    look, word = _WORDS[row.condition]
    lines: list[str] = []
    if entry is not None and entry.state == "ok":
        age = age_in_words(entry.as_of, params.as_of)
        lines += [f"As of {format_date(entry.as_of)}, {age}"] if age else []
    if row.condition in {"stale", "not_applicable"}:
        reasons = [words for words in row.reasons if not words.startswith("as_of ")]
        lines += reasons[:REASONS_SHOWN]
        if len(reasons) > REASONS_SHOWN:
            lines.append(f"and {len(reasons) - REASONS_SHOWN} more changes")
    good = editions.get(entry.last_good) if entry is not None else None
    is_there = row.edition is not None and entry is not None and entry.files
    return {
        "title": row.report.title,
        "condition": row.condition,
        "look": look,
        "word": word,
        "lines": lines,
        "reason": row.reasons[0] if row.reasons else "",
        "href": _href(row.edition, row.report.name) if row.edition and is_there else "",
        "good_href": _href(good, row.report.name) if good else "",
        "good_as_of": str(good.manifest["reports"][row.report.name]["as_of"]) if good else "",
    }


def age_in_words(as_of: str, suite: date) -> str:
    """Return how much older than the suite's day a report is; empty when it is not.

    Examples
    --------
    >>> age_in_words("2025-05-31", date(2025, 6, 30))
    '30 days older'
    """
    if not as_of:
        return ""
    days = (suite - date.fromisoformat(as_of)).days
    if days == 0:
        return ""
    many = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"{many} {'older' if days > 0 else 'newer'}"


def _href(edition: Edition, report: str) -> str:
    return f"{edition.folder.parent.name}/{edition.id}/{report}.html"


def _first(
    row: Status, what: str, most: int | None, kinds: tuple[str, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the first records of a report, each with where it comes from."""
    if row.entry is None or row.edition is None:
        return
    found = row.entry.results.get(what, [])
    if kinds:
        found = [item for item in found if item["kind"] in kinds]
    for item in found[:most]:
        yield {
            "ci_display": None,
            "reason": None,
            **item,
            "from": row.report.title,
            "href": _href(row.edition, row.report.name),
        }


def _sources(edition: Edition | None) -> Iterator[dict[str, Any]]:
    told = edition.manifest["data"]["rows"] if edition else {}
    for table, sources in sorted(told.items()):
        for source, counts in sorted(sources.items()):
            yield {"table": table, "source": source, **counts}


def _rows(units: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Add up what all sources gave; a suite's unit ``all`` is not counted beside its parts."""
    units = list(units)
    whole = [unit for unit in units if unit["name"] == "all"]
    sources = [source for unit in (whole or units) for source in unit["sources"]]
    return {
        "sources": len(sources),
        "received": sum(source["received"] for source in sources),
        "quarantined": sum(source["quarantined"] for source in sources),
    }


def _edition(edition: Edition, shown: Edition | None) -> dict[str, Any]:
    place = f"{edition.folder.parent.name}/{edition.id}"
    reports = sorted(
        edition.manifest["reports"].items(), key=lambda pair: (pair[1]["order"], pair[0])
    )
    return {
        "id": edition.id,
        "as_of": str(edition.manifest["as_of"]),
        "is_served": shown is not None and edition.id == shown.id,
        "manifest": f"{place}/manifest.json",
        "links": [
            {
                "href": f"{place}/{name}.html",
                "title": told["title"],
                "failed": told["state"] == "failed",
            }
            for name, told in reports
            if told["files"]
        ],
    }


def _attention(units: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for unit in units:
        if unit["problem"]:
            yield {
                "unit": unit["title"],
                "report": "",
                "reason": unit["problem"],
                "href": "",
                "good_href": "",
                "good_as_of": "",
            }
        for cell in unit["cells"]:
            if cell["condition"] == "failed":
                yield {
                    "unit": unit["title"],
                    "report": cell["title"],
                    "reason": cell["reason"],
                    "href": cell["href"],
                    "good_href": cell["good_href"],
                    "good_as_of": cell["good_as_of"],
                }


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("workbench.suite", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters.update(FILTERS)
    return found


@cache
def _css() -> str:
    here = Path(__file__).parent
    return stylesheet() + (here / "templates" / "portal.css").read_text(encoding="utf-8")


def _render(template: str, **told: Any) -> bytes:
    css = _css()
    html = _environment().get_template(template).render(css=css, policy=policy([css]), **told)
    return html.encode()
