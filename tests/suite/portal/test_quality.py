from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.portal.quality import by_department, counted_units

from .conftest import source, unit

SOURCES = st.builds(
    lambda department, received, share: source(department, received, int(received * share)),
    st.sampled_from(["Sales", "Support", ""]),
    st.integers(0, 10**6),
    st.floats(0, 1),
)


@given(st.lists(st.lists(SOURCES, max_size=4), max_size=5))
def test_no_row_is_lost_and_the_worst_stand_first(sources: list[list]) -> None:
    units = [unit(f"u{n}", sources=found) for n, found in enumerate(sources)]
    departments = by_department(units)
    for what in ("received", "accepted", "quarantined"):
        total = sum(getattr(one, what) for found in sources for one in found)
        assert sum(getattr(one, what) for one in departments) == total
    shares = [one.share for one in departments]
    assert shares == sorted(shares, reverse=True)
    assert all(one.received == one.accepted + one.quarantined for one in departments)


def test_the_whole_is_not_counted_beside_its_parts() -> None:
    whole = unit("all", sources=[source("Sales", 100, 7)])
    parts = [unit(name, sources=[source("Sales", 50, 3)]) for name in ("spain", "france")]
    assert counted_units([whole, *parts]) == [whole]
    assert counted_units(parts) == parts


def test_the_source_with_most_rows_set_aside_is_named() -> None:
    small, large = source("Sales", 10, 5, name="small"), source("Sales", 10_000, 90, name="large")
    (sales,) = by_department([unit(sources=[small, large])])
    assert sales.worst == large
    assert list(sales.sources) == [small, large]
    (clean,) = by_department([unit(sources=[source("Sales", 10, 0)])])
    assert clean.worst is None
