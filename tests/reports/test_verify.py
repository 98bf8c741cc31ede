"""The demo suite made again elsewhere, to the last byte."""

from __future__ import annotations

import pytest

from workbench.suite.editions import served
from workbench.suite.verify import verify

from .conftest import Demo


@pytest.mark.parametrize(
    ("unit", "workers", "kernel"),
    [("atlas", 2, "auto"), ("brook", 1, "fresh"), ("cirrus", 2, "auto")],
)
def test_an_edition_of_the_demo_suite_is_made_again_to_the_last_byte(
    demo: Demo, unit: str, workers: int, kernel: str
) -> None:
    """One of them one report after the other, in ordinary kernels."""
    edition = served(demo.workspace.unit_reports("demo", unit))
    assert edition is not None
    found = verify(demo.workspace, edition, workers=workers, kernel=kernel)
    assert found.is_same, found
    assert set(found.made) | set(found.kept) == set(edition.manifest["reports"])
    assert len(found.made) >= 3
    assert found.files == len(edition.manifest["files"]) + 1
