"""Whatever the data hold, a page stays what it is: the hostile project beside its tame twin.

Each suite is run whole, by each renderer, and every page that comes of it is opened in a real
browser. What differs between the twins beyond their words, an attack has changed.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import mistune
import pytest

from support.browser import Browser, find_browser, open_browser
from support.hostile import (
    ATTACKS,
    CANARY,
    LATER,
    LOUD,
    SECRET,
    SECRET_VARIABLE,
    SUITE,
    UNIT,
    Project,
    build,
)
from workbench.report.text import clean
from workbench.suite.bundle import write_bundle
from workbench.suite.editions import Edition
from workbench.suite.render.quarto import find_quarto
from workbench.suite.run import Choice, run

pytestmark = pytest.mark.usefixtures("quick")

PHONE = 390  # CSS pixels
VALUE = "what-only-the-environment-knows"  # of the variable that a shortcode would print

# A line end within a text becomes this element: attacks hold some, plain letters none.
MAY_DIFFER = "br"
# What may hold a text of the data, a digest or the name of an edition; each has a test of its own.
OF_THE_DATA = {"id", "href", "src", "alt", "title", "aria-label", "data-in"}
WORDS = {"alt", "title", "aria-label", "data-in"}  # of these, what is read or searched
# What is not the same words in other letters: a setting as Python writes it, cut at a length; and
# the shape of a value (`A` and `a` for letters, `9` for digits).
OTHER_WORDS = re.compile(r"parameterrules|\A([^b-zB-Z0-8]|\(\d+%\))*\Z")
WRITTEN = r"""\ufffd|\\[ntr]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|[\\'"]|\[31m|\s"""  # as Python writes it
EXACT = re.compile(WRITTEN)
NOISE = re.compile(f"{WRITTEN}|`")  # a rule's title is shown without marks of code
DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")

ACTING = {
    "applet", "audio", "base", "button", "embed", "form", "frame", "frameset", "iframe", "link",
    "math", "object", "portal", "select", "source", "template", "textarea", "track", "video",
}  # fmt: skip
OF_THE_PORTAL = {"button", "input", "script"}  # its search, which is its own
DRAWN = {"svg", "g", "path", "defs", "use", "clipPath", "rect", "style", "metadata", "RDF", "Work",
    "type", "date", "format", "creator", "Agent", "title", "text", "tspan", "line", "polyline",
    "polygon", "circle"}  # fmt: skip
FORMULA = re.compile(r"[ \u00a0\u3000]*[=+\-@\t\r\n|%]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?\Z")

BEYOND = "document.documentElement.scrollWidth - window.innerWidth"  # CSS pixels, sideways
LOOK = f"""(() => {{
  document.querySelectorAll('details').forEach((one) => {{ one.open = true; }});
  const all = [...document.querySelectorAll('*:not({MAY_DIFFER})')];
  for (const one of all)
    for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load'])
      one.dispatchEvent(new Event(kind));
  const depth = (one) => {{ let n = 0; for (; one; one = one.parentElement) n += 1; return n; }};
  const says = (one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return {{
    ran: window.{CANARY} ?? null,
    title: document.title,
    beyond: {BEYOND},
    markup: document.documentElement.outerHTML,
    parts: all.map((one) => [depth(one), one.localName,
      Object.fromEntries([...one.attributes].map((a) => [a.name, a.value]))]),
    words: all.filter((one) => says(one) && !one.closest('script, style'))
      .map((one) => one.textContent),
    scripts: [...document.scripts].map((one) => one.textContent),
  }};
}})()"""


@dataclass(frozen=True)
class Ran:
    """A project whose suite was run."""

    project: Project
    edition: Edition  # the one that is served
    bundle: Path

    def pages(self) -> dict[str, Path]:
        """Return every page that there is, by a name that both twins have."""
        found = {}
        for root in (self.project.workspace.reports, self.bundle):
            for path in sorted(root.rglob("*.html")):
                parts = path.relative_to(root.parent).parts
                names = ("served" if part == self.edition.id else part for part in parts)
                found[re.sub(r"\d{4}-\d\d-\d\d-\w{16}", "earlier", "/".join(names))] = path
        return found

    def files(self, pattern: str) -> dict[str, Path]:
        """Return files of the newest edition and of the owner's folder."""
        workspace = self.project.workspace
        roots = (self.edition.folder, workspace.data / SUITE / UNIT / "actions")
        return {path.name: path for root in roots for path in sorted(root.rglob(pattern))}


@dataclass(frozen=True)
class Twins:
    """The same suite, hostile and tame."""

    wild: Ran
    tame: Ran


@dataclass(frozen=True)
class Seen:
    """A page as a browser shows it."""

    path: Path
    root: Path  # what it may lead to lies below
    requests: Sequence[str]
    complaints: Sequence[str]
    told: Mapping[str, Any]

    def values(self, *names: str) -> list[str]:
        """Return the values of some attributes, as they stand."""
        return [
            value
            for _, _, given in self.told["parts"]
            for name, value in given.items()
            if name in names
        ]


Pairs = dict[str, tuple[Seen, Seen]]


def run_suite(root: Path, notebooks: Path, renderer: str, *, hostile: bool) -> Ran:
    """Build the project and run it.

    A second edition says what changed, and has a report that failed; neither page is Quarto's.
    """
    made = build(root / "project", notebooks, hostile=hostile)
    done = run(made.workspace, SUITE, Choice(renderer=renderer, workers=2))
    assert {outcome.state for outcome in done.outcomes} == {"ok"}
    if renderer == "embedded":
        made.change()
        done = run(made.workspace, SUITE, Choice(renderer=renderer, workers=2, reports=LATER))
        assert {one.report for one in done.outcomes if one.state == "failed"} == {LOUD}
    edition = done.editions[UNIT]
    write_bundle(made.workspace, edition, root / "bundle")
    return Ran(made, edition, root / "bundle")


@pytest.fixture(scope="module", params=["embedded", "quarto"])
def twins(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Twins:
    if request.param == "quarto" and find_quarto() is None:
        pytest.skip("Quarto is not installed: put it on PATH or name it with QUARTO_PATH")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET_VARIABLE, VALUE)
        wild, tame = (
            run_suite(
                tmp_path_factory.mktemp("project"),
                project / "notebooks",
                request.param,
                hostile=hostile,
            )
            for hostile in (True, False)
        )
    return Twins(wild, tame)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if find_browser() is None:
        pytest.skip("there is no Chromium on this machine")
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def pairs(twins: Twins, browser: Browser) -> Pairs:
    """Return every page of both twins, as the browser shows it."""
    wild, tame = twins.wild.pages(), twins.tame.pages()
    assert set(wild) == set(tame)
    assert {"reports/index.html", f"reports/{SUITE}/index.html", "bundle/index.html"} <= set(wild)
    opened: dict[bytes, Seen] = {}
    return {name: (look(browser, wild[name], opened), look(browser, tame[name], opened))
            for name in wild}  # fmt: skip


def look(browser: Browser, path: Path, opened: dict[bytes, Seen]) -> Seen:
    """Open a page, do what a reader may do to it, and note all that there is.

    A page that asks for nothing is the same wherever it lies: the same bytes are opened once.
    """
    root = next(up for up in path.parents if up.name in {"reports", "bundle"})
    content = path.read_bytes()
    known = opened.get(content)
    if known is not None and not known.requests:
        return replace(known, path=path, root=root)
    page = browser.open(path)
    told = page.evaluate(LOOK)
    page.resize(PHONE, 844)
    told["beyond"] = max(told["beyond"], page.evaluate(BEYOND))
    page.close()
    opened[content] = Seen(path, root, page.requests, page.complaints, told)
    return opened[content]


def faults(pairs: Pairs, found: Any) -> dict[str, Any]:
    """Return what is wrong with which hostile page."""
    return {name: bad for name, (wild, _) in pairs.items() if (bad := found(wild))}


def test_nothing_runs_and_nobody_is_asked(pairs: Pairs) -> None:
    assert faults(pairs, lambda page: page.told["ran"]) == {}
    assert faults(pairs, lambda page: page.told["title"] == CANARY) == {}
    assert faults(pairs, lambda page: page.requests) == {}
    assert faults(pairs, lambda page: page.complaints) == {}


def test_the_structure_is_that_of_the_tame_twin(pairs: Pairs) -> None:
    def structure(page: Seen) -> list[Any]:
        return [
            (depth, tag, {name: "" if name in OF_THE_DATA else given[name] for name in given})
            for depth, tag, given in page.told["parts"]
        ]

    for name, (wild, tame) in pairs.items():
        assert structure(wild) == structure(tame), name
    tags = {tag for wild, _ in pairs.values() for _, tag, _ in wild.told["parts"]}
    assert {"main", "h1", "h2", "table", "tr", "td", "figure", "img", "details", "nav"} <= tags


def test_nothing_sticks_out_on_a_desk_or_a_phone(pairs: Pairs) -> None:
    assert faults(pairs, lambda page: page.told["beyond"] > 0) == {}


def test_every_id_stands_once_and_is_a_plain_word(pairs: Pairs) -> None:
    def bad(page: Seen) -> list[str]:
        ids = page.values("id")
        return [one for one in ids if ids.count(one) > 1 or not re.fullmatch(r"[\w.-]+", one, re.A)]

    assert faults(pairs, bad) == {}


def plain(text: str) -> str:
    """Return text without what makes the same words look different."""
    return NOISE.sub("", clean(DIGEST.sub("", text)))


def words(page: Seen) -> Counter[str]:
    said = [page.told["title"], *page.told["words"], *page.values(*WORDS)]
    return Counter(plain(text) for text in said)


def test_the_reader_reads_what_the_data_hold(twins: Twins, pairs: Pairs) -> None:
    """Put the attacks where the twin has its letters: the same words come out, all of them."""
    meant: dict[str, str] = {}
    for ours, theirs in zip(twins.tame.project.texts, twins.wild.project.texts, strict=True):
        key, text = plain(ours), plain(theirs)
        assert meant.setdefault(key, text) == text
        if ours[:1].islower():  # where a sentence begins
            meant[key[:1].upper() + key[1:]] = text[:1].upper() + text[1:]
    letters = re.compile("|".join(sorted(meant, key=len, reverse=True)))
    differ = {}
    for name, (wild, tame) in pairs.items():
        hoped: Counter[str] = Counter()
        for text, times in words(tame).items():
            hoped[letters.sub(lambda found: meant[found[0]], text)] += times
        found = words(wild)
        left = [*(found - hoped), *(hoped - found)]
        if left := sorted(text for text in left if not OTHER_WORDS.search(text)):
            differ[name] = left
    assert differ == {}


def test_no_element_can_act(pairs: Pairs) -> None:
    def bad(page: Seen) -> list[Any]:
        is_portal = page.path.name == "index.html"
        own = OF_THE_PORTAL if is_portal else set()
        found: list[Any] = []
        for _, tag, given in page.told["parts"]:
            if tag in (ACTING | OF_THE_PORTAL) - own:
                found.append(tag)
            for name, value in given.items():
                if name.startswith("on") or name in {"srcdoc", "formaction", "ping", "srcset"}:
                    found.append((tag, name))
                if name == "http-equiv" and value != "Content-Security-Policy":
                    found.append((tag, name, value))
                if name == "src" and not value.startswith("data:image/svg+xml;base64,"):
                    found.append((tag, name, value))
        return found

    assert faults(pairs, bad) == {}


def test_every_link_leads_to_what_is_there(pairs: Pairs) -> None:
    ids = {seen.path.resolve(): set(seen.values("id")) for pair in pairs.values() for seen in pair}

    def leads(page: Seen, href: str) -> bool:
        parts = urlsplit(href)
        if parts.scheme or parts.netloc or href.startswith("/"):
            return False
        target = (page.path.parent / unquote(parts.path)) if parts.path else page.path
        target = target.resolve()
        if not target.is_file() or not target.is_relative_to(page.root.resolve()):
            return False
        return not parts.fragment or unquote(parts.fragment) in ids.get(target, ())

    assert faults(pairs, lambda page: [h for h in page.values("href") if not leads(page, h)]) == {}
    assert sum(len(wild.values("href")) for wild, _ in pairs.values()) > 200


def hidden(text: str) -> set[str]:
    """Return the controls, marks of direction and other characters that cannot be seen."""
    kinds = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return {repr(sign) for sign in set(text) - {"\n", "\t"} if unicodedata.category(sign) in kinds}


def test_no_character_hides_or_turns_what_is_around_it(twins: Twins, pairs: Pairs) -> None:
    assert hidden("\u202egnp.exe \x1b[31m\x85\u2066\u200b\u2028") != set()
    assert faults(pairs, lambda page: hidden(page.told["markup"])) == {}
    assert faults(pairs, lambda page: hidden(page.path.read_text(encoding="utf-8"))) == {}
    files = {**twins.wild.files("*.csv"), **twins.wild.files("*.svg")}
    read = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    assert {name: bad for name, text in read.items() if (bad := hidden(text))} == {}


def forms(text: str) -> list[bytes]:
    """Return a text as it may stand in a file: as it is, and in base64 at each place of three."""
    content = text.encode()
    cut = [base64.b64encode(b"x" * lead + content)[4 if lead else 0 :][:-4] for lead in range(3)]
    return [content, *cut]


def holders(ran: Ran, text: str) -> list[str]:
    """Return the files of a project, but its own input, that hold a text."""
    workspace = ran.project.workspace
    roots = (workspace.reports, workspace.data, ran.bundle)
    return [
        str(path)
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file() and any(form in path.read_bytes() for form in forms(text))
    ]


def test_a_text_is_found_in_base64(twins: Twins) -> None:
    page = twins.wild.bundle / "found"
    for lead in range(4):
        page.write_bytes(base64.b64encode(b"y" * lead + SECRET.encode() + b"z"))
        assert holders(twins.wild, SECRET) == [str(page)]
    page.unlink()


def the_attack(part: str) -> str:
    return next(attack for attack in ATTACKS if part in attack)


@pytest.fixture
def is_shown(twins: Twins, pairs: Pairs) -> Callable[[str], bool]:
    """Return whether an attack is shown whole wherever the loud report's tame twin shows its text.

    The report prints it, shows it as all kinds of output, and tells it as a finding, a heading, a
    metric and a parameter.
    """
    wild, tame = next(pair for name, pair in pairs.items() if name.endswith(f"served/{LOUD}.html"))

    def holding(page: Seen, text: str) -> int:
        said = EXACT.sub("", clean(text))
        return sum(said in EXACT.sub("", clean(words)) for words in page.told["words"])

    def ask(attack: str) -> bool:
        texts = zip(twins.wild.project.texts, twins.tame.project.texts, strict=True)
        theirs, ours = next(
            pair for pair in texts if re.fullmatch(re.escape(attack) + r" 90\d\d", pair[0])
        )
        return holding(wild, theirs) == holding(tame, ours) > 8

    return ask


def test_a_shortcode_prints_no_variable(twins: Twins, is_shown: Callable[[str], bool]) -> None:
    assert holders(twins.wild, VALUE) == []
    assert is_shown(the_attack("{{< env"))


def test_a_picture_embeds_no_local_file(
    twins: Twins, pairs: Pairs, is_shown: Callable[[str], bool]
) -> None:
    assert holders(twins.wild, SECRET) == []
    assert is_shown(the_attack("![picture]"))
    pictures = [src for wild, _ in pairs.values() for src in wild.values("src")]
    assert pictures != []
    assert not [src for src in pictures if not src.startswith("data:image/svg+xml;base64,")]


@pytest.mark.parametrize("start", ["```\n", "```{=html}", "`<script>"])
def test_backticks_leave_no_fence(start: str, is_shown: Callable[[str], bool]) -> None:
    assert is_shown(the_attack(start))


def test_front_matter_in_a_text_retitles_nothing(
    pairs: Pairs, is_shown: Callable[[str], bool]
) -> None:
    headings = {name: heading(wild) for name, (wild, _) in pairs.items()}
    assert {text for name, text in headings.items() if name.endswith(f"{LOUD}.html")} == {"Loud"}
    assert "taken" not in headings.values()
    assert faults(pairs, lambda page: page.told["title"] == "taken") == {}
    assert faults(pairs, lambda page: page.values("lang") != ["en"]) == {}
    assert is_shown(the_attack("---\ntitle: taken"))


def heading(page: Seen) -> str:
    """Return the words of the one first heading of a page."""
    found: list[str] = re.findall(r"<h1\b[^>]*>(.*?)</h1>", page.told["markup"], re.DOTALL)
    assert len(found) == 1
    return re.sub(r"<[^>]*>", "", found[0]).strip()


def test_templates_are_not_evaluated(is_shown: Callable[[str], bool]) -> None:
    assert is_shown(the_attack("{{ 7 * 7 }}"))


def cells_of(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return [cell for row in csv.reader(file) for cell in row]


def test_tables_and_lists_hold_no_formula(twins: Twins) -> None:
    tables = twins.wild.files("*.csv")
    kept = {
        name: [
            cell
            for cell in cells_of(path)
            if FORMULA.match(cell) and not NUMBER.fullmatch(cell, re.IGNORECASE)
        ]
        for name, path in tables.items()
    }
    assert {name: cells for name, cells in kept.items() if cells} == {}
    made_safe = {
        cell[1:].lstrip()[:1]
        for path in tables.values()
        for cell in cells_of(path)
        if cell.startswith("'") and FORMULA.match(cell[1:])
    }
    assert set("=+-@") <= made_safe
    listed = cells_of(tables["win-back.csv"])
    assert any(cell.startswith("'=HYPERLINK") for cell in listed)


def test_numbers_stay_numbers(twins: Twins) -> None:
    def numbers(path: Path) -> Counter[str]:
        return Counter(cell for cell in cells_of(path) if NUMBER.fullmatch(cell))

    wild, tame = twins.wild.files("*.csv"), twins.tame.files("*.csv")
    assert {name: numbers(path) for name, path in wild.items()} == {
        name: numbers(path) for name, path in tame.items()
    }
    assert sum(numbers(wild["win-back.csv"]).values()) > 20


def directives(page: Seen) -> dict[str, list[str]]:
    """Return the policy of a page, which has but one."""
    heads = [given for _, tag, given in page.told["parts"] if tag == "meta"]
    assert list(heads[0]) == ["charset"]
    assert heads[1]["http-equiv"] == "Content-Security-Policy"  # before all that it rules
    assert not [given for given in heads[2:] if "http-equiv" in given]
    told = [part.split() for part in heads[1]["content"].split(";") if part.strip()]
    assert len({part[0] for part in told}) == len(told)
    return {name: values for name, *values in told}


def test_each_page_has_a_policy(pairs: Pairs) -> None:
    for name, (wild, _) in pairs.items():
        found = directives(wild)
        scripts = {
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in wild.told["scripts"]
        }
        assert set(found.get("script-src", [])) == scripts, name
        assert found["default-src"] == ["'none'"], name
        assert found["base-uri"] == found["form-action"] == ["'none'"], name
        assert set(found["img-src"] + found["font-src"]) == {"data:"}, name
        allowed = [one for one in found["style-src"] if one != "'unsafe-hashes'"]
        assert all(re.fullmatch(r"'sha256-[\w+/=]+'", one) for one in allowed), name
    assert {bool(wild.told["scripts"]) for wild, _ in pairs.values()} == {True, False}


INJECTED = f"""<script>window.{CANARY} = 'a script';</script>
<script src="data:text/javascript,window.{CANARY}='a fetched script'"></script>
<img src="data:," onerror="window.{CANARY} = 'a handler';">
<svg onload="window.{CANARY} = 'a drawing';"></svg>
<a id="pressed" href="javascript:void(window.{CANARY} = 'a link')">x</a>
<iframe srcdoc="<script>parent.{CANARY} = 'a frame'</script>"></iframe>
<form id="sent" action="https://outside.example/"><input name="q"></form>
<img src="https://outside.example/x.png"><base href="https://outside.example/">
"""


@pytest.mark.parametrize("name", [f"{LOUD}.html", f"{SUITE}/index.html"])
def test_the_policy_bites(pairs: Pairs, browser: Browser, tmp_path: Path, name: str) -> None:
    """What the renderers never let through would not run either; without the policy it does."""
    page = next(wild for key, (wild, _) in pairs.items() if key.endswith(name))
    source = page.path.read_text(encoding="utf-8").replace("</body>", f"{INJECTED}</body>")
    bare = re.sub(r"<meta http-equiv[^>]*>", "", source)
    assert source.count(INJECTED) == 1
    assert bare != source
    told = {}
    for kind, text in (("ruled", source), ("bare", bare)):
        (tmp_path / f"{kind}.html").write_text(text, encoding="utf-8")
        opened = browser.open(tmp_path / f"{kind}.html")
        opened.evaluate("document.getElementById('pressed').click()")
        if kind == "ruled":
            opened.evaluate("document.getElementById('sent').submit()")
        ran = opened.evaluate(f"window.{CANARY} ?? null")
        told[kind] = (ran, opened.evaluate("document.baseURI"), " ".join(opened.complaints))
        opened.close()
    assert told["bare"][0] is not None
    assert told["bare"][1] == "https://outside.example/"
    assert told["ruled"][0] is None
    assert told["ruled"][1].startswith("file:")
    refused = ("script-src", "img-src", "form-action", "base-uri", "script-src-attr")
    assert [one for one in refused if one not in told["ruled"][2]] == []


def test_figures_are_pictures_alone(twins: Twins, browser: Browser) -> None:
    figures = twins.wild.files("*.svg")
    assert len(figures) >= 6
    for name, path in figures.items():
        for element in ElementTree.fromstring(path.read_bytes()).iter():
            if not isinstance(element.tag, str):
                continue
            assert element.tag.rpartition("}")[2] in DRAWN, name
            for key, value in element.attrib.items():
                short = key.rpartition("}")[2]
                assert not short.startswith("on"), name
                assert short != "href" or value.startswith("#"), name
        page = browser.open(path)
        assert page.evaluate(f"window.{CANARY} ?? null") is None
        assert (page.requests, page.complaints) == ([], [])
        page.close()


def test_previews_in_a_notebook_are_harmless(
    twins: Twins, browser: Browser, tmp_path: Path
) -> None:
    """What the report room shows in JupyterLab, without any policy and with all of Markdown."""
    to_html = mistune.create_markdown(escape=False, plugins=["table"])
    shown = []
    for path in twins.wild.files("*.ipynb").values():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                if not any("vnd.workbench" in kind for kind in data):
                    continue
                for kind, content in data.items():
                    text = "".join(content) if isinstance(content, list) else str(content)
                    if kind in {"text/html", "image/svg+xml"}:
                        shown.append(text)
                    if kind == "text/markdown":
                        shown.append(str(to_html(text)))
    assert len(shown) > 60
    (tmp_path / "previews.html").write_text(
        "<!doctype html><meta charset='utf-8'>" + "\n".join(shown), encoding="utf-8"
    )
    seen = browser.open(tmp_path / "previews.html")
    told = seen.evaluate(LOOK)
    assert told["ran"] is None
    assert (seen.requests, seen.complaints) == ([], [])
    tags = {tag for _, tag, _ in told["parts"]}
    assert tags & (ACTING | OF_THE_PORTAL | {"a", "img"}) == set()
    assert not [n for _, _, given in told["parts"] for n in given if n.startswith("on")]
