"""The suspected cells of a load, as ingest leaves them in the quarantine."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from workbench.data.quoting import literal, quote
from workbench.ingest import IngestSummary
from workbench.triage.suspected import SUSPECTED_FILE
from workbench.workspace import Workspace


def suspects_file(workspace: Workspace, summary: IngestSummary) -> Path:
    """Return where the suspected cells of a load stand."""
    home = workspace.unit_data(summary.snapshot.suite, summary.unit.name)
    return home / "quarantine" / summary.snapshot.digest / SUSPECTED_FILE


def save_cells(connection: duckdb.DuckDBPyConnection, cells: pd.DataFrame, path: Path) -> None:
    """Write suspected cells as the Parquet file that ingest leaves in the quarantine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.register("cells", cells)
    names = ("table", "source", "row", "column", "kind", "value", "suggestion", "confidence")
    types = dict.fromkeys(names, "VARCHAR") | {"row": "BIGINT", "confidence": "DOUBLE"}
    chosen = ", ".join(f"CAST({quote(n)} AS {types[n]}) AS {quote(n)}" for n in names)
    connection.execute(
        f"COPY (SELECT {chosen} FROM cells) TO {literal(str(path))} (FORMAT parquet)"
    )
    connection.unregister("cells")
