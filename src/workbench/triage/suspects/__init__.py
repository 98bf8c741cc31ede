"""Suspected cell errors of a table, found without labels: the cells that an owner should look at.

`find_suspects` reads a table of received or typed rows and returns one table of findings. Each
module finds what its name says, and what it can it finds on the distinct values of a column::

    frame         the table as numbered text columns, what is known of each, their distinct values
    evidence      where findings are gathered: of a value (all its rows) or of one row's cell
    tokens        texts and numbers that stand for "not known": ``missing in disguise``
    patterns      a shape that next to no other value of the column has: ``pattern``
    measures      numbers with their unit in the cell, spelled in several ways: ``unit``
    spellings     the same text in another case or spacing: ``case``, ``spacing``
    twins         a rare text or word beside a frequent near-twin: ``typo``
    rare          a value next to never met in a column of a few: ``rare value``
    numbers       far from the rest of its column: ``outlier``
    scales        ten, a hundred, a thousand times too large or small for its like: ``unit``
    events        ``date order``, ``event order``, ``gap``
    sequence      a date that fits its neighbours with day and month swapped: ``date order``
    merged        two columns' values in one cell: ``merged``
    dependencies  columns that decide others, learned from the rows: ``dependency``, ``missing``
    find          the entry; the findings of a cell are put together here

A suspicion is no verdict: no row is set aside for it, and nothing is repaired in silence.
"""

from workbench.triage.suspects.find import FINDING_COLUMNS, Suspects, find_suspects

__all__ = ["FINDING_COLUMNS", "Suspects", "find_suspects"]
