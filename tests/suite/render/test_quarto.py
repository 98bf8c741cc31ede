"""How Quarto is called, and what becomes of its page. The program itself is a stand-in."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import RenderError
from workbench.suite.render import find_renderer, prepare
from workbench.suite.render.finish import finish
from workbench.suite.render.qmd import quarto_notebook, raw_html
from workbench.suite.render.quarto import QuartoRenderer, find_quarto

HOSTILE = (
    "<script>x()</script> <!-- {{< env HOME >}} {{< include /etc/hosts >}} {{{< env HOME >}}} "
    '![](/etc/hosts) [a](b) **b** `c`{=html} ```` $x$ @fig-a [@b] ::: \\{\\{ &amp; "q" </body>'
)


@pytest.fixture
def quarto(tmp_path: Path) -> QuartoRenderer:
    program = tmp_path / "quarto"
    source = Path(__file__).with_name("quarto_stand_in.py").read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return QuartoRenderer(str(program), "1.10.18", timeout_seconds=20)


def test_no_secret_reaches_quarto(
    quarto: QuartoRenderer, executed: Any, make_page: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")  # the stand-in refuses unknown variables
    quarto.render(executed(), make_page(), tmp_path / "out" / "r.html")
    assert (tmp_path / "out" / "r.html").is_file()


@pytest.mark.parametrize(
    ("mode", "match"),
    [
        ("fail", r"exit code 1\. YAML is wrong in <temp>\Z"),
        ("filter", r"exit code 1\. Error running filter main\.lua: nil Error encountered when"),
        ("nothing", "wrote no page"),
    ],
)
def test_an_error_is_told_from_the_log(
    quarto: QuartoRenderer, mode: str, match: str, executed: Any, make_page: Any, tmp_path: Path
) -> None:
    (tmp_path / "mode").write_text(mode)
    out = tmp_path / "r.html"
    out.write_text("the page before")
    with pytest.raises(RenderError, match=match):
        quarto.render(executed(), make_page(), out)
    assert out.read_text() == "the page before"


def test_a_hanging_quarto_is_ended(
    quarto: QuartoRenderer, executed: Any, make_page: Any, tmp_path: Path
) -> None:
    (tmp_path / "mode").write_text("hang")
    quick = QuartoRenderer(quarto.program, quarto.version, timeout_seconds=0.5)
    with pytest.raises(RenderError, match=r"longer than 0\.5 seconds"):
        quick.render(executed(), make_page(), tmp_path / "r.html")


def test_a_broken_quarto_on_the_path_is_none(tmp_path: Path) -> None:
    program = tmp_path / "quarto"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    assert find_quarto({"PATH": str(tmp_path)}) is None
    with pytest.raises(RenderError, match="names no working Quarto"):
        find_quarto({"QUARTO_PATH": str(program)})


def test_the_fence_is_longer_than_any_run_of_backticks() -> None:
    block = raw_html("a ``` b ``````` {{< env HOME >}}")
    fence = block.partition("{")[0]
    assert fence == "`" * 8
    assert block.endswith(f"\n{fence}")
    assert "{{<" not in block


@pytest.mark.parametrize("html", ["<img src='/etc/hosts'>", "<link href=x.css>", "<style>a"])
def test_what_quarto_would_read_into_the_page_is_refused(html: str) -> None:
    with pytest.raises(RenderError, match="the page"):
        raw_html(html)


def test_what_quarto_reads_is_the_same_each_time(executed: Any, make_page: Any) -> None:
    document = prepare(executed(), make_page())
    assert quarto_notebook(document) == quarto_notebook(document)
    assert all(cell.cell_type != "code" for cell in quarto_notebook(document).cells)


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ('<img src="https://elsewhere.example/x.png">', "would fetch"),
        ('<img src="secret.txt">', "would fetch"),
        ('<b onclick="x()">', "has a handler"),
    ],
)
def test_a_page_that_would_fetch_or_run_is_refused(body: str, match: str, make_page: Any) -> None:
    html = f"<html><head><meta charset='utf-8'></head><body><main>{body}</main></body></html>"
    with pytest.raises(RenderError, match=match):
        finish(html, make_page(), "b{}", where="r.html")


def test_a_value_that_looks_like_markup_stays_a_value(make_page: Any) -> None:
    """Quarto leaves `<` as it is in a value, as browsers do."""
    value = "a <script>x()</script> <style>b{}</style> <!-- c --> <link> d &amp;lt; &quot;"
    html = (
        '<html lang="en"><head><meta charset="utf-8"><script>"</head>"</script></head><body>'
        f'<!-- gone --><p title="{value}">&lt;b&gt; &amp;amp;</p><style>b{{}}</style>'
        '<svg viewBox="0 0 1 1"><rect width="1"/></svg></body></html>'
    )
    made = finish(html, make_page(), "b{}", where="r.html")
    assert f'<p title="{escape(unescape(value))}">&lt;b&gt; &amp;amp;</p>' in made
    assert '<svg viewBox="0 0 1 1"><rect width="1"/></svg>' in made
    assert made.count("<style>") == 1
    assert not re.search("<script|<!--|<link", made)


def test_a_page_that_is_not_whole_is_refused(make_page: Any) -> None:
    with pytest.raises(RenderError, match="not whole"):
        finish("<p>half", make_page(), "", where="r.html")


def test_styles_of_elements_are_hashed(make_page: Any) -> None:
    html = (
        '<html><head><meta charset="utf-8"></head><body><b style="color: red">x</b></body></html>'
    )
    made = finish(html, make_page(), "b{}", where="r.html")
    assert "'unsafe-hashes' 'sha256-" in made
    assert '<main id="wb-main" class="wb-page">' in made
    assert '<html lang="en">' in made


@pytest.mark.skipif(
    not (os.environ.get("QUARTO_PATH") or shutil.which("quarto")),
    reason="Quarto is not installed: put it on PATH or name it with QUARTO_PATH",
)
@pytest.mark.parametrize("text", ["Loyal", HOSTILE], ids=["plain", "hostile"])
def test_a_real_quarto_gives_the_same_structure(
    text: str, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    pages = {}
    for name in ("embedded", "quarto", "quarto"):
        out = tmp_path / f"{name}.html"
        before = out.read_bytes() if out.exists() else None
        find_renderer(name).render(executed(text), make_page(text), out)
        assert before in {None, out.read_bytes()}
        pages[name] = outline(out.read_text(encoding="utf-8"))
    assert pages["quarto"].parts == pages["embedded"].parts
    ids = [name for name in pages["quarto"].ids if name != "title-block-header"]  # Quarto's own
    assert ids == pages["embedded"].ids
    assert pages["quarto"].text.split() == pages["embedded"].text.split()
