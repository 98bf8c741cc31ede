"""What all tests share: a quiet, repeatable process, and where the outside data are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports matplotlib; and nothing of the caller's own project may reach a test.
os.environ["MPLBACKEND"] = "Agg"
for _name in ("WORKBENCH_ROOT", "WORKBENCH_SUITE", "WORKBENCH_UNIT", "WORKBENCH_JOB"):
    os.environ.pop(_name, None)

# The same examples in each run: a failure on one machine is a failure on all.
settings.register_profile("workbench", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("workbench")


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the folder of this checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def workbench_data() -> Path:
    """Return the folder of the public data sets, or skip."""
    named = os.environ.get("WORKBENCH_DATA")
    if not named:
        pytest.skip("WORKBENCH_DATA is not set: README.md says where the public data come from")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"WORKBENCH_DATA names no folder: {named}")
    return folder
