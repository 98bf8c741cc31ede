"""One process to fork from, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.suite.execute import Executed, execute
from workbench.suite.kernels import ForkedKernels, Kernels, open_kernels
from workbench.suite.limits import Limits
from workbench.workspace import Workspace

from ..conftest import make_workspace

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"


@pytest.fixture(scope="module", autouse=True)
def quick() -> None:
    """Start what really starts."""


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedKernels]:
    workspace = make_workspace(tmp_path_factory.mktemp("zygote") / "project")
    with open_kernels(workspace, notebooks=NOTEBOOKS.glob("*.ipynb")) as kernels:
        assert isinstance(kernels, ForkedKernels), kernels.why
        yield kernels


def run(
    workspace: Workspace, path: Path, kernels: Kernels, limits: Limits | None = None
) -> Executed:
    """Run a notebook as a job does."""
    return execute(workspace, path, {"suite": "mini", "unit": "one"}, {}, limits, kernels)


def printed(executed: Executed, cell: str = "cell-1") -> str:
    """Return what a cell printed."""
    found = next(one for one in executed.notebook.cells if one.id == cell)
    return "".join(output.text for output in found.outputs if "text" in output)
