"""A later edition is told who was contacted and who was held out: given, keyed, made again."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from workbench.data.gone import note_expired
from workbench.data.unit import open_unit
from workbench.suite import inputs
from workbench.suite.editions import Edition, read_edition
from workbench.suite.keep import Wish, prune
from workbench.suite.keys import differences
from workbench.suite.manifest import key_parts
from workbench.suite.progress import Lines
from workbench.suite.run import Choice, run
from workbench.suite.verify import verify
from workbench.workspace import ROOT_VARIABLE, Workspace

from ..conftest import FakeIngest, Project, make_workspace, write_notebook, write_params

MAY, JUNE, LATER = "2025-05-31", "2025-06-30", "2025-07-10"
FIRST = """\
import pandas as pd
from workbench.data import open_unit
from workbench.report import action_list, finding
data = open_unit(suite, unit, snapshot)
earlier = data.earlier_list("calls", "win")
arms = earlier.customers["arm"].value_counts().to_dict() if earlier else {}
"""
SECOND = """\
finding(f"{earlier and earlier.day}: {sorted(arms.items())}", id="earlier")
keys = [f"canary-{n:03d}" for n in data.table("orders").df()["n"]]
people = pd.DataFrame({"id": keys, "agreed": True, "worth": 1.5})
action_list(people, id="win", label="To win back", key="id", folder=data.actions, columns=["worth"],
            consent="agreed", value="worth", unit="GBP", holdout_share=0.25, min_group=2)
"""


class World:
    """A unit whose report `calls` makes a list and looks at an earlier one: May and June."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        ingest = FakeIngest(self.workspace, {"atlas": {"orders": 60}})
        self.project = Project(self.workspace, ingest)

    @property
    def home(self) -> Path:
        return self.workspace.unit_data("mini", "atlas")

    def run(self, as_of: str, *reports: str) -> tuple[Edition, str]:
        """Run the unit as of a day, and return its edition and what was told."""
        write_params(self.workspace, as_of=as_of)
        out = io.StringIO()
        choice = Choice(renderer="embedded", units=("atlas",), reports=reports, why=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inputs, "ingest_suite", self.project.ingest)
            result = run(self.workspace, "mini", choice, Lines(Console(file=out, width=300)))
        assert not result.problems
        return result.editions["atlas"], out.getvalue()

    def archive(self, day: str) -> Path:
        return self.home / "actions" / "earlier" / day / "calls.win.parquet"

    def edition(self, id: str) -> Edition:
        found = read_edition(self.workspace.unit_reports("mini", "atlas") / id)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, str]:
    workspace = make_workspace(tmp_path_factory.mktemp("measured") / "project")
    write_notebook(workspace.notebooks / "calls.ipynb", FIRST, SECOND, tables=("orders",))
    world = World(workspace.root)
    may, _ = world.run(MAY)
    assert said(may) == "None: []"
    assert may.manifest["reports"]["calls"]["parts"]["prior"] == {}
    june, _ = world.run(JUNE)
    return world, june.id


@pytest.fixture
def world(made: tuple[World, str], tmp_path: Path) -> World:
    """Return a copy of the world for one test."""
    shutil.copytree(made[0].workspace.root, tmp_path / "project")
    return World(tmp_path / "project")


def said(edition: Edition) -> str:
    return str(edition.results["calls"]["findings"][0]["text"])


def prior(edition: Edition) -> dict[str, dict[str, dict[str, str]]]:
    found = key_parts(edition.manifest, "calls")
    assert found is not None
    return dict(found["prior"])


def test_a_later_edition_sees_both_arms(made: tuple[World, str], world: World) -> None:
    june = world.edition(made[1])
    arms = pq.read_table(world.archive(MAY)).column("arm").to_pylist()
    contact, held = arms.count("contact"), arms.count("held out")
    assert contact > held > 0
    assert said(june) == f"{MAY}: [('contact', {contact}), ('held out', {held})]"
    assert prior(june)["lists"]["win"]["day"] == MAY
    for path in june.folder.rglob("*"):
        assert path.is_dir() or b"canary-0" not in path.read_bytes(), path
    again, told = world.run(JUNE)
    assert again.id == june.id
    assert "0 reports to run" in told
    assert verify(world.workspace, june, workers=1).is_same


def test_a_list_that_is_not_old_enough_is_not_given(world: World) -> None:
    later, _ = world.run(LATER)
    assert said(later).startswith(MAY), "that of June is ten days old"
    newer, _ = world.run("2025-07-28")
    assert said(newer).startswith(JUNE)


def test_pruning_leaves_what_was_given_and_what_will_be(
    made: tuple[World, str], world: World
) -> None:
    newest, _ = world.run("2025-09-30")
    assert said(newest).startswith(JUNE)
    folder = world.workspace.unit_reports("mini", "atlas")
    prune(world.workspace, [folder], Wish(1, snapshots=True))
    left = sorted(path.name for path in (world.home / "actions" / "earlier").iterdir())
    assert left == [JUNE, "2025-09-30"]
    assert "0 reports to run" in world.run("2025-09-30")[1]
    assert verify(world.workspace, newest, workers=1).is_same


def test_what_is_gone_or_changed_is_said(made: tuple[World, str], world: World) -> None:
    june = world.edition(made[1])
    path, content = world.archive(MAY), world.archive(MAY).read_bytes()
    path.write_bytes(world.archive(JUNE).read_bytes() + b" ")
    assert verify(world.workspace, june).missing == (
        f"calls: its list win of {MAY}: it is another one now, as after a customer was forgotten",
    )
    path.unlink()
    assert verify(world.workspace, june).missing == (
        f"calls: its list win of {MAY}: it is no longer here",
    )
    note_expired(world.home, "lists", {MAY: MAY}, JUNE)
    assert verify(world.workspace, june).missing == (
        f"calls: its list win of {MAY}: its data expired under `retain:` on {JUNE}",
    )
    again, told = world.run(JUNE)
    assert f"its earlier list win: that of {MAY} is no longer here" in told
    assert said(again) == "None: []"
    assert "0 reports to run" in world.run(JUNE)[1], "stale once, not each day"
    path.write_bytes(content)
    assert f"its earlier list win: that of {MAY} is new" in world.run(JUNE)[1]


def test_a_damaged_list_fails_no_report(world: World) -> None:
    world.archive(MAY).write_bytes(b"no list")
    june, told = world.run(JUNE)
    assert f"its earlier list win: that of {MAY} changed" in told
    assert june.manifest["reports"]["calls"]["state"] == "ok"
    assert said(june) == f"{MAY}: []"


def test_a_report_asks_for_its_own_lists_only(world: World) -> None:
    write_notebook(world.workspace.notebooks / "nosy.ipynb", FIRST, tables=("orders",))
    june, _ = world.run(JUNE)
    told = june.manifest["reports"]["nosy"]
    assert told["state"] == "failed"
    assert "the list of report `calls` is not that of this report" in told["reason"]
    assert told["parts"]["prior"] == {}


def test_an_analyst_is_given_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(world.workspace.root))
    write_params(world.workspace, as_of=JUNE)
    unit = open_unit("mini", "atlas")
    found = unit.earlier_list("calls", "win")
    assert found is not None
    assert found.day == date(2025, 5, 31)
    assert len(found.customers) == pq.read_metadata(world.archive(MAY)).num_rows
    assert found.customers.columns.tolist() == ["customer_id", "arm", "value"]
    assert found.is_shown
    assert unit.earlier_list("calls", "other") is unit.earlier_list("nosy", "win") is None


def test_the_words_for_another_list() -> None:
    one, other = {"day": MAY, "digest": "a"}, {"day": JUNE, "digest": "b"}
    parts = [{"prior": {"lists": {"win": told}}} for told in (one, other)]
    assert differences(*parts) == [f"its earlier list win: {MAY} -> {JUNE}"]
    assert differences(parts[0], parts[0]) == []
