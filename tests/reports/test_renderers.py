"""Both renderers make one page: element by element, but for what is listed here.

The real reports of the demo suite, laid out by Quarto and by the embedded renderer, are compared
as trees: landmarks, headings, tables, figures, ids, links, the language, the policy, all words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.support.browser import Browser, find_browser, open_browser

from .conftest import Demo

REPORTS = ("triage", "segmentation", "experiments", "retention")
# What Quarto adds to an element: its value, or the attribute whose value it repeats.
ADDED = {
    ("html", "xmlns"): "http://www.w3.org/1999/xhtml",
    ("html", "xml:lang"): "=lang",
    ("header", "id"): "title-block-header",
}
# The facts at a page's foot whose values differ: which renderer, and so which key.
FACTS = ("Renderer", "Key")
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "rect"}
VERBATIM = {"pre", "style", "textarea"}

Step = tuple[str, ...]


class Tree(HTMLParser):
    """A page as one list: each element with its attributes, its end, each run of words.

    Parameters
    ----------
    html
        The page.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.steps: list[Step] = []
        self.added: set[tuple[str, str]] = set()
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), f"<{tag}> has an attribute twice"
        for (element, name), value in ADDED.items():
            expected = given.get(value[1:]) if value.startswith("=") else value
            if element == tag and name in given and given[name] == expected:
                self.added.add((element, name))
                del given[name]
        kept = [f"{name}={value}" for name, value in sorted(given.items())]
        self.steps.append(("start", tag, *kept))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag, f"</{tag}> closes something else"
            self.steps.append(("end", tag))

    def handle_data(self, data: str) -> None:
        text = data if VERBATIM & set(self._open) else " ".join(data.split())
        if not text:
            return
        if self.steps[-1][0] == "text":
            text = f"{self.steps.pop()[1]} {text}"
        self.steps.append(("text", text))

    def handle_comment(self, data: str) -> None:
        self.steps.append(("comment", data))


def facts(steps: list[Step]) -> dict[str, int]:
    """Return where the values of the facts stand that name the renderer."""
    places = {}
    for place, step in enumerate(steps):
        if step[0] == "text" and step[1] in FACTS and steps[place - 1][:2] == ("start", "dt"):
            places[step[1]] = next(
                later for later in range(place + 1, len(steps)) if steps[later][0] == "text"
            )
    return places


def first_difference(one: list[Step], other: list[Step]) -> str:
    """Say where two lists part, with what stands around; empty when they do not."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            around = one[max(0, place - 4) : place]
            return f"after {around}: embedded {str(a)[:300]}, quarto {str(b)[:300]}"
    return "" if len(one) == len(other) else f"{len(one)} steps and {len(other)}"


@pytest.mark.parametrize("report", REPORTS)
def test_both_renderers_make_the_same_page(by_quarto: Demo, demo: Demo, report: str) -> None:
    trees = []
    for made, name in ((demo, "embedded"), (by_quarto, "quarto")):
        path = made.page("atlas", report)
        manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
        tree = Tree(path.read_text(encoding="utf-8"))
        places = facts(tree.steps)
        assert set(places) == set(FACTS)
        assert tree.steps[places["Renderer"]][1].startswith(f"{name} ")
        assert name in json.dumps(manifest["renderer"])
        for place in places.values():
            tree.steps[place] = ("text", "differs")
        trees.append(tree)
    embedded, quarto = trees
    assert first_difference(embedded.steps, quarto.steps) == ""
    kinds = {step[1] for step in embedded.steps if step[0] == "start"}
    assert {"main", "header", "nav", "h1", "h2", "table", "caption", "a", "section"} <= kinds
    assert embedded.added == set()
    assert quarto.added == {pair for pair in ADDED if pair[0] in kinds}


GOOD = (
    '<html lang="en"><body><main><h1>T</h1><p><a href="#x">To x</a></p>'
    '<table id="x"><caption>C</caption></table><img alt="A" src="data:,"></main></body></html>'
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('lang="en"', 'lang="de"'),
        ("<h1>T</h1>", "<h2>T</h2>"),
        ("To x", "To y"),
        ('href="#x"', 'href="#y"'),
        ('id="x"', 'id="y"'),
        ("<caption>C</caption>", ""),
        ('alt="A"', 'alt=""'),
        ('alt="A"', 'alt="A" aria-label="B"'),
        ("<main>", "<main><p>more</p>"),
        ("</main>", "</main><p>more</p>"),
        ("<p>", "<!-- more --><p>"),
    ],
)
def test_a_difference_is_found(before: str, after: str) -> None:
    other = GOOD.replace(before, after)
    assert other != GOOD
    assert first_difference(Tree(GOOD).steps, Tree(other).steps)
    assert first_difference(Tree(GOOD).steps, Tree(GOOD.replace("<p>", "\n\n<p>\n")).steps) == ""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if find_browser() is None:
        pytest.skip("there is no Chromium on this machine")
    with open_browser() as found:
        yield found


def pages_of(demo: Demo) -> list[Path]:
    """Return all pages of a run: reports, what changed, the portal."""
    found = sorted(demo.workspace.reports.rglob("*.html"))
    assert {"index.html", "changes.html", "triage.html"} <= {path.name for path in found}
    return found


@pytest.mark.parametrize("made", ["demo", "by_quarto"])
def test_a_page_that_is_opened_asks_for_nothing(
    browser: Browser, request: pytest.FixtureRequest, made: str
) -> None:
    for path in pages_of(request.getfixturevalue(made)):
        page = browser.open(path)
        assert (page.requests, page.complaints) == ([], []), path.name
        policy = page.evaluate(
            "document.querySelector('meta[http-equiv=Content-Security-Policy]').content"
        )
        assert policy.startswith("default-src 'none'; "), path.name
        assert "img-src data:;" in policy, path.name
        assert "unsafe-inline" not in policy, path.name
        page.close()
