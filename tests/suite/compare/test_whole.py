from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.files import canonical
from workbench.suite.compare import Changes, Told, changes_json, changes_page, compare
from workbench.suite.compare.sides import Numbers

from .conftest import action, edition, finding, metric, parts, whole

BEFORE = {
    "good": {
        "metrics": [
            metric("rate", 0.60, unit="share", good="up", ci=[0.57, 0.63, 0.95, "Wilson"]),
            metric("spend", 5.0, unit="GBP", ci=[4.0, 6.0, 0.95, "t"]),
            metric("lines", 12, good="down", headline=False),
            metric("same", 3),
            metric("gone", 1),
            metric("none", None),
        ],
        "findings": [
            finding("trend", "Newer cohorts did better."),
            finding("size", "12 lines."),
            finding("old", "It was so."),
            finding("limit", "Chance.", "limit"),
        ],
        "breakdowns": [whole({"Loyal": 10, "New": 5})],
        "actions": [action("win", 4)],
    },
    "fails": {"metrics": [metric("x", 1)], "findings": [finding("f", "Text.")]},
}
AFTER = {
    "good": {
        "metrics": [
            metric("rate", 0.70, unit="share", good="up", ci=[0.67, 0.73, 0.95, "Wilson"]),
            metric("spend", 5.5, unit="GBP", ci=[4.5, 6.5, 0.95, "t"]),
            metric("lines", 1216, good="down", headline=False),
            metric("same", 3),
            metric("new", 1),
            metric("none", None),
        ],
        "findings": [
            finding("trend", "Newer cohorts did worse."),
            finding("size", "1,216 lines."),
            finding("fresh", "It is so."),
            finding("limit", "Chance!", "limit"),
        ],
        "breakdowns": [whole({"Loyal": 12, "New": 3})],
        "actions": [action("win", 6, digest="b")],
    },
}


def pair() -> tuple[Told, Told]:
    old = edition("2025-05-31", results=BEFORE, key=parts("2025-05-31"))
    key = parts("2025-06-30", data={"orders": {"rows": 1216, "digest": "d2"}})
    new = edition("2025-06-30", results=AFTER, states={"fails": "failed"}, key=key)
    return old, new


def test_the_answer_comes_first_and_in_plain_words() -> None:
    assert compare(*pair()).summary == (
        "1 report failed: Report fails.",
        "1 of 5 numbers moved by more than noise: Rate 60.0% → 70.0% (+10.0 points, better).",
        "It cannot be said yet whether 1 number moved by more than usual: "
        "Lines 12 → 1,216 (+10,033%).",
        "Report good now says the opposite: Newer cohorts did worse.",
        "1 finding is new and 1 is gone.",
        "Customers by segment: Loyal grew: by 2 to 12 customers, 80.0% of all (before: 66.7%).",
        "Cause: the day looked back from, 31 May 2025 → 30 Jun 2025; "
        "other data (orders +1,204 rows).",
    )


def test_numbers_stand_by_weight_with_their_verdicts() -> None:
    found = compare(*pair())
    assert [(one.id, one.verdict.state, one.direction) for one in found.metrics] == [
        ("rate", "beyond_noise", "better"),
        ("new", "not_known", None),
        ("gone", "not_known", None),
        ("lines", "not_known", "worse"),
        ("spend", "within_noise", None),
        ("same", "unchanged", None),
        ("none", "unchanged", None),
    ]
    rate, *_, lines, spend, _, none = found.metrics
    assert (rate.old_display, rate.new_display, rate.relative) == ("60.0%", "70.0%", None)
    assert (lines.change, lines.headline) == (1204, False)
    assert (spend.change_display, spend.relative_display) == ("+£0.50", "+10.0%")
    assert (none.old_display, none.new_aside, none.change) == ("–", "too few", None)


def test_a_report_that_is_good_in_one_edition_only_is_not_held_side_by_side() -> None:
    found = compare(*pair())
    assert {one.report for one in (*found.metrics, *found.findings)} == {"good"}
    assert [one.state for one in found.reports] == ["renewed", "newly_failed"]
    back = compare(*pair()[::-1])
    assert {one.report for one in (*back.metrics, *back.findings)} == {"good"}
    assert [one.state for one in back.reports] == ["renewed", "ready_again"]


def test_history_tells_what_is_usual() -> None:
    old, new = pair()
    days = [f"2024-{month:02d}-28" for month in range(9, 13)]
    days += [f"2025-{month:02d}-28" for month in range(1, 5)]
    history = [
        Numbers(day, {"good.lines": metric("lines", 1000 * place + place * place % 7)})
        for place, day in enumerate(days)
    ]
    (lines,) = [one for one in compare(old, new, history).metrics if one.id == "lines"]
    assert (lines.verdict.state, lines.verdict.basis) == ("beyond_noise", "history")
    assert "7 earlier changes" in lines.verdict.words


def test_on_the_same_data_code_is_the_cause() -> None:
    old = edition(results={"good": {"metrics": [metric("n", 1)]}})
    new = edition(results={"good": {"metrics": [metric("n", 2)]}}, key=parts(package="p2"))
    found = compare(old, new)
    assert found.metrics[0].verdict.basis == "same_data"
    assert found.summary == (
        "1 of 1 number moved by more than noise: N 1 → 2 (+100.0%).",
        "The findings are the same.",
        "The data are the same. Cause: other programs (package code changed).",
    )


def test_the_same_edition_has_no_changes() -> None:
    old, _ = pair()
    found = compare(old, old)
    assert found.summary == (
        "None of 7 numbers changed.",
        "The findings are the same.",
        "Nothing that the reports rest on differs.",
    )
    assert not found.findings
    assert not found.causes


def test_the_first_edition_has_nothing_to_be_compared_with() -> None:
    found = compare(None, pair()[1])
    assert found.old is None
    assert found.summary == (
        "This is the first edition of Atlas Outfitters: there is none before to compare with.",
    )
    assert not found.metrics


def test_editions_from_before_there_were_breakdowns_are_compared() -> None:
    old, new = pair()
    del old.results["good"]["breakdowns"], old.results["good"]["actions"]  # type: ignore[attr-defined]
    found = compare(old, new)
    assert found.breakdowns == ()
    assert found.actions[0].state == "new"


ids = st.sampled_from(["a", "b", "c"])
text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
value = st.none() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False)
metrics = st.builds(
    lambda id, value, unit, good, label, reach: metric(
        id,
        value,
        unit=unit,
        good=good,
        label=label,
        ci=[value - reach, value + reach, 0.95, "m"] if value is not None and reach else None,
    ),
    ids,
    value,
    st.sampled_from(["share", "GBP", "days", "orders"]),
    st.sampled_from(["up", "down", None]),
    st.just("A") | text,
    st.integers(0, 50),
)
recorded = st.fixed_dictionaries(
    {
        "metrics": st.lists(metrics, unique_by=lambda one: one["id"]),
        "findings": st.lists(st.builds(finding, ids, text), unique_by=lambda one: one["id"]),
        "breakdowns": st.builds(
            lambda sizes: [whole(sizes)] if sizes else [],
            st.dictionaries(text, st.none() | st.integers(0, 99), max_size=3),
        ),
        "actions": st.lists(st.builds(action, ids, st.integers(0, 9)), max_size=1),
    }
)
state = st.sampled_from(["ok", "ok", "failed", "stopped", "not_applicable", "not_run"])


@st.composite
def editions(draw: st.DrawFn) -> Told:
    day = draw(st.sampled_from(["2025-05-31", "2025-06-30"]))
    states = {name: draw(state) for name in ("one", "two")}
    results = {name: draw(recorded) for name, one in states.items() if one == "ok"}
    key = parts(day, package=draw(st.sampled_from(["p1", "p2"])))
    return edition(day, results=results, states=states, key=key, title=draw(text))


@given(editions(), editions())
def test_both_ways_tell_the_same_changes(old: Told, new: Told) -> None:
    there, back = compare(old, new), compare(new, old)
    other = {(one.report, one.id): one for one in back.metrics}
    assert len(other) == len(there.metrics)
    for one in there.metrics:
        mirrored = other[one.report, one.id]
        assert one.verdict.state == mirrored.verdict.state
        assert (one.old, one.new) == (mirrored.new, mirrored.old)
        assert one.change == (None if mirrored.change is None else -mirrored.change)
    assert len(there.findings) == len(back.findings)
    assert {cause.kind for cause in there.causes} == {cause.kind for cause in back.causes}


@given(editions(), editions())
def test_every_change_is_json_and_a_page_and_the_same_again(old: Told, new: Told) -> None:
    found = compare(old, new)
    told = changes_json(found)
    assert json.loads(canonical(told)) == told
    assert canonical(told) == canonical(changes_json(compare(old, new)))
    assert changes_page(found) == changes_page(compare(old, new))
    assert found.summary
    assert all(sentence.strip() for sentence in found.summary)


@given(editions())
def test_an_edition_is_itself(one: Told) -> None:
    found: Changes = compare(one, one)
    assert {metric.verdict.state for metric in found.metrics} <= {"unchanged"}
    assert not found.findings
    assert not found.causes
    assert {part.state for item in found.breakdowns for part in item.parts} <= {"same", "not_known"}


def test_the_json_names_what_it_holds() -> None:
    told: dict[str, Any] = changes_json(compare(*pair()))
    assert told["schema"] == 1
    assert set(told) == {
        "schema", "suite", "unit", "title", "owner", "old", "new", "summary", "metrics",
        "findings", "breakdowns", "actions", "policy", "reports", "causes", "data",
    }  # fmt: skip
    assert told["old"] == {"id": "2025-05-31-0123456789abcdef", "as_of": "2025-05-31"}
