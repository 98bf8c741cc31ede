"""The whole way: on real orders against plain pandas, and on edge cases for what is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from workbench.data import phrases
from workbench.report import formats
from workbench.segmentation.reading import read
from workbench.segmentation.segments import MERGED
from workbench.segmentation.study import segment


@pytest.fixture(scope="module")
def online_retail(workbench_data: Path) -> pd.DataFrame:
    """Return the cleaned lines of UCI Online Retail: 397,884, as commonly published."""
    path = workbench_data / "online_retail" / "online_retail.csv.gz"
    lines = pd.read_csv(path, dtype=str, keep_default_na=False)
    quantity, price = lines["Quantity"].astype("int64"), lines["UnitPrice"].astype("float64")
    known = lines["CustomerID"].ne("") & ~lines["InvoiceNo"].str.startswith("C")
    kept = lines[known & (quantity > 0) & (price > 0)]
    return kept.reset_index(drop=True)


def relation(lines: pd.DataFrame) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.register("lines", lines)
    return connection.sql(
        "SELECT InvoiceNo AS order_id, CustomerID AS customer_id, InvoiceDate::TIMESTAMP AS "
        "ordered_at, (Quantity::BIGINT * UnitPrice::DECIMAL(18,4))::DECIMAL(18,4) AS amount "
        "FROM lines"
    )


def test_online_retail_adds_up_to_the_published_figures(online_retail: pd.DataFrame) -> None:
    found = segment(relation(online_retail), as_of=date(2011, 12, 9), min_group=5)
    assert len(online_retail) == 397_884
    assert found.base.lines == 397_884
    assert found.base.customers["orders"].sum() == 18_532
    assert found.segments.frame["customers"].sum() == 4_338
    assert sum(found.segments.frame["revenue"], Decimal(0)) == Decimal("8911407.904")


def test_online_retail_equals_plain_pandas_customer_by_customer(
    online_retail: pd.DataFrame,
) -> None:
    found = segment(relation(online_retail), as_of=date(2011, 12, 9), min_group=5).customers
    units = online_retail["Quantity"].astype("int64") * (
        (online_retail["UnitPrice"].astype("float64") * 10_000).round().astype("int64")
    )
    lines = pd.DataFrame(
        {
            "customer_id": online_retail["CustomerID"],
            "day": pd.to_datetime(online_retail["InvoiceDate"]).dt.normalize(),
            "order_id": online_retail["InvoiceNo"],
            "units": units,
        }
    )
    days = lines.groupby(["customer_id", "day"])["units"].sum().reset_index()
    each = days.groupby("customer_id").agg(
        first=("day", "min"), last=("day", "max"), n=("day", "size"), units=("units", "sum")
    )
    first_net = days.groupby("customer_id")["units"].first()
    as_of = pd.Timestamp("2011-12-09")
    found = found.set_index("customer_id")
    assert found.index.tolist() == each.index.tolist()
    wanted = {
        "frequency": each["n"] - 1,
        "recency": (each["last"] - each["first"]).dt.days,
        "T": (as_of - each["first"]).dt.days,
        "days_since_last_purchase": (as_of - each["last"]).dt.days,
        "revenue_units": each["units"],
        "orders": lines.groupby("customer_id")["order_id"].nunique(),
    }
    for name, values in wanted.items():
        assert (found[name] == values).all(), name
    repeat = (each["units"] - first_net) / 10_000 / (each["n"] - 1).where(each["n"] > 1)
    np.testing.assert_allclose(found["monetary_value"], repeat, rtol=1e-12)
    # The scores, from the definition: quintiles of the values, ties together.
    for score, values, low in (
        ("r_score", wanted["days_since_last_purchase"], True),
        ("f_score", each["n"], False),
        ("m_score", each["units"], False),
    ):
        cuts = np.sort(values)[np.ceil(np.arange(1, 5) / 5 * len(values)).astype(int) - 1]
        above = (values.to_numpy()[:, None] > cuts).sum(axis=1)
        assert (found[score] == (5 - above if low else above + 1)).all(), score


def lines_of(customers: int, *, first: str = "2024-01-01", amount: float = 10.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(customers)],
            "customer_id": [f"c{i}" for i in range(customers)],
            "ordered_at": pd.Timestamp(first),
            "amount": amount,
        }
    )


def test_all_customers_alike_is_said_not_hidden() -> None:
    found = segment(lines_of(20), as_of=date(2024, 6, 30), min_group=5)
    said = read(found, currency="GBP")
    assert len(found.segments.frame) == 1
    assert "too many customers share one value" in said.scores
    assert said.gini == pytest.approx(0, abs=1e-12)
    assert "£200.00" in said.value


def test_a_unit_without_revenue_has_sentences_but_no_shares() -> None:
    said = read(
        segment(lines_of(20, amount=0.0), as_of=date(2024, 6, 30), min_group=5), currency="EUR"
    )
    assert said.top_segment_share is None
    assert "€0.00" in said.value
    assert "nan" not in " ".join(str(v) for v in vars(said).values()).lower()


def test_small_segments_are_not_told_apart() -> None:
    lines = pd.concat([lines_of(1, first=f"2024-01-{day:02d}", amount=day) for day in range(1, 13)])
    lines["customer_id"] = [f"c{i}" for i in range(12)]
    found = segment(lines, as_of=date(2024, 6, 30), min_group=5)
    said = read(found, currency="GBP")
    assert found.segments.frame["customers"].min() >= 5
    assert found.segments.frame["customers"].sum() == 12
    if MERGED in set(found.segments.frame["segment"]):
        assert "stand together" in said.left_apart
    assert found.score_map()["customers"].ge(5).all()
    assert list(found.score_grid()) == ["recency", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("value", [0, 0.0001, 0.05, 0.123456, 0.5, 0.99999, 1, 1.5, -0.2])
def test_shares_read_as_the_report_room_writes_them(value: float) -> None:
    for digits in (0, 1, 2):
        assert phrases.share(value, digits) == formats.format_share(value, digits)


@pytest.mark.parametrize("value", [0, 0.004, 12.5, 999.99, 1000, 999_999.7, 8911407.904, -3e9])
@pytest.mark.parametrize("currency", ["GBP", "EUR", "SEK"])
def test_money_reads_as_the_report_room_writes_it(value: float, currency: str) -> None:
    assert phrases.money(value, currency) == formats.format_money(value, currency, short=True)
    exact = Decimal(str(value))
    assert phrases.money(exact, currency) == formats.format_money(exact, currency, short=True)
