"""The reasons for which a row is rejected or remarked on, in plain words, and how severe each is.

A reason's code is its kind, and the column it is about where there is one: ``unreadable:amount``,
``duplicate_row``, ``rule:customer_known``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workbench.data.contracts import Table
from workbench.errors import ParameterError, one_of
from workbench.params import Severity, TableParams

__all__ = ["KINDS", "Kind", "check_severities", "severity_of"]


@dataclass(frozen=True)
class Kind:
    """A kind of reason.

    Parameters
    ----------
    code
        The first part of the reason's code.
    severity
        What happens to the row unless the unit says otherwise.
    title
        What is wrong; ``{column}`` stands for the column.
    why
        Why it matters.
    fix
        What the owner of the source can do.
    """

    code: str
    severity: Severity
    title: str
    why: str
    fix: str


_KINDS = (
    Kind(
        "unreadable_line",
        "reject",
        "the line does not fit the file's columns",
        "Nobody can tell which value belongs to which column.",
        "Export the file again; check quotes and delimiters inside texts.",
    ),
    Kind(
        "unreadable",
        "reject",
        "`{column}` cannot be read as what it should be",
        "A value that cannot be read cannot be counted, and guessing would hide the error.",
        "Correct the value, or state its format in the source's `read:` and `types:`.",
    ),
    Kind(
        "missing",
        "reject",
        "`{column}` is empty but needed",
        "Without it the row cannot be placed.",
        "Fill the field where it is entered, and make it compulsory there.",
    ),
    Kind(
        "duplicate_row",
        "reject",
        "the same row, value for value, came before",
        "It would be counted twice.",
        "Export each row once; check for overlapping exports.",
    ),
    Kind(
        "duplicate_key",
        "reject",
        "another row has the same key",
        "Only one of them can be right; the first good one is kept.",
        "Merge the records in the source, or correct the identifier.",
    ),
    Kind(
        "after_as_of",
        "reject",
        "`{column}` lies after the day that the report looks back from",
        "The future cannot have happened yet: the date is wrong, or it belongs to a later report.",
        "Correct the date (day and month exchanged?), or move `as_of`.",
    ),
    Kind(
        "before_start",
        "reject",
        "`{column}` lies before a plausible start",
        "A date such as 1900-01-01 stands for a date that nobody knew.",
        "Correct the date, leave it empty if it is not known, or set `plausible_start`.",
    ),
    Kind(
        "negative",
        "reject",
        "`{column}` is negative",
        "It cannot be below zero in this table.",
        "Correct the sign; book returns as lines with a negative amount.",
    ),
    Kind(
        "absurd",
        "reject",
        "`{column}` is beyond any plausible size",
        "One such value outweighs thousands of good ones.",
        "Check the unit (pence for pounds?) and the decimal mark, or set `limits`.",
    ),
    Kind(
        "orphan",
        "reject",
        "`{column}` is not found in the table that it refers to",
        "The row belongs to somebody or something that the unit does not know.",
        "Deliver the missing record, or correct the identifier.",
    ),
    Kind(
        "order_of_events",
        "reject",
        "`{column}` comes before what it must follow",
        "One of the two times is wrong, and so is every duration made of them.",
        "Correct the times where they are entered.",
    ),
    Kind(
        "rounded",
        "warn",
        "`{column}` has more decimals than are kept",
        "Amounts are kept to four decimals, so this one was rounded.",
        "Nothing, if fractions below 0.0001 do not matter; else deliver smaller units.",
    ),
    Kind(
        "rule",
        "reject",
        "the unit's rule `{column}` does not hold",
        "The unit declared that such rows must not count.",
        "See the rule in the unit's parameters.",
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.code: kind for kind in _KINDS})
"""Every kind of reason, by its code."""

_MILDER: Mapping[str, Severity] = MappingProxyType({"orphan:campaign_id": "warn"})
"""Reasons that are less severe than their kind: an order counts, whatever its campaign."""


def severity_of(
    kind: str, column: str, table: TableParams | None, *, milder: Severity | None = None
) -> Severity:
    """Return what happens to a row for a reason: the unit's choice, else the kind's default.

    Parameters
    ----------
    kind, column
        The reason; the column is empty where the kind has none.
    table
        The unit's choices for the table, or None.
    milder
        What the caller has declared for this very reason, a rule's own severity say.
    """
    code = f"{kind}:{column}" if column else kind
    chosen = table.severity if table is not None else {}
    if code in chosen:
        return chosen[code]
    if kind in chosen:
        return chosen[kind]
    return milder or _MILDER.get(code) or KINDS[kind].severity


def check_severities(
    contract: Table, table: TableParams, rules: Iterable[str], *, where: str
) -> None:
    """Refuse a severity, limit or key for something that does not exist.

    Parameters
    ----------
    contract
        The table's contract.
    table
        The unit's choices for it.
    rules
        The names of the rules of its sources.
    where
        The file and key, for the message.

    Raises
    ------
    ParameterError
        With the nearest known code and all that are allowed.
    """
    named = set(rules)
    for code in table.severity:
        kind, _, column = code.partition(":")
        if kind not in KINDS:
            raise ParameterError(
                f"unknown reason `{code}`", where=f"{where}.severity", fix=one_of(kind, KINDS)
            )
        if kind == "rule" and column and column not in named:
            raise ParameterError(
                f"no source of `{contract.name}` has a rule `{column}`",
                where=f"{where}.severity",
                fix=one_of(column, named),
            )
    measured = {column.name for column in contract.columns if column.kind in _MEASURED}
    for column in table.limits:
        if contract.column(column) is not None and column not in measured:
            raise ParameterError(
                f"`{column}` is no number, so it has no limits",
                where=f"{where}.limits",
                fix=one_of(column, measured),
            )


_MEASURED = ("money", "quantity", "count", "number")
