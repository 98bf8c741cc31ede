"""Sources -> triage -> snapshot, as readable steps.

``inbox`` reads a source, or finds it unchanged; ``steps`` types, checks and writes one batch of
tables; ``run`` does so for the units of a suite, and publishes their snapshots.
"""

from workbench.ingest.run import IngestSummary, ingest_suite, ingested_units

__all__ = ["IngestSummary", "ingest_suite", "ingested_units"]
