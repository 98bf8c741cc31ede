"""One environment, said in four places: they must agree. And the set-up that reads them."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-quarto.lock", "benchmarks/requirements.lock")
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
TARGETS = ("setup", "lab", "demo", "reports", "test", "check", "bench", "clean")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


@pytest.fixture(scope="module")
def set_up() -> ModuleType:
    """Return tools/setup.py as a module."""
    spec = importlib.util.spec_from_file_location("workbench_setup", ROOT / "tools" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins(lock: str) -> list[tuple[Requirement, int]]:
    """Return a lock's requirements, each with how many hashes it has."""
    joined = re.sub(r"\\\n\s*", "", read(lock))
    found = []
    for line in joined.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = re.split(r"--hash=sha256:", line)
            assert all(re.fullmatch(r"[0-9a-f]{64}", each.strip()) for each in hashes), line
            found.append((Requirement(requirement.strip()), len(hashes)))
    return found


def applies(marker: Marker | None, python: str, system: tuple[str, str, str]) -> bool:
    environment = {str(k): str(v) for k, v in default_environment().items()}
    environment |= {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "implementation_version": f"{python}.5",
        "sys_platform": system[0],
        "platform_system": system[1],
        "os_name": system[2],
        "platform_machine": "arm64" if system[0] == "darwin" else "x86_64",
    }
    return marker is None or marker.evaluate(environment)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_one_version_with_hashes(lock: str) -> None:
    found = pins(lock)
    assert found
    for requirement, hashes in found:
        operators = [each.operator for each in requirement.specifier]
        assert operators == ["=="], requirement
        assert hashes, f"{requirement} has no hash"
        assert requirement.url is None


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_host_or_path(lock: str) -> None:
    text = read(lock)
    assert not re.search(r"^\s*--(?!hash)|://|file:|@ |^\s*-[ief]", text, flags=re.MULTILINE)
    # What asked for a package is a package, or a file of this checkout.
    assert not re.search(r"#.*(?:\s|\()/", text)


@pytest.mark.parametrize("system", SYSTEMS, ids=[each[0] for each in SYSTEMS])
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("lock", "extras"),
    [("requirements.lock", ["dev"]), ("benchmarks/requirements.lock", [])],
    ids=["main", "bench"],
)
def test_each_direct_dependency_is_locked_within_its_range(
    pyproject: dict[str, Any],
    lock: str,
    extras: list[str],
    python: str,
    system: tuple[str, str, str],
) -> None:
    project = pyproject["project"]
    asked = [*project["dependencies"], *pyproject["build-system"]["requires"]]
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    locked: dict[str, Version] = {}
    for requirement, _ in pins(lock):
        if applies(requirement.marker, python, system):
            name = canonicalize_name(requirement.name)
            assert name not in locked, f"{name} is locked twice for {python} on {system[0]}"
            locked[name] = Version(next(iter(requirement.specifier)).version)
    for text in asked:
        requirement = Requirement(text)
        if applies(requirement.marker, python, system):
            version = locked.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is not in {lock}: run make lock"
            assert version in requirement.specifier, f"{requirement} but {version} in {lock}"


def test_the_quarto_extra_is_locked(pyproject: dict[str, Any]) -> None:
    (wanted,) = map(Requirement, pyproject["project"]["optional-dependencies"]["quarto"])
    ((locked, _),) = pins("requirements-quarto.lock")
    assert locked.name == wanted.name
    assert next(iter(locked.specifier)).version in wanted.specifier
    assert canonicalize_name(wanted.name) not in {
        canonicalize_name(requirement.name) for requirement, _ in pins("requirements.lock")
    }, "quarto-cli must stay something that the set-up can miss"


def test_the_benchmarks_measure_the_versions_that_the_package_runs_with() -> None:
    main = {str(requirement) for requirement, _ in pins("requirements.lock")}
    shared = {Requirement(each).name for each in main}
    for requirement, _ in pins("benchmarks/requirements.lock"):
        if requirement.name in shared:
            version = next(iter(requirement.specifier))
            assert any(each.startswith(f"{requirement.name}{version}") for each in main)


def test_conda_uses_the_same_python_and_the_same_lock(pyproject: dict[str, Any]) -> None:
    environment = yaml.safe_load(read("environment.yml"))
    assert environment["channels"][0] == "conda-forge"
    conda = {
        Requirement(each).name: Requirement(each).specifier
        for each in environment["dependencies"]
        if isinstance(each, str)
    }
    assert set(conda) == {"python", "pip", "quarto"}, "all else comes from the lock"
    wanted = SpecifierSet(pyproject["project"]["requires-python"])
    assert all(python in conda["python"] and python in wanted for python in PYTHONS)
    for too_old in ("3.9", "3.10"):
        assert too_old not in conda["python"]
        assert too_old not in wanted
    (pip,) = (each["pip"] for each in environment["dependencies"] if isinstance(each, dict))
    assert pip == ["-r requirements.lock"]
    (quarto,) = map(Requirement, pyproject["project"]["optional-dependencies"]["quarto"])
    assert conda["quarto"] == quarto.specifier


def test_the_tested_pythons_are_the_declared_ones(pyproject: dict[str, Any]) -> None:
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(pyproject["project"]["classifiers"]))
    assert tuple(declared) == PYTHONS
    workflow = yaml.safe_load(read(".github/workflows/tests.yml"))
    assert tuple(workflow["jobs"]["tests"]["strategy"]["matrix"]["python"]) == PYTHONS
    assert pyproject["tool"]["mypy"]["python_version"] == PYTHONS[0]
    assert pyproject["tool"]["ruff"]["target-version"] == f"py{PYTHONS[0].replace('.', '')}"


@pytest.mark.parametrize("workflow", ["tests", "reports"])
def test_workflows_pin_their_actions_and_paste_no_outside_text(workflow: str) -> None:
    text = read(f".github/workflows/{workflow}.yml")
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert all(re.search(r"@v\d+$", each) for each in used)
    for job in yaml.safe_load(text)["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "hand it over as an environment variable"


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env=inherited | environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_make_alone_lists_the_targets() -> None:
    done = make()
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == list(TARGETS)
    assert all(len(line) <= 100 for line in lines)


def test_make_clean_touches_only_what_the_project_made() -> None:
    removed = " ".join(make("-n", "clean").stdout.split())
    assert "data/demo reports/demo" in removed
    words = removed.replace("reports/demo", "").replace("data/demo", "").split()
    assert not [word for word in words if word.startswith(("data", "reports", "params", "/"))]


def test_a_python_that_is_too_old_is_refused_with_a_remedy(tmp_path: Path) -> None:
    old = tmp_path / "python3.13"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    for name in ("python3.12", "python3.11", "python3"):
        (tmp_path / name).symlink_to(old)
    finder = ["/bin/sh", str(ROOT / "tools" / "find_python.sh")]
    done = subprocess.run(
        finder, env={"PATH": str(tmp_path)}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "Python >= 3.11" in done.stderr
    assert "PYTHON=" in done.stderr


def test_an_environment_of_another_python_is_known(set_up: ModuleType, tmp_path: Path) -> None:
    here = Path(sys.executable)
    assert set_up.works(here, "json")
    assert set_up.works(here, "json", sys.version_info[:2])
    assert not set_up.works(here, "json", (3, sys.version_info[1] + 1))
    assert not set_up.works(here, "no_such_module")
    assert not set_up.works(tmp_path / "python", "json")


def test_a_block_of_a_lock_is_one_package_with_its_hashes(set_up: ModuleType) -> None:
    lock = read("requirements.lock")
    for name in ("setuptools", *set_up.SOURCE_ONLY):
        (text,) = (set_up.block(lock, name),)
        assert text.startswith(f"{name}==")
        assert text.count("==") == 1
        assert "--hash=sha256:" in text
        assert not text.rstrip().endswith("\\")
    assert set_up.block(lock, "no-such-package") == ""


def test_a_slow_download_is_ended_in_time_with_its_children(
    set_up: ModuleType, tmp_path: Path
) -> None:
    mark = tmp_path / "late"
    script = f"(sleep 2; touch '{mark}') & wait"
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        set_up.run_bounded(["/bin/sh", "-c", script], tmp_path, 0.2)
    assert time.monotonic() - started < 1.5
    time.sleep(2.2)
    assert not mark.exists(), "a child outlived the command"


def test_missing_quarto_is_a_note_not_a_failure(
    set_up: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []

    def fail(python: Path, scratch: Path, seconds: float) -> str:
        tried.append(seconds)
        return "its download or build failed"

    monkeypatch.setattr(set_up, "build_quarto", fail)
    python = tmp_path / "bin" / "python"
    assert "not tried" in set_up.try_quarto(tmp_path, python, "no", 60.0)
    first = set_up.try_quarto(tmp_path, python, "auto", 60.0)
    assert "not to be had" in first
    # A second set-up does not try again, and says how to.
    assert "QUARTO=yes" in set_up.try_quarto(tmp_path, python, "auto", 60.0)
    assert len(tried) == 1
    set_up.try_quarto(tmp_path, python, "yes", 5.0)
    assert tried == [60.0, 5.0]


def test_quarto_is_looked_for_by_variable_environment_and_path(
    set_up: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    venv = tmp_path / "venv"
    assert set_up.find_quarto(venv) is None
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "quarto").touch(mode=0o755)
    assert set_up.find_quarto(venv) == str(venv / "bin" / "quarto")
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "gone"))
    assert set_up.find_quarto(venv) is None
