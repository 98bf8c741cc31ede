"""Each load beside the load before: what changed, what explains it, what is compared with what."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.project import Project
from workbench import triage
from workbench.ingest import IngestSummary, making
from workbench.triage.found import ChangeRecord

Load = Callable[..., IngestSummary]
SUITE = """
title: Test
as_of: {as_of}
currency: GBP
timezone: Europe/London
owner: Insight
seed: 3
"""


def orders(count: int, seed: int, until: date, *, dear: float = 1.0, web: float = 0.3) -> list[Any]:
    draw = random.Random(seed)
    return [
        {
            "order_id": f"{seed}-{number}",
            "customer_id": f"C{draw.randrange(400)}",
            "ordered_at": str(until - timedelta(days=draw.randrange(300))),
            "amount": f"{dear * draw.lognormvariate(3, 0.6):.2f}",
            "channel": "web" if draw.random() < web else "store",
        }
        for number in range(count)
    ]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def ingest(rows: list[Any], as_of: str, more: str = "", **options: Any) -> IngestSummary:
        built = Project(tmp_path, suite=SUITE.format(as_of=as_of), more=more)
        return built.table("orders", rows).ingest(**options)

    return ingest


MAY, JUNE = date(2025, 5, 31), date(2025, 6, 30)


def asks(summary: IngestSummary) -> list[ChangeRecord]:
    return [
        change
        for table in summary.record.tables
        if table.drift is not None
        for change in table.drift.changes
        if change.asks
    ]


def test_the_first_load_has_nothing_before_it(load: Load) -> None:
    summary = load(orders(900, 1, MAY), "2025-05-31")
    assert summary.record.before == ""
    assert all(table.drift is None for table in summary.record.tables)
    said = triage.changes_verdict(summary.record)
    assert said.asks is None
    assert "no earlier load" in said.said


def test_a_change_is_told_with_its_figures(load: Load) -> None:
    first = load(orders(900, 1, MAY), "2025-05-31")
    second = load(orders(900, 2, JUNE, dear=2.0), "2025-06-30")
    assert second.record.before == first.snapshot.digest
    drift = second.record.table("orders").drift
    assert (drift.rows_before, drift.rows_now, drift.counts) == (900, 900, (900,))
    moved = [change for change in asks(second) if change.kind == "distribution"]
    assert [change.column for change in moved] == ["amount"]
    figures = moved[0].figures
    assert figures["distance"] > 0.3
    assert figures["lower"] > 0
    said = triage.changes_verdict(second.record)
    assert said.asks == len(asks(second))
    frame = triage.changes(second.record)
    assert set(frame.loc[frame["reading"] == "look at this", "column"].dropna()) >= {"amount"}


def test_a_known_event_explains_what_it_covers(load: Load) -> None:
    load(orders(900, 1, MAY), "2025-05-31")
    calendar = (
        "\ncalendar: {sale: {title: Summer sale, start: 2025-06-10, end: 2025-06-20, "
        "explains: [categories]}}\n"
    )
    summary = load(orders(900, 2, JUNE, dear=2.0, web=0.7), "2025-06-30", calendar)
    flagged = [one for one in summary.record.table("orders").drift.changes if one.flag]
    told = {one.kind: one.explained_by for one in flagged}
    assert told["categories"] == ("Summer sale",)
    assert told["distribution"] == ()
    frame = triage.changes(summary.record)
    assert "explained: Summer sale" in set(frame["reading"])


def test_the_same_load_is_compared_with_the_same_one(load: Load) -> None:
    first = load(orders(900, 1, MAY), "2025-05-31")
    rows = orders(900, 2, JUNE)
    second = load(rows, "2025-06-30")
    assert load(rows, "2025-06-30").reused
    assert load(rows, "2025-06-30", rehash=True).snapshot == second.snapshot
    # A parameter changes: the rows are checked again, and compared with the load before still.
    other = load(rows, "2025-06-30", "\ntables: {orders: {limits: {amount: [0, 40]}}}\n")
    assert other.snapshot != second.snapshot
    assert other.record.before == first.snapshot.digest
    third = load(orders(900, 3, JUNE), "2025-06-30")
    assert third.record.before == other.snapshot.digest
    assert third.record.table("orders").drift.counts == (900, other.record.table("orders").accepted)


def test_a_killed_load_is_not_compared_with_itself(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(orders(900, 1, MAY), "2025-05-31")
    rows = orders(900, 2, JUNE)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(making, "write_ledger", killed)
        with pytest.raises(KeyboardInterrupt):
            load(rows, "2025-06-30")
    assert load(rows, "2025-06-30").record.before == first.snapshot.digest


def test_an_earlier_day_is_compared_with_nothing(load: Load) -> None:
    load(orders(900, 1, JUNE), "2025-06-30")
    summary = load(orders(900, 2, MAY), "2025-05-31")
    assert "later day" in summary.record.not_compared
    assert triage.changes_verdict(summary.record).said == summary.record.not_compared


def test_a_load_that_is_gone_is_told(load: Load, tmp_path: Path) -> None:
    first = load(orders(900, 1, MAY), "2025-05-31")
    rows = orders(900, 2, JUNE)
    load(rows, "2025-06-30")
    shutil.rmtree(first.snapshot.folder)
    summary = load(rows, "2025-06-30", rehash=True)
    assert "no longer kept" in summary.record.not_compared


def test_restated_rows_are_counted(load: Load) -> None:
    rows = orders(900, 1, MAY)
    key = "\ntables: {orders: {key: [order_id]}}\n"
    load(rows, "2025-05-31", key)
    changed = [dict(row) for row in rows]
    for row in changed[:40]:
        row["amount"] = "999.00"
    summary = load(changed + orders(80, 2, JUNE), "2025-06-30", key)
    (history,) = [c for c in summary.record.table("orders").drift.changes if c.kind == "history"]
    assert history.figures["changed"] == 40
    assert history.flag
