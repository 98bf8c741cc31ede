"""The page as it is written: what stands on it, and that no text breaks out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.portal_world import World, alert, goal, make_world, metric, results_of
from workbench.data.sources.secrets import remember_secret
from workbench.errors import PublishError
from workbench.suite.portal import write_portal

HEAVY = ("great_tables", "matplotlib", "nbconvert", "papermill", "scipy", "seaborn", "sklearn")
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "\u202egnp.exe \x1b[31m \u2066",
    "<!-- --> ]]> &amp; &#60;b&#62;",
]


class Outline(HTMLParser):
    """What a page is built of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str, name: str) -> list[str]:
        return [value for t, n, value in self.attributes if (t, n) == (tag, name)]


def write(world: World, problems: dict[str, str] | None = None) -> str:
    path = write_portal(world.workspace, world.params, world.reports, world.rows, problems)
    return path.read_text(encoding="utf-8")


def words_of(html: str) -> str:
    body = html[html.index("<body>") : html.index("<script>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    conditions = {
        (0, 1): ("stale", ("orders changed: +1,204 rows", "as_of 2025-05-31 -> 2025-06-30")),
        (1, 2): ("failed", ("ValueError in cell 3: no column",)),
        (2, 1): ("not_applicable", ("The unit has no orders.",)),
    }
    return make_world(tmp_path_factory.mktemp("world"), conditions=conditions)  # type: ignore[arg-type]


def test_the_first_screen_has_the_answer(world: World) -> None:
    page = words_of(write(world, {"unit_002": "The file is missing."}))
    assert "Reports ready to read 10 of 11 1 out of date 1 failed" in page
    assert "Open alerts 2 1 critical 1 warning" in page
    assert "Goals on track 2 of 4 2 off track" in page
    assert "Plans that are due 2" in page
    heads = ["Needs attention", "What is asked of each department", "How each report"]
    heads += ["Business units", "Data quality by department Rows"]
    assert [page.index(head) for head in heads] == sorted(page.index(head) for head in heads)
    assert "Not published Unit 002 Outfitters : The file is missing." in page
    assert "orders changed: +1,204 rows" in page
    assert "as_of" not in page


def test_what_is_held_back_leads_to_its_last_good_version(tmp_path: Path) -> None:
    why = "3 rows passed every check; the gate asks for at least 10."
    conditions = {(0, n): ("stopped", (why,)) for n in (1, 2)}
    world = make_world(tmp_path, units=2, conditions=conditions)  # type: ignore[arg-type]
    html = write(world)
    page = words_of(html)
    assert "Reports ready to read 6 of 8 2 held back" in page
    assert "Held back Unit 000 Outfitters, 2 reports : 3 rows passed every check;" in page
    assert page.count(why) == 1  # said on top, not in every cell
    good = [href for href in Outline(html).all("a", "href") if "2025-05-31" in href]
    assert len([href for href in good if href.endswith("/segmentation.html")]) >= 2
    told = json.loads((tmp_path / "reports/mini/portal.json").read_text())
    assert (told["stopped"], told["failed"]) == (2, 0)
    assert told["states"]["unit_000"]["reports"]["segmentation"]["state"] == "stopped"
    index = words_of((tmp_path / "reports/index.html").read_text().replace("</body>", "<script>"))
    assert "6 of 8 2 held back" in index


def test_numbers_stand_with_interval_change_course_and_goal(world: World) -> None:
    html = write(world)
    row = words_of(
        f"<body>{next(r for r in html.split('<tr') if 'Repeat rate in retention' in r)}<script>"
    )
    assert "43.0% 95% interval 41.0% to 45.0%" in row
    assert "within noise" in row
    assert "Goal 35% by 31 Dec 2025: off track" in row
    assert "Repeat rate in retention over 6 editions: from " in html
    assert html.count('class="wp-spark"') == 3 * 12 - 3 - 3


def test_a_page_on_what_changed_is_linked_where_the_edition_vouches_for_it(tmp_path: Path) -> None:
    world = make_world(tmp_path, units=2, editions_of=lambda n: 1 + n)
    links = [h for h in Outline(write(world)).all("a", "href") if h.endswith("changes.html")]
    assert len(links) == 3  # in the table, in the unit, in its list of editions
    assert all(link.startswith("unit_001/2025-06-30-") for link in links)


def test_a_first_edition_has_no_course(tmp_path: Path) -> None:
    html = write(make_world(tmp_path, editions=1))
    assert '<svg class="wp-spark' not in html
    assert "Over time" not in html


def test_a_unit_without_an_edition_is_told(tmp_path: Path) -> None:
    page = words_of(write(make_world(tmp_path, units=2, editions_of=lambda n: 2 * n)))
    assert (
        "No new data 1 unit without an edition as of 30 Jun 2025: Unit 000 Outfitters (no" in page
    )
    assert "Not run yet" in page


def test_a_suite_whose_units_are_not_known_yet_has_a_page(tmp_path: Path) -> None:
    page = words_of(write(make_world(tmp_path, units=0)))
    assert "0 units" in page
    assert "urgent" not in page


def test_nothing_urgent_is_said_plainly(tmp_path: Path) -> None:
    page = words_of(write(make_world(tmp_path, units=1)))
    assert "Nothing is urgent. No report failed" in page
    assert "Needs attention" not in page


def test_every_link_leads_somewhere(world: World) -> None:
    read = Outline(write(world))
    ids = read.all("section", "id") + [v for _, n, v in read.attributes if n == "id"]
    home = world.workspace.reports / "mini"
    for href in read.all("a", "href"):
        place, _, anchor = href.partition("#")
        assert (home / place).is_file() if place else anchor in ids, href


def test_the_structure_can_be_walked_by_ear(world: World) -> None:
    html = write(world)
    read = Outline(html)
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {"header", "nav", "main", "footer"} <= set(read.tags)
    assert read.tags.count("table") == read.tags.count("caption")
    assert read.tags.count("th") == len(read.all("th", "scope"))
    assert read.all("html", "lang") == ["en"]
    for _, name, value in read.attributes:
        if name in {"aria-labelledby", "aria-describedby", "for"}:
            assert value in ids
    assert len(read.all("svg", "aria-label")) == html.count('class="wp-spark"')


def test_the_policy_allows_one_style_and_one_script(world: World) -> None:
    html = write(world)
    rule = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert rule is not None
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert unescape(rule[1]) == (
        f"default-src 'none'; script-src 'sha256-{digest(script)}'; "
        "require-trusted-types-for 'script'; trusted-types 'none'; "
        f"style-src 'sha256-{digest(style)}'; "
        "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    read = Outline(html)
    assert not [name for _, name, _ in read.attributes if name.startswith("on") or name == "style"]
    assert not {"link", "iframe", "object", "embed", "base", "form", "img"} & set(read.tags)
    assert "url(" not in html
    assert "innerHTML" not in html


def hostile(text: str) -> Callable[[int, str, int, int], dict[str, Any]]:
    """Return results in which every text is what is given."""

    def results(unit: int, report: str, age: int, which: int) -> dict[str, Any]:
        told = results_of(unit, report, age, which)
        for one in told["findings"]:
            one |= {"text": text, "decision": text}
        told["metrics"] = [
            metric("m", 0.3 + age / 100, label=text, display=text, ci_display=text),
            metric("none", None, label=text, reason=text),
        ]
        told["alerts"] = [
            alert(
                report,
                "m",
                severity=severity,
                label=text,
                rule=text,
                condition=text,
                words=text,
                why=text,
                owner=text,
                display=text,
            )
            for severity in ("critical", "warning")
        ]
        told["goals"] = [
            goal(report, name, label=text, words=text, brief=text, owner=text, display=text)
            for name in ("m", "elsewhere")
        ]
        told["plans"] = []
        return told

    return results


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_out(text: str, tmp_path: Path) -> None:
    pages = []
    for folder, words in (("calm", "Loyal"), ("wild", text)):
        world = make_world(
            tmp_path / folder,
            text=lambda _, words=words: words,
            results=hostile(words),
            conditions={(0, 0): ("stale", (words,)), (1, 1): ("failed", (words,))},
        )
        pages.append(Outline(write(world, {"unit_002": words})))
    calm, wild = pages
    assert wild.tags == calm.tags
    assert [(t, n) for t, n, _ in wild.attributes] == [(t, n) for t, n, _ in calm.attributes]
    assert all(re.match(r"#|\.\./|unit_\d{3}/", href) for href in wild.all("a", "href"))
    shown = re.sub("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", "\ufffd", text)
    assert sum(shown in part for part in wild.text) > 50


def test_the_same_editions_give_the_same_bytes_elsewhere(world: World, tmp_path: Path) -> None:
    one = make_world(tmp_path / "one", units=2)
    other = make_world(tmp_path / "other" / "place", units=2)
    assert write(one) == write(other)
    for name in ("portal.json", "../index.html"):
        homes = [found.workspace.reports / "mini" / name for found in (one, other)]
        assert homes[0].read_bytes() == homes[1].read_bytes()


def test_machines_read_how_it_stands(world: World) -> None:
    write(world, {"unit_001": "It broke."})
    told = json.loads((world.workspace.reports / "mini" / "portal.json").read_text())
    assert (told["units"], told["good"], told["stale"], told["failed"]) == (3, 10, 1, 1)
    assert told["alerts"] == {"critical": 1, "warning": 1}
    assert told["goals"] == {"off_track": 2, "on_track": 2}
    assert [report["name"] for report in told["reports"]] == list(world.reports)
    unit = told["states"]["unit_001"]
    assert unit["problem"] == "It broke."
    assert unit["reports"]["experiments"]["state"] == "failed"
    page = unit["reports"]["triage"]["page"]
    assert (world.workspace.reports / "mini" / page).is_file()
    assert sum(one["alerts"]["critical"] for one in told["states"].values()) == 1


def test_what_is_stale_or_failed_is_told_without_a_secret(tmp_path: Path) -> None:
    remember_secret("Redpoll-1234")
    reasons = ("parameter dsn: a -> Redpoll-1234",)
    world = make_world(tmp_path, units=2, conditions={(0, 1): ("stale", reasons)})
    assert "parameter dsn: a -&gt; ***" in write(world, {"unit_001": "It said Redpoll-1234."})
    world = make_world(tmp_path / "other", units=1, text=lambda _: "Redpoll-1234")
    with pytest.raises(PublishError, match=r"a secret of a source stands in .*portal\.json"):
        write(world)
    assert not list((tmp_path / "other").rglob("index.html"))


def test_the_page_of_all_suites_survives_what_other_suites_left(world: World) -> None:
    reports = world.workspace.reports
    for name, left in (
        ("broken", "{"),
        (
            "old",
            '{"name": "old", "title": "Old <b>", "as_of": '
            '"2024-01-31", "units": 1, "good": 1, "stale": 0, "failed": 0, "applicable": 1}',
        ),
    ):
        (reports / name).mkdir(exist_ok=True)
        (reports / name / "portal.json").write_text(left)
    write(world)
    index = (reports / "index.html").read_text(encoding="utf-8")
    assert "Old &lt;b&gt;" in index
    assert 'href="mini/index.html"' in index
    assert "1 critical" in index
    assert "<script" not in index


def test_many_units_stay_readable(tmp_path: Path) -> None:
    html = write(make_world(tmp_path, units=40, editions=4))
    assert len(html) < 40 * 20_000
    assert html.count('<details class="wp-unit"') == 40
    assert " open>" not in html
    page = words_of(html)
    assert "13 units : “Repeat rate” is below 30%." in page
    assert "1 older edition in the folder" in page


def test_nothing_heavy_is_imported() -> None:
    probe = "import sys, json, workbench.suite.portal; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], check=True, capture_output=True, text=True, timeout=60
    )
    assert set(HEAVY) & set(json.loads(done.stdout)) == set()
