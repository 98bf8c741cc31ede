"""The page: its parts, its links, and that no text from data can break out of its place."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from workbench.suite.compare import changes_page, compare
from workbench.suite.compare.plain import plain_tables
from workbench.suite.render.policy import style_hash

from .conftest import action, edition, finding, metric, parts, whole
from .test_whole import pair

HOSTILE = (
    "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"
    "[a](javascript:alert(1)) {{ 7*7 }} {% raw %} ${env:HOME} --- =1+1 \u202egnp.exe\u200b\x00"
)
VOID = {"meta", "br", "img", "link", "input", "hr", "rect"}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.style = ""
        self.feed(html.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.text += " " + " ".join(data.split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


def hostile(text: str) -> Page:
    """Return a page with one text wherever a text from data can stand."""
    results = [
        {
            "good": {
                "metrics": [
                    metric("n", size, label=text, unit=text, ci_display=text),
                    metric("gone" if size else "new", 1, label=text),
                    metric("none", size or None, label=text, reason=text),
                ],
                "findings": [
                    finding("f", f"{text} {word}", decision=f"{text} {word}"),
                    finding(f"id{size}", text, "warning", text),
                    finding("u", f"{text} {size}"),
                ],
                "breakdowns": [whole({text: size, f"{text} {size}": 1}, label=text, part=text)],
                "actions": [{**action("a", size, 5.0), "label": text, "unit": text}],
            }
        }
        for size, word in ((0, "better"), (3, "worse"))
    ]
    rows = {text: {text: {"department": text, "received": 1, "accepted": 1, "quarantined": 0}}}
    old = edition("2025-05-31", results=results[0], states={"bad": "ok"}, title=text)
    key = parts("2025-06-30", parameters={text: text}, data={text: {"rows": 1, "digest": "x"}})
    new = edition(results=results[1], states={"bad": "failed"}, key=key, rows=rows, title=text)
    for told in (old, new):
        told.manifest["owner"] = text  # type: ignore[index]
        for report in told.manifest["reports"].values():
            report["title"] = text
            if report["state"] == "failed":
                report["reason"] = text
    return Page(changes_page(compare(old, new), portal_href="../../index.html", old_href="../o/"))


def test_no_text_from_data_makes_an_element_or_an_attribute() -> None:
    calm, wild = hostile("Loyal"), hostile(HOSTILE)
    assert [tag for tag, _ in wild.tags] == [tag for tag, _ in calm.tags]
    assert [sorted(attrs) for _, attrs in wild.tags] == [sorted(attrs) for _, attrs in calm.tags]
    assert not wild.open
    names = {name for _, attrs in wild.tags for name in attrs}
    assert not any(name.startswith("on") or name in {"style", "src"} for name in names)
    assert not wild.all("script")
    assert "alert(1)" in wild.text  # it is there, as text
    assert not re.search("[\u202e\u200b\x00]", wild.text)
    assert {attrs["href"].partition(":")[0] for attrs in wild.all("a")} == {
        attrs["href"].partition(":")[0] for attrs in calm.all("a")
    }


def test_the_policy_allows_its_one_style_and_nothing_else() -> None:
    page = hostile(HOSTILE)
    (policy,) = [one["content"] for one in page.all("meta") if "http-equiv" in one]
    assert policy.startswith("default-src 'none'; ")
    assert style_hash(page.style) in policy
    assert "unsafe" not in policy


def test_tables_say_what_they_are_and_ids_stand_once() -> None:
    page = Page(changes_page(compare(*pair())))
    tables = page.all("table")
    assert len(page.all("caption")) == len(tables) >= 6
    assert all(one.get("scope") in {"col", "row"} for one in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(set(ids)) == len(ids)
    for _, attrs in page.tags:
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids
    inner = [one["href"][1:] for one in page.all("a") if one["href"].startswith("#")]
    assert set(inner) <= set(ids)
    assert page.all("html") == [{"lang": "en"}]


def test_it_says_the_answer_then_the_numbers_then_why() -> None:
    text = Page(changes_page(compare(*pair()))).text
    places = [
        text.index(words)
        for words in (
            "1 of 5 numbers moved by more than noise",
            "Which numbers moved?",
            "More than noise, better",
            "What do the reports say",
            "Says the opposite",
            "what grew?",
            "Whom to act on?",
            "Why did it change?",
            "What “noise” means",
        )
    ]
    assert places == sorted(places)


def test_links_lead_to_pages_that_are_there() -> None:
    found = compare(*pair())
    links = {one["href"] for one in Page(changes_page(found, old_href="../old/")).all("a")}
    assert {"good.html", "good.html#metric-rate", "fails.html", "../old/fails.html"} <= links
    elsewhere = {one["href"] for one in Page(changes_page(found, new_href="x/y/")).all("a")}
    assert "x/y/good.html" in elsewhere
    none = {one["href"] for one in Page(changes_page(found, new_href=None)).all("a")}
    assert none == {"#wb-main", "#noise"}
    gone = compare(edition(results={"a": {}}), edition(results={}, states={"a": "not_applicable"}))
    assert "a.html" not in {one["href"] for one in Page(changes_page(gone)).all("a")}


def test_a_report_s_name_is_a_file_s_name_in_a_link() -> None:
    told = edition(results={"a b?#c": {"metrics": [metric("n", 1)]}})
    links = {one["href"] for one in Page(changes_page(compare(told, told))).all("a")}
    assert "a%20b%3F%23c.html" in links


def test_the_first_edition_says_that_it_is_the_first() -> None:
    page = Page(changes_page(compare(None, pair()[1])))
    assert "This is the first edition of Atlas Outfitters" in page.text
    assert not page.all("table")


def test_the_same_reason_is_given_once_in_a_row() -> None:
    old, new = (
        edition(day, results={"r": {"metrics": [metric("a", n), metric("b", n)]}}, key=parts(day))
        for n, day in ((1, "2025-05-31"), (2, "2025-06-30"))
    )
    text = Page(changes_page(compare(old, new))).text
    assert text.count("Cannot be said yet") == 2
    assert text.count("6 are needed.") == 1


@pytest.mark.parametrize(
    ("sizes", "bars"),
    [
        (({"a": 50, "b": 50}, {"a": 75, "b": 25}), [("50.0", "50.0"), ("0.0", "50.0")]),
        (({"a": 500, "b": 500}, {"a": 502, "b": 498}), [("50.0", "10.0"), ("40.0", "10.0")]),
    ],
)
def test_bars_show_what_was_gained_and_lost(
    sizes: tuple[dict[str, float | None], ...], bars: list[tuple[str, str]]
) -> None:
    old, new = (edition(results={"r": {"breakdowns": [whole(one)]}}) for one in sizes)
    rects = Page(changes_page(compare(old, new))).all("rect")
    drawn = [one for one in rects if one["class"] != "wc-middle"]
    assert [(one["x"], one["width"]) for one in drawn] == bars
    assert [one["class"] for one in drawn] == ["wc-gain", "wc-loss"]


def test_a_terminal_gets_one_harmless_line_in_each_cell() -> None:
    told = edition(results={"r": {"metrics": [metric("n", 1, label="a\nb\x1b[31m\u202e")]}})
    new = edition(
        "2025-07-31",
        results={"r": {"metrics": [metric("n", 2, label="a\nb\x1b[31m\u202e")]}},
        key=parts("2025-07-31"),
    )
    (table,) = plain_tables(compare(told, new))
    assert table.rows == (
        ("a b\ufffd[31m\ufffd", "r", "1", "2", "+1 +100.0%", "Cannot be said yet"),
    )
    assert table.weights == ("plain",)
