"""Makes ready what every kernel needs, once, before the first one starts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from workbench.suite.environment import kernel_environment, matplotlib_folder
from workbench.workspace import Workspace

__all__ = ["warm_fonts"]

_LONGEST_SECONDS = 120


def warm_fonts(workspace: Workspace) -> None:
    """Let matplotlib list the machine's fonts, unless it has done so for this project.

    Otherwise the first report of a fresh checkout does it, and says so among its own output.
    """
    folder = matplotlib_folder(workspace)
    if any(folder.glob("fontlist-*.json")):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="workbench-") as made:
        place = Path(made)
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env=kernel_environment(workspace, place, place / "job.json"),
            cwd=place,
            capture_output=True,
            timeout=_LONGEST_SECONDS,
            check=False,  # a report that needs fonts will say what is wrong with them
        )
