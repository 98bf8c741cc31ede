"""Both renderers give the same structure, and neither lets a string break out of its place."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from workbench.errors import RenderError
from workbench.report import finding
from workbench.suite.failure import Failure
from workbench.suite.render import Renderer, find_renderer, prepare
from workbench.suite.render.embedded import EmbeddedRenderer
from workbench.suite.render.quarto import find_quarto

STAND_IN = Path(__file__).with_name("quarto_stand_in.py")

EXPECTED = [
    "h1 Retention of Atlas",
    "cards",
    "answers",
    "h2 What this report says",
    "decisions",
    "h2 Decisions asked for",
    "contents",
    "h2 In this report",
    "h2 Do cohorts stay?",
    "h2 Where is Loyal?",
    "figure",
    "picture with words",
    "span Figure 1.",
    "table",
    "span Table 1.",
    "details",
    "details",
    "limits",
    "h2 Keep in mind",
    "words",
    "h2 Words",
    "made",
    "h2 How this report was made",
    "details",
    "details",
    "details",
]

HOSTILE = [
    "<script>alert(1)</script>",
    "</style></script><img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "[click](javascript:alert(1))",
    "![x](/etc/passwd)",
    "{{ 7 * 7 }} {% raw %}",
    "{{< env PATH >}} {{< include /etc/passwd >}}",
    "```\n</code></pre><b>out</b>\n``````",
    "---\ntitle: taken\n---",
    "\u202egnp.exe \x1b[31m \x00 \u2066",
    '=HYPERLINK("http://evil.example")',
    "<!-- --> ]]> <![CDATA[ &amp; &#60;b&#62;",
    "\\\" \\' \\u003cscript\\u003e",
]


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """Return a program that stands in for Quarto: it checks how it is called, then lays out."""
    program = tmp_path / "bin" / "quarto"
    program.parent.mkdir()
    source = STAND_IN.read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture(params=["embedded", "quarto"])
def renderer(request: pytest.FixtureRequest, stand_in: Path) -> Renderer:
    if request.param == "embedded":
        return EmbeddedRenderer()
    found = find_quarto({"QUARTO_PATH": str(stand_in)})
    assert found is not None
    return found


def render(renderer: Renderer, notebook: Any, page: Any, folder: Path) -> str:
    out = folder / "report.html"
    renderer.render(notebook, page, out)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    return out.read_text(encoding="utf-8")


def test_the_structure(
    renderer: Any, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    html = render(renderer, executed(), make_page(), tmp_path)
    read = outline(html)
    assert read.parts == EXPECTED
    assert len(set(read.ids)) == len(read.ids)
    assert ("html", "lang", "en") in read.attributes
    for tag, name, value in read.attributes:
        if (tag, name) == ("a", "href") and value.startswith("#"):
            assert value[1:] in read.ids


def test_few_customers_on_a_list_are_not_counted(
    renderer: Any, executed: Any, make_page: Any, tmp_path: Path
) -> None:
    html = render(renderer, executed(), make_page(), tmp_path)
    assert ": fewer than 5 customers qualify." in re.sub(r"<[^>]+>", "", html)
    assert "2 customers" not in html


def test_the_same_bytes_again(renderer: Any, executed: Any, make_page: Any, tmp_path: Path) -> None:
    notebook = executed()
    first = render(renderer, notebook, make_page(), tmp_path)
    assert render(renderer, notebook, make_page(), tmp_path) == first


def test_timings_do_not_show(renderer: Any, executed: Any, make_page: Any, tmp_path: Path) -> None:
    notebook = executed()
    before = render(renderer, notebook, make_page(), tmp_path)
    notebook.metadata["papermill"] = {"duration": 12.345, "start_time": "2031-01-01"}
    for cell in notebook.cells:
        cell.metadata["papermill"] = {"duration": 12.345}
        cell["execution_count" if cell.cell_type == "code" else "id"] = (
            77 if cell.cell_type == "code" else cell.id
        )
    assert render(renderer, notebook, make_page(), tmp_path) == before


def test_nothing_is_fetched_and_nothing_runs(
    renderer: Any, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    html = render(renderer, executed(), make_page(), tmp_path)
    read = outline(html)
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(read.tags)
    assert not re.search(r"https?://", html.replace("http://www.w3.org/1999/xhtml", ""))
    assert "url(" not in html
    assert "@import" not in html
    assert all(
        v.startswith("data:image/svg+xml;base64,") for _, n, v in read.attributes if n == "src"
    )
    assert not [name for _, name, _ in read.attributes if name.startswith("on") or name == "style"]


def test_the_policy_allows_the_one_stylesheet(
    renderer: Any, executed: Any, make_page: Any, tmp_path: Path
) -> None:
    html = render(renderer, executed(), make_page(), tmp_path)
    head = html[: html.index("</head>")]
    rule = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', head)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert rule is not None
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert unescape(rule[1]) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert head.index("http-equiv") < head.index("<style>")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_breaks_out(
    renderer: Any, text: str, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    """One text in every string field: title, unit, owner, cells, captions, parameters, code."""
    calm = outline(render(renderer, executed("Loyal"), make_page("Loyal"), tmp_path))
    html = render(renderer, executed(text), make_page(text), tmp_path)
    read = outline(html)
    # A line end in a cell is the one thing that may add an element.
    assert [tag for tag in read.tags if tag != "br"] == [tag for tag in calm.tags if tag != "br"]
    assert {(t, n) for t, n, _ in read.attributes} == {(t, n) for t, n, _ in calm.attributes}
    assert not [
        v for _, n, v in read.attributes if n == "href" and not re.match(r"#|\.\./index|tables/", v)
    ]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", html)
    assert "root:" not in html


def test_markdown_cells_are_harmless(
    renderer: Any, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    notebook = executed()
    notebook.cells.append(
        new_markdown_cell(
            "## A **bold** <b>heading</b>\n\n<script>bad()</script> ![secret](secret.txt) "
            "[js](javascript:bad()) [file](file:///etc/passwd) [up](#s-where-is-loyal) "
            "{{< env HOME >}}\n\n```\n# no heading\n```\n\n"
            "| a | b |\n|---|---|\n| <i>1</i> | 2 |\n",
            id="md",
        )
    )
    read = outline(render(renderer, notebook, make_page(), tmp_path))
    assert "h2 A bold <b>heading</b>" in read.parts
    assert not [
        v for _, n, v in read.attributes if "javascript" in v or "file:" in v or "secret" in v
    ]
    assert {"script", "b", "i"} & set(read.tags) == set()
    assert "# no heading" in read.text


def test_foreign_output_is_plain_text(
    renderer: Any, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    notebook = executed()
    notebook.cells[-1].outputs.append(new_output("stream", name="stdout", text="x" * 50_000))
    read = outline(render(renderer, notebook, make_page(), tmp_path))
    assert "bad()" not in read.text
    assert "Loyal red" in read.text
    assert "30,000 more characters are not shown" in read.text


def test_a_failure_stands_on_top(
    renderer: Any, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    notebook = executed()
    notebook.cells.append(
        new_code_cell(
            "fail()",
            id="bad-cell",
            outputs=[
                new_output(
                    "error",
                    ename="ValueError",
                    evalue="no <b>column</b>",
                    traceback=["\x1b[31mTraceback\x1b[0m", "ValueError: no <b>column</b>"],
                )
            ],
        )
    )
    read = outline(render(renderer, notebook, make_page(), tmp_path))
    assert read.parts[1] == "failure"
    assert "Cell bad-cell failed" in read.text
    assert "ValueError: no <b>column</b>" in read.text
    assert "[31m" not in read.text
    assert "Stopped here." in read.text


def test_a_failure_before_the_first_cell(make_page: Any, executed: Any) -> None:
    failure = Failure(-1, "", "", "KernelDied", "the kernel died", "")
    document = prepare(executed(), make_page(failure=failure))
    assert "Before the first cell failed" in document.failure_html


def test_prepare_leaves_the_notebook_alone(executed: Any, make_page: Any) -> None:
    notebook = executed()
    before = repr(notebook)
    assert prepare(notebook, make_page()) == prepare(notebook, make_page())
    assert repr(notebook) == before


def test_a_table_of_foreign_html_is_refused(executed: Any, make_page: Any) -> None:
    for bad in ("<script>x</script>", '<td onclick="x">', "<!-- c -->", '<img src="x">'):
        notebook = executed()
        for output in notebook.cells[5].outputs:
            record = output.data.get("application/vnd.workbench.table+json")
            if record:
                record["html"] += bad
        with pytest.raises(RenderError, match="a table holds"):
            prepare(notebook, make_page())


def test_plain_markdown_front_matter(make_page: Any, executed: Any) -> None:
    notebook = executed()
    notebook.cells[0] = new_markdown_cell(
        "# Title\n\n**Question:** Who stays?\n\n**Reader:** CRM\n\nMore to say.", id="c0"
    )
    document = prepare(notebook, make_page())
    assert document.lede == "Who stays?"
    assert document.body[0].html == "<p>More to say.</p>"


def test_a_section_of_findings_alone_moves_up(recorded: Any, make_page: Any, executed: Any) -> None:
    notebook = executed()
    said = recorded([lambda: finding("Half leave.", id="half", decision="Stop?")])
    notebook.cells[3:4] = [
        new_markdown_cell("## What should be decided?\n\nRead this.", id="lead"),
        new_code_cell("say()", id="say", outputs=said),
    ]
    document = prepare(notebook, make_page())
    assert [block.html for block in document.lead] == ["<p>Read this.</p>"]
    assert document.contents[0] == ("s-do-cohorts-stay", "Do cohorts stay?")
    assert "Half leave." not in "".join(block.html for block in document.body)
    assert document.answers[0]["text"] == "Half leave."


def test_cells_that_show_nothing_share_one_fold(make_page: Any, executed: Any) -> None:
    notebook = executed()
    notebook.cells += [new_code_cell(f"x = {n}", id=f"x{n}") for n in range(3)]
    last = prepare(notebook, make_page()).body[-1]
    assert last.text == "foreign()\n\nx = 0\n\nx = 1\n\nx = 2"


def test_hidden_cells_stay_hidden(make_page: Any, executed: Any) -> None:
    notebook = executed()
    notebook.cells.append(new_code_cell("secret()", id="h", metadata={"tags": ["remove-cell"]}))
    assert not [b for b in prepare(notebook, make_page()).body if "secret()" in b.html]


def test_a_folder_that_cannot_be_written(executed: Any, make_page: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(RenderError, match="could not be written"):
        EmbeddedRenderer().render(executed(), make_page(), blocked / "report.html")


def test_the_choice_of_renderer(
    monkeypatch: pytest.MonkeyPatch, stand_in: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    assert find_renderer("auto").name == "embedded"
    assert find_renderer("embedded").version.startswith("nbconvert ")
    with pytest.raises(RenderError, match="not installed"):
        find_renderer("quarto")
    with pytest.raises(RenderError, match="Did you mean `quarto`"):
        find_renderer("quatro")
    monkeypatch.setenv("QUARTO_PATH", str(stand_in.parent))
    assert (find_renderer("auto").name, find_renderer("auto").version) == ("quarto", "1.10.18")
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "none"))
    with pytest.raises(RenderError, match="names no working Quarto"):
        find_renderer("auto")
