"""Customers as distinct rows with counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.retention.purchases.cells import purchase_cells

customers = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(0, 4), st.integers(1, 3)),
    min_size=1,
    max_size=40,
)


def arrays(rows: list[tuple[int, int, int, int]], unit: float) -> tuple[np.ndarray, ...]:
    x, t_x, more, n = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    t_x = np.where(x > 0, t_x, 0.0)
    return x, t_x * unit, (t_x + more) * unit, n


@given(customers, st.sampled_from([1.0, 1 / 7]))
def test_cells_hold_every_customer_once_whatever_the_order(
    rows: list[tuple[int, int, int, int]], unit: float
) -> None:
    x, t_x, end, n = arrays(rows, unit)
    cells = purchase_cells(x, t_x, end, n=n)
    told = list(zip(cells.frequency, cells.recency, cells.T, strict=True))
    assert told == sorted(set(zip(x, t_x, end, strict=True)))
    assert cells.customers == n.sum()
    for (one, last, stop), count in zip(told, cells.n, strict=True):
        assert n[(x == one) & (t_x == last) & (end == stop)].sum() == count
    back = purchase_cells(x[::-1], t_x[::-1], end[::-1], n=n[::-1])
    each = [np.repeat(values, n.astype(int)) for values in (x, t_x, end)]
    for other in (back, purchase_cells(*each)):
        for name in ("frequency", "recency", "T", "n"):
            np.testing.assert_array_equal(getattr(other, name), getattr(cells, name))


@given(customers)
def test_coarse_cells_keep_customers_and_order(rows: list[tuple[int, int, int, int]]) -> None:
    x, t_x, end, n = arrays(rows, 1.0)
    end = end + 0.5
    coarse = purchase_cells(x, t_x, end, n=n).coarse(3)
    assert coarse.customers == n.sum()
    assert (coarse.recency <= coarse.T).all()
    assert coarse.n @ coarse.frequency == n @ x
    assert len(np.unique(coarse.T)) <= 4


def test_many_distinct_times_are_sorted_not_counted() -> None:
    rng = np.random.default_rng(1)
    x = rng.poisson(1.0, 400)
    end = rng.uniform(1, 50, 400)
    t_x = np.where(x > 0, end * rng.random(400), 0.0)
    cells = purchase_cells(x, t_x, end)
    assert len(cells) == 400
    assert purchase_cells(x, t_x, end, n=np.full(400, 2)).customers == 800
    np.testing.assert_array_equal(np.sort(cells.T), np.sort(end))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (([], [], []), "there is no customer"),
        (([1], [1, 2], [3]), "differ in shape"),
        (([0.5], [1], [3]), r"frequency is not a whole number from 0 on \(rows: 1\)"),
        (([-1], [0], [3]), "frequency is not a whole number"),
        (([np.nan], [0], [3]), "frequency is not a whole number"),
        (([1], [-1], [3]), "recency is negative or missing"),
        (([1], [np.nan], [3]), "recency is negative or missing"),
        (([1], [1], [np.inf]), "T is negative or missing"),
        (([1, 2], [5, 9], [3, 4]), r"recency > T.*\(rows: 2\)"),
        (([0], [2], [3]), "no repeat purchase, but recency > 0"),
        (([2], [0], [3]), "repeat purchases, but recency == 0"),
    ],
)
def test_impossible_customers_are_refused(rows: tuple[list[float], ...], words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        purchase_cells(*rows)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(AnalysisError, match="n is not a whole number from 1 on"):
        purchase_cells([0], [0], [1], n=[0])
