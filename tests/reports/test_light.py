"""A command with nothing to execute does not wait for what executes, computes or draws."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import Demo

HEAVY = {
    "IPython",
    "duckdb",
    "great_tables",
    "ipykernel",
    "jupyter_client",
    "matplotlib",
    "nbclient",
    "nbconvert",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "psycopg",
    "pyarrow",
}
PROBE = """
import json, sys
from workbench.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "run --help",
        "status demo",
        "editions atlas",
        "diff atlas",
        "params retention",
        "run demo --renderer embedded",
    ],
)
def test_a_command_with_nothing_to_execute_imports_nothing_heavy(demo: Demo, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *command.split()],
        cwd=demo.workspace.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads(done.stdout.splitlines()[-1])) & HEAVY == set()
