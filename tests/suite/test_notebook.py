from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from workbench.errors import NotebookError, ParameterError
from workbench.suite.notebook import (
    DeclaredParameter,
    declared,
    find_reports,
    front_matter,
    parse_parameters,
    read_report,
    resolve,
)

CELL = """\
suite: str = ""  # the suite
k_max: int = 8  # most groups
share: float = 0.5  # of the customers
period: str = "month"  # length of a cohort; one of: week, month
names: list[str] = []  # only these
limit: float | None = None  # no limit when None
"""


def parameters() -> tuple[DeclaredParameter, ...]:
    return parse_parameters(CELL, "notebooks/x.ipynb")


def test_name_type_default_and_comment_are_read() -> None:
    found = {item.name: item for item in parameters()}
    assert found["k_max"] == DeclaredParameter("k_max", "int", 8, "most groups")
    assert found["period"].choices == ("week", "month")
    assert found["limit"].type == "float | None"


def test_overrides_replace_defaults_and_house_parameters_are_left_out() -> None:
    values = resolve(parameters(), {"k_max": 6, "share": 1, "limit": 2.5}, "atlas.yml")
    assert values == {
        "k_max": 6,
        "share": 1.0,
        "period": "month",
        "names": [],
        "limit": 2.5,
    }
    assert isinstance(values["share"], float)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ({"k_maks": 6}, "unknown parameter `k_maks`. Did you mean `k_max`?"),
        ({"k_max": "6"}, "`k_max` is '6', must be of type int"),
        ({"k_max": True}, "`k_max` is True, must be of type int"),
        ({"share": "half"}, "must be of type float"),
        ({"period": "year"}, "must be one of week, month"),
        ({"names": ["a", 1]}, "must be of type list[str]"),
        ({"suite": "demo"}, "`suite` is set by the suite"),
    ],
)
def test_a_wrong_override_says_where_what_and_what_is_allowed(
    override: dict[str, object], said: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        resolve(parameters(), override, "params/demo/atlas.yml, reports.x")
    assert said in str(caught.value)
    assert str(caught.value).startswith("params/demo/atlas.yml, reports.x: ")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("k = 1", "declares no parameter"),
        ("k: int = max(1, 2)", "no literal"),
        ("k: int = 'a'", "must be of type int"),
        ("k: Path = 1", "type `Path` is not known"),
        ("import os", "declares no parameter"),
        ("k: int = 1\nk: int = 2", "declared twice"),
        ("k: int =", "no Python"),
    ],
)
def test_a_malformed_parameters_cell_is_refused(cell: str, said: str) -> None:
    with pytest.raises(NotebookError, match=r"notebooks/x\.ipynb") as caught:
        parse_parameters(cell, "notebooks/x.ipynb")
    assert said in str(caught.value)


def test_the_cell_is_never_run(make_notebook) -> None:
    path = make_notebook("x", parameters="k: int = 1  # k\n")
    assert [item.name for item in declared(path)] == ["suite", "unit", "snapshot", "k"]


def test_a_report_says_its_title_order_and_tables(make_notebook) -> None:
    path = make_notebook("x", title="Who buys again?", tables=("orders",), order=20)
    report = read_report(path)
    assert (report.name, report.title, report.order) == ("x", "Who buys again?", 20)
    assert report.tables == ("orders",)


def test_reports_come_in_their_order_and_a_misspelt_one_is_named(workspace, make_notebook) -> None:
    make_notebook("late", order=2)
    make_notebook("early", order=1)
    assert list(find_reports(workspace.notebooks)) == ["early", "late"]
    with pytest.raises(ParameterError, match="Did you mean `late`"):
        find_reports(workspace.notebooks, ["lat"])


def test_an_unknown_key_in_the_metadata_is_refused(make_notebook) -> None:
    path = make_notebook("x")
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["workbench"]["tabels"] = ["orders"]
    nbformat.write(notebook, path)
    with pytest.raises(NotebookError, match="Did you mean `tables`"):
        read_report(path)


def test_an_unknown_table_is_refused(make_notebook) -> None:
    with pytest.raises(NotebookError, match="Did you mean `orders`"):
        read_report(make_notebook("x", tables=("order",)))


@pytest.mark.parametrize("name", ["Upper", "has space", "1st", "a-b"])
def test_a_name_that_is_no_slug_is_refused(make_notebook, name: str) -> None:
    with pytest.raises(NotebookError, match="cannot name a report"):
        read_report(make_notebook(name))


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text("no json")
    with pytest.raises(NotebookError, match="no notebook"):
        read_report(path)


def test_front_matter_is_read_from_yaml_and_from_markdown() -> None:
    wanted = {"title": "Who?", "question": "A --- b?", "reader": "All", "decision": "C"}
    yaml = "---\ntitle: Who?\nquestion: A --- b?\nreader: All\ndecision: C\n---\n"
    markdown = "# Who?\n\n- **Question:** A --- b?\n- **For:** All\n- **Decision**: C\n"
    for cell in (nbformat.v4.new_raw_cell(yaml), nbformat.v4.new_markdown_cell(markdown)):
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [cell]
        assert front_matter(notebook) == wanted
