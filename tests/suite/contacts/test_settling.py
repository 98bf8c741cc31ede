"""The rules of the contact policy, held for all lists, policies and customers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.contacts.chance import drawn
from workbench.suite.contacts.policy import Policy
from workbench.suite.contacts.settling import OUTCOMES, Candidates, SettledList, settle

CUSTOMERS = [f"C-{number:02d}" for number in range(24)]
NAMES = ["late.calls", "late.thanks", "early.win-back", "middle.offer"]
keys = st.lists(st.sampled_from(CUSTOMERS), unique=True, max_size=24)
shares = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9])
candidates = st.builds(
    lambda customers, no_consent, share: ("", customers, no_consent, share),
    keys,
    st.integers(0, 5),
    shares,
)


@st.composite
def many_lists(draw: st.DrawFn) -> list[Candidates]:
    found = draw(st.lists(candidates, min_size=1, max_size=4))
    return [
        Candidates(name, (place // 2, name.split(".")[0], place), customers, refused, share)
        for place, (name, (_, customers, refused, share)) in enumerate(
            zip(NAMES, found, strict=False)
        )
    ]


policies = st.builds(
    Policy,
    priority=st.permutations(NAMES).flatmap(
        lambda names: st.integers(0, 4).map(lambda most: tuple(names[:most]))
    ),
    cap=st.integers(1, 3),
    control_share=shares,
)
contacts_made = st.dictionaries(st.sampled_from(CUSTOMERS), st.integers(1, 4))


def by_name(settled: tuple[SettledList, ...]) -> dict[str, SettledList]:
    return {one.name: one for one in settled}


def fate(lists: list[Candidates], settled: tuple[SettledList, ...]) -> dict[tuple[str, str], str]:
    """Return list, customer -> what became of it."""
    found = by_name(settled)
    return {
        (one.name, customer): outcome
        for one in lists
        for customer, outcome in zip(one.customers, found[one.name].outcomes, strict=True)
    }


def control_group(policy: Policy, seed: int) -> set[str]:
    what = "global control group"
    found = drawn(CUSTOMERS, share=policy.control_share, seed=seed, what_for=what)
    return {customer for customer, out in zip(CUSTOMERS, found, strict=True) if out}


@given(many_lists(), policies, contacts_made, st.integers(0, 9))
def test_every_candidate_has_one_outcome_and_counts_add_up(lists, policy, contacts, seed) -> None:
    settled = settle(lists, policy=policy, contacts=contacts, seed=seed)
    assert {one.name for one in settled} == {one.name for one in lists}
    for one in lists:
        found = by_name(settled)[one.name]
        assert len(found.outcomes) == len(one.customers)
        assert set(found.counts) == set(OUTCOMES)
        assert sum(found.counts.values()) == found.received
        assert found.received == len(one.customers) + one.no_consent
        told = Counter(found.outcomes)
        assert all(found.counts[name] == told[name] for name in OUTCOMES if name != "no_consent")


@given(many_lists(), policies, contacts_made, st.integers(0, 9))
def test_nobody_of_the_control_group_is_on_a_list(lists, policy, contacts, seed) -> None:
    settled = settle(lists, policy=policy, contacts=contacts, seed=seed)
    control = control_group(policy, seed)
    for (_, customer), outcome in fate(lists, settled).items():
        assert (outcome == "control_group") == (customer in control)


@given(many_lists(), policies, contacts_made, st.integers(0, 9))
def test_nobody_is_contacted_more_often_than_the_cap(lists, policy, contacts, seed) -> None:
    settled = settle(lists, policy=policy, contacts=contacts, seed=seed)
    taken: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    for (_, customer), outcome in fate(lists, settled).items():
        taken[customer] += outcome in {"contact", "held_out"}
        reached[customer] += outcome == "contact"
    for customer in taken:
        made = contacts.get(customer, 0)
        assert reached[customer] == 0 or made + reached[customer] <= policy.cap
        # Being held out takes up a place like a contact: both arms are treated alike.
        assert taken[customer] == 0 or made + taken[customer] <= policy.cap


@given(many_lists(), policies, contacts_made, st.integers(0, 9))
def test_a_list_gives_way_only_to_lists_of_higher_priority(lists, policy, contacts, seed) -> None:
    settled = settle(lists, policy=policy, contacts=contacts, seed=seed)
    found = fate(lists, settled)
    places = {one.name: one.place for one in settled}
    named = [name for name in policy.priority if name in places]
    assert sorted(named, key=lambda name: places[name]) == named
    orders = {one.name: one.order for one in lists}
    rest = sorted((n for n in places if n not in named), key=lambda name: orders[name])
    assert [places[name] for name in [*named, *rest]] == list(range(1, len(places) + 1))
    for (name, customer), outcome in found.items():
        above = [
            other
            for other, place in places.items()
            if place < places[name] and found.get((other, customer)) in {"contact", "held_out"}
        ]
        if outcome == "higher_priority":
            assert contacts.get(customer, 0) + len(above) >= policy.cap
        if outcome == "contacted_lately":
            assert contacts[customer] >= policy.cap
        if outcome in {"contact", "held_out"}:
            assert contacts.get(customer, 0) + len(above) < policy.cap


@given(many_lists(), policies, contacts_made, st.integers(0, 9), st.randoms())
def test_the_order_of_lists_and_rows_does_not_matter(lists, policy, contacts, seed, random) -> None:
    mixed = [
        replace(one, customers=random.sample(one.customers, len(one.customers))) for one in lists
    ]
    random.shuffle(mixed)
    before = settle(lists, policy=policy, contacts=contacts, seed=seed)
    after = settle(mixed, policy=policy, contacts=contacts, seed=seed)
    assert fate(lists, before) == fate(mixed, after)
    assert [(one.name, one.place, one.counts) for one in before] == [
        (one.name, one.place, one.counts) for one in after
    ]


@given(many_lists(), policies, contacts_made, st.integers(0, 9), keys)
def test_what_became_of_a_customer_does_not_depend_on_others(
    lists, policy, contacts, seed, some
) -> None:
    fewer = [replace(one, customers=[c for c in one.customers if c in some]) for one in lists]
    all_of = fate(lists, settle(lists, policy=policy, contacts=contacts, seed=seed))
    part = fate(fewer, settle(fewer, policy=policy, contacts=contacts, seed=seed))
    assert part == {key: outcome for key, outcome in all_of.items() if key[1] in some}


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**80))
def test_who_is_drawn_is_drawn_for_every_larger_share(one, other, seed) -> None:
    small, large = sorted((one, other))
    few = list(drawn(CUSTOMERS, share=small, seed=seed, what_for="x"))
    many = list(drawn(CUSTOMERS, share=large, seed=seed, what_for="x"))
    assert all(b or not a for a, b in zip(few, many, strict=True))


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_as_many_are_drawn_as_the_share_says_and_draws_are_independent(share: float) -> None:
    n = 20_000
    names = [str(number) for number in range(n)]
    one, other = (list(drawn(names, share=share, seed=7, what_for=w)) for w in ("a.b", "a.c"))
    again = list(drawn(names, share=share, seed=8, what_for="a.b"))
    # Five standard deviations of a binomial share.
    room = 5 * (share * (1 - share) / n) ** 0.5
    assert abs(sum(one) / n - share) < room
    for second in (other, again):
        both = sum(a and b for a, b in zip(one, second, strict=True)) / n
        assert abs(both - share**2) < 5 * (share**2 * (1 - share**2) / n) ** 0.5


def test_one_customer_on_two_lists_by_hand() -> None:
    calls = Candidates("a.calls", (1, "a", 0), ["ann", "ben"], 3)
    thanks = Candidates("a.thanks", (1, "a", 1), ["ben", "cat", "dan"])
    policy = Policy(priority=("a.thanks",), cap=1)
    first, second = settle([calls, thanks], policy=policy, contacts={"dan": 1}, seed=0)
    assert (first.name, first.outcomes) == ("a.thanks", ("contact", "contact", "contacted_lately"))
    assert (second.name, second.outcomes) == ("a.calls", ("contact", "higher_priority"))
    assert (second.received, second.counts["no_consent"]) == (5, 3)
    twice = settle([calls, thanks], policy=replace(policy, cap=2), contacts={"dan": 1}, seed=0)
    assert [one.outcomes for one in twice] == [("contact",) * 3, ("contact", "contact")]
