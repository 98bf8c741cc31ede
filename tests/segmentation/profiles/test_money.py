"""The money of segments: exact, adding up, and no margin where too little cost is known."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from support.shop import AS_OF, atlas
from workbench.segmentation.assigned import assign, assigned_by
from workbench.segmentation.profiles.money import SegmentMoney
from workbench.segmentation.profiles.study import profile_segments
from workbench.segmentation.study import segment


def money_of(lines: pd.DataFrame) -> tuple[SegmentMoney, pd.Series]:
    base = segment(lines, as_of=AS_OF, min_group=5)
    assigned = assigned_by(base)
    found = profile_segments(lines, assigned, as_of=AS_OF).money
    table = base.segments.frame
    assert found.frame["segment"].tolist() == table["segment"].tolist()
    assert found.frame["revenue"].tolist() == table["revenue"].tolist()  # one number, two tables
    assert found.frame["customers"].tolist() == table["customers"].tolist()
    return found, assigned.customers.set_index("customer_id")["segment"]


def exact(values: pd.Series) -> Decimal:
    return sum((Decimal(str(round(value, 2))) for value in values), Decimal(0))


def test_equals_plain_decimals() -> None:
    lines = atlas().orders
    found, whose = money_of(lines)
    named = lines.assign(segment=lines["customer_id"].map(whose))
    for row in found.frame.to_dict("records"):
        own = named[named["segment"] == row["segment"]]
        back = exact(-own.loc[own["amount"] < 0, "amount"])
        bought = exact(own.loc[own["amount"] >= 0, "amount"])
        assert row["revenue"] == bought - back
        assert row["margin"] == exact(own["amount"]) - exact(own["cost"])
        assert row["returns_share"] == pytest.approx(float(back / bought))
        assert row["margin_rate"] == pytest.approx(float(row["margin"] / row["revenue"]))
        assert row["cost_missing_share"] == 0
    assert found.revenue == exact(lines["amount"])
    assert found.margin == exact(lines["amount"]) - exact(lines["cost"])
    assert sum(found.frame["margin"], Decimal(0)) == found.margin
    assert sum(found.frame["revenue_share"]) == pytest.approx(1)


def test_lines_without_a_cost_are_counted_and_left_out_of_the_margin() -> None:
    lines = atlas().orders.copy()
    without = lines.index % 20 == 0
    lines.loc[without, "cost"] = np.nan
    found, _ = money_of(lines)
    rest = lines[~without]
    assert found.lines_without_cost == without.sum()
    assert found.margin == exact(rest["amount"]) - exact(rest["cost"])
    assert found.frame["cost_missing_share"].between(0.02, 0.08).all()


def test_no_margin_where_too_little_cost_is_known() -> None:
    lines = atlas().orders.copy()
    lines.loc[lines.index % 3 == 0, "cost"] = np.inf  # no number either
    found, _ = money_of(lines)
    assert found.margin is None
    assert found.frame[["margin", "margin_rate"]].isna().all(axis=None)
    assert found.frame["cost_missing_share"].between(0.2, 0.5).all()
    bare, _ = money_of(lines.drop(columns="cost"))
    assert not bare.has_cost
    assert bare.frame[["margin", "margin_rate", "cost_missing_share"]].isna().all(axis=None)


def test_returns_beyond_what_was_bought_and_nothing_bought() -> None:
    lines = pd.DataFrame(
        {
            "order_id": range(4),
            "customer_id": list("abcd"),
            "ordered_at": pd.Timestamp("2025-01-01"),
            "amount": [10.0, -30.0, -5.0, 0.0],
        }
    )
    who = pd.DataFrame({"customer_id": list("abcde"), "segment": ["x", "x", "y", "y", "z"]})
    found = profile_segments(lines, assign(who, ["x", "y", "z"], min_group=1), as_of=AS_OF).money
    rows = found.frame.set_index("segment")
    assert rows["revenue"].tolist() == [Decimal(-20), Decimal(-5), Decimal(0)]
    assert rows["customers"].tolist() == [2, 2, 1]  # without an order, and still a customer
    assert rows.loc["x", "returns_share"] == 3.0
    assert rows.loc["y", "returns_share"] is None
    assert rows["revenue_share"].isna().all()
