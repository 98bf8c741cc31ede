"""Links to customers, with identifiers that last."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ParameterError
from workbench.triage.identity.clusters import Answer, Change, Groups, join, lasting
from workbench.triage.identity.reasons import Link
from workbench.triage.identity.reviews import to_review


def link(one: str, other: str, probability: float = 0.99) -> Link:
    return Link(*sorted((one, other)), probability, ())


def answer(one: str, other: str, same: bool, line: int = 2) -> Answer:
    return Answer(*sorted((one, other)), same, f"review.csv:{line}")


def joined(found: Groups) -> set[str]:
    return {"".join(group) for group in found.groups}


def test_links_chain_and_weak_ones_do_not_count() -> None:
    found = join("abcde", [link("a", "b"), link("b", "c"), link("d", "e", 0.94)], [], 0.95)
    assert joined(found) == {"abc", "d", "e"}
    assert not found.left_out


def test_what_only_a_household_shares_joins_nobody_unless_the_owner_says_so() -> None:
    pair = Link("a", "b", 1.0, (), household=True)
    assert joined(join("ab", [pair], [], 0.95)) == {"a", "b"}
    assert joined(join("ab", [pair], [answer("a", "b", True)], 0.95)) == {"ab"}


# b has a name and a place alone; a and c are two people of that name.
TELLING = {
    "a": {"email_1": "a@x.example", "phone_1": "+441"},
    "c": {"email_1": "c@x.example", "phone_1": "+442"},
}


def by_name(one: str, other: str, probability: float) -> Link:
    return Link(*sorted((one, other)), probability, (), telling=False)


def test_a_chain_by_name_and_place_does_not_join_two_people() -> None:
    links = [by_name("a", "b", 0.98), by_name("b", "c", 0.97)]
    found = join("abc", links, [], 0.95, TELLING)
    assert joined(found) == {"ab", "c"}
    assert [(each.link, each.answer) for each in found.left_out] == [(links[1], None)]
    # It is asked then, and what the owner says is obeyed.
    of = {record: group[0] for group in found.groups for record in group}
    (asked,) = to_review(links, of, (), 0.95, found.left_out)
    assert (asked.one, asked.other) == ("b", "c")
    assert joined(join("abc", links, [answer("b", "c", True)], 0.95, TELLING)) == {"bc", "a"}


@pytest.mark.parametrize(
    "change",
    [
        {"email_1": "a@x.example", "phone_1": "+442"},  # one of the two agrees
        {"postcode_1": "4011"},  # none is known on both sides
        {},
    ],
)
def test_a_chain_joins_what_does_not_contradict(change: dict[str, str]) -> None:
    links = [by_name("a", "b", 0.98), by_name("b", "c", 0.97)]
    assert joined(join("abc", links, [], 0.95, TELLING | {"c": change})) == {"abc"}
    assert joined(join("abc", links, [], 0.95)) == {"abc"}


def test_a_link_by_what_tells_a_person_joins_though_the_rest_contradicts() -> None:
    links = [by_name("a", "b", 0.98), link("b", "c", 0.97)]
    assert joined(join("abc", links, [], 0.95, TELLING)) == {"abc"}
    # Two records alone were weighed with all they hold, and need no second look.
    assert joined(join("ac", [by_name("a", "c", 0.98)], [], 0.95, TELLING)) == {"ac"}


def test_a_group_knows_what_all_its_records_know() -> None:
    telling = {
        "a": {"email_1": "a@x.example"},
        "b": {"phone_1": "+441", "email_1": "b@x.example"},
        "c": {"email_1": "c@x.example", "phone_1": "+441"},
    }
    links = [link("a", "b", 0.99), by_name("a", "c", 0.97)]
    assert joined(join("abc", links, [], 0.95, telling)) == {"abc"}
    telling["c"]["phone_1"] = "+442"
    assert joined(join("abc", links, [], 0.95, telling)) == {"ab", "c"}


def test_same_joins_without_any_link() -> None:
    assert joined(join("abc", [], [answer("a", "c", True)], 0.95)) == {"ac", "b"}


def test_different_keeps_apart_through_a_third_by_leaving_out_the_weakest_link() -> None:
    links = [link("a", "c", 0.97), link("b", "c", 0.98)]
    found = join("abc", links, [answer("a", "b", False)], 0.95)
    assert joined(found) == {"bc", "a"}
    (left_out,) = found.left_out
    assert left_out.link == links[0]
    assert left_out.answer is not None
    assert left_out.answer.where == "review.csv:2"


def test_different_keeps_whole_groups_apart() -> None:
    links = [link("a", "b"), link("c", "d"), link("b", "c", 0.96), link("a", "d", 0.955)]
    found = join("abcd", links, [answer("a", "c", False)], 0.95)
    assert joined(found) == {"ab", "cd"}
    assert [each.link.probability for each in found.left_out] == [0.96, 0.955]


def test_answers_that_contradict_each_other_are_an_error_that_says_where() -> None:
    answers = [answer("a", "b", True, 2), answer("b", "c", True, 3), answer("a", "c", False, 4)]
    with pytest.raises(
        ParameterError, match=r"review\.csv:4: `a` and `c` are answered `different`"
    ):
        join("abc", [], answers, 0.95)


def test_an_answer_about_a_record_that_is_away_waits() -> None:
    assert joined(join("ab", [link("a", "b")], [answer("a", "z", False)], 0.95)) == {"ab"}


RECORDS = [f"r{number}" for number in range(8)]
PAIRS = st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS)).filter(lambda p: p[0] != p[1])


@given(
    st.lists(st.tuples(PAIRS, st.sampled_from([0.9, 0.95, 0.97, 0.99]))),
    st.lists(PAIRS, max_size=6),
    st.randoms(use_true_random=False),
)
def test_no_group_breaks_an_answer_and_order_does_not_matter(
    weighed: list[tuple[tuple[str, str], float]],
    apart: list[tuple[str, str]],
    dice: random.Random,
) -> None:
    links = [link(*pair, probability) for pair, probability in weighed]
    answers = [answer(*pair, False) for pair in apart]
    found = join(RECORDS, links, answers, 0.95)
    assert sorted(record for group in found.groups for record in group) == RECORDS
    group_of = {record: group for group in found.groups for record in group}
    assert all(group_of[one] != group_of[other] for one, other in apart)
    left_out = {each.link for each in found.left_out}
    for each in links:  # every strong link is obeyed, or named as left out
        strong = each.probability >= 0.95
        assert not strong or (each in left_out) == (group_of[each.one] != group_of[each.other])
    dice.shuffle(links)
    dice.shuffle(answers)
    assert join(dice.sample(RECORDS, 8), links, answers, 0.95).groups == found.groups


def test_a_first_load_takes_the_lowest_key() -> None:
    found = lasting([("C10", "C9"), ("C11",)], {})
    assert found.of == {"C9": "C9", "C10": "C9", "C11": "C11"}
    assert found.earlier == found.of
    assert found.changes == ()


def test_the_same_groups_keep_their_identifiers() -> None:
    earlier = {"a": "K7", "b": "K7", "c": "K2"}
    found = lasting([("b", "a"), ("c",)], earlier)
    assert found.of == earlier
    assert found.changes == ()


def test_the_lower_identifier_survives_a_merge() -> None:
    earlier = {"a": "C10", "b": "C9", "c": "C9"}
    found = lasting([("a", "b", "c")], earlier)
    assert set(found.of.values()) == {"C9"}
    assert found.changes == (Change("merge", ("C9", "C10"), ("C9",), 1),)


def test_the_larger_part_keeps_the_identifier_of_a_split() -> None:
    earlier = dict.fromkeys("abc", "K1")
    found = lasting([("a",), ("b", "c")], earlier)
    assert found.of == {"a": "a", "b": "K1", "c": "K1"}
    assert found.changes == (Change("split", ("K1",), ("K1", "a"), 1),)


def test_a_new_identifier_is_nobody_elses() -> None:
    # b's group holds the identifier `a`, and a, which left it, needs one of its own.
    earlier = {"a": "a", "b": "a", "c": "a", "away": "a~2"}
    found = lasting([("a",), ("b", "c")], earlier)
    assert found.of == {"a": "a~3", "b": "a", "c": "a"}
    assert found.earlier["away"] == "a~2"


def test_a_record_that_was_away_comes_back_to_its_customer_though_merged_meanwhile() -> None:
    first = lasting([("a", "x"), ("b", "y")], {})
    second = lasting([("a", "b")], first.earlier)
    assert second.earlier == {"a": "a", "b": "a", "x": "a", "y": "a"}
    third = lasting([("a", "b", "y")], second.earlier)
    assert third.changes == ()


GROUPINGS = st.lists(st.integers(0, 4), min_size=8, max_size=8)


def grouped(places: list[int]) -> list[list[str]]:
    found: dict[int, list[str]] = {}
    for record, place in zip(RECORDS, places, strict=True):
        found.setdefault(place, []).append(record)
    return list(found.values())


@given(st.lists(GROUPINGS, min_size=1, max_size=4))
def test_identifiers_are_one_to_one_and_stand_still_when_nothing_changes(
    loads: list[list[int]],
) -> None:
    earlier: dict[str, str] = {}
    for places in loads:
        groups = grouped(places)
        found = lasting(groups, earlier)
        names = [{found.of[record] for record in group} for group in groups]
        assert all(len(each) == 1 for each in names)
        assert len(set.union(*names)) == len(groups)
        # What has no change in the log kept its name.
        moved = {record for record, old in earlier.items() if found.of[record] != old}
        assert moved <= {
            record
            for record, old in earlier.items()
            for change in found.changes
            if old in change.before
        }
        again = lasting(list(reversed(groups)), found.earlier)
        assert again.of == found.of
        assert again.changes == ()
        earlier = dict(found.earlier)
