"""Checks before reading: the split overall, by day and segment, in time; balance; covariates."""

from __future__ import annotations

from datetime import date
from itertools import product
from math import sqrt
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.errors import AnalysisError
from workbench.experiments.balance import Group, check_balance, check_covariate
from workbench.experiments.checks import check_plan
from workbench.experiments.moments import moments
from workbench.experiments.plan import Covariate, Plan
from workbench.experiments.sample_ratio import ratio_test
from workbench.experiments.spread import check_period, check_spread
from workbench.experiments.tally import tally, with_segments
from workbench.experiments.verdicts import Check, check_frame
from workbench.params import ExperimentParams


def plan(**more: Any) -> Plan:
    said = {
        "title": "T", "control": "a", "shares": {"a": 0.5, "b": 0.5},
        "metrics": {"x": {"kind": "mean", "column": "x"}},
        **more,
    }  # fmt: skip
    return Plan.of("t", ExperimentParams.model_validate(said))


def assigned(n: int = 2000, seed: int = 5, share: float = 0.5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "variant": np.where(random.random(n) < share, "a", "b"),
            "assigned_at": pd.Timestamp("2025-03-01")
            + pd.to_timedelta(random.integers(0, 10 * 86_400, n), unit="s"),
            "country": random.choice(["DE", "FR", "GB"], n),
            "x": random.normal(10, 2, n),
        }
    )


def by_name(checks: tuple[Check, ...], name: str) -> Check:
    return next(check for check in checks if check.name == name)


@settings(max_examples=25)
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.5, 0.2, 0.35]))
def test_small_groups_are_tested_exactly(a: int, b: int, share: float) -> None:
    if a + b == 0:
        return
    found = ratio_test([a, b], [share, 1 - share])
    if (a + b) * min(share, 1 - share) >= 20:
        assert found.method == "chi-square"
    else:
        exact = stats.binomtest(a, a + b, share).pvalue
        assert (found.method, found.statistic) == ("exact multinomial", None)
        assert found.pvalue == pytest.approx(exact, abs=1e-12)


def test_three_small_groups_by_every_way_to_split_them() -> None:
    shares, counts = np.array([0.6, 0.3, 0.1]), (4, 6, 2)
    law = stats.multinomial(12, shares)
    chances = [law.pmf(k) for k in product(range(13), repeat=3) if sum(k) == 12]
    seen = law.pmf(counts)
    expected = sum(p for p in chances if p <= seen * (1 + 1e-9))
    assert ratio_test(counts, list(shares)).pvalue == pytest.approx(expected, abs=1e-12)


def test_with_too_many_ways_each_group_is_tested_against_the_others() -> None:
    counts, shares = [180, 185, 170, 160, 6], [0.25, 0.26, 0.25, 0.234, 0.006]
    found = ratio_test(counts, shares)
    each = [stats.binomtest(n, 701, s).pvalue for n, s in zip(counts, shares, strict=True)]
    assert found.method == "exact binomial of each group"
    assert found.pvalue == pytest.approx(min(1, 5 * min(each)))
    assert ratio_test([180, 185, 170, 160, 40], shares).pvalue < 1e-20
    # It is no more likely to alarm than it says.
    random = np.random.default_rng(3)
    drawn = random.multinomial(701, shares, 1500)
    assert np.mean([ratio_test(list(row), shares).pvalue < 0.05 for row in drawn]) < 0.065


def test_an_intended_unequal_split_raises_no_alarm() -> None:
    """Over 300 experiments at a strict level none is alarmed; nor by day or segment."""
    alarms = 0
    declared = plan(shares={"a": 0.95, "b": 0.05}, segments=["country"])
    for seed in range(12):
        found = tally(assigned(600, seed, 0.95), declared)
        alarms += sum(c.status == "failed" for c in check_spread(declared, found, min_group=5))
    random = np.random.default_rng(1)
    alarms += sum(
        ratio_test([k, 400 - k], [0.95, 0.05]).pvalue < 0.001
        for k in random.binomial(400, 0.95, 300)
    )
    assert alarms <= 1


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_a_day_and_a_segment_with_another_split_are_found(engine: str) -> None:
    frame = assigned()
    broken = (frame["assigned_at"].dt.day == 4) & (frame["variant"] == "b")
    gone = (frame["country"] == "FR") & (frame["variant"] == "b") & (frame.index % 3 > 0)
    frame = pd.concat([frame[~broken & ~gone], frame.head(3).assign(variant="b")])
    crossed = frame["customer_id"].duplicated(keep=False)
    crossed &= frame.groupby("customer_id")["variant"].transform("nunique") > 1
    table: Any = frame.sample(frac=1, random_state=1)
    table = {"pandas": table, "polars": pl.from_pandas(table), "duckdb": duckdb.from_df(table)}[
        engine
    ]
    declared = plan(segments=["country", "shoe_size"])
    found = tally(table, declared)
    assert found.days is not None
    assert found.days["n"].sum() == frame.loc[~crossed, "customer_id"].nunique()
    assert found.missing_segments == ("shoe_size",)
    checks = check_spread(declared, found, min_group=5)
    days, segment = by_name(checks, "days"), by_name(checks, "segment-1")
    assert (days.status, segment.status) == ("failed", "failed")
    assert "On 1 of 10 days the split is not as planned: 4 Mar 2025." in days.text
    assert "a 100.0% (planned 50.0%) and b 0.0%" in days.text
    assert "The split is not as planned in FR, of 3 values." in segment.text
    assert days.advice
    assert by_name(checks, "segments").text == "No table has shoe_size."


def test_small_segments_are_not_named_nor_counted() -> None:
    frame = assigned(400)
    few = frame.head(14).assign(
        customer_id=[f"z{i}" for i in range(14)], country="Tuvalu", variant="a"
    )
    found = tally(pd.concat([frame, few.head(4)]), plan(segments=["country"]))
    checks = check_spread(plan(segments=["country"]), found, min_group=5)
    assert "Tuvalu" not in " ".join(check.text for check in checks)
    found = tally(pd.concat([frame, few]), plan(segments=["country"]))
    (segment,) = (c for c in check_spread(plan(segments=["country"]), found, min_group=30)
                  if c.name == "segment-1")  # fmt: skip
    assert segment.status == "failed"
    assert "small groups" in segment.text
    assert "%" not in segment.text
    assert "Tuvalu" not in segment.text


def test_assignments_outside_the_planned_time() -> None:
    declared = plan(start="2025-03-02", end="2025-03-09")
    frame = assigned()
    check = check_period(declared, tally(frame, declared), min_group=5)
    assert check is not None
    assert check.status == "failed"
    days = frame["assigned_at"].dt.date
    early, late = int((days < date(2025, 3, 2)).sum()), int((days > date(2025, 3, 9)).sum())
    assert f"{early} customers were assigned before 2 Mar 2025, the planned start" in check.text
    assert f"{late} customers were assigned after 9 Mar 2025, the planned end" in check.text
    inside = frame[(days >= date(2025, 3, 2)) & (days <= date(2025, 3, 9))]
    check = check_period(declared, tally(inside, declared), min_group=5)
    assert check is not None
    assert check.status == "passed"
    some = pd.concat([inside, frame[days < date(2025, 3, 2)].head(3)])
    some = pd.concat([some, inside.head(2).assign(customer_id=["y", "z"], assigned_at=pd.NaT)])
    found = tally(some, declared)
    assert found.untimed == 2
    check = check_period(declared, found, min_group=5)
    assert check is not None
    assert check.status == "noted"
    assert "Fewer than 5 customers were assigned before" in check.text
    assert "fewer than 5 customers have no time of assignment" in check.text
    assert check_period(plan(), found, min_group=5) is None
    untimed = tally(frame.drop(columns="assigned_at"), declared)
    assert check_period(declared, untimed, min_group=5) is None


def test_segments_may_stand_with_the_customers() -> None:
    frame = assigned(50).drop(columns="country")
    customers = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)], "country": "DE"})
    for rows, table in (
        (frame, customers),
        (pl.from_pandas(frame), pl.from_pandas(customers)),
        (duckdb.from_df(frame), duckdb.from_df(customers)),
    ):
        joined = with_segments(rows, table, ["country", "nowhere"])
        found = tally(joined, plan(segments=["country"])).segments["country"]
        assert found.groupby("value")["n"].sum().to_dict() == {"DE": 40, "not stated": 10}
    assert with_segments(frame, None, ["country"]).collect_schema().names() == [*frame.columns]


def test_units_known_to_be_unique_give_the_same_counts() -> None:
    declared, frame = plan(segments=["country"]), assigned(300)
    frame.loc[:2, "assigned_at"] = pd.NaT
    for table in (frame, pl.from_pandas(frame), duckdb.from_df(frame)):
        found, quick = tally(table, declared), tally(table, declared, unique=True)
        assert found.days is not None
        pd.testing.assert_frame_equal(found.days, quick.days)
        pd.testing.assert_frame_equal(found.segments["country"], quick.segments["country"])
        assert (found.untimed, quick.untimed, found.rows) == (3, 3, 300)


def test_clusters_are_counted_once() -> None:
    frame = assigned(200)
    frame["store"] = frame.index // 10
    frame["variant"] = np.where(frame["store"] % 2 == 0, "a", "b")
    declared = plan(unit="store")
    found = tally(frame, declared)
    assert found.days is not None
    assert found.days["n"].sum() == 20


def groups(**shift: float) -> dict[tuple[str, str], Group]:
    return {
        (v, name): Group(2000, 10 + (gap if v == "b" else 0), 4.0)
        for name, gap in shift.items()
        for v in ("a", "b")
    }


def test_balance_before_the_experiment() -> None:
    covariates = {"age": {"column": "age", "label": "Age"}, "tenure": {"column": "t"}}
    declared = plan(covariates=covariates)
    age, tenure = check_balance(declared, groups(age=0.02, tenure=0.5), min_group=5)
    assert (age.status, tenure.status) == ("passed", "failed")
    assert "b +0.010; no more than chance makes" in age.text
    assert "b +0.250" in tenure.text
    p = stats.ttest_ind_from_stats(10.02, 2, 2000, 10, 2, 2000, equal_var=False).pvalue
    assert age.pvalue == pytest.approx(p)  # Holm leaves the largest as it is
    small = {key: Group(60, one.mean, one.variance) for key, one in groups(age=0.4).items()}
    noted = check_balance(declared, small, min_group=5)[0]
    assert noted.status == "noted"
    assert "more than is usual" in noted.text
    hidden = check_balance(declared, small, min_group=100)[0]
    assert (hidden.pvalue, "0.2" in hidden.text) == (None, False)
    assert "fewer than two values" in check_balance(declared, {}, min_group=5)[0].text
    flat = {("a", "age"): Group(9, 1.0, 0.0), ("b", "age"): Group(9, 2.0, 0.0)}
    assert check_balance(declared, flat, min_group=5)[0].status == "failed"


def test_false_alarms_of_balance_are_rare() -> None:
    random = np.random.default_rng(8)
    declared = plan(covariates={f"c{i}": {"column": f"c{i}"} for i in range(5)})
    failed = 0
    for _ in range(200):
        seen = {
            (v, f"c{i}"): Group(100, float(random.normal(0, 1 / sqrt(100))), 1.0)
            for i in range(5) for v in ("a", "b")
        }  # fmt: skip
        checks = check_balance(declared, seen, min_group=5)
        failed += any(check.status == "failed" for check in checks)
    assert failed <= 2


def test_a_covariate_must_come_before_the_assignment() -> None:
    covariates = {"t": {"column": "t", "measured_at": "known_at"}, "u": {"column": "t"}}
    declared = plan(covariates=covariates)
    frame = assigned(1000).assign(t=1.0)
    frame["known_at"] = frame["assigned_at"] - pd.Timedelta(days=1)
    frame.loc[:39, "known_at"] = frame.loc[:39, "assigned_at"] + pd.Timedelta(seconds=1)
    frame.loc[40, "known_at"] = pd.NaT
    for table in (frame, pl.from_pandas(frame), duckdb.from_df(frame)):
        assert dict(tally(table, declared).late) == {"t": 41}
    t, u = declared.covariates
    late = check_covariate(t, rows=1000, late=41, correlation=0.6, min_group=5)
    assert late.status == "failed"
    assert "41 values were measured after the assignment" in late.text
    assert check_covariate(t, rows=1000, late=3, min_group=5).text == (
        "Fewer than 5 values were measured after the assignment."
    )
    assert check_covariate(t, rows=1000, late=3, min_group=5).status == "noted"
    assert check_covariate(t, rows=1000, late=0, correlation=0.6, min_group=5).text == (
        "All of it lies before the assignment. It goes with the outcome (correlation +0.60): "
        "adjusting takes 36% out of the variance."
    )
    assert "hardly goes" in check_covariate(t, rows=9, late=0, correlation=0.01, min_group=5).text
    assert check_covariate(u, rows=1000, late=None, min_group=5).status == "noted"
    window = Covariate("w", "Spend before", "covariate w", None, 30)
    assert check_covariate(window, rows=9, late=None, min_group=5).status == "passed"
    cut = check_covariate(window, rows=900, late=None, cut=80, min_group=5)
    assert "80 customers' windows begin before the data do" in cut.text
    with pytest.raises(AnalysisError, match="column known_at is missing"):
        tally(frame.drop(columns="known_at"), declared)


def test_outcomes_that_are_not_known_yet_are_not_missing() -> None:
    frame = assigned(1000)
    frame.loc[frame.index % 10 == 0, "x"] = np.nan
    seen = moments(frame, ["x"])
    waiting = {
        (v, "x"): int(part.missing) for (v, _), part in seen.metrics.items()
    }  # fmt: skip
    check = by_name(check_plan(plan(), seen, min_group=5, waiting=waiting), "missing-x")
    assert check.status == "noted"
    assert check.text == (
        "Every customer whose window is over has an outcome. 100 customers' windows are not over."
    )
    check = by_name(check_plan(plan(), seen, min_group=5), "missing-x")
    assert "Missing: a " in check.text


def test_few_missing_outcomes_are_tested_exactly() -> None:
    frame = assigned(400)
    lost = frame.index[frame["variant"] == "a"][:9]
    frame.loc[lost, "x"] = np.nan
    check = by_name(check_plan(plan(), moments(frame, ["x"]), min_group=5), "missing-x")
    n_a, n_b = (int((frame["variant"] == v).sum()) for v in "ab")
    exact = stats.fisher_exact([[9, 0], [n_a - 9, n_b]]).pvalue
    assert check.pvalue == pytest.approx(exact)
    assert check.statistic is None


def test_one_variant_only_has_nothing_to_compare() -> None:
    frame = assigned(100).assign(variant="a")
    checks = check_plan(plan(), moments(frame, ["x"]), min_group=5, tally=tally(frame, plan()))
    assert "there is nothing to compare" in by_name(checks, "variants").text
    rows = check_frame(checks)
    assert rows["status"].iloc[0] == "failed"
    assert rows.columns.tolist() == ["check", "status", "text", "advice"]
    assert (rows.loc[rows["status"] == "failed", "advice"] != "").all()
