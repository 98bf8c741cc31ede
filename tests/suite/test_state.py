"""What a report hands on to its next edition: kept, given, said when it changed, made again."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbench.data.unit import open_unit
from workbench.files import files_below
from workbench.params import load_suite
from workbench.suite import inputs
from workbench.suite.editions import Edition, damage
from workbench.suite.inputs import known
from workbench.suite.keep import Wish, prune, roll_back
from workbench.suite.notebook import find_reports
from workbench.suite.progress import Lines
from workbench.suite.run import Choice, run
from workbench.suite.status import suite_status
from workbench.suite.verify import verify
from workbench.workspace import ROOT_VARIABLE, Workspace

from .conftest import Project, make_workspace, write_notebook, write_params
from .conftest import FakeIngest as Ingest

QUICK = Choice(renderer="embedded", units=("atlas",))
MAY, JUNE, JULY = "2025-05-31", "2025-06-30", "2025-07-31"
GROUPS = (
    "from workbench.data import open_unit\nfrom workbench.report import finding, state",
    "data = open_unit(suite, unit, snapshot)\n"
    'lines = len(data.table("orders").df())\n'
    'earlier, day = data.state("groups", "names"), data.state_day("groups")',
    '1 / (1 - broken)\nfinding(f"Earlier: {earlier} of {day}. Label {label}.", id="earlier")',
    'state("names", {"of": str(data.as_of), "lines": lines, "before": earlier.get("of")})',
)
PARAMETERS = (
    "broken: int = 0  # fails when it is 1\nlabel: str = 'a'  # something to change\n"
)


@dataclass
class World:
    """A unit whose report `groups` keeps a state, and `plain`, which keeps none."""

    project: Project

    @property
    def workspace(self) -> Workspace:
        return self.project.workspace

    def run(self, as_of: str, *, told: io.StringIO | None = None, **groups: object) -> Edition:
        write_params(self.workspace, as_of=as_of, atlas={"groups": groups} if groups else {})
        progress = Lines(Console(file=told or io.StringIO(), width=300))
        result = run(self.workspace, "mini", QUICK, progress)
        assert not result.problems
        return result.editions["atlas"]

    def lines(self, count: int) -> None:
        self.project.ingest.rows["atlas"]["orders"] = count

    def why(self) -> tuple[str, ...]:
        """Return why the report would run now, as `workbench status` says it."""
        params = load_suite(self.workspace, "mini")
        units, snapshots = known(self.workspace, params)
        renderer = {"name": "embedded", "version": self.renderer}
        reports = find_reports(self.workspace.notebooks)
        rows = suite_status(self.workspace, params, units, reports, snapshots, renderer)
        return next(row.reasons for row in rows if row.report.name == "groups")

    renderer: str = ""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    workspace = make_workspace(tmp_path / "project")
    folder = workspace.notebooks
    write_notebook(
        folder / "groups.ipynb", *GROUPS, parameters=PARAMETERS, tables=("orders",), order=1
    )
    write_notebook(folder / "plain.ipynb", "print(1)", tables=("orders",), order=2)
    project = Project(workspace, Ingest(workspace, {"atlas": {"orders": 12}}))
    monkeypatch.setattr(inputs, "ingest_suite", project.ingest)
    return World(project)


def content(edition: Edition, name: str) -> Any:
    found = edition.read(name)
    return None if found is None else json.loads(found)


def said(edition: Edition) -> str:
    return str(edition.results["groups"]["findings"][0]["text"])


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_text("{}")


def test_the_next_day_is_given_what_the_day_before_kept(world: World) -> None:
    may = world.run(MAY)
    assert content(may, "state/groups.json") == {
        "schema": 1,
        "report": "groups",
        "as_of": MAY,
        "values": {"names": {"of": MAY, "lines": 12, "before": None}},
    }
    assert said(may) == "Earlier: {} of None. Label a."
    assert may.manifest["reports"]["groups"]["parts"]["prior"] == {}
    assert "state/groups.json" in may.manifest["reports"]["groups"]["files"]
    assert not [name for name in may.manifest["files"] if "plain.json" in name]
    page = (may.folder / "groups.html").read_text()
    assert "Kept for the next edition" not in page

    june = world.run(JUNE)
    assert f"of {MAY}. Label a" in said(june)
    assert content(june, "state/groups.json")["values"]["names"]["before"] == MAY
    copy = june.read("prior/state/groups.json")
    assert copy == may.read("state/groups.json")
    assert set(june.manifest["reports"]["groups"]["parts"]["prior"]) == {"state"}
    assert june.manifest["reports"]["plain"]["parts"]["prior"] == {}


def test_the_same_day_again_is_fresh_and_forced_it_is_the_same_edition(world: World) -> None:
    world.run(MAY)
    june = world.run(JUNE)
    before = {path: path.read_bytes() for path in files_below(june.folder)}
    told = io.StringIO()
    assert world.run(JUNE, told=told).id == june.id
    assert "0 reports to run" in told.getvalue()
    forced = run(world.workspace, "mini", Choice(renderer="embedded", units=("atlas",), force=True))
    assert forced.editions["atlas"].id == june.id
    assert {path: path.read_bytes() for path in files_below(june.folder)} == before


def test_another_state_before_is_said_in_words(world: World) -> None:
    may = world.run(MAY)
    world.renderer = may.manifest["renderer"]["version"]
    june = world.run(JUNE)
    world.run(MAY, label="b")  # May once more: its finding changes, its state does not
    world.run(JUNE)
    assert world.why() == ()
    world.lines(40)
    again = world.run(MAY)
    assert content(again, "state/groups.json")["values"]["names"]["lines"] == 40
    world.lines(12)
    late = world.run(JUNE)
    roll_back(world.workspace, may.folder.parent, again.id)
    write_params(world.workspace, as_of=JUNE)
    # The served edition is May's; June's own is compared with by hand.
    from workbench.suite.keys import differences

    parts = [one.manifest["reports"]["groups"]["parts"] for one in (june, late)]
    assert differences(*parts) == ["what the earlier edition handed on changed"]


def test_an_edition_is_made_again_when_the_one_before_is_gone(world: World) -> None:
    may = world.run(MAY)
    june = world.run(JUNE)
    assert verify(world.workspace, june, workers=1).is_same
    prune(world.workspace, [may.folder.parent], Wish(keep=1))
    assert not may.folder.exists()
    found = verify(world.workspace, june, workers=1)
    assert found.is_same, found
    july = world.run(JULY)
    assert content(july, "state/groups.json")["values"]["names"]["before"] == JUNE


def test_after_a_failure_the_last_good_state_is_handed_on(world: World) -> None:
    world.run(MAY)
    june = world.run(JUNE)
    failed = world.run(JUNE, broken=1)
    assert failed.manifest["reports"]["groups"]["state"] == "failed"
    assert content(failed, "state/groups.json")["as_of"] == JUNE
    assert content(failed, "prior/state/groups.json")["as_of"] == MAY
    assert damage(failed) == []
    july = world.run(JULY, broken=1)
    assert content(july, "prior/state/groups.json")["as_of"] == JUNE
    prune(world.workspace, [june.folder.parent], Wish(keep=1))
    mended = world.run(JULY)
    assert f"of {JUNE}. Label a" in said(mended)
    assert verify(world.workspace, mended, workers=1).is_same
    # The same day, mended: what was given is of the day before, as it was without the failure.
    assert mended.read("prior/state/groups.json") == june.read("state/groups.json")


def test_what_a_report_handed_on_outlasts_a_time_without_data(world: World) -> None:
    may = world.run(MAY)
    world.project.ingest.rows["atlas"] = {"customers": 3}
    june = world.run(JUNE)
    told = june.manifest["reports"]["groups"]
    assert (told["state"], told["files"]) == ("not_applicable", ["state/groups.json"])
    portal = (world.workspace.reports / "mini" / "index.html").read_text()
    assert f"{june.id}/groups.html" not in portal
    unit = "".join(path.read_text() for path in world.workspace.reports.glob("mini/**/index.html"))
    assert f"{june.id}/groups.html" not in unit
    assert world.run(JUNE).id == june.id
    world.project.ingest.rows["atlas"] = {"orders": 12}
    july = world.run(JULY)
    assert july.read("prior/state/groups.json") == may.read("state/groups.json")


def test_a_damaged_state_is_no_state_and_that_is_said(world: World) -> None:
    may = world.run(MAY)
    spoil(may.folder / "state" / "groups.json")
    told = io.StringIO()
    june = world.run(JUNE, told=told)
    assert said(june) == "Earlier: {} of None. Label a."
    assert f"groups starts without an earlier state: state/groups.json of edition {may.id}" in (
        told.getvalue()
    )
    assert verify(world.workspace, june, workers=1).is_same


def test_a_damaged_copy_is_taken_from_another_edition(world: World) -> None:
    may = world.run(MAY)
    june = world.run(JUNE)
    spoil(june.folder / "prior" / "state" / "groups.json")
    mended = world.run(JUNE)
    assert mended.id == june.id
    assert damage(mended) == []
    assert mended.read("prior/state/groups.json") == may.read("state/groups.json")


def test_a_report_asks_for_its_own_state_only(world: World) -> None:
    write_notebook(
        world.workspace.notebooks / "nosy.ipynb",
        "from workbench.data import open_unit",
        'open_unit(suite, unit, snapshot).state("groups", "names")',
        tables=("orders",),
    )
    edition = world.run(MAY)
    told = edition.manifest["reports"]["nosy"]
    assert told["state"] == "failed"
    assert "`groups` is not that of this report" in told["reason"]


def test_an_analyst_is_given_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(world.workspace.root))
    may = world.run(MAY)
    unit = open_unit("mini", "atlas")
    assert unit.state("groups", "names") == {}
    assert unit.state_day("groups") is None
    june = world.run(JUNE)
    unit = open_unit("mini", "atlas")
    given = content(june, "prior/state/groups.json")["values"]["names"]
    assert unit.state("groups", "names") == given
    assert str(unit.state_day("groups")) == MAY
    unit.state("groups", "names")["of"] = "changed"
    assert unit.state("groups", "names") == given
    assert unit.state("groups", "other") == unit.state("plain", "names") == {}
    older = open_unit("mini", "atlas", may.manifest["data"]["snapshot"])
    assert older.state("groups", "names") == {}
    world.run(JULY)
    assert str(open_unit("mini", "atlas").state_day("groups")) == JUNE
