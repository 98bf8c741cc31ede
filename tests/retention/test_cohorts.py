"""Triangles and durations, by hand, on CDNOW, and from every engine."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.retention.cohorts import order_triangle, subscription_triangle
from workbench.retention.durations import repeat_durations, subscription_durations
from workbench.retention.periods import Calendar
from workbench.retention.revenue import subscription_revenue

AS_OF = date(2024, 6, 30)


def orders(rows: list[tuple[str | None, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    times = pd.to_datetime(frame["ordered_at"], format="ISO8601").astype("datetime64[us]")
    return frame.assign(ordered_at=times)


def spells(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subscription_id", "started_at", "ended_at", "plan"])
    for name in ("started_at", "ended_at"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
    return frame


def shares(cells: pd.DataFrame, cohort: str) -> list[float | None]:
    own = cells[cells["cohort"] == cohort]
    return [None if pd.isna(s) else round(float(s), 4) for s in own["share"]]


ORDERS = orders(
    [
        ("a", "2024-01-05", 10),
        ("a", "2024-01-20", 10),  # the same period: still one customer
        ("a", "2024-03-31 23:59", 10),
        ("b", "2024-01-31", 10),
        ("b", "2024-02-10", -10),  # a return is not coming back
        ("c", "2024-05-01", 10),
        ("c", "2024-06-30 22:00", 10),
        ("d", "2024-05-31", 10),
        (None, "2024-01-01", 10),
        ("e", "2024-07-01", 10),  # after as_of
    ]
)


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_order_triangle_by_hand(engine: str) -> None:
    connection = duckdb.connect()
    connection.register("orders", ORDERS)
    table = {
        "pandas": ORDERS,
        "polars": pl.from_pandas(ORDERS),
        "duckdb": connection.sql("FROM orders"),
    }
    found = order_triangle(table[engine], as_of=AS_OF, calendar=Calendar(), horizon=12, min_group=1)
    assert shares(found.cells, "2024-01-01") == [1, 0, 0.5, 0, 0, 0]  # nought where nobody came
    assert shares(found.cells, "2024-05-01") == [1, 0.5]
    assert set(found.cells["state"]) == {"mature"}  # June is over at the end of its 30th
    overall = found.overall.set_index("period")
    assert overall.loc[1, ["cohorts", "customers", "active"]].tolist() == [2, 4, 1]
    assert found.share_after(2) == 0.5
    assert found.share_after(6) is None


def test_a_period_that_is_not_over_is_immature_not_nought() -> None:
    found = order_triangle(
        ORDERS, as_of=date(2024, 6, 29), calendar=Calendar(), horizon=12, min_group=1
    )
    last = found.cells[found.cells["period"] + found.cells["cohort"].dt.month == 6]
    assert last["state"].tolist() == ["immature"] * 2
    assert last["share"].isna().all()
    assert found.overall["period"].max() == 4
    assert found.grid()["0"].tolist() == [1.0, 1.0, 1.0]


def test_small_cohorts_are_suppressed_but_count() -> None:
    rows = [(f"x{i}", "2024-01-10", 1.0) for i in range(6)] + [("y", "2024-02-10", 1.0)]
    rows += [("x0", "2024-02-01", 1.0), ("y", "2024-03-01", 1.0)]
    found = order_triangle(orders(rows), as_of=AS_OF, calendar=Calendar(), horizon=3, min_group=5)
    # The six of January are hidden, too: all seven less them would be the one of February.
    assert set(found.cells["state"]) == {"suppressed"}
    assert found.cells[["customers", "active", "share"]].isna().to_numpy().all()
    assert found.suppressed_cohorts == 2
    assert found.share_after(1) == pytest.approx(2 / 7)
    assert found.grid()["cohort"].tolist() == ["All cohorts"]


def test_two_small_cohorts_that_are_enough_together_hide_no_other() -> None:
    rows = [(f"x{i}", "2024-01-10", 1.0) for i in range(9)]
    rows += [(f"y{i}", "2024-02-10", 1.0) for i in range(4)]
    rows += [(f"z{i}", "2024-05-10", 1.0) for i in range(3)]
    found = order_triangle(orders(rows), as_of=AS_OF, calendar=Calendar(), horizon=4, min_group=5)
    assert found.grid()["cohort"].tolist() == ["2024-01 (9)", "All cohorts"]
    # February has reached period 4, but counts only as far as May has: else the rows' difference
    # would be those of May.
    assert found.overall["customers"].tolist() == [16, 16, 9, 9, 9]


@pytest.mark.parametrize(
    ("min_group", "expected"), [(5, [1.0]), (50, [None])], ids=["together", "none"]
)
def test_where_all_cohorts_are_small_their_sum_is_shown_if_it_is_large(
    min_group: int, expected: list[float | None]
) -> None:
    rows = [(f"x{n}", f"2024-0{n}-10", 1.0) for n in range(1, 7)]
    found = order_triangle(
        orders(rows), as_of=AS_OF, calendar=Calendar(), horizon=3, min_group=min_group
    )
    grid = found.grid()
    assert grid["cohort"].tolist() == ["All cohorts"]
    told = [None if pd.isna(share) else share for share in grid.drop(columns="cohort").iloc[0]]
    assert told == expected


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(sum),
    st.integers(2, 6),
    st.integers(1, 6),
    st.data(),
)
def test_no_small_cohort_is_a_difference_of_what_is_shown(
    sizes: list[int], min_group: int, horizon: int, data: st.DataObject
) -> None:
    people = [(f"c{month}-{i}", month) for month, n in enumerate(sizes) for i in range(n)]
    rows = [(name, f"2024-{month + 1:02d}-10", 1.0) for name, month in people]
    later = data.draw(st.lists(st.tuples(st.sampled_from(people), st.integers(1, 6)), max_size=30))
    rows += [(n, f"2024-{min(month + k, 8) + 1:02d}-12", 1.0) for (n, month), k in later]
    found = order_triangle(
        orders(rows), as_of=AS_OF, calendar=Calendar(), horizon=horizon, min_group=min_group
    )
    starts = [pd.Timestamp(2024, month + 1, 1) for month in range(len(sizes))]
    firsts = found.cells[found.cells["period"] == 0].set_index("cohort")
    alone = [start in firsts.index and firsts["state"][start] != "suppressed" for start in starts]
    small = np.array([0 < n < min_group for n in sizes])
    assert not any(np.array(alone) & small)
    missing = sum(n > 0 for n in sizes) - sum(alone)
    if sum(sizes) < min_group:
        assert found.overall.empty
        return
    if not small.any():
        assert all(alone[month] for month, n in enumerate(sizes) if n)
        return
    # What each overall row holds beside the cohorts that are shown, with nobody and all hidden
    # ones: whatever is between two of them is no small group, and more than one cohort.
    hidden = {(0, 0), (sum(n for n, out in zip(sizes, alone, strict=True) if not out), missing)}
    for row in found.overall.to_dict("records"):
        here = [m for m in range(len(sizes)) if alone[m] and m + row["period"] <= 5]
        hidden.add((row["customers"] - sum(sizes[m] for m in here), row["cohorts"] - len(here)))
    steps = np.diff(np.array(sorted(hidden)), axis=0)
    assert (steps[:, 0] >= min_group).all()
    assert (steps[:, 1] >= 2).all()


days = st.integers(0, 181).map(lambda d: str(date(2024, 1, 1) + timedelta(days=d)))
order_rows = st.lists(
    st.tuples(st.sampled_from("abcdef"), days, st.sampled_from([-5.0, 0.0, 20.0])), min_size=1
)


@settings(max_examples=20)
@given(order_rows, st.sampled_from(["week", "month", "quarter", "year"]))
def test_everyone_is_in_one_cohort_and_each_period_counts_once(
    rows: list[tuple[str | None, str, float]], grain: str
) -> None:
    bought = {(name, day) for name, day, amount in rows if amount >= 0}
    calendar = Calendar(grain, "wednesday", 2)
    arguments: Any = {"as_of": AS_OF, "calendar": calendar, "horizon": 60, "min_group": 1}
    if not bought:
        with pytest.raises(AnalysisError, match="no purchase"):
            order_triangle(orders(rows), **arguments)
        return
    found = order_triangle(orders(rows), **arguments)
    first = found.cells[found.cells["period"] == 0]
    assert first["customers"].sum() == first["active"].sum() == len({n for n, _ in bought})
    periods = {(name, calendar.number_of(date.fromisoformat(day))) for name, day in bought}
    assert found.cells["active"].sum() == len(periods)
    shuffled = orders(rows).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(order_triangle(shuffled, **arguments).cells, found.cells)


@given(
    st.dates(date(1990, 1, 1), date(2040, 12, 31)),
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.sampled_from(["monday", "sunday", "friday"]),
    st.integers(1, 12),
)
def test_engine_and_python_cut_time_alike(day: date, grain: str, week: str, month: int) -> None:
    calendar = Calendar(grain, week, month)
    number = calendar.number_of(day)
    start, end = calendar.start_of(number), calendar.start_of(number + 1)
    assert start <= day < end
    if grain == "week":
        assert start.strftime("%A").lower() == week
    if grain == "quarter":
        assert (start.month - month) % 3 == 0
    if grain == "year":
        assert start.month == month
        told = f"{start.year}" if month == 1 else f"{start.year}-{month:02d}"
        assert calendar.label(start) == told
    frame = pl.DataFrame({"day": [day]}).lazy()
    found = nw.from_native(frame).select(n=calendar.number("day")).collect()
    assert found["n"].to_list() == [number]


def test_unknown_calendars_are_refused() -> None:
    with pytest.raises(AnalysisError, match=r"'months' is not known.*Did you mean `month`"):
        Calendar("months")
    with pytest.raises(AnalysisError, match="must be 1 to 12"):
        Calendar(fiscal_year_start=13)
    with pytest.raises(AnalysisError, match="horizon == 0"):
        order_triangle(ORDERS, as_of=AS_OF, calendar=Calendar(), horizon=0, min_group=1)


SPELLS = spells(
    [
        ("s1", "2024-01-10", "2024-02-10", "basic"),
        ("s1", "2024-02-10", None, "team"),  # a change of plan: the same subscription
        ("s2", "2024-01-15", "2024-03-01", "basic"),
        ("s3", "2024-01-20", "2024-08-01", "team"),  # an end that has not happened yet
        ("s4", "2024-02-01", "2024-02-20", None),
        ("s5", "2024-07-01", None, "basic"),  # starts after as_of
        ("s6", "2024-03-01", "2024-02-01", "basic"),  # impossible
    ]
)


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_subscriptions_are_joined_and_censored(engine: str) -> None:
    connection = duckdb.connect()
    connection.register("spells", SPELLS)
    table = {
        "pandas": SPELLS,
        "polars": pl.from_pandas(SPELLS),
        "duckdb": connection.sql("FROM spells"),
    }
    found = subscription_durations(table[engine], as_of=AS_OF, by="plan")
    assert found.to_dict("split")["data"] == [
        ["basic", 46, 1, 1],  # s2
        ["basic", 172, 0, 1],  # s1, basic at its start, runs
        ["not stated", 19, 1, 1],  # s4
        ["team", 162, 0, 1],  # s3
    ]
    triangle = subscription_triangle(
        table[engine], as_of=AS_OF, calendar=Calendar(), horizon=5, min_group=1
    )
    third = pytest.approx(2 / 3, abs=1e-3)
    # s2 ends on the first day of March: it pays nothing on it, and does not run on it.
    assert shares(triangle.cells, "2024-01-01") == [1, 1, third, third, third, third]
    assert shares(triangle.cells, "2024-02-01") == [1, 0, 0, 0, 0]  # without survivors, and there
    overall = triangle.overall.set_index("period")
    assert overall.loc[3, ["customers", "active"]].tolist() == [4, 2]


def seats(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    """Return subscriptions of customers: (customer, day of the start, how many)."""
    made = [(customer, day) for customer, day, count in rows for _ in range(count)]
    frame = pd.DataFrame(made, columns=["customer_id", "started_at"])
    frame["started_at"] = pd.to_datetime(frame["started_at"]).astype("datetime64[us]")
    ended = pd.Series([pd.NaT] * len(frame), dtype="datetime64[us]")
    return frame.assign(
        subscription_id=[f"s{i}" for i in frame.index], ended_at=ended, monthly_amount=5.0
    )


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_many_subscriptions_of_one_customer_are_a_group_of_one(engine: str) -> None:
    """A cohort of forty seats of one company tells of that company alone."""
    rows = [(f"c{month}-{i}", f"2024-{month:02d}-05", 1) for month in (1, 2, 4) for i in range(12)]
    table = seats(
        [*rows, ("big", "2024-03-05", 40), *[(f"d{i}", "2024-05-05", 1) for i in range(7)]]
    )
    options: Any = {"as_of": AS_OF, "calendar": Calendar(), "horizon": 5, "min_group": 5}
    connection = duckdb.connect()
    connection.register("seats", table)
    read = {
        "pandas": table,
        "polars": pl.from_pandas(table),
        "duckdb": connection.sql("FROM seats"),
    }[engine]
    found = subscription_triangle(read, **options)
    state = found.cells.groupby("cohort")["state"].first()
    # The cohort of May goes with it: else all less the others would be the company.
    assert state.tolist() == ["mature", "mature", "suppressed", "mature", "suppressed"]
    assert found.suppressed_cohorts == 2
    paid = subscription_revenue(read, **options)
    gone = paid.cells.groupby("cohort")["customers"].first().isna()
    assert gone.tolist() == [False, False, True, False, True]
    # Nobody is known: seats are all that can be counted.
    nameless = subscription_triangle(table.drop(columns="customer_id"), **options)
    assert nameless.suppressed_cohorts == 0


def test_hidden_cohorts_of_the_same_few_customers_are_these_few_together() -> None:
    rows = [
        (f"c{month}-{i}", f"2024-{month:02d}-05", 1) for month in (1, 2) for i in range(6 + month)
    ]
    table = seats([*rows, *[("big", f"2024-{month:02d}-05", 9) for month in (3, 4, 5, 6, 6, 6)]])
    options: Any = {"as_of": AS_OF, "calendar": Calendar(), "horizon": 5, "min_group": 5}
    found = subscription_triangle(table, **options)
    shown = found.cells[found.cells["state"] != "suppressed"]["cohort"].dt.month.unique()
    assert shown.tolist() == [2]


def test_cdnow_repeat_buyers_as_published(workbench_data: Path) -> None:
    """946 of 2,357 customers buy again by week 39 (Fader, Hardie & Lee 2005)."""
    with gzip.open(workbench_data / "cdnow" / "CDNOW_sample.txt.gz", "rt") as file:
        rows = [line.split() for line in file]
    frame = orders([(row[0], row[2], float(row[4])) for row in rows])
    spans = repeat_durations(frame, as_of=date(1997, 9, 30))
    assert spans["n"].sum() == 2_357
    assert spans.loc[spans["event_observed"] == 1, "n"].sum() == 946
    found = order_triangle(
        frame, as_of=date(1998, 6, 30), calendar=Calendar(), horizon=17, min_group=5
    )
    assert found.cells.loc[found.cells["period"] == 0, "customers"].sum() == 2_357
    # The same triangle in plain pandas.
    month = frame["ordered_at"].dt.to_period("M")
    cohort = month.groupby(frame["customer_id"]).transform("min")
    plain = frame.assign(
        cohort=cohort, period=[(m - c).n for m, c in zip(month, cohort, strict=True)]
    )
    wanted = plain.groupby(["cohort", "period"])["customer_id"].nunique()
    seen = found.cells.assign(cohort=found.cells["cohort"].dt.to_period("M"))
    seen = seen.set_index(["cohort", "period"])["active"]
    assert (seen[wanted.index].astype("int64") == wanted).all()
    assert seen.sum() == wanted.sum()
