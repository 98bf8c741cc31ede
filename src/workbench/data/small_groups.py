"""Which numbers to hide, so that no group too small to be shown can be computed from the others.

Hiding a small group is not enough: where its total and the other parts stand beside it, one
subtraction brings it back. So more is hidden, as little as will do. Values that go with a count
(the revenue of a group) are hidden with it.

- Nobody is no small group: a count of nought may be shown, and hiding it protects nothing.
- What is protected is the exact number: at least two numbers fit all that is shown. The range in
  which a hidden number lies may still be narrow, and who knows how this module chooses, or compares
  many editions, may narrow it further.

References
----------
Hundepool, Domingo-Ferrer, Franconi, Giessing, Schulte Nordholt, Spicer & de Wolf, "Statistical
Disclosure Control", Wiley, 2012, chapters 4 and 5: secondary suppression in tables with totals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError

__all__ = [
    "HiddenCells",
    "fewer_than",
    "hidden_words",
    "hide_cells",
    "hide_parts",
    "hide_sums",
    "is_small",
    "shown_of",
]

Bools = npt.NDArray[np.bool_]
Line = tuple[Sequence[int], Sequence[int]]
_EXACT = 1e-7  # the numbers behind it are 0 and 1: what is not computed misses by far more


@dataclass(frozen=True)
class HiddenCells:
    """What to hide of a table with rows, columns and their totals.

    Parameters
    ----------
    cells
        True where a cell is hidden, shape (rows, columns).
    rows, columns
        True where the total of a row, or of a column, is hidden.
    total
        Whether the total of all is hidden.
    """

    cells: Bools
    rows: Bools
    columns: Bools
    total: bool


def is_small(count: int, min_group: int) -> bool:
    """Tell whether a count is of a group that is too small to show; nobody is no group.

    Examples
    --------
    >>> [is_small(count, 5) for count in (0, 1, 4, 5)]
    [False, True, True, False]
    """
    return 0 < count < min_group


def fewer_than(count: int, min_group: int) -> str:
    """Return a count in words, without the number where the group is too small to show.

    Examples
    --------
    >>> fewer_than(1204, 5), fewer_than(3, 5), fewer_than(0, 5)
    ('1,204', 'fewer than 5', '0')
    """
    return f"fewer than {min_group}" if is_small(count, min_group) else f"{count:,}"


def hidden_words(min_group: int, what: str = "customers") -> str:
    """Return why a number is not shown, for a reader.

    Examples
    --------
    >>> hidden_words(5)
    'hidden: fewer than 5 customers, or hidden so that these cannot be computed'
    """
    return f"hidden: fewer than {min_group} {what}, or hidden so that these cannot be computed"


def shown_of(counts: Sequence[int], total: int, *, min_group: int) -> int:
    """Return how many of the largest parts may be shown, all others standing together as a rest.

    Parameters
    ----------
    counts
        The largest parts, falling, each of nobody or of at least `min_group`.
    total
        All of them and the rest, as it is known to the reader.
    min_group
        The smallest group that may be shown, at least 1.

    Examples
    --------
    >>> shown_of([90, 8], 100, min_group=5), shown_of([90, 8], 110, min_group=5)
    (1, 2)
    """
    kept = len(counts)
    while kept and is_small(total - sum(counts[:kept]), min_group):
        kept -= 1
    return kept


def hide_parts(counts: Sequence[int], *, min_group: int) -> tuple[bool, ...]:
    """Return which parts of a known total to hide.

    Small parts are hidden. While only one is, or all hidden ones together are a small group, the
    smallest shown part is hidden too, the first one of equal ones.

    Parameters
    ----------
    counts
        How many each part holds; not negative. The reader knows their sum. Where the sum itself is
        a small group all parts are hidden, and the sum must be hidden by the caller.
    min_group
        The smallest group that may be shown, at least 1.

    Raises
    ------
    AnalysisError
        For a negative count, or a `min_group` below 1.

    Examples
    --------
    >>> hide_parts([40, 3, 0, 9, 25], min_group=5)
    (False, True, False, True, False)
    """
    _check(counts, min_group)
    hidden = [is_small(count, min_group) for count in counts]
    by_size = sorted(range(len(counts)), key=lambda place: (counts[place], place))
    for place in by_size:
        held = [count for count, out in zip(counts, hidden, strict=True) if out]
        if not held or (len(held) > 1 and sum(held) >= min_group):
            break
        if counts[place] and not hidden[place]:
            hidden[place] = True
    return tuple(hidden)


def hide_cells(counts: Any, *, min_group: int) -> HiddenCells:
    """Return what to hide of a table whose rows and columns are added up beside it.

    Parameters
    ----------
    counts
        Whole numbers, not negative, shape (rows, columns).
    min_group
        The smallest group that may be shown, at least 1.

    Raises
    ------
    AnalysisError
        For a negative count, or a `min_group` below 1.

    Notes
    -----
    No hidden cell or total that is small can be computed: at least two whole numbers, none of them
    negative, fit what is shown. (Rows and columns make a network, so that a way to change a hidden
    cell by one can be found wherever one exists at all.) In no row and no column do the hidden
    cells together hold a small group that could be computed.

    Examples
    --------
    >>> hide_cells([[3, 20, 30], [40, 9, 50], [60, 70, 80]], min_group=5).cells.astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 0]])
    """
    table = np.asarray(counts, dtype="int64")
    rows, columns = table.shape
    places = np.arange(rows * columns).reshape(rows, columns)
    sums = [[place] for place in range(rows * columns)]
    sums += [list(row) for row in places] + [list(column) for column in places.T]
    sums.append(list(range(rows * columns)))
    n = rows * columns
    row_sums, column_sums = range(n, n + rows), range(n + rows, n + rows + columns)
    lines: list[Line] = [(list(line), list(line)) for line in (*places, *places.T)]
    lines += [(sums[-1], list(row_sums)), (sums[-1], list(column_sums))]
    hidden = hide_sums(table.ravel().tolist(), sums, min_group=min_group, lines=lines)
    return HiddenCells(
        hidden[:n].reshape(rows, columns),
        hidden[row_sums.start : row_sums.stop],
        hidden[column_sums.start : column_sums.stop],
        bool(hidden[-1]),
    )


def hide_sums(
    counts: Sequence[int],
    sums: Sequence[Sequence[int]],
    *,
    min_group: int,
    lines: Sequence[Line] = (),
    fixed: Sequence[int] = (),
    secrets: Sequence[Sequence[int]] = (),
) -> Bools:
    """Return which of several linked sums to hide, whatever tables they stand in.

    Small sums are hidden. While a small one can be computed by adding and subtracting what is
    shown, the smallest number that it is computed from is hidden, too. Then whatever need not be
    hidden is shown again, the largest first.

    Parameters
    ----------
    counts
        How many are in each cell; cells do not overlap, and nobody is in two of them.
    sums
        The numbers that would be shown: for each the cells that it adds up.
    min_group
        The smallest group that may be shown, at least 1.
    lines
        Totals and their parts: the cells of the total, and the places in `sums` of parts that make
        it up. Hidden parts of one line that are a small group together count as a small sum.
    fixed
        Places in `sums` of numbers that are shown in any case, such as the total of all.
    secrets
        Groups that are not shown themselves, each by its cells; small ones are protected.

    Returns
    -------
    numpy.ndarray
        True where a sum is hidden, shape (sums,).

    Raises
    ------
    AnalysisError
        For a negative count, a `min_group` below 1, or when the fixed numbers by themselves give a
        small group away.

    Notes
    -----
    Sums that overlap in other ways than rows and columns do are protected against adding and
    subtracting; whole numbers that are not negative may then still leave one solution only.
    """
    _check(counts, min_group)
    linked = _Linked(np.asarray(counts, dtype="int64"), sums, lines, secrets, min_group)
    always = np.zeros(len(sums), dtype=bool)
    always[list(fixed)] = True
    hidden = linked.small & ~always
    own = hidden.copy()
    while ways := list(linked.ways(hidden)):
        for used in ways:
            choice = [place for place in used if not always[place]]
            if not choice:
                raise AnalysisError(
                    "numbers that are always shown give a small group away",
                    where="small groups",
                    fix="Merge the group with another one, or hide one of these numbers.",
                )
            hidden[min(choice, key=lambda place: (linked.values[place], place))] = True
    for place in sorted(np.flatnonzero(hidden & ~own), key=lambda p: (-linked.values[p], p)):
        hidden[place] = False
        if next(linked.ways(hidden), None) is not None:
            hidden[place] = True
    return hidden


class _Linked:
    """Sums over cells, and what can be computed from those that are shown."""

    def __init__(
        self,
        counts: npt.NDArray[np.int64],
        sums: Sequence[Sequence[int]],
        lines: Sequence[Line],
        secrets: Sequence[Sequence[int]],
        min_group: int,
    ) -> None:
        groups = [*sums, *secrets, *(cells for cells, _ in lines)]
        members = np.zeros((len(groups), len(counts)))
        for place, cells in enumerate(groups):
            members[place, list(cells)] = 1.0
        values = np.rint(members @ counts).astype("int64")
        # Nobody is known to be in an empty cell, and cells that always go together are one.
        members = np.unique(members[:, counts > 0], axis=1)
        if members.shape[1] > members.shape[0]:  # the same groups, written with fewer coordinates
            members = np.linalg.qr(members.T)[1].T
        n, m = len(sums), len(sums) + len(secrets)
        self.members, self.values, self.min_group = members[:n], values[:n], min_group
        self.small = (self.values > 0) & (self.values < min_group)
        is_secret = [is_small(int(value), min_group) for value in values[n:m]]
        self.secrets = members[n:m][is_secret]
        self.lines = [
            (members[m + place], int(values[m + place]), np.asarray(parts, dtype="int64"))
            for place, (_, parts) in enumerate(lines)
        ]

    def ways(self, hidden: Bools) -> Iterator[list[int]]:
        """Yield for each small sum that can be computed the shown sums that it is computed from."""
        places = np.flatnonzero(~hidden)
        wanted = np.vstack([self.members[self.small & hidden], self.secrets, *self._rests(hidden)])
        if not len(wanted) or not len(places) or not self.members.shape[1]:
            return
        shown = self.members[places].T
        parts = np.linalg.lstsq(shown, wanted.T, rcond=None)[0]
        missed = np.abs(shown @ parts - wanted.T).max(axis=0)
        for column in np.flatnonzero(missed < _EXACT):
            yield [int(p) for p in places[np.abs(parts[:, column]) > _EXACT]]

    def _rests(self, hidden: Bools) -> Iterator[npt.NDArray[np.float64]]:
        """Yield what is hidden of each line, all together, where that is a small group."""
        for total, value, parts in self.lines:
            seen = parts[~hidden[parts]]
            if is_small(value - int(self.values[seen].sum()), self.min_group):
                yield (total - self.members[seen].sum(axis=0))[None, :]


def _check(counts: Sequence[int], min_group: int) -> None:
    if min_group < 1:
        raise AnalysisError(f"min_group == {min_group}, must be >= 1", where="small groups")
    if any(count < 0 for count in counts):
        raise AnalysisError("a count is negative", where="small groups", fix="Count rows.")
