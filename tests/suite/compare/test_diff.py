"""Editions of real runs, compared from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workbench.cli.app import app
from workbench.errors import PublishError
from workbench.files import canonical, write_file
from workbench.suite import inputs
from workbench.suite.compare.sides import numbers_before, told_before
from workbench.suite.editions import Edition, list_editions, serve
from workbench.suite.naming import choose
from workbench.suite.run import Choice, run
from workbench.workspace import ROOT_VARIABLE

from ..conftest import Project, fill, make_workspace, write_params


@dataclass
class Story:
    """A project whose unit `atlas` has three editions."""

    project: Project
    ids: list[str]

    @property
    def folder(self) -> Path:
        return self.project.workspace.unit_reports("mini", "atlas")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    project = fill(make_workspace(tmp_path_factory.mktemp("diff") / "project"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "ingest_suite", project.ingest)
        patch.setenv(ROOT_VARIABLE, str(project.workspace.root))
        ids = []
        for day, lines, broken in (
            ("2025-05-31", 12, 0),
            ("2025-06-30", 1216, 0),
            ("2025-06-30", 1216, 1),
        ):
            write_params(project.workspace, as_of=day, atlas={"shaky": {"broken": broken}})
            project.ingest.rows["atlas"]["orders"] = lines
            chosen = Choice(units=("atlas",), renderer="embedded", workers=1)
            ids.append(run(project.workspace, "mini", chosen).editions["atlas"].id)
        yield Story(project, ids)


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["diff", *words], catch_exceptions=False)


def test_the_served_edition_is_compared_with_the_one_before(story: Story) -> None:
    told = json.loads(call("atlas", "--json").stdout)
    assert (told["old"]["id"], told["new"]["id"]) == (story.ids[1], story.ids[2])
    assert [one["state"] for one in told["reports"]] == ["same", "newly_failed", "not_applicable"]
    assert told["summary"][0] == "1 report failed: Shaky."


def test_two_days_are_compared_with_cause_and_rows(story: Story) -> None:
    done = call("mini/atlas", "2025-05-31", story.ids[1][:13], "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert done.stdout.encode() == canonical(told)
    (lines,) = told["metrics"]
    assert (lines["old"], lines["new"], lines["change_display"]) == (12, 1216, "+1,204")
    assert lines["verdict"]["state"] == "not_known"
    causes = {one["kind"]: one["words"] for one in told["causes"]}
    assert causes["data"] == "orders changed: +1,204 rows"
    assert causes["day"] == "the day looked back from, 31 May 2025 → 30 Jun 2025"
    assert told["data"][0]["new_received"] == 1217
    assert [one["state"] for one in told["findings"]] == ["updated"]


def test_the_table_shows_names_as_they_are(story: Story) -> None:
    shown = call("atlas", "2025-05-31", story.ids[1]).stdout
    assert "Order lines <b>" in shown
    assert "Cannot be said yet" in " ".join(shown.split())
    assert f"{story.ids[0]} -> {story.ids[1]}" in shown


def test_a_page_is_written_with_links_from_its_place(story: Story, tmp_path: Path) -> None:
    place = story.project.workspace.root / "changes.html"
    assert call("atlas", "2025-05-31", "--output", str(place)).stdout.strip() == str(place)
    page = place.read_text(encoding="utf-8")
    for href in (
        "reports/mini/index.html",
        f"reports/mini/atlas/{story.ids[2]}/good.html",
        f"reports/mini/atlas/{story.ids[0]}/good.html",
    ):
        assert f'href="{href}"' in page
        assert (place.parent / href).is_file()


def test_a_wrong_unit_or_edition_is_answered_with_those_that_there_are(story: Story) -> None:
    for words, message in (
        (("atlsa",), "no editions of `atlsa`. Did you mean `atlas`?"),
        (("demo/atlas",), "no editions of `demo/atlas`"),
        (("../atlas",), "no editions of"),
        (("atlas", "2024-01-01"), "no edition `2024-01-01`"),
        (("atlas", "--suite", "x"), "no editions of `x/atlas`"),
    ):
        done = call(*words)
        assert done.exit_code in {1, 2}
        assert message in done.stderr


def test_a_unit_of_two_suites_must_be_named_with_its_suite(story: Story) -> None:
    twin = story.project.workspace.unit_reports("other", "atlas")
    twin.mkdir(parents=True)
    serve(twin, "2025-06-30-none")
    try:
        done = call("atlas")
        assert done.exit_code == 2
        assert "Name one: mini/atlas, other/atlas." in done.stderr
        assert call("atlas", "--suite", "mini", "--json").exit_code == 0
        empty = call("other/atlas")
        assert (empty.exit_code, "there is no edition yet" in empty.stderr) == (1, True)
    finally:
        (twin / "served.json").unlink()


def test_an_edition_is_chosen_by_name_start_digest_or_day(story: Story) -> None:
    editions = list_editions(story.folder)
    third, second, first = editions
    assert [one.id for one in editions] == story.ids[::-1]
    for name, expected in (
        (second.id, second),
        (second.id[:15], second),
        (second.id[11:17], second),
        ("2025-05", first),
        ("2025-06-30", third),  # the newest of the day
    ):
        assert choose(editions, name, where="w").id == expected.id
    with pytest.raises(PublishError, match="fits 2 editions"):
        choose(editions, "2025-06", where="w")
    with pytest.raises(PublishError, match="no edition"):
        choose(editions, second.id[11:13], where="w")  # too short a start of a digest


def test_the_edition_that_the_manifest_names_goes_first(story: Story, tmp_path: Path) -> None:
    editions = list_editions(story.folder)
    third, second, first = editions
    named = Edition(third.folder, {**third.manifest, "prior": {"edition": first.id}})
    found = told_before(named, editions)
    assert found is not None
    assert found.id == first.id
    assert told_before(first, editions) is None
    pruned = Edition(tmp_path, {**third.manifest, "prior": {"edition": "2020-01-01-gone"}})
    write_file(tmp_path / "prior" / "manifest.json", canonical(dict(first.manifest)))
    write_file(tmp_path / "prior" / "results.json", canonical({"reports": dict(first.results)}))
    copy = told_before(pruned, editions)
    assert copy is not None
    assert (copy.id, copy.results) == ("2020-01-01-gone", first.results)
    assert second.id != first.id


def test_history_is_what_the_edition_holds_or_what_the_unit_s_editions_say(
    story: Story, tmp_path: Path
) -> None:
    editions = list_editions(story.folder)
    if not (editions[0].folder / "state" / "history.json").exists():
        found = numbers_before(editions[0], editions)
        assert [one.as_of for one in found] == ["2025-05-31", "2025-06-30"]
        assert [one.metrics["good.lines"]["value"] for one in found] == [12, 1216]
        assert len(numbers_before(editions[2], editions)) == 1
    point = {"as_of": "2025-01-31", "metrics": {"good.lines": {"value": 1}}}
    write_file(tmp_path / "state" / "history.json", canonical({"schema": 1, "points": [point]}))
    (held,) = numbers_before(Edition(tmp_path, editions[0].manifest), editions)
    assert (held.as_of, held.metrics) == ("2025-01-31", point["metrics"])
