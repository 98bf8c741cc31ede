"""Canonical JSON, digests, and writes that leave the old file or the new one."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.files import (
    canonical,
    digest_of,
    digest_of_file,
    files_below,
    read_json,
    replace_file,
    write_file,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(values)
def test_json_comes_back_and_has_one_form(value: object) -> None:
    import json  # noqa: PLC0415 - the other reader

    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_the_order_of_keys_does_not_matter() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})


def test_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_a_files_digest(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    assert digest_of_file(path) == hashlib.sha256(b"content").hexdigest()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"
    write_file(path, b"old", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert [one.name for one in files_below(tmp_path)] == ["a.json"]


def test_a_missing_json_file_is_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") is None
