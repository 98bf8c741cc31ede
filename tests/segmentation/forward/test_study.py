"""Segments of an earlier day against what came after it: plain pandas, and no look ahead."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from support.retail import online_retail
from support.shop import AS_OF, atlas
from workbench.errors import AnalysisError
from workbench.segmentation.forward.reading import read_forward
from workbench.segmentation.forward.study import (
    ALONE,
    BOTH,
    MIN_MEAN,
    Forward,
    Verdict,
    _apart,
    _verdict,
    look_forward,
)
from workbench.segmentation.study import segment

FORMED, BEFORE = AS_OF - timedelta(days=182), AS_OF - timedelta(days=364)


@cache
def looked() -> Forward:
    return look_forward(atlas().orders, as_of=AS_OF, min_group=5)


def revenue_between(lines: pd.DataFrame, first: date, last: date) -> pd.Series:
    """Return net revenue in pence after a day, up to and including another."""
    day = lines["ordered_at"].dt.date
    inside = lines[(day > first) & (day <= last)]
    return (inside["amount"] * 100).round().astype("int64").groupby(inside["customer_id"]).sum()


def test_equals_plain_pandas() -> None:
    lines, found = atlas().orders, looked()
    then = segment(lines, as_of=FORMED, min_group=1).customers.set_index("customer_id")
    earlier = segment(lines, as_of=BEFORE, min_group=1).customers.set_index("customer_id")
    later = revenue_between(lines, FORMED, AS_OF)
    own = later.reindex(then.index, fill_value=0)
    window = revenue_between(lines, BEFORE, FORMED).reindex(earlier.index, fill_value=0)
    by = window.groupby(earlier["segment"]).agg(["size", "mean"])
    overall = window.mean()
    expected = {
        name: by.loc[name, "mean"] if name in by.index and by.loc[name, "size"] >= 20 else overall
        for name in then["segment"].unique()
    }
    assert found.segments["segment"].tolist() == sorted(expected, key=lambda n: -expected[n])
    for row in found.segments.to_dict("records"):
        mine = own[then["segment"] == row["segment"]]
        assert row["customers"] == len(mine)
        assert row["later_revenue"] == Decimal(int(mine.sum())) / 100
        assert row["later_share"] == pytest.approx(mine.sum() / own.sum())
        assert row["mean"] == pytest.approx(mine.mean() / 100)
        if row["expected"] is not None:
            assert row["expected"] == pytest.approx(expected[row["segment"]] / 100)
        if len(mine) < MIN_MEAN:
            assert row["ci_lower"] is None
            continue
        error = stats.sem(mine / 100)
        low, high = stats.t.interval(0.95, len(mine) - 1, loc=mine.mean() / 100, scale=error)
        assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((low, high))
    parts = [own[then["segment"] == name] for name in then["segment"].unique()]
    assert (found.statistic, found.pvalue) == pytest.approx(tuple(stats.kruskal(*parts)))
    assert found.customers == len(then)
    assert found.revenue == Decimal(int(own.sum())) / 100
    assert found.all_revenue == Decimal(int(later.sum())) / 100


def test_what_the_tops_capture_equals_sorting_by_hand() -> None:
    lines, found = atlas().orders, looked()
    then = segment(lines, as_of=FORMED, min_group=1).customers.set_index("customer_id")
    own = revenue_between(lines, FORMED, AS_OF).reindex(then.index, fill_value=0)
    places = {name: place for place, name in enumerate(found.segments["segment"])}
    frame = pd.DataFrame(
        {"place": then["segment"].map(places), "past": -then["revenue_units"], "later": own}
    )
    for row in found.captures.to_dict("records"):
        count = round(row["top_share"] * len(frame))
        assert count == pytest.approx(row["top_share"] * len(frame))
        for name, keys in (("by_revenue", ["past"]), ("by_both", ["place", "past"])):
            first = frame.sort_values(keys).head(count)["later"].sum() / own.sum()
            assert row[name] == pytest.approx(first, abs=1e-9), name
        sizes = frame.groupby("place")["later"].agg(["size", "sum"])
        left, held = count, 0.0
        for size, total in sizes.itertuples(index=False):
            part = min(left / size, 1.0)
            left, held = left - part * size, held + part * total
        assert row["by_segment"] == pytest.approx(held / own.sum())
    gains = found.gains.set_index(["ranking", "top_share"])["difference"]
    for row in found.captures.to_dict("records"):
        at = row["top_share"]
        assert gains[ALONE, at] == pytest.approx(row["by_segment"] - row["by_revenue"])
        assert gains[BOTH, at] == pytest.approx(row["by_both"] - row["by_revenue"])


def test_nothing_later_is_known_to_segments_and_their_order() -> None:
    """Orders after that day may be anything: sizes, order and expectations stay as they were."""
    lines = atlas().orders.copy()
    after = lines["ordered_at"].dt.date > FORMED
    rng = np.random.default_rng(3)
    lines.loc[after, "amount"] = rng.permutation(lines.loc[after, "amount"]) * 7
    lines.loc[after, "customer_id"] = rng.permutation(lines.loc[after, "customer_id"])
    one, other = looked(), look_forward(lines, as_of=AS_OF, min_group=5)
    columns = ["segment", "customers", "expected"]
    pd.testing.assert_frame_equal(one.segments[columns], other.segments[columns])
    assert one.captures["top_share"].tolist() == other.captures["top_share"].tolist()
    assert one.revenue != other.revenue


@pytest.mark.parametrize("engine", ["duckdb", "shuffled"])
def test_engine_and_order_change_nothing(engine: str) -> None:
    lines = atlas().orders
    table: Any = lines.sample(frac=1, random_state=1)
    if engine == "duckdb":
        table = duckdb.from_df(lines)
    other = look_forward(table, as_of=AS_OF, min_group=5)
    for name in ("segments", "captures", "gains"):
        pd.testing.assert_frame_equal(getattr(looked(), name), getattr(other, name))


def test_online_retail_is_too_short_for_half_a_year_and_not_for_four_months(
    workbench_data: Path,
) -> None:
    lines, last = online_retail(workbench_data), date(2011, 12, 9)
    found = look_forward(lines, as_of=last, min_group=5)
    assert found.verdict == "too little history"
    assert found.reason == "looking 182 days forward needs 546 days of orders; there are 374"
    assert found.segments.empty
    # Wholesalers: what they spent says more than how lately they bought.
    found = look_forward(lines, as_of=last, min_group=5, forward_days=120)
    assert found.verdict == "worse"
    assert found.segments["segment"].iloc[0] == "Champions"
    assert found.pvalue is not None
    assert found.pvalue < 1e-100


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.05, "add something"),
        (0.001, 0.019, "add nothing"),
        (-0.019, 0.019, "add nothing"),
        (-0.05, -0.01, "worse"),
        (-0.01, 0.03, "cannot tell"),
        (None, None, "add nothing"),
    ],
)
def test_the_verdict_follows_the_interval(
    low: float | None, high: float | None, verdict: Verdict
) -> None:
    assert _verdict(low, high, 0.02) == verdict
    gains = looked().gains.assign(ci_lower=low, ci_upper=high)
    said = read_forward(replace(looked(), verdict=verdict, gains=gains), currency="GBP")
    assert said.verdict.startswith(
        {
            "add something": "The segments add something",
            "add nothing": "The segments add nothing that matters",
            "worse": "The segments do worse",
            "cannot tell": "Whether the segments add anything to past revenue cannot be told",
        }[verdict]
    )


def test_a_top_never_ends_a_few_customers_beside_the_segments() -> None:
    edges = np.array([0, 197, 400, 404 + 5, 1000])
    assert _apart(200, edges, 5) in (197, 202)
    assert _apart(197, edges, 5) == 197
    assert _apart(203, edges, 5) == 203
    assert _apart(406, edges, 5) in (400, 405, 409)
    for count in range(1, 1000):
        away = np.abs(_apart(count, edges, 5) - edges)
        assert ((away == 0) | (away >= 5)).all()
    assert _apart(200, edges, 1) == 200


def test_few_customers_and_no_later_revenue_have_a_reason() -> None:
    lines = pd.DataFrame(
        {
            "order_id": range(600),
            "customer_id": [f"c{i:03d}" for i in range(300)] * 2,
            "ordered_at": pd.to_datetime(["2023-01-01"] * 300 + ["2024-06-01"] * 300),
            "amount": 10.0,
        }
    )
    few = lines[lines["customer_id"] < "c150"]
    found = look_forward(few, as_of=AS_OF, min_group=5)
    assert found.reason == "fewer than 200 customers had bought by then"
    found = look_forward(lines, as_of=AS_OF, min_group=5)
    assert found.reason == "these customers brought no revenue after that day"
    said = asdict(read_forward(found, currency="GBP"))
    assert said["captured"] is None
    assert found.drawn().drop(columns="segment").isna().all(axis=None)
    assert len(found.drawn()) == 1
    assert all(v is None or "None" not in v for v in said.values())


def test_what_is_said_is_what_the_tables_hold() -> None:
    found = looked()
    said = read_forward(found, currency="GBP")
    row, gained = found.judged()
    assert (said.captured, said.gained) == (row["by_both"], gained["difference"])
    assert f"{100 * row['by_both']:.1f}%" in said.verdict
    assert abs(row["top_share"] - 0.2) < 0.01
    best = found.segments.loc[found.segments["mean"].astype(float).idxmax(), "segment"]
    assert said.title.startswith(str(best))


@pytest.mark.parametrize(
    "option", [{"forward_days": 0}, {"alpha": 0.0}, {"alpha": 1.0}, {"smallest_gain": -0.1}]
)
def test_options_are_checked(option: dict[str, Any]) -> None:
    with pytest.raises(AnalysisError, match=rf"{next(iter(option))} == .* is out of range"):
        look_forward(atlas().orders, as_of=AS_OF, min_group=5, **option)
