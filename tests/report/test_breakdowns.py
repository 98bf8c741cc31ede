from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from workbench.errors import NotebookError
from workbench.report import breakdown
from workbench.report.findings import format_unit

FRAME = pd.DataFrame({"segment": ["Loyal", "New", "Lost"], "customers": [30, 20, None]})


def call(frame: Any = FRAME, **more: Any) -> None:
    given = {
        "id": "customers-by-segment",
        "label": "Customers by segment",
        "part": "Segment",
        "name": "segment",
        "value": "customers",
        "unit": "customers",
    }
    breakdown(frame, **(given | more))


def test_the_record_holds_the_parts_in_order(shown: Any) -> None:
    call()
    assert shown.last("breakdown") == {
        "id": "customers-by-segment",
        "label": "Customers by segment",
        "part": "Segment",
        "unit": "customers",
        "parts": [
            {"name": "Loyal", "value": 30, "display": "30"},
            {"name": "New", "value": 20, "display": "20"},
            {"name": "Lost", "value": None, "display": "–"},
        ],
    }


def test_money_is_shown_as_a_card_shows_it(shown: Any) -> None:
    call(FRAME.assign(customers=[1234567.0, 2.5, 3.0]), unit="GBP")
    shares = [part["display"] for part in shown.last("breakdown")["parts"]]
    assert shares == [format_unit(value, "GBP") for value in (1234567.0, 2.5, 3.0)]


def test_a_name_from_data_cannot_hide_characters(shown: Any) -> None:
    call(FRAME.assign(segment=["a\u202eb", "c\nd", "<b>"]))
    assert [part["name"] for part in shown.last("breakdown")["parts"]] == ["a\ufffdb", "c d", "<b>"]


@pytest.mark.parametrize(
    ("frame", "more", "message"),
    [
        (FRAME.assign(segment="Loyal"), {}, "two parts share a name"),
        (FRAME.head(0), {}, "there are no parts"),
        (FRAME.assign(segment=["a", " ", "c"]), {}, "Segment in `segment` is empty"),
        (FRAME.assign(customers=[1.0, float("inf"), 2.0]), {}, "the value is inf"),
        (FRAME, {"value": "clients"}, "clients"),
        (FRAME, {"label": " "}, "the label is empty"),
        (FRAME, {"id": "Not a slug"}, "is not an id"),
    ],
)
def test_what_is_refused(shown: Any, frame: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(NotebookError, match=message):
        call(frame, **more)
    assert not shown


def test_outside_a_notebook_it_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    call()
    assert capsys.readouterr().out == (
        "Customers by segment: 3 parts recorded, to compare with the next edition.\n"
    )
