"""A unit whose gate fails: what is made in spite of it, what is held back, and how it is freed."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from support.project import Project
from workbench.cli.app import app
from workbench.errors import NotebookError
from workbench.params import load_suite
from workbench.suite.bundle import write_bundle
from workbench.suite.editions import Edition, list_editions
from workbench.suite.held import in_words
from workbench.suite.inputs import known
from workbench.suite.keep import kept_editions
from workbench.suite.notebook import find_reports, read_report
from workbench.suite.progress import Lines
from workbench.suite.run import Choice, RunResult, run
from workbench.suite.status import suite_status
from workbench.triage.judged import GateFailure
from workbench.workspace import ROOT_VARIABLE

from .conftest import GOOD, MakeNotebook, write_notebook

RENDERER = "embedded"
LOOKS = (
    "from workbench import triage\n"
    "from workbench.data import open_unit\nfrom workbench.report import finding",
    "data = open_unit(suite, unit, snapshot)\n"
    "said = triage.gate_verdict(triage.read_record(data.snapshot.folder))\n"
    'finding(said.sentence, id="gate")',
)
TIDY = ["gift", "late"]
ADDRESS = ["gift", "write to ann@example.org"]
DECLARED = "tables: {orders: {personal: {note: drop}}}\n"


@dataclass
class Story:
    """What came of each run of a project, and what the command line said then."""

    project: Project
    runs: dict[str, RunResult] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    calls: dict[str, tuple[int, str]] = field(default_factory=dict)

    def deliver(self, notes: list[str], more: str = "") -> None:
        """Write the source anew."""
        self.project.sources.clear()
        self.project.more = more
        lines = [f"{n},C{n},2025-06-{n + 1:02},5.00,{note}" for n, note in enumerate(notes)]
        head = "order_id,customer_id,ordered_at,amount,note\n"
        self.project.table("orders", head + "\n".join(lines) + "\n", "department: Sales")
        self.project.save()

    def run(self, name: str, **choice: object) -> None:
        out = io.StringIO()
        workspace = self.project.save()
        chosen = Choice(renderer=RENDERER, **choice)  # type: ignore[arg-type]
        progress = Lines(Console(file=out, width=200))
        self.runs[name] = run(workspace, "test", chosen, progress)
        self.pages[name] = self.runs[name].portal.read_text(encoding="utf-8")
        self.told[name] = out.getvalue()
        self.look(name)

    def look(self, name: str) -> None:
        workspace = self.project.save()
        params = load_suite(workspace, "test")
        units, snapshots = known(workspace, params)
        reports = find_reports(workspace.notebooks)
        told = next(iter(self.runs.values())).editions["one"].manifest["renderer"]
        rows = suite_status(workspace, params, units, reports, snapshots, told)
        self.statuses[name] = {
            row.report.name: (row.condition, "; ".join(row.reasons)) for row in rows
        }

    def states(self, name: str) -> dict[str, str]:
        return {one.report: one.state for one in self.runs[name].outcomes}

    def edition(self, name: str) -> Edition:
        return self.runs[name].editions["one"]

    def call(self, *words: str) -> tuple[int, str]:
        """Return a command's exit code and what it printed."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(ROOT_VARIABLE, str(self.project.root))
            done = CliRunner().invoke(app, list(words))
        return done.exit_code, done.output


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    told = Story(Project(tmp_path_factory.mktemp("gate")))
    home = told.project.root / "notebooks"
    write_notebook(home / "quality.ipynb", *LOOKS, title="Quality", order=1, despite_gate=True)
    write_notebook(home / "sales.ipynb", *GOOD, title="Sales", tables=("orders",), order=2)
    write_notebook(home / "desk.ipynb", title="Desk", tables=("interactions",), order=3)
    told.deliver(TIDY)
    told.run("tidy")
    told.deliver(ADDRESS)
    told.run("held")
    told.run("again")
    told.calls["asked"] = told.call("run", "test", "--renderer", RENDERER, "--fail-on-gate")
    told.calls["one"] = told.call(
        "run", "test", "--report", "quality", "--renderer", RENDERER, "--fail-on-gate"
    )
    told.calls["ingest"] = told.call("ingest", "test")
    told.calls["plain"] = told.call("run", "test", "--renderer", RENDERER)
    told.calls["status"] = told.call("status", "test", "--renderer", RENDERER)
    told.deliver(ADDRESS, DECLARED)
    told.project.ingest_all()
    told.look("declared")
    told.run("freed", failed=True)
    told.deliver(ADDRESS)
    told.run("held again")
    told.deliver(TIDY)
    told.run("part", reports=("quality",))
    return told


def test_only_what_tells_of_the_data_is_made(story: Story) -> None:
    assert story.states("tidy") == {"quality": "ok", "sales": "ok", "desk": "not_applicable"}
    assert story.states("held") == {"quality": "ok", "sales": "stopped", "desk": "not_applicable"}
    assert "1 report to run" in story.told["held"]
    folder = story.edition("held").folder
    assert (folder / "quality.html").is_file()
    assert not (folder / "sales.html").exists()
    assert "held back" in (folder / "quality.html").read_text(encoding="utf-8")


def test_the_edition_says_why_and_where_the_last_good_version_is(story: Story) -> None:
    told = story.edition("held").manifest["reports"]["sales"]
    assert told["state"] == "stopped"
    assert told["last_good"] == story.edition("tidy").id
    assert told["reason"].startswith(
        "The column note of orders seems to hold personal data that nobody declared: 1 row holds"
    )
    assert "Sales: in the unit's parameters, write under `tables.orders`" in told["reason"]
    assert "ann@" not in json.dumps(story.edition("held").manifest)


def test_the_portal_says_so_and_links_to_the_last_good_version(story: Story) -> None:
    page, good = story.pages["held"], story.edition("tidy").id
    assert "Needs attention" in page
    assert "The column note of orders seems to hold personal data" in page
    assert f'href="one/{good}/sales.html">Sales: last good version, 30 Jun 2025</a>' in page
    assert f'href="one/{story.edition("held").id}/quality.html">Quality</a>' in page
    assert "1 held back" in page
    assert "Held back" not in story.pages["tidy"]
    portal = json.loads((story.project.root / "reports/test/portal.json").read_text())
    assert portal["stopped"] == 0  # of the last run
    assert (story.project.root / "reports/test/one" / good / "sales.html").is_file()


def test_nothing_new_is_published_while_nothing_changed(story: Story) -> None:
    assert story.edition("again").id == story.edition("held").id
    assert story.states("again") == story.states("held")
    assert story.pages["again"] == story.pages["held"]


def test_the_command_line_tells_it_and_fails_only_where_asked_to(story: Story) -> None:
    code, said = story.calls["asked"]
    assert code == 4
    assert "one: reports are held back. The column note of orders" in " ".join(said.split())
    assert "1 ready (1 unchanged), 1 held back, 1 not applicable" in said
    assert story.calls["one"][0] == 4  # whatever was asked for
    assert story.calls["plain"][0] == story.runs["held"].exit_code == 0
    code, said = story.calls["ingest"]
    assert (code, "one: reports are held back. The column note of orders" in said) == (0, True)
    code, said = story.calls["status"]
    assert code == 0
    assert "held back" in said


def test_status_tells_what_is_held_back_and_what_no_longer_is(story: Story) -> None:
    condition, reason = story.statuses["held"]["sales"]
    assert (condition, reason[:15]) == ("stopped", "The column note")
    assert story.statuses["held"]["quality"][0] == "fresh"
    condition, reason = story.statuses["declared"]["sales"]
    assert (condition, "nothing holds it back now" in reason) == ("stopped", True)
    assert story.statuses["freed"]["sales"] == ("fresh", "")


def test_once_declared_the_reports_are_made_again(story: Story) -> None:
    # With --failed, too: what was held back was not made.
    assert story.states("freed") == {"quality": "ok", "sales": "ok", "desk": "not_applicable"}
    assert "last_good" not in story.edition("freed").manifest["reports"]["sales"]
    back = json.loads((story.edition("freed").folder / "changes.json").read_text())
    assert {one["report"]: one["state"] for one in back["reports"]}["sales"] == "ready_again"


def test_a_run_of_another_report_keeps_the_way_to_the_last_good_version(story: Story) -> None:
    told = story.edition("part").manifest["reports"]["sales"]
    assert (told["state"], told["last_good"]) == ("not_run", story.edition("freed").id)
    again = story.edition("held again").manifest["reports"]["sales"]
    assert (again["state"], again["last_good"]) == ("stopped", story.edition("freed").id)


def test_what_changed_tells_that_a_report_was_held_back_and_that_it_is_back(story: Story) -> None:
    held = json.loads((story.edition("held").folder / "changes.json").read_text())
    states = {one["report"]: one["state"] for one in held["reports"]}
    assert states == {"quality": "renewed", "sales": "newly_stopped", "desk": "not_applicable"}
    assert held["summary"][0].startswith(
        "1 report is held back by the gate: Sales. The column note of orders seems to hold"
    )
    page = (story.edition("held").folder / "changes.html").read_text(encoding="utf-8")
    assert "Held back by the gate" in page


def test_editions_count_what_is_held_back(story: Story) -> None:
    home = story.project.root / "reports/test/one"
    states = {one.id: one.states["sales"] for one in kept_editions(home)}
    assert states[story.edition("held").id] == "stopped"
    assert "1 ready, 1 held back" in " ".join(story.call("editions", "test")[1].split())


def test_a_bundle_takes_the_last_good_version_along(story: Story, tmp_path: Path) -> None:
    held = next(
        one
        for one in list_editions(story.project.root / "reports/test/one")
        if one.id == story.edition("held").id
    )
    made = write_bundle(story.project.save(), held, tmp_path / "one.zip")
    with zipfile.ZipFile(made.path) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
        page = archive.read(next(n for n in archive.namelist() if n.count("/") == 1)).decode()
    good = f"one/{story.edition('tidy').id}/sales.html"
    assert good in names
    assert f'href="{good}"' in page
    assert "seems to hold personal data" in page


def test_a_report_says_itself_that_it_is_made_in_spite_of_the_gate(
    make_notebook: MakeNotebook,
) -> None:
    assert not read_report(make_notebook("plain")).despite_gate
    assert read_report(make_notebook("quality", despite_gate=True)).despite_gate
    path = make_notebook("wrong")
    told = json.loads(path.read_text(encoding="utf-8"))
    told["metadata"]["workbench"]["despite_gate"] = "yes"
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(NotebookError, match="must be true or false"):
        read_report(path)


def test_what_holds_back_in_words() -> None:
    one = GateFailure("rows", "", "", "", "", "1 row passed.", "Deliver more.", "Sales")
    assert in_words(()) == ""
    assert in_words([one]) == "1 row passed. Sales: deliver more."
    assert in_words([one, one, one]).endswith("2 more reasons stand in the triage report.")
