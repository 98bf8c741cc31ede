"""YAML files -> the parameters of a suite and its units, or an error that can be acted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import ParameterError, one_of
from workbench.params.calendar import EventParams
from workbench.params.contacts import ContactsParams
from workbench.params.experiments import ExperimentParams
from workbench.params.fields import SLUG, Overrides
from workbench.params.gate import GateParams, IdentityParams, RetainParams
from workbench.params.models import SplitParams, SuiteFile, UnitFile
from workbench.params.reading import read_file
from workbench.params.sources import SourceParams, TableParams
from workbench.params.watch import AlertParams, GoalParams, PlanParams
from workbench.workspace import Workspace

__all__ = ["SuiteParams", "UnitParams", "list_suites", "load_suite", "parse_as_of"]

T = TypeVar("T")

WHOLE, REST = "all", "rest"
"""The two units that every split suite has: the whole, and what is in no unit of its own."""


@dataclass(frozen=True)
class UnitParams:
    """A business unit, its own file laid over the suite's defaults.

    Parameters
    ----------
    name, title, owner
        Its name in paths, its name for people, the department that answers for it.
    currency, timezone, week_start, fiscal_year_start
        ISO 4217 code, IANA name, lower-case weekday, month 1-12.
    sources
        Canonical table -> name -> source.
    tables
        Canonical table -> how it differs from its contract.
    experiments
        Experiment id -> its declaration.
    reports
        Report -> parameter -> value, the unit's over the suite's.
    goals
        ``report.metric`` -> what it shall come to.
    alerts
        Name -> rule over a metric, and who is told.
    plans
        Name -> what will be done about a decision, and when.
    calendar
        Name -> a known event that explains changes between two loads.
    contacts
        Who may be contacted how often, and which list comes first; None: the house's policy.
    gate
        What must hold for reports to be made; None asks for nothing.
    identity
        That records of one customer are looked for; None: they are not.
    retain
        How long snapshots and quarantined rows stay; None: as long as nobody prunes them.
    where
        The file that says so, for messages: ``params/demo/atlas.yml``.
    """

    name: str
    title: str
    owner: str
    currency: str
    timezone: str
    week_start: str
    fiscal_year_start: int
    sources: Mapping[str, Mapping[str, SourceParams]] = field(default_factory=dict)
    tables: Mapping[str, TableParams] = field(default_factory=dict)
    experiments: Mapping[str, ExperimentParams] = field(default_factory=dict)
    reports: Overrides = field(default_factory=dict)
    goals: Mapping[str, GoalParams] = field(default_factory=dict)
    alerts: Mapping[str, AlertParams] = field(default_factory=dict)
    plans: Mapping[str, PlanParams] = field(default_factory=dict)
    calendar: Mapping[str, EventParams] = field(default_factory=dict)
    contacts: ContactsParams | None = None
    gate: GateParams | None = None
    identity: IdentityParams | None = None
    retain: RetainParams | None = None
    where: str = ""

    def facts(self) -> dict[str, Any]:
        """Return what reports see of the unit, as plain JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "owner": self.owner,
            "currency": self.currency,
            "timezone": self.timezone,
            "week_start": self.week_start,
            "fiscal_year_start": self.fiscal_year_start,
            "experiments": {
                name: declared.model_dump(mode="json")
                for name, declared in self.experiments.items()
            },
            "calendar": {
                name: event.model_dump(mode="json") for name, event in self.calendar.items()
            },
        }


@dataclass(frozen=True)
class SuiteParams:
    """A suite: what to run, for whom, on which data, as of which day.

    Parameters
    ----------
    name, title
        Its name in paths, its name for people.
    as_of
        The day whose end the reports look back from.
    seed, min_group
        Seed of every random step; the smallest group that a report may show.
    units
        Name -> unit, in the order of their names. For a suite with ``split`` these are only the
        units that have a file; the others are known once the data are read.
    split
        How one source becomes several units, or None.
    whole
        For a suite with ``split``: the unit ``all``, which states the sources. Else None.
    where
        The suite's file, for messages.
    """

    name: str
    title: str
    as_of: date
    seed: int
    min_group: int
    units: Mapping[str, UnitParams]
    split: SplitParams | None
    whole: UnitParams | None
    where: str

    def unit(self, name: str, title: str | None = None) -> UnitParams:
        """Return a unit by its name; in a split suite, any value's unit may be asked for.

        Parameters
        ----------
        name
            The unit's name.
        title
            In a split suite, the value that the unit stands for: its title unless a file says so.

        Raises
        ------
        ParameterError
            When the suite has no such unit.
        """
        if name in self.units:
            return self.units[name]
        if self.whole is not None and SLUG.match(name):
            return replace(self.whole, name=name, title=title or name)
        raise ParameterError(
            f"no unit `{name}` in suite `{self.name}`",
            where=self.where,
            fix=one_of(name, self.units),
        )


def list_suites(workspace: Workspace) -> list[str]:
    """Return the names of the suites of a project, sorted."""
    return sorted(path.parent.name for path in workspace.params.glob("*/suite.yml"))


def parse_as_of(text: str) -> date:
    """Return the day written as ``YYYY-MM-DD``, as given on a command line."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"`{text}` is no date", where="--as-of", fix="Write it as YYYY-MM-DD."
        ) from None


def load_suite(workspace: Workspace, name: str, as_of: date | None = None) -> SuiteParams:
    """Return a suite's parameters, all of its files read and checked.

    Parameters
    ----------
    workspace
        The project.
    name
        The suite's name: a folder under ``params/``.
    as_of
        The day whose end the reports look back from; the suite's own unless given.

    Raises
    ------
    ParameterError
        For a missing file, an unknown key, a value that is not allowed: with file, key, the nearest
        known key and the allowed values.
    """
    suites = list_suites(workspace)
    if name not in suites:
        raise ParameterError(
            f"no suite `{name}`",
            where="params/",
            fix=one_of(name, suites)
            + f" A suite is a folder with a suite.yml: params/{name}/suite.yml.",
        )
    folder = workspace.params / name
    where = f"params/{name}/suite.yml"
    suite = read_file(folder / "suite.yml", where, SuiteFile)
    day = as_of or suite.as_of
    if day is None:
        raise ParameterError(
            "`as_of` is missing",
            where=where,
            fix="State the day that the reports look back from, `as_of: YYYY-MM-DD`, "
            "or give it with --as-of; it is never taken from the data or the clock.",
        )
    units: dict[str, UnitParams] = {}
    for path in sorted(folder.glob("*.y*ml")):
        if path.name == "suite.yml":
            continue
        units[path.stem] = _unit(path, f"params/{name}/{path.name}", suite)
    whole = None
    if suite.split is not None:
        whole = units.get(WHOLE) or _merged(WHOLE, None, suite, where)
        units = {WHOLE: whole, **units}
    elif not units:
        raise ParameterError(
            "the suite has no unit", where=where, fix=f"Add a file params/{name}/<unit>.yml."
        )
    return SuiteParams(
        name=name,
        title=suite.title,
        as_of=day,
        seed=suite.seed,
        min_group=suite.min_group,
        units=units,
        split=suite.split,
        whole=whole,
        where=where,
    )


def _unit(path: Path, where: str, suite: SuiteFile) -> UnitParams:
    if path.suffix != ".yml":
        raise ParameterError("a parameter file ends in .yml", where=where, fix="Rename it.")
    if not SLUG.match(path.stem):
        raise ParameterError(
            f"`{path.stem}` is no name for a unit",
            where=where,
            fix="Use lower-case letters, digits, `_` and `-`, beginning with a letter or digit.",
        )
    unit = read_file(path, where, UnitFile)
    if suite.split is not None and unit.sources:
        raise ParameterError(
            "a unit of a suite with `split` has no `sources` of its own",
            where=where,
            fix="State them in suite.yml: they are read once for all units.",
        )
    if suite.split is None:
        if path.stem in (WHOLE, REST):
            raise ParameterError(
                f"`{path.stem}` is kept for suites with `split`",
                where=where,
                fix="Rename the unit.",
            )
        if not unit.sources:
            raise ParameterError(
                "the unit has no `sources`", where=where, fix="State at least one table's source."
            )
    return _merged(path.stem, unit, suite, where)


def _merged(name: str, unit: UnitFile | None, suite: SuiteFile, where: str) -> UnitParams:
    """Lay a unit's file over the suite's defaults."""

    def chosen(key: str, default: Any = None) -> Any:
        own = getattr(unit, key) if unit is not None else None
        value = own if own is not None else getattr(suite, key)
        if value is None and default is None:
            raise ParameterError(
                f"`{key}` is missing",
                where=where,
                fix="State it here, or in suite.yml for all units.",
            )
        return default if value is None else value

    def own(key: str) -> Any:
        said = getattr(unit, key) if unit is not None else None
        return getattr(suite, key) if said is None else said

    sources = _with_like(unit.sources if unit and unit.sources else suite.sources)
    experiments = {**suite.experiments, **(unit.experiments if unit else {})}
    for key, declared in (unit.experiments if unit else {}).items():
        for table in sorted(declared.tables() - sources.keys()):
            raise ParameterError(
                f"a metric or a covariate is computed from {table}, of which there is no source",
                where=f"{where}, experiments.{key}",
                fix=f"State a source of {table}, or take the number from a `column`.",
            )
    reports: Overrides = {report: dict(values) for report, values in suite.reports.items()}
    for report, values in (unit.reports if unit else {}).items():
        reports[report] = {**reports.get(report, {}), **values}
    return UnitParams(
        name=name,
        title=unit.title if unit else suite.title,
        owner=chosen("owner"),
        currency=chosen("currency"),
        timezone=chosen("timezone"),
        week_start=chosen("week_start", "monday"),
        fiscal_year_start=chosen("fiscal_year_start", 1),
        sources=sources,
        tables={**suite.tables, **(unit.tables if unit else {})},
        experiments=experiments,
        reports=reports,
        goals=_laid(suite.goals, unit.goals if unit else {}),
        alerts=_laid(suite.alerts, unit.alerts if unit else {}),
        plans=_laid(suite.plans, unit.plans if unit else {}),
        calendar=_laid(suite.calendar, unit.calendar if unit else {}),
        contacts=own("contacts"),
        gate=own("gate"),
        identity=own("identity"),
        retain=own("retain"),
        where=where,
    )


def _laid(under: Mapping[str, T | None], over: Mapping[str, T | None]) -> dict[str, T]:
    """Lay one file's entries over another's; an empty one takes away what lies under it."""
    return {name: said for name, said in {**under, **over}.items() if said is not None}


def _with_like(
    sources: Mapping[str, Mapping[str, SourceParams]],
) -> dict[str, dict[str, SourceParams]]:
    """Give each source with ``like:`` what it takes over from its model."""
    taken = ("types", "columns", "rules", "department")
    told = ("decimal", "thousands", "date_format", "null_values")
    full: dict[str, dict[str, SourceParams]] = {}
    for table, named in sources.items():
        full[table] = {}
        for name, source in named.items():
            if source.like is not None:
                model = named[source.like]
                read = source.read.model_copy(
                    update={
                        key: getattr(model.read, key)
                        for key in told
                        if key not in source.read.model_fields_set
                    }
                )
                own = source.model_fields_set
                update = {key: getattr(model, key) for key in taken if key not in own}
                source = source.model_copy(update={**update, "read": read})
            full[table][name] = source
    return full
