from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest

from workbench.suite.normalise import clean_text, normalise, places, to_bytes

ROOT, JOB = Path("/srv/project"), Path("/var/tmp/workbench-abc")
HIDDEN = places(ROOT, JOB)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"File {ROOT}/data/x.csv", "File <project>/data/x.csv"),
        (f"open('{JOB}/x')", "open('<job>/x')"),
        (f"{JOB}/ipykernel_123/456.py:1: UserWarning", "<cell>:1: UserWarning"),
        ("/opt/v/lib/python3.12/site-packages/pandas/a.py", "<packages>/pandas/a.py"),
        (f"{sys.prefix}/lib/python3.11/json/x.py", "<python>/lib/python3.11/json/x.py"),
        ("<object at 0x7f3a5c0d1e90>", "<object at 0x...>"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("0x7f is a number, at 5", "0x7f is a number, at 5"),
        ("/srv/projects are others", "/srv/projects are others"),
    ],
)
def test_what_differs_from_machine_to_machine_is_hidden(text: str, clean: str) -> None:
    assert clean_text(text, HIDDEN) == clean


def test_paths_are_hidden_in_nested_records_and_values_stay() -> None:
    notebook = nbformat.v4.new_notebook(metadata={"papermill": {"duration": 1}})
    cell = nbformat.v4.new_code_cell("x", id="a", metadata={"papermill": {}, "tags": []})
    record = {"text": f"see {ROOT}/x", "rows": [1, 2.5, None, f"{ROOT}"], "at": "at 0x123456"}
    cell.outputs = [
        nbformat.v4.new_output("display_data", {"application/vnd.x+json": record}),
        nbformat.v4.new_output("stream", text=f"{JOB}\n"),
    ]
    notebook.cells = [cell]
    normalise(notebook, HIDDEN)
    assert cell.outputs[0].data["application/vnd.x+json"] == {
        "text": "see <project>/x",
        "rows": [1, 2.5, None, "<project>"],
        "at": "at 0x123456",
    }
    assert cell.outputs[1].text == "<job>\n"
    assert cell.metadata == {}
    assert "papermill" not in notebook.metadata
    assert to_bytes(notebook).endswith(b"}\n")


def test_a_word_of_a_million_letters_takes_no_longer_than_its_length() -> None:
    """Not a time: what takes the square of the length would not end within the suite's limit."""
    word = "x" * 1_000_000
    assert clean_text(f"{word} /a/site-packages/b.py", ()) == f"{word} <packages>/b.py"
