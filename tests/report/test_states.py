"""A small state for the next edition: plain values are kept as they are, all else is refused."""

from __future__ import annotations

import json
import math
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import NotebookError
from workbench.report import state
from workbench.report.states import MOST_BYTES, _plain

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def test_it_is_recorded_and_told_in_one_line(shown: Any) -> None:
    state("groups", {"names": ["Loyal", "New"], "cuts": (0.5, 2), "none": None})
    assert shown.last("state") == {
        "id": "groups",
        "value": {"names": ["Loyal", "New"], "cuts": [0.5, 2], "none": None},
    }
    assert shown[-1]["text/plain"] == "Kept for the next edition: groups (59 bytes)."


@given(st.dictionaries(TEXTS, PLAIN, max_size=4))
def test_plain_values_come_back_from_a_file_as_they_were(value: dict[str, Any]) -> None:
    assert json.loads(json.dumps(_plain(value, "state x", "", 0))) == value


class Shade(StrEnum):
    DARK = "dark"


def test_what_is_plain_underneath_is_kept_as_plain(shown: Any) -> None:
    state("kinds", {"a": np.float64(1.5), "b": Shade.DARK, "c": True})
    kept = shown.last("state")["value"]
    assert [type(value) for value in kept.values()] == [float, str, bool]


def endless() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["again"] = value
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pd.DataFrame({"a": [1]}), r"the state is a pandas.*DataFrame.*Give a mapping"),
        ({"of": {"a": pd.Series([1])}}, r"at `of\.a` is a pandas.*Series.*`\.to_dict\(\)`"),
        ({"a": [1, np.int64(2)]}, r"at `a\[1\]` is a numpy\.int64.*`\.item\(\)`"),
        ({"a": np.zeros(2)}, r"numpy\.ndarray.*`\.tolist\(\)`"),
        ({"a": pd.NaT}, "pandas"),
        ({"a": pd.NA}, "pandas"),
        ({"a": date(2025, 6, 30)}, r"datetime\.date.*`\.isoformat\(\)`"),
        ({"a": Decimal("1.5")}, r"decimal\.Decimal"),
        ({"a": {1, 2}}, "builtins.set.*Allowed: text"),
        ({"a": math.nan}, "at `a` is nan, which is no JSON"),
        ({"a": [0.0, -math.inf]}, r"at `a\[1\]` is -inf"),
        ({1: "a"}, "has the name 1, which is no text"),
        ({"a": "half \ud83d"}, "half a character"),
        ({"\ud83d": "a"}, "half a character"),
        (["a"], "the state is a builtins.list"),
        (endless(), "levels deep"),
        ({"a": "x" * MOST_BYTES}, "at most 256,000 are kept"),
    ],
)
def test_what_is_refused(shown: Any, value: Any, message: str) -> None:
    with pytest.raises(NotebookError, match=f"(?s){message}"):
        state("groups", value)
    assert not shown


def test_an_id_is_a_slug(shown: Any) -> None:
    with pytest.raises(NotebookError, match="is not an id"):
        state("My groups", {})


def test_outside_a_notebook_it_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    state("groups", {})
    assert capsys.readouterr().out == "Kept for the next edition: groups (2 bytes).\n"
