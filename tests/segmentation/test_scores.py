"""Scores, the table of rules, and what segments hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.segmentation.actions import customers_to_act_on
from workbench.segmentation.concentration import concentration
from workbench.segmentation.grid import Grid, Rule, default_grid, read_grid
from workbench.segmentation.scores import cut_table, score
from workbench.segmentation.segments import MERGED, segment_table


def customers(since: list[int], days: list[int], revenue: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(len(since))],
            "days_since_last_purchase": since,
            "purchase_days": days,
            "revenue": revenue,
            "revenue_units": [round(r * 10_000) for r in revenue],
            "last_purchase": pd.Timestamp("2024-01-01"),
        }
    )


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=60),
    st.integers(3, 10),
)
def test_a_better_value_never_has_a_lower_score(values: list[int], n_bins: int) -> None:
    frame = customers(values, values, [float(v) for v in values])
    scored, points = score(frame, n_bins=n_bins)
    ordered = scored.sort_values("revenue")
    assert ordered["m_score"].is_monotonic_increasing
    assert ordered["f_score"].is_monotonic_increasing
    assert ordered["r_score"].is_monotonic_decreasing
    for name in ("r_score", "f_score", "m_score"):
        assert scored[name].between(1, n_bins).all()
        assert scored.groupby("revenue")[name].nunique().max() == 1  # ties stay together
    assert all(sum(point.customers) == len(values) for point in points)


def test_without_ties_the_parts_are_equal() -> None:
    values = list(range(100))
    _, points = score(customers(values, values, [float(v) for v in values]))
    assert [point.customers for point in points] == [(20,) * 5] * 3
    assert not any(point.note for point in points)


def test_ties_that_empty_a_score_are_said() -> None:
    frame = customers(list(range(10)), [1] * 7 + [2, 3, 4], [float(i) for i in range(10)])
    _, (_, frequency, _) = score(frame)
    assert frequency.empty_scores == (2, 3)
    assert frequency.note == (
        "No customer scores 2, 3 for days with a purchase: too many customers share one value to "
        "be split."
    )
    table = cut_table([frequency], {"f_score": [True, True, True, False, False]})
    counts = frequency.customers
    assert table["customers"].tolist() == [None, None, counts[2], counts[1], counts[0]]


def test_cut_points_may_be_set() -> None:
    frame = customers([10, 30, 31, 400], [1, 1, 1, 1], [1.0] * 4)
    scored, points = score(frame, cuts={"recency": [30, 90, 180, 365]})
    assert scored["r_score"].tolist() == [5, 5, 4, 1]
    assert points[0].declared
    assert "no value lies between" in points[0].note
    with pytest.raises(AnalysisError, match="each larger than the one before"):
        score(frame, cuts={"recency": [30, 30, 180, 365]})
    with pytest.raises(AnalysisError, match="unknown score recent"):
        score(frame, cuts={"recent": [1, 2, 3, 4]})
    with pytest.raises(AnalysisError, match="n_bins == 2, must be 3 to 10"):
        score(frame, n_bins=2)


@pytest.mark.parametrize("n_bins", range(3, 11))
def test_the_house_grid_is_complete_for_every_number_of_scores(n_bins: int) -> None:
    grid = default_grid(n_bins)
    assert len(grid.names) == 10
    every = pd.DataFrame(
        [
            (r, f, m)
            for r in range(1, n_bins + 1)
            for f in range(1, n_bins + 1)
            for m in range(1, n_bins + 1)
        ],
        columns=["r_score", "f_score", "m_score"],
    )
    names = grid.assign(every)
    assert set(names) == set(grid.names)
    best = every.eq(n_bins).all(axis=1)
    assert names[best].tolist() == ["Champions"]
    assert names[every.eq(1).all(axis=1)].tolist() == ["Hibernating"]


def test_a_grid_with_a_hole_or_an_overlap_is_refused() -> None:
    top, rest = Rule("Top", (3, 3), (1, 3), (1, 3)), Rule("Rest", (1, 2), (1, 3), (1, 3))
    assert Grid((top, rest), 3).names == ("Top", "Rest")
    with pytest.raises(AnalysisError, match=r"18 combinations .* no segment.*r=1, f=1, m=1"):
        Grid((top,), 3)
    with pytest.raises(AnalysisError, match="more than one segment"):
        Grid((top, Rule("All", (1, 3), (1, 3), (1, 3))), 3)
    with pytest.raises(AnalysisError, match="used twice"):
        Grid((top, Rule("Top", (1, 2), (1, 3), (1, 3))), 3)
    with pytest.raises(AnalysisError, match="scores 1 to 4"):
        Grid((Rule("Top", (1, 4), (1, 3), (1, 3)),), 3)
    with pytest.raises(AnalysisError, match="meaning of its own"):
        Grid((Rule(MERGED, (1, 3), (1, 3), (1, 3)),), 3)


def test_a_grid_is_read_from_parameters() -> None:
    declared: list[dict[str, Any]] = [
        {"name": "Now", "r": [2, 3], "f": [1, 3], "m": [1, 3], "advice": "Thank them."},
        {"name": "Then", "r": [1, 1], "f": [1, 3], "m": [1, 3], "valuable_at_risk": True},
    ]
    grid = read_grid(declared, n_bins=3)
    assert grid.frame()["r"].tolist() == ["2 to 3", "1"]
    assert [rule.valuable_at_risk for rule in grid.rules] == [False, True]
    assert read_grid([], n_bins=5) == default_grid(5)
    with pytest.raises(AnalysisError, match=r"unknown key advise. Did you mean `advice`"):
        read_grid([{**declared[0], "advise": ""}], n_bins=3)
    with pytest.raises(AnalysisError, match="rule 1 is not readable"):
        read_grid([{"name": "Now", "r": [2]}], n_bins=3)


sizes = st.lists(st.integers(0, 12), min_size=2, max_size=8).filter(lambda s: sum(s) >= 5)


@given(sizes, st.integers(1, 5))
def test_no_small_group_is_shown_and_nothing_is_lost(counts: list[int], min_group: int) -> None:
    names = [f"s{i}" for i in range(len(counts))]
    frame = customers(
        [1] * sum(counts), [1] * sum(counts), [0.1 * i - 1 for i in range(sum(counts))]
    )
    frame["segment"] = np.repeat(np.array(names, dtype=object), counts)
    found = segment_table(frame, names, min_group=min_group)
    assert found.frame["customers"].sum() == found.customers == sum(counts)
    assert found.frame["customers"].min() >= min_group
    assert sum(found.frame["revenue"], Decimal(0)) == found.revenue
    assert found.revenue == Decimal(int(frame["revenue_units"].sum())) / 10_000
    # A single merged segment could be found by its absence.
    assert (
        len(found.merged) != 1 or (found.frame["segment"] == MERGED).sum() == len(found.frame) == 1
    )


def test_a_unit_of_too_few_customers_has_no_segments() -> None:
    frame = customers([1, 2], [1, 1], [1.0, 2.0]).assign(segment="s0")
    with pytest.raises(AnalysisError, match="fewer than 5 customers: a group must have as many"):
        segment_table(frame, ["s0"], min_group=5)


def test_without_revenue_there_are_no_shares() -> None:
    frame = customers([1] * 6, [1] * 6, [-1.0] * 6).assign(segment="s0")
    assert segment_table(frame, ["s0"], min_group=5).frame["revenue_share"].tolist() == [None]
    found = concentration(frame, min_group=5)
    assert found.gini is None
    assert found.reason == "too few customers"


def test_concentration_against_known_values() -> None:
    # Gini of 1..n is (n - 1) / (3 n); of equal values 0; of one owner (n - 1) / n.
    units = [i * 10_000 for i in range(1, 101)]
    found = concentration(pd.DataFrame({"revenue_units": units}), min_group=1)
    assert found.gini == pytest.approx(99 / 300, abs=1e-12)
    top = found.top.set_index("top_share")["revenue_share"]
    assert top[0.2] == pytest.approx(sum(range(81, 101)) / 5050)
    assert top[0.01] == pytest.approx(100 / 5050)
    equal = concentration(pd.DataFrame({"revenue_units": [70_000] * 30}), min_group=1)
    assert equal.gini == pytest.approx(0, abs=1e-12)
    # One percent of 30 equal customers is three tenths of one, and brings one percent.
    assert equal.top["revenue_share"].tolist() == pytest.approx([0.01, 0.05, 0.2])
    owner = concentration(pd.DataFrame({"revenue_units": [0] * 9 + [50_000]}), min_group=1)
    assert owner.gini == pytest.approx(0.9)


def test_negative_revenue_is_left_out_and_said() -> None:
    found = concentration(pd.DataFrame({"revenue_units": [-30_000, 10_000, 10_000]}), min_group=1)
    assert (found.customers, found.left_out, found.left_out_revenue) == (2, 1, Decimal("-3.0000"))
    assert found.gini == pytest.approx(0)
    assert found.curve["revenue_share"].iloc[-1] == 1.0


def test_top_groups_too_small_are_not_shown() -> None:
    found = concentration(pd.DataFrame({"revenue_units": [10_000] * 40}), min_group=5)
    assert found.top["top_share"].tolist() == [0.2]
    # Five percent of 81 are four customers and a part of the fifth: that is fewer than five.
    found = concentration(pd.DataFrame({"revenue_units": [10_000] * 81}), min_group=5)
    assert found.top["top_share"].tolist() == [0.2]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=90), st.integers(1, 6))
def test_no_few_customers_stand_between_two_points_of_the_curve(
    units: list[int], min_group: int
) -> None:
    found = concentration(pd.DataFrame({"revenue_units": units}), min_group=min_group)
    if found.curve.empty:
        return
    n = found.customers
    points = [*(found.curve["customer_share"] * n), *((1 - found.top["top_share"]) * n)]
    apart = np.diff(np.sort(np.array(points, dtype=float)))
    if min_group > 1:
        assert (apart[apart > 1e-6] >= min_group - 1e-6).all()
    assert found.curve["customer_share"].iloc[[0, -1]].tolist() == [0, 1]


def test_the_revenue_of_few_who_are_left_out_is_no_difference() -> None:
    # All revenue is known: what the top customers bring, over their share, would tell the rest's.
    found = concentration(pd.DataFrame({"revenue_units": [*range(1, 101), -7, -8]}), min_group=5)
    assert (found.few_left_out, found.left_out) == (True, 2)
    assert found.top["revenue"].tolist() == [None, None]
    assert found.top["customers"].tolist() == [5, 20], "96 to 100 customers have as many on top"
    more = concentration(pd.DataFrame({"revenue_units": [*range(1, 101), *[-7] * 5]}), min_group=5)
    assert not more.few_left_out
    assert more.top["revenue"].notna().all()


def test_sizes_that_tell_how_few_are_left_out_are_hidden() -> None:
    # 104 in all and a top fifth of 20: at most 100 are compared, so just four are left out.
    found = concentration(
        pd.DataFrame({"revenue_units": [*range(1, 101), -1, -1, -1, -1]}), min_group=5
    )
    assert found.top["customers"].tolist() == [None, None]
    assert found.top["revenue_share"].notna().all()


def test_the_action_list_has_reasons_and_a_fixed_order() -> None:
    frame = customers([40, 1, 90], [3, 1, 1], [50.0, 50.0, 80.0]).assign(segment=["x", "x", "y"])
    found = customers_to_act_on(frame, ["x"], known=["x", "y"])
    assert found["customer_id"].tolist() == ["c0000", "c0001"]
    assert found["reason"].tolist() == [
        "Bought on 3 days, last on 2024-01-01, 40 days ago.",
        "Bought on 1 day, last on 2024-01-01, 1 day ago.",
    ]
    with pytest.raises(AnalysisError, match="no segment is named z"):
        customers_to_act_on(frame, ["z"], known=["x", "y"])
