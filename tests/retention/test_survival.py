"""Kaplan-Meier, restricted mean and log-rank beside published figures and lifelines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time

from workbench.errors import AnalysisError
from workbench.retention.survival import kaplan_meier, log_rank


@pytest.fixture(scope="module")
def waltons(workbench_data: Path) -> pd.DataFrame:
    return pd.read_csv(workbench_data / "survival" / "waltons_dataset.csv")


def test_waltons_as_published(waltons: pd.DataFrame) -> None:
    """The figures that lifelines publishes for this data set; see DATA.md of the collection."""
    found = {
        name: kaplan_meier(part["T"], part["E"], group=str(name))
        for name, part in waltons.groupby("group")
    }
    control, mutant = found["control"], found["miR-137"]
    assert (control.n_obs, control.events, control.median.value) == (129, 122, 58)
    assert (mutant.n_obs, mutant.events, mutant.median.value) == (34, 34, 26)
    assert kaplan_meier(waltons["T"], waltons["E"]).median.value == 56
    test = log_rank(waltons["T"], waltons["E"], waltons["group"])
    assert test.statistic is not None
    assert test.pvalue is not None
    assert f"{test.statistic:.2f} {test.pvalue:.1e}" == "122.25 2.0e-28"


def test_rossi_as_published(workbench_data: Path) -> None:
    rossi = pd.read_csv(workbench_data / "survival" / "rossi.csv")
    curve = kaplan_meier(rossi["week"], rossi["arrest"])
    assert curve.events == 114
    assert f"{curve.survival_at(52).value:.4f}" == "0.7361"


def sample(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return whole times with ties, events, entries that fall between times, and counts."""
    random = np.random.default_rng(seed)
    life, leave = random.geometric(0.03, n), random.integers(1, 60, n)
    times = np.minimum(life, leave)
    entry = np.where(random.random(n) < 0.5, 0.0, np.maximum(times * random.random(n), 0) - 0.25)
    return times, (life <= leave).astype(int), np.maximum(entry, 0), random.integers(1, 5, n)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("truncated", [False, True])
def test_curves_equal_lifelines(seed: int, truncated: bool) -> None:
    times, events, entry, n = sample(seed)
    start = entry if truncated else None
    ours = kaplan_meier(times, events, entry=start, n=n).table
    theirs = KaplanMeierFitter().fit(times, events, entry=start, weights=n)
    for place in (1, 5, 17, 40):
        row = ours[ours["time"] <= place].iloc[-1]
        assert row["survival"] == pytest.approx(theirs.predict(place), abs=1e-10)
    ours = ours[ours["survival"].between(0, 1, inclusive="neither")].set_index("time")
    band = theirs.confidence_interval_.loc[ours.index].to_numpy()
    np.testing.assert_allclose(ours[["ci_lower", "ci_upper"]].to_numpy(), band, atol=1e-8)


def test_grouped_times_equal_single_ones() -> None:
    times, events, entry, n = sample(4)
    grouped = kaplan_meier(times, events, entry=entry, n=n).table
    each = [np.repeat(values, n) for values in (times, events, entry)]
    single = kaplan_meier(each[0], each[1], entry=each[2]).table
    pd.testing.assert_frame_equal(grouped, single)


@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0")  # lifelines' own
@pytest.mark.parametrize("groups", [2, 4])
def test_log_rank_equals_lifelines(groups: int) -> None:
    times, events, _, n = sample(5)
    group = np.arange(len(times)) % groups
    ours = log_rank(times, events, group.tolist(), n=n)
    theirs = multivariate_logrank_test(times, group, events, weights=n)
    assert ours.statistic == pytest.approx(theirs.test_statistic, rel=1e-8)
    assert ours.pvalue == pytest.approx(theirs.p_value, rel=1e-8)


def test_restricted_mean_is_the_area_and_its_interval_covers() -> None:
    times, events, _, _ = sample(6)
    curve = kaplan_meier(times, events)
    fitted = KaplanMeierFitter().fit(times, events)
    area = restricted_mean_survival_time(fitted, t=30)
    found = curve.restricted_mean(30)
    assert found.value == pytest.approx(area, rel=1e-8)
    # Exponential times: the restricted mean is 1 - exp(-1); 500 runs allow 92 to 98 %.
    random, covered = np.random.default_rng(11), 0
    for _ in range(500):
        life, leave = random.exponential(1, 150), random.uniform(0.8, 2, 150)
        run = kaplan_meier(np.minimum(life, leave), life <= leave).restricted_mean(1.0)
        if run.ci_lower is None or run.ci_upper is None:
            continue
        covered += run.ci_lower <= 1 - np.exp(-1) <= run.ci_upper
    assert 0.92 <= covered / 500 <= 0.98


def test_late_entries_do_not_bias_and_intervals_cover() -> None:
    """Left-truncated exponential times: ignoring the entry would overstate survival."""
    random, covered, estimates = np.random.default_rng(12), 0, []
    for _ in range(300):
        life, entry = random.exponential(1, 600), random.uniform(0, 0.5, 600)
        seen = life > entry
        curve = kaplan_meier(life[seen], np.ones(seen.sum()), entry=entry[seen])
        # Given survival to 0.1, when enough are under observation.
        late = curve.survival_given(0.1, 0.9)
        assert late.value is not None
        estimates.append(late.value)
        assert late.ci_lower is not None
        assert late.ci_upper is not None
        covered += late.ci_lower <= np.exp(-0.9) <= late.ci_upper
    assert np.mean(estimates) == pytest.approx(np.exp(-0.9), abs=0.01)
    assert 0.92 <= covered / 300 <= 0.98


spans = st.lists(
    st.tuples(st.integers(0, 20), st.booleans(), st.integers(1, 4)), min_size=1, max_size=25
)


@given(spans)
def test_a_curve_falls_within_its_band_and_counts_everyone(
    rows: list[tuple[int, bool, int]],
) -> None:
    times, events, n = zip(*rows, strict=True)
    curve = kaplan_meier(times, events, n=n)
    table = curve.table
    assert not table.isna().to_numpy().any()
    assert table["survival"].is_monotonic_decreasing
    assert table["survival"].between(0, 1).all()
    slack = 1e-12
    assert (table["ci_lower"] <= table["survival"] + slack).all()
    assert (table["survival"] <= table["ci_upper"] + slack).all()
    assert table["events"].sum() + table["censored"].sum() == curve.n_obs == sum(n)
    assert table["at_risk"].iloc[0] == curve.n_obs
    assert kaplan_meier(times[::-1], events[::-1], n=n[::-1]).table.equals(table)


def test_everyone_gone_and_nobody_gone() -> None:
    gone = kaplan_meier([1, 2, 3], [1, 1, 1])
    assert gone.survival_at(10).value == 0
    assert gone.median.value == 2
    assert gone.restricted_mean(100).value == pytest.approx(2)
    stayed = kaplan_meier([5, 6, 7], [0, 0, 0])
    assert stayed.median.reason == "Fewer than half have had the event."
    assert stayed.survival_at(7).ci_lower == pytest.approx(0.025)  # one left under observation
    assert stayed.survival_at(8).reason == "Nobody was observed for longer than 7."
    assert stayed.restricted_mean(8).value is None
    assert log_rank([5, 6, 7], [0, 0, 0], ["a", "a", "b"]).reason == "No event was observed."
    assert log_rank([5, 6], [1, 1], ["a", "a"]).reason == "There is only one group."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], []), "no times are given"),
        (([-1.0], [1]), "1 rows have a wrong durations"),
        (([np.nan], [1]), "1 rows have a wrong durations"),
        (([1.0], [2]), "1 rows have a wrong event_observed"),
        (([1.0, 2.0], [1]), "differ in length"),
    ],
)
def test_impossible_times_are_refused(arguments: tuple[list[float], list[int]], words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        kaplan_meier(*arguments)


def test_impossible_entries_counts_and_levels_are_refused() -> None:
    with pytest.raises(AnalysisError, match="wrong entry"):
        kaplan_meier([1.0], [1], entry=[1.0])
    with pytest.raises(AnalysisError, match="wrong n"):
        kaplan_meier([1.0], [1], n=[0.5])
    with pytest.raises(AnalysisError, match="alpha == 0"):
        kaplan_meier([1.0], [1], alpha=0)
    with pytest.raises(AnalysisError, match="horizon == 0, must be > 0"):
        kaplan_meier([1.0], [1]).restricted_mean(0)


@pytest.mark.parametrize("truncated", [False, True])
def test_survival_so_far_is_the_curve_of_those_still_there(truncated: bool) -> None:
    """The same as a curve of them alone, their times counted from then on."""
    times, events, entry, n = sample(7)
    start = entry if truncated else np.zeros_like(entry)
    curve = kaplan_meier(times, events, entry=start, n=n)
    later = curve.given(12)
    left = times > 12
    alone = kaplan_meier(
        times[left] - 12, events[left], entry=np.maximum(start[left] - 12, 0), n=n[left]
    )
    shown = later.table.iloc[1:].reset_index(drop=True)
    pd.testing.assert_frame_equal(shown, alone.table.iloc[1:].reset_index(drop=True))
    assert (later.n_obs, later.events) == (alone.n_obs, alone.events)
    assert curve.survival_given(12, 10).value == pytest.approx(
        curve.survival_at(22).value / curve.survival_at(12).value
    )
    assert curve.mean_given(12, 20).value == pytest.approx(alone.restricted_mean(20).value)
    assert curve.survival_given(0, 10) == kaplan_meier(
        times, events, entry=start, n=n
    ).survival_given(0, 10)


def test_survival_so_far_covers() -> None:
    """Weibull times: those who stayed stay longer; 200 runs allow 91 to 98.5 %."""
    random, held = np.random.default_rng(13), np.zeros(2)
    truth = np.exp(-(1.5**0.6) + 0.5**0.6)
    steps = np.linspace(0.5, 1.5, 2001)
    mean = np.trapezoid(np.exp(-(steps**0.6) + 0.5**0.6), steps)
    for _ in range(200):
        life, leave = random.weibull(0.6, 300), random.uniform(1, 3, 300)
        curve = kaplan_meier(np.minimum(life, leave), life <= leave)
        for place, (found, true) in enumerate(
            [(curve.survival_given(0.5, 1.0), truth), (curve.mean_given(0.5, 1.0), mean)]
        ):
            assert found.ci_lower is not None
            assert found.ci_upper is not None
            held[place] += found.ci_lower <= true <= found.ci_upper
    assert (held / 200 >= 0.91).all()
    assert (held / 200 <= 0.985).all()


def test_what_is_not_known_of_survival_so_far_is_said() -> None:
    curve = kaplan_meier([2, 4, 6], [1, 0, 1])
    assert curve.survival_given(6, 1).reason == "Nobody was observed for longer than 6."
    assert curve.mean_given(7, 1).reason == "Nobody was observed for longer than 7."
    assert curve.survival_given(3, 1).value == 1
    with pytest.raises(AnalysisError, match="so_far == -1, must be >= 0"):
        curve.given(-1)
    with pytest.raises(AnalysisError, match="nobody was observed for longer than 6"):
        curve.given(6)


def test_an_early_end_of_few_is_not_the_end_of_all() -> None:
    """With late entries the first who are followed may all leave: later ones are still there."""
    curve = kaplan_meier([1, 5, 6, 7], [1, 1, 0, 1], entry=[0, 2, 2, 3])
    assert curve.survival_at(0.5).value == 1
    early = curve.survival_at(5)
    assert early.value is None
    assert early.reason.startswith("All who were followed at 1 had the event, and others came")
    assert curve.restricted_mean(5).value is None
    assert curve.survival_given(1, 4.5).value == pytest.approx(2 / 3)
    assert curve.mean_given(1, 5).value == pytest.approx(4 + 2 / 3)


def test_times_at_which_nobody_was_followed_are_not_known() -> None:
    """Late entries alone: before, nobody left in the gap, with an interval of no width."""
    late = kaplan_meier([12, 15, 20], [1, 0, 1], entry=[10, 10, 11])
    assert late.gaps == ((0, 10),)
    early = late.survival_at(5)
    assert (early.value, early.ci_lower) == (None, None)
    assert early.reason.startswith("Nobody was followed from 0 to 10, and others came")
    assert late.survival_at(0).value == 1
    assert late.median.value is None
    assert late.restricted_mean(15).value is None
    assert late.survival_given(10, 2).value == pytest.approx(2 / 3)
    assert late.given(4).gaps == ((0, 6),)
    between = kaplan_meier([5, 4, 12, 15], [0, 1, 1, 1], entry=[0, 0, 10, 7], n=[2, 1, 1, 1])
    assert between.gaps == ((5, 7),)
    assert between.survival_at(5).value == pytest.approx(2 / 3)
    assert between.survival_at(6).value is None
    assert between.survival_given(7, 5).value == pytest.approx(1 / 2)
    # One who enters when the last one leaves leaves no gap.
    assert kaplan_meier([5, 9], [0, 1], entry=[0, 5]).gaps == ()


def test_the_mean_of_all_alike_has_an_interval_nevertheless() -> None:
    """None of n left: with 97.5 % confidence a share of 0.025 ** (1 / n) stays at least."""
    stayed = kaplan_meier([100] * 20, [0] * 20).restricted_mean(91)
    assert (stayed.value, stayed.ci_upper) == (91, 91)
    assert stayed.ci_lower == pytest.approx(91 * 0.025 ** (1 / 20))
    left = kaplan_meier([30] * 20, [1] * 20).restricted_mean(91)
    share = 0.025 ** (1 / 20)
    assert left.value == 30
    assert left.ci_lower == pytest.approx(30 * share)
    assert left.ci_upper == pytest.approx(30 * share + 91 * (1 - share))
    one = kaplan_meier([30], [1]).restricted_mean(91)
    assert one.ci_lower is not None
    assert one.ci_upper is not None
    assert one.ci_lower < 1
    assert one.ci_upper > 88


def test_impossible_questions_are_refused() -> None:
    curve = kaplan_meier([1, 2, 3], [1, 1, 0])
    for time in (-1.0, float("nan")):
        with pytest.raises(AnalysisError, match="must be >= 0"):
            curve.survival_at(time)


def test_far_and_odd_times_take_the_same_ways() -> None:
    """Whole days are counted, others sorted: shifted by a hair the curve is the same."""
    times, events, entry, n = sample(8)
    whole = kaplan_meier(times, events, entry=entry, n=n).table
    for factor in (1e7, 0.1):
        scaled = kaplan_meier(times * factor, events, entry=entry * factor, n=n).table
        pd.testing.assert_frame_equal(scaled.drop(columns="time"), whole.drop(columns="time"))
