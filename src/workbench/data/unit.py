"""The handle that a notebook opens: a unit's facts, and its tables as of a day."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.archived import Archived, lists_to_measure
from workbench.data.by_hand import SUITE_VARIABLE, by_hand
from workbench.data.contracts import CUSTOMER, CUSTOMER_RECORD, contract
from workbench.data.earlier_list import EarlierList, read_list
from workbench.data.engine import connect
from workbench.data.handed import Handed, editions_by_hand, handed_on
from workbench.data.quoting import literal, quote
from workbench.data.snapshots import Snapshot, read_snapshot
from workbench.errors import SnapshotError, one_of
from workbench.params import EventParams, ExperimentParams, parse_as_of
from workbench.workspace import JOB_VARIABLE, Workspace

__all__ = ["SUITE_VARIABLE", "Unit", "job_facts", "open_unit"]


@dataclass(frozen=True)
class Unit:
    """A business unit on one snapshot of its data.

    Parameters
    ----------
    suite, name, title, owner
        Its suite, its name there, its name for people, the department that answers for it.
    currency, timezone, week_start, fiscal_year_start
        ISO 4217 code, IANA name, lower-case weekday, month 1-12.
    as_of
        The day whose end the report looks back from.
    seed
        Seed of every random step.
    min_group
        The smallest group that may be shown.
    experiments
        The unit's declared experiments, by id.
    calendar
        The events that the unit knows of, by key.
    snapshot
        The data.
    actions
        The owner-only folder that the candidates for action lists are written to.
    """

    suite: str
    name: str
    title: str
    owner: str
    currency: str
    timezone: str
    week_start: str
    fiscal_year_start: int
    as_of: date
    seed: int
    min_group: int
    experiments: Mapping[str, ExperimentParams]
    calendar: Mapping[str, EventParams]
    snapshot: Snapshot
    actions: Path
    _connection: duckdb.DuckDBPyConnection = field(repr=False, compare=False)
    _handed: Callable[[str], Handed] = field(default=Handed, repr=False, compare=False)
    _lists: Callable[[str], Mapping[str, Archived]] | None = field(
        default=None, repr=False, compare=False
    )

    def has(self, *tables: str) -> bool:
        """Tell whether the unit has these canonical tables, with at least one row each."""
        return all(
            contract(name).name in self.snapshot.tables and self.snapshot.tables[name].rows > 0
            for name in tables
        )

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """Return a canonical table's accepted rows.

        Parameters
        ----------
        name
            The table's name.

        Returns
        -------
        duckdb.DuckDBPyRelation
            A lazy relation over the snapshot's Parquet file; ``.df()`` makes it a pandas frame,
            and Narwhals takes it as it is. Where records of one customer were found, ``customers``
            has one row for each customer: the values of the record that gave the customer its
            identifier, and where it has none, those of the next record by its identifier;
            ``joined_at`` is the earliest.

        Raises
        ------
        SnapshotError
            When the unit does not have the table.
        """
        contract(name)
        if name not in self.snapshot.tables:
            raise SnapshotError(
                f"the unit `{self.name}` has no table `{name}`",
                where=f"suite {self.suite}",
                fix=one_of(name, self.snapshot.tables),
            )
        rows = self._connection.sql(
            f"SELECT * FROM read_parquet({literal(str(self.snapshot.path(name)))})"
        )
        if name == "customers" and CUSTOMER_RECORD in rows.columns:
            return self._connection.sql(_one_row_a_customer(rows.columns, rows.sql_query()))
        return rows

    def state(self, report: str, id: str) -> dict[str, Any]:
        """Return what the earlier edition of a report handed on; empty where there is nothing.

        It is of the newest day before `as_of` on which that report was good.

        Parameters
        ----------
        report
            The report's own name.
        id
            What it was recorded as, with ``report.state``.

        Raises
        ------
        SnapshotError
            When a report that the suite runs asks for the state of another one.
        """
        return deepcopy(dict(self._handed(report).values.get(id, {})))

    def state_day(self, report: str) -> date | None:
        """Return the day that a report's earlier state is of; None where there is none.

        Parameters
        ----------
        report
            The report's own name.

        Raises
        ------
        SnapshotError
            As `state`.
        """
        day = self._handed(report).as_of
        return parse_as_of(day) if day else None

    def earlier_list(self, report: str, id: str) -> EarlierList | None:
        """Return who stood on a list of an earlier day, to see what it brought; None for none.

        It is the newest that is at least 28 days old, and no other: `workbench.data.archived`
        tells why.

        Parameters
        ----------
        report
            The report's own name.
        id
            What the list was recorded as, with ``report.action_list``.

        Raises
        ------
        SnapshotError
            When a report that the suite runs asks for the list of another one; when the list went
            after the run began.
        """
        found = (self._lists(report) if self._lists else {}).get(id)
        return read_list(self.snapshot.home, found) if found else None


def _one_row_a_customer(columns: Sequence[str], rows: str) -> str:
    """Return a query of one row for each customer, filled from all of the customer's records."""
    order = f"{CUSTOMER_RECORD} = {CUSTOMER} DESC, {CUSTOMER_RECORD}"
    kept = []
    for name in columns:
        column = quote(name)
        if name == CUSTOMER:
            kept.append(column)
        elif name == "joined_at":
            kept.append(f"min({column}) AS {column}")
        elif name != CUSTOMER_RECORD:
            kept.append(
                f"first({column} ORDER BY {order}) FILTER ({column} IS NOT NULL) AS {column}"
            )
    return f"SELECT {', '.join(kept)} FROM ({rows}) GROUP BY {CUSTOMER} ORDER BY {CUSTOMER}"


def job_facts(
    facts: Mapping[str, Any],
    snapshot: Snapshot,
    *,
    seed: int,
    min_group: int,
    actions: Path,
    handed: Handed | None = None,
    lists: Mapping[str, Archived] | None = None,
) -> dict[str, Any]:
    """Return what the suite writes for a job's kernel, and `open_unit` reads there.

    Parameters
    ----------
    facts
        The unit's facts, as ``UnitParams.facts()`` gives them.
    snapshot
        The snapshot to read.
    seed, min_group
        The suite's.
    actions
        Where the candidates for action lists are written.
    handed
        What the report's earlier edition handed on; None by hand, where any report's may be read.
    lists
        The report's lists of earlier days that it is given, by id.
    """
    return {
        "unit": dict(facts),
        "suite": snapshot.suite,
        "snapshot": snapshot.digest,
        "home": str(snapshot.home),
        "seed": seed,
        "min_group": min_group,
        "actions": str(actions),
        "handed": handed.to_json() if handed else None,
        "lists": {id: archived.told for id, archived in (lists or {}).items()},
    }


def open_unit(suite: str = "", unit: str = "", snapshot: str = "") -> Unit:
    """Return a unit, ready to be analysed.

    Parameters
    ----------
    suite
        The suite; empty for the one in ``WORKBENCH_SUITE``, else ``demo``.
    unit
        The unit; empty for the suite's first.
    snapshot
        The digest of a snapshot; empty for the unit's newest.

    Raises
    ------
    ParameterError
        When the suite or the unit does not exist.
    SnapshotError
        When there are no data yet.
    """
    job = os.environ.get(JOB_VARIABLE)
    facts = (
        json.loads(Path(job).read_text(encoding="utf-8"))
        if job
        else _facts_by_hand(suite, unit, snapshot)
    )
    about = facts["unit"]
    found = read_snapshot(Path(facts["home"]), facts["snapshot"])
    return Unit(
        suite=facts["suite"],
        name=about["name"],
        title=about["title"],
        owner=about["owner"],
        currency=about["currency"],
        timezone=about["timezone"],
        week_start=about["week_start"],
        fiscal_year_start=about["fiscal_year_start"],
        as_of=parse_as_of(found.as_of),
        seed=facts["seed"],
        min_group=facts["min_group"],
        experiments={
            name: ExperimentParams.model_validate(value)
            for name, value in about["experiments"].items()
        },
        calendar={
            name: EventParams.model_validate(value) for name, value in about["calendar"].items()
        },
        snapshot=found,
        actions=Path(facts["actions"]),
        _connection=connect(threads=_threads()),
        _handed=_handed(facts, found.as_of, in_job=bool(job)),
        _lists=_lists(facts, found, in_job=bool(job)),
    )


def _facts_by_hand(suite: str, unit: str, snapshot: str) -> dict[str, Any]:
    """Return a job's facts for an analyst who runs a notebook in JupyterLab."""
    found = by_hand(suite, unit, snapshot)
    return job_facts(
        found.unit.facts(),
        found.snapshot,
        seed=found.params.seed,
        min_group=found.params.min_group,
        actions=found.home / "actions" / "by-hand",  # the suite's own lists stay as they are
    )


def _handed(facts: Mapping[str, Any], as_of: str, *, in_job: bool) -> Callable[[str], Handed]:
    """Return what gives the state of a report: in a job its own alone, by hand that of any."""
    if in_job:
        own = Handed(**(facts.get("handed") or {"report": ""}))
        return partial(_own, own)
    folder = Workspace.find().unit_reports(facts["suite"], facts["unit"]["name"])
    return partial(_of_any, folder, as_of)


def _own(own: Handed, report: str) -> Handed:
    _check_own("state", report, own.report)
    return own


def _check_own(what: str, report: str, own: str) -> None:
    if report != own:
        raise SnapshotError(
            f"the {what} of report `{report}` is not that of this report",
            where=f"report {own}",
            fix=f"A report goes on from its own earlier edition: name `{own}`.",
        )


def _of_any(folder: Path, as_of: str, report: str) -> Handed:
    found = handed_on(partial(editions_by_hand, folder), report, as_of)
    if found.problem:
        print(f"Report {report} starts without an earlier state. {found.problem}.")
    return found


def _lists(
    facts: Mapping[str, Any], snapshot: Snapshot, *, in_job: bool
) -> Callable[[str], Mapping[str, Archived]]:
    """Return what gives the earlier lists of a report: in a job its own alone, by hand of any."""
    if in_job:
        return partial(_own_lists, (facts.get("handed") or {}).get("report", ""), facts["lists"])
    day = parse_as_of(snapshot.as_of)
    return lambda report: lists_to_measure(snapshot.home, day).get(report, {})


def _own_lists(
    own: str, told: Mapping[str, Mapping[str, str]], report: str
) -> Mapping[str, Archived]:
    _check_own("list", report, own)
    return {id: Archived(own, id, **one) for id, one in told.items()}


def _threads() -> int | None:
    wanted = os.environ.get("WORKBENCH_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) else None
