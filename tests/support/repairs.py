"""The suspected cells of a load, found in the received rows as the repairs file expects them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from workbench.data.casts import cast_sql
from workbench.data.engine import connect
from workbench.data.quoting import literal, quote
from workbench.data.sources import Received
from workbench.ingest import IngestSummary
from workbench.ingest.inbox import Inbox
from workbench.ingest.naming import name_sources
from workbench.ingest.repairs import SUSPECTED
from workbench.params import UnitParams
from workbench.triage.named import Named
from workbench.triage.suspects import find_suspects
from workbench.workspace import Workspace


def suspects_file(workspace: Workspace, summary: IngestSummary, unit: str = "") -> Path:
    """Return where the suspected cells of a load stand."""
    home = workspace.unit_data(summary.snapshot.suite, unit or summary.unit.name)
    return home / "quarantine" / summary.snapshot.digest / SUSPECTED


def write_suspects(workspace: Workspace, summary: IngestSummary, unit: UnitParams) -> pd.DataFrame:
    """Write the suspected cells of a load, if the ingest did not, and return them."""
    path = suspects_file(workspace, summary, unit.name)
    home = workspace.unit_data(summary.snapshot.suite, unit.name)
    inbox = Inbox(home / "received", workspace.root, False)
    with connect(threads=1) as connection:
        if not path.exists():
            parts = []
            for one in name_sources(unit):
                received = inbox.last(one)
                assert received is not None
                parts.append(cells_of(connection, one, received, unit.timezone))
            save_cells(connection, pd.concat(parts, ignore_index=True), path)
        return connection.execute(f"SELECT * FROM read_parquet({literal(str(path))})").fetch_df()


def cells_of(
    connection: duckdb.DuckDBPyConnection, named: Named, received: Received, timezone: str
) -> pd.DataFrame:
    """Return the suspected cells of a source's rows, typed as it declares."""
    types = {name.lower(): kind for name, kind in named.params.types.items()}
    read = named.params.read
    nulls = ", ".join(literal(value) for value in read.null_values)
    columns = []
    for name in received.columns:
        text = f"CASE WHEN {quote(name)} IN ({nulls}) THEN NULL ELSE {quote(name)} END"
        kind = types.get(name.lower(), "text")
        typed = text if kind == "text" else cast_sql(quote(name), kind, read, timezone)
        columns.append(f"{typed} AS {quote(name)}")
    found = find_suspects(
        connection,
        f"SELECT {received.row_sql} AS _row, {', '.join(columns)} "
        f"FROM read_parquet({literal(str(received.path))}, file_row_number => true)",
        table=named.contract.name,
    ).findings
    found.insert(1, "source", named.name)
    return found


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
