"""What an executed notebook recorded, read from its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import RenderError
from workbench.report.mime import (
    ACTION,
    BREAKDOWN,
    FIGURE,
    FINDING,
    KINDS,
    METRIC,
    SECTION,
    STATE,
    TABLE,
)

if TYPE_CHECKING:
    import nbformat

__all__ = ["Harvest", "Record", "harvest", "record_of"]

Record = Mapping[str, Any]

_NEEDED: Mapping[str, tuple[str, ...]] = {
    FINDING: ("id", "text", "kind", "decision", "order"),
    METRIC: ("id", "label", "value", "unit", "display", "good", "reason", "ci"),
    TABLE: ("id", "caption", "html", "csv", "rows", "source_note"),
    FIGURE: ("id", "caption", "alt", "svg"),
    ACTION: (
        *("id", "label", "file", "digest", "customers", "customers_display", "no_consent"),
        *("no_consent_display", "min_group", "value", "unit", "holdout_share", "schema"),
    ),
    SECTION: ("id", "title", "text"),
    BREAKDOWN: ("id", "label", "part", "unit", "parts"),
    STATE: ("id", "value"),
}
_FIRST = {"answer": 0, "warning": 1, "action": 2, "limit": 3}


@dataclass(frozen=True)
class Harvest:
    """The records of a notebook.

    Parameters
    ----------
    findings
        Sentences: answers first, then warnings, actions and limits; within a kind by ``order``,
        then as they stand in the notebook.
    metrics
        Numbers with units, as they stand in the notebook.
    tables
        Tables, with all their rows as CSV.
    figures
        Figures as SVG, with their alternative text.
    actions
        Action lists: counts, value and digest, no customers.
    breakdowns
        Wholes and their parts, to compare with another edition's.
    states
        What the next edition goes on from.
    """

    findings: tuple[Record, ...] = ()
    metrics: tuple[Record, ...] = ()
    tables: tuple[Record, ...] = ()
    figures: tuple[Record, ...] = ()
    actions: tuple[Record, ...] = ()
    breakdowns: tuple[Record, ...] = ()
    states: tuple[Record, ...] = ()


def record_of(output: Mapping[str, Any]) -> tuple[str, Record] | None:
    """Return the MIME type and the record of one output; None when it holds none of ours.

    Raises
    ------
    RenderError
        When a record lacks what its type requires.
    """
    if output.get("output_type") not in {"display_data", "execute_result"}:
        return None
    data = output.get("data", {})
    for mime in KINDS:
        if mime not in data:
            continue
        record = data[mime]
        missing = [key for key in _NEEDED[mime] if key not in record]
        if missing:
            raise RenderError(
                f"a {KINDS[mime]} lacks {', '.join(missing)}",
                where=f"{KINDS[mime]} {record.get('id', '?')}",
                fix="Record it with workbench.report.",
            )
        return mime, record
    return None


def harvest(nb: nbformat.NotebookNode) -> Harvest:
    """Return what an executed notebook recorded.

    Parameters
    ----------
    nb
        The executed notebook.

    Raises
    ------
    RenderError
        When two records of one kind share an id, or a record is not whole.
    """
    found: dict[str, list[Record]] = {mime: [] for mime in KINDS}
    seen: set[tuple[str, str]] = set()
    for mime, record in _records(nb):
        name = str(record["id"])
        if (mime, name) in seen:
            raise RenderError(
                f"two {KINDS[mime]} records share the id `{name}`",
                where=f"{KINDS[mime]} {name}",
                fix="Give each record of a notebook an id of its own.",
            )
        seen.add((mime, name))
        found[mime].append(record)
    findings = sorted(found[FINDING], key=lambda r: (_FIRST.get(r["kind"], 9), r["order"]))
    return Harvest(
        findings=tuple(findings),
        metrics=tuple(found[METRIC]),
        tables=tuple(found[TABLE]),
        figures=tuple(found[FIGURE]),
        actions=tuple(found[ACTION]),
        breakdowns=tuple(found[BREAKDOWN]),
        states=tuple(found[STATE]),
    )


def _records(nb: nbformat.NotebookNode) -> Iterator[tuple[str, Record]]:
    for cell in nb.cells:
        for output in cell.get("outputs", ()):
            found = record_of(output)
            if found is not None:
                yield found
