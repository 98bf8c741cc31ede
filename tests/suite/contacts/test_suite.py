"""Lists in a run: settled with the edition, mended, removed when nothing makes them any more."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console
from tests.support.lists import keys_in

from workbench.errors import ParameterError
from workbench.files import files_below
from workbench.params import load_suite
from workbench.suite.bundle import bundle_files
from workbench.suite.editions import Edition, damage
from workbench.suite.inputs import known
from workbench.suite.keep import Wish, prune
from workbench.suite.naming import find_unit
from workbench.suite.notebook import find_reports
from workbench.suite.progress import Lines
from workbench.suite.run import Choice, run
from workbench.suite.status import suite_status
from workbench.suite.verify import verify

from ..conftest import Project, write_notebook, write_params

QUICK = Choice(renderer="embedded")
CELL = """\
import pandas as pd
from workbench.data import open_unit
from workbench.report import action_list
unit = open_unit(suite, unit, snapshot)
numbers = unit.table("orders").df()["n"]
"""
LISTS = """\
keys = [f"canary-{{n:03d}}" for n in numbers[{cut}]]
people = pd.DataFrame({{"id": keys, "agreed": True, "worth": 1.5}})
action_list(people, id="{id}", label="List {id}", key="id", folder=unit.actions, columns=["worth"],
            consent="agreed", value="worth", unit="GBP", holdout_share=share, min_group=2)
1 / (1 - broken)
"""
PARAMETERS = """\
share: float = 0.25  # to hold out
broken: int = 0  # fails when it is 1
"""
POLICY = "contacts: {priority: [late.thanks], cap: 1, control_share: 0.1}\n"


@pytest.fixture
def lists(project: Project) -> Project:
    """Return a project in which two more reports make lists that overlap."""
    for order, (report, name, cut) in enumerate(
        [("early", "calls", ":40"), ("late", "thanks", "20:")], 4
    ):
        write_notebook(
            project.workspace.notebooks / f"{report}.ipynb",
            CELL,
            LISTS.format(id=name, cut=cut),
            title=f"The {report} report",
            parameters=PARAMETERS,
            tables=("orders",),
            order=order,
        )
    project.ingest.rows["atlas"]["orders"] = 60
    project.ingest.rows["brook"] = {}
    (project.workspace.notebooks / "shaky.ipynb").unlink()
    add(project, POLICY)
    return project


def add(project: Project, text: str) -> None:
    path = project.workspace.params / "mini" / "atlas.yml"
    path.write_text(path.read_text() + text)


def actions(project: Project) -> Path:
    return project.workspace.unit_data("mini", "atlas") / "actions"


def there(project: Project) -> dict[str, bytes]:
    folder = actions(project)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files_below(folder)}


def document(edition: Edition) -> Any:
    return json.loads((edition.folder / "contacts.json").read_bytes())


def go(project: Project, choice: Choice = QUICK) -> tuple[Edition, str]:
    """Run the one unit, and return its edition and what was told."""
    out = io.StringIO()
    told = Lines(Console(file=out, width=200))
    result = run(project.workspace, "mini", choice, told)
    assert not result.problems, result.problems
    return result.editions["atlas"], out.getvalue()


def test_an_edition_says_who_is_contacted(lists: Project) -> None:
    edition, _ = go(lists)
    assert {"contacts.json", "contacts.html"} <= set(edition.manifest["files"])
    assert damage(edition) == []
    found = document(edition)
    assert [one["name"] for one in found["lists"]] == ["late.thanks", "early.calls"]
    names = ("calls", "calls.holdout", "thanks", "thanks.holdout")
    keys = [key for name in names for key in keys_in(actions(lists) / f"{name}.csv")]
    assert len(keys) == len(set(keys)) > 40
    assert {f"canary-{n:03d}" for n in range(20, 40)}.isdisjoint(
        keys_in(actions(lists) / "calls.csv")
    ), "the list of higher priority takes them"
    for path in files_below(edition.folder):
        assert b"canary-0" not in path.read_bytes(), path
    assert 'href="contacts.html"' in (edition.folder / "early.html").read_text()
    portal = (lists.workspace.reports / "mini" / "index.html").read_text()
    assert f'href="atlas/{edition.id}/contacts.html"' in portal
    again, told = go(lists)
    assert again.id == edition.id
    assert "0 reports to run" in told


def test_a_list_that_is_lost_is_settled_again_and_nothing_runs(lists: Project) -> None:
    first, _ = go(lists)
    before = there(lists)
    (actions(lists) / "calls.csv").unlink()
    (actions(lists) / "thanks.parquet").write_bytes(b"another list")
    reasons = {one.report.name: one.reasons for one in status(lists) if one.condition == "stale"}
    assert reasons == {
        "early": ("its list calls.csv is gone, or not the one of the edition",),
        "late": ("its list thanks.parquet is gone, or not the one of the edition",),
    }
    again, told = go(lists)
    assert "0 reports to run" in told
    assert again.id == first.id
    assert there(lists) == before
    assert {one.condition for one in status(lists)} == {"fresh", "not_applicable"}


def status(project: Project) -> list[Any]:
    workspace = project.workspace
    params = load_suite(workspace, "mini")
    units, snapshots = known(workspace, params)
    reports = find_reports(workspace.notebooks)
    folder = find_unit(workspace, "mini/atlas")
    told = json.loads((folder / "served.json").read_bytes())["edition"]
    renderer = json.loads((folder / told / "manifest.json").read_bytes())["renderer"]
    found = suite_status(workspace, params, units, reports, snapshots, renderer)
    return [one for one in found if one.unit.name == "atlas"]


def test_another_policy_settles_anew_and_runs_no_report(lists: Project) -> None:
    first, _ = go(lists)
    path = lists.workspace.params / "mini" / "atlas.yml"
    path.write_text(path.read_text().replace("late.thanks", "early.calls"))
    assert {one.reasons for one in status(lists) if one.condition == "stale"} == {
        ("the contact policy changed",)
    }
    second, told = go(lists)
    assert "0 reports to run" in told
    assert second.id != first.id
    assert [one["name"] for one in document(second)["lists"]] == ["early.calls", "late.thanks"]
    changed = json.loads((second.folder / "changes.json").read_bytes())
    assert changed["policy"] == ["priority late.thanks → early.calls"]
    assert "The contact policy is another one" in (second.folder / "changes.html").read_text()
    # Who is held out of a list, and who is in the control group, stays from edition to edition.
    for one in document(second)["lists"]:
        own = next(old for old in document(first)["lists"] if old["name"] == one["name"])
        assert one["counts"]["control_group"] == own["counts"]["control_group"]


def test_candidates_that_are_lost_are_made_again(lists: Project) -> None:
    first, _ = go(lists)
    before = there(lists)
    (actions(lists) / "candidates" / "early" / "calls.parquet").write_bytes(b"another")
    again, told = go(lists, Choice(renderer="embedded", reports=("good",), why=True))
    assert "its candidates for calls are gone, or not those it recorded" in told
    assert again.id == first.id
    assert there(lists) == before


def test_a_report_that_fails_leaves_no_list_behind(lists: Project, tmp_path: Path) -> None:
    go(lists)
    write_params(lists.workspace, as_of="2025-07-31", atlas={"early": {"broken": 1}})
    add(lists, POLICY)
    edition = run(lists.workspace, "mini", QUICK).editions["atlas"]
    assert [one["name"] for one in document(edition)["lists"]] == ["late.thanks"]
    names = set(there(lists))
    assert not any(name.startswith("calls") for name in names), "it rests on old data"
    assert "candidates/early/calls.parquet" not in names
    assert "earlier/2025-06-30/early.calls.parquet" in names, "what was done then can be measured"
    assert "earlier/2025-07-31/late.thanks.parquet" in names
    assert 'href="contacts.html"' not in (edition.folder / "early.html").read_text()
    files = bundle_files(lists.workspace, edition, with_lists=True)
    assert {name for name in files if name.startswith("lists/")} == {
        "lists/thanks.csv",
        "lists/thanks.parquet",
    }
    last_good = edition.manifest["reports"]["early"]["last_good"]
    assert f"atlas/{last_good}/contacts.html" in files
    assert f"atlas/{last_good}/late.html" in files
    write_params(
        lists.workspace, as_of="2025-07-31", atlas={"early": {"broken": 1}, "late": {"broken": 1}}
    )
    edition = run(lists.workspace, "mini", QUICK).editions["atlas"]
    assert "contacts.json" not in edition.manifest["files"]
    assert "contacts" not in edition.manifest
    assert set(there(lists)) == {
        f"earlier/2025-06-30/{name}.parquet" for name in ("early.calls", "late.thanks")
    }


def test_the_arms_are_kept_day_by_day_and_pruned(lists: Project) -> None:
    for day in ("2025-06-30", "2025-07-31", "2025-08-31"):
        write_params(lists.workspace, as_of=day)
        add(lists, POLICY)
        go(lists)
    days = sorted(path.name for path in (actions(lists) / "earlier").iterdir())
    assert days == ["2025-06-30", "2025-07-31", "2025-08-31"]
    arms = [
        pq.read_table(path).to_pandas().set_index("customer_id")["arm"].to_dict()
        for path in sorted((actions(lists) / "earlier").glob("*/late.thanks.parquet"))
    ]
    assert arms[0] == arms[1] == arms[2], "drawn once, and stable"
    folder = find_unit(lists.workspace, "mini/atlas")
    (found,) = prune(lists.workspace, [folder], Wish(1, snapshots=True), dry_run=True)
    gone = [one.path.name for one in found.going if one.kind == "lists"]
    assert gone == ["2025-06-30"], (
        "the edition that stays, and the one whose lists it was given, need theirs"
    )
    prune(lists.workspace, [folder], Wish(1, snapshots=True))
    assert sorted(path.name for path in (actions(lists) / "earlier").iterdir()) == days[1:]
    _, told = go(lists)
    assert "0 reports to run" in told


def test_an_edition_with_lists_verifies(lists: Project) -> None:
    edition, _ = go(lists)
    before = there(lists)
    found = verify(lists.workspace, edition)
    assert found.is_same, found
    assert there(lists) == before, "lists are settled in the scratch folder"


def test_a_policy_that_names_no_report_is_refused_before_anything_runs(lists: Project) -> None:
    path = lists.workspace.params / "mini" / "atlas.yml"
    path.write_text(path.read_text().replace("late.thanks", "lat.thanks"))
    with pytest.raises(ParameterError, match="Did you mean `late`"):
        run(lists.workspace, "mini", QUICK)
