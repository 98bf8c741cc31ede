"""A customer forgotten in a whole project: what is gone, what stays, what is told."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workbench.cli import app
from workbench.data.snapshots import current_snapshot
from workbench.errors import ParameterError, PublishError
from workbench.files import digest_of_file, files_below
from workbench.ingest import ingest_suite
from workbench.ingest.forget.tombstones import read_tombstones
from workbench.params import load_suite
from workbench.suite.editions import list_editions, served
from workbench.suite.lock import only_run
from workbench.suite.verify import verify
from workbench.triage import read_record

from .world import ANN, BEN, CAT, World

# How Ann stands in what the sources delivered: her identifier, her card, her name.
SIGNS = (ANN, "0012", "Ann")


class Killed(BaseException):
    """The process ends here."""


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def everything(world: World) -> dict[Path, str]:
    return {path: digest_of_file(path) for path in files_below(world.workspace.root)}


def test_the_world_holds_her_in_every_kind_of_place(story: World) -> None:
    found = story.holders(*SIGNS)
    for place in ("received/", "quarantine/", "snapshots/", "actions/"):
        assert any(f"data/test/one/{place}" in name for name in found), place
    assert any(name.endswith(".unreadable.parquet") for name in found)
    assert any(name.endswith(".unreadable.csv") for name in found)
    assert len(story.snapshots()) == 2
    lists = {name.removeprefix("data/test/one/actions/") for name in found if "/actions/" in name}
    assert lists == {
        "call.holdout.csv",
        "call.holdout.parquet",
        "candidates/people/call.parquet",
        "earlier/2025-05-31/people.call.parquet",
        "earlier/2025-06-30/people.call.parquet",
    }


def test_afterwards_no_file_names_her_and_all_others_are_there(world: World) -> None:
    before = {name: world.holders(name) for name in (BEN, CAT)}
    done = world.forget()
    assert world.holders(*SIGNS) == set()
    assert (done.problems, done.left, done.plain) == ((), (), ())
    (one,) = done.sites
    # received: 1 customer, 2 + 2 orders, 1 line that could not be read
    assert one.rows["received"] == 6
    assert one.sources == {"customers.crm": 1, "orders.till": 3, "orders.web": 2}
    assert one.rows["actions"] == 5
    # two folders, each with two rejected orders and the line
    assert one.rows["quarantine"] == 6
    assert one.rows["snapshots"] == 6
    for name, files in before.items():
        kept = {path for path in files if "/snapshots/" not in path}
        assert kept <= world.holders(name)
    world.check()


def test_the_data_are_made_anew_as_of_their_day(world: World) -> None:
    before = current_snapshot(world.home)
    old = world.snapshots()
    world.forget()
    after = current_snapshot(world.home)
    assert world.snapshots() == {after.digest}
    assert after.digest not in old
    assert after.as_of == before.as_of == "2025-06-30"
    rows = {name: table.rows for name, table in before.tables.items()}
    assert {name: table.rows for name, table in after.tables.items()} == {
        "customers": rows["customers"] - 1,
        "orders": rows["orders"] - 2,
    }


def test_the_tombstone_names_nobody_and_counts(world: World) -> None:
    world.forget()
    path = world.home / "tombstones.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stones = read_tombstones(world.home)
    stone = stones.of(ANN)
    assert stone is not None
    assert (stone.number, stone.as_of, stone.is_complete) == (1, "2025-06-30", True)
    assert stone.rows == {"actions": 5, "quarantine": 6, "received": 6, "snapshots": 6}
    assert {name.split("/")[1] for name in stone.editions} == {
        edition.id for edition in list_editions(world.editions)
    }
    assert stones.hash_of(ANN) in path.read_text()
    assert ANN not in path.read_text()


def test_the_source_still_holds_her_and_the_next_ingest_leaves_her_out(world: World) -> None:
    done = world.forget()
    digest = current_snapshot(world.home).digest
    suite = load_suite(world.workspace, "test")
    again = ingest_suite(world.workspace, suite)["one"]
    assert (again.reused, again.snapshot.digest) == (True, digest), "an unchanged source is known"
    for options in ({"rehash": True}, {}):
        if not options:  # the source changes, and she is in it as before
            path = world.workspace.root / "raw" / "orders.web.csv"
            path.write_text(path.read_text() + "W7,C-0012,2025-06-02,9,\n")
        found = ingest_suite(world.workspace, suite, **options)["one"]
        assert not found.reused
        assert world.holders(*SIGNS) == set()
        erased = {
            f"{table.name}.{source.name}": source.erased
            for table in found.record.tables
            for source in table.sources
        }
        wanted = dict(done.sites[0].sources)
        if not options:
            wanted["orders.web"] += 1
        else:
            assert found.snapshot.digest == digest, "the same again, to the last byte"
        assert erased == wanted
        for table in found.record.tables:
            for source in table.sources:
                assert source.received == source.accepted + source.quarantined
    assert read_record(found.snapshot.folder).table("customers").sources[0].erased == 1
    assert call("ingest").stdout.count("Erased") == 1


def test_row_numbers_stay_those_of_the_source(world: World) -> None:
    world.forget()
    folder = world.home / "quarantine" / current_snapshot(world.home).digest
    lines = (folder / "orders.till.csv").read_text().splitlines()
    assert lines[1].startswith("till,4,unreadable:total,T4,0013")
    assert (folder / "orders.till.unreadable.csv").read_text().splitlines()[1].startswith("till,7,")


def test_what_can_no_longer_be_verified_says_why(world: World) -> None:
    assert verify(world.workspace, served(world.editions)).is_same
    old = [edition.id for edition in list_editions(world.editions)]
    done = world.forget()
    assert set(done.sites[0].editions) == {f"one/{name}" for name in old}
    for edition in list_editions(world.editions):
        found = verify(world.workspace, edition)
        assert not found.is_same
        assert "erased on purpose: a customer was forgotten; tombstone 1" in found.missing[0]
    told = call("editions", "test/one", "--check")
    assert told.exit_code == 0
    assert " ".join(told.stdout.split()).count("a customer was forgotten; tombstone 1") == 2
    rows = json.loads(call("editions", "--json").stdout)["editions"]
    assert ["forgotten" in row["not_again"] for row in rows] == [True, True]
    assert served(world.editions).id == old[0], "what was shown is shown"
    world.run()
    assert served(world.editions).id not in old
    assert verify(world.workspace, served(world.editions)).is_same
    assert world.holders(*SIGNS) == set()


def test_forgetting_twice_is_harmless(world: World) -> None:
    world.forget()
    before = everything(world)
    done = world.forget()
    assert (done.sites, done.already) == ((), ("test/one",))
    changed = {path.name for path, digest in everything(world).items() if before[path] != digest}
    assert changed <= {".lock"}
    assert "forgotten already" in call("forget", ANN, "--yes").stdout


def test_two_customers_are_forgotten_one_after_the_other(world: World) -> None:
    world.forget()
    done = world.forget(CAT)
    assert done.sites[0].tombstone == 2
    assert world.holders(*SIGNS, CAT, "0014") == set()
    assert world.holders(BEN)
    sources = current_snapshot(world.home)
    record = read_record(sources.folder)
    assert [source.erased for source in record.table("orders").sources] == [4, 3]


def test_an_unknown_customer_is_told_plainly_and_nothing_is_written(world: World) -> None:
    before = everything(world)
    with pytest.raises(ParameterError, match=r"no customer `C-9`.*Nothing was changed"):
        world.forget("C-9")
    told = call("forget", "C-9", "test", "--yes")
    assert told.exit_code == 2
    assert "no customer `C-9`" in told.stderr
    assert {path for path, digest in everything(world).items() if before.get(path) != digest} <= {
        world.workspace.data / "test" / ".lock"
    }
    with pytest.raises(ParameterError, match="empty"):
        world.forget("  ")
    with pytest.raises(ParameterError, match="Allowed: one"):
        world.forget(units=["two"])


def test_a_dry_run_tells_the_same_and_writes_nothing(world: World) -> None:
    before = everything(world)
    would = world.forget(dry_run=True)
    told = call("forget", ANN, "test", "--dry-run")
    asked = CliRunner().invoke(app, ["forget", ANN], input="n\n")
    assert everything(world) == before
    assert told.exit_code == 0
    assert "test/one: would be erased" in told.stdout
    assert "Have their owners erase it there" in told.stdout
    assert asked.exit_code == 1
    done = world.forget()
    assert would.sites[0].rows == done.sites[0].rows
    assert would.sites[0].sources == done.sites[0].sources
    assert would.sites[0].snapshots == done.sites[0].snapshots
    assert would.sites[0].editions == done.sites[0].editions


def test_the_command_says_what_went_and_what_is_to_do(world: World) -> None:
    done = call("forget", ANN, "--yes", "--unit", "one")
    assert done.exit_code == 0, done.output
    assert "test/one: erased, tombstone 1" in done.stdout
    assert "customers.crm (1), orders.till (3), orders.web (2)" in done.stdout
    assert "Run `workbench run test`" in done.stdout
    assert world.holders(*SIGNS) == set()


def test_not_while_a_run_is_under_way(world: World) -> None:
    before = everything(world)
    with (
        only_run(world.workspace.data / "test", "test"),
        pytest.raises(PublishError, match="under way"),
    ):
        world.forget()
    assert {p for p, digest in everything(world).items() if before.get(p) != digest} <= {
        world.workspace.data / "test" / ".lock"
    }


def test_where_the_sources_are_gone_she_is_erased_all_the_same(world: World) -> None:
    (world.workspace.root / "raw" / "orders.web.csv").unlink()
    done = world.forget()
    assert "could not be made anew" in done.problems[0]
    assert world.holders(*SIGNS) == set()
    assert not (world.home / "current.json").exists()
    assert world.snapshots() == set()
    assert served(world.editions) is not None
    assert call("forget", CAT, "--yes").exit_code == 1


STEPS = (
    "tombstone",
    "owner only",
    "actions",
    "received",
    "earlier data",
    "ingest",
    "snapshots",
    "editions",
    "identity",
    "complete",
    "portal",
)


def test_the_steps_are_all_told(world: World) -> None:
    told: list[str] = []
    world.forget(at=told.append)
    assert tuple(told) == STEPS


@pytest.mark.parametrize("stop", STEPS)
def test_a_run_that_was_killed_is_completed_by_the_next(world: World, stop: str) -> None:
    def at(step: str) -> None:
        if step == stop:
            raise Killed

    with pytest.raises(Killed):
        world.forget(at=at)
    world.check()
    world.forget()
    assert world.holders(*SIGNS) == set()
    assert read_tombstones(world.home).of(ANN).is_complete
    world.check()
    summary = ingest_suite(world.workspace, load_suite(world.workspace, "test"))["one"]
    assert summary.record.table("orders").received == 8
    assert world.holders(*SIGNS) == set()
    assert world.holders(BEN)


def test_an_ingest_between_a_kill_and_the_next_run_keeps_her_out(world: World) -> None:
    def at(step: str) -> None:
        raise Killed

    with pytest.raises(Killed):
        world.forget(at=at)
    found = ingest_suite(world.workspace, load_suite(world.workspace, "test"))["one"]
    assert found.record.table("customers").sources[0].erased == 1
    assert not any("/received/" in name for name in world.holders(*SIGNS))
    world.forget()
    assert world.holders(*SIGNS) == set()
