from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.compare.model import BreakdownChange
from workbench.suite.compare.parts import compare_actions, compare_breakdowns, compare_policies

from .conftest import action, whole


def compared(old: dict[str, float | None], new: dict[str, float | None]) -> BreakdownChange:
    (found,) = compare_breakdowns("seg", "Segments", [whole(old)], [whole(new)])
    return found


def test_parts_grow_shrink_come_and_go() -> None:
    found = compared(
        {"Loyal": 100, "New": 50, "Lost": 40, "Idle": 10, "Gone": 5},
        {"Loyal": 120, "New": 30, "Lost": 40, "Idle": None, "Fresh": 7},
    )
    assert {part.name: part.state for part in found.parts} == {
        "Loyal": "grew",
        "New": "shrank",
        "Lost": "same",
        "Idle": "not_known",
        "Fresh": "new",
        "Gone": "gone",
    }
    loyal = found.parts[0]
    assert (loyal.change_display, loyal.old_share, loyal.new_share) == ("+20", 100 / 205, None)
    assert found.new_total is None
    assert (
        "Fresh is told apart now; before, nobody was there, or too few to be shown." in found.words
    )
    assert any(words.startswith("Gone is not told apart any more") for words in found.words)


def test_growth_is_explained_beside_the_whole() -> None:
    found = compared({"Loyal": 100, "New": 100}, {"Loyal": 105, "New": 145})
    assert found.words == (
        "New grew most: by 45 to 145 customers, 58.0% of all (before: 50.0%).",
        "Loyal grew: by 5 to 105 customers, 42.0% of all (before: 50.0%). That is less than the "
        "whole grew, so that its share fell.",
        "The whole went from 200 to 250 (+25.0%). A part that only keeps pace with it changes by "
        "that much, too: look at the shares to see which ones gained.",
    )
    assert [part.share_change_display for part in found.parts] == ["−8.0 points", "+8.0 points"]
    shrunk = compared({"Loyal": 100, "New": 100}, {"Loyal": 95, "New": 55})
    assert "That is less than the whole shrank, so that its share rose." in shrunk.words[1]


def test_nothing_moved_and_nothing_is_said() -> None:
    assert compared({"a": 1, "b": 2}, {"b": 2, "a": 1}).words == ()


def test_only_what_both_cut_in_one_unit_is_compared() -> None:
    one, other = whole({"a": 1}), whole({"a": 1}, unit="GBP")
    assert compare_breakdowns("r", "R", [one], [other]) == []
    assert compare_breakdowns("r", "R", [], [one]) == []
    assert compare_breakdowns("r", "R", [one], []) == []


sizes = st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 10**6), min_size=1)


@given(sizes, sizes)
def test_shares_add_up_and_changes_mirror(old: dict[str, int], new: dict[str, int]) -> None:
    there, back = compared(dict(old), dict(new)), compared(dict(new), dict(old))
    mirrored = {part.name: part for part in back.parts}
    for part in there.parts:
        other = mirrored[part.name]
        assert part.change == (None if other.change is None else -other.change)
        assert (part.old_share, part.new_share) == (other.new_share, other.old_share)
    for total, shares in (
        (there.old_total, [part.old_share for part in there.parts]),
        (there.new_total, [part.new_share for part in there.parts]),
    ):
        known = [share for share in shares if share is not None]
        assert not known if total == 0 else sum(known) == pytest.approx(1)


def test_lists_of_customers_are_compared_by_number_worth_and_digest() -> None:
    old = [action("win", 454, 187922.0), action("gone", 8), action("same", 5, 10.0)]
    new = [action("win", 466, 195182.5, "b"), action("new", 9), action("same", 5, 10.0)]
    found = {one.id: one for one in compare_actions("r", "R", old, new)}
    assert {name: one.state for name, one in found.items()} == {
        "win": "changed",
        "new": "new",
        "same": "same",
        "gone": "gone",
    }
    assert (found["win"].customers_display, found["win"].value_display) == ("+12", "+£7,260")
    assert (found["new"].old_customers, found["gone"].new_customers) == (None, None)


FEW = {"customers_display": "fewer than 5 customers"}
LINKED = {"customers_display": "number of customers hidden, so that a smaller group ..."}
OLDER = {"schema": 1, "min_group": None}  # of an edition that still told of few


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (action("a", 12, 90.0), action("a", None, None, "b", **FEW), ("12", "fewer than 5")),
        (action("a", None, None, **FEW), action("a", 12, 90.0, "b"), ("fewer than 5", "12")),
        (action("a", 12, 90.0), action("a", None, None, "b", **LINKED), ("12", "hidden")),
        (action("a", 3, 70.0, **OLDER), action("a", 12, 90.0, "b"), ("fewer than 5", "12")),
        (action("a", 12, 90.0), action("a", None, None, **FEW), ("12", "fewer than 5")),
        (action("a", 3, 70.0), None, ("fewer than 5", "")),
    ],
)
def test_no_change_tells_how_few_are_on_a_list(
    old: dict[str, object], new: dict[str, object] | None, wanted: tuple[str, str]
) -> None:
    (found,) = compare_actions("r", "R", [old], [new] if new else [])
    assert (found.old_customers_display, found.new_customers_display) == wanted
    assert (found.customers_display, found.value_display) == ("", "")
    assert found.state == ("not_told" if new else "gone"), "the same file would tell the number"
    for count, shown, worth in (
        (found.old_customers, found.old_customers_display, found.old_display),
        (found.new_customers, found.new_customers_display, found.new_display),
    ):
        assert (count is not None and worth != "") == shown.isdigit()


def test_two_lists_of_few_may_be_the_same() -> None:
    few = action("a", None, None, **FEW)
    (found,) = compare_actions("r", "R", [few], [few])
    assert found.state == "same"


@given(
    st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(5, 99), min_size=1),
    st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(5, 99), min_size=1),
)
def test_a_hidden_part_has_no_change_and_leaves_no_whole(
    old: dict[str, int | None], new: dict[str, int | None]
) -> None:
    found = compared(dict(old), dict(new))
    for sizes, total in ((old, found.old_total), (new, found.new_total)):
        assert (total is None) == (None in sizes.values())
    for part in found.parts:
        if part.old is None or part.new is None:
            assert (part.change, part.change_display, part.share_change_display) == (None, "", "")
        if found.old_total is None:
            assert part.old_share is None
        if found.new_total is None:
            assert part.new_share is None
    if None in (found.old_total, found.new_total):
        assert not any("The whole went" in words or "of all" in words for words in found.words)


def test_another_contact_policy_is_told_rule_by_rule() -> None:
    house = {"cap": 1, "period_days": 30, "control_share": 0.0, "priority": [], "declared": False}
    own = {**house, "cap": 2, "control_share": 0.05, "priority": ["a.b"], "declared": True}
    old, new = ({"contacts": {"policy": policy}} for policy in (house, own))
    assert compare_policies(old, new) == (
        "contacts for each customer 1 → 2",
        "control group 0.0% → 5.0%",
        "priority by reports → a.b",
    )
    assert compare_policies(old, old) == ()
    assert compare_policies({}, new) == (), "there were no lists to settle"
