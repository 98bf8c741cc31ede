from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from workbench.suite.engine import Limits
from workbench.suite.execute import Executed, execute
from workbench.suite.normalise import to_bytes
from workbench.workspace import Workspace

QUICK = Limits(cell_seconds=1, notebook_seconds=60)


def run(workspace: Workspace, path: Path, limits: Limits | None = None, **own: object) -> Executed:
    return execute(workspace, path, {"suite": "mini", "unit": "a'b\"", **own}, {"fact": 1}, limits)


def printed(executed: Executed, cell: str) -> str:
    for found in executed.notebook.cells:
        if found.id == cell:
            return "".join(output.text for output in found.outputs if "text" in output)
    raise AssertionError(cell)


LOOK_AROUND = """\
import os, sys
open("seen.txt", "w").write("x")
print(" ".join(sorted(os.environ)))
print(sys.executable, unit, k)
print(open(os.environ["WORKBENCH_JOB"]).read())
"""


@pytest.fixture
def decoy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own kernel named python3 that must not be started, and a user's secret."""
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "x", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    return folder


def test_the_running_interpreter_executes_with_only_the_allowed_variables(
    workspace, make_notebook, decoy
) -> None:
    path = make_notebook(
        "x",
        LOOK_AROUND,
        "object()",
        "import warnings\nwarnings.warn('careful')",
        parameters="k: int = 1  # k\n",
    )
    first = run(workspace, path, k=5)
    assert first.failure is None
    names, checked, job = printed(first, "cell-1").split("\n", 2)
    assert checked == f"<python>/bin/{Path(sys.executable).name} a'b\" 5"
    assert json.loads(job) == {"fact": 1}
    seen = set(names.split())
    assert "DATABASE_PASSWORD" not in seen
    assert {"WORKBENCH_ROOT", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED", "TZ"} <= seen
    assert not Path("seen.txt").exists(), "a job writes into its own folder"
    assert first.start_seconds > 0
    assert set(first.cells) >= {"parameters", "injected-parameters", "cell-1"}

    content = to_bytes(first.notebook)
    assert to_bytes(run(workspace, path, k=5).notebook) == content
    for place in (str(workspace.root), sys.prefix, str(Path.home()), "ipykernel_", "0x7"):
        assert place.encode() not in content


def test_an_error_names_its_cell_and_the_notebook_is_kept(workspace, make_notebook) -> None:
    path = make_notebook("x", "print('so far')", "1 / 0", "print('never')")
    done = run(workspace, path)
    assert done.failure is not None
    assert (done.failure.cell_id, done.failure.ename) == ("cell-2", "ZeroDivisionError")
    assert done.failure.source == "1 / 0"
    assert "1 / 0" in done.failure.traceback
    assert "\x1b" not in done.failure.traceback
    assert done.notebook.cells[done.failure.cell_index].id == "cell-2"
    assert printed(done, "cell-1") == "so far\n"
    assert done.notebook.cells[0].id == "front-matter"


def test_an_early_exit_is_no_success(workspace, make_notebook) -> None:
    done = run(workspace, make_notebook("x", "import sys\nsys.exit(0)", "print('never')"))
    assert done.failure is not None
    assert done.failure.ename == "SystemExit"


def test_a_cell_that_hangs_is_stopped(workspace, make_notebook) -> None:
    done = run(workspace, make_notebook("x", "import time\ntime.sleep(60)"), QUICK)
    assert done.failure is not None
    assert (done.failure.ename, done.failure.cell_id) == ("CellTimeout", "cell-1")
    assert "1 seconds" in done.failure.evalue
    assert done.seconds < 20


def test_a_notebook_that_takes_too_long_is_stopped(workspace, make_notebook) -> None:
    path = make_notebook("x", *["import time\ntime.sleep(0.7)"] * 5)
    done = run(workspace, path, Limits(cell_seconds=60, notebook_seconds=1.2))
    assert done.failure is not None
    assert (done.failure.ename, done.failure.cell_id) == ("NotebookTimeout", "cell-2")


def test_a_dead_kernel_is_a_clear_failure(workspace, make_notebook) -> None:
    path = make_notebook("x", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    done = run(workspace, path)
    assert done.failure is not None
    assert (done.failure.ename, done.failure.cell_id) == ("KernelDied", "cell-1")
    assert "SIGKILL" in done.failure.evalue
    assert "memory" in done.failure.evalue
