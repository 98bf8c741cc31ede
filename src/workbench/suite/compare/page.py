"""The page that says what changed, in the look of the reports: the answer first, no script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from workbench.report.formats import format_share
from workbench.suite.compare.model import (
    BreakdownChange,
    Changes,
    DataChange,
    FindingChange,
    MetricChange,
    ReportChange,
)
from workbench.suite.compare.words import CAUSES, REPORT_STATES, VERDICTS
from workbench.suite.render.filters import FILTERS
from workbench.suite.render.policy import policy
from workbench.suite.render.style import stylesheet
from workbench.suite.templating import page_templates

__all__ = ["changes_page", "page_css"]

_FINDINGS = {
    "reversed": "Says the opposite",
    "new": "New",
    "gone": "Gone",
    "changed": "Says something else",
    "updated": "New numbers",
}
_KINDS = {"answer": "Answer", "warning": "Warning", "action": "To do", "limit": "Limit"}
_POINT = 0.01
_FAILED = {"newly_failed", "still_failed", "newly_stopped", "still_stopped"}
_READABLE = {"ok", "failed"}


def changes_page(
    changes: Changes,
    *,
    portal_href: str | None = None,
    new_href: str | None = "",
    old_href: str | None = None,
    lang: str = "en",
) -> bytes:
    """Return the page, as UTF-8 HTML.

    Parameters
    ----------
    changes
        What changed.
    portal_href
        Relative link to the portal; None for none.
    new_href, old_href
        Relative link to the folder of the newer and of the older edition, empty or with a ``/`` at
        its end; None for no links to its reports.
    lang
        Language tag of the page.
    """
    css = page_css()
    moved = [metric for metric in changes.metrics if metric.verdict.state != "unchanged"]
    html = _template().render(
        changes=changes,
        lang=lang,
        css=css,
        policy=policy([css]),
        portal_href=portal_href,
        new_href=new_href,
        old_href=old_href,
        numbers=list(_numbers(moved)),
        still=[metric for metric in changes.metrics if metric.verdict.state == "unchanged"],
        findings=[_finding(one) for one in changes.findings if one.state != "updated"],
        updated=[_finding(one) for one in changes.findings if one.state == "updated"],
        wholes=[_whole(whole) for whole in changes.breakdowns],
        reports=[_report(report) for report in changes.reports],
        sources=[_source(source) for source in changes.data if source.state != "same"],
        same_sources=sum(source.state == "same" for source in changes.data),
        failed=any(report.state in _FAILED for report in changes.reports),
        old_pages=_pages(changes.reports, old=True),
        new_pages=_pages(changes.reports, old=False),
    )
    return bytes(html.encode())


def _pages(reports: Iterable[ReportChange], *, old: bool) -> set[str]:
    """Return the reports that have a page in an edition."""
    return {
        report.report
        for report in reports
        if (report.old_state if old else report.new_state) in _READABLE
    }


def _numbers(metrics: Iterable[MetricChange]) -> Iterator[dict[str, Any]]:
    """Yield each number with the words of its verdict; the same reason is given once in a row."""
    said = ""
    for metric in metrics:
        state, words = metric.verdict.state, metric.verdict.words
        word = VERDICTS[state] if metric.state == "kept" else metric.state.capitalize()
        clear = state == "beyond_noise" and metric.direction
        yield {
            "metric": metric,
            "word": f"{word}, {metric.direction}" if clear else word,
            "look": f"{state}-{metric.direction}" if clear else state,
            "why": "" if state == "not_known" and words == said else words,
        }
        said = words


def _finding(finding: FindingChange) -> dict[str, Any]:
    return {
        "finding": finding,
        "word": _FINDINGS[finding.state],
        "kind": _KINDS.get(finding.kind, "Note"),
        "same_decision": finding.old_decision == finding.new_decision,
    }


def _whole(whole: BreakdownChange) -> dict[str, Any]:
    """Return a breakdown with a bar for each part: to the right what it gained, else to the left.

    The longest bar takes half of the room; changes below a point look as small as they are.
    """
    gains = {
        part.name: part.new_share - part.old_share
        for part in whole.parts
        if part.new_share is not None and part.old_share is not None
    }
    most = max([_POINT, *map(abs, gains.values())])
    return {
        "whole": whole,
        "has_shares": bool(gains),
        "parts": [
            {
                "part": part,
                "old_share": format_share(part.old_share),
                "new_share": format_share(part.new_share),
                "bar": _bar(gains[part.name], most) if part.name in gains else None,
            }
            for part in whole.parts
        ],
    }


def _bar(gain: float, most: float) -> tuple[str, str, str]:
    """Return where a bar begins, how long it is, in percent of the room, and its look."""
    length = 50 * abs(gain) / most
    start = 50 if gain >= 0 else 50 - length
    return f"{start:.1f}", f"{length:.1f}", "gain" if gain >= 0 else "loss"


def _report(report: ReportChange) -> dict[str, Any]:
    kinds = dict.fromkeys(cause.kind for cause in report.causes)
    return {
        "report": report,
        "word": REPORT_STATES[report.state],
        "causes": [
            (CAUSES[kind], [cause.words for cause in report.causes if cause.kind == kind])
            for kind in kinds
        ],
    }


def _source(source: DataChange) -> dict[str, Any]:
    return {
        "source": source,
        "received": tuple(_rows(source.old_received, source.new_received)),
        "quarantined": tuple(_rows(source.old_quarantined, source.new_quarantined)),
    }


def _rows(old: int | None, new: int | None) -> Iterator[str]:
    """Yield rows before, rows now and their change, as text."""
    yield "–" if old is None else f"{old:,}"
    yield "–" if new is None else f"{new:,}"
    if old is not None and new is not None and old != new:
        yield f"{'+' if new > old else '−'}{abs(new - old):,}"
    else:
        yield ""


@cache
def page_css() -> str:
    """Return the stylesheet of the pages that an edition tells beside its reports."""
    own = files("workbench.suite.compare") / "templates" / "changes.css"
    return stylesheet() + "\n" + own.read_text(encoding="utf-8").strip()


@cache
def _template() -> Any:
    found = page_templates("workbench.suite.compare")
    filters: Mapping[str, Any] = FILTERS
    found.filters.update(filters)
    return found.get_template("changes.html.j2")
