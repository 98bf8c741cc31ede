"""Names and texts as SQL writes them."""

from __future__ import annotations

__all__ = ["literal", "quote"]


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
