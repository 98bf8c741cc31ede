"""Old data go when `retain:` says so, and it is told why."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support.project import Project
from workbench.cli import app
from workbench.data.gone import why_gone
from workbench.data.snapshots import current_snapshot, read_snapshot
from workbench.errors import SnapshotError
from workbench.ingest.expiry import expire, what_expires
from workbench.params import RetainParams

GOOD = {"order_id": "A1", "customer_id": "C1", "ordered_at": "2025-01-31", "amount": "10.50"}
DAYS = ("2025-05-31", "2025-06-29", "2025-06-30")


def world(root: Path, more: str = "") -> tuple[Project, list[str]]:
    """Ingest three days with another row each; return the digests of the snapshots."""
    build = Project(root, more=more)
    digests = []
    for number, day in enumerate(DAYS, 1):
        build.suite = re.sub("as_of: .*", f"as_of: {day}", build.suite)
        rows = [{**GOOD, "order_id": f"A{n}"} for n in range(number)]
        rows.append({**GOOD, "order_id": "B", "amount": "ten"})
        digests.append(build.table("orders", rows).ingest().snapshot.digest)
        who = root / "data/test/one/identity" / digests[-1]
        who.mkdir(parents=True)
        (who / "of-this-load").touch()
    assert len(set(digests)) == len(DAYS)
    return build, digests


def names(home: Path, place: str) -> set[str]:
    return {path.name for path in (home / place).iterdir()}


def retain(**days: int) -> RetainParams:
    return RetainParams.model_validate(days)


def told(home: Path, rule: RetainParams | None, as_of: str) -> list[tuple[str, str]]:
    return [(one.kind, one.as_of) for one in what_expires(home, rule, date.fromisoformat(as_of))]


def test_earlier_lists_expire_by_their_day_and_the_newest_stay(tmp_path: Path) -> None:
    home = tmp_path / "one"
    for day in DAYS:
        (home / "actions" / "earlier" / day).mkdir(parents=True)
    rule = retain(lists_days=30)
    assert told(home, rule, "2025-06-30") == []
    assert told(home, rule, "2025-07-01") == [("lists", DAYS[0])]
    assert told(home, rule, "2099-01-01") == [("lists", day) for day in DAYS[:2]]
    assert told(home, retain(snapshots_days=1), "2099-01-01") == []
    expire(home, rule, date(2099, 1, 1))
    assert names(home, "actions/earlier") == {DAYS[2]}
    noted = json.loads((home / "expired.json").read_text())
    assert set(noted["lists"]) == set(DAYS[:2])


def test_what_expires_on_which_day(tmp_path: Path) -> None:
    _, (first, second, _) = world(tmp_path)
    home = tmp_path / "data/test/one"
    assert told(home, None, "2099-01-01") == []
    assert told(home, retain(snapshots_days=30), "2025-06-30") == []
    both = [("identity", DAYS[0]), ("snapshots", DAYS[0])]
    assert told(home, retain(snapshots_days=30), "2025-07-01") == both
    # The current snapshot stays, and who was who in the load that it was compared with.
    assert told(home, retain(snapshots_days=1), "2099-01-01") == [*both, ("snapshots", DAYS[1])]
    every = [("quarantine", day) for day in DAYS]
    assert told(home, retain(quarantine_days=1), "2099-01-01") == every
    assert told(home, retain(quarantine_days=1), "2025-06-30") == every[:1]
    for digest in (first, second):
        (home / "snapshots" / digest / "snapshot.json").unlink()
    assert told(home, retain(snapshots_days=1), "2099-01-01") == [], "what has no day stays"


def test_what_expired_is_gone_and_told(tmp_path: Path) -> None:
    _, (first, second, third) = world(tmp_path)
    home = tmp_path / "data/test/one"
    rule = retain(snapshots_days=1, quarantine_days=400)
    expire(home, rule, date(2025, 7, 31))
    assert names(home, "snapshots") == {third}
    assert names(home, "identity") == {second, third}
    assert names(home, "quarantine") == {first, second, third}
    for digest in (first, second):
        assert why_gone(home, digest) == "its data expired under `retain:` on 2025-07-31"
        with pytest.raises(SnapshotError, match="expired under `retain:` on 2025-07-31"):
            read_snapshot(home, digest)
    assert current_snapshot(home).digest == third
    # The day of a snapshot that is gone is still known.
    rule = retain(quarantine_days=30)
    assert told(home, rule, "2025-07-05") == [("quarantine", DAYS[0])]
    assert expire(home, rule, date(2025, 7, 5))
    assert names(home, "quarantine") == {second, third}
    assert expire(home, rule, date(2025, 7, 5)) == ()


def test_each_ingest_removes_what_expired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build, (first, second, third) = world(tmp_path)
    home = tmp_path / "data/test/one"
    build.more = "retain: {snapshots_days: 10, quarantine_days: 10}\n"
    build.save()
    monkeypatch.chdir(tmp_path)
    asked = CliRunner().invoke(app, ["ingest", "--expiring"])
    assert asked.exit_code == 0, asked.output
    assert f"test/one: snapshots {first}, as of {DAYS[0]}" in asked.stdout
    assert "3 folders would expire as of 2025-06-30; nothing was removed" in asked.stdout
    assert names(home, "snapshots") == {first, second, third}
    again = build.ingest()
    assert (again.reused, again.snapshot.digest) == (True, third), "no new snapshot for it"
    for place in ("snapshots", "quarantine", "identity"):
        assert names(home, place) == {second, third}
