"""Flows between segments: counted, valued, and hidden where they are of few."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.segmentation.migration.moves import GONE, NEW, Moves, moves
from workbench.segmentation.segments import MERGED, RETURNS_ONLY

ORDER = ("good", "fair", "poor", RETURNS_ONLY)
Pair = tuple[str | None, str | None]


def found_for(pairs: list[Pair], min_group: int = 1) -> Moves:
    """Return the moves of customers given by their segments then and now."""
    frame = pd.DataFrame(pairs, columns=["then", "now"], dtype=object)
    frame["customer_id"] = [f"c{i:04d}" for i in range(len(pairs))]
    sides = [
        frame[["customer_id", name]].rename(columns={name: "segment"}).dropna()
        for name in ("then", "now")
    ]
    worth = pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "before_units": np.arange(len(pairs)) * 10_000,
            "after_units": np.arange(len(pairs)) * 100,
        }
    )
    return moves(*sides, worth, order=ORDER, min_group=min_group)


PAIRS: list[Pair] = [
    *[("good", "good")] * 4,
    *[("good", "poor")] * 3,
    *[("poor", "fair")] * 2,
    ("poor", RETURNS_ONLY),
    *[(None, "good")] * 2,
    *[("fair", None)] * 2,
]


def test_flows_are_counted_and_valued() -> None:
    flows = found_for(PAIRS).flows.set_index(["then", "now"])
    worth = [(Decimal(i), Decimal(i) / 100) for i in range(len(PAIRS))]
    for pair, direction in {
        ("good", "good"): "stayed",
        ("good", "poor"): "down",
        ("poor", "fair"): "up",
        ("poor", RETURNS_ONLY): "no order",
        (NEW, "good"): "new",
        ("fair", GONE): "gone",
    }.items():
        names = (None if pair[0] == NEW else pair[0], None if pair[1] == GONE else pair[1])
        own = [i for i, one in enumerate(PAIRS) if one == names]
        row = flows.loc[pair]
        before, after = (sum((worth[i][k] for i in own), Decimal(0)) for k in (0, 1))
        assert row["direction"] == direction
        assert row["customers"] == len(own)
        assert (row["value_before"], row["value_after"]) == (before, after)
        assert row["value"] == (before if direction in ("down", "gone") else after)
        assert row["share_of_then"] == len(own) / sum(one[0] == names[0] for one in PAIRS)
    assert len(flows) == 6


def test_totals_and_sizes_add_up() -> None:
    found = found_for(PAIRS)
    totals = found.totals.set_index("direction")
    assert totals["customers"].sum() == len(PAIRS)
    assert totals["value_before"].sum() == sum(range(len(PAIRS)))
    assert dict(found.now.itertuples(index=False)) == {
        "good": 6,
        "fair": 2,
        "poor": 3,
        RETURNS_ONLY: 1,
        GONE: 2,
    }
    assert dict(found.then.itertuples(index=False)) == {"good": 7, "fair": 2, "poor": 3, NEW: 2}


def test_the_grid_holds_shares_of_then_in_the_order_of_the_segments() -> None:
    grid = found_for(PAIRS).grid()
    assert list(grid) == ["then", "good", "fair", "poor", RETURNS_ONLY, GONE]
    assert grid["then"].tolist() == ["good", "fair", "poor", NEW]
    assert grid.set_index("then").loc["good", "poor"] == 3 / 7
    np.testing.assert_allclose(grid.drop(columns="then").sum(axis=1), 1)


def test_the_flows_that_matter_come_first() -> None:
    pairs: list[Pair] = [*[("fair", "poor")] * 9, *[("good", "poor")] * 2, *[("poor", "good")] * 6]
    found = found_for(pairs)
    assert found.largest("down")["then"].tolist() == ["fair", "good"]  # 36.00 before 19.00
    assert found.matter(1)["direction"].tolist() == ["down", "up"]
    with pytest.raises(AnalysisError, match="direction == sideways"):
        found.largest("sideways")


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["good", "fair", "poor", RETURNS_ONLY, None]),
            st.sampled_from(["good", "fair", "poor", RETURNS_ONLY, None]),
            st.sampled_from([0, 1, 2, 3, 6, 8, 15]),
        ),
        min_size=4,
        max_size=25,
    )
)
def test_no_small_flow_can_be_computed(cells: list[tuple[str | None, str | None, int]]) -> None:
    """What is shown leaves each hidden flow open: it is no sum of shown ones, by their ranks."""
    pairs = [(then, now) for then, now, n in cells if then or now for _ in range(n)]
    if min(sum(pair[k] is not None for pair in pairs) for k in (0, 1)) < 5:
        return
    found = found_for(pairs, min_group=5)
    flows = found.flows
    named = [
        tuple(MERGED if name in found.merged else name for name in pair)
        for pair in [(then or NEW, now or GONE) for then, now in pairs]
    ]
    counts = pd.Series(named).value_counts()
    truth = [int(counts[pair]) for pair in zip(flows["then"], flows["now"], strict=True)]
    shown, places = [], range(len(flows))
    for place, told in enumerate(flows["customers"]):
        if told is None:
            continue
        assert told == truth[place] >= 5
        shown.append([int(k == place) for k in places])
    for column, table in (("then", found.then), ("now", found.now)):
        for name, told in table.itertuples(index=False):
            if told is not None:
                assert told >= 5
                shown.append((flows[column] == name).astype(int).tolist())
    for name, told in found.totals[["direction", "customers"]].itertuples(index=False):
        if told is not None:
            assert told >= 5
            shown.append((flows["direction"] == name).astype(int).tolist())
    shown.append((flows["now"] != GONE).astype(int).tolist())
    rank = np.linalg.matrix_rank(np.array(shown))
    for place, told in enumerate(flows["customers"]):
        if told is None and truth[place] < 5:
            one = [int(k == place) for k in places]
            assert np.linalg.matrix_rank(np.array([*shown, one])) == rank + 1
    for name in ("value_before", "value_after", "value", "share_of_then"):
        assert (flows.loc[flows["customers"].isna(), name].isna()).all()


def test_a_segment_too_small_on_either_day_stands_with_others_on_both() -> None:
    pairs: list[Pair] = [*[("good", "poor")] * 2, *[("fair", "poor")] * 20, *[("poor", "good")] * 9]
    found = found_for(pairs, min_group=5)
    assert set(found.merged) == {"good", "poor"}
    assert found.order == ("fair", RETURNS_ONLY, MERGED)
    assert set(found.flows["direction"]) == {"no order"}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [([("good", "bad")] * 5, "no segment is named bad"), ([("good", "good")], "fewer than 5")],
)
def test_what_cannot_be_compared_is_refused(pairs: list[Pair], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        found_for(pairs, min_group=5)
