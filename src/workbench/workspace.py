"""Where the folders of a project are.

A project is a folder that holds ``params/`` and ``notebooks/``; ``data/`` and ``reports/`` beside
them are made as needed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ParameterError

__all__ = ["JOB_VARIABLE", "ROOT_VARIABLE", "Workspace"]

ROOT_VARIABLE = "WORKBENCH_ROOT"
JOB_VARIABLE = "WORKBENCH_JOB"


@dataclass(frozen=True)
class Workspace:
    """The folders of one project.

    Parameters
    ----------
    root
        The project's folder, absolute.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """Return the project named by ``WORKBENCH_ROOT``, else the one around ``start``.

        Parameters
        ----------
        start
            Where to look from, upwards; the working folder when not given.

        Raises
        ------
        ParameterError
            When no folder upwards holds both ``params`` and ``notebooks``.
        """
        named = os.environ.get(ROOT_VARIABLE)
        if start is None and named:
            return cls(Path(named).resolve())
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "params").is_dir() and (folder / "notebooks").is_dir():
                return cls(folder)
        raise ParameterError(
            "no project found here",
            where=str(here),
            fix="Work inside a folder that holds params/ and notebooks/, or name it with "
            f"--root or {ROOT_VARIABLE}.",
        )

    @property
    def params(self) -> Path:
        """Return the folder of the suites' parameters."""
        return self.root / "params"

    @property
    def notebooks(self) -> Path:
        """Return the folder of the notebooks."""
        return self.root / "notebooks"

    @property
    def data(self) -> Path:
        """Return the folder of received rows, snapshots, quarantine and action lists."""
        return self.root / "data"

    @property
    def reports(self) -> Path:
        """Return the folder of published editions."""
        return self.root / "reports"

    def unit_data(self, suite: str, unit: str) -> Path:
        """Return the data folder of one unit."""
        return self.data / suite / unit

    def unit_reports(self, suite: str, unit: str) -> Path:
        """Return the folder of one unit's editions."""
        return self.reports / suite / unit
