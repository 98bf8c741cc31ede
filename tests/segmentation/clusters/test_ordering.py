"""A tree read as a list says the same as the tree."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.segmentation.clusters.ordering import Box, in_order

INF = float("inf")


def split(draw: st.DrawFn, box: Box, depth: int) -> list[Box]:
    """Return the ends of a drawn tree below a box."""
    if not depth or not draw(st.booleans()):
        return [box]
    measure = draw(st.integers(0, 2))
    low, high = box.get(measure, (-INF, INF))
    cut = draw(st.integers(0, 9)) + 0.5
    if not low < cut < high:
        return [box]
    left, right = {**box, measure: (low, cut)}, {**box, measure: (cut, high)}
    return split(draw, left, depth - 1) + split(draw, right, depth - 1)


@st.composite
def trees(draw: st.DrawFn) -> list[Box]:
    return split(draw, {}, 5)


def holds(box: Box, point: tuple[int, ...]) -> bool:
    return all(low < point[measure] <= high for measure, (low, high) in box.items())


@given(boxes=trees())
def test_the_list_takes_everybody_as_the_tree_does(boxes: list[Box]) -> None:
    listed = in_order(boxes)
    assert sorted(place for place, _ in listed) == list(range(len(boxes)))
    assert not listed[-1][1]
    for point in np.ndindex(11, 11, 11):
        (inside,) = (place for place, box in enumerate(boxes) if holds(box, point))
        first = next(place for place, box in listed if holds(box, point))
        assert first == inside


@given(boxes=trees())
def test_no_end_is_said_in_vain(boxes: list[Box]) -> None:
    """Without any of its ends, a rule would take customers of a later one."""
    listed = in_order(boxes)
    for number, (_, box) in enumerate(listed):
        later = [boxes[place] for place, _ in listed[number + 1 :]]
        for measure, ends in box.items():
            for side in (0, 1):
                if abs(ends[side]) < INF:
                    looser = (-INF, ends[1]) if side == 0 else (ends[0], INF)
                    wide = {**box, measure: looser}
                    assert any(
                        holds(wide, point) and any(holds(other, point) for other in later)
                        for point in np.ndindex(11, 11, 11)
                    )


def test_a_chain_is_read_without_repeating_what_was_asked() -> None:
    chain: list[Box] = [
        {0: (0.2, INF)},
        {0: (-INF, 0.2), 1: (0.3, INF)},
        {0: (-INF, 0.2), 1: (-INF, 0.3), 2: (0.1, INF)},
        {0: (-INF, 0.2), 1: (-INF, 0.3), 2: (-INF, 0.1)},
    ]
    listed = [{0: (0.2, INF)}, {1: (0.3, INF)}, {2: (0.1, INF)}, {}]
    assert in_order(chain) == list(enumerate(listed))
    assert [box for _, box in in_order(chain[::-1])] == listed


def test_what_customers_do_is_said_rather_than_what_they_do_not() -> None:
    """Either end would tell the two boxes apart."""
    high: Box = {0: (1.0, INF), 1: (-INF, 5.0)}
    low: Box = {0: (-INF, 1.0), 1: (5.0, INF)}
    assert in_order([high, low]) == [(0, {0: (1.0, INF)}), (1, {})]
