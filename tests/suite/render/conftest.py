"""An executed notebook, built without a kernel, and the outline of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)

from workbench.report import (
    Column,
    action_list,
    charts,
    display,
    figure,
    finding,
    metric,
    section,
    table,
)
from workbench.suite.render import ReportPage

Call = Callable[[], object]


class Outline(HTMLParser):
    """What a page is made of, in order: landmarks, headings, figures, tables, folded code."""

    SECTIONS = ("cards", "answers", "decisions", "limits", "contents", "words", "made", "failure")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.text = ""
        self._heading: str | None = None
        self._words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in given.items()]
        if "id" in given:
            self.ids.append(given["id"])
        classes = given.get("class", "").split()
        self.parts += [name for name in self.SECTIONS if f"wb-{name}" in classes]
        if tag in {"h1", "h2", "h3"} or "wb-number" in classes:
            self._heading, self._words = tag, ""
        if tag in {"figure", "table", "details"}:
            self.parts.append(tag)
        if tag == "img":
            assert given["alt"]
            self.parts.append("picture with words")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._heading:
            self.parts.append(f"{tag} {' '.join(self._words.split())}")
            self._heading = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._heading:
            self._words += data


@pytest.fixture
def outline() -> type[Outline]:
    return Outline


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Call]], list[Any]]:
    """Return a function that turns calls of the report room into a cell's outputs."""
    caught: list[dict[str, Any]] = []
    monkeypatch.setattr(display.InteractiveShell, "initialized", lambda: True)
    monkeypatch.setattr(display, "display", lambda bundle, raw: caught.append(bundle))

    def outputs(calls: Sequence[Call]) -> list[Any]:
        caught.clear()
        for call in calls:
            call()
        return [new_output("display_data", data=data) for data in caught]

    return outputs


@pytest.fixture
def executed(
    recorded: Callable[[Sequence[Call]], list[Any]], tmp_path: Path
) -> Callable[[str], nbformat.NotebookNode]:
    """Return a function that builds an executed notebook with one text in every string field."""

    def build(text: str = "Loyal") -> nbformat.NotebookNode:
        frame = pd.DataFrame({"name": [text, "Other"], "value": [2.0, 1.0]})
        columns = {"name": Column(text), "value": Column("Value", "number", bar=True, missing=text)}
        top: list[Call] = [
            lambda: finding(f"{text} leave.", id="answer", decision=f"Stop {text}?"),
            lambda: finding(f"{text} few.", id="warning", kind="warning"),
            lambda: finding(f"{text} unknown.", id="limit", kind="limit"),
            lambda: metric("rate", 0.25, label=text, unit="share", ci=(0.2, 0.3, 0.95, text)),
            lambda: metric("none", None, label="None", unit=text, reason=text),
        ]
        body: list[Call] = [
            lambda: section(f"Where is {text}?", text, id="where"),
            lambda: figure(
                charts.bars(frame, label="name", value="value", title=text, subtitle=text),
                id="bars",
                caption=text,
                alt=text,
            ),
            lambda: table(frame, id="rows", caption=text, columns=columns, note=text, limit=1),
            lambda: finding(f"{text} here.", id="here"),
            lambda: action_list(
                frame,
                id="list",
                label=text,
                key="name",
                folder=tmp_path / "a",
                columns=[],
                consent=None,
            ),
        ]
        cells = [
            new_raw_cell("---\ntitle: T\nquestion: Who leaves?\nreader: CRM\ndecision: Offer\n---"),
            new_code_cell("n: int = 1  # n", metadata={"tags": ["parameters"]}),
            new_code_cell(f"n = {text!r}", metadata={"tags": ["injected-parameters"]}),
            new_code_cell("top()", outputs=recorded(top)),
            new_markdown_cell("## Do cohorts stay?\n\nRead *this* first."),
            new_code_cell(f"show({text!r})", outputs=recorded(body)),
            new_code_cell(
                "foreign()",
                outputs=[
                    new_output("stream", name="stdout", text=f"{text} \x1b[31mred\x1b[0m"),
                    new_output(
                        "execute_result",
                        data={"text/html": "<script>bad()</script>", "text/plain": text},
                        execution_count=1,
                    ),
                ],
            ),
        ]
        for place, cell in enumerate(cells):
            cell["id"] = f"c{place}"
        return new_notebook(cells=cells)

    return build


@pytest.fixture
def make_page() -> Callable[..., ReportPage]:
    def build(text: str = "Atlas", **more: Any) -> ReportPage:
        given = {
            "title": f"Retention of {text}",
            "subtitle": "",
            "suite": "demo",
            "unit": "atlas",
            "unit_title": text,
            "owner": text,
            "as_of": "2025-06-30",
            "provenance": (("Snapshot", "3f2a"), (text, text)),
            "portal_href": "../index.html",
            "tables_href": "tables/",
        }
        return ReportPage(**(given | more))

    return build
