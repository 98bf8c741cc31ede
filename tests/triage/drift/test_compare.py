"""Two loads of a table: what is found, what is not, and that flags agree with their figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.errors import AnalysisError
from workbench.params import EventParams
from workbench.triage.drift import (
    Change,
    DistributionChange,
    Limits,
    Load,
    Settings,
    Subject,
    TableDrift,
    compare_loads,
)

MAY, JUNE = date(2025, 5, 31), date(2025, 6, 30)
Frame = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


def frame(seed: int, rows: int = 1000) -> Frame:
    rng = np.random.default_rng(seed)
    return {
        "amount": np.exp(rng.normal(3, 1, rows)),
        "age": rng.normal(45, 15, rows),
        "quantity": rng.poisson(1.5, rows).astype(float),
        "region": rng.choice(["north", "south", "east", "west"], rows).astype(object),
        "rating": np.where(rng.random(rows) < 0.05, np.nan, rng.integers(1, 6, rows)),
    }


def compared(
    engine: duckdb.DuckDBPyConnection,
    before: Frame,
    now: Frame,
    calendar: dict[str, EventParams] | None = None,
    seed: int = 1,
    resamples: int = 1000,
    **subject: object,
) -> TableDrift:
    for name, one in (("load_before", before), ("load_now", now)):
        arrays = {column: pa.array(values, from_pandas=True) for column, values in one.items()}
        engine.register(name, pa.table(arrays))
    return compare_loads(
        engine,
        Load("SELECT * FROM load_before", MAY),
        Load("SELECT * FROM load_now", JUNE),
        Subject("orders", **subject),
        Settings(seed=seed, resamples=resamples),
        calendar,
    )


def distribution(found: TableDrift, column: str) -> DistributionChange:
    return next(change for change in found.distributions if change.column == column)


def flags(found: TableDrift) -> set[tuple[str, str]]:
    return {(change.kind, change.column) for change in found.flagged}


def test_null_drift_is_flagged_in_under_one_in_twenty(engine: duckdb.DuckDBPyConnection) -> None:
    """Of whole comparisons, all columns and measures of them together."""
    flagged = certain = 0
    for seed in range(200):
        before, now = frame(2 * seed, 500), frame(2 * seed + 1, 500)
        found = compared(engine, before, now, seed=seed, resamples=100)
        flagged += bool(found.flagged)
        certain += any(
            change.certain for change in (*found.missing, *found.categories, *found.distributions)
        )
    assert flagged / 200 < 0.05
    assert certain / 200 < 0.05  # even with no threshold of size


def test_planted_drift_is_found_and_nothing_else(engine: duckdb.DuckDBPyConnection) -> None:
    for seed in range(10):
        before, now = frame(1000 + seed, 2000), frame(2000 + seed, 2000)
        rng = np.random.default_rng(seed)
        now["age"] = now["age"] + 7.5
        now["rating"] = np.where(rng.random(2000) < 0.08, np.nan, now["rating"])
        now["region"] = np.where(rng.random(2000) < 0.03, "isles", now["region"])
        found = compared(engine, before, now, seed=seed)
        planted = {("distribution", "age"), ("missing", "rating"), ("categories", "region")}
        assert flags(found) == planted
        (new,) = found.new_categories
        assert (new.value, new.gone) == ("isles", False)


def test_many_rows_make_a_small_change_certain_and_no_larger(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    before, now = frame(1, 100_000), frame(2, 100_000)
    now["age"] = now["age"] + 0.75  # a twentieth of a standard deviation
    age = distribution(compared(engine, before, now), "age")
    assert age.certain
    assert not age.large
    assert not age.flag
    assert "a real change, but a small one" in age.sentence


def test_few_rows_make_a_large_change_uncertain(engine: duckdb.DuckDBPyConnection) -> None:
    before, now = frame(1, 120), frame(3, 120)
    now["age"] = now["age"] + 3
    age = distribution(compared(engine, before, now), "age")
    assert (age.large, age.certain, age.flag) == (True, False, False)
    assert "large, but it may be chance" in age.sentence


def test_an_event_explains_what_it_covers_and_hides_nothing(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    before, now = frame(1), frame(2)
    now["age"] = now["age"] + 15
    event = EventParams(
        title="Summer sale",
        start=date(2025, 6, 5),
        end=date(2025, 6, 7),
        explains=["distribution"],
        tables=["orders"],
    )
    late = event.model_copy(update={"start": date(2025, 7, 1), "end": date(2025, 7, 2)})
    other = event.model_copy(update={"explains": ["volume"]})
    for calendar, titles in (
        ({"sale": event}, ("Summer sale",)),
        ({"sale": late}, ()),
        ({"sale": other}, ()),
    ):
        found = compared(engine, before, now, calendar)
        assert flags(found) == {("distribution", "age")}
        assert found.flagged[0].explained_by == titles
        assert len(found.asks) == (0 if titles else 1)


def test_columns_that_came_went_and_changed_their_type(engine: duckdb.DuckDBPyConnection) -> None:
    before, now = frame(1), frame(2)
    before["code"], now["code"] = np.arange(1000), np.arange(1000).astype(str).astype(object)
    now["extra"] = now.pop("quantity")
    found = compared(engine, before, now).schema
    assert (found.new, found.gone, found.retyped) == (
        ("extra",),
        ("quantity",),
        (("code", "BIGINT", "VARCHAR"),),
    )
    assert found.flag
    assert found.sentence == (
        "The column `quantity` is gone; `code` was BIGINT and is VARCHAR now; "
        "the column `extra` is new."
    )
    only_new = dict(frame(2), extra=np.zeros(1000))
    assert not compared(engine, frame(1), only_new).schema.flag


def test_rows_beside_what_was_usual(engine: duckdb.DuckDBPyConnection) -> None:
    before, fewer = frame(1, 1000), frame(2, 700)
    steady = compared(engine, before, fewer, earlier_counts=(960, 980, 990)).volume
    assert steady.flag
    assert steady.loads == 4
    assert "this is not usual" in steady.sentence
    wild = compared(engine, before, fewer, earlier_counts=(900, 300, 1500)).volume
    assert (wild.large, wild.flag) == (True, False)
    unknown = compared(engine, before, fewer).volume
    assert (unknown.loads, unknown.flag) == (0, False)
    assert "Too few earlier loads" in unknown.sentence
    assert compared(engine, before, frame(2, 300)).volume.flag


def test_categories_are_not_named_where_they_are_small(engine: duckdb.DuckDBPyConnection) -> None:
    before, now = frame(1), frame(2)
    now["region"][:4] = "secret"
    found = compared(engine, before, now)
    assert "secret" not in str(found)
    now["region"][:5] = "known"
    assert "known" in str(compared(engine, before, now))


def test_too_few_rows_and_odd_columns_are_said(engine: duckdb.DuckDBPyConnection) -> None:
    before, now = frame(1, 50), frame(2, 50)
    found = compared(engine, before, now)
    assert (found.intervals, found.distributions, found.missing) == (0, (), ())
    assert dict(found.not_compared)["age"] == "fewer than 100 values in one of the loads"
    before, now = frame(1), frame(2)
    for one in (before, now):
        one["id"] = np.array([f"id{n}" for n in range(1000)], dtype=object)
        one["day"] = np.full(1000, np.datetime64("2025-01-01T00:00", "us"))
    reasons = dict(compared(engine, before, now, skip=("age",)).not_compared)
    assert reasons == {
        "age": "left out on purpose",
        "id": "more than 100 different values",
        "day": "neither numbers nor categories",
    }


def test_new_rows_alone_show_a_change_that_drowns_in_all(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = (
        "SELECT DATE '2025-01-01' + (i % 150)::INT AS day, (i % 97)::DOUBLE AS v "
        "FROM range(20000) t(i)"
    )
    new = "SELECT DATE '2025-06-10' AS day, (i % 97)::DOUBLE + 40 AS v FROM range(1000) t(i)"
    path = tmp_path / "before.parquet"
    engine.execute(f"COPY ({old}) TO '{path}'")
    found = {}
    for which in ("all", "new"):
        found[which] = compare_loads(
            engine,
            Load(path, MAY),
            Load(f"{old} UNION ALL {new}", JUNE),
            Subject("orders", clock="day"),
            Settings(seed=1, compared=which, limits=Limits(max_age_days=5)),
        )
    assert found["new"].rows_now == 1000
    assert ("distribution", "v") in flags(found["new"])
    assert ("distribution", "v") not in flags(found["all"])
    fresh = found["all"].freshness
    assert fresh is not None
    assert (fresh.age_before, fresh.age_now, fresh.flag) == (1, 20, True)
    assert (
        fresh.sentence == "The newest row is dated 10 Jun 2025, 20 days old; it may be 5 days old."
    )


def test_threads_and_order_of_rows_change_no_bit(tmp_path: Path) -> None:
    rows = (
        "SELECT hash(i) % 1000 / 7 AS v, 'c' || (hash(i, 2) % 5) AS c, i AS k "
        "FROM range(200000) t(i)"
    )
    found = []
    for threads, order in ((1, "k"), (2, "v")):
        connection = connect(threads=threads)
        loads = []
        for name, less in (("before", 100000), ("now", 200000)):
            path = tmp_path / f"{name}{threads}.parquet"
            connection.execute(
                f"COPY (SELECT * EXCLUDE k FROM ({rows}) WHERE k < {less} ORDER BY {order}) "
                f"TO '{path}'"
            )
            loads.append(path)
        found.append(
            compare_loads(
                connection,
                Load(loads[0], MAY),
                Load(loads[1], JUNE),
                Subject("orders"),
                Settings(seed=1, exact_rows=1000),  # so that cuts come from a sample
            )
        )
    assert found[0] == found[1]
    assert not found[0].distributions[0].exact


def test_a_sample_that_misses_a_column_is_no_loss(engine: duckdb.DuckDBPyConnection) -> None:
    some = "SELECT CASE WHEN i % 300 = 0 THEN i END AS some, i AS every FROM range(600000) t(i)"
    found = compare_loads(
        engine,
        Load(some, MAY),
        Load(some, JUNE),
        Subject("orders"),
        Settings(seed=1, exact_rows=1000, resamples=100),
    )
    exact = {change.column: change.exact for change in found.distributions}
    assert exact == {"some": True, "every": False}  # 2,000 values, of which the sample has three
    assert {change.distance for change in found.distributions} == {0.0}
    alike = compare_loads(  # all rows have one hash: the sample holds none of them, or all
        engine,
        Load("SELECT 1 AS same FROM range(5000)", MAY),
        Load("SELECT 1 AS same FROM range(5000)", JUNE),
        Subject("orders"),
        Settings(seed=1, exact_rows=1000, resamples=100),
    )
    assert [change.column for change in alike.distributions] == ["same"]


VALUE = st.one_of(st.none(), st.floats(), st.sampled_from([0.0, 1.0]))


@settings(max_examples=25)
@given(
    before=st.lists(VALUE, min_size=30, max_size=60), now=st.lists(VALUE, min_size=30, max_size=60)
)
def test_any_two_loads_are_compared_and_each_flag_agrees_with_its_figures(
    before: list[float | None], now: list[float | None]
) -> None:
    engine = connect(threads=1)
    for name, values in (("load_before", before), ("load_now", now)):
        texts = [None if value is None else str(value)[:3] for value in values]
        engine.register(name, pa.table({"v": pa.array(values, pa.float64()), "t": texts}))
    found = compare_loads(
        engine,
        Load("SELECT * FROM load_before", MAY),
        Load("SELECT * FROM load_now", JUNE),
        Subject("orders"),
        Settings(seed=1, min_rows=30, resamples=100),
    )
    for change in found.changes:
        assert isinstance(change, Change)
        assert change.flag == (change.large and change.certain)
        assert change.sentence.endswith(".")
    for moved in (*found.distributions, *found.categories):
        beyond = moved.distance >= 0.1 or moved.stability_index >= 0.2
        assert moved.flag == (beyond and moved.lower > 0)
    for gap in found.missing:
        assert gap.flag == (abs(gap.change) >= 0.02 and (gap.lower > 0 or gap.upper < 0))


def test_a_flag_follows_its_figures_when_they_are_changed(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    before, now = frame(1), frame(2)
    now["age"] = now["age"] + 15
    age = distribution(compared(engine, before, now), "age")
    assert age.flag
    assert not replace(age, lower=0.0).flag
    assert not replace(age, max_distance=1.0, max_stability_index=99.0).flag


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"level": 1.0}, "level == 1.0, must be > 0 and < 1"),
        ({"seed": -1}, "seed == -1, must be >= 0"),
        ({"min_rows": 1}, "min_rows == 1, must be >= 30"),
        ({"compared": "some"}, "must be one of: all, new"),
    ],
)
def test_settings_out_of_range(change: dict[str, object], said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        Settings(**{"seed": 1, **change})


def test_what_cannot_be_compared_is_refused(engine: duckdb.DuckDBPyConnection) -> None:
    one = Load("SELECT 1 AS v", JUNE)
    with pytest.raises(AnalysisError, match="Give the older load first"):
        compare_loads(engine, one, replace(one, as_of=MAY), Subject("orders"), Settings(seed=1))
    with pytest.raises(AnalysisError, match="no column `day`"):
        compare_loads(engine, one, one, Subject("orders", clock="day"), Settings(seed=1))
    with pytest.raises(AnalysisError, match="without a clock"):
        compare_loads(engine, one, one, Subject("orders"), Settings(seed=1, compared="new"))
    with pytest.raises(AnalysisError, match="distance == -1"):
        Limits(distance=-1)
