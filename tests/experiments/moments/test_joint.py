"""Joint moments and segments: exact, whatever the engine, the order and what is missing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.experiments.moments import Joint, moments, steps


def exact(rows: list[tuple[Any, ...]]) -> list[list[Fraction]]:
    columns = [[Fraction(value) for value in column] for column in zip(*rows, strict=True)]
    n = len(rows)
    means = [sum(column, Fraction(0)) / n for column in columns]
    return [
        [
            sum(((x - mx) * (y - my) for x, y in zip(a, b, strict=True)), Fraction(0))
            for b, my in zip(columns, means, strict=True)
        ]
        for a, mx in zip(columns, means, strict=True)
    ]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(-(10**10), 10**10), st.integers(0, 50), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_sums_of_products_are_exact(rows: list[tuple[int, int, bool]]) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).assign(customer_id=range(len(rows)))
    asked = Joint(("x", "y"), ("z",))
    found = moments(frame.assign(variant="a"), [], joint=[asked]).joint["a", asked]
    assert [list(row) for row in found.centred] == exact(rows)
    assert found.totals == tuple(sum(column) for column in zip(*rows, strict=True))
    assert found.names == ("x", "y", "z")
    part = found.part(["z", "x"])
    assert part.centred[0][1] == found.centred[0][2]


def world(n: int = 4000) -> pd.DataFrame:
    random = np.random.default_rng(20250705)
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "variant": random.choice(["a", "b", "c"], n),
            "region": random.choice(["north", "south", None], n),
            "spend": random.gamma(0.5, 100, n).round(2) * (random.random(n) < 0.3),
            "minutes": random.normal(50, 9, n),
            "orders": random.poisson(2, n),
            "before": random.normal(1e8, 5, n),
        }
    )
    frame.loc[::11, "spend"] = np.nan
    frame.loc[::13, "before"] = np.nan
    frame.loc[5, "minutes"] = np.inf
    return frame


ASKED = (Joint(("spend",), ("before", "orders")), Joint(("spend", "minutes")), Joint(("orders",)))


@pytest.mark.parametrize("fine", [True, False])
def test_engines_and_orders_agree_and_equal_numpy(fine: bool, monkeypatch: Any) -> None:
    if not fine:
        monkeypatch.setattr(steps, "FINE_ROWS", 0)
    frame = world()
    connection = duckdb.connect()
    connection.register("t", frame)
    mixed = frame.sample(frac=1, random_state=3)
    tables = (frame, mixed, pl.from_pandas(mixed), connection.table("t"))
    options: Any = {"joint": ASKED, "segment": "region"}
    found = [moments(table, ["spend", "orders"], **options) for table in tables]
    connection.close()
    assert all(other == found[0] for other in found)
    own = frame[(frame["variant"] == "b") & frame["spend"].notna()]
    joint = found[0].joint["b", ASKED[0]]
    assert joint.n_obs == len(own)
    assert joint.names == ("spend", "before", "orders", "missing before")
    filled = own["before"].fillna(frame["before"].min())
    table = np.array([own["spend"], filled - 1e8, own["orders"], own["before"].isna()])
    closeness = 1e-9 if fine else 1e-7
    np.testing.assert_allclose(joint.covariance(), np.cov(table), rtol=closeness, atol=1e-7)
    ratio = found[0].joint["b", ASKED[1]]
    finite = own[np.isfinite(own["minutes"])]
    assert ratio.n_obs == len(finite)
    np.testing.assert_allclose(
        ratio.covariance(), np.cov(finite["spend"], finite["minutes"]), rtol=closeness, atol=1e-7
    )
    infinite = sum(m.infinite for (_, asked), m in found[0].joint.items() if asked == ASKED[1])
    assert infinite == 1


def test_segments_add_up_to_the_whole() -> None:
    found = moments(world(), ["spend"], joint=ASKED, segment="region")
    assert list(found.segments) == ["", "north", "south"]
    for who, count in found.units.items():
        assert sum(part.units.get(who, 0) for part in found.segments.values()) == count
        total = sum(part.metrics[who, "spend"].total for part in found.segments.values())
        assert total == found.metrics[who, "spend"].total


def test_a_key_that_is_known_is_not_looked_at() -> None:
    frame = world(300)
    known = moments(frame.drop(columns="customer_id"), ["orders"], unique=True)
    assert known == moments(frame, ["orders"])
    lost = frame.assign(variant=frame["variant"].where(frame.index > 2))
    found = moments(lost, ["orders"], unique=True)
    assert (found.rows, found.rows_without_place) == (300, 3)
    assert sum(found.units.values()) == 297


def test_units_whose_segments_differ_contradict() -> None:
    frame = world(50)
    twice = pd.concat([frame, frame.iloc[[0]].assign(region="elsewhere")])
    assert moments(twice, ["orders"], segment="region").units_in_conflict == 1
    assert moments(twice, ["orders"]).units_in_conflict == 0


def test_wide_numbers_keep_all_their_digits_in_every_engine() -> None:
    values = [2**60 + 1, 2**60 + 5, -(2**59), 7]
    frame = pd.DataFrame({"customer_id": range(4), "variant": "a", "x": values, "y": [1, 2, 3, 4]})
    connection = duckdb.connect()
    connection.register("t", frame)
    asked = Joint(("x", "y"))
    for table in (frame, pl.from_pandas(frame), connection.table("t")):
        found = moments(table, ["x"], joint=[asked])
        rows = list(zip(values, [1, 2, 3, 4], strict=True))
        assert [list(row) for row in found.joint["a", asked].centred] == exact(rows)
        assert found.metrics["a", "x"].total == sum(values)
    connection.close()
    with pytest.raises(AnalysisError, match="outcomes range from"):
        moments(frame.assign(x=2**62 + 1), ["x"])


def test_bad_columns_are_told() -> None:
    frame = world(20)
    with pytest.raises(AnalysisError, match="column befor is missing"):
        moments(frame, [], joint=[Joint(("spend",), ("befor",))])
    with pytest.raises(AnalysisError, match="not a number"):
        moments(frame, [], joint=[Joint(("spend",), ("region",))])
    joint = moments(frame, [], joint=[ASKED[2]]).joint["a", ASKED[2]]
    with pytest.raises(AnalysisError, match="not among the joint moments"):
        joint.part(["spend"])
