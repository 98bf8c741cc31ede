"""Names and texts as SQL writes them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["literal", "numbered", "quote", "relation"]


def quote(name: str) -> str:
    """Return a column's or table's name as SQL writes it.

    Examples
    --------
    >>> print(quote('Unit "price" in GBP'))
    "Unit ""price"" in GBP"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a text as an SQL literal.

    Examples
    --------
    >>> literal("O'Neil")
    "'O''Neil'"
    """
    # A NUL would end the statement's text; chr(0) says the same without one.
    parts = value.split("\x00")
    return " || chr(0) || ".join("'" + part.replace("'", "''") + "'" for part in parts)


def numbered(path: Path) -> str:
    """Return what stands after ``FROM`` for a Parquet file whose rows say their place in it.

    Examples
    --------
    >>> numbered(Path("rows.parquet"))
    "read_parquet('rows.parquet', file_row_number => true)"
    """
    return f"read_parquet({literal(str(path))}, file_row_number => true)"


def relation(rows: Path | str) -> str:
    """Return what stands after ``FROM`` for a Parquet file, or for a query of the engine.

    Examples
    --------
    >>> relation(Path("orders.parquet")), relation("SELECT 1")
    ("read_parquet('orders.parquet')", '(SELECT 1)')
    """
    if isinstance(rows, Path):
        return f"read_parquet({literal(str(rows))})"
    return f"({rows})"
