"""When a run happened and how long each part took: kept in ``data/``, apart from the editions."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from workbench.files import canonical, replace_file

__all__ = ["RunLog"]


class RunLog:
    """Collects a run's times.

    Parameters
    ----------
    suite
        The suite's name.
    """

    def __init__(self, suite: str) -> None:
        self.began = datetime.now(UTC)
        self._clock = monotonic()
        self.told: dict[str, Any] = {
            "suite": suite,
            "began": self.began.isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "steps": {},
            "jobs": [],
            "editions": {},
        }

    def step(self, name: str) -> None:
        """Note that a step has ended, with the seconds since the run began."""
        self.told["steps"][name] = round(monotonic() - self._clock, 3)

    def job(
        self, unit: str, report: str, state: str, reason: str, times: Mapping[str, Any]
    ) -> None:
        """Note how a job ended."""
        told = {"unit": unit, "report": report, "state": state, **times}
        self.told["jobs"].append({**told, "reason": reason} if reason else told)

    def edition(self, unit: str, edition: str) -> None:
        """Note which edition of a unit is served now."""
        self.told["editions"][unit] = edition

    def save(self, folder: Path) -> Path:
        """Write the log and return its file, named by the time at which the run began."""
        self.told["seconds"] = round(monotonic() - self._clock, 3)
        path = folder / f"{self.began:%Y%m%dT%H%M%S.%f}-{os.getpid()}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, canonical(self.told))
        return path
