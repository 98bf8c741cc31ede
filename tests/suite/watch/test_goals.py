"""A goal's state is what the number, its interval and the day allow to say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.watched import make_metric

from workbench.suite.watch.goals import read_goal
from workbench.suite.watch.records import Goal

ORDER = {"missed": 0, "off_track": 0, "unclear": 1, "on_track": 2, "reached": 3}
WAY = {"value": 0.28, "on": "2025-01-01"}


def read(
    value: float | None,
    *,
    ci: Any = None,
    target: float = 0.35,
    direction: str = "up",
    by: str | None = "2025-12-31",
    start: dict[str, Any] | None = None,
    as_of: str = "2025-07-02",
) -> Goal:
    goal = {"target": target, "direction": direction, "by": by, "owner": "CRM", "from": start}
    return read_goal("retention.rate", goal, make_metric(value, ci=ci), as_of, ["rate"])


@pytest.mark.parametrize(
    ("given", "state", "brief"),
    [
        ({"value": 0.36}, "reached", "Goal 35% by 31 Dec 2025: reached"),
        ({"value": 0.35}, "reached", "Goal 35% by 31 Dec 2025: reached"),
        ({"value": 0.36, "by": None}, "reached", "Goal 35%: reached"),
        ({"value": 0.285}, "off_track", "Goal 35% by 31 Dec 2025: 6.5 points short"),
        ({"value": 0.285, "as_of": "2025-12-31"}, "missed", "6.5 points short"),
        ({"value": 0.285, "as_of": "2026-03-31"}, "missed", "6.5 points short"),
        ({"value": 0.285, "as_of": "2026-03-31", "by": None}, "off_track", "6.5 points short"),
        ({"value": 0.36, "as_of": "2026-03-31"}, "reached", "reached"),
        ({"value": 0.36, "ci": (0.33, 0.38)}, "unclear", "too close to call"),
        ({"value": 0.34, "ci": (0.33, 0.38)}, "unclear", "too close to call"),
        ({"value": 0.34, "ci": (0.33, 0.38), "as_of": "2026-03-31"}, "unclear", "too close"),
        ({"value": 0.36, "ci": (0.35, 0.38)}, "reached", "reached"),
        ({"value": 0.34, "ci": (0.33, 0.345)}, "off_track", "1.0 point short"),
        # The straight way from 28% on 1 January to 35% on 31 December is at 31.5% on 2 July.
        ({"value": 0.316, "start": WAY}, "on_track", "on track"),
        ({"value": 0.314, "start": WAY}, "off_track", "off track"),
        ({"value": 0.32, "ci": (0.31, 0.33), "start": WAY}, "unclear", "too close to call"),
        ({"value": 0.345, "ci": (0.33, 0.36), "start": WAY}, "on_track", "on track"),
        ({"value": 0.36, "start": WAY}, "reached", "reached"),
        ({"value": 0.27, "start": WAY, "as_of": "2024-06-30"}, "off_track", "off track"),
        ({"value": 0.34, "start": WAY, "as_of": "2025-12-31"}, "missed", "1.0 point short"),
        ({"value": 0.06, "target": 0.05, "direction": "down"}, "off_track", "1.0 point above it"),
        ({"value": 0.05, "target": 0.05, "direction": "down"}, "reached", "Goal at most 5% by"),
        (
            {
                "value": 0.09,
                "target": 0.05,
                "direction": "down",
                "start": {"value": 0.15, "on": "2025-01-01"},
            },
            "on_track",
            "on track",
        ),
        ({"value": None}, "no_number", "no number"),
    ],
)
def test_each_state(given: dict[str, Any], state: str, brief: str) -> None:
    goal = read(given.pop("value"), **given)
    assert goal.state == state
    assert brief in goal.brief


def test_the_sentence_says_what_was_compared() -> None:
    assert read(0.314, start=WAY).words == (
        "“Repeat rate” is to be at least 35% by 31 Dec 2025; it stands at 31.4%, 0.1 points short "
        "of the 31.5% that a straight way from 28% on 1 Jan 2025 has come to by now: off track."
    )
    assert read(0.36, ci=(0.33, 0.38)).words == (
        "“Repeat rate” is to be at least 35% by 31 Dec 2025; it stands at 36.0%, and its 95% "
        "interval, 33.0% to 38.0%, holds 35%: too close to call."
    )
    assert read(0.2, as_of="2026-01-31").words.startswith("“Repeat rate” was to be at least 35%")


def test_an_unknown_metric_is_said_with_the_nearest_name() -> None:
    goal = {"target": 1200, "direction": "up", "by": None, "owner": "", "from": None}
    read = read_goal("retention.raet", goal, None, "2025-06-30", ["rate", "churn"])
    assert (read.state, read.value, read.display, read.label) == ("no_number", None, "–", "raet")
    assert read.words == "The report records no metric `raet`. Did you mean `rate`?"


def test_a_missing_number_keeps_its_reason() -> None:
    record = make_metric(None, reason="Too few customers.")
    goal = {"target": 0.1, "direction": "up", "by": None, "owner": "", "from": None}
    said = read_goal("retention.rate", goal, record, "2025-06-30", ["rate"]).words
    assert said == "“Repeat rate” has no number: Too few customers."


SHARES = st.floats(0, 1, allow_nan=False).map(lambda share: round(share, 4))


@given(
    value=SHARES,
    better=SHARES,
    half=st.none() | st.floats(0, 0.2),
    target=SHARES,
    direction=st.sampled_from(["up", "down"]),
    ended=st.booleans(),
    way=st.booleans(),
)
def test_a_better_number_never_gives_a_worse_state(
    value: float,
    better: float,
    half: float | None,
    target: float,
    direction: str,
    ended: bool,
    way: bool,
) -> None:
    value, better = sorted([value, better], reverse=direction == "down")
    start = {"value": 0.0 if direction == "up" else 1.0, "on": "2025-01-01"} if way else None
    states = [
        read(
            number,
            ci=None if half is None else (number - half, number + half),
            target=target,
            direction=direction,
            start=start,
            as_of="2026-01-01" if ended else "2025-07-02",
        ).state
        for number in (value, better)
    ]
    assert ORDER[states[0]] <= ORDER[states[1]]


@given(value=SHARES, target=SHARES, half=st.none() | st.floats(0, 0.2))
def test_reached_is_only_what_meets_the_target_as_a_whole(
    value: float, target: float, half: float | None
) -> None:
    ci = None if half is None else (value - half, value + half)
    reached = read(value, target=target, ci=ci).state == "reached"
    assert reached == (value >= target and (ci is None or ci[0] >= target))
