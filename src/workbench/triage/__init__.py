"""The gate that every row passes: types, contract, rules, keys, references, privacy.

On received rows, inside ingest::

    canonical, typed    text -> typed, canonical columns; each failure of a row's values as a bit
    checks, reasons     what is checked, how severe it is, and what a reader is told
    marks               what only several rows together show: repeats, references to nothing
    units               which unit a row belongs to, where one source is split
    tally, profile      counts, places to look, a profile of each column (its results: facts)
    outcome             accepted rows to the snapshot, rejected ones to quarantine
    record, found       all of that, kept beside the snapshot
    repairs             what the owner agreed to change before typing (a package of its own)

What no single row shows (each a package or module of its own, and what ingest calls)::

    overlap     overlapping     several sources of one table (``shared_keys``: their figures)
    identity    resolving       which records are one customer
    suspects    suspected       cells that look wrong, without labels
    drift       changed         a load against the load before: sizes, intervals, flags

On the record: ``score`` (shares on five dimensions), ``gate`` and ``privacy`` (what holds reports
back). In the triage report, as tables and sentences: ``frames``, ``mending`` and ``verdicts``;
``scored``; ``suspicions``; ``comparisons``.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily
from workbench.triage.record import TriageRecord, read_record

if TYPE_CHECKING:
    from workbench.triage.comparisons import (
        ChangesVerdict,
        CustomersVerdict,
        changes,
        changes_verdict,
        customers_verdict,
        overlaps,
    )
    from workbench.triage.frames import (
        columns,
        completeness,
        contents,
        flow,
        freshness,
        identifiers,
    )
    from workbench.triage.mending import examples, reasons_met, to_mend
    from workbench.triage.repairs.told import repaired, repairs_verdict
    from workbench.triage.scored import (
        gate_failures,
        gate_verdict,
        score_trend,
        score_verdict,
        scores,
    )
    from workbench.triage.suspicions import (
        SuspicionVerdict,
        learned,
        suspected,
        suspicion_verdict,
    )
    from workbench.triage.verdicts import FrequentReasons, Verdict, frequent_reasons, verdict
else:  # these wait for pandas, which an ingest with nothing to do does not need
    _FRAMES = (
        "columns",
        "completeness",
        "contents",
        "flow",
        "freshness",
        "identifiers",
    )
    _MENDING = ("examples", "reasons_met", "to_mend")
    _SCORED = ("gate_failures", "gate_verdict", "score_trend", "score_verdict", "scores")
    _COMPARISONS = (
        "ChangesVerdict",
        "CustomersVerdict",
        "changes",
        "changes_verdict",
        "customers_verdict",
        "overlaps",
    )
    _SUSPICIONS = ("SuspicionVerdict", "learned", "suspected", "suspicion_verdict")
    _VERDICT = ("FrequentReasons", "Verdict", "frequent_reasons", "verdict")
    __getattr__ = lazily(
        __name__,
        dict.fromkeys(_FRAMES, "workbench.triage.frames")
        | dict.fromkeys(_MENDING, "workbench.triage.mending")
        | dict.fromkeys(_SCORED, "workbench.triage.scored")
        | dict.fromkeys(_COMPARISONS, "workbench.triage.comparisons")
        | dict.fromkeys(_SUSPICIONS, "workbench.triage.suspicions")
        | dict.fromkeys(_VERDICT, "workbench.triage.verdicts")
        | dict.fromkeys(("repaired", "repairs_verdict"), "workbench.triage.repairs.told"),
    )

__all__ = [
    "ChangesVerdict",
    "CustomersVerdict",
    "FrequentReasons",
    "SuspicionVerdict",
    "TriageRecord",
    "Verdict",
    "changes",
    "changes_verdict",
    "columns",
    "completeness",
    "contents",
    "customers_verdict",
    "examples",
    "flow",
    "frequent_reasons",
    "freshness",
    "gate_failures",
    "gate_verdict",
    "identifiers",
    "learned",
    "overlaps",
    "read_record",
    "reasons_met",
    "repaired",
    "repairs_verdict",
    "score_trend",
    "score_verdict",
    "scores",
    "suspected",
    "suspicion_verdict",
    "to_mend",
    "verdict",
]
