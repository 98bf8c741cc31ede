"""A suite `demo` with one unit `atlas`, as the test's module declares it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.params import UnitParams, load_suite
from workbench.workspace import Workspace

HEAD = """
title: Demo
as_of: 2025-06-30
currency: GBP
timezone: Europe/London
owner: Insight
"""
UNIT = """
title: Atlas
sources: {orders: {till: {path: orders.csv}}}
"""


@pytest.fixture
def load(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., UnitParams]:
    """Return what reads the unit: its own file's text after the common one, under a suite's.

    The suite's is the module's ``SUITE`` unless the test gives another; both stand behind the head.
    """

    def read(unit: str = "", suite: str | None = None) -> UnitParams:
        folder = tmp_path / "params" / "demo"
        folder.mkdir(parents=True)
        said = request.module.SUITE if suite is None else suite
        (folder / "suite.yml").write_text(HEAD + said, encoding="utf-8")
        (folder / "atlas.yml").write_text(UNIT + unit, encoding="utf-8")
        return load_suite(Workspace(tmp_path), "demo").unit("atlas")

    return read
