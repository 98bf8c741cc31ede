"""Reading early: at planned looks, at any time, and never before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.experiments.pace import last_look, repeated_pvalue
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.result import ExperimentResult
from workbench.experiments.sequential.boundaries import boundaries
from workbench.experiments.study import analyse
from workbench.params.experiments import ReadingParams
from workbench.params.measures import SizeParams

SHARES = (0.25, 0.5, 0.75, 1.0)


@pytest.mark.parametrize("kind", ["obrien-fleming", "pocock"])
@pytest.mark.parametrize("look", [2, 3, 4])
def test_at_the_boundary_the_repeated_pvalue_is_alpha(kind: Any, look: int) -> None:
    z = boundaries(SHARES[:look], kind=kind, alpha=0.05).z[-1]
    found = repeated_pvalue(float(2 * stats.norm.sf(z)), SHARES[:look], kind)
    assert found == pytest.approx(0.05, rel=1e-3)


@given(st.floats(1e-12, 1.0), st.floats(1e-12, 1.0))
def test_the_repeated_pvalue_rises_and_is_never_smaller(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = [repeated_pvalue(p, (0.5, 1.0), "pocock") for p in (low, high)]
    assert found[0] <= found[1] + 1e-9
    assert all(q >= p * (1 - 1e-6) for p, q in zip((low, high), found, strict=True))
    assert all(0 <= q <= 1 for q in found)


def plan(method: str = "group-sequential", **more: Any) -> Plan:
    looks = 4 if method == "group-sequential" else None
    return replace(
        Plan(
            id="t", title="T", hypothesis="", control="a", shares={"a": 0.5, "b": 0.5},
            metrics=(Metric("x", "x", "mean", "X", True),), alpha=0.05, decision="",
            start=date(2025, 3, 1), end=date(2025, 3, 29), n_obs=1120,
            readings=ReadingParams.model_validate({"method": method, "looks": looks}),
        ),
        **more,
    )  # fmt: skip


def rows(effect: float, *, n: int = 1120, seed: int = 1) -> pd.DataFrame:
    """Return forty customers a day for 28 days, of whom every second one has the change."""
    random = np.random.default_rng(seed)
    late = np.arange(n) % 2 == 1
    return pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "variant": np.where(late, "b", "a"),
            "assigned_at": pd.Timestamp("2025-03-01 12:00")
            + pd.to_timedelta(np.arange(n) * 28 // n, unit="D"),
            "x": random.normal(10, 2, n) + effect * late,
        }
    )


def read(frame: pd.DataFrame, day: int, **more: Any) -> ExperimentResult:
    return analyse(frame, plan(**more), as_of=date(2025, 3, day), min_group=5)


def test_before_its_end_a_fixed_experiment_shows_no_number() -> None:
    found = read(rows(1.0), 20, method="fixed")
    assert found.decision.verdict == "keep running"
    assert not found.is_trusted
    assert {e.difference.effect_size for e in found.effects} == {None}
    assert "before its planned end" in found.effects[0].difference.reason
    assert read(rows(1.0), 29, method="fixed").decision.verdict == "ship"


def test_between_two_looks_nothing_new_is_read() -> None:
    declared = plan()
    assert last_look(declared, date(2025, 3, 7)) is None
    assert last_look(declared, date(2025, 3, 13)) == date(2025, 3, 8)
    found = [read(rows(0.2), day) for day in (8, 13)]
    assert found[0].units == found[1].units == {"a": 160, "b": 160}
    assert found[0].effects == found[1].effects
    early = read(rows(0.2), 5)
    assert (early.decision.verdict, early.is_trusted) == ("keep running", False)


def test_a_clear_effect_stops_at_a_look_and_a_weak_one_runs_on() -> None:
    clear = read(rows(2.0), 15)
    assert (clear.decision.verdict, clear.decision.variant) == ("ship", "b")
    assert "repeated interval at look 2 (obrien-fleming)" in clear.effects[0].difference.method
    weak = read(rows(0.2), 15)
    assert weak.decision.verdict == "keep running"
    assert weak.is_trusted
    fixed = read(rows(0.2), 29, method="fixed").effects[0].difference
    at_end = read(rows(0.2), 29).effects[0].difference
    assert (at_end.effect_size_ci_upper or 0) > (fixed.effect_size_ci_upper or 0)
    assert at_end.effect_size == fixed.effect_size


def test_read_at_any_time_it_may_be_read_and_what_was_fixed_is_kept() -> None:
    found = read(rows(0.0), 10, method="anytime")
    assert found.is_trusted
    assert list(found.tuning) == ["x b"]
    again = analyse(
        rows(0.0), plan("anytime"), as_of=date(2025, 3, 20), min_group=5, tuning={"x b": 3.0}
    )
    assert again.tuning == {"x b": 3.0}
    d = found.effects[0].difference
    assert d.method == "anytime-valid, normal mixture (asymptotic)"
    assert d.rel_effect_size_ci_lower is not None


def test_with_an_effect_worth_having_the_tuning_needs_no_data() -> None:
    metric = Metric("x", "x", "mean", "X", True, min_effect=SizeParams(absolute=0.5))
    found = [read(rows(0.0, seed=s), 10, method="anytime", metrics=(metric,)) for s in (1, 2)]
    assert found[0].tuning == found[1].tuning


def test_a_share_is_read_at_any_time_by_its_own_interval() -> None:
    frame = rows(0.0)
    frame["x"] = (frame["x"] > 10).astype(int)
    metric = Metric("x", "x", "proportion", "X", True)
    d = read(frame, 20, method="anytime", metrics=(metric,)).effects[0].difference
    assert d.method == "anytime-valid, beta-binomial mixture (exact)"
    assert d.effect_size_ci_lower is not None
    assert d.effect_size is not None
    assert d.effect_size_ci_lower < d.effect_size


def test_an_effect_is_shown_exactly_where_the_boundary_is_crossed() -> None:
    # That the boundaries hold the error rate is shown where they are made.
    shown = []
    for effect in (0.0, 0.3, 0.5, 0.7, 1.0):
        for look, day in ((1, 8), (3, 22)):
            (e,) = read(rows(effect, n=280, seed=4), day, n_obs=280).effects
            once = (
                analyse(
                    rows(effect, n=280, seed=4),
                    plan("anytime"),
                    as_of=date(2025, 3, day),
                    min_group=5,
                )
                .effects[0]
                .difference
            )
            d = e.difference
            z = boundaries(SHARES[:look], kind="obrien-fleming", alpha=0.05).z[-1]
            assert d.pvalue is not None
            assert d.effect_size == once.effect_size
            # Welch's t is a little wider than the normal; the p-value decides.
            reach = float(stats.norm.isf(2 * stats.t.sf(abs(d.statistic or 0), 40 * look) / 2))
            if abs(reach - z) > 0.1:
                assert (d.pvalue < 0.05) is (reach > z)
                shown.append(reach > z)
    assert len(shown) >= 6
    assert set(shown) == {True, False}


def test_without_a_time_of_assignment_looks_cannot_be_held() -> None:
    found = read(rows(2.0).drop(columns="assigned_at"), 15)
    assert found.decision.verdict == "keep running"


def test_a_look_before_any_window_is_over_reads_nothing() -> None:
    metric = Metric("x", "x", "mean", "X", True, window_days=28)
    found = read(rows(2.0), 15, metrics=(metric,))
    assert found.effects[0].difference.reason == "No window was over at this look."
    assert found.decision.verdict == "keep running"
