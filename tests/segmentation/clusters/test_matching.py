"""Names and colours from edition to edition: kept where groups are the same, told where not."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.segmentation.clusters.matching import (
    COLOURS,
    Matching,
    NamedGroup,
    groups_from_json,
    groups_to_json,
    match_groups,
)

EARLIER = (NamedGroup("Campers", 4), NamedGroup("Readers", 0), NamedGroup("Sleepers", 2))
Ints = npt.NDArray[np.int64]


def spread(*rows: tuple[int, ...]) -> tuple[Ints, Ints]:
    """Return earlier and today's labels with so many customers in each pair."""
    table = np.array(rows)
    then, now = (part.ravel() for part in np.indices(table.shape))
    return np.repeat(then, table.ravel()), np.repeat(now, table.ravel())


def match(
    *rows: tuple[int, ...],
    names: str = "PQRSTUVWXYZ",
    earlier: tuple[NamedGroup, ...] = EARLIER,
    min_group: int = 5,
) -> Matching:
    then, now = spread(*rows)
    candidates = [(name, f"{name}, often") for name in names[: len(rows[0])]]
    return match_groups(now, candidates, earlier=earlier, earlier_labels=then, min_group=min_group)


def test_identical_groups_keep_everything() -> None:
    found = match((0, 60, 0), (80, 0, 0), (0, 0, 40), names="RCS")
    assert found.groups == (EARLIER[1], EARLIER[0], EARLIER[2])
    assert (found.before, found.vanished, found.order) == ((1, 0, 2), (), (1, 0, 2))
    assert found.sentences[0] == (
        "3 groups keep their names and colours: Campers, Readers and Sleepers."
    )
    assert found.reorder(np.array([0, 1, 2, 0])).tolist() == [1, 0, 2, 1]


def test_a_kept_name_that_no_longer_fits_is_said() -> None:
    found = match((80, 0), (0, 60), names="PQ", earlier=EARLIER[:2])
    assert found.sentences[1:] == (
        "Campers would be called P if it were named today.",
        "Readers would be called Q if it were named today.",
    )
    then, now = spread((80, 0), (0, 60))
    fits = [("Many", "Campers"), ("Readers",)]
    told = match_groups(now, fits, earlier=EARLIER[:2], earlier_labels=then, min_group=5)
    assert len(told.sentences) == 1


def test_half_of_either_is_enough_and_less_is_not() -> None:
    """50 of both, by 100 of either; then 49 by 101."""
    assert match((50, 25), (25, 200), earlier=EARLIER[:2]).before == (0, 1)
    found = match((49, 25), (27, 200), earlier=EARLIER[:2])
    assert found.before == (None, 1)
    assert found.names == ("P", "Readers")
    assert found.vanished == ("Campers",)
    assert found.sentences[2] == ("Campers is no longer found: 66% of its customers are now in P.")


def test_a_split_is_told_and_the_larger_part_keeps_the_name() -> None:
    found = match((60, 40, 0, 0), (0, 0, 70, 0), (0, 0, 0, 50))
    assert found.groups == (EARLIER[0], NamedGroup("Q", 1), EARLIER[1], EARLIER[2])
    assert "1 group is new: Q." in found.sentences
    assert "Campers was split: 60% of its customers are in Campers and 40% in Q." in found.sentences
    halves = match((51, 51, 0, 0), (0, 0, 70, 0), (0, 0, 0, 50))
    assert halves.before == (0, None, 1, 2)  # both are exact halves; one of them keeps the name


def test_a_merge_is_told() -> None:
    found = match((60, 0), (55, 0), (0, 40))
    assert found.before == (0, 2)
    assert found.vanished == ("Readers",)
    assert "Campers and Readers were merged: most of their customers are in Campers." in (
        found.sentences
    )
    assert not any("no longer found" in said for said in found.sentences)
    even = match((60, 0), (61, 0), (0, 40))
    assert even.names == ("Readers", "Sleepers")


def test_a_group_that_nobody_or_hardly_anybody_fits_is_told_without_numbers() -> None:
    found = match((90, 0), (3, 1), (0, 0))
    assert found.before == (0, None)
    assert found.sentences[2:] == (
        "Readers is no longer found: its rule fits hardly anybody.",
        "Sleepers is no longer found: its rule fits nobody today.",
        "Campers would be called P if it were named today.",
    )


def test_a_group_that_is_spread_is_told() -> None:
    for rows in (((30, 30, 30), (100, 0, 0), (0, 100, 100)), ((40, 40), (60, 0), (0, 60))):
        said = "Campers is no longer found: its customers are now spread over several groups."
        assert said in match(*rows).sentences


def test_new_groups_get_new_names_and_colours_that_nobody_had() -> None:
    """The vanished group's name is not given to another one, and its colour only when needed."""
    then, now = spread((40, 40, 40, 40, 40, 40), (0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0))
    candidates = [("Campers", "Campers, often"), ("Campers",), *[(n,) for n in "WXYZ"]]
    found = match_groups(now, candidates, earlier=EARLIER, earlier_labels=then, min_group=5)
    assert found.names == ("Campers, often", "Campers (2)", "W", "X", "Y", "Z")
    assert [found.groups[k].colour for k in found.order] == [1, 3, 5, 0, 2, 4]


def test_a_seventh_group_shares_a_colour_and_leaves_it_when_it_can() -> None:
    first = match_groups(np.repeat(np.arange(8), 10), [(n,) for n in "ABCDEFGH"], min_group=5)
    colours = [group.colour for group in first.groups]
    assert colours == [0, 1, 2, 3, 4, 5, 0, 1]
    assert first.sentences == ()
    then, now = np.repeat([0, 6, 7], 10), np.repeat([0, 1, 2], 10)
    later = match_groups(
        now, [(n,) for n in "AGH"], earlier=first.groups, earlier_labels=then, min_group=5
    )
    assert later.names == ("A", "G", "H")
    assert [group.colour for group in later.groups] == [0, 1, 2]


@given(data=st.data())
def test_numbering_and_order_change_nothing(data: st.DataObject) -> None:
    shape = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 7))
    cell = st.integers(0, 12)
    table = np.array(data.draw(st.lists(cell, min_size=28, max_size=28)))[: shape[0] * shape[1]]
    table = table.reshape(shape)
    table[0] += 1 + np.arange(shape[1])  # nobody's group is no group
    earlier = tuple(NamedGroup(f"E{place}", place) for place in range(shape[0]))
    candidates = [(f"N{k}", f"N{k}, often") for k in range(shape[1])]
    then, now = spread(*table.tolist())
    found = match_groups(now, candidates, earlier=earlier, earlier_labels=then, min_group=5)
    assert len(set(found.names)) == shape[1]
    used = [group.colour for group in found.groups]
    assert max(map(used.count, range(COLOURS))) <= -(-shape[1] // COLOURS)
    # Nobody else could have kept a name: each pair holds half of both.
    for k, place in enumerate(found.before):
        both = table[place, k] if place is not None else 0
        assert place is None or 2 * both >= max(table[place].sum(), table[:, k].sum())
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    renumber, resort = rng.permutation(shape[1]), rng.permutation(shape[0])
    order = rng.permutation(len(now))
    again = match_groups(
        renumber[now][order],
        [candidates[k] for k in np.argsort(renumber)],
        earlier=[earlier[k] for k in np.argsort(resort)],
        earlier_labels=resort[then][order],
        min_group=5,
    )
    assert [again.groups[renumber[k]] for k in range(shape[1])] == list(found.groups)
    assert set(again.vanished) == set(found.vanished)
    told, told_again = (
        {said for said in one.sentences if not said[0].isdigit()} for one in (found, again)
    )
    assert told == told_again


@given(data=st.data())
def test_the_pairs_are_the_best_of_all(data: st.DataObject) -> None:
    """Beside all ways to pair three groups with three: the largest overlap that counts, in all."""
    table = np.array(data.draw(st.lists(st.integers(0, 9), min_size=9, max_size=9))).reshape(3, 3)
    table[0] += 1
    found = match(*table.tolist())
    either = table.sum(1)[:, None] + table.sum(0)[None, :] - table
    near = np.where(2 * table >= np.maximum(either, 1), table / np.maximum(either, 1), 0.0)
    best = max(sum(near[way[k], k] for k in range(3)) for way in permutations(range(3)))
    total = sum(near[place, k] for k, place in enumerate(found.before) if place is not None)
    assert total == pytest.approx(best, abs=1e-12)


def test_names_and_colours_survive_json() -> None:
    held = json.loads(json.dumps(groups_to_json(EARLIER)))
    assert groups_from_json(held) == EARLIER
    for broken in ([{"name": "A"}], [{"name": "A", "colour": 6}], [*held, held[0]], 3):
        with pytest.raises(AnalysisError, match="not readable as names and colours"):
            groups_from_json(broken)  # type: ignore[arg-type]


def test_what_does_not_fit_is_an_error_that_says_so() -> None:
    now = np.array([0, 1, 1])
    with pytest.raises(AnalysisError, match="none of 0 to 0"):
        match_groups(now, [("A",)], min_group=1)
    with pytest.raises(AnalysisError, match="has no customers"):
        match_groups(now, [("A",), ("B",), ("C",)], min_group=1)
    with pytest.raises(AnalysisError, match="no name that fits"):
        match_groups(now, [("A",), ()], min_group=1)
    with pytest.raises(AnalysisError, match="Give `earlier_labels`"):
        match_groups(now, [("A",), ("B",)], earlier=EARLIER, min_group=1)
    with pytest.raises(AnalysisError, match="1 ranks for 2 groups"):
        match_groups(now, [("A",), ("B",)], rank_by=[1.0], min_group=1)
    with pytest.raises(AnalysisError, match="2 earlier labels for 3 customers"):
        match_groups(now, [("A",), ("B",)], earlier=EARLIER, earlier_labels=now[:2], min_group=1)
