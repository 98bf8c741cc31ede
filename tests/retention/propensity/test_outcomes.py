"""Who left after a day: subscriptions that end, and buyers who do not come back."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from support.leavers import subscribers, times
from workbench.retention.propensity.bought import buyers_between
from workbench.retention.propensity.facts import Tables
from workbench.retention.propensity.held import joined_runs, leavers_between, spells_of
from workbench.retention.propensity.panel import build_panel, outcome

DAY = date(2024, 6, 30)
END = DAY.toordinal()


def spells(rows: list[tuple[str, int, int | None, str | None]]) -> pd.DataFrame:
    """Return spells from days counted from `DAY`."""
    return pd.DataFrame(
        {
            "customer_id": [row[0] for row in rows],
            "started_at": times(np.array([END + row[1] for row in rows])),
            "ended_at": times(np.array([END + (row[2] or 0) for row in rows])).where(
                [row[2] is not None for row in rows]
            ),
            "end_reason": [row[3] for row in rows],
        }
    )


def left(rows: list[tuple[str, int, int | None, str | None]]) -> dict[str, bool]:
    found = leavers_between(spells_of(spells(rows)), after=DAY, until=DAY + timedelta(days=90))
    return found["decided"].to_dict()


def test_an_end_within_the_horizon() -> None:
    assert left([("a", -100, 90, "price"), ("b", -100, 91, "price"), ("c", -100, None, None)]) == {
        "a": True
    }


def test_a_failed_payment_is_no_decision() -> None:
    assert left([("a", -100, 40, "payment_failed"), ("b", -9, 40, "price")]) == {
        "a": False,
        "b": True,
    }


def test_a_change_of_plan_or_a_short_pause_is_no_end() -> None:
    assert left([("a", -100, 40, "upgrade"), ("a", 40, None, None)]) == {}
    assert left([("a", -100, 40, None), ("a", 71, None, None)]) == {}
    assert left([("a", -100, 40, None), ("a", 72, None, None)]) == {"a": True}


def test_a_pause_over_the_last_day_is_an_end_as_far_as_anybody_knows() -> None:
    """Whether a customer came back after the horizon is known by no one on its last day."""
    gone, back = ("a", -100, 80, None), ("a", 95, None, None)
    assert left([gone, back]) == left([gone]) == {"a": True}
    assert left([gone, ("a", 90, None, None)]) == {}


def test_one_of_two_subscriptions_is_not_all() -> None:
    assert left([("a", -100, 40, "price"), ("a", -50, None, None)]) == {}
    assert left([("a", -100, 40, "price"), ("a", -50, 60, "payment_failed")]) == {"a": False}


def test_who_came_after_the_day_is_not_followed() -> None:
    assert left([("a", 1, 40, "price"), ("b", -40, 0, "price")]) == {}


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(-150, 120),
            st.none() | st.integers(0, 150),
            st.sampled_from(["price", "payment_failed"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_runs_are_those_of_a_walk_through_the_days(
    rows: list[tuple[str, int, int | None, str]],
) -> None:
    whole = [(who, begin, None if n is None else begin + n, why) for who, begin, n, why in rows]
    until = DAY + timedelta(days=90)
    runs = joined_runs(spells_of(spells(whole)), until=until)
    for who in {row[0] for row in whole}:
        mine = sorted(
            (b, 10_000 if e is None else e) for w, b, e, _ in whole if w == who and b <= 90
        )
        mine = [(b, 10_000 if e > 90 else e) for b, e in mine]  # nobody knows that it will end
        told: list[list[int]] = []
        for begin, end in mine:
            if told and begin - told[-1][1] <= 31:
                told[-1][1] = max(told[-1][1], end)
            else:
                told.append([begin, end])
        found = runs[runs["customer_id"] == who]
        assert (found["start"] - END).tolist() == [run[0] for run in told]
        ends = np.minimum(found["stop"].to_numpy() - END, 10_000)
        assert ends.tolist() == [run[1] for run in told]


def test_buyers_do_not_include_those_who_only_sent_back() -> None:
    orders = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d"],
            "ordered_at": times(np.array([END, END + 1, END + 90, END + 91])),
            "amount": [1.0, -1.0, 1.0, 1.0],
        }
    )
    assert buyers_between(orders, after=DAY, until=DAY + timedelta(days=90)).tolist() == ["c"]


def test_a_panel_learns_only_from_what_was_over_before_the_test() -> None:
    made = subscribers(900)
    tables = Tables(subscriptions=made.subscriptions, interactions=made.interactions)
    as_of = date(2024, 12, 31)
    panel = build_panel(tables, as_of=as_of, horizon_days=90)
    assert panel.reason == ""
    days = {part: sorted(rows["cutoff"].unique()) for part, rows in panel.rows.groupby("part")}
    (today,), (test,), (calibrate,) = days["today"], days["test"], days["calibrate"]
    assert today == as_of.toordinal()
    assert test + 90 <= today
    assert calibrate + 90 <= test
    assert max(days["train"]) + 90 <= calibrate
    assert panel.part("today")["left"].isna().all()
    assert set(outcome(panel.part("train", "calibrate", "test"))) == {0.0, 1.0}
    assert panel.undecided > 0
    # What happens after the day of the report cannot reach it.
    later = made.subscriptions.copy()
    later["ended_at"] = later["ended_at"].fillna(pd.Timestamp(as_of) + pd.Timedelta(days=1))
    again = build_panel(Tables(later, later, made.interactions), as_of=as_of, horizon_days=90)
    pd.testing.assert_frame_equal(again.rows, panel.rows)
    # Nor can what happens after the test's cut-off reach the outcomes that were learned from.
    end = pd.Timestamp(date.fromordinal(int(test)))
    spells = made.subscriptions
    again = spells[spells["ended_at"].between(end - pd.Timedelta(days=20), end)]
    assert len(again) > 5, "these leave just before it"
    again = again.assign(started_at=end + pd.Timedelta(days=3), ended_at=pd.NaT)
    came_back = build_panel(
        Tables(subscriptions=pd.concat([spells, again]), interactions=made.interactions),
        as_of=as_of,
        horizon_days=90,
    )
    learned = ["customer_id", "cutoff", "left"]
    pd.testing.assert_frame_equal(
        came_back.part("train", "calibrate")[learned], panel.part("train", "calibrate")[learned]
    )
    moved = panel.later()
    assert sorted(moved.part("calibrate")["cutoff"].unique()) == [test]
    assert calibrate in set(moved.part("train")["cutoff"])


def test_too_little_history_is_told() -> None:
    made = subscribers(300)
    panel = build_panel(
        Tables(subscriptions=made.subscriptions), as_of=date(2024, 1, 31), horizon_days=90
    )
    assert "450 days of history" in panel.reason
    assert len(panel.rows) == 0
    none = build_panel(
        Tables(subscriptions=made.subscriptions), as_of=date(2020, 1, 31), horizon_days=90
    )
    assert "there are 0 days" in none.reason
