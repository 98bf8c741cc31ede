"""Names: distinct, made of what sets apart, and the same whatever the numbering or order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.atlas_groups import atlas_groups
from workbench.segmentation.clusters.naming import MIXED, name_groups, value_words
from workbench.segmentation.clusters.traits import Trait

TRAITS = (
    Trait("since", "Days since the last purchase", "days", "recency", "bought long ago", "lately"),
    Trait("days", "Days with a purchase", "count", "frequency", "buys often", "buys seldom"),
    Trait("spend", "Spend per purchase", "money", "money", "spends much", "spends little"),
    Trait("tents", "Share of spending on Camping", "share", "category", "buys Camping"),
    Trait("food", "Share of spending on Food", "share", "category", "buys Food"),
    Trait("store", "Share of spending in store", "share", "channel", "buys in store"),
)


def customers(n: int, **columns: npt.ArrayLike) -> pd.DataFrame:
    """Return measures that say nothing, but for the columns given."""
    even = np.resize(np.arange(10.0), n)
    return pd.DataFrame({trait.column: even for trait in TRAITS} | columns)


def test_planted_groups_of_the_demo_are_named_for_what_was_planted() -> None:
    atlas = atlas_groups(seed=20250630, scale=0.2)
    named = name_groups(atlas.measures, atlas.traits, atlas.labels, min_group=5, currency="GBP")
    assert dict(zip(atlas.planted, named.names, strict=True)) == {
        "regulars": "Nutrition by app",
        "gift_season": "Gifts by web",
        "big_ticket": "Camping by store",
        "discount_hunters": "Clothing by outlet",
        "tried_and_left": "Footwear by marketplace",
    }
    frame = named.frame(currency="GBP")
    mine = frame[frame["group"] == "Camping by store"]
    assert {"Spend per purchase", "Share of spending on Snow sports"} <= set(mine["trait"])
    assert (frame["ci_lower"].gt(0.5) | frame["ci_upper"].lt(0.5)).all()
    assert mine["higher_share"].sub(0.5).abs().is_monotonic_decreasing


def test_names_hold_when_a_tenth_of_the_customers_is_missing() -> None:
    atlas = atlas_groups(seed=20250630, scale=0.2)
    rng = np.random.default_rng(4)
    names = set()
    for _ in range(10):
        rows = rng.random(len(atlas.labels)) < 0.9
        part = atlas.measures[rows], atlas.traits, atlas.labels[rows]
        names.add(name_groups(*part, min_group=5).names)
    assert len(names) == 1


def test_a_sentence_has_the_numbers() -> None:
    labels = np.repeat([0, 1], 50)
    frame = customers(
        100,
        since=np.where(labels == 0, 60, 140),
        days=np.where(labels == 0, 6.0, 2.0),
        tents=np.where(labels == 0, 0.6, 0.15),
    )
    named = name_groups(frame, TRAITS, labels, min_group=5)
    assert named.groups[0].sentence == (
        "50 customers (50%). Days since the last purchase 60 (others 140); days with a purchase 6 "
        "(others 2, 3 times as much); share of spending on Camping 60% (others 15%, 4 times as "
        "much)."
    )
    assert named.names == ("Camping, often", "Buys seldom, long ago")


def test_of_several_categories_the_one_that_holds_most_money_names_a_group() -> None:
    """Everybody in the group buys more Food than anybody else, but it is a tenth of the money."""
    labels = np.repeat([0, 1], 50)
    even = np.resize(np.arange(10.0), 100) / 200
    frame = customers(
        100, tents=np.where(labels == 0, 0.5 + even, even * 20), food=even + 0.1 * (labels == 0)
    )
    named = name_groups(frame, TRAITS, labels, min_group=5)
    by_trait = {c.trait.column: c.higher for c in named.contrasts[0]}
    assert by_trait["food"] == 1.0
    assert named.names[0] == "Food"
    frame["tents"] = np.where(labels == 0, 0.5 + even, even * 12)
    assert name_groups(frame, TRAITS, labels, min_group=5).names[0] == "Camping"


def test_groups_that_share_their_first_traits_are_told_apart_by_the_next() -> None:
    labels = np.repeat([0, 1, 2], 50)
    camps = labels < 2
    frame = customers(
        150,
        tents=np.where(camps, 0.8, 0.0),
        store=np.where(camps, 0.9, 0.1),
        days=np.select([labels == 0, labels == 1], [9.0, 1.0], 4.0),
    )
    assert name_groups(frame, TRAITS, labels, min_group=5).names[:2] == (
        "Camping in store, often",
        "Camping in store, seldom",
    )


def test_groups_that_only_differ_from_each_other_are_told_apart() -> None:
    """Both lie amid the many others in how they spend, but one above the other."""
    labels = np.repeat([0, 1, 2], [60, 60, 600])
    camps = labels < 2
    frame = customers(
        720,
        tents=np.where(camps, 0.8, 0.0),
        store=np.where(camps, 0.9, 0.1),
        spend=np.concatenate([np.full(60, 4.0), np.full(60, 6.0), np.resize([1.0, 9.0], 600)]),
    )
    assert name_groups(frame, TRAITS, labels, min_group=5).names[:2] == (
        "Camping in store, spends little",
        "Camping in store, spends much",
    )


def test_groups_alike_in_everything_are_numbered_by_size() -> None:
    labels = np.repeat([0, 1, 2], [40, 80, 60])
    named = name_groups(customers(180), TRAITS, labels, min_group=5)
    assert named.names == (f"{MIXED} (3)", MIXED, f"{MIXED} (2)")
    assert named.groups[0].sentence == (
        "40 customers (22%). No single trait sets them apart from the others."
    )
    assert named.frame().empty


def test_a_group_that_only_leans_to_a_side_is_named_for_it_and_said_to() -> None:
    labels = np.repeat([0, 1], 100)
    frame = customers(200, days=np.resize(np.arange(10.0), 200) + 2 * (labels == 0))
    named = name_groups(frame, TRAITS, labels, min_group=5)
    assert named.names == ("Buys often", "Buys seldom")
    assert named.groups[0].sentence == (
        "100 customers (50%). No single trait sets them far apart; most of all days with a "
        "purchase 6.5 (others 4.5)."
    )
    assert named.frame()["trait"].tolist() == ["Days with a purchase"] * 2


@pytest.mark.parametrize("size", [8, 30, 300])
def test_groups_by_chance_are_not_named_for_it(size: int) -> None:
    """Six traits of two chance groups each: seldom is one of them called anything but mixed."""
    rng = np.random.default_rng(size)
    labels = np.repeat([0, 1], [size, 600 - size])
    named = 0
    for _ in range(100):
        frame = pd.DataFrame({trait.column: rng.gamma(1.0, 1.0, 600) for trait in TRAITS})
        names = name_groups(frame, TRAITS, labels, min_group=5).names
        named += not all(name.startswith(MIXED) for name in names)
    assert named <= 5


@given(data=st.data())
def test_names_differ_and_do_not_depend_on_numbering_or_order(data: st.DataObject) -> None:
    k = data.draw(st.integers(2, 5))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    labels = np.concatenate([np.repeat(np.arange(k), 5 + np.arange(k)), rng.integers(0, k, 30)])
    pull = data.draw(st.lists(st.sampled_from([0.0, 1.0, 4.0]), min_size=6, max_size=6))
    frame = pd.DataFrame(
        {
            trait.column: np.round(rng.gamma(1.0 + (labels == j % k) * pull[j], 1.0), 1)
            for j, trait in enumerate(TRAITS)
        }
    )
    named = name_groups(frame, TRAITS, labels, min_group=5)
    assert len(set(named.names)) == k
    assert all(name.count(", ") <= 2 for names in named.candidates for name in names)
    renumber, order = rng.permutation(k), rng.permutation(len(labels))
    again = name_groups(frame.iloc[order], TRAITS, renumber[labels][order], min_group=5)
    assert [again.groups[renumber[g]].sentence for g in range(k)] == [
        group.sentence for group in named.groups
    ]
    assert [again.names[renumber[g]] for g in range(k)] == list(named.names)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (0.004, "share", "<1%"),
        (1, "days", "1 day"),
        (0.25, "count", "0.2"),
        (1500, "money", "1,500"),
    ],
)
def test_values_in_words(value: float, kind: str, words: str) -> None:
    assert value_words(value, kind) == words  # type: ignore[arg-type]
