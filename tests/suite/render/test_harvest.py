from __future__ import annotations

import copy
from typing import Any

import nbformat
import pandas as pd
import pytest

from workbench.errors import RenderError
from workbench.report import breakdown, state
from workbench.suite.render import harvest
from workbench.suite.render.prepare import prepare


def test_records_come_back_from_a_notebook_file(executed: Any, tmp_path: Any) -> None:
    notebook = executed()
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook, path)
    found = harvest(nbformat.read(path, 4))
    assert [f["id"] for f in found.findings] == ["answer", "here", "warning", "limit"]
    assert [m["id"] for m in found.metrics] == ["rate", "none"]
    assert [t["id"] for t in found.tables] == ["rows"]
    assert [f["id"] for f in found.figures] == ["bars"]
    told = [(a["customers"], a["customers_display"]) for a in found.actions]
    assert told == [(None, "fewer than 5 customers")]
    assert found == harvest(notebook)


def test_findings_follow_kind_then_order_then_place(executed: Any) -> None:
    notebook = executed()
    mime = "application/vnd.workbench.finding+json"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("data", {}).get(mime, {}).get("id") == "here":
                output.data[mime]["order"] = -1
    assert [f["id"] for f in harvest(notebook).findings][:2] == ["here", "answer"]


def test_an_id_stands_once(executed: Any) -> None:
    notebook = executed()
    notebook.cells.append(copy.deepcopy(notebook.cells[3]))
    with pytest.raises(RenderError, match="share the id `answer`"):
        harvest(notebook)


def test_a_record_that_is_not_whole_is_refused(executed: Any) -> None:
    notebook = executed()
    del notebook.cells[3].outputs[0].data["application/vnd.workbench.finding+json"]["kind"]
    with pytest.raises(RenderError, match="a finding lacks kind"):
        harvest(notebook)


def test_an_empty_notebook_has_recorded_nothing() -> None:
    assert harvest(nbformat.v4.new_notebook()).findings == ()


def test_a_breakdown_is_kept_and_stands_on_no_page(
    executed: Any, recorded: Any, make_page: Any
) -> None:
    notebook = executed()
    plain = prepare(notebook, make_page())
    frame = pd.DataFrame({"segment": ["<b>", "New"], "customers": [3, 2]})
    notebook.cells[3].outputs += recorded(
        [
            lambda: breakdown(
                frame,
                id="sizes",
                label="Sizes",
                part="Segment",
                name="segment",
                value="customers",
                unit="customers",
            )
        ]
    )
    assert [part["name"] for part in harvest(notebook).breakdowns[0]["parts"]] == ["<b>", "New"]
    assert prepare(notebook, make_page()) == plain


def test_a_state_is_kept_and_stands_on_no_page(
    executed: Any, recorded: Any, make_page: Any
) -> None:
    notebook = executed()
    plain = prepare(notebook, make_page())
    notebook.cells[3].outputs += recorded([lambda: state("groups", {"names": ["<b>"]})])
    assert harvest(notebook).states == ({"id": "groups", "value": {"names": ["<b>"]}},)
    assert prepare(notebook, make_page()) == plain
