"""What changed as plain tables, for a terminal: one line of text in each cell, made harmless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.report.formats import format_share
from workbench.report.text import clean
from workbench.suite.compare.model import BreakdownChange, Changes, MetricChange
from workbench.suite.compare.words import VERDICTS

__all__ = ["PlainTable", "one_line", "plain_tables"]


@dataclass(frozen=True)
class PlainTable:
    """A table of texts.

    Parameters
    ----------
    columns
        The headings.
    rows
        Cells, as many as there are headings.
    weights
        For each row ``clear`` (more than noise), ``faint`` (noise) or ``plain``.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    weights: tuple[str, ...]


def one_line(text: str) -> str:
    """Return text from data on one line, without characters that hide or reorder others."""
    return " ".join(clean(text).split())


def plain_tables(changes: Changes) -> Iterator[PlainTable]:
    """Yield what changed: numbers, findings, and the parts of each whole.

    Parameters
    ----------
    changes
        What changed.
    """
    moved = [metric for metric in changes.metrics if metric.verdict.state != "unchanged"]
    if moved:
        columns = ("Number", "Report", "Before", "Now", "Change", "More than noise?")
        yield _table(columns, [_number(metric) for metric in moved], [*map(_weight, moved)])
    said = [finding for finding in changes.findings if finding.state != "updated"]
    if said:
        yield _table(
            ("Finding", "Report", "Before", "Now"),
            [(one.state, one.report, one.old_text, one.new_text) for one in said],
        )
    for whole in changes.breakdowns:
        columns = (whole.part, "Before", "Now", "Change", "Share before", "Share now")
        yield _table(columns, list(_parts(whole)))


def _table(
    columns: tuple[str, ...], rows: list[tuple[str, ...]], weights: list[str] | None = None
) -> PlainTable:
    return PlainTable(
        tuple(one_line(column) for column in columns),
        tuple(tuple(one_line(cell) for cell in row) for row in rows),
        tuple(weights or ["plain"] * len(rows)),
    )


def _number(metric: MetricChange) -> tuple[str, ...]:
    state = metric.verdict.state
    word = VERDICTS[state] if metric.state == "kept" else metric.state.capitalize()
    if state == "beyond_noise" and metric.direction:
        word += f", {metric.direction}"
    change = f"{metric.change_display} {metric.relative_display}".strip() or "–"
    shown = metric.old_display, metric.new_display
    return metric.label, metric.report, *shown, change, word


def _weight(metric: MetricChange) -> str:
    return {"beyond_noise": "clear", "within_noise": "faint"}.get(metric.verdict.state, "plain")


def _parts(whole: BreakdownChange) -> Iterator[tuple[str, ...]]:
    for part in whole.parts:
        sizes = part.old_display, part.new_display, part.change_display or "–"
        yield part.name, *sizes, format_share(part.old_share), format_share(part.new_share)
