"""Which editions there are, which is shown, which may go."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from workbench.cli import app
from workbench.errors import ParameterError, PublishError
from workbench.suite.editions import Edition, clean, damage, list_editions, served
from workbench.suite.keep import Wish, kept_editions, prune, pruning, roll_back, size_words
from workbench.suite.keep.pruning import _staying
from workbench.suite.keep.removal import hide
from workbench.suite.lock import only_run
from workbench.suite.naming import find_edition, find_unit, find_units

from .kept_world import World, copy_world, make_world


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("keep") / "project")


@pytest.fixture
def world(story: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A copy that the test may change, and in which commands work."""
    copied = copy_world(story, tmp_path / "copy")
    monkeypatch.chdir(copied.workspace.root)
    return copied


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def flip(path: Path) -> None:
    """Change one bit of a file that nobody may write."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def links_of(world: World) -> list[Path]:
    parts = [part.split('"')[0].split("#")[0] for part in world.portal().split('href="')[1:]]
    return [world.workspace.reports / "mini" / part for part in parts if part]


# The list


def test_the_list_tells_what_is_shown_and_how_each_report_stands(story: World) -> None:
    july, broken, june, may = kept_editions(story.folder())
    assert [one.as_of for one in (july, broken, june, may)] == [
        "2025-07-31",
        "2025-06-30",
        "2025-06-30",
        "2025-05-31",
    ]
    assert [one.is_served for one in (july, broken, june, may)] == [True, False, False, False]
    assert broken.states == {"good": "ok", "shaky": "failed", "support": "not_applicable"}
    assert june.states["shaky"] == "ok"
    assert july.damage is None
    assert july.size == sum(
        path.stat().st_size for path in (story.folder() / july.id).rglob("*") if path.is_file()
    )


def test_the_list_as_json_and_as_a_table(world: World) -> None:
    flip(world.folder() / world.ids()[1] / "good.html")
    told = json.loads(call("editions", "mini/atlas", "--json", "--check").stdout)
    assert told["schema"] == 1
    assert [row["edition"] for row in told["editions"]] == world.ids()
    assert [row["damaged"] for row in told["editions"]] == [[], ["good.html"], [], []]
    shown = call("editions", "--check")
    assert shown.exit_code == 1
    assert "good.html is not what the digests say" in " ".join(shown.stdout.split())
    assert "6 of 7 editions are whole" in shown.stdout
    assert "mini/brook" in shown.stdout
    assert call("editions").exit_code == 0
    missing = call("editions", "mimi")
    assert missing.exit_code == 2
    assert "Did you mean `mini`?" in missing.stderr


def test_an_edition_whose_manifest_is_broken_is_listed_as_damaged(world: World) -> None:
    name = world.ids()[2]
    flip(world.folder() / name / "manifest.json")
    last = kept_editions(world.folder())[-1]
    assert (last.id, last.damage, last.is_served) == (name, ("manifest.json",), False)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (3_712_345, "3.7 MB"),
        (5 * 10**12, "5.0 TB"),
        (10**16, "10,000.0 TB"),
    ],
)
def test_sizes_read_well(size: int, words: str) -> None:
    assert size_words(size) == words


# Names


def test_an_edition_is_found_by_what_people_call_it(world: World) -> None:
    july, broken, june, may = world.ids()
    for words, expected in (
        (("mini/atlas",), july),
        (("atlas",), july),
        (("mini/atlas/2025-05-31",), may),
        ((f"mini/atlas/{june}",), june),
        (("atlas", broken[11:17]), broken),
        (("atlas", "2025-06-30"), broken),
    ):
        assert find_edition(world.workspace, *words).id == expected
    for wrong in ("mini/atlsa", "atlsa", "mimi/atlas", "a/b/c/d", ""):
        with pytest.raises(ParameterError, match="no editions of"):
            find_edition(world.workspace, wrong)
    with pytest.raises(PublishError, match="no edition `1999`"):
        find_edition(world.workspace, "mini/atlas/1999")


def test_units_are_found_by_suite_unit_or_all(world: World) -> None:
    both = [world.folder("atlas"), world.folder("brook")]
    assert find_units(world.workspace) == both
    assert find_units(world.workspace, "mini") == both
    assert find_units(world.workspace, "brook") == both[1:]
    assert find_units(world.workspace, "mini/brook") == both[1:]
    assert find_unit(world.workspace, "atlas", "mini") == both[0]
    with pytest.raises(ParameterError, match="Allowed: atlas, brook, mini"):
        find_units(world.workspace, "x")


def test_nothing_yet_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("params", "notebooks"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    found = call("editions")
    assert found.exit_code == 2
    assert "there are no editions yet. Run `workbench run` first." in found.stderr


def test_a_pointer_to_nothing_is_answered_with_what_there_is(world: World) -> None:
    (world.folder() / "served.json").write_text("{")
    with pytest.raises(PublishError, match="missing or damaged") as caught:
        find_edition(world.workspace, "atlas")
    assert world.ids()[0] in str(caught.value)


# Going back


def test_going_back_shows_the_edition_before_and_changes_none(world: World) -> None:
    before = {path: path.read_bytes() for path in world.folder().rglob("*") if path.is_file()}
    july, broken, *_ = world.ids()
    said = call("rollback", "mini/atlas")
    assert said.exit_code == 0, said.output
    assert f"{broken} is shown now, {july} no longer" in said.stdout
    assert world.shown().id == broken
    after = {path: path.read_bytes() for path in world.folder().rglob("*") if path.is_file()}
    assert {path.name for path in after if after[path] != before.get(path)} == {"served.json"}
    assert f"atlas/{broken}/good.html" in world.portal()
    assert all(path.exists() for path in links_of(world))
    assert "2025-07-31" in world.portal(), "the portal keeps its day"


def test_the_next_run_works_as_usual(world: World) -> None:
    july = world.shown().id
    roll_back(world.workspace, world.folder(), "2025-05-31")
    assert world.shown().id == world.ids()[3]
    world.run()
    assert world.shown().manifest["as_of"] == "2025-07-31"
    assert (
        world.shown().manifest["reports"]["good"]
        == (
            Edition(
                world.folder() / july,
                json.loads((world.folder() / july / "manifest.json").read_text()),
            )
        ).manifest["reports"]["good"]
    )
    assert damage(world.shown()) == []


def test_a_damaged_edition_is_passed_over_or_refused(world: World) -> None:
    july, broken, june, _ = world.ids()
    flip(world.folder() / broken / "good.ipynb")
    named = call("rollback", "atlas", broken)
    assert named.exit_code == 1
    assert "the edition is damaged: good.ipynb" in named.stderr
    assert world.shown().id == july
    done = roll_back(world.workspace, world.folder())
    assert (done.edition.id, done.passed) == (june, (broken,))
    assert world.shown().id == june


def test_where_there_is_nothing_to_go_back_to_it_is_said(world: World) -> None:
    roll_back(world.workspace, world.folder(), world.ids()[3])
    with pytest.raises(PublishError, match="there is no earlier edition"):
        roll_back(world.workspace, world.folder())
    assert world.shown().id == world.ids()[3]
    again = call("rollback", "atlas", "2025-05-31")
    assert "is shown already" in again.stdout


def test_going_back_mends_a_pointer_to_nothing(world: World) -> None:
    (world.folder() / "served.json").write_text('{"edition": "2025-08-31-0000000000000000"}')
    done = roll_back(world.workspace, world.folder())
    assert (done.before, done.edition.id) == ("", world.ids()[0])


def test_not_while_a_run_is_under_way(world: World) -> None:
    july = world.shown().id
    with only_run(world.workspace.data / "mini", "mini"):
        for words in (("rollback", "atlas"), ("prune", "--keep", "1")):
            refused = call(*words)
            assert refused.exit_code == 1
            assert "another run of suite `mini` is under way" in refused.stderr
        assert call("prune", "--keep", "1", "--dry-run").exit_code == 0
    assert world.shown().id == july
    assert len(world.ids()) == 4


def test_going_back_works_with_parameters_that_do_not(world: World) -> None:
    (world.workspace.params / "mini" / "suite.yml").write_text("tilte: x\n")
    said = call("rollback", "atlas")
    assert said.exit_code == 1
    assert "the portal could not be written anew" in said.stderr
    assert world.shown().id == world.ids()[1]


# Removing


def test_only_the_newest_stay_and_what_they_link_to(world: World) -> None:
    july, broken, june, may = world.ids()
    assert world.shown().manifest["reports"]["shaky"]["last_good"] == june
    said = call("prune", "mini", "--keep", "1")
    assert said.exit_code == 0, said.output
    assert world.ids() == [july, june]
    assert f"{june} stays: {july} links to its shaky, the last good one" in " ".join(
        said.stdout.split()
    )
    assert not list(world.folder().glob(".*"))
    assert world.ids("brook") == [world.shown("brook").id]
    assert all(path.exists() for path in links_of(world))
    assert may not in world.portal()
    assert broken not in world.portal()
    page = (world.folder() / july / "shaky.html").read_text()
    assert f"../{june}/shaky.html" in page


def test_what_is_shown_stays_however_old(world: World) -> None:
    may = world.ids()[3]
    roll_back(world.workspace, world.folder(), may)
    done = prune(world.workspace, [world.folder()], Wish(1))
    assert may in world.ids()
    assert (may, "it is the one that is shown") in [(one.id, one.reason) for one in done[0].staying]


def test_a_dry_run_says_the_same_and_removes_nothing(world: World) -> None:
    folders = find_units(world.workspace)
    wish = Wish(1, damaged=True, snapshots=True)
    before = sorted(world.workspace.root.rglob("*"))
    would = prune(world.workspace, folders, wish, dry_run=True)
    assert sorted(world.workspace.root.rglob("*")) == before
    done = prune(world.workspace, folders, wish)
    assert done == would
    assert all(not one.path.exists() for unit in done for one in unit.going)
    assert sum(unit.size for unit in done) > 0
    again = prune(world.workspace, folders, wish)
    assert [unit.going for unit in again] == [(), ()]


def test_data_go_only_when_told_and_never_what_is_needed(world: World) -> None:
    home = world.workspace.unit_data("mini", "atlas")
    there = {path.name for path in (home / "snapshots").iterdir()}
    prune(world.workspace, [world.folder()], Wish(1))
    assert {path.name for path in (home / "snapshots").iterdir()} == there
    there.add("f" * 16)
    for place in ("snapshots", "quarantine", "identity"):
        for name in there:
            (home / place / name).mkdir(exist_ok=True, parents=True)
    needed = {
        told["snapshot"]
        for edition in list_editions(world.folder())
        for told in edition.manifest["reports"].values()
        if "snapshot" in told
    }
    needed.add(json.loads((home / "current.json").read_text())["snapshot"])
    # What the newest data were compared with when they came stays: they could not be made again.
    before, *_ = sorted(there - needed - {"f" * 16})
    load = {"digest": "0" * 16, "before": {"atlas": before}}
    (home / "ingest.json").write_text(json.dumps({"inputs": "", "units": {}, "load": load}))
    done = call("prune", "atlas", "--keep", "1", "--snapshots")
    assert done.exit_code == 0
    assert "freed" in done.stdout
    left = {path.name for path in (home / "snapshots").iterdir()}
    assert left == (needed | {before}) & there
    assert left < there
    for place in ("quarantine", "identity"):
        assert {path.name for path in (home / place).iterdir()} == left
    world.run()
    assert damage(world.shown()) == []


def test_damaged_editions_go_only_when_told(world: World) -> None:
    july, broken, june, _ = world.ids()
    flip(world.folder() / broken / "manifest.json")
    (world.folder() / f".damaged-{june}-1").mkdir()
    stayed = prune(world.workspace, [world.folder()], Wish(4, snapshots=True))
    assert "Data stay: 1 damaged editions" in stayed[0].problem
    assert (world.folder() / broken).is_dir()
    done = prune(world.workspace, [world.folder()], Wish(4, damaged=True))
    assert {one.path.name for one in done[0].going} == {broken, f".damaged-{june}-1"}
    assert not (world.folder() / broken).exists()
    assert world.shown().id == july


def test_a_damaged_edition_that_is_shown_is_not_removed(world: World) -> None:
    flip(world.folder() / world.ids()[0] / "manifest.json")
    for wish in (Wish(1), Wish(1, damaged=True)):
        done = prune(world.workspace, [world.folder()], wish)
        assert done[0].going == ()
        assert "Nothing is removed" in done[0].problem
    assert call("prune", "mini/atlas", "--keep", "1").exit_code == 1
    assert len(list(world.folder().glob("2025-*"))) == 4


def test_a_portal_that_cannot_be_written_is_said_and_the_rest_is_done(world: World) -> None:
    (world.workspace.params / "mini" / "suite.yml").write_text("tilte: x\n")
    done = call("prune", "atlas", "--keep", "1")
    assert done.exit_code == 1
    assert "The portal could not be written anew" in done.stderr
    assert len(world.ids()) == 2
    assert not list(world.folder().glob(".pruned-*"))


def test_none_is_not_enough(world: World) -> None:
    with pytest.raises(ParameterError, match="must be at least 1"):
        prune(world.workspace, [world.folder()], Wish(0))
    assert call("prune").exit_code == 2, "how many must be said"


KILLED = """
import os, signal, sys
from pathlib import Path
from workbench.suite.keep import Wish, prune
import workbench.suite.keep.pruning as module
from workbench.suite.naming import find_units
from workbench.workspace import Workspace
seen = 0
def stop(real):
    def inner(*words):
        global seen
        seen += 1
        if seen == {when}:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words)
    return inner
for name in ("hide", "delete", "rewrite_portal"):
    setattr(module, name, stop(getattr(module, name)))
workspace = Workspace(Path({root!r}))
prune(workspace, find_units(workspace, "atlas"), Wish(1, snapshots=True))
"""


@pytest.mark.parametrize("when", range(1, 8))
def test_killed_at_any_step_each_edition_is_whole_or_gone(world: World, when: int) -> None:
    code = KILLED.format(when=when, root=str(world.workspace.root))
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    now = served(world.folder())
    assert now is not None
    assert all(damage(edition) == [] for edition in list_editions(world.folder()))
    assert all(damage(edition) == [] for edition in (now,))
    prune(world.workspace, [world.folder()], Wish(1, snapshots=True))
    assert len(world.ids()) == 2
    assert not list(world.workspace.root.rglob(".pruned-*"))
    assert all(path.exists() for path in links_of(world))


def test_a_run_deletes_what_a_crash_left(world: World) -> None:
    left = world.folder() / ".pruned-2025-05-31-0000000000000000"
    left.mkdir()
    page = left / "good.html"
    page.write_text("x")
    page.chmod(0o444)
    assert clean(world.folder()) == [left.name]
    assert not left.exists()


def test_where_the_disk_refuses_the_rest_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    july, broken, june, may = world.ids()

    def refuse(folder: Path, place: Path | None = None) -> Path:
        if folder.name == broken:
            raise OSError(30, "Read-only file system")
        return hide(folder, place)

    monkeypatch.setattr(pruning, "hide", refuse)
    done = prune(world.workspace, [world.folder()], Wish(1))
    assert [one.path.name for one in done[0].going] == [may]
    assert done[0].problem == f"{broken} could not be removed (Read-only file system)."
    assert world.ids() == [july, broken, june]
    assert may not in world.portal()


@given(
    links=st.lists(st.lists(st.integers(0, 7), max_size=3), min_size=1, max_size=8),
    keep=st.integers(1, 8),
    shown=st.integers(0, 7),
)
def test_whatever_links_to_what_no_link_of_a_kept_edition_breaks(
    links: list[list[int]], keep: int, shown: int
) -> None:
    editions = [
        Edition(
            Path(f"e{number}"),
            {"reports": {f"r{to}": {"last_good": f"e{to}"} for to in targets if to < len(links)}},
        )
        for number, targets in enumerate(links)
    ]
    now = editions[shown % len(editions)]
    newest = {edition.id for edition in editions[:keep]}
    staying = _staying(editions, now, newest)
    kept = newest | set(staying)
    assert now.id in kept
    assert not newest & set(staying)
    for edition in editions:
        if edition.id in kept:
            for told in edition.manifest["reports"].values():
                assert told["last_good"] in kept
