"""Sources -> received rows: every reader ends in one Parquet file of text columns.

``delimited`` (CSV), ``parquet``, ``excel``, ``jsonlines`` and ``databases`` read; ``received`` is
what they hand on; ``reading`` picks the reader, ``changes`` tells whether there is need to;
``files`` and ``secrets`` are what they share. Nothing is judged here and
nothing dropped: a record that cannot be split into its columns is kept with its reason.
"""

from typing import TYPE_CHECKING

from workbench.data.sources.changes import unchanged
from workbench.data.sources.received import RECORD, Progress, Received, UnreadableLine
from workbench.data.sources.secrets import redact, resolve_secrets, resolved_secrets
from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.data.sources.reading import probe, receive
else:  # the readers wait for their libraries
    _reading = "workbench.data.sources.reading"
    __getattr__ = lazily(__name__, {"probe": _reading, "receive": _reading})

__all__ = [
    "RECORD",
    "Progress",
    "Received",
    "UnreadableLine",
    "probe",
    "receive",
    "redact",
    "resolve_secrets",
    "resolved_secrets",
    "unchanged",
]
