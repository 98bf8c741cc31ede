"""Sources -> triage -> snapshot, as readable steps.

``naming`` lists a unit's sources; ``inbox`` reads a source, or finds it unchanged; ``ledger``
tells whether an ingest would come to the same again; ``batch`` types, checks and writes the tables
of a unit; ``making`` does so for a unit and publishes its snapshots; ``run`` goes over the units
of a suite; ``rehearsal`` tries what a file says of a source on no rows at all.
"""

from typing import TYPE_CHECKING

from workbench.ingest.ledger import IngestSummary
from workbench.ingest.run import TOKEN_KEY, ingest_suite, ingested_units
from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.ingest.rehearsal import rehearse
else:  # it waits for the engine
    __getattr__ = lazily(__name__, {"rehearse": "workbench.ingest.rehearsal"})

__all__ = ["TOKEN_KEY", "IngestSummary", "ingest_suite", "ingested_units", "rehearse"]
