"""Customers with their segments: checked, and small ones merged as in the table of segments."""

from __future__ import annotations

import pandas as pd
import pytest

from support.shop import AS_OF, atlas
from workbench.errors import AnalysisError
from workbench.segmentation.assigned import assign, assigned_by
from workbench.segmentation.segments import MERGED
from workbench.segmentation.study import segment


def who(**sizes: int) -> pd.DataFrame:
    names = [name for name, size in sizes.items() for _ in range(size)]
    return pd.DataFrame({"customer_id": range(len(names)), "segment": names})


def test_a_grid_gives_the_sizes_of_its_own_table() -> None:
    found = segment(atlas().orders, as_of=AS_OF, min_group=5)
    table = found.segments.frame.set_index("segment")["customers"]
    assert assigned_by(found).sizes.to_dict() == table.to_dict()
    assert list(assigned_by(found).sizes.index) == list(table.index)


def test_small_segments_stand_together() -> None:
    found = assign(who(a=20, b=2, c=9), ["a", "b", "c"], min_group=5)
    assert found.sizes.to_dict() == {"a": 20, MERGED: 11}
    assert found.merged == ("b", "c")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (who(a=6).drop(columns="segment"), "segment is missing"),
        (who(a=6, d=1), "no segment is named d"),
        (pd.concat([who(a=6), who(b=6)]), "6 customers stand twice"),
        (who(a=6).assign(segment=None), "has no segment"),
        (who(a=4), "fewer than 5 customers"),
    ],
)
def test_what_is_no_assignment_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        assign(frame, ["a", "b"], min_group=5)
