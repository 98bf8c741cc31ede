from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from workbench.suite.checks import check_folder, check_notebook

GOOD_CELL = 'table(rows,\n  id="a",\n  caption="A",\n)\nfigure(plot(rows), id="f", alt="Bars")'


def problems(path: Path) -> str:
    return "\n".join(str(problem) for problem in check_notebook(path))


def test_a_notebook_in_the_form_has_no_problem(make_notebook) -> None:
    path = make_notebook("x", GOOD_CELL, parameters="k: int = 1  # groups\n")
    assert problems(path) == ""


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("def f():\n    return 1", "a function does not belong"),
        ("class A: ...", "a class does not belong"),
        ("f = lambda x: x", "a lambda does not belong"),
        ("for x in y:\n    print(x)", "a loop does not belong"),
        ("while True:\n    pass", "a loop does not belong"),
        ("[x for x in y]", "a comprehension does not belong"),
        ("sum(x for x in y)", "a comprehension does not belong"),
        ("a.merge(b)", "`merge` is a join"),
        ('a.groupby("x")', "`groupby` is a grouping"),
        ("pd.concat([a, b])", "`concat` is a concatenation"),
        ("\n".join(f"x{n} = {n}" for n in range(7)), "7 lines of code, at most 6"),
        ('figure(plot(), id="f", caption="F")', "a figure without alternative text"),
        ('figure(plot(), id="f", alt="  ")', "a figure without alternative text"),
        ("%matplotlib inline", "a magic or shell command"),
        ("x =", "no Python"),
    ],
)
def test_each_breach_names_file_cell_and_how_to_mend(make_notebook, cell: str, said: str) -> None:
    path = make_notebook("x", cell)
    found = check_notebook(path)
    assert any(said in problem.what for problem in found), problems(path)
    assert all(problem.file == path and problem.fix for problem in found)
    assert {problem.cell for problem in found} == {"cell-1"}


def test_comments_blank_lines_and_lone_brackets_are_no_code(make_notebook) -> None:
    cell = "# why\n" * 5 + "f(\n    1,\n)\n\n\n" + "x = 1\n" * 4
    assert problems(make_notebook("x", cell)) == ""


def test_outputs_and_execution_counts_are_refused(make_notebook) -> None:
    path = make_notebook("x", "1")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].execution_count = 3
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="x")]
    nbformat.write(notebook, path)
    assert "it holds outputs" in problems(path)
    assert "an execution count" in problems(path)


def test_front_matter_must_say_all_four(make_notebook) -> None:
    path = make_notebook("x", front="---\ntitle: {title}\nreader: Me\n---")
    assert "no question" in problems(path)
    assert "no decision" in problems(path)


def test_parameters_need_comments_and_the_house_comes_first(make_notebook) -> None:
    path = make_notebook("x", parameters="k: int = 1\n")
    assert "`k` has no comment" in problems(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = "k: int = 1  # k"
    nbformat.write(notebook, path)
    assert "house's parameters do not come first" in problems(path)


def test_there_is_one_parameters_cell_and_it_is_the_first_code(make_notebook) -> None:
    path = make_notebook("x", "1")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(1, notebook.cells.pop())
    nbformat.write(notebook, path)
    assert "code stands before the parameters cell" in problems(path)
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)
    assert "2 cells are tagged" in problems(path) or "declares no parameter" in problems(path)


def test_cells_share_no_id(make_notebook) -> None:
    path = make_notebook("x", "1", "2")
    text = path.read_text().replace("cell-2", "cell-1")
    path.write_text(text)
    assert "2 cells share the id `cell-1`" in problems(path)
    path.write_text(text.replace('"id": "cell-1",', ""))
    assert "a cell has no id" in problems(path)


def test_a_broken_notebook_is_a_problem_and_not_a_crash(workspace) -> None:
    (workspace.notebooks / "x.ipynb").write_text("{}")
    assert len(check_folder(workspace.notebooks)) == 1
