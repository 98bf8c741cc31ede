"""Where findings are gathered until they are put together, cell by cell."""

from __future__ import annotations

from workbench.triage.suspects.frame import PREFIX, Column, Frame

__all__ = ["CELLS", "VALUES", "add_cells", "add_values", "prepare"]

VALUES = f"{PREFIX}by_value"
"""``place, v, kind, suggestion, confidence``: all rows whose column holds ``v``."""
CELLS = f"{PREFIX}by_cell"
"""``r, place, v, kind, suggestion, confidence``: the cell of one row."""
_CONFIDENCE = "DECIMAL(4,3)"


def prepare(frame: Frame) -> None:
    """Make the two empty tables."""
    shared = f"place INTEGER, v VARCHAR, kind VARCHAR, suggestion VARCHAR, confidence {_CONFIDENCE}"
    frame.connection.execute(f"CREATE TEMP TABLE {VALUES} ({shared})")
    frame.connection.execute(f"CREATE TEMP TABLE {CELLS} (r BIGINT, {shared})")


def add_values(frame: Frame, column: Column, kind: str, query: str) -> None:
    """Add suspected values of a column.

    Parameters
    ----------
    query
        Yields ``v`` (the value), ``suggestion`` (text or null) and ``confidence`` (0-1); a value
        once at most.
    """
    frame.connection.execute(
        f"INSERT INTO {VALUES} SELECT {column.place}, v, '{kind}', suggestion, "
        f"CAST(greatest(0, least(confidence, 0.99)) AS {_CONFIDENCE}) FROM ({query})"
    )


def add_cells(frame: Frame, query: str) -> None:
    """Add suspected cells.

    Parameters
    ----------
    query
        Yields ``r, place, v, kind, suggestion, confidence``, in this order.
    """
    frame.connection.execute(
        f"INSERT INTO {CELLS} SELECT r, place, v, kind, suggestion, "
        f"CAST(greatest(0, least(confidence, 0.99)) AS {_CONFIDENCE}) FROM ({query})"
    )
