"""Can everyone read a page? Asked of axe-core in a real browser, and of the page's own markup."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

from support.browser import Page

__all__ = ["AXE", "Answer", "Markup", "ask_axe"]

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""What `npm ci --prefix tests/support/axe` installs."""
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_ASK = """axe.run(document, %s).then((told) => {
    const short = (list) => list.flatMap((rule) => rule.nodes.map((node) => [
        rule.id, rule.help, node.target.join(" "), node.html.slice(0, 300),
        [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ")]));
    return {violations: short(told.violations), unsure: short(told.incomplete),
            passed: told.passes.map((rule) => rule.id)};
})"""


@dataclass(frozen=True)
class Answer:
    """What axe-core says of a page.

    Parameters
    ----------
    violations, unsure
        Rule, what it asks for, the element's selector, its HTML, and what is wrong with it.
    passed
        The rules that hold.
    """

    violations: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    unsure: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)


def ask_axe(page: Page) -> Answer:
    """Ask about a page with every fold open: what is folded away counts as not there.

    It comes in by the developer tools, which the page's policy does not bind.
    """
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    options = {"runOnly": list(TAGS), "resultTypes": ["violations", "incomplete", "passes"]}
    told: dict[str, Any] = page.evaluate(_ASK % json.dumps(options))
    lists = ([tuple(one) for one in told[name]] for name in ("violations", "unsure"))
    return Answer(*lists, told["passed"])


class Markup(HTMLParser):
    """A page's structure, and what of it a screen reader would miss.

    Parameters
    ----------
    html
        The page.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._levels: list[int] = []
        self._tags: list[tuple[str, dict[str, str]]] = []
        self._captioned: list[bool] = []  # of each table that is open
        self.feed(html)
        self.close()
        self._judge()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._tags.append((tag, given))
        if tag == "table":
            self._captioned.append(False)
        elif tag == "caption":
            self._captioned[-1] = True
        elif tag == "th" and given.get("scope") not in {"col", "row", "colgroup", "rowgroup"}:
            self.faults.append(f"a header cell says not of what: {given}")
        elif tag == "img" and not given.get("alt", "").strip():
            self.faults.append(f"a picture without words: {str(given)[:100]}")
        elif tag == "svg" and not _is_said(given):
            self.faults.append(f"a drawing without words: {given}")
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._levels.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and not self._captioned.pop():
            self.faults.append("a table without a caption")

    def _judge(self) -> None:
        html = next((given for tag, given in self._tags if tag == "html"), {})
        if not html.get("lang"):
            self.faults.append("the page does not say its language")
        if self._levels.count(1) != 1 or self._levels[0] != 1:
            self.faults.append(f"not one first heading: {self._levels}")
        self.faults += [
            f"a heading of level {after} follows one of level {before}"
            for before, after in pairwise(self._levels)
            if after > before + 1
        ]
        mains = [given for tag, given in self._tags if tag == "main"]
        if len(mains) != 1:
            self.faults.append(f"{len(mains)} main parts")
        self._judge_links()

    def _judge_links(self) -> None:
        links = [given.get("href", "") for tag, given in self._tags if tag == "a"]
        mains = {f"#{given.get('id')}" for tag, given in self._tags if tag == "main"}
        before = next((n for n, (tag, _) in enumerate(self._tags) if tag == "nav"), None)
        if before is not None and (not links or links[0] not in mains):
            self.faults.append("no way past what stands before the main part")
        for tag, given in self._tags:
            if tag == "nav" and not {"aria-label", "aria-labelledby"} & set(given):
                self.faults.append("a navigation without a name")
        ids = [given["id"] for _, given in self._tags if "id" in given]
        self.faults += [f"id {one} stands twice" for one in sorted(set(ids)) if ids.count(one) > 1]
        for _, given in self._tags:
            for name in ("aria-labelledby", "aria-describedby", "for"):
                named = given.get(name, "").split()
                self.faults += [f"{name} names no part: {one}" for one in named if one not in ids]


def _is_said(given: dict[str, str]) -> bool:
    """Return whether a drawing has words, or is said to be mere decoration."""
    named = given.get("role") == "img" and bool(given.get("aria-label", "").strip())
    return named or given.get("aria-hidden") == "true"
