"""What may be shown of a waterfall: nothing small, nor anything small by difference."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.retention.periods import Calendar
from workbench.retention.recurring import MOVEMENTS, Waterfall
from workbench.retention.recurring_shown import OTHER_REASONS, shown_waterfall

CLOSING = {"new": 1, "won_back": 1, "expansion": 0, "contraction": 0, "churned": -1}


def waterfall(
    counts: list[dict[str, int]], opening: int, reasons: dict[str, int] | None = None
) -> Waterfall:
    """Return a waterfall in which everybody pays, and moves, 10 a month."""
    rows, people, money = [], opening, opening * 100_000
    for place, count in enumerate(counts):
        row = {"period": pd.Timestamp(date(2024, 1 + place, 1)), "opening": people}
        row["opening_units"] = money
        for name in MOVEMENTS:
            row[name] = count.get(name, 0)
            row[f"{name}_units"] = row[name] * 100_000
            people += CLOSING[name] * row[name]
            money += (-1 if name in ("contraction", "churned") else 1) * row[f"{name}_units"]
        rows.append({**row, "closing": people, "closing_units": money})
    told = reasons or {"price": sum(count.get("churned", 0) for count in counts)}
    churned = pd.DataFrame(
        [(name, name != "payment_failed", n, n * 100_000) for name, n in told.items()],
        columns=["reason", "decided", "customers", "units"],
    )
    return Waterfall(pd.DataFrame(rows), churned, 0, 0, Calendar())


def test_large_movements_are_shown_exactly() -> None:
    found = waterfall([{"new": 9, "churned": 6, "expansion": 7}], 100)
    told = shown_waterfall(found, min_group=5)
    row = told.table.iloc[0]
    assert row["opening"] == Decimal("1000.0000")
    assert (row["new"], row["churned"], row["won_back"]) == (90, 60, 0)
    assert row["closing"] == Decimal("1100.0000")
    assert row["closing_customers"] == 103
    assert row["gross_retention"] == 0.94
    assert row["net_retention"] == 1.01
    assert told.note == ""
    assert told.reasons.iloc[0].tolist() == ["price", True, 6, Decimal("60.0000"), 1.0]


def test_a_small_movement_is_hidden_together_with_another() -> None:
    told = shown_waterfall(waterfall([{"new": 20, "churned": 3, "expansion": 9}], 100), min_group=5)
    row = told.table.iloc[0]
    assert row["churned"] is None
    assert row["new"] is None  # the change in customers would tell the churned
    assert row["gross_retention"] is None
    assert row["net_retention"] is None
    assert "hidden: fewer than 5 customers" in told.note
    assert not len(told.reasons)  # three churned: their reasons are not told either


def test_small_reasons_stand_together() -> None:
    reasons = {"price": 20, "payment_failed": 3, "moved": 6, "other": 2}
    found = waterfall([{"churned": 31, "new": 8}], 100, reasons)
    told = shown_waterfall(found, min_group=5).reasons
    assert told["reason"].tolist() == ["price", "moved", OTHER_REASONS]
    assert told["customers"].tolist() == [20, 6, 5]
    assert told["decided"].iloc[-1] is None  # of both kinds
    assert abs(told["share"].sum() - 1) < 1e-12


def test_periods_with_few_movements_are_joined() -> None:
    counts = [{"new": 9}, {"churned": 1}, {"new": 2, "churned": 6}, {"new": 8}]
    told = shown_waterfall(waterfall(counts, 100), min_group=5)
    assert len(told.table) == 3
    assert "1 month is joined with others" in told.note
    assert told.table["period"].iloc[1] == pd.Timestamp("2024-02-01")
    assert told.table["last_period"].iloc[1] == pd.Timestamp("2024-03-01")


def test_nobody_to_show() -> None:
    told = shown_waterfall(waterfall([{"new": 2}, {"new": 1}], 0), min_group=5)
    assert not len(told.table)
    assert "fewer than 5 customers paid or moved" in told.reason


counts = st.lists(
    st.fixed_dictionaries({name: st.sampled_from([0, 0, 1, 3, 6, 20]) for name in MOVEMENTS}),
    min_size=1,
    max_size=6,
)


@settings(max_examples=80)
@given(counts, st.sampled_from([0, 3, 150]), st.sampled_from([1, 5]))
def test_no_small_number_is_shown_nor_left_by_subtraction(
    drawn: list[dict[str, int]], opening: int, min_group: int
) -> None:
    people = opening
    for count in drawn:  # no more can leave than are there
        count["churned"] = min(count["churned"], people)
        people += sum(CLOSING[name] * count[name] for name in MOVEMENTS)
    told = shown_waterfall(waterfall(drawn, opening), min_group=min_group)
    for _, row in told.table.iterrows():
        hidden = [name for name in MOVEMENTS if row[name] is None]
        for name in ("opening", *MOVEMENTS, "closing"):
            count = row[f"{name}_customers"]
            assert (count is None) == (row[name] is None)
            assert count is None or count == 0 or count >= min_group
        assert len(hidden) != 1
        assert len({"new", "won_back", "churned"} & set(hidden)) != 1
        if {"contraction", "churned"} & set(hidden):
            assert row["gross_retention"] is None
    if len(told.table):
        away = told.table["churned"].isna().to_numpy()
        if len(told.reasons) and len(told.table) > 1:
            assert away.sum() != 1
    for value in [*told.table.to_numpy().ravel(), *told.reasons.to_numpy().ravel()]:
        assert value is None or not (isinstance(value, float) and np.isnan(value))
    if min_group == 1:
        assert not told.table[[*MOVEMENTS]].isna().to_numpy().any()
