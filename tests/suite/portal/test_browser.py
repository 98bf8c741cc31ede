"""The page in a real browser: search, keyboard, phone, paper, and that nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.browser import Browser, Page
from support.portal_world import make_world
from workbench.suite.portal import write_portal

from .test_pages import hostile

RAN = "document.documentElement.dataset.ran = 1"
ATTACK = (
    f"</script><script>{RAN}</script><img src=x onerror='{RAN}'>"
    f"\" onfocus=\"{RAN}\" autofocus x=\"<svg onload='{RAN}'><style>@import 'http://x.example'"
)
SHOWN = """[...document.querySelectorAll('[data-find="%s"]')]
    .filter((one) => one.checkVisibility({visibilityProperty: true}))
    .map((one) => one.textContent)"""
FOUND = "document.getElementById('found').textContent"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    world = make_world(root, units=5, conditions={(1, 2): ("failed", ("no column",))})
    return write_portal(world.workspace, world.params, world.reports, world.rows)


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    found = browser.open(path)
    yield found
    found.close()


def shown(page: Page, kind: str) -> list[str]:
    found: list[str] = page.evaluate(SHOWN % kind)
    return [" ".join(text.split()) for text in found]


def search(page: Page, text: str) -> str:
    page.evaluate("document.getElementById('find').select()")
    page.evaluate("document.getElementById('found').textContent = ''")
    page.write(text)
    page.wait_for(FOUND)
    said: str = page.evaluate(FOUND)
    return said


def test_the_browser_tells_what_it_must(browser: Browser, tmp_path: Path) -> None:
    """The tool is one like any other: show that it sees a fetch, a refusal and an error."""
    (tmp_path / "bad.html").write_text(
        '<meta http-equiv="Content-Security-Policy" content="script-src \'unsafe-inline\'; '
        'img-src file:; style-src \'none\'"><img src="x.png"><style>b {}</style>'
        "<script>no.such</script>"
    )
    page = browser.open(tmp_path / "bad.html")
    assert [url.rpartition("/")[2] for url in page.requests] == ["x.png"]
    complaints = " ".join(page.complaints)
    assert "ReferenceError" in complaints
    assert "style-src" in complaints


def test_opening_the_page_asks_nobody_and_nothing_is_refused(page: Page) -> None:
    assert page.requests == []
    assert page.complaints == []
    assert page.evaluate("document.getElementById('search').checkVisibility()")


def test_the_keyboard_finds_and_clears(page: Page) -> None:
    page.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    assert page.evaluate("document.activeElement.value") == ""
    page.write("unit 003")
    page.wait_for(FOUND)
    assert page.evaluate("document.querySelectorAll('[data-off]').length") > 20
    page.press("/")
    assert page.evaluate("document.activeElement.value") == "unit 003/"
    page.press("Escape")
    assert page.evaluate("document.activeElement.value") == ""
    assert page.evaluate("document.querySelectorAll('[data-off]').length") == 0
    assert page.evaluate(FOUND) == ""
    page.press("Escape")
    assert page.evaluate("document.activeElement.id") != "find"


def test_a_unit_is_found_with_all_that_is_its_own(page: Page) -> None:
    said = search(page, "Unit 003")
    assert "1 unit, 4 reports, 12 numbers" in said
    assert shown(page, "unit") == ["Unit 003 Outfitters"]
    assert len(shown(page, "number")) == 12  # its fold is open
    assert page.evaluate("document.getElementById('unit-unit_003').open")
    assert not page.evaluate("document.getElementById('unit-unit_002').checkVisibility()")


def test_words_may_come_from_the_heading_and_from_the_thing_itself(page: Page) -> None:
    assert "5 numbers" in search(page, "repeat RETENTION")
    assert all("Repeat rate in retention" in text for text in shown(page, "number"))
    assert "1 number" in search(page, "repeat retention 003")


def test_a_state_is_found_and_the_other_cells_step_back(page: Page) -> None:
    assert "Found 1 report" in search(page, "failed experiments")
    assert len(shown(page, "report")) == 1
    assert shown(page, "report")[0].startswith("Failed")
    assert (
        page.evaluate("document.querySelectorAll('tbody tr[data-group]:not([data-off])').length")
        == 1
    )


def test_accents_and_departments(page: Page) -> None:
    assert "1 department" in search(page, "Wéb shop")
    assert shown(page, "department")[-1].startswith("Web shop")


def test_nothing_found_is_said_and_stays_words(page: Page) -> None:
    said = search(page, "<img src=x onerror=alert(1)>")
    assert said == "Nothing found for “<img src=x onerror=alert(1)>”"
    assert page.evaluate("document.querySelectorAll('main section:not([data-off]) h2').length") == 0
    assert page.evaluate("document.getElementById('found').getAttribute('role')") == "status"
    assert page.complaints == []


def test_folds_are_as_before_once_the_search_is_over(page: Page) -> None:
    state = "[...document.querySelectorAll('details')].map((one) => one.open)"
    page.evaluate("document.getElementById('unit-unit_001').open = true")
    before = page.evaluate(state)
    search(page, "retention")
    assert page.evaluate(state) != before
    page.press("Escape")
    assert page.evaluate(state) == before


def test_a_link_to_a_unit_opens_it(page: Page) -> None:
    page.evaluate("document.querySelector('.wp-grid a[href=\"#unit-unit_004\"]').click()")
    page.wait_for("document.getElementById('unit-unit_004').open")
    assert (
        page.evaluate("document.getElementById('unit-unit_004').getBoundingClientRect().top") < 300
    )


def test_all_units_open_with_one_button(page: Page) -> None:
    click = (
        "(document.getElementById('unfold').click(),"
        " document.querySelectorAll('.wp-unit[open]').length)"
    )
    assert page.evaluate(click) == 5
    page.wait_for("document.getElementById('unfold').textContent === 'Close all'")
    assert page.evaluate(click) == 0


def test_without_script_all_is_there_and_the_box_is_not(browser: Browser, path: Path) -> None:
    page = browser.open(path, script=False)
    document = page.call("DOM.getDocument")["root"]["nodeId"]

    def is_drawn(selector: str) -> bool:
        node = page.call("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        styles = page.call("CSS.getComputedStyleForNode", nodeId=node)["computedStyle"]
        return {one["name"]: one["value"] for one in styles}["display"] != "none"

    page.call("DOM.enable")
    page.call("CSS.enable")
    assert not is_drawn("#search")
    assert not is_drawn("#unfold")
    assert is_drawn(".wp-unit")
    assert is_drawn(".wp-panel")


def test_a_phone_needs_no_sideways_scrolling(browser: Browser, path: Path) -> None:
    page = browser.open(path, width=390, height=844)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    beyond = page.evaluate(
        "[...document.querySelectorAll('main *')].filter((one) => !one.closest('.wb-scroll, thead,"
        " .wb-hidden') && one.getBoundingClientRect().right > 391).map((one) => one.outerHTML)"
    )
    assert beyond == []


@pytest.mark.parametrize("width", [640, 768, 1024])
def test_no_width_needs_sideways_scrolling(browser: Browser, path: Path, width: int) -> None:
    page = browser.open(path, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_shows_what_is_folded_and_no_search(page: Page) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    assert not page.evaluate("document.querySelector('.wp-bar').checkVisibility()")
    number = "document.querySelector('#unit-unit_003 [data-find=number]')"
    assert not page.evaluate("document.getElementById('unit-unit_003').open")
    assert page.evaluate(f"{number}.checkVisibility({{contentVisibilityAuto: true}})")
    assert page.evaluate(f"{number}.getBoundingClientRect().height") > 10
    assert page.print().startswith(b"%PDF")


def test_focus_can_be_seen(page: Page) -> None:
    for _ in range(6):
        page.press("Tab")
        outline = page.evaluate(
            "(() => { const on = document.activeElement; const style = getComputedStyle(on);"
            " return style.outlineStyle !== 'none' || getComputedStyle(on, '::after').outlineStyle"
            " !== 'none'; })()"
        )
        assert outline, page.evaluate("document.activeElement.outerHTML")


def contrast(page: Page) -> list[Any]:
    """Return each text whose contrast with what is behind it is below WCAG's AA."""
    return page.evaluate(  # type: ignore[no-any-return]
        """(() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (one) => {
    for (let up = one; up; up = up.parentElement) {
      const colour = rgb(getComputedStyle(up).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !one.checkVisibility() || one.closest("script, svg")) continue;
    const style = getComputedStyle(one);
    const pair = [light(rgb(style.color)), light(behind(one))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) bad.push([one.className, one.textContent.slice(0, 40), ratio]);
  }
  return bad;
})()"""
    )


def test_every_text_can_be_read(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert contrast(page) == []


def test_no_script_from_data_runs(browser: Browser, tmp_path: Path) -> None:
    world = make_world(
        tmp_path,
        text=lambda _: ATTACK,
        results=hostile(ATTACK),
        conditions={(0, 0): ("stale", (ATTACK,)), (1, 1): ("failed", (ATTACK,))},
    )
    path = write_portal(
        world.workspace, world.params, world.reports, world.rows, {"unit_002": ATTACK}
    )
    page = browser.open(path)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    said = search(page, "script>document")
    assert said.startswith("Found 3 units")
    search(page, ATTACK)
    page.press("Escape")
    assert page.evaluate("document.documentElement.dataset.ran ?? ''") == ""
    assert page.evaluate("document.scripts.length") == 1
    assert page.evaluate("document.images.length") == 0
    assert page.requests == []
    assert page.complaints == []
    assert browser.open(path.parent.parent / "index.html").complaints == []
