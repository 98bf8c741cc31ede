"""The demo suite, run once for all tests of this folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.demo_project import demo_project, ingested
from support.once import made_once
from support.warm import Mother, quick_starts
from workbench.data.demo import UNITS, write_demo
from workbench.ingest import ingest_suite
from workbench.params import load_suite
from workbench.suite.cells import load
from workbench.suite.render.quarto import find_quarto
from workbench.suite.run import Choice, RunResult, run
from workbench.suite.zygote.preload import names_used
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Demo:
    """A run of the demo suite in a folder of its own."""

    workspace: Workspace
    result: RunResult

    def page(self, unit: str, report: str) -> Path:
        """Return the HTML of a report."""
        return self.result.editions[unit].folder / f"{report}.html"


def run_demo(
    project: Path,
    root: Path,
    workers: int,
    units: tuple[str, ...] = (),
    kernel: str = "auto",
    renderer: str = "embedded",
) -> Demo:
    """Write the demo's data into a new project, and run the suite there."""
    shutil.copytree(project / "params" / "demo", root / "params" / "demo")
    shutil.copytree(project / "notebooks", root / "notebooks")
    workspace = Workspace(root)
    suite = load_suite(workspace, "demo")
    write_demo(workspace.data / "demo" / "raw", seed=suite.seed, as_of=suite.as_of)
    chosen = Choice(units=units, renderer=renderer, workers=workers, kernel=kernel)
    return Demo(workspace, run(workspace, "demo", chosen))


@pytest.fixture(scope="session")
def demo(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return the demo suite's run, which all workers read; the data may be ingested already."""
    workspace, _ = demo_project(tmp_path_factory, project)
    # Whoever else waits for the run ingests meanwhile, from the other end.
    second = os.environ.get("PYTEST_XDIST_WORKER", "gw0").endswith(("1", "3", "5", "7", "9"))
    for unit in reversed(UNITS) if second else UNITS:
        ingested(tmp_path_factory, project, unit)

    def make(_: Path) -> RunResult:
        return run(workspace, "demo", Choice(renderer="embedded", workers=2))

    return Demo(workspace, made_once(tmp_path_factory, "demo-run", make)[1])


@pytest.fixture(scope="session")
def again(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return another run of a unit: in another folder, one by one, in ordinary kernels.

    The dirty unit's data are there too, without its reports: `test_verify.py` makes those again.
    """
    root = tmp_path_factory.mktemp("other") / "the" / "second"
    made = run_demo(project, root, workers=1, units=("cirrus",), kernel="fresh")
    ingest_suite(made.workspace, load_suite(made.workspace, "demo"), ["brook"])
    return made


@pytest.fixture(scope="session")
def mother(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mother]:
    """Return a process that has imported what the reports of the house use."""
    names = names_used(load(path) for path in sorted((project / "notebooks").glob("*.ipynb")))
    found = Mother(tmp_path_factory.mktemp("mother") / "project", names)
    yield found
    found.close()


@pytest.fixture(scope="module")
def quick(mother: Mother) -> Iterator[None]:
    """Let the runs of a module start quickly, where what starts is not what it looks at."""
    with quick_starts(mother):
        yield


@pytest.fixture(scope="session")
def by_quarto(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return a run of the unit that has all reports, rendered by Quarto."""
    if find_quarto() is None:
        pytest.skip("there is no Quarto on this machine")

    def make(root: Path) -> RunResult:
        return run_demo(project, root, workers=2, units=("atlas",), renderer="quarto").result

    root, result = made_once(tmp_path_factory, "quarto", make)
    return Demo(Workspace(root), result)


@dataclass(frozen=True)
class Elsewhere:
    """A run of one unit by somebody else, at another time, in another language.

    Parameters
    ----------
    workspace
        Its project.
    user
        Who it really was; None where it was this user under another name.
    umask
        The rights that were taken from each file.
    """

    workspace: Workspace
    user: str | None
    umask: int


def _stranger() -> str | None:
    """Return a user without rights as whom this Python can be run, or None."""
    name = "nobody"
    if os.getuid() != 0 or name not in {one.pw_name for one in pwd.getpwall()}:
        return None
    try:
        told = subprocess.run(
            [sys.executable, "-c", "import sys, workbench; print(sys.version)"],
            cwd="/",
            user=name,
            group=pwd.getpwnam(name).pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:  # below a home that nobody else may enter
        return None
    return name if told.stdout.strip() == sys.version else None


def _foreign_locale() -> str:
    """Return a locale of another language where there is one, else C."""
    if (program := shutil.which("locale")) is None:
        return "C"
    told = subprocess.run([program, "-a"], capture_output=True, text=True, check=False).stdout
    known = (name for name in told.split() if not name.startswith(("C", "POSIX", "en")))
    return next(known, "C")


@pytest.fixture(scope="session")
def elsewhere(project: Path, demo: Demo) -> Iterator[Elsewhere]:
    """Return a run of one unit of the demo, on the same raw files, in a process of its own."""
    umask, user = 0o077, _stranger()
    with tempfile.TemporaryDirectory(prefix="elsewhere-", ignore_cleanup_errors=True) as name:
        root = Path(name) / "\u00e7ok uzak"
        shutil.copytree(project / "params" / "demo", root / "params" / "demo")
        shutil.copytree(project / "notebooks", root / "notebooks")
        raw = Path("data/demo/raw")
        shutil.copytree(demo.workspace.root / raw, root / raw)
        (root / "home").mkdir()
        for path in (Path(name), *Path(name).rglob("*")):
            os.utime(path, (1_000_000_000, 1_000_000_000))  # 2001
            if user is not None:
                shutil.chown(path, user)
        kept = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH")
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from workbench.cli import main; main()"),
                *("run", "demo", "--unit", "cirrus", "--renderer", "embedded", "--jobs", "3"),
            ],
            cwd=root,
            env={
                **{name: os.environ[name] for name in kept if name in os.environ},
                "HOME": str(root / "home"),
                "USER": "stranger",
                "LOGNAME": "stranger",
                "TZ": "Pacific/Kiritimati",
                "LANG": "tr_TR.UTF-8",
                "LANGUAGE": "tr",
                "LC_ALL": _foreign_locale(),
                "PYTHONHASHSEED": "random",
            },
            umask=umask,
            **({} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid}),
            **({} if user is None else {"extra_groups": []}),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        yield Elsewhere(Workspace(root), user, umask)
