"""Small groups: neither named, nor known from a total."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.triage.drift.categories import group_categories

COUNTS = st.dictionaries(
    st.text(min_size=1, max_size=3), st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8
)


@given(counts=COUNTS, min_group=st.integers(1, 8))
def test_no_small_group_is_named_or_left_alone(
    counts: dict[str, tuple[int, int]], min_group: int
) -> None:
    found = group_categories(counts, min_group=min_group)
    for name, before, now in zip(found.names, found.before, found.now, strict=False):
        assert counts[name] == (before, now)
        assert all(rows == 0 or rows >= min_group for rows in (before, now))
    assert sum(found.before) == sum(before for before, _ in counts.values())
    assert sum(found.now) == sum(now for _, now in counts.values())
    if found.names:  # else what is left is the whole column
        assert all(rows == 0 or rows >= min_group for rows in (found.before[-1], found.now[-1]))


def test_a_small_rest_takes_the_smallest_named_one() -> None:
    found = group_categories({"a": (50, 60), "b": (8, 9), "c": (2, 0)}, min_group=5)
    assert found.names == ("a",)
    assert (found.before, found.now) == ((50, 10), (60, 9))
    assert found.one_sided() == ()


def test_new_and_vanished_ones() -> None:
    found = group_categories({"a": (50, 60), "b": (8, 0), "c": (0, 9)}, min_group=5)
    assert found.one_sided() == (("b", 8, 0), ("c", 0, 9))
    assert found.shares()[0][0] == "b"
