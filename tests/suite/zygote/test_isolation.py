"""Each fork is as clean as a fresh kernel, and what happens to one harms no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import papermill
import pytest
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from workbench.errors import ParameterError
from workbench.suite import kernels as kernels_room
from workbench.suite.environment import kernel_environment
from workbench.suite.kernels import FRESH, ForkedKernels, FreshKernels, Kernels, open_kernels
from workbench.suite.limits import MOST_OUTPUT, Limits
from workbench.suite.zygote.engine import FORKED
from workbench.workspace import Workspace

from ..conftest import MakeNotebook
from .conftest import printed, run

BOTH = pytest.mark.parametrize("kind", ["forked", "fresh"])


def kernels_of(kind: str, forked: ForkedKernels) -> Kernels:
    return forked if kind == "forked" else FRESH


def test_only_the_threads_that_importing_cannot_avoid_and_they_survive(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels
) -> None:
    path = make_notebook(
        "threads",
        "import os\nprint(len(os.listdir('/proc/self/task')))",
        # Each library that may keep threads of its own works in the fork.
        "import numpy as np, pandas as pd, duckdb, pyarrow.compute as pc\n"
        "print((np.ones((300, 300)) @ np.ones((300, 300))).sum())\n"
        "frame = pd.DataFrame({'a': range(100_000)})\n"
        "print(duckdb.sql('SELECT sum(a) FROM frame').fetchone()[0])\n"
        "import pyarrow as pa\nprint(pc.sum(pa.array(range(100_000))).as_py())",
        "from scipy import linalg\nprint(round(linalg.svdvals(np.eye(200)).sum()))",
    )
    done = run(workspace, path, forked)
    assert done.failure is None
    assert printed(done) == "1\n", "a fork has no thread but its own"
    assert printed(done, "cell-2").split() == ["27000000.0", "4999950000", "4999950000"]
    assert printed(done, "cell-3") == "200\n"
    known = {"main", "jemalloc_bg_thd", "python"}
    assert set(forked.zygote.threads) <= known, forked.zygote.threads


def test_nothing_of_an_earlier_job_is_seen(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels
) -> None:
    first = make_notebook(
        "first",
        "import os, sys, random, builtins, pandas, signal, numpy as np\n"
        "left = 1; builtins.left_b = 1; os.environ['LEFT'] = '1'; sys.path.append('/left')\n"
        "pandas.left = 1; pandas.set_option('display.max_rows', 3); random.seed(1)\n"
        "np.random.seed(1); open('left.txt', 'w').write('x'); os.umask(0o000)\n"
        "signal.signal(signal.SIGUSR1, lambda *_: None); sys.modules['left_module'] = os\n"
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    )
    second = make_notebook(
        "second",
        "import os, sys, builtins, pandas, signal, resource\n"
        "print('left' in globals(), hasattr(builtins, 'left_b'), 'LEFT' in os.environ)\n"
        "print('/left' in sys.path, hasattr(pandas, 'left'))\n"
        "print(pandas.get_option('display.max_rows'))\n"
        "print(os.path.exists('left.txt'), 'left_module' in sys.modules)\n"
        "print(signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL)\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 64, oct(os.umask(0o022)))",
        "import random, numpy as np\nprint(random.random(), np.random.random())",
    )
    assert run(workspace, first, forked).failure is None
    done = run(workspace, second, forked)
    umask = os.umask(0)
    os.umask(umask)
    assert printed(done).split() == [
        *("False", "False", "False"),
        *("False", "False", "60"),
        *("False", "False"),
        "True",
        *("False", oct(umask)),
    ]
    again = run(workspace, second, forked)
    assert printed(done, "cell-2") != printed(again, "cell-2"), "chance is not inherited"


def test_a_fork_holds_no_file_or_connection_of_others(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels
) -> None:
    path = make_notebook(
        "files",
        "import os\n"
        "held = sorted(int(n) for n in os.listdir('/proc/self/fd'))\n"
        "places = [f'/proc/self/fd/{n}' for n in held]\n"
        "kinds = [os.readlink(one) for one in places if os.path.exists(one)]\n"
        "print(sum(k.startswith('socket') for k in kinds), len(held) < 14)",
    )
    threads = [threading.Thread(target=run, args=(workspace, path, forked)) for _ in range(3)]
    for thread in threads:
        thread.start()
    done = run(workspace, path, forked)
    for thread in threads:
        thread.join()
    # Its own to the suite, and the pair with which asyncio wakes its loop.
    assert printed(done) == "3 True\n"


def test_its_own_process_group_ends_with_it(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels
) -> None:
    path = make_notebook(
        "group",
        "import os, subprocess\n"
        "left = subprocess.Popen(['sleep', '600'])\n"
        "print(os.getpgid(0) == os.getpid(), left.pid)",
    )
    own, pid = printed(run(workspace, path, forked)).split()
    assert own == "True"
    assert _is_gone(int(pid)), "what a notebook leaves running ends with it"


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@BOTH
def test_a_cell_that_hangs_is_ended_and_what_it_printed_is_kept(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels, kind: str
) -> None:
    path = make_notebook("hang", "print('before', flush=True)\nimport time\ntime.sleep(60)", "1")
    limits = Limits(cell_seconds=1)
    done = run(workspace, path, kernels_of(kind, forked), limits)
    assert done.failure is not None
    assert done.failure.ename == "CellTimeout"
    assert done.failure.cell_id == "cell-1"
    assert printed(done) == "before\n"


@BOTH
def test_a_cell_that_does_not_listen_to_signals_is_ended(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels, kind: str
) -> None:
    path = make_notebook(
        "deaf",
        "import signal, time\n"
        "for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
        "    signal.signal(n, signal.SIG_IGN)\n"
        "while True:\n    time.sleep(1)",
    )
    done = run(workspace, path, kernels_of(kind, forked), Limits(cell_seconds=1))
    assert done.failure is not None
    assert done.failure.ename == "CellTimeout"


@BOTH
def test_a_notebook_that_takes_too_long_in_all_is_ended(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels, kind: str
) -> None:
    path = make_notebook("slow", *["import time\ntime.sleep(0.6)"] * 6)
    limits = Limits(cell_seconds=5, notebook_seconds=1.5)
    done = run(workspace, path, kernels_of(kind, forked), limits)
    assert done.failure is not None
    assert done.failure.ename == "NotebookTimeout"


@BOTH
def test_a_notebook_that_takes_too_much_memory_is_ended(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels, kind: str
) -> None:
    path = make_notebook(
        "greedy",
        "held = []\nimport time\n"
        "for _ in range(400):\n    held.append(bytearray(10_000_000)); time.sleep(0.01)",
        "'never'",
    )
    done = run(workspace, path, kernels_of(kind, forked), Limits(memory_mb=700))
    assert done.failure is not None
    assert done.failure.ename == "MemoryLimit"
    assert "700 MB" in done.failure.evalue
    assert done.peak_mb < 1500


@BOTH
def test_a_flood_of_output_is_cut_alike(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels, kind: str
) -> None:
    path = make_notebook(
        "flood",
        "line = 'x' * 99\nfor _ in range(100_000):\n    print(line)",
        "print('next')",
    )
    done = run(workspace, path, kernels_of(kind, forked))
    assert done.failure is None
    text = printed(done)
    assert text.startswith("x" * 99 + "\n")
    assert text.endswith(
        "the cell printed 9,000,000 characters more than the 1,000,000 that are kept]\n"
    )
    assert len(text) < MOST_OUTPUT + 200
    assert printed(done, "cell-2") == "next\n"


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("os._exit(3)", "exit code 3"),
        ("exit()", "exit code 0"),
    ],
)
@BOTH
def test_a_kernel_that_dies_is_a_clear_failure(
    workspace: Workspace,
    make_notebook: MakeNotebook,
    forked: ForkedKernels,
    kind: str,
    end: str,
    words: str,
) -> None:
    path = make_notebook("dies", f"import os, signal\n{end}", "import time\ntime.sleep(3)", "'no'")
    done = run(workspace, path, kernels_of(kind, forked))
    assert done.failure is not None
    assert done.failure.ename == "KernelDied"
    assert words in done.failure.evalue


def test_the_next_job_after_a_death_runs(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels
) -> None:
    assert run(workspace, make_notebook("dies", "import os\nos.abort()"), forked).failure
    assert run(workspace, make_notebook("lives", "1"), forked).failure is None


def open_own(workspace: Workspace) -> ForkedKernels:
    made = open_kernels(workspace)
    assert isinstance(made, ForkedKernels)
    return made


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_when_the_process_goes_its_forks_go_too(
    workspace: Workspace, make_notebook: MakeNotebook, tmp_path: Path, how: str
) -> None:
    place = tmp_path / "pid"
    path = make_notebook(
        "long",
        f"import os, time\nopen({str(place)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)",
    )
    kernels = open_own(workspace)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(run(workspace, path, kernels)))
    thread.start()
    for _ in range(200):
        if place.exists() and place.read_text():
            break
        time.sleep(0.05)
    pid = int(place.read_text())
    process = kernels.zygote._process
    assert process is not None
    if how == "stop":
        kernels.stop()
    else:
        process.send_signal(signal.SIGKILL)
    thread.join(20)
    assert not thread.is_alive()
    assert _is_gone(pid)
    assert found[0].failure.ename == "KernelDied"  # type: ignore[attr-defined]
    assert run(workspace, path, kernels).failure.ename == "KernelNotStarted"  # type: ignore[union-attr]
    kernels.stop()


def test_a_suite_that_is_killed_leaves_no_process(tmp_path: Path, workspace: Workspace) -> None:
    script = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from workbench.suite.kernels import open_kernels\n"
        "from workbench.workspace import Workspace\n"
        f"kernels = open_kernels(Workspace(Path({str(workspace.root)!r})))\n"
        "print(kernels.zygote._process.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as suite:
        assert suite.stdout is not None
        pid = int(suite.stdout.readline())
        suite.kill()
    assert _is_gone(pid)


def test_where_forking_is_not_possible_ordinary_kernels_are_used_and_it_is_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels_room, "can_fork", lambda: "not on this system")
    found = open_kernels(workspace)
    assert isinstance(found, FreshKernels)
    assert found.why == "not on this system"
    assert open_kernels(workspace, "fresh").why == ""
    with pytest.raises(ParameterError, match="Did you mean `fresh`"):
        open_kernels(workspace, "frehs")


def test_a_process_that_does_not_start_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(workspace: Workspace, folder: Path, job: Path) -> dict[str, str]:
        return {**kernel_environment(workspace, folder, job), "PYTHONHOME": "/nowhere"}

    monkeypatch.setattr(kernels_room, "kernel_environment", broken)
    found = open_kernels(workspace)
    assert isinstance(found, FreshKernels)
    assert "did not start" in found.why


def test_it_is_an_engine_of_papermill(
    make_notebook: MakeNotebook, forked: ForkedKernels, tmp_path: Path
) -> None:
    path = make_notebook("pm", "print(k + 1)", parameters="k: int = 1  # k\n")
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        path,
        out,
        {"k": 41},
        engine_name=FORKED,
        kernel_name="python3",
        progress_bar=False,
        zygote=forked.zygote,
    )
    told = json.loads(out.read_text())
    (cell,) = [cell for cell in told["cells"] if cell["id"] == "cell-1"]
    assert cell["outputs"][0]["text"] == ["42\n"]
    assert cell["metadata"]["papermill"]["status"] == "completed"


def test_papermill_hears_of_errors_and_time_outs(
    make_notebook: MakeNotebook, forked: ForkedKernels
) -> None:
    options = {"engine_name": FORKED, "kernel_name": "python3", "progress_bar": False}
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(
            make_notebook("bad", "1 / 0"), None, zygote=forked.zygote, **options
        )
    with pytest.raises(CellTimeoutError, match="longer than its limit of 1 second"):
        papermill.execute_notebook(
            make_notebook("hang", "import time\ntime.sleep(60)"),
            None,
            zygote=forked.zygote,
            limits=Limits(cell_seconds=1),
            **options,
        )


def test_without_a_process_papermill_starts_one_for_the_notebook(
    make_notebook: MakeNotebook,
) -> None:
    made = papermill.execute_notebook(
        make_notebook("own", "print('own')"),
        None,
        engine_name=FORKED,
        kernel_name="python3",
        progress_bar=False,
    )
    assert made.cells[-1].outputs[0].text == "own\n"
