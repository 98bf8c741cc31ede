"""Looks at the machine: Python, packages, renderer, engine, disk, cores."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import duckdb

from workbench.errors import RenderError
from workbench.suite.environment import engine_facts
from workbench.suite.keys import PROJECT, installed_versions
from workbench.suite.render import find_renderer
from workbench.suite.zygote.client import can_fork
from workbench.workspace import Workspace

__all__ = ["Finding", "examine"]

OLDEST_PYTHON = (3, 11)
LITTLE_DISK_GB = 2.0
LOCKS = ("requirements.lock", "requirements.txt")
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    name
        What was looked at.
    told
        What was found.
    is_well
        Whether it is as it should be.
    fix
        How to mend it; empty when there is nothing to mend.
    """

    name: str
    told: str
    is_well: bool = True
    fix: str = ""


def examine(workspace: Workspace) -> list[Finding]:
    """Return what is installed here and whether a suite can run."""
    return [
        _python(),
        Finding("Project", str(workspace.root)),
        Finding("Package", f"{PROJECT} {metadata.version(PROJECT)}"),
        _versions(workspace),
        *_renderers(),
        *_engines(),
        *_machine(workspace),
    ]


def _python() -> Finding:
    told = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", told, False, "Install Python 3.11 or newer, then make setup.")
    return Finding("Python", told)


def _versions(workspace: Workspace) -> Finding:
    """Compare what is installed with the project's lock, where it has one."""
    installed = installed_versions()
    lock = next((path for name in LOCKS if (path := workspace.root / name).is_file()), None)
    if lock is None:
        return Finding("Versions", f"{len(installed)} packages; the project has no lock")
    pinned: dict[str, set[str]] = {}
    for name, version in _PINNED.findall(lock.read_text(encoding="utf-8")):
        pinned.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(version)
    other = [
        f"{name} {version} (lock: {' or '.join(sorted(pinned[name]))})"
        for name, version in installed.items()
        if name in pinned and version not in pinned[name]
    ]
    if not other:
        return Finding("Versions", f"{len(installed)} packages as in {lock.name}")
    shown = ", ".join(other[:5]) + (f" and {len(other) - 5} more" if len(other) > 5 else "")
    return Finding(
        "Versions", f"{len(other)} differ from {lock.name}: {shown}", False, "Run make setup."
    )


def _renderers() -> Iterator[Finding]:
    try:
        used = find_renderer("auto")
    except RenderError as error:
        yield Finding("Renderer", str(error), False, error.fix)
        return
    more = "" if used.name == "quarto" else "; Quarto was not found, and is not needed"
    yield Finding("Renderer", f"{used.name} {used.version}{more}")


def _engines() -> Iterator[Finding]:
    why = can_fork()
    each = f"a kernel that starts anew for each report: {why}" if why else "a fork for each report"
    yield Finding("Notebooks", f"{each}; papermill {_version('papermill')} with --kernel fresh")
    core = engine_facts().get("OPENBLAS_CORETYPE", "as the processor has it")
    yield Finding("Numbers", f"one thread each, OpenBLAS for {core}")
    yield Finding("Data", f"DuckDB {duckdb.__version__}, no extension is loaded from the network")
    wanted = {"PostgreSQL": "psycopg", "Excel": "python_calamine", "Polars": "polars"}
    there = [name for name, module in wanted.items() if util.find_spec(module) is not None]
    yield Finding("Extras", ", ".join(there) or "none")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(missing)"


def _machine(workspace: Workspace) -> Iterator[Finding]:
    free = shutil.disk_usage(workspace.root).free / 1e9
    yield Finding(
        "Disk",
        f"{free:.0f} GB free",
        free >= LITTLE_DISK_GB,
        "" if free >= LITTLE_DISK_GB else "Free some disk space.",
    )
    for folder in (workspace.data, workspace.reports):
        if not _writable(folder):
            yield Finding(
                folder.name, f"{folder} cannot be written", False, "Mend its permissions."
            )
    yield Finding("Cores", str(os.cpu_count()))


def _writable(folder: Path) -> bool:
    place = folder if folder.exists() else folder.parent
    return os.access(place, os.W_OK)
