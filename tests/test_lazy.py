"""A package that imports its modules only once they are used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.lazy import lazily


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Make a package with one slow module, and return its name."""
    folder = tmp_path / "idle_house"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from workbench.lazy import lazily\n"
        "__all__ = ['answer']\n"
        "__getattr__ = lazily(__name__, {'answer': 'idle_house.slow'})\n"
    )
    (folder / "slow.py").write_text("answer = object()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "idle_house"
    for name in [name for name in sys.modules if name.split(".")[0] == "idle_house"]:
        del sys.modules[name]


def test_a_module_is_imported_once_its_name_is_used(package: str) -> None:
    house = __import__(package)
    assert "idle_house.slow" not in sys.modules
    first = house.answer
    assert "idle_house.slow" in sys.modules
    assert house.answer is first
    assert vars(house)["answer"] is first, "found at once from then on"


def test_an_unknown_name_is_an_attribute_error() -> None:
    find = lazily("workbench.data", {})
    with pytest.raises(AttributeError, match=r"'workbench\.data' has no attribute 'nothing'"):
        find("nothing")
