"""One table without history: dealt by lot, and what cannot be read is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from workbench.errors import AnalysisError
from workbench.retention.propensity.snapshot import snapshot_panel


def table(size: int = 1000) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    left = rng.random(size) < 0.3
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(size)],
            "gone": np.where(left, "Yes", "No"),
            "ended_at": pd.Timestamp("2024-01-01"),
            "avg. calls": rng.poisson(2 + left),
            "price": [Decimal("9.90")] * size,
            "plan": rng.choice(["a", "b"], size),
            "note": [f"text {i}" for i in range(size)],
            "part": "x",
        }
    )


def made(frame: Any, **options: Any) -> Any:
    return snapshot_panel(frame, **{"left": "gone", "seed": 3, **options})


def test_the_deal_is_the_same_in_any_order_and_engine() -> None:
    frame = table()
    panel = made(frame)
    assert panel.reason == ""
    assert panel.kind == "snapshot"
    sizes = panel.rows["part"].value_counts().to_dict()
    assert sizes == {
        "train": 600,
        "calibrate": 200,
        "test": 200,
        "today": (frame["gone"] == "No").sum(),
    }
    mixed = made(frame.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(mixed.rows, panel.rows)
    con = duckdb.connect()
    con.register("rows_", frame)
    relation = made(con.sql("select * from rows_"))
    pd.testing.assert_frame_equal(relation.rows, panel.rows, check_dtype=False)
    other = made(frame, seed=4)
    assert (other.rows["part"] != panel.rows["part"]).any()


def test_personal_columns_are_not_used() -> None:
    """A name or a telephone number would be shown as a reason."""
    size = len(table())
    frame = table().assign(name=["Ann", "Bob"] * (size // 2), phone=np.arange(size))
    panel = made(frame.assign(marketing_consent=np.arange(size) % 2 == 0))
    assert not {"name", "phone", "marketing_consent"} & {fact.name for fact in panel.facts}
    why = {one.column: one.why for one in panel.left_out}
    assert why["name"] == why["phone"] == "is personal"
    assert "withdrawn" in why["marketing_consent"]


def test_an_outcome_that_is_missing_for_some_is_told() -> None:
    frame = table()
    frame.loc[3, "gone"] = None
    with pytest.raises(AnalysisError, match="column gone has missing values"):
        made(frame)
    frame.loc[4, "gone"] = "perhaps"
    with pytest.raises(AnalysisError, match="neither yes nor no"):
        made(frame)


def test_what_is_used_and_what_is_not() -> None:
    panel = made(table(), monthly=pd.Series({"c0001": 2.5}), skip=("plan",))
    assert [fact.name for fact in panel.facts] == ["avg. calls", "price", "column part"]
    why = {one.column: one.why for one in panel.left_out}
    assert "tells the outcome" in why["gone"]
    assert "tells the outcome" in why["ended_at"]
    assert "too many different values" in why["note"]
    assert "named" in why["plan"]
    assert panel.rows.set_index("customer_id")["value"].max() == 30.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gone": "perhaps"}, "neither yes nor no"),
        ({"gone": None}, "neither yes nor no"),
        ({"customer_id": "c1"}, "another one"),
        ({"price": np.inf}, "infinite"),
    ],
)
def test_what_cannot_be_read(change: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        made(table().assign(**change))
    with pytest.raises(AnalysisError, match="column lost is missing"):
        made(table(), left="lost")


@pytest.mark.parametrize(
    ("gone", "said"), [("Yes", "Every customer"), ("No", "No customer"), (True, "Every customer")]
)
def test_all_alike(gone: Any, said: str) -> None:
    assert said in made(table().assign(gone=gone)).reason


def test_too_few() -> None:
    assert "fewer than 200 customers" in made(table(100)).reason
    assert "fewer than" in made(table(1)).reason
