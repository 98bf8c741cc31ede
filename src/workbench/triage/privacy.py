"""Personal data that nobody declared: found by a profile, withheld, and told without a value.

A contract names the personal columns that it knows. A source may hold others: an e-mail address in
a note, telephone numbers in a column carried along. Where the profile suspects one, its owner must
say what it is, in the unit's parameters, before any report is made:

``tables.<table>.personal.<column>: drop`` (or ``token``)
    It is personal: it never enters a snapshot, or a keyed hash stands for it.
``tables.<table>.waive.<column>: <why>``
    It only looks personal, and why.

Until then the column is left out of the snapshot, unless the table cannot be used without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workbench.data import phrases
from workbench.data.contracts import CONTRACTS, Table
from workbench.params import TableParams
from workbench.triage.judged import GateFailure
from workbench.triage.reading import departments_of
from workbench.triage.record import ColumnRecord, TriageRecord

__all__ = ["WITHHELD", "suspected", "undeclared", "withheld_columns"]

WITHHELD = "withheld"
"""What becomes of a column that looks personal and that nobody declared."""


def suspected(
    contract: Table, table: TableParams | None, columns: Iterable[ColumnRecord]
) -> tuple[ColumnRecord, ...]:
    """Return the columns that seem personal, and that nobody declared or waived.

    Parameters
    ----------
    contract
        The table's contract.
    table
        The unit's choices for it, or None.
    columns
        The profile of its accepted rows.
    """
    declared = {column.name for column in contract.columns if column.personal}
    if table is not None:
        declared |= table.personal.keys() | table.waive.keys()
    return tuple(one for one in columns if one.suspicions and one.name not in declared)


def withheld_columns(
    contract: Table,
    table: TableParams | None,
    key: Sequence[str],
    columns: Iterable[ColumnRecord],
) -> tuple[str, ...]:
    """Return the columns to leave out of a snapshot because they seem personal.

    Parameters
    ----------
    contract, table, columns
        As for ``suspected``.
    key
        The columns that no two rows may share.

    Returns
    -------
    tuple of str
        Those of ``suspected`` that the table can be read without: a required column, a key, a
        reference to another table and the clock stay.
    """
    needed = {column.name for column in contract.columns if column.required}
    needed |= {*contract.key, *key, *contract.references, contract.clock or ""}
    found = suspected(contract, table, columns)
    return tuple(one.name for one in found if one.name not in needed)


def undeclared(record: TriageRecord, tables: Mapping[str, TableParams]) -> tuple[GateFailure, ...]:
    """Return for which undeclared personal data a unit's reports are held back.

    Parameters
    ----------
    record
        What triage recorded of the unit.
    tables
        Canonical table -> the unit's choices for it.

    Returns
    -------
    tuple of GateFailure
        One for each column, of kind ``personal``, by table in the record's order.
    """
    found = []
    for table in record.tables:
        chosen = tables.get(table.name)
        for column in suspected(CONTRACTS[table.name], chosen, table.columns):
            evidence = phrases.listed([one.evidence for one in column.suspicions])
            is_out = table.personal.get(column.name) == WITHHELD
            kept = "it is kept out of every report" if is_out else "no report is made of it"
            found.append(
                GateFailure(
                    kind="personal",
                    table=table.name,
                    column=column.name,
                    asked="declared or waived",
                    found=evidence,
                    sentence=(
                        f"The column {column.name} of {table.name} seems to hold personal data "
                        f"that nobody declared: {evidence}; until it is declared, {kept}."
                    ),
                    fix=(
                        f"In the unit's parameters, write under `tables.{table.name}` either "
                        f"`personal: {{{column.name}: drop}}`, if it is personal, or "
                        f"`waive: {{{column.name}: <why>}}`, if it only looks so; or empty it at "
                        "the source."
                    ),
                    department=departments_of(table.sources),
                )
            )
    return tuple(found)
