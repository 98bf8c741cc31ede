"""Sources -> triage -> snapshot, as readable steps.

``inbox`` reads a source, or finds it unchanged; ``batch`` types, checks and writes the tables of a
unit; ``run`` does so for the units of a suite, and publishes their snapshots; ``rehearsal`` tries
what a file says of a source on no rows at all.
"""

from workbench.ingest.rehearsal import rehearse
from workbench.ingest.run import IngestSummary, ingest_suite, ingested_units

__all__ = ["IngestSummary", "ingest_suite", "ingested_units", "rehearse"]
