"""What the process that forks has imported: all that the notebooks to come will, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.suite.cells import Cell, Notebook, load
from workbench.suite.execute import execute
from workbench.suite.kernels import ForkedKernels, open_kernels
from workbench.suite.zygote.preload import names_used
from workbench.workspace import Workspace

from ..conftest import MakeNotebook
from .conftest import printed

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
HEAVY = ("duckdb", "great_tables", "matplotlib.backends.backend_svg", "scipy.stats")


def notebook(*sources: str) -> Notebook:
    cells = tuple(Cell(str(n), "code", source) for n, source in enumerate(sources))
    return Notebook((Cell("words", "markdown", "import scipy"), *cells), {})


def test_the_names_that_notebooks_use() -> None:
    used = names_used(
        [
            notebook("import pandas as pd, os\nfrom workbench import triage", "triage.read(pd.NA)"),
            notebook("%matplotlib inline\nimport scipy", "from workbench.report import table"),
            notebook("from .own import x\nimport secret_service, workbench_like, numpy.random"),
        ]
    )
    assert used == [
        "numpy.random",
        "pandas",
        "pandas:NA",
        "workbench.report:table",
        "workbench.triage:read",
        "workbench:triage",
    ]


def test_a_notebook_of_the_house_finds_its_heavy_packages_imported(
    workspace: Workspace, forked: ForkedKernels, make_notebook: MakeNotebook
) -> None:
    path = make_notebook(
        "there", f"import sys\nprint([n for n in {HEAVY} if n not in sys.modules])"
    )
    done = execute(workspace, path, {}, {}, None, forked)
    assert printed(done) == "[]\n"


@pytest.mark.parametrize("name", ["triage", "segmentation", "experiments", "retention"])
def test_each_report_names_what_it_imports(name: str) -> None:
    used = names_used([load(NOTEBOOKS / f"{name}.ipynb")])
    assert "workbench.data:open_unit" in used
    assert any(one.startswith(("workbench.triage", f"workbench.{name}")) for one in used)


def test_what_cannot_be_imported_is_left_to_the_notebook(
    workspace: Workspace, make_notebook: MakeNotebook
) -> None:
    path = make_notebook("odd", "from workbench.nothing import x")
    with open_kernels(workspace, notebooks=[path]) as kernels:
        assert isinstance(kernels, ForkedKernels)
        done = execute(workspace, path, {}, {}, None, kernels)
    assert done.failure is not None
    assert done.failure.ename == "ModuleNotFoundError"
