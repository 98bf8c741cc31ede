"""What a report hands on to its next edition: kept, given, said when it changed, made again."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbench.data.unit import open_unit
from workbench.files import files_below
from workbench.suite import inputs
from workbench.suite.compare.cause import causes_of
from workbench.suite.compare.model import Cause
from workbench.suite.editions import Edition, damage, read_edition
from workbench.suite.keep import Wish, prune
from workbench.suite.manifest import key_parts
from workbench.suite.progress import Lines
from workbench.suite.run import Choice, run
from workbench.suite.verify import verify
from workbench.workspace import ROOT_VARIABLE, Workspace

from .conftest import FakeIngest, Project, make_workspace, write_notebook, write_params

MAY, JUNE, JULY, AUGUST = "2025-05-31", "2025-06-30", "2025-07-31", "2025-08-31"
GROUPS = (
    "from workbench.data import open_unit\nfrom workbench.report import finding, state",
    "data = open_unit(suite, unit, snapshot)\n"
    'lines = len(data.table("orders").df())\n'
    'earlier, day = data.state("groups", "names"), data.state_day("groups")',
    '1 / (1 - broken)\nfinding(f"Earlier: {earlier} of {day}. Label {label}.", id="earlier")',
    'state("names", {"of": str(data.as_of), "lines": lines, "before": earlier.get("of")})',
)
PARAMETERS = "broken: int = 0  # fails when it is 1\nlabel: str = 'a'  # something to change\n"


@dataclass
class World:
    """A unit whose report `groups` keeps a state, and `plain`, which keeps none: May and June."""

    project: Project
    may: Edition
    june: Edition

    @property
    def workspace(self) -> Workspace:
        return self.project.workspace

    @property
    def editions(self) -> Path:
        return self.workspace.unit_reports("mini", "atlas")

    def run(self, as_of: str, *, told: io.StringIO | None = None, **groups: object) -> Edition:
        return run_day(self.project, as_of, told=told, **groups)

    def rows(self, **tables: int) -> None:
        self.project.ingest.rows["atlas"] = tables


def run_day(
    project: Project,
    as_of: str,
    *,
    told: io.StringIO | None = None,
    force: bool = False,
    **groups: object,
) -> Edition:
    """Run the unit as of a day, with parameters of `groups`, and return its edition."""
    write_params(project.workspace, as_of=as_of, atlas={"groups": groups} if groups else {})
    progress = Lines(Console(file=told or io.StringIO(), width=300))
    choice = Choice(renderer="embedded", units=("atlas",), force=force)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "ingest_suite", project.ingest)
        result = run(project.workspace, "mini", choice, progress)
    assert not result.problems
    return result.editions["atlas"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    workspace = make_workspace(tmp_path_factory.mktemp("state") / "project")
    folder = workspace.notebooks
    write_notebook(
        folder / "groups.ipynb", *GROUPS, parameters=PARAMETERS, tables=("orders",), order=1
    )
    write_notebook(folder / "plain.ipynb", "print(1)", tables=("customers",), order=2)
    project = Project(workspace, FakeIngest(workspace, {"atlas": {"orders": 12, "customers": 3}}))
    return World(project, run_day(project, MAY), run_day(project, JUNE))


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """Return a copy of the world for one test."""
    root = tmp_path / "project"
    shutil.copytree(made.workspace.root, root)
    workspace = Workspace(root)
    ingest = FakeIngest(workspace, {"atlas": {"orders": 12, "customers": 3}})
    there = (
        read_edition(workspace.unit_reports("mini", "atlas") / one.id)
        for one in (made.may, made.june)
    )
    may, june = there
    assert may is not None
    assert june is not None
    return World(Project(workspace, ingest), may, june)


def content(edition: Edition, name: str) -> Any:
    found = edition.read(name)
    return None if found is None else json.loads(found)


def said(edition: Edition) -> str:
    return str(edition.results["groups"]["findings"][0]["text"])


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_text("{}")


def test_the_next_day_is_given_what_the_day_before_kept(made: World) -> None:
    may, june = made.may, made.june
    assert content(may, "state/groups.json") == {
        "schema": 1,
        "report": "groups",
        "as_of": MAY,
        "values": {"names": {"of": MAY, "lines": 12, "before": None}},
    }
    assert said(may) == "Earlier: {} of None. Label a."
    assert may.manifest["reports"]["groups"]["parts"]["prior"] == {}
    assert "state/groups.json" in may.manifest["reports"]["groups"]["files"]
    assert not [name for name in june.manifest["files"] if "plain.json" in name]
    assert "Kept for the next edition" not in (may.folder / "groups.html").read_text()

    assert f"of {MAY}. Label a" in said(june)
    assert content(june, "state/groups.json")["values"]["names"]["before"] == MAY
    assert june.read("prior/state/groups.json") == may.read("state/groups.json")
    assert set(june.manifest["reports"]["groups"]["parts"]["prior"]) == {"state"}
    assert june.manifest["reports"]["plain"]["parts"]["prior"] == {}


def test_the_same_day_again_is_fresh_and_forced_it_is_the_same_edition(world: World) -> None:
    june = world.june
    before = {path: path.read_bytes() for path in files_below(june.folder)}
    told = io.StringIO()
    assert world.run(JUNE, told=told).id == june.id
    assert "0 reports to run" in told.getvalue()
    assert run_day(world.project, JUNE, force=True).id == june.id
    assert {path: path.read_bytes() for path in files_below(june.folder)} == before


def test_another_state_before_is_said_in_words(world: World) -> None:
    world.rows(orders=40, customers=3)
    world.run(MAY)
    world.rows(orders=12, customers=3)
    june = world.run(JUNE)
    assert june.id != world.june.id
    parts = [key_parts(one.manifest, "groups") for one in (world.june, june)]
    words = "what the earlier edition handed on changed"
    assert causes_of(*parts) == (Cause("prior", words),)


def test_an_edition_is_made_again_when_the_one_before_is_gone(world: World) -> None:
    assert verify(world.workspace, world.june, workers=1).is_same
    prune(world.workspace, [world.editions], Wish(keep=1))
    assert not world.may.folder.exists()
    found = verify(world.workspace, world.june, workers=1)
    assert found.is_same, found
    july = world.run(JULY)
    assert content(july, "state/groups.json")["values"]["names"]["before"] == JUNE


def test_after_a_failure_the_last_good_state_is_handed_on(world: World) -> None:
    failed = world.run(JUNE, broken=1)
    assert failed.manifest["reports"]["groups"]["state"] == "failed"
    assert content(failed, "state/groups.json")["as_of"] == JUNE
    assert content(failed, "prior/state/groups.json")["as_of"] == MAY
    assert damage(failed) == []
    july = world.run(JULY, broken=1)
    assert content(july, "prior/state/groups.json")["as_of"] == JUNE
    handed = failed.read("state/groups.json")
    prune(world.workspace, [world.editions], Wish(keep=1))
    assert not failed.folder.exists()
    mended = world.run(JULY)
    assert f"of {JUNE}. Label a" in said(mended)
    assert verify(world.workspace, mended, workers=1).is_same
    assert mended.read("prior/state/groups.json") == handed


def test_what_a_report_handed_on_outlasts_a_time_without_data(world: World) -> None:
    world.rows(customers=3)
    july = world.run(JULY)
    told = july.manifest["reports"]["groups"]
    assert told["state"] == "not_applicable"
    assert told["files"] == ["prior/state/groups.json", "state/groups.json"]
    for page in world.workspace.reports.rglob("*.html"):
        assert f"{july.id}/groups.html" not in page.read_text(), page
    assert world.run(JULY).id == july.id
    world.rows(orders=12, customers=3)
    august = world.run(AUGUST)
    assert august.read("prior/state/groups.json") == world.june.read("state/groups.json")


def test_a_damaged_state_is_no_state_and_that_is_said(world: World) -> None:
    spoil(world.june.folder / "state" / "groups.json")
    told = io.StringIO()
    july = world.run(JULY, told=told)
    assert said(july) == "Earlier: {} of None. Label a."
    words = f"groups starts without an earlier state: state/groups.json of edition {world.june.id}"
    assert words in told.getvalue()
    assert verify(world.workspace, july, workers=1).is_same


def test_a_damaged_copy_is_taken_from_another_edition(world: World) -> None:
    spoil(world.june.folder / "prior" / "state" / "groups.json")
    mended = world.run(JUNE)
    assert mended.id == world.june.id
    assert damage(mended) == []


def test_a_report_asks_for_its_own_state_only(world: World) -> None:
    write_notebook(
        world.workspace.notebooks / "nosy.ipynb",
        "from workbench.data import open_unit",
        'open_unit(suite, unit, snapshot).state("groups", "names")',
        tables=("orders",),
    )
    edition = world.run(JUNE)
    told = edition.manifest["reports"]["nosy"]
    assert told["state"] == "failed"
    assert "`groups` is not that of this report" in told["reason"]


def test_an_analyst_is_given_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(world.workspace.root))
    unit = open_unit("mini", "atlas")
    given = content(world.june, "prior/state/groups.json")["values"]["names"]
    assert unit.state("groups", "names") == given
    assert str(unit.state_day("groups")) == MAY
    unit.state("groups", "names")["of"] = "changed"
    assert unit.state("groups", "names") == given
    assert unit.state("groups", "other") == unit.state("plain", "names") == {}
    older = open_unit("mini", "atlas", world.may.manifest["data"]["snapshot"])
    assert older.state("groups", "names") == {}
    assert older.state_day("groups") is None
    assert "starts without" not in capsys.readouterr().out
    for folder in (world.may.folder / "state", world.june.folder / "prior" / "state"):
        spoil(folder / "groups.json")
    assert unit.state("groups", "names") == {}
    assert "starts without an earlier state" in capsys.readouterr().out
