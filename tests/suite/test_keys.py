from __future__ import annotations

from copy import deepcopy

import nbformat
import pytest

from workbench.suite.keys import differences, installed_versions, job_key, notebook_digest

FACTS = {"as_of": "2025-06-30", "unit": {"currency": "GBP"}}
DATA = {"orders": {"rows": 10, "digest": "a"}}
RENDERER = {"name": "embedded", "version": "1"}


def test_same_inputs_same_key_and_each_input_changes_it(make_notebook) -> None:
    path = make_notebook("x", "1")
    first = job_key(path, {"k": 1}, FACTS, DATA, RENDERER)
    assert job_key(path, {"k": 1}, FACTS, DATA, RENDERER) == first
    others = [
        job_key(path, {"k": 2}, FACTS, DATA, RENDERER),
        job_key(path, {"k": 1}, {**FACTS, "as_of": "2025-07-31"}, DATA, RENDERER),
        job_key(path, {"k": 1}, FACTS, {"orders": {"rows": 10, "digest": "b"}}, RENDERER),
        job_key(path, {"k": 1}, FACTS, DATA, {"name": "quarto", "version": "1.9"}),
        job_key(path, {"k": 1}, FACTS, DATA, RENDERER, prior={"edition": "x"}),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 6


def test_a_notebook_changes_with_its_cells_and_not_with_its_metadata(make_notebook) -> None:
    path = make_notebook("x", "1")
    first = notebook_digest(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.99"}
    nbformat.write(notebook, path)
    assert notebook_digest(path) == first
    notebook.cells[-1].source = "2"
    nbformat.write(notebook, path)
    assert notebook_digest(path) != first


def test_versions_hold_what_shapes_a_report_and_not_the_editor() -> None:
    versions = installed_versions()
    assert {"pandas", "duckdb", "matplotlib", "pillow", "nbconvert"} <= set(versions)
    assert not {"jupyterlab", "typer", "workbench", "pytest"} & set(versions)


def test_differences_are_said_in_words() -> None:
    old = {
        "data": {"orders": {"rows": 1000, "digest": "a"}, "gone": {"rows": 1, "digest": "x"}},
        "parameters": {"k_max": 8},
        "unit": FACTS,
        "notebook": "a",
        "package": "a",
        "versions": {"pandas": "3.0.0"},
        "engine": {"python": "3.11"},
        "renderer": RENDERER,
        "prior": {},
    }
    assert differences(old, deepcopy(old)) == []
    new = deepcopy(old) | {
        "data": {"orders": {"rows": 2204, "digest": "b"}, "customers": {"rows": 3, "digest": "c"}},
        "parameters": {"k_max": 6},
        "unit": {"as_of": "2025-07-31", "unit": {"currency": "EUR"}},
        "notebook": "b",
        "package": "b",
        "versions": {"pandas": "3.1.0"},
        "renderer": {"name": "quarto", "version": "1.9"},
    }
    assert differences(old, new) == [
        "customers is new: 3 rows",
        "gone is gone",
        "orders changed: +1,204 rows",
        "parameter k_max 8 -> 6",
        "as_of 2025-06-30 -> 2025-07-31",
        "unit.currency GBP -> EUR",
        "notebook changed",
        "package code changed",
        "pandas 3.0.0 -> 3.1.0",
        "renderer embedded 1 -> quarto 1.9",
    ]
    same_rows = deepcopy(old)
    same_rows["data"]["orders"]["digest"] = "z"
    assert differences(old, same_rows) == ["orders changed: other values, same rows"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({}, {"state": "a"}, ["what the earlier edition handed on changed"]),
        ({"state": "a"}, {"state": "b"}, ["what the earlier edition handed on changed"]),
        ({"history": "a", "state": "a"}, {"history": "a", "state": "a"}, []),
        ({"history": "a"}, {"history": "b"}, ["the numbers of earlier editions changed"]),
        (
            {"history": "a"},
            {"state": "b"},
            [
                "what the earlier edition handed on changed",
                "the numbers of earlier editions changed",
            ],
        ),
    ],
)
def test_what_earlier_editions_gave_is_told_apart(
    old: dict[str, str], new: dict[str, str], words: list[str]
) -> None:
    assert differences({"unit": FACTS, "prior": old}, {"unit": FACTS, "prior": new}) == words
    other = {"as_of": "2025-07-31"}
    assert differences(
        {"unit": FACTS, "prior": old}, {"unit": {**FACTS, **other}, "prior": new}
    ) == ["as_of 2025-06-30 -> 2025-07-31"]
