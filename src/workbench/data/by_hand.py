"""What an analyst's notebook reads when no suite runs it, and where the suite would do otherwise.

In JupyterLab a report reads the same files as in the suite: the unit's parameters and its newest
snapshot. What it cannot see is what the suite's files override of its own parameters: those are
compared with the values in the notebook, and a difference is said, never applied behind its back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.snapshots import Snapshot, current_snapshot, read_snapshot
from workbench.params import SuiteParams, UnitParams, load_suite
from workbench.workspace import Workspace

__all__ = ["SUITE_VARIABLE", "ByHand", "by_hand"]

SUITE_VARIABLE = "WORKBENCH_SUITE"
DEFAULT_SUITE = "demo"
_SESSION = "JPY_SESSION_NAME"  # where Jupyter's server names the notebook to its kernel
_OTHER_EDITOR = "__vsc_ipynb_file__"


@dataclass(frozen=True)
class ByHand:
    """A unit as an analyst opens it.

    Parameters
    ----------
    params
        The suite's parameters.
    unit
        The unit's, the suite's overrides laid under them.
    snapshot
        The data.
    home
        The unit's folder of data.
    """

    params: SuiteParams
    unit: UnitParams
    snapshot: Snapshot
    home: Path

    def note(self, names: Mapping[str, Any], report: str) -> str:
        """Return what a reader of the notebook should know, one line unless the suite differs.

        Parameters
        ----------
        names
            The notebook's variables.
        report
            The report's name, empty where it is not known.
        """
        day, suite = self.snapshot.as_of, self.params.name
        lines = [
            f"Suite {suite}, unit {self.unit.name}, as of {day}, snapshot {self.snapshot.digest}"
        ]
        if day != self.params.as_of.isoformat():
            lines.append(
                f"The suite looks back from {self.params.as_of}: `workbench ingest {suite}` "
                "makes that snapshot."
            )
        others = {
            name: value
            for name, value in self.unit.reports.get(report, {}).items()
            if name in names and names[name] != value
        }
        if others:
            lines.append(
                "The suite runs this report with other parameters. To do as it does, put this "
                "into a cell below the parameters:"
            )
            lines += [f"    {name} = {value!r}" for name, value in others.items()]
        return "\n".join(lines)


def by_hand(suite: str, unit: str, snapshot: str) -> ByHand:
    """Return a unit for an analyst, and tell in a notebook what is read.

    Parameters
    ----------
    suite, unit, snapshot
        As `open_unit` takes them.

    Raises
    ------
    ParameterError
        When the suite or the unit does not exist.
    SnapshotError
        When there are no data yet.
    """
    workspace = Workspace.find()
    name = suite or os.environ.get(SUITE_VARIABLE) or DEFAULT_SUITE
    params = load_suite(workspace, name)
    chosen = params.unit(unit or next(iter(params.units)))
    home = workspace.unit_data(name, chosen.name)
    data = read_snapshot(home, snapshot) if snapshot else current_snapshot(home)
    found = ByHand(params, chosen, data, home)
    names = _variables()
    if names is not None:
        print(found.note(names, _report(names)))
    return found


def _variables() -> Mapping[str, Any] | None:
    """Return the variables of the notebook that runs here; None outside of one."""
    interactive = sys.modules.get("IPython")  # not imported for this: it is there in a notebook
    shell = interactive.get_ipython() if interactive is not None else None
    return None if shell is None else shell.user_ns


def _report(names: Mapping[str, Any]) -> str:
    return Path(os.environ.get(_SESSION) or str(names.get(_OTHER_EDITOR, ""))).stem
