"""Whether a change is noise: published intervals, rules that always hold, false alarms."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from workbench.suite.compare.noise import FEWEST, Past, judge, mover, past_changes, usual_range
from workbench.suite.compare.sides import Numbers

from .conftest import metric

Z = 1.959963984540054
WILSON = "Wilson"


def wilson(k: int, n: int) -> tuple[float, float, float]:
    low, high = proportion_confint(k, n, method="wilson")
    return k / n, float(low), float(high)


# Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions:
# comparison of eleven methods. Statistics in Medicine 17, 873-890, table II, method 10: the case of
# MOVER in which both intervals are Wilson's.
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]


@pytest.mark.parametrize(("k1", "n1", "k0", "n0", "low", "high"), NEWCOMBE)
def test_the_interval_is_the_published_one(
    k1: int, n1: int, k0: int, n0: int, low: float, high: float
) -> None:
    found = mover(wilson(k0, n0), wilson(k1, n1))
    assert found == pytest.approx((low, high), abs=6e-5)


@given(
    st.tuples(st.integers(0, 300), st.integers(1, 300)),
    st.tuples(st.integers(0, 300), st.integers(1, 300)),
)
def test_the_interval_is_the_one_of_statsmodels(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    (k1, n1), (k0, n0) = ((min(k, n), n) for k, n in (one, other))
    expected = confint_proportions_2indep(k1, n1, k0, n0, method="newcomb", compare="diff")
    assert mover(wilson(k0, n0), wilson(k1, n1)) == pytest.approx(expected, abs=1e-9)


def test_symmetric_intervals_give_the_textbook_s_interval() -> None:
    se_old, se_new = 0.3, 0.4
    old, new = (10.0, 10 - Z * se_old, 10 + Z * se_old), (11.0, 11 - Z * se_new, 11 + Z * se_new)
    assert mover(old, new) == pytest.approx((1 - Z * 0.5, 1 + Z * 0.5))


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
reach = st.floats(0, 1e5).map(lambda x: round(x, 3))
estimates = st.tuples(numbers, reach, reach).map(lambda e: (e[0], e[0] - e[1], e[0] + e[2]))


@given(estimates, estimates)
def test_the_other_way_round_it_is_the_mirror_image(old: Any, new: Any) -> None:
    low, high = mover(old, new)
    assert mover(new, old) == pytest.approx((-high, -low))
    assert low <= new[0] - old[0] <= high


@given(estimates, estimates, st.floats(0.1, 10), numbers)
def test_it_keeps_with_scale_and_shift(old: Any, new: Any, scale: float, shift: float) -> None:
    def moved(one: Any) -> Any:
        return tuple(scale * part + shift for part in one)

    low, high = mover(old, new)
    expected = (scale * low, scale * high)
    assert mover(moved(old), moved(new)) == pytest.approx(expected, abs=1e-3, rel=1e-6)


def with_interval(estimate: tuple[float, float, float], **more: Any) -> dict[str, Any]:
    value, low, high = estimate
    return metric("rate", value, **({"ci": [low, high, 0.95, WILSON]} | more))


@given(estimates, estimates)
def test_a_verdict_is_the_same_both_ways_and_no_change_is_no_alarm(old: Any, new: Any) -> None:
    one, other = with_interval(old), with_interval(new)
    there = judge(one, other, Past(), by_chance=True)
    back = judge(other, one, Past(), by_chance=True)
    assert there.state == back.state
    if there.state == "beyond_noise":
        assert there.low is not None
        assert (there.low > 0) == (new[0] > old[0])
    still = judge(one, with_interval((old[0], *new[1:])), Past(), by_chance=True)
    assert still.state == "unchanged"


@given(estimates, reach)
def test_overlapping_estimates_are_within_noise(old: Any, step: float) -> None:
    """A change that stays within both intervals is never called clear."""
    value = min(old[0] + step, old[2])
    assume(abs(value - old[0]) > 1e-6 * max(abs(value), abs(old[0]), 1))
    new = (value, min(old[0], value), max(old[2], value))
    assert judge(with_interval(old), with_interval(new), Past(), by_chance=True).state in {
        "within_noise",
        "unchanged",
    }


def test_a_clear_change_is_seen_and_said() -> None:
    old, new = with_interval(wilson(480, 800)), with_interval(wilson(560, 700))
    old, new = ({**one, "unit": "share"} for one in (old, new))
    found = judge(old, new, Past(), by_chance=True)
    assert (found.state, found.basis) == ("beyond_noise", "interval")
    assert found.words == (
        "Chance does not explain it: the 95% interval of the change is +15.4 to +24.4 points."
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ci": None}, "Only one of the two numbers has an interval."),
        ({"ci": [0.5, 0.9, 0.99, WILSON]}, "not made in the same way"),
        ({"ci": [0.5, 0.9, 0.95, "bootstrap"]}, "not made in the same way"),
        ({"ci": [0.8, 0.9, 0.95, WILSON]}, "outside of its own interval"),
        ({"label": "Another"}, "named “Rate” before"),
    ],
)
def test_what_is_not_measured_alike_is_not_compared(change: dict[str, Any], words: str) -> None:
    old, new = with_interval((0.6, 0.5, 0.7)), with_interval((0.7, 0.6, 0.8), **change)
    found = judge(old, new, Past(), by_chance=True)
    assert found.state == "not_comparable"
    assert words in found.words


def test_on_the_same_data_chance_has_no_part() -> None:
    old, new = with_interval((0.6, 0.5, 0.7)), with_interval((0.61, 0.5, 0.7))
    found = judge(old, new, Past(), by_chance=False)
    assert (found.state, found.basis) == ("beyond_noise", "same_data")
    bits = with_interval((0.6 + 1e-15, 0.5, 0.7))
    assert judge(old, bits, Past(), by_chance=False).state == "unchanged"


def history(values: list[float | None], days: int = 30, **more: Any) -> list[Numbers]:
    start = date(2025, 6, 30) - timedelta(days=days * len(values))
    return [
        Numbers(
            (start + timedelta(days=days * place)).isoformat(),
            {} if value is None else {"good.lines": metric("lines", value, **more)},
        )
        for place, value in enumerate(values)
    ]


def past(values: list[float | None], days: int = 30, apart: int = 30, **more: Any) -> Past:
    new = date(2025, 6, 30) - timedelta(days=days) + timedelta(days=apart)
    old = (date(2025, 6, 30) - timedelta(days=days)).isoformat()
    told = history(values, days, **more)
    return past_changes(told, "good.lines", metric("lines", 1), old, new.isoformat())


STEADY: list[float | None] = [100, 110, 119, 130, 141, 150, 160, 171]


def test_the_changes_between_earlier_editions_are_found() -> None:
    assert past(STEADY).changes == (10, 9, 11, 11, 9, 10, 11)
    shuffled = past_changes(
        history(STEADY)[::-1], "good.lines", metric("lines", 1), "2025-05-31", "2025-06-30"
    )
    assert shuffled == past(STEADY)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (past([]), "No earlier changes"),
        (past([1, 2]), "Only 1 earlier change is known; 6 are needed"),
        (past(STEADY[:6]), "Only 5 earlier changes are known"),
        (past([1, 2, 3, None, 5, 6, 7, 8]), "Only 5 earlier changes"),  # not across a gap
        (past(STEADY, unit="orders"), "No earlier changes"),
        (past(STEADY, label="Other"), "No earlier changes"),
        (past(STEADY, apart=0), "of the same day"),
        (past(STEADY, apart=365), "lie 365 days apart, earlier ones mostly 30 days"),
        (past(STEADY, apart=7), "lie 7 days apart"),
    ],
)
def test_without_enough_earlier_changes_it_says_so(found: Past, reason: str) -> None:
    assert found.changes == ()
    assert reason in found.reason
    verdict = judge(metric("lines", 1), metric("lines", 2), found, by_chance=True)
    assert (verdict.state, verdict.words) == ("not_known", found.reason)


def test_later_editions_are_not_looked_at() -> None:
    told = [*history(STEADY), Numbers("2025-06-30", {"good.lines": metric("lines", 9999)})]
    found = past_changes(told, "good.lines", metric("lines", 1), "2025-05-31", "2025-06-30")
    assert found == past(STEADY)


def test_backwards_the_usual_changes_are_turned_round() -> None:
    found = past_changes(
        history(STEADY), "good.lines", metric("lines", 1), "2025-06-30", "2025-05-31"
    )
    assert found.changes == tuple(-change for change in past(STEADY).changes)


def test_steady_growth_is_usual_and_standing_still_is_not() -> None:
    for change, state in ((10, "within_noise"), (0.5, "beyond_noise"), (40, "beyond_noise")):
        found = judge(
            metric("lines", 171), metric("lines", 171 + change), past(STEADY), by_chance=True
        )
        assert (found.state, found.basis) == (state, "history")
    assert found.words.startswith("Usual is only +")


def test_where_nothing_ever_moved_nothing_is_known() -> None:
    still = judge(metric("lines", 3), metric("lines", 4), past([3] * 8), by_chance=True)
    assert still.state == "not_known"
    assert "did not move in most of 7 earlier changes" in still.words
    even = past([*range(8)])
    other = judge(metric("lines", 7), metric("lines", 4), even, by_chance=True)
    assert other.state == "not_known"
    assert "changed by +1 in most of 7 earlier changes" in other.words
    as_ever = judge(metric("lines", 7), metric("lines", 8), even, by_chance=True)
    assert as_ever.state == "within_noise"


@given(st.lists(numbers, min_size=FEWEST, max_size=20), numbers)
def test_the_usual_range_moves_with_the_changes(changes: list[float], shift: float) -> None:
    low, high = usual_range(changes)
    assert low <= high
    moved = usual_range([change + shift for change in changes])
    assert moved == pytest.approx((low + shift, high + shift), abs=1e-6, rel=1e-9)
    assert usual_range([-change for change in changes]) == pytest.approx((-high, -low))


def test_one_wild_change_does_not_widen_what_is_usual() -> None:
    low, high = usual_range([9, 10, 11, 10, 9, 10, 11, 5000])
    assert high - low < 20


@pytest.mark.parametrize("count", [6, 7, 8, 9, 10, 11, 20])
def test_false_alarms_by_history_are_at_most_one_in_twenty(count: int) -> None:
    """Normal changes, seeded; with few of them the factor is larger, or the rate would be 10%."""
    drawn = np.random.default_rng(20250630).normal(5, 2, size=(4000, count + 1))
    alarms = 0
    for row in drawn.tolist():
        low, high = usual_range(row[:-1])
        alarms += not low <= row[-1] <= high
    assert alarms / len(drawn) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(drawn))


def test_false_alarms_by_intervals_are_at_most_the_level() -> None:
    """Independent samples keep the level; editions that share customers stay far below it."""
    random = np.random.default_rng(7)
    size, share, alone, shared = 400, 0.3, 0, 0
    repeats = 2000
    for _ in range(repeats):
        first, second = random.binomial(size, share, size=2)
        low, high = mover(wilson(int(first), size), wilson(int(second), size))
        alone += not low <= 0 <= high
        kept = random.binomial(size * 9 // 10, share)  # nine of ten customers are in both
        before, now = (kept + random.binomial(size // 10, share, size=2)).tolist()
        low, high = mover(wilson(before, size), wilson(now, size))
        shared += not low <= 0 <= high
    assert alone / repeats <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)
    assert shared / repeats < 0.001
