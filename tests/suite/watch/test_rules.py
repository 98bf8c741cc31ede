"""Whether rules hold, what is said of them, and how often chance alone raises one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.support.watched import Point, make_before, make_metric

from workbench.params.rules import parse_rule
from workbench.suite.watch.conditions import condition
from workbench.suite.watch.earlier import Earlier, earlier_of
from workbench.suite.watch.rules import Verdict, judge
from workbench.suite.watch.spread import false_alarm_rate, spread_of

SIGMA = "change > 3 sigma of the last 8 editions"


def decide(
    rule: str, value: float | None, *earlier: float, unit: str = "share", ci: Any = None
) -> Verdict:
    told = earlier_of("retention.rate", unit, "2027-01-01", make_before(earlier, unit=unit))
    return judge(parse_rule(rule), make_metric(value, unit=unit, ci=ci), told)


@pytest.mark.parametrize(
    ("rule", "value", "held"),
    [
        ("> 0.3", 0.31, True),
        ("> 0.3", 0.3, False),
        (">= 0.3", 0.1 + 0.2, True),
        ("> 0.3", 0.1 + 0.2, False),  # 0.30000000000000004: the computer's grain
        ("> 30%", 0.31, True),
        ("< 30%", 0.31, False),
        ("<= 30%", 0.3, True),
    ],
)
def test_levels(rule: str, value: float, held: bool) -> None:
    assert decide(rule, value).holds is held


@pytest.mark.parametrize(
    ("rule", "now", "was", "unit", "held"),
    [
        ("change < -10%", 89.0, 100.0, "GBP", True),
        ("change < -10%", 90.0, 100.0, "GBP", False),
        ("change < -10%", 111.0, 100.0, "GBP", False),
        ("fall > 10%", 89.0, 100.0, "GBP", True),
        ("rise > 10%", 89.0, 100.0, "GBP", False),
        ("change > 10", 111.0, 100.0, "GBP", True),
        ("rise > 10", 111.0, 100.0, "GBP", True),
        ("fall > 5 points", 0.34, 0.40, "share", True),
        ("fall >= 5 points", 0.35, 0.40, "share", True),
        ("fall > 5 points", 0.35, 0.40, "share", False),
        ("fall > 10%", 0.35, 0.40, "share", True),
        ("change < -10%", -111.0, -100.0, "GBP", True),
    ],
)
def test_moves_since_the_edition_before(
    rule: str, now: float, was: float, unit: str, held: bool
) -> None:
    assert decide(rule, now, 1.0, was, unit=unit).holds is held


def test_the_words() -> None:
    assert decide("> 30%", 0.35).words == "“Repeat rate” is 35.0%, above 30%."
    assert decide("> 30%", 0.25).words == "“Repeat rate” is 25.0%, not above 30%."
    assert decide("change < -10%", 1_100_000.0, 1_300_000.0, unit="GBP").words == (
        "“Repeat rate” fell from £1.30 million on 28 Jan 2024 to £1.10 million, by £200,000 "
        "(15.4%)."
    )
    assert decide("fall > 2 points", 0.35, 0.4).words == (
        "“Repeat rate” fell from 40.0% on 28 Jan 2024 to 35.0%, by 5.0 points (12.5% of what it "
        "was)."
    )


def test_what_may_be_chance_is_said() -> None:
    close = decide("> 30%", 0.32, ci=(0.29, 0.35))
    assert close.holds is True
    assert close.words.endswith("its 95% interval, 29.0% to 35.0%, holds 30%: this may be chance.")
    assert "chance" not in decide("> 30%", 0.32, ci=(0.31, 0.35)).words


@pytest.mark.parametrize(("half", "chance"), [(0.03, True), (0.005, False)])
def test_a_change_between_two_intervals(half: float, chance: bool) -> None:
    ends = [0.4 - half, 0.4 + half, 0.95, "bootstrap"]
    told = [Earlier("2024-01-28", 0.4, ends)]
    record = make_metric(0.36, ci=(0.36 - half, 0.36 + half))
    verdict = judge(parse_rule("fall > 2 points"), record, told)
    assert verdict.holds is True
    assert verdict.words.endswith("may be chance.") is chance


@pytest.mark.parametrize(
    ("rule", "value", "earlier", "unit", "trouble", "said"),
    [
        ("> 3", None, (), "share", "no_number", "has no number"),
        ("> 30%", 400.0, (), "GBP", "wrong_unit", "counts in percent"),
        ("fall > 3 points", 400.0, (500.0,), "GBP", "wrong_unit", "counts in points"),
        ("change > 3", 0.3, (), "share", "too_few", "no earlier edition"),
        ("change > 3%", 0.3, (0.0,), "share", "no_number", "was nought before"),
        (SIGMA, 0.3, (0.3,) * 2, "share", "too_few", "(have 2, needs 5)"),
        (SIGMA, 0.3, (0.3,) * 4, "share", "too_few", "(have 4, needs 5)"),
    ],
)
def test_what_cannot_be_read_is_no_all_clear(
    rule: str, value: float | None, earlier: tuple[float, ...], unit: str, trouble: str, said: str
) -> None:
    verdict = decide(rule, value, *earlier, unit=unit)
    assert verdict.holds is None
    assert verdict.trouble == trouble
    assert said in verdict.words


def test_only_comparable_earlier_numbers_count() -> None:
    history = [
        Point("2024-03-31", {"retention.rate": {"value": 3.0, "unit": "GBP"}}),
        Point("2024-01-31", {"retention.rate": {"value": 1.0, "unit": "GBP"}}),
        Point("2024-02-28", {"retention.rate": {"value": 2.0, "unit": "EUR"}}),
        Point("2024-04-30", {"retention.rate": {"value": None, "unit": "GBP"}}),
        Point("2024-05-31", {"retention.other": {"value": 5.0, "unit": "GBP"}}),
        Point("2024-06-30", {"retention.rate": {"value": 6.0, "unit": "GBP"}}),
        Point("2024-07-31", {"retention.rate": {"value": 7.0, "unit": "GBP"}}),
    ]
    told = earlier_of("retention.rate", "GBP", "2024-06-30", history)
    assert [one.value for one in told] == [1.0, 3.0]


@pytest.mark.parametrize(
    ("rule", "last", "held"),
    [
        (SIGMA, 0.60, True),
        (SIGMA, 0.10, True),
        (SIGMA, 0.345, False),
        ("rise > 3 sigma of the last 8 editions", 0.60, True),
        ("rise > 3 sigma of the last 8 editions", 0.10, False),
        ("fall > 3 sigma of the last 8 editions", 0.10, True),
        ("fall > 3 sigma of the last 8 editions", 0.60, False),
    ],
)
def test_sigma(rule: str, last: float, held: bool) -> None:
    steady = (0.33, 0.35, 0.34, 0.36, 0.35, 0.33, 0.34, 0.35)
    verdict = decide(rule, last, *steady)
    assert verdict.holds is held
    assert ("By chance alone" in verdict.detail) is held


def test_steady_growth_is_no_news_and_its_end_is() -> None:
    growing = [100.0, 110.2, 119.9, 130.1, 140.0, 149.8, 160.2, 170.0]
    assert decide(SIGMA, 180.1, *growing, unit="GBP").holds is False
    assert decide(SIGMA, 170.0, *growing, unit="GBP").holds is True


def test_only_the_last_editions_count() -> None:
    wild = [0.1, 0.9] * 5
    calm = [0.5, 0.51, 0.5, 0.51, 0.5]
    assert decide("change > 3 sigma of the last 5 editions", 0.6, *wild, *calm).holds is True
    assert decide("change > 3 sigma of the last 15 editions", 0.6, *wild, *calm).holds is False


def test_without_any_spread_every_move_stands_out() -> None:
    still = decide(SIGMA, 0.3, *[0.3] * 6)
    assert still.holds is False
    assert "did not move at all" in still.detail
    moved = decide(SIGMA, 0.30001, *[0.3] * 6)
    assert moved.holds is True
    assert "never moved so" in moved.words
    assert "By chance" not in moved.detail
    in_step = [0.1 * n for n in range(1, 8)]  # 0.30000000000000004 and its like
    assert decide(SIGMA, 0.8, *in_step).holds is False
    assert decide(SIGMA, 0.7, *in_step).holds is True
    assert decide(SIGMA, 0.0, *[0.0] * 6, unit="customers").holds is False
    assert decide(SIGMA, 1.0, *[0.0] * 6, unit="customers").holds is True


NUMBERS = st.lists(st.integers(-1000, 1000).map(float), min_size=6, max_size=12)


@given(NUMBERS, st.integers(-500, 500), st.sampled_from([0.5, 2.0, 64.0]))
def test_sigmas_know_no_unit_and_no_origin(numbers: list[float], shift: int, scale: float) -> None:
    *earlier, value = numbers
    one = spread_of(value, earlier)
    other = spread_of(value * scale + shift, [number * scale + shift for number in earlier])
    assert other.sigmas == pytest.approx(one.sigmas, rel=1e-6, abs=1e-6)
    mirrored = spread_of(-value, [-number for number in earlier])
    assert mirrored.sigmas == pytest.approx(-one.sigmas, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("changes", [4, 5, 7, 11, 23, 58])
@pytest.mark.parametrize("sigmas", [1.0, 2.0, 3.0, 4.5])
def test_the_rate_is_students(changes: int, sigmas: float) -> None:
    t = sigmas / np.sqrt(1 + 1 / changes)
    assert false_alarm_rate(sigmas, changes) == pytest.approx(2 * stats.t.sf(t, changes - 1))
    assert false_alarm_rate(sigmas, changes, sides=1) == pytest.approx(stats.t.sf(t, changes - 1))


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("independent changes", 0.026, 0.036), ("noise around a level", 0.018, 0.030)],
)
def test_how_often_chance_alone_raises_it(kind: str, low: float, high: float) -> None:
    """4,000 metrics that nothing but chance moves; the stated rate is 3.1%."""
    draws = np.random.default_rng(20250630).normal(size=(4000, 9))
    rows = (draws.cumsum(axis=1) if kind == "independent changes" else draws) + 100
    rule = parse_rule(SIGMA)
    raised = 0
    for row in rows.tolist():
        earlier = [Earlier(f"2024-01-{n:02d}", value, None) for n, value in enumerate(row[:8], 1)]
        raised += judge(rule, make_metric(row[8], unit="GBP"), earlier).holds is True
    assert false_alarm_rate(3, 7) == pytest.approx(0.0309, abs=1e-4)
    assert low <= raised / len(rows) <= high


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("rate > 30%", "“Repeat rate” is above 30%"),
        ("rate <= 30%", "“Repeat rate” is at or below 30%"),
        ("change of rate < -10%", "“Repeat rate” falls by more than 10%"),
        ("change of rate >= 10%", "“Repeat rate” rises by at least 10%"),
        ("change of rate > -10%", "“Repeat rate” does not fall by 10% or more"),
        ("change of rate <= 10%", "“Repeat rate” does not rise by more than 10%"),
        ("change of rate < 0", "“Repeat rate” falls"),
        ("change of rate >= 0", "“Repeat rate” does not fall"),
        ("fall of rate > 1 points", "“Repeat rate” falls by more than 1 point"),
        ("rise of rate > 0.02", "“Repeat rate” rises by more than 2 points"),
        (
            "change of rate > 3 sigma of the last 8 editions",
            "“Repeat rate” changes by more than 3 times the usual spread of its changes",
        ),
    ],
)
def test_rules_in_words(rule: str, said: str) -> None:
    assert condition(parse_rule(rule), make_metric(0.3)) == said
    assert condition(parse_rule(rule), None) == rule
