"""Walks a triage record: what the modules that lay it out as frames have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workbench.data import phrases
from workbench.triage.record import ReasonRecord, SourceRecord, TableRecord, TriageRecord

__all__ = ["departments_of", "each_reason", "each_source", "joined", "share_of"]


def each_source(record: TriageRecord) -> Iterator[tuple[TableRecord, SourceRecord]]:
    """Yield each source with its table."""
    for table in record.tables:
        for source in table.sources:
            yield table, source


def each_reason(
    record: TriageRecord,
) -> Iterator[tuple[TableRecord, SourceRecord, ReasonRecord]]:
    """Yield each reason with its table and source."""
    for table, source in each_source(record):
        for reason in source.reasons:
            yield table, source, reason


def departments_of(sources: Iterable[SourceRecord]) -> str:
    """Return the departments that own some sources, listed; empty where none is known."""
    return phrases.listed(sorted({source.department for source in sources if source.department}))


def joined(parts: Iterable[str]) -> str | None:
    """Return different texts in one, or None when there are none."""
    return ", ".join(dict.fromkeys(part for part in parts if part)) or None


def share_of(part: int, whole: int) -> float | None:
    """Return a part as a share of a whole (0-1), or None of nothing."""
    return part / whole if whole else None
