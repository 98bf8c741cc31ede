"""The arrows of the house: who may import whom, read from the source."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PACKAGE = "workbench"

GROUND = {"errors", "workspace", "files", "lazy"}
GATE = GROUND | {"params", "data", "triage", "ingest"}
# An analysis sees what a notebook hands it: data at most, no files (so no workspace).
ANALYSIS = {"errors", "params", "data"}
ARROWS: dict[str, set[str]] = {
    "": set(),  # the package itself: it imports nothing, so all may read its version
    "errors": set(),
    "files": set(),
    "lazy": set(),
    "workspace": {"errors"},
    "params": GROUND,
    "data": GROUND | {"params"},
    "triage": GROUND | {"params", "data"},
    "ingest": GROUND | {"params", "data", "triage"},
    "segmentation": ANALYSIS,
    "experiments": ANALYSIS,
    "retention": ANALYSIS,
    "operations": ANALYSIS,
    "campaigns": ANALYSIS,
    "products": ANALYSIS,
    "report": {"errors"},
    "suite": GATE | {"report"},
    "cli": GATE | {"suite"},
    "__main__": {"cli"},
}

# What takes seconds to import; a command that does not need it must not pay for it.
HEAVY = (
    "great_tables",
    "matplotlib",
    "nbconvert",
    "papermill",
    "scipy",
    "seaborn",
    "sklearn",
    "splink",
    "statsmodels",
)


def modules() -> dict[str, Path]:
    """Return the package's modules, by their full names."""
    found = {}
    for path in sorted((SOURCE / PACKAGE).rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(tree: ast.AST, module: str, is_package: bool, *, typing: bool) -> Iterator[str]:
    """Yield the full names that a module imports; names for type checkers only when asked."""
    for node in ast.iter_child_nodes(tree):
        if not typing and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")
            if node.level:
                base = base[: len(base) - node.level + is_package]
                start = ".".join([*base, *([node.module] if node.module else [])])
            else:
                start = node.module or ""
            # `from package import name`: the name may be a module of its own.
            yield from (f"{start}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node, module, is_package, typing=typing)


def graph(*, typing: bool) -> dict[str, set[str]]:
    """Return, for each module, the modules of the package that it imports."""
    known = modules()
    edges: dict[str, set[str]] = {}
    for module, path in known.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        edges[module] = set()
        for name in imports(tree, module, path.name == "__init__.py", typing=typing):
            if name.split(".")[0] != PACKAGE:
                continue
            target = name if name in known else name.rpartition(".")[0]
            assert target in known, f"{module} imports {name}, which is no module of the package"
            edges[module].add(target)
    return edges


def room(module: str) -> str:
    """Return the part of the house that a module stands in."""
    return f"{module}.".split(".")[1]


def test_imports_point_only_downwards() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph(typing=True).items()
        for target in sorted(targets)
        if room(target) != room(module)
        and room(target) not in ARROWS.get(room(module), set()) | {""}
    ]
    assert not wrong, "\n".join(wrong)


def test_every_room_is_in_the_plan() -> None:
    unknown = {room(module) for module in modules()} - set(ARROWS)
    assert not unknown, f"say what these may import, in ARROWS: {sorted(unknown)}"


def test_the_plan_itself_has_no_circle() -> None:
    assert list(TopologicalSorter(ARROWS).static_order())


def test_no_circular_imports() -> None:
    try:
        order = list(TopologicalSorter(graph(typing=False)).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))
    assert len(order) == len(modules())


def test_a_wrong_import_would_be_seen() -> None:
    """The reader of imports is a tool like any other: show that it sees what it must."""
    source = "from workbench.suite import run\ndef f():\n    from ..report import mime\n"
    found = set(imports(ast.parse(source), "workbench.retention.cohorts", False, typing=True))
    assert found == {"workbench.suite.run", "workbench.report.mime"}
    hidden = "if TYPE_CHECKING:\n    import workbench.cli\n"
    assert list(imports(ast.parse(hidden), "workbench.data", True, typing=True))
    assert not list(imports(ast.parse(hidden), "workbench.data", True, typing=False))


@pytest.mark.parametrize(
    "module",
    [
        "workbench",
        "workbench.params",
        "workbench.data",
        "workbench.cli",
        "workbench.triage.identity",
    ],
)
def test_heavy_libraries_are_not_imported_at_start(module: str) -> None:
    probe = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], check=True, capture_output=True, text=True, timeout=60
    )
    assert set(HEAVY) & set(json.loads(done.stdout)) == set()


def test_what_runs_jobs_starts_without_the_grammar_of_addresses() -> None:
    probe = "import sys, workbench.suite.engine, jsonschema; print('lark' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", probe], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\n"
