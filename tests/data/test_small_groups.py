"""What is hidden cannot be solved from what is shown: asked of a solver in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize

from workbench.data.small_groups import (
    fewer_than,
    hidden_words,
    hide_cells,
    hide_parts,
    hide_sums,
    is_small,
    shown_of,
)
from workbench.errors import AnalysisError

MIN = st.integers(1, 6)
COUNTS = st.lists(st.integers(0, 12), min_size=1, max_size=7)


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cells = draw(st.lists(st.integers(0, 12), min_size=rows * columns, max_size=rows * columns))
    return np.array(cells).reshape(rows, columns)


def extent(wanted: np.ndarray, known: np.ndarray, values: np.ndarray) -> tuple[int, int]:
    """Return the least and the most that a sum may be, in whole numbers that are not negative."""
    ends = []
    for sign in (1, -1):
        fit = optimize.LinearConstraint(known, values, values) if len(known) else ()
        found = optimize.milp(sign * wanted, integrality=np.ones(len(wanted)), constraints=fit)
        if found.status in {3, 4}:  # without an upper end
            ends.append(10**9)
            continue
        assert found.success, found.message
        ends.append(round(float(wanted @ found.x)))
    return ends[0], ends[1]


def sums_of(table: np.ndarray) -> np.ndarray:
    """Return which cells each cell, row total, column total and the total add up, in that order."""
    places = np.arange(table.size).reshape(table.shape)
    groups = [[p] for p in places.ravel()] + [*places, *places.T, places.ravel()]
    return np.array([np.isin(places.ravel(), group) for group in groups], dtype=float)


@given(COUNTS, MIN)
def test_no_small_part_can_be_told_from_the_total(counts: list[int], min_group: int) -> None:
    hidden = hide_parts(counts, min_group=min_group)
    total = sum(counts)
    assume(total >= min_group)
    shown = [place for place, out in enumerate(hidden) if not out]
    rest = total - sum(counts[place] for place in shown)
    assert not is_small(rest, min_group)
    away = [place for place, out in enumerate(hidden) if out]
    for place in away:
        if is_small(counts[place], min_group):
            wanted = np.array([float(other == place) for other in away])
            low, high = extent(wanted, np.ones((1, len(away))), np.array([rest]))
            assert high > low


@given(COUNTS, MIN)
def test_parts_are_hidden_only_where_one_is_small(counts: list[int], min_group: int) -> None:
    hidden = hide_parts(counts, min_group=min_group)
    small = [is_small(count, min_group) for count in counts]
    assert all(out for out, few in zip(hidden, small, strict=True) if few)
    assert not any(out for out, count in zip(hidden, counts, strict=True) if not count)
    if not any(small):
        assert not any(hidden)
    # One less would not do: without the largest that was added, the hidden ones could be told.
    added = [c for c, out, few in zip(counts, hidden, small, strict=True) if out and not few]
    if added and sum(counts) >= min_group:
        held = [c for c, few in zip(counts, small, strict=True) if few] + sorted(added)[:-1]
        assert len(held) < 2 or sum(held) < min_group


@settings(deadline=None)
@given(tables(), MIN)
def test_no_small_cell_or_total_of_a_table_can_be_solved(table: np.ndarray, min_group: int) -> None:
    found = hide_cells(table, min_group=min_group)
    hidden = np.concatenate([found.cells.ravel(), found.rows, found.columns, [found.total]])
    sums = sums_of(table)
    values = sums @ table.ravel()
    small = (values > 0) & (values < min_group)
    assert hidden[small].all()
    assert not hidden[values == 0].any()
    if not small.any():
        assert not hidden.any()
    if found.total:
        return  # fewer than min_group in all: nothing of it is shown but empty cells
    # Who reads knows which cells are empty: they are shown.
    known, told = sums[~hidden], values[~hidden]
    for wanted in sums[small]:
        low, high = extent(wanted, known, told)
        assert high > low, (table, found)


@settings(deadline=None)
@given(tables(), MIN)
def test_hidden_cells_of_a_line_are_no_small_group_together(
    table: np.ndarray, min_group: int
) -> None:
    found = hide_cells(table, min_group=min_group)
    for cells, out, total in (
        *zip(table, found.cells, found.rows, strict=True),
        *zip(table.T, found.cells.T, found.columns, strict=True),
        (table.sum(axis=1), found.rows, found.total),
        (table.sum(axis=0), found.columns, found.total),
    ):
        if not total:
            assert not is_small(int(cells[out].sum()), min_group)


@settings(deadline=None)
@given(tables(), st.integers(2, 6))
def test_nothing_is_hidden_that_need_not_be(table: np.ndarray, min_group: int) -> None:
    found = hide_cells(table, min_group=min_group)
    hidden = np.concatenate([found.cells.ravel(), found.rows, found.columns, [found.total]])
    sums = sums_of(table)
    values = sums @ table.ravel()
    small = (values > 0) & (values < min_group)
    assert small.any() or not hidden.any()
    for place in np.flatnonzero(hidden & ~small):
        less = hidden.copy()
        less[place] = False
        known = sums[~less]
        told = [extent(wanted, known, known @ table.ravel()) for wanted in sums[small]]
        assert any(low == high for low, high in told) or any(
            is_small(rest, min_group) for rest in rests(table, less)
        )


def rests(table: np.ndarray, hidden: np.ndarray) -> list[int]:
    """Return how many the hidden parts of each row, column and line of totals hold together."""
    rows, columns = table.shape
    cells = hidden[: table.size].reshape(table.shape)
    by_row, by_column = hidden[table.size :][:rows], hidden[table.size + rows :][:columns]
    pairs = [*zip(table, cells, strict=True), *zip(table.T, cells.T, strict=True)]
    pairs += [(table.sum(axis=1), by_row), (table.sum(axis=0), by_column)]
    return [int(values[out].sum()) for values, out in pairs]


def test_the_smallest_neighbours_are_hidden() -> None:
    found = hide_cells([[3, 20, 30], [40, 9, 50], [60, 70, 80]], min_group=5)
    assert found.cells.tolist() == [[True, True, False], [True, True, False], [False] * 3]
    assert not found.rows.any()
    assert not found.columns.any()


def test_a_row_of_few_hides_its_total_and_that_of_another() -> None:
    found = hide_cells([[2, 1], [10, 20], [30, 40]], min_group=5)
    assert found.rows.tolist() == [True, True, False]
    assert found.cells[2].tolist() == [False, False]


def test_two_hidden_in_each_line_are_not_enough() -> None:
    # Two squares of small cells that one small cell joins: it is the difference of two totals.
    table = np.full((5, 5), 50)
    table[:2, :2] = table[3:, 3:] = table[2, 2] = table[2, 1] = table[3, 2] = 4
    assert all((line < 5).sum() >= 2 for line in (*table, *table.T))
    only_small = table < 5
    known = sums_of(table)[np.concatenate([~only_small.ravel(), np.ones(11, dtype=bool)])]
    wanted = sums_of(table)[12]
    low, high = extent(wanted, known, known @ table.ravel())
    assert low == high == 4
    assert hide_cells(table, min_group=5).cells.sum() > only_small.sum()


def test_a_sum_over_another_dimension_gives_nothing_away() -> None:
    # Ten customers of a segment, four of them in one cell and six in another one.
    sums: Sequence[Sequence[int]] = [[0, 1], [0], [1], [2]]
    hidden = hide_sums([4, 6, 90], sums, min_group=5, fixed=[0])
    assert hidden.tolist() == [False, True, True, False]


def test_a_secret_that_no_table_holds_is_kept() -> None:
    # All, and all but those who only returned something: the difference is two.
    hidden = hide_sums([2, 60, 40], [[0, 1, 2], [1], [2]], min_group=5, fixed=[0], secrets=[[0]])
    assert hidden.tolist() == [False, False, True]


def test_what_always_shows_a_small_group_is_refused() -> None:
    with pytest.raises(AnalysisError, match="always shown give a small group away"):
        hide_sums([3, 9], [[0, 1], [1]], min_group=5, fixed=[0, 1], secrets=[[0]])


@pytest.mark.parametrize(("counts", "min_group"), [([3, -1], 5), ([3], 0)])
def test_counts_that_are_none_are_refused(counts: list[int], min_group: int) -> None:
    with pytest.raises(AnalysisError, match="small groups"):
        hide_parts(counts, min_group=min_group)
    with pytest.raises(AnalysisError, match="small groups"):
        hide_cells([counts], min_group=min_group)


@given(st.lists(st.integers(0, 40), max_size=5), st.integers(0, 40), MIN)
def test_the_rest_of_the_largest_is_no_small_group(
    counts: list[int], rest: int, min_group: int
) -> None:
    largest = sorted((c for c in counts if not is_small(c, min_group)), reverse=True)
    total = sum(largest) + rest
    kept = shown_of(largest, total, min_group=min_group)
    left = total - sum(largest[:kept])
    assert not is_small(left, min_group) or kept == 0
    if not is_small(rest, min_group):
        assert kept == len(largest)


def test_words() -> None:
    assert (fewer_than(4, 5), fewer_than(5, 5), fewer_than(0, 5)) == ("fewer than 5", "5", "0")
    assert hidden_words(7, "order lines").startswith("hidden: fewer than 7 order lines, or hidden")
