"""Why the reports of a unit are held back: what triage recorded of the gate, in words."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.data.phrases import counted, uncapitalised
from workbench.data.snapshots import Snapshot
from workbench.triage.judged import GateFailure
from workbench.triage.record import read_record

__all__ = ["held_back", "in_words"]


def held_back(snapshot: Snapshot) -> str:
    """Return why no report but those that say otherwise is made of a snapshot; empty when all are.

    Parameters
    ----------
    snapshot
        The unit's data.

    Raises
    ------
    SnapshotError
        When what triage recorded beside it cannot be read.
    """
    return in_words(read_record(snapshot.folder).gate)


def in_words(failures: Sequence[GateFailure]) -> str:
    """Return what holds reports back, the first thing in full; empty for nothing.

    Parameters
    ----------
    failures
        What the gate found.
    """
    if not failures:
        return ""
    first = failures[0]
    who = f" {first.department}: {uncapitalised(first.fix)}" if first.department else ""
    more = counted(len(failures) - 1, "more reason stands", "more reasons stand")
    also = f" {more} in the triage report." if len(failures) > 1 else ""
    return f"{first.sentence}{who}{also}"
