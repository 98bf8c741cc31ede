"""The pages themselves: gathered, rendered, written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from workbench.data.sources.secrets import redact, referenced_secrets
from workbench.files import canonical, read_json, replace_file
from workbench.params import SuiteParams
from workbench.report.formats import format_share
from workbench.report.text import escape_html
from workbench.suite.inputs import secret_texts
from workbench.suite.notebook import Report
from workbench.suite.portal.asked import asked_of_all
from workbench.suite.portal.attention import attention_of, late_units
from workbench.suite.portal.quality import by_department, counted_units
from workbench.suite.portal.tally import summary_of, tally_of
from workbench.suite.portal.unit import Desk, Room, read_unit
from workbench.suite.render.filters import FILTERS
from workbench.suite.render.policy import policy
from workbench.suite.render.style import stylesheet
from workbench.suite.secrets import refuse_secrets_in
from workbench.suite.status import Status
from workbench.suite.templating import page_templates
from workbench.workspace import Workspace

__all__ = ["portal_page", "write_portal"]

SUMMARY = "portal.json"
FEW_UNITS = 12  # up to here there is room for more of each
_ROOMY = Room(metrics=4, findings=2, reasons=3, editions=12, titles=True)
_DENSE = Room(metrics=3, findings=1, reasons=1, editions=3, titles=False)


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

    Raises
    ------
    PublishError
        When a secret of a source would stand on the page; the last page stays.
    """
    folder = workspace.reports / params.name
    secrets = referenced_secrets(secret_texts(params))
    # What is stale is told with parameters that no published edition holds: nobody searched them.
    said = (replace(row, reasons=tuple(map(redact, row.reasons))) for row in rows)
    troubles = {name: redact(problem) for name, problem in (problems or {}).items()}
    page, summary = portal_page(folder, params, reports, said, troubles)
    written = {SUMMARY: canonical(summary), "index.html": page}
    for name, content in written.items():
        refuse_secrets_in(content, secrets, name, params.name)
    for name, content in written.items():
        replace_file(folder / name, content)
    _write_index(workspace)
    return folder / "index.html"


def portal_page(
    folder: Path,
    params: SuiteParams,
    reports: Mapping[str, Report],
    rows: Iterable[Status],
    problems: Mapping[str, str] | None = None,
    *,
    alone: bool = False,
) -> tuple[bytes, dict[str, Any]]:
    """Return a suite's page, and the same in numbers.

    Parameters
    ----------
    folder
        The folder that the page is for; the units' editions are below it.
    params
        The suite.
    reports
        The reports, in their order.
    rows
        How each report of each unit stands.
    problems
        Unit -> why nothing could be published for it in the last run.
    alone
        Whether the page is handed on by itself, so that nothing leads out of its folder.
    """
    by_unit: dict[str, list[Status]] = {}
    for row in rows:
        by_unit.setdefault(row.unit.name, []).append(row)
    room = _ROOMY if len(by_unit) <= FEW_UNITS else _DENSE
    desk = Desk(folder, params, room)
    units = [
        read_unit(desk, found, (problems or {}).get(name, "")) for name, found in by_unit.items()
    ]
    departments = by_department(counted_units(units))
    tally = tally_of(units, departments)
    page = _render(
        "suite.html.j2",
        suite={"title": params.title, "as_of": params.as_of.isoformat()},
        units=units,
        reports=list(reports.values()),
        tally=tally,
        attention=attention_of(units),
        late=late_units(units),
        asking=asked_of_all(units),
        departments=departments,
        is_roomy=room is _ROOMY,
        alone=alone,
    )
    return page, dict(summary_of(params, reports.values(), units, tally))


def _write_index(workspace: Workspace) -> None:
    found = (_summary(path) for path in sorted(workspace.reports.glob(f"*/{SUMMARY}")))
    suites = [suite for suite in found if suite]
    replace_file(workspace.reports / "index.html", _render("index.html.j2", suites=suites))


def _summary(path: Path) -> Mapping[str, Any]:
    """Return a suite in a few numbers; nothing where its file says nothing."""
    try:
        told = read_json(path)
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) and "name" in told else {}


@cache
def _environment() -> Environment:
    found = page_templates("workbench.suite")
    found.filters.update(FILTERS)
    found.filters["said"] = _said
    found.filters["many"] = _many
    found.filters["share"] = format_share
    return found


@lru_cache(maxsize=8192, typed=True)  # titles and departments are said again and again
def _said(text: str) -> Markup:
    return Markup(escape_html(text))


def _many(count: int, one: str, more: str = "") -> str:
    """Return a number with its noun."""
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


@cache
def _file(name: str) -> str:
    there = Path(__file__).parent.parent / "templates" / name
    return there.read_text(encoding="utf-8").strip()


def _render(template: str, **told: Any) -> bytes:
    css = f"{stylesheet()}\n{_file('portal.css')}"
    script = _file("portal.js") if template == "suite.html.j2" else ""
    html = (
        _environment()
        .get_template(template)
        .render(
            css=css, script=script, policy=policy([css], scripts=[script] if script else []), **told
        )
    )
    return html.encode()
