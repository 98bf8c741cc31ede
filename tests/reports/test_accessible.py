"""Everyone can read the demo suite: each page, on a wide and on a narrow screen, by axe-core.

axe-core is the one part from npm: ``npm ci --ignore-scripts --prefix tests/support/axe``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.suite.compare.test_whole import pair

from support.accessibility import AXE, Markup, ask_axe
from support.browser import Browser, find_browser, open_browser
from support.portal_world import make_world
from workbench.suite.compare import changes_page, compare
from workbench.suite.portal import write_portal

from .conftest import Demo

SCREENS = ((1280, 900), (390, 844))
PHONE = SCREENS[1][0]
NARROW = 320  # CSS pixels: what WCAG asks to be read without scrolling sideways
# axe-core cannot judge these alone. On a phone, what a scrolling table hides has no background to
# measure; the colours are those of the wide screen, where each was measured. And a header of a
# group of rows stands in a row of its own, so that its row holds no other cell.
UNSURE = {"th-has-data-cells"}
GOOD = """<!doctype html><html lang="en"><head><title>Good</title></head><body><main>
<h1>Good</h1><p>Text.</p>{}</main></body></html>"""
BAD = {
    "image-alt": '<img src="data:,">',
    "color-contrast": '<p style="color: #aaa; background: #fff">Pale words.</p>',
    "heading-order": "<h4>Too deep</h4>",
    "target-size": '<p><a href="#a" style="font-size: 8px">a</a><br>'
    '<a href="#b" style="font-size: 8px">b</a></p>',
    "link-name": '<details><summary>More</summary><a href="#x"></a></details>',
}
MARKUP = (
    ("<table><tr><th scope='col'>A</th></tr></table>", "without a caption"),
    ("<table><caption>C</caption><tr><th>A</th></tr></table>", "not of what"),
    ("<img src='data:,' alt=' '>", "picture without words"),
    ("<svg role='img'></svg>", "drawing without words"),
    ("<h1>Again</h1>", "not one first heading"),
    ("<h3>Deep</h3>", "level 3 follows one of level 1"),
    ("<main></main>", "2 main parts"),
    ("<nav aria-label='All'></nav>", "no way past"),
    ("<nav></nav>", "without a name"),
    ("<p id='a'></p><p id='a'></p>", "stands twice"),
    ("<p aria-labelledby='b'></p>", "names no part"),
)


def pages_of(demo: Demo) -> list[Path]:
    """Return every page of a run: all suites, portal, reports, what changed, contacts."""
    found = sorted(demo.workspace.reports.rglob("*.html"))
    wanted = {"index.html", "triage.html", "changes.html", "contacts.html"}
    assert wanted <= {path.name for path in found}
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find_browser() is None:
        pytest.skip("there is no Chromium on this machine")
    if not AXE.is_file():
        pytest.skip("axe-core is not here: npm ci --ignore-scripts --prefix tests/support/axe")
    with open_browser() as found:
        yield found


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a portal and a page on what changed with all that they can tell."""
    root = tmp_path_factory.mktemp("told")
    conditions = {
        (0, 1): ("stale", ("orders changed: +1,204 rows",)),
        (1, 2): ("failed", ("no column",)),
        (1, 3): ("stopped", ("3 rows passed every check; the gate asks for at least 10.",)),
        (2, 1): ("not_applicable", ("The unit has no orders.",)),
    }
    world = make_world(root, units=3, conditions=conditions)  # type: ignore[arg-type]
    problems = {"unit_002": "The file is missing."}
    portal = write_portal(world.workspace, world.params, world.reports, world.rows, problems)
    changes = root / "changes.html"
    changes.write_bytes(changes_page(compare(*pair())))
    return [portal, changes]


def check(browser: Browser, paths: list[Path]) -> None:
    """Fail with every violation of every page, each with its element."""
    found = []
    for path in paths:
        page = browser.open(path)
        for width, height in SCREENS:
            page.resize(width, height)
            answer = ask_axe(page)
            assert len(answer.passed) > 25, "it looked at the page"
            allowed = UNSURE | ({"color-contrast"} if width == PHONE else set())
            unsure = [one for one in answer.unsure if one[0] not in allowed]
            found += [(path.name, width, *one) for one in (*answer.violations, *unsure)]
        page.resize(NARROW, SCREENS[1][1])
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [(path.name, NARROW, f"it is {wide} pixels wide")] if wide > NARROW else []
        page.close()
    assert not found, "\n".join(" | ".join(map(str, one)) for one in found)


def test_every_page_of_the_embedded_renderer(browser: Browser, demo: Demo) -> None:
    check(browser, pages_of(demo))


def test_every_page_of_quarto(browser: Browser, by_quarto: Demo) -> None:
    check(browser, pages_of(by_quarto))


def test_pages_that_have_much_to_tell(browser: Browser, told: list[Path]) -> None:
    check(browser, told)


@pytest.mark.parametrize("rule", BAD)
def test_axe_finds_what_is_wrong(browser: Browser, tmp_path: Path, rule: str) -> None:
    """A page without a fault passes; the same page with one does not, a policy or not."""
    policy = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; """
    policy += """style-src 'unsafe-inline'; img-src data:">"""
    path = tmp_path / "page.html"
    for part, wrong in (("", set()), (BAD[rule], {rule})):
        path.write_text(GOOD.format(part).replace("<head>", f"<head>{policy}"), encoding="utf-8")
        page = browser.open(path)
        assert {one[0] for one in ask_axe(page).violations} == wrong
        page.close()


def test_markup_of_every_page(demo: Demo, told: list[Path]) -> None:
    for path in (*pages_of(demo), *told):
        assert Markup(path.read_text(encoding="utf-8")).faults == [], path.name


def test_markup_of_every_page_of_quarto(by_quarto: Demo) -> None:
    for path in pages_of(by_quarto):
        assert Markup(path.read_text(encoding="utf-8")).faults == [], path.name


@pytest.mark.parametrize(("part", "fault"), MARKUP)
def test_markup_finds_what_is_wrong(part: str, fault: str) -> None:
    assert Markup(GOOD.format("")).faults == []
    assert fault in " ".join(Markup(GOOD.format(part)).faults)
    assert Markup(GOOD.format("").replace(' lang="en"', "")).faults


def test_axe_is_pinned_by_its_content() -> None:
    lock = json.loads((AXE.parents[2] / "package-lock.json").read_text(encoding="utf-8"))
    parts = {name: part for name, part in lock["packages"].items() if name}
    assert set(parts) == {"node_modules/axe-core"}
    for part in parts.values():
        assert part["integrity"].startswith("sha512-")
        assert "resolved" not in part, "the lock names no host"
