"""Outcomes and covariates from windows: exact, from every engine, with nobody lost in silence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.experiments.metrics import Truncated, measure
from workbench.params import ExperimentParams

AS_OF = date(2025, 3, 31)
METRICS: dict[str, Any] = {
    "spend": {"kind": "mean", "from": "orders", "what": "amount", "days": 7},
    "capped": {"kind": "mean", "from": "orders", "what": "amount", "days": 7, "cap": 20},
    "margin": {"kind": "mean", "from": "orders", "what": "margin", "days": 7},
    "orders": {"kind": "mean", "from": "orders", "what": "orders", "days": 7},
    "bought": {"kind": "proportion", "from": "orders", "what": "bought", "days": 7},
    "stays": {"kind": "retention", "from": "orders", "day": 10, "days": 5},
    "basket": {
        "kind": "ratio",
        "numerator": {"from": "orders", "what": "amount", "days": 7},
        "denominator": {"from": "orders", "what": "orders", "days": 7},
    },
    "contacts": {"kind": "mean", "from": "interactions", "what": "contacts", "days": 14},
    "rating": {
        "kind": "ratio",
        "numerator": {"from": "interactions", "what": "satisfaction", "days": 14},
        "denominator": {"from": "interactions", "what": "rated", "days": 14},
    },
    "given": {"kind": "mean", "column": "x", "cap": 3},
}
COVARIATES = {"before": {"from": "orders", "what": "amount", "days": 30}}


def declared(**more: Any) -> ExperimentParams:
    said = {
        "title": "T", "control": "a", "shares": {"a": 0.5, "b": 0.5},
        "metrics": METRICS, "covariates": COVARIATES, **more,
    }  # fmt: skip
    return ExperimentParams.model_validate(said)


def assigned(times: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(len(times))],
            "variant": ["a" if i % 2 == 0 else "b" for i in range(len(times))],
            "assigned_at": pd.to_datetime(pd.Series(times), format="ISO8601"),
            "x": np.arange(len(times), dtype="float64"),
        }
    )


def lines(rows: list[tuple[str, str, str, float | None, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount", "cost"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"], format="ISO8601"))


def contacts(rows: list[tuple[str, str, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "opened_at", "satisfaction"])
    return frame.assign(opened_at=pd.to_datetime(frame["opened_at"], format="ISO8601"))


def in_engine(name: str, *frames: pd.DataFrame) -> list[Any]:
    if name == "pandas":
        return list(frames)
    if name == "polars":
        return [pl.from_pandas(frame) for frame in frames]
    connection = duckdb.connect()
    made = []
    for i, frame in enumerate(frames):
        money = [c for c in ("amount", "cost") if c in frame.columns]
        casts = ", ".join(f"{c}::DECIMAL(18,4) AS {c}" for c in money)
        connection.register(f"t{i}", frame)
        made.append(connection.sql(f"SELECT * {f'REPLACE ({casts})' if money else ''} FROM t{i}"))
    return made


def columns(found: Any) -> dict[str, list[Any]]:
    frame = found.frame.collect(backend="pandas").to_native().sort_values("customer_id")
    names = [name for name in frame.columns if " " in name]
    return {
        name: [None if pd.isna(value) else float(value) for value in frame[name]] for name in names
    }


ASSIGNED = assigned(["2025-03-10 12:00", "2025-03-20", "2025-03-28", None])
ORDERS = lines(
    [
        ("1", "c0", "2025-03-10 11:59:59.999999", 100, 40),  # a microsecond before: a covariate
        ("2", "c0", "2025-03-10 12:00", 10, 4),
        ("2", "c0", "2025-03-10 12:00", 20.5, 4),  # another line of the same order
        ("3", "c0", "2025-03-17 11:59", -5, -2),  # a return: no order, less spend
        ("4", "c0", "2025-03-17 12:00", 7, 1),  # the window is over
        ("5", "c0", "2025-03-20 12:00", 3, None),  # the first moment of day 10
        ("6", "c1", "2025-03-21", 8, None),  # its cost is not known
        ("7", "c2", "2025-03-29", 9, 1),
        ("8", "zz", "2025-03-21", 50, 1),  # not in the experiment
        ("9", None, "2025-03-21", 50, 1),
        ("10", "c1", "2025-04-02", 77, 1),  # after as_of
    ]
)
CONTACTS = contacts(
    [
        ("c0", "2025-03-11", 4.5),
        ("c0", "2025-03-12", None),
        ("c0", "2025-03-12", 2),
        ("c1", "2025-03-01", 5),
    ]
)
EXPECTED = {
    # c2's seven days are not over; c3 was assigned nobody knows when.
    "metric spend": [25.5, 8.0, None, None],
    "metric capped": [20.0, 8.0, None, None],
    "metric margin": [19.5, None, None, None],
    "metric orders": [1.0, 1.0, None, None],
    "metric bought": [1.0, 1.0, None, None],
    "metric stays": [1.0, None, None, None],
    "numerator of basket": [25.5, 8.0, None, None],
    "denominator of basket": [1.0, 1.0, None, None],
    "metric contacts": [3.0, None, None, None],
    "numerator of rating": [6.5, None, None, None],
    "denominator of rating": [2.0, None, None, None],
    "covariate before": [100.0, 0.0, 0.0, None],
    "metric given": [0.0, 1.0, 2.0, 3.0],
}


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
@pytest.mark.parametrize("seed", [0, 1])
def test_windows_by_hand(engine: str, seed: int) -> None:
    frames = (f.sample(frac=1, random_state=seed) for f in (ASSIGNED, ORDERS, CONTACTS))
    rows, orders, support = in_engine(engine, *frames)
    found = measure(rows, declared(), as_of=AS_OF, orders=orders, interactions=support)
    assert columns(found) == EXPECTED
    late = {(one.metric, one.variant): (one.rows, one.untimed) for one in found.truncated}
    assert late["spend", "a"] == (1, 0)
    assert late["spend", "b"] == (0, 1)
    assert late["stays", "a"] == (1, 0)
    assert found.waiting["a", "spend"] == 1
    assert ("b", "spend") not in found.waiting
    assert late["stays", "b"] == (1, 1)
    assert Truncated("contacts", "b", 1, 1) in found.truncated
    assert found.cut_covariates == {"before": 3}  # the first order is of 10 March


@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1))
def test_sums_are_exact_and_do_not_depend_on_order_or_engine(seed: int) -> None:
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2025-01-01")
    n, m = 12, 80
    rows = assigned(
        [str(start + pd.Timedelta(minutes=int(t))) for t in random.integers(0, 9999, n)]
    )
    cents = random.integers(-(10**9), 10**9, m)
    orders = pd.DataFrame(
        {
            "order_id": random.integers(0, 30, m).astype(str),
            "customer_id": [f"c{i}" for i in random.integers(0, n + 2, m)],
            "ordered_at": start + pd.to_timedelta(random.integers(0, 20_000, m), unit="min"),
            "amount": cents / 100,
            "cost": 0.0,
        }
    )
    spend = {name: METRICS[name] for name in ("spend", "orders")}
    said = declared(metrics=spend, covariates={})
    seen = []
    for engine in ("pandas", "polars", "duckdb"):
        tables = in_engine(engine, rows, orders.sample(frac=1, random_state=seed % 1000))
        found = measure(tables[0], said, as_of=AS_OF, orders=tables[1])
        seen.append(columns(found))
    at = rows.set_index("customer_id")["assigned_at"]
    inside = orders.assign(cents=cents)[
        [0 <= (t - at[c]).total_seconds() < 7 * 86_400 if c in at.index else False
         for t, c in zip(orders["ordered_at"], orders["customer_id"], strict=True)]
    ]  # fmt: skip
    units = inside.groupby("customer_id")["cents"].sum()
    bought = inside[inside["cents"] >= 0]
    numbers = bought.groupby("customer_id").apply(
        lambda part: len(set(zip(part["order_id"], part["ordered_at"].dt.date, strict=True))),
        include_groups=False,
    ) if len(bought) else {}  # fmt: skip
    names = sorted(rows["customer_id"])
    expected = {
        "metric spend": [float(Decimal(int(units.get(c, 0))) / 100) for c in names],
        "metric orders": [float(numbers.get(c, 0)) for c in names],
    }
    for one in seen:
        assert one == expected


def test_a_customer_of_two_variants_is_measured_from_each_assignment() -> None:
    rows = assigned(["2025-03-10", "2025-03-12"]).assign(customer_id="c0")
    orders = lines([("1", "c0", "2025-03-11", 5, 1), ("2", "c0", "2025-03-18", 6, 1)])
    said = declared(metrics={"spend": METRICS["spend"]}, covariates={})
    for engine in ("pandas", "polars", "duckdb"):
        tables = in_engine(engine, rows, orders)
        found = measure(tables[0], said, as_of=AS_OF, orders=tables[1]).frame
        frame = found.collect(backend="pandas").to_native().sort_values("variant")
        assert [float(v) for v in frame["metric spend"]] == [5.0, 6.0]


def test_plain_columns_are_left_as_they_are() -> None:
    said = declared(metrics={"x": {"kind": "mean", "column": "x"}}, covariates={})
    found = measure(ASSIGNED.drop(columns="assigned_at"), said, as_of=AS_OF)
    assert found.frame.collect_schema().names() == ["customer_id", "variant", "x"]
    assert (found.truncated, found.cut_covariates) == ((), {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"orders": None}, "computed from orders, which the unit does not have"),
        ({"orders": ORDERS.drop(columns="cost")}, "column cost is missing"),
        ({"orders": ORDERS.astype({"amount": "str"})}, "not a number"),
        ({"rows": ASSIGNED.drop(columns="assigned_at")}, "column assigned_at is missing"),
        ({"rows": ASSIGNED.assign(assigned_at="2025")}, "not a local date or time"),
        ({"rows": ASSIGNED.assign(**{"metric spend": 1.0})}, "column metric spend is there"),
        ({"rows": ASSIGNED.drop(columns="x")}, "column x is missing"),
    ],
)
def test_what_cannot_be_measured_is_said(change: dict[str, Any], words: str) -> None:
    given = {"rows": ASSIGNED, "orders": ORDERS, "interactions": CONTACTS, **change}
    rows = given.pop("rows")
    with pytest.raises(AnalysisError, match=words):
        measure(rows, declared(), as_of=AS_OF, **given)


def test_days_without_a_time_begin_at_midnight() -> None:
    rows = assigned(["2025-03-10", "2025-03-20"])
    orders = lines(
        [
            ("1", "c0", "2025-03-09", 1, 0),  # the day before: a covariate
            ("2", "c0", "2025-03-10", 2, 0),
            ("3", "c0", "2025-03-16", 4, 0),
            ("4", "c0", "2025-03-17", 8, 0),  # the eighth day
        ]
    )
    said = declared(metrics={"spend": METRICS["spend"]})
    as_days = "REPLACE (CAST({0} AS DATE) AS {0})"
    connection = duckdb.connect()
    a = duckdb.from_df(rows, connection=connection)
    o = duckdb.from_df(orders, connection=connection)
    day = a.project(f"* {as_days.format('assigned_at')}")
    order_day = o.project(f"* {as_days.format('ordered_at')}")
    polars = [
        pl.from_pandas(rows).with_columns(pl.col("assigned_at").cast(pl.Date)),
        pl.from_pandas(orders).with_columns(pl.col("ordered_at").cast(pl.Date)),
    ]
    for left, right in ((rows, orders), (a, o), (day, o), (a, order_day), (day, order_day), polars):
        found = columns(measure(left, said, as_of=AS_OF, orders=right))
        assert found == {"metric spend": [6.0, 0.0], "covariate before": [1.0, 0.0]}
