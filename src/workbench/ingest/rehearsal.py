"""A source's types, expressions and rules tried on no rows: what a run would stumble over."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from workbench.data.engine import connect
from workbench.data.quoting import literal, quote
from workbench.data.sources import Received
from workbench.errors import ParameterError
from workbench.params import SuiteParams, UnitParams
from workbench.triage.named import Frame, Named
from workbench.triage.typed import plan_source

__all__ = ["rehearse"]


def rehearse(
    suite: SuiteParams, unit: UnitParams, named: Named, columns: Sequence[str]
) -> tuple[str, ...]:
    """Return the columns that a source will yield, having checked all that is said of it.

    Parameters
    ----------
    suite, unit
        Whose source it is.
    named
        The source.
    columns
        The columns that it has, as ``workbench.data.sources.probe`` returns them.

    Raises
    ------
    ParameterError
        For a type, expression or rule that cannot be computed.
    ContractError
        When a required column has no value to come from.
    """
    frame = Frame.of(suite, unit, unit.sources)
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        empty = Path(folder) / "empty.parquet"
        connection = connect(threads=1, temp=Path(folder))
        try:
            names = ", ".join(f"CAST(NULL AS VARCHAR) AS {quote(name)}" for name in columns)
            connection.execute(
                f"COPY (SELECT {names} LIMIT 0) TO {literal(str(empty))} (FORMAT parquet)"
            )
            plan = plan_source(connection, named, Received(empty, tuple(columns), 0), frame)
            try:
                connection.execute(f"EXPLAIN {plan.query}")
            except duckdb.Error as error:
                raise ParameterError(
                    f"a rule or the split cannot be computed: {str(error).splitlines()[0]}",
                    where=named.where,
                    fix="Declare the columns' types under `types:`; one not named there is text.",
                ) from None
        finally:
            connection.close()
    return plan.columns
