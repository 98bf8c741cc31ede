"""Finds what is wrong in a suite before anything runs: files, overrides, expressions, sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.data.sources import probe
from workbench.data.sources.secrets import redact
from workbench.errors import ContractError, NotebookError, ParameterError, WorkbenchError
from workbench.ingest import rehearse
from workbench.ingest.naming import name_sources
from workbench.params import SuiteParams, UnitParams, load_suite
from workbench.suite.contacts.policy import check_contacts
from workbench.suite.notebook import Report, find_reports
from workbench.suite.plan import check_overrides
from workbench.suite.watch import check_watched
from workbench.workspace import Workspace

__all__ = ["Checked", "Trouble", "check_suite"]


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong.

    Parameters
    ----------
    text
        What, where, and how to mend it.
    is_parameter
        Whether a file or notebook of the project is wrong, and not a source.
    """

    text: str
    is_parameter: bool


@dataclass(frozen=True)
class Checked:
    """What a check of a suite found.

    Parameters
    ----------
    units, sources
        How many there are.
    troubles
        What is wrong, in the order of the units.
    """

    units: int
    sources: int
    troubles: tuple[Trouble, ...]


def check_suite(workspace: Workspace, name: str) -> Checked:
    """Return what is wrong in a suite; nothing of it is run.

    Parameters
    ----------
    workspace
        The project.
    name
        The suite's name.
    """
    try:
        params = load_suite(workspace, name)
        reports = find_reports(workspace.notebooks)
    except (ParameterError, NotebookError) as error:
        return Checked(0, 0, (Trouble(str(error), True),))
    units = [params.whole] if params.whole is not None else list(params.units.values())
    sources = sum(len(named) for unit in units for named in unit.sources.values())
    return Checked(len(params.units), sources, tuple(_troubles(workspace, params, units, reports)))


def _troubles(
    workspace: Workspace,
    params: SuiteParams,
    units: list[UnitParams],
    reports: dict[str, Report],
) -> Iterator[Trouble]:
    for unit in params.units.values():
        try:
            check_overrides([unit], reports)
            check_watched([unit], reports)
            check_contacts([unit], reports)
        except ParameterError as error:
            yield Trouble(str(error), True)
    for unit in units:
        try:
            named = name_sources(unit)
        except ParameterError as error:
            yield Trouble(str(error), True)
            continue
        for one in named:
            try:
                columns = probe(one.params, root=workspace.root, where=one.where)
                rehearse(params, unit, one, columns)
            except WorkbenchError as error:
                yield Trouble(redact(str(error)), isinstance(error, ParameterError | ContractError))
