"""The ends of a tree as a list that is read from the top: the first rule that fits is the one.

The way to the last leaf of a tree repeats all that was asked before. Read in order, most of that
need not be said: "outlet above 25%; of the others, Gifts above 15%; all others". The list names
exactly the same group for everybody as the tree does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["Box", "in_order"]

Box = Mapping[int, tuple[float, float]]
"""Measure -> its ends, the lower one exclusive, the upper one inclusive, either infinite."""

_INF = float("inf")


def in_order(boxes: Sequence[Box]) -> list[tuple[int, Box]]:
    """Return the boxes in an order in which little needs to be said, each with what must be said.

    Parameters
    ----------
    boxes
        The ends of a tree: no two overlap, and together they hold everything.

    Returns
    -------
    list
        Place in `boxes`, and the box with every end left out that only shuts out what an earlier
        box of the list has taken. The last one has no end at all.

    Examples
    --------
    >>> inf = float("inf")
    >>> in_order([{0: (-inf, 2.0), 1: (-inf, 5.0)}, {0: (-inf, 2.0), 1: (5.0, inf)},
    ...           {0: (2.0, inf)}])
    [(2, {0: (2.0, inf)}), (1, {1: (5.0, inf)}), (0, {})]
    """
    left = list(range(len(boxes)))
    ordered: list[tuple[int, Box]] = []
    while left:
        drafts = {
            place: _loosened(boxes[place], [boxes[other] for other in left if other != place])
            for place in left
        }
        # What must be asked least; then what customers do, before what they do not.
        best = min(left, key=lambda place: (*_length(drafts[place]), place))
        ordered.append((best, drafts[best]))
        left.remove(best)
    return ordered


def _length(box: Box) -> tuple[int, int]:
    """Return how many ends a box has, and how many of them are upper ones."""
    upper = sum(high < _INF for _, high in box.values())
    return upper + sum(low > -_INF for low, _ in box.values()), upper


def _loosened(box: Box, others: Sequence[Box]) -> Box:
    """Return a box without the ends that are not needed to keep it clear of other boxes."""
    held = dict(box)
    # Upper ends first: that something is not done is the first thing that need not be said.
    for side in (1, 0):
        for measure in list(held):
            ends = list(held[measure])
            ends[side] = _INF if side else -_INF
            tried = {**held, measure: (ends[0], ends[1])}
            if not any(_meet(tried, other) for other in others):
                held = tried
    return {measure: ends for measure, ends in held.items() if ends != (-_INF, _INF)}


def _meet(one: Box, other: Box) -> bool:
    """Return whether two boxes have a point in common."""
    free = (-_INF, _INF)
    return all(
        max(low, other.get(measure, free)[0]) < min(high, other.get(measure, free)[1])
        for measure, (low, high) in one.items()
    )
