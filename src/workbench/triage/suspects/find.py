"""The entry: every kind of suspicion, put together cell by cell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import pandas as pd

from workbench.data.quoting import literal
from workbench.errors import AnalysisError
from workbench.triage.suspects.dependencies import Dependency, find_dependencies
from workbench.triage.suspects.events import find_date_orders, find_event_orders, find_gaps
from workbench.triage.suspects.evidence import CELLS, VALUES, prepare
from workbench.triage.suspects.frame import PREFIX, Frame, open_frame
from workbench.triage.suspects.measures import find_units
from workbench.triage.suspects.merged import find_merged
from workbench.triage.suspects.numbers import find_outliers
from workbench.triage.suspects.patterns import find_patterns
from workbench.triage.suspects.rare import find_rare
from workbench.triage.suspects.scales import find_scales
from workbench.triage.suspects.sequence import find_out_of_sequence
from workbench.triage.suspects.spellings import find_spellings
from workbench.triage.suspects.tokens import find_tokens
from workbench.triage.suspects.twins import find_twins
from workbench.triage.suspects.violations import find_violations

__all__ = ["FINDING_COLUMNS", "KINDS", "Suspects", "find_suspects"]

FINDING_COLUMNS = ("table", "row", "column", "kind", "value", "suggestion", "confidence")
KINDS = (
    *("missing in disguise", "pattern", "unit", "case", "spacing", "typo", "rare value", "outlier"),
    *("date order", "event order", "gap", "merged", "dependency", "missing"),
)
_FINDINGS = f"{PREFIX}findings"
_VAGUE = "'pattern', 'rare value'"
"""Kinds that say only that a value is unusual: they name a finding where no other does."""
_FORM = "'missing in disguise', 'pattern', 'spacing', 'date order', 'merged'"
"""Kinds that judge a text by its form."""
_CLEAR = 0.5


@dataclass(frozen=True)
class Suspects:
    """The suspected cells of a table.

    Parameters
    ----------
    findings
        One row a cell, ordered by row and column: ``table, row`` (its place in the source),
        ``column, kind`` (one of `KINDS`, the surest; ``pattern`` and ``rare value`` only where no
        other kind says more), ``value`` (text, missing where the cell is empty; of a ``gap`` the
        days without rows, at the first row behind them), ``suggestion`` (text, missing where there
        is none), ``confidence`` (0-1: a ranking of how sure; no probability fitted to truth).
    counts
        One row a column and kind, in the table's order: ``table, column, kind, cells`` (all that
        were found), ``shown`` (those in `findings`).
    dependencies
        The dependencies that were learned.
    rows
        Rows that were looked at.
    not_tried
        Sentences: what was left out, and why.
    """

    findings: pd.DataFrame
    counts: pd.DataFrame
    dependencies: tuple[Dependency, ...]
    rows: int
    not_tried: tuple[str, ...]


def find_suspects(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    table: str,
    row: str = "_row",
    leave_out: Collection[str] = (),
    form_only: Collection[str] = (),
    least_confidence: float = 0.5,
    most_cells: int = 100_000,
) -> Suspects:
    """Return the cells of a table that are likely to be wrong, found from the table alone.

    Parameters
    ----------
    connection
        The engine.
    query
        A query of the rows: received text or typed columns. It is run many times, so it should read
        a table or Parquet files, not do work.
    table
        The table's name, as the findings state it.
    row
        The column that says a row's place in its source: whole numbers, each once. Rows without
        one are not looked at.
    leave_out
        Columns not to look at.
    form_only
        Columns of which the form alone is judged, such as personal ones: a rare name is no error.
    least_confidence
        Findings with less confidence (0-1) are left out.
    most_cells
        The most findings of one column and kind that are shown: the surest, then the first rows.
        `Suspects.counts` counts them all.

    Raises
    ------
    AnalysisError
        When ``row`` is no column of whole numbers, or an argument is out of its range.

    Examples
    --------
    >>> engine = duckdb.connect()
    >>> rows = "SELECT i AS _row, if(i = 7, 'Yorkshre', 'Yorkshire') AS county FROM range(99) t(i)"
    >>> found = find_suspects(engine, rows, table="customers").findings
    >>> found[["row", "column", "kind", "value", "suggestion"]].values.tolist()
    [[7, 'county', 'typo', 'Yorkshre', 'Yorkshire']]
    """
    if not 0 <= least_confidence <= 1:
        raise AnalysisError(f"least_confidence == {least_confidence}, must be from 0 to 1")
    if most_cells < 1:
        raise AnalysisError(f"most_cells == {most_cells}, must be >= 1")
    with open_frame(connection, query, row, leave_out) as frame:
        prepare(frame)
        find_tokens(frame)
        find_patterns(frame)
        find_units(frame)
        find_spellings(frame)
        find_twins(frame)
        find_rare(frame)
        find_outliers(frame)
        find_scales(frame)
        find_date_orders(frame)
        find_out_of_sequence(frame)
        find_event_orders(frame)
        find_gaps(frame)
        find_merged(frame)
        dependencies = find_dependencies(frame)
        find_violations(frame, dependencies)
        _drop_contents(frame, form_only)
        _put_together(frame, least_confidence)
        return Suspects(
            findings=_findings(frame, table, most_cells),
            counts=_counts(frame, table, most_cells),
            dependencies=dependencies,
            rows=frame.count,
            not_tried=tuple(dict.fromkeys(frame.not_tried)),
        )


def _drop_contents(frame: Frame, form_only: Collection[str]) -> None:
    """Take back what is said of the contents of columns of which the form alone is judged."""
    places = [str(one.place) for one in frame.columns if one.name in form_only]
    if places:
        for table in (VALUES, CELLS):
            frame.connection.execute(
                f"DELETE FROM {table} WHERE place IN ({', '.join(places)}) "
                f"AND kind NOT IN ({_FORM})"
            )


def _put_together(frame: Frame, least_confidence: float) -> None:
    """Make one finding of all that was found of a cell.

    Kinds are taken for independent: together they are wrong when each of them is. That a value is
    unusual is no evidence of its own beside them.
    """
    every = [f"SELECT * FROM {CELLS}"]
    suspected = {int(place) for (place,) in frame.all(f"SELECT DISTINCT place FROM {VALUES}")}
    for column in frame.columns:
        if column.place in suspected:
            every.append(
                f"SELECT t.r, f.* FROM {frame.rows} t JOIN {VALUES} f "
                f"ON f.place = {column.place} AND t.{column.sql} = f.v"
            )
    kinds = (
        "SELECT r, place, kind, max(v) AS v, max(confidence) AS confidence, "
        "max_by(suggestion, (confidence, suggestion)) FILTER (WHERE suggestion IS NOT NULL) "
        f"AS suggestion FROM ({' UNION ALL '.join(every)}) WHERE r IS NOT NULL GROUP BY ALL"
    )
    # Products of floats depend on their order: it is stated.
    clear = (
        "CAST(1 - list_reduce(list_prepend(1.0::DOUBLE, list_transform(list_filter(found, "
        f"lambda f: f.kind NOT IN ({_VAGUE})), lambda f: CAST(1 - f.confidence AS DOUBLE))), "
        "lambda x, y: x * y) AS DECIMAL(4,3))"
    )
    vague = f"list_filter(found, lambda f: f.kind IN ({_VAGUE}))[1]"
    frame.connection.execute(
        f"CREATE TEMP TABLE {_FINDINGS} AS SELECT r, place, CASE WHEN clear >= {_CLEAR} "
        "OR vague IS NULL THEN found[1].kind ELSE vague.kind END AS kind, v, "
        "list_filter(list_transform(found, lambda f: f.suggestion), "
        "lambda s: s IS NOT NULL)[1] AS suggestion, "
        f"greatest(clear, coalesce(vague.confidence, 0)) AS confidence "
        f"FROM (SELECT *, {clear} AS clear, {vague} AS vague FROM (SELECT r, place, max(v) AS v, "
        "list({'kind': kind, 'suggestion': suggestion, 'confidence': confidence} ORDER BY "
        f"kind IN ({_VAGUE}), confidence DESC, kind) AS found FROM ({kinds}) GROUP BY r, place))"
    )
    frame.connection.execute(f"DELETE FROM {_FINDINGS} WHERE confidence < {least_confidence!r}")


def _findings(frame: Frame, table: str, most_cells: int) -> pd.DataFrame:
    names = _names(frame)
    return frame.connection.execute(
        f'SELECT {literal(table)} AS "table", r AS "row", name AS "column", kind, '
        "v AS value, suggestion, CAST(confidence AS DOUBLE) AS confidence FROM "
        f"(SELECT * FROM {_FINDINGS} QUALIFY row_number() OVER "
        f"(PARTITION BY place, kind ORDER BY confidence DESC, r, v) <= {most_cells}) "
        f"JOIN {names} USING (place) ORDER BY r, place"
    ).fetch_df()


def _counts(frame: Frame, table: str, most_cells: int) -> pd.DataFrame:
    return frame.connection.execute(
        f'SELECT {literal(table)} AS "table", name AS "column", kind, count(*) AS cells, '
        f"least(count(*), {most_cells}) AS shown FROM {_FINDINGS} "
        f"JOIN {_names(frame)} USING (place) GROUP BY ALL ORDER BY any_value(place), kind"
    ).fetch_df()


def _names(frame: Frame) -> str:
    rows = [f"({one.place}, {literal(one.name)})" for one in frame.columns]
    return f"(VALUES {', '.join(rows or ['(-1, NULL)'])}) AS names(place, name)"
