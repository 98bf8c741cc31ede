"""The grid of today at an earlier day, against plain pandas; and what is said of the moves."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from support.retail import online_retail
from support.shop import AS_OF, atlas
from workbench.errors import AnalysisError
from workbench.segmentation.migration.moves import NEW
from workbench.segmentation.migration.reading import read_migration
from workbench.segmentation.migration.study import Migration, migrate
from workbench.segmentation.segments import RETURNS_ONLY
from workbench.segmentation.study import Segmentation, segment


def moved(lines: Any, as_of: date, days: int, min_group: int = 1) -> tuple[Segmentation, Migration]:
    now = segment(lines, as_of=as_of, min_group=min_group)
    return now, migrate(lines, now, days_back=days)


def segments_by_hand(lines: pd.DataFrame, day: date, now: Segmentation) -> pd.Series:
    """Return each customer's segment on a day by the cut points of another, in plain pandas."""
    known = lines[(lines["ordered_at"].dt.date <= day) & lines["customer_id"].notna()]
    known = known.assign(day=known["ordered_at"].dt.normalize())
    bought = known[known["amount"] >= 0]
    by = bought.groupby("customer_id")["day"]
    values = {
        "r_score": (pd.Timestamp(day) - by.max()).dt.days,
        "f_score": by.nunique(),
        "m_score": known.groupby("customer_id")["amount"].sum().round(4).reindex(by.max().index),
    }
    scores = {}
    for point in now.cuts:
        above = (values[point.measure.score].to_numpy()[:, None] > np.array(point.cuts)).sum(axis=1)
        scores[point.measure.score] = 5 - above if point.measure.low_is_good else above + 1
    named = pd.Series("", index=by.max().index, dtype=object)
    for rule in now.grid.rules:
        inside = np.ones(len(named), dtype=bool)
        for score, (low, high) in (("r_score", rule.r), ("f_score", rule.f), ("m_score", rule.m)):
            inside &= (scores[score] >= low) & (scores[score] <= high)
        named[inside] = rule.name
    rest = known.loc[~known["customer_id"].isin(named.index), "customer_id"].unique()
    return pd.concat([named, pd.Series(RETURNS_ONLY, index=rest, dtype=object)])


def check_against_pandas(lines: pd.DataFrame, now: Segmentation, found: Migration) -> None:
    assert found.moves is not None
    sides = [segments_by_hand(lines, day, now) for day in (found.earlier, found.later)]
    both = pd.concat(sides, axis=1, keys=["then", "now"]).fillna({"then": NEW})
    units = (lines["amount"] * 10_000).round().astype("int64")
    days = lines["ordered_at"].dt.date
    start = found.earlier - timedelta(days=found.days_back)
    for name, first, last in (
        ("value_before", start, found.earlier),
        ("value_after", found.earlier, found.later),
    ):
        inside = (days > first) & (days <= last)
        own = units[inside].groupby(lines["customer_id"][inside]).sum()
        both[name] = own.reindex(both.index, fill_value=0)
    each = both.groupby(["then", "now"])
    flows = found.moves.flows.set_index(["then", "now"])
    assert set(flows.index) == set(each.groups)
    for pair, own in each:
        assert flows.loc[pair, "customers"] == len(own)
        for name in ("value_before", "value_after"):
            assert flows.loc[pair, name] == Decimal(int(own[name].sum())).scaleb(-4)


def test_equals_plain_pandas_on_the_demo_shop() -> None:
    lines = atlas().orders
    now, found = moved(lines, AS_OF, 365)
    check_against_pandas(lines, now, found)
    table = now.segments.frame.set_index("segment")["customers"]
    assert found.moves is not None
    assert dict(found.moves.now.itertuples(index=False)) == table.to_dict()


def test_equals_plain_pandas_on_online_retail(workbench_data: Path) -> None:
    lines = online_retail(workbench_data)
    now, found = moved(lines, date(2011, 12, 9), 182)
    check_against_pandas(lines, now, found)
    assert found.moves is not None
    assert found.moves.now["customers"].sum() == 4_338
    assert found.moves.totals["value_after"].sum() == sum(
        found.moves.flows["value_after"], Decimal(0)
    )


@pytest.mark.parametrize("engine", ["duckdb", "shuffled"])
def test_engine_and_order_change_nothing(engine: str) -> None:
    lines = atlas().orders
    table = duckdb.from_df(lines) if engine == "duckdb" else lines.sample(frac=1, random_state=1)
    one, other = (moved(t, AS_OF, 365, 5)[1].moves for t in (lines, table))
    assert one is not None
    assert other is not None
    pd.testing.assert_frame_equal(one.flows, other.flows)


def test_who_does_not_buy_does_not_rise() -> None:
    lines = atlas().orders
    now, found = moved(lines, AS_OF, 200)
    idle = now.customers["last_purchase"] <= pd.Timestamp(found.earlier)
    names = list(now.grid.names)
    then = segments_by_hand(lines, found.earlier, now)
    for row in now.customers[idle].to_dict("records"):
        before = then[row["customer_id"]]
        assert names.index(row["segment"]) >= names.index(before), row


def test_too_little_history_says_so_and_shows_no_number() -> None:
    lines = atlas().orders
    _, found = moved(lines, AS_OF, 500)
    assert found.moves is None
    assert found.reason.startswith("moves over 500 days need 1,000 days of orders; there are")
    said = read_migration(found, currency="GBP")
    assert (
        said.down == f"Who moved between segments within 500 days cannot be said: {found.reason}."
    )
    assert said.moved_down is None
    assert found.drawn().drop(columns="then").isna().all(axis=None)
    assert list(found.matter()) == list(found.matter().columns)
    with pytest.raises(AnalysisError, match="days_back == 0"):
        migrate(lines, segment(lines, as_of=AS_OF, min_group=5), days_back=0)


def test_what_is_said_is_what_the_tables_hold() -> None:
    _, found = moved(atlas().orders, AS_OF, 365, 5)
    assert found.moves is not None
    said = read_migration(found, currency="GBP")
    totals = found.moves.totals.set_index("direction")
    assert said.down.startswith(f"{totals.loc['down', 'customers']:,} customers moved down since")
    assert said.value_down == totals.loc["down", "value_before"]
    assert said.value_up == totals.loc["up", "value_after"]
    first = found.moves.largest("down", 1).iloc[0]
    assert f"{first['customers']} {first['then']}" in said.down
    assert f"{first['then']} who are now {first['now']}" in said.down_decision
    assert "None" not in " ".join(v for v in asdict(said).values() if isinstance(v, str))


def test_columns_of_the_figure_carry_the_numbers_of_its_rows() -> None:
    _, found = moved(atlas().orders, AS_OF, 365, 5)
    assert found.moves is not None
    grid, drawn = found.moves.grid(), found.drawn()
    names = [*found.moves.order, NEW]
    assert set(drawn["then"]) >= {f"{i} {name}" for i, name in enumerate(found.moves.order, 1)}
    for name in grid["then"]:
        for other in grid.columns[1:]:
            label = name if name == NEW else f"{names.index(name) + 1} {name}"
            value = drawn.set_index("then").loc[label, str(names.index(other) + 1)]
            np.testing.assert_equal(value, grid.set_index("then").loc[name, other])
