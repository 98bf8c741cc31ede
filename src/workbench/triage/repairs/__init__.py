"""Repairs that the owner of the data has agreed to: suggested, answered, applied, recorded.

The suspected cells of a load become lines of a file that its owner edits; the lines that are
answered with ``yes`` change the received text of those cells at each later ingest, before it is
typed. The received rows themselves stay as they came, and a repaired row passes the same checks as
all others::

    line        a line of the file: what it says, and how a cell is written
    file        reading and writing the file
    suggest     suspected cells -> suggested lines, and what was left out
    formats     a suggested value as the source would write it
    apply       lines -> the cells that they change, as small tables of the engine
    counted     how many cells were asked for and changed, and which repairs found nothing
    facts       the counts, as they stand in the record
    told        on the record, for the triage report: a table, a sentence
"""
