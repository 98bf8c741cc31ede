"""A whole suite, run five times: good, unchanged, one report broken, mended, one report only."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from rich.console import Console

from workbench.errors import ParameterError, SourceError
from workbench.files import files_below
from workbench.params import load_suite
from workbench.suite import inputs
from workbench.suite.editions import Edition, damage, list_editions, served
from workbench.suite.inputs import known
from workbench.suite.notebook import find_reports
from workbench.suite.progress import Lines
from workbench.suite.run import Choice, RunResult, run
from workbench.suite.status import Status, suite_status

from .conftest import Project, fill, make_workspace, write_params

QUICK = Choice(renderer="embedded")


@dataclass
class Story:
    """What came of each run, and what stood in between."""

    project: Project
    runs: dict[str, RunResult] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, choice: Choice = QUICK) -> None:
        out = io.StringIO()
        progress = Lines(Console(file=out, width=200))
        self.runs[name] = run(self.project.workspace, "mini", choice, progress)
        self.pages[name] = self.runs[name].portal.read_text(encoding="utf-8")
        self.told[name] = out.getvalue()

    def look(self, name: str) -> None:
        workspace = self.project.workspace
        params = load_suite(workspace, "mini")
        units, snapshots = known(workspace, params)
        reports = find_reports(workspace.notebooks)
        told = self.runs["first"].editions["atlas"].manifest["renderer"]
        self.statuses[name] = suite_status(workspace, params, units, reports, snapshots, told)

    def states(self, name: str) -> dict[tuple[str, str], str]:
        return {(one.unit, one.report): one.state for one in self.runs[name].outcomes}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    project = fill(make_workspace(tmp_path_factory.mktemp("run") / "project"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "ingest_suite", project.ingest)
        told = Story(project)
        told.run("first")
        told.run("again")
        write_params(project.workspace, atlas={"shaky": {"broken": 1}})
        told.look("overridden")
        told.run("broken")
        told.look("broken")
        write_params(project.workspace, as_of="2025-07-31")
        project.ingest.rows["brook"]["orders"] = 1209
        told.run("part", Choice(units=("brook",), reports=("good",), renderer="embedded"))
        told.look("part")
        yield told


def test_all_good_gives_editions_a_portal_and_exit_code_0(story: Story) -> None:
    first = story.runs["first"]
    assert first.exit_code == 0
    assert story.states("first") == {
        ("atlas", "good"): "ok",
        ("atlas", "shaky"): "ok",
        ("atlas", "support"): "not_applicable",
        ("brook", "good"): "ok",
        ("brook", "shaky"): "ok",
        ("brook", "support"): "not_applicable",
    }
    edition = first.editions["atlas"]
    files = {path.name for path in edition.folder.iterdir()}
    assert {"good.html", "good.ipynb", "shaky.html", "manifest.json", "results.json"} <= files
    assert damage(edition) == []
    assert first.portal == story.project.workspace.reports / "mini" / "index.html"
    assert "4 reports to run" in story.told["first"]


def test_the_manifest_tells_data_parameters_versions_and_no_time(story: Story) -> None:
    edition = story.runs["first"].editions["atlas"]
    manifest = json.loads((edition.folder / "manifest.json").read_text())
    assert manifest["as_of"] == "2025-06-30"
    assert manifest["data"]["tables"]["orders"]["rows"] == 12
    assert manifest["data"]["rows"]["orders"]["till"] == {
        "department": "Sales",
        "received": 13,
        "accepted": 12,
        "quarantined": 1,
    }
    told = manifest["reports"]["shaky"]
    assert told["parts"]["parameters"] == {"broken": 0}
    versions = manifest["environments"][told["parts"]["environment"]]["versions"]
    assert "pandas" in versions
    assert manifest["reports"]["support"]["reason"] == "The unit has no interactions."
    text = json.dumps(manifest)
    assert str(story.project.workspace.root) not in text


def test_results_hold_findings_and_metrics(story: Story) -> None:
    results = story.runs["first"].editions["atlas"].results["good"]
    assert results["metrics"][0]["value"] == 12
    assert [finding["text"] for finding in results["findings"]] == [
        "atlas has 12 order lines.",
        "Order more.",
    ]


def test_times_stand_in_the_run_log_only(story: Story) -> None:
    log = json.loads(story.runs["first"].log.read_text())
    assert log["seconds"] > 0
    assert {job["report"] for job in log["jobs"]} == {"good", "shaky"}
    assert log["editions"]["atlas"] == story.runs["first"].editions["atlas"].id


def test_nothing_runs_when_nothing_changed(story: Story) -> None:
    again = story.runs["again"]
    assert all(one.reused for one in again.outcomes if one.state == "ok")
    assert "0 reports to run" in story.told["again"]
    assert {name: one.id for name, one in again.editions.items()} == {
        name: one.id for name, one in story.runs["first"].editions.items()
    }
    assert again.seconds < 3


def test_a_changed_parameter_is_told_in_words(story: Story) -> None:
    found = {(one.unit.name, one.report.name): one for one in story.statuses["overridden"]}
    assert found["atlas", "shaky"].condition == "stale"
    assert found["atlas", "shaky"].reasons == ("parameter broken 0 -> 1",)
    assert found["atlas", "good"].condition == "fresh"
    assert found["atlas", "support"].condition == "not_applicable"


def test_a_failing_notebook_fails_its_own_job_only(story: Story) -> None:
    broken = story.runs["broken"]
    assert broken.exit_code == 1
    states = story.states("broken")
    assert states["atlas", "shaky"] == "failed"
    assert [state for state in states.values() if state == "failed"] == ["failed"]
    assert broken.editions["brook"].id == story.runs["first"].editions["brook"].id
    failed = next(one for one in broken.outcomes if one.state == "failed")
    assert failed.reason == "ZeroDivisionError in cell cell-2: division by zero"
    assert failed.page is not None
    page = failed.page.read_text(encoding="utf-8")
    assert "could not be completed" in page
    assert "ZeroDivisionError" in page
    assert "before" in (failed.page.with_suffix(".ipynb")).read_text()


def test_the_new_edition_links_to_the_last_good_version(story: Story) -> None:
    first, broken = story.runs["first"].editions["atlas"], story.runs["broken"].editions["atlas"]
    told = broken.manifest["reports"]["shaky"]
    assert (told["state"], told["last_good"]) == ("failed", first.id)
    good = broken.manifest["reports"]["good"]
    assert good["key"] == first.manifest["reports"]["good"]["key"]
    assert (broken.folder / "good.html").read_bytes() == (first.folder / "good.html").read_bytes()
    failed = (broken.folder / "shaky.html").read_text()
    assert f'href="../{first.id}/shaky.html"' in failed
    page = story.pages["broken"]
    assert f'href="atlas/{first.id}/shaky.html"' in page
    assert f'href="atlas/{broken.id}/shaky.html"' in page
    assert "Needs attention" in page
    assert "Needs attention" not in story.pages["first"]


def test_the_portal_links_work_from_the_file_system(story: Story) -> None:
    portal = story.runs["part"].portal
    links = [part.split('"')[0] for part in portal.read_text().split('href="')[1:]]
    assert len(links) > 10
    for link in links:
        if not link.startswith("#"):
            assert (portal.parent / link).is_file(), link
    page = story.runs["part"].editions["brook"].folder / "good.html"
    assert (page.parent / "../../index.html").resolve() == portal


def test_the_portal_escapes_what_comes_from_outside(story: Story) -> None:
    page = story.pages["first"]
    assert "Brook &amp; &lt;Sons&gt;" in page
    assert "Test &lt;suite&gt; &amp; more" in page
    assert "Order lines &lt;b&gt;" in page
    assert page.count("<script") == 1  # its own, which the policy names by its digest
    assert "default-src &#39;none&#39;; script-src &#39;sha256-" in page
    assert "http://" not in page
    assert "https://" not in page


def test_one_report_of_one_unit_keeps_the_others_and_tells_their_age(story: Story) -> None:
    part = story.runs["part"]
    assert story.states("part") == {("brook", "good"): "ok"}
    edition = part.editions["brook"]
    assert edition.manifest["as_of"] == "2025-07-31"
    assert edition.manifest["reports"]["good"]["as_of"] == "2025-07-31"
    assert edition.manifest["reports"]["shaky"]["as_of"] == "2025-06-30"
    found = {(one.unit.name, one.report.name): one for one in story.statuses["part"]}
    assert found["brook", "good"].condition == "fresh"
    assert found["brook", "shaky"].condition == "stale"
    assert found["brook", "shaky"].reasons == (
        "orders changed: +1,204 rows",
        "as_of 2025-06-30 -> 2025-07-31",
    )
    assert "31 days older" in story.pages["part"]


def test_every_edition_is_whole_and_served_is_the_newest(story: Story) -> None:
    for unit, many in (("atlas", 2), ("brook", 2)):
        folder = story.project.workspace.unit_reports("mini", unit)
        editions: list[Edition] = list_editions(folder)
        assert len(editions) == many
        assert all(damage(edition) == [] for edition in editions)
        assert served(folder) == editions[0]


def test_the_index_lists_the_suite(story: Story) -> None:
    index = (story.project.workspace.reports / "index.html").read_text()
    assert 'href="mini/index.html"' in index


def test_the_same_inputs_elsewhere_give_the_same_bytes(
    story: Story, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LANG", "tr_TR.UTF-8")
    other = run(project.workspace, "mini", Choice(renderer="embedded", workers=1))
    for unit, edition in other.editions.items():
        first = story.runs["first"].editions[unit]
        assert edition.id == first.id
        for path in files_below(edition.folder):
            name = path.relative_to(edition.folder)
            assert path.read_bytes() == (first.folder / name).read_bytes(), name


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(units=("atlass",)), "no unit `atlass`"),
        (Choice(reports=("god",)), "Did you mean `good`"),
    ],
)
def test_misspelt_choices_are_refused_before_anything_runs(
    project: Project, choice: Choice, said: str
) -> None:
    with pytest.raises(ParameterError, match=said):
        run(project.workspace, "mini", choice)
    assert not list(project.workspace.data.iterdir())


def test_a_unit_that_cannot_be_read_does_not_hold_up_the_others(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ingest(workspace, params, units=None, **options):
        if units == ["atlas"]:
            raise SourceError("the file is missing", where="params/mini/atlas.yml")
        return project.ingest(workspace, params, units)

    monkeypatch.setattr(inputs, "ingest_suite", ingest)
    result = run(project.workspace, "mini", Choice(reports=("shaky",), renderer="embedded"))
    assert set(result.editions) == {"brook"}
    assert "the file is missing" in result.problems["atlas"]
    assert result.exit_code == 1
    assert "the file is missing" in result.portal.read_text()


def test_a_folder_that_cannot_be_written_is_a_problem_of_its_unit(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.ingest.rows["brook"] = {}
    (project.workspace.reports / "mini").mkdir()
    (project.workspace.reports / "mini" / "atlas").write_text("a file in its place")
    result = run(project.workspace, "mini", QUICK)
    assert "could not be written" in result.problems["atlas"]
    assert result.exit_code == 1


def test_an_edition_tells_what_changed_its_numbers_and_its_alerts(story: Story) -> None:
    first, part = story.runs["first"].editions["brook"], story.runs["part"].editions["brook"]
    assert "prior" not in first.manifest
    assert part.manifest["prior"]["edition"] == first.id
    kept = (part.folder / "prior" / "manifest.json").read_bytes()
    assert kept == (first.folder / "manifest.json").read_bytes()
    changes = json.loads((part.folder / "changes.json").read_text())
    assert changes["old"]["id"] == first.id
    moved = {one["id"]: (one["old"], one["new"]) for one in changes["metrics"]}
    assert moved["lines"] == (5, 1209)
    assert "Order lines" in (part.folder / "changes.html").read_text()
    points = json.loads((part.folder / "state" / "history.json").read_text())["points"]
    assert [point["as_of"] for point in points] == ["2025-06-30", "2025-07-31"]
    assert json.loads((part.folder / "alerts.json").read_text())["alerts"] == []


WATCH = """\
alerts:
  many:
    metric: good.lines
    when: "> 10"
    owner: Sales
goals:
  good.lines:
    target: 20
    direction: up
"""


def test_what_is_watched_stands_in_page_results_alerts_and_key(project: Project) -> None:
    before = run(project.workspace, "mini", QUICK)
    assert not any(before.alerts.values())
    path = project.workspace.params / "mini" / "atlas.yml"
    path.write_text(path.read_text() + WATCH)
    progress = io.StringIO()
    told = Lines(Console(file=progress, width=200))
    after = run(project.workspace, "mini", Choice(renderer="embedded", why=True), told)
    assert "atlas/good: goals, alerts or plans changed" in progress.getvalue()
    assert "atlas/shaky: fresh" in progress.getvalue()
    (alert,) = after.alerts["atlas"]
    assert (alert["owner"], alert["value"], alert["metric"]) == ("Sales", 12, "lines")
    edition = after.editions["atlas"]
    (goal,) = edition.results["good"]["goals"]
    assert (goal["value"], goal["target"]) == (12, 20)
    assert "Alerts" in (edition.folder / "good.html").read_text()
    assert json.loads((edition.folder / "alerts.json").read_text())["alerts"] == [alert]


def test_a_wrong_name_in_what_is_watched_is_refused_before_anything_runs(project: Project) -> None:
    path = project.workspace.params / "mini" / "atlas.yml"
    path.write_text(path.read_text() + WATCH.replace("good.lines", "god.lines"))
    with pytest.raises(ParameterError, match="Did you mean `good`"):
        run(project.workspace, "mini", QUICK)


def test_only_what_failed_is_run_again(project: Project) -> None:
    write_params(project.workspace, atlas={"shaky": {"broken": 1}})
    run(project.workspace, "mini", QUICK)
    write_params(project.workspace, as_of="2025-07-31")
    again = run(project.workspace, "mini", Choice(renderer="embedded", failed=True))
    ran = {(one.unit, one.report) for one in again.outcomes if one.seconds}
    assert ran == {("atlas", "shaky")}
    assert again.exit_code == 0
    assert again.editions["atlas"].manifest["reports"]["good"]["as_of"] == "2025-06-30"


def test_the_same_published_again_is_the_same_edition(project: Project) -> None:
    first = run(project.workspace, "mini", QUICK).editions["atlas"]
    write_params(project.workspace, atlas={"shaky": {"broken": 1}})
    broken = run(project.workspace, "mini", QUICK).editions["atlas"]
    assert broken.manifest["prior"]["edition"] == first.id
    write_params(project.workspace)
    mended = run(project.workspace, "mini", QUICK).editions["atlas"]
    assert mended.id == first.id
    forced = run(project.workspace, "mini", Choice(renderer="embedded", force=True))
    assert forced.editions["atlas"].id == first.id


def test_a_damaged_file_of_the_edition_itself_is_mended(project: Project) -> None:
    first = run(project.workspace, "mini", QUICK).editions["atlas"]
    for name in ("changes.html", "state/history.json", "results.json", "good.html"):
        path = first.folder / name
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1])
        assert damage(first) == [name]
        again = run(project.workspace, "mini", QUICK).editions["atlas"]
        assert again.id == first.id
        assert damage(again) == []
