from __future__ import annotations

import csv
import io
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workbench.errors import NotebookError
from workbench.report import Column, table
from workbench.report.markup import Cell, Head, table_html
from workbench.report.text import clean


class Cells(HTMLParser):
    """Reads the tags, the caption, and the text of each cell."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.scopes: list[str | None] = []
        self.caption = ""
        self._place = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")
            self.scopes.append(dict(attrs).get("scope"))
        if tag == "br":
            self.cells[-1] += "\n"
        if tag in {"td", "th", "caption"}:
            self._place = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._place:
            self._place = ""

    def handle_data(self, data: str) -> None:
        if self._place == "caption":
            self.caption += data
        elif self._place:
            self.cells[-1] += data


FRAME = pd.DataFrame(
    {
        "name": ["Ann", "Bob", "Cy"],
        "share": [0.5, 0.25, None],
        "money": [Decimal("1200.50"), Decimal("3.25"), Decimal("0")],
        "on": pd.to_datetime(["2025-01-02", "2025-01-03", None]),
    }
)
COLUMNS = {
    "name": Column("Customer"),
    "share": Column("Share", "share", bar=True, missing="no orders"),
    "money": Column("Spend", "money", currency="GBP"),
    "on": Column("Since", "date"),
}


def test_a_table_is_captioned_scoped_and_formatted(shown: Any) -> None:
    table(FRAME, id="t", caption="Who spends", columns=COLUMNS, note="With tax.")
    record = shown.last("table")
    read = Cells(record["html"])
    assert read.caption == "Who spends"
    assert read.cells[:4] == ["Customer", "Share", "Spend", "Since"]
    assert read.cells[4:8] == ["Ann", "50.0% ", "£1,200", "2 Jan 2025"]
    assert read.cells[12:] == ["Cy", "– no orders", "£0", "–"]
    assert read.scopes == ["col"] * 4 + ["row", None, None, None] * 3
    assert "style" not in read.tags
    assert " style=" not in record["html"]
    assert record["rows"] == 3
    assert record["source_note"] == "With tax."


def test_two_builds_are_the_same_bytes(shown: Any) -> None:
    table(FRAME, id="t", caption="Who", columns=COLUMNS)
    table(FRAME, id="t", caption="Who", columns=COLUMNS)
    assert shown[0] == shown[1]


def test_the_row_label_can_be_any_column(shown: Any) -> None:
    table(FRAME, id="t", caption="Who", columns=COLUMNS, row_label="on")
    assert Cells(shown.last("table")["html"]).scopes[4:8].count("row") == 1


def test_a_long_table_says_what_is_left_out(shown: Any) -> None:
    long = pd.DataFrame({"n": range(134)})
    table(long, id="long", caption="All", columns={"n": Column("N", "integer")})
    record = shown.last("table")
    assert record["source_note"] == "First 20 of 134 rows; all in tables/long.csv."
    assert Cells(record["html"]).tags.count("tr") == 21
    assert len(record["csv"].splitlines()) == 135


def test_an_empty_table_says_so(shown: Any) -> None:
    table(FRAME.head(0), id="t", caption="Who", columns=COLUMNS)
    assert shown.last("table")["source_note"] == "No rows."


def test_the_csv_holds_full_values_and_no_formula(shown: Any) -> None:
    frame = FRAME.assign(name=["=1+1", '@x,"y"', "-2"])
    table(frame, id="t", caption="Who", columns=COLUMNS | {"name": Column("+Name")})
    rows = list(csv.reader(io.StringIO(shown.last("table")["csv"])))
    assert rows[0] == ["'+Name", "Share", "Spend", "Since"]
    assert rows[1] == ["'=1+1", "0.5", "1200.50", "2025-01-02"]
    assert [row[0] for row in rows[2:]] == ['\'@x,"y"', "'-2"]
    assert rows[3][3] == ""


def test_polars_frames_are_taken(shown: Any) -> None:
    table(pl.DataFrame({"a": ["x"]}), id="t", caption="C", columns={"a": Column("A")})
    assert "x" in Cells(shown.last("table")["html"]).cells


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"columns": {"nam": Column("N")}}, "Did you mean `name`"),
        ({"columns": {}}, "no columns"),
        ({"caption": " "}, "caption is empty"),
        ({"id": "Bad Id"}, "not an id"),
        ({"row_label": "other"}, "not shown"),
        ({"limit": 0}, "limit == 0"),
        ({"columns": {"name": Column("N", "txt")}}, "unknown format"),
        ({"columns": {"name": Column("N", "integer")}}, "not a number"),
        ({"columns": {"money": Column("N", "money")}}, "needs a currency"),
    ],
)
def test_a_wrong_table_is_refused(change: dict[str, Any], match: str) -> None:
    call = {"id": "t", "caption": "C", "columns": COLUMNS} | change
    with pytest.raises(NotebookError, match=match):
        table(FRAME, **call)


def test_a_bar_is_not_drawn_for_negative_numbers() -> None:
    frame = pd.DataFrame({"n": [-1, 2]})
    with pytest.raises(NotebookError, match="negative"):
        table(frame, id="t", caption="C", columns={"n": Column("N", "number", bar=True)})


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(NotebookError, match="is no table"):
        table([1], id="t", caption="C", columns={"a": Column("A")})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(), min_size=1, max_size=12))
@example(["@c0r0@", "@c0@", "</td><script>", "a\nb", "{{x}}", " \t ", "\u202e", "&amp;"])
def test_any_text_in_a_cell_reads_back_escaped(texts: list[str]) -> None:
    heads = [Head(texts[0], "left", is_row_label=True), Head(texts[-1], "right")]
    cells = [[Cell(text) for text in texts], [Cell(text) for text in reversed(texts)]]
    html = table_html("t", texts[0], heads, cells)
    read = Cells(html)
    pairs = zip(texts, reversed(texts), strict=True)
    assert read.cells[2:] == [clean(text) for pair in pairs for text in pair]
    assert read.cells[:2] == [clean(texts[0]), clean(texts[-1])]
    assert read.caption == clean(texts[0])
    assert set(read.tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "br"}
