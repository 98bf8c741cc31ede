"""One experiment made ready, whatever its columns are called and wherever its segments stand."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from workbench.errors import AnalysisError
from workbench.experiments.moments import moments
from workbench.experiments.prepare import prepare
from workbench.experiments.tally import tally
from workbench.params import ExperimentParams

SAID = ExperimentParams.model_validate(
    {
        "title": "T", "control": "a", "shares": {"a": 0.5, "b": 0.5}, "unit": "the.store",
        "metrics": {
            "spend": {"kind": "mean", "from": "orders", "what": "amount", "days": 7},
            "wait": {"kind": "mean", "column": 'wait "h".', "cap": 5},
            "rate": {
                "kind": "ratio", "numerator": {"column": "x.1"}, "denominator": {"column": "y"},
            },
        },
        "covariates": {"c": {"column": "x.1", "measured_at": "known.at"}},
        "segments": ["sub.region", "country"],
    }
)  # fmt: skip
ROWS = pd.DataFrame(
    {
        "experiment_id": ["t"] * 4 + ["other"],
        "customer_id": ["c0", "c1", "c2", "c3", "c0"],
        "variant": ["a", "b", "a", "b", "b"],
        "assigned_at": pd.Timestamp("2025-03-01"),
        "the.store": [1, 2, 3, 4, 5],
        'wait "h".': [1.0, 9.0, 4.0, 2.0, 0.0],
        "x.1": [1.0, 2.0, 3.0, 4.0, 9.0],
        "y": [1.0, 1.0, 2.0, 2.0, 9.0],
        "known.at": pd.Timestamp("2025-02-01"),
        "sub.region": ["N", "S", "N", "S", "S"],
    }
)
ORDERS = pd.DataFrame(
    {"order_id": ["1"], "customer_id": ["c1"], "amount": [7.5],
     "ordered_at": [pd.Timestamp("2025-03-02")]}
)  # fmt: skip
CUSTOMERS = pd.DataFrame({"customer_id": ["c0", "c1", "c2"], "country": ["DE", "DE", "FR"]})


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_an_experiment_is_made_ready(engine: str) -> None:
    make: Any = {"pandas": lambda f: f, "polars": pl.from_pandas}.get(engine)
    if make is None:
        connection = duckdb.connect()
        make = lambda f: duckdb.from_df(f, connection=connection)  # noqa: E731
    rows, orders, customers = (make(frame) for frame in (ROWS, ORDERS, CUSTOMERS))
    found = prepare(rows, "t", SAID, as_of=date(2025, 3, 31), orders=orders, customers=customers)
    plan, frame = found.plan, found.measured.frame
    seen = moments(frame, [c for metric in plan.metrics for c in metric.columns], unit=plan.unit)
    assert seen.units == {"a": 2, "b": 2}
    spend, wait, rate = plan.metrics
    assert seen.metrics["b", spend.column].mean == 3.75
    assert seen.metrics["b", wait.column].mean == 3.5  # 9 counts as 5
    assert [seen.metrics["a", column].mean for column in rate.columns] == [2.0, 1.5]
    spread = tally(frame, plan)
    region, country = (spread.segments[name] for name in plan.segments)
    assert region.groupby("value")["n"].sum().to_dict() == {"N": 2, "S": 2}
    assert country.groupby("value")["n"].sum().to_dict() == {"DE": 2, "FR": 1, "not stated": 1}
    assert dict(spread.late) == {"c": 0}


def test_a_unit_without_the_table_is_told() -> None:
    with pytest.raises(AnalysisError, match="computed from orders"):
        prepare(ROWS, "t", SAID, as_of=date(2025, 3, 31))
