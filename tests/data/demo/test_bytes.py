"""The same arguments give the same bytes; what did not change is not touched."""

from __future__ import annotations

import os
import random
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.demo import AS_OF, Demo
from workbench.data.demo import UNITS, read_truth, write_demo
from workbench.errors import ParameterError, SourceError


def _bytes(folder: Path) -> dict[str, bytes]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def test_same_arguments_same_bytes(small: Demo, tmp_path: Path) -> None:
    write_demo(tmp_path / "again", seed=7, as_of=date(2024, 2, 29), scale=0.05)
    assert _bytes(tmp_path / "again") == _bytes(small.raw)


@pytest.mark.parametrize(
    ("seed", "as_of", "scale"),
    [(8, date(2024, 2, 29), 0.05), (7, date(2024, 3, 1), 0.05), (7, date(2024, 2, 29), 0.06)],
)
def test_each_argument_matters(
    small: Demo, tmp_path: Path, seed: int, as_of: date, scale: float
) -> None:
    write_demo(tmp_path, seed=seed, as_of=as_of, scale=scale)
    old, new = _bytes(small.raw), _bytes(tmp_path)
    assert old.keys() == new.keys()
    # Campaigns are planned by the calendar; all that chance touches must differ.
    by_chance = [name for name in old if "campaigns" not in name and "truth" not in name]
    assert [name for name in by_chance if old[name] == new[name]] == []


def test_unchanged_files_are_not_touched(tmp_path: Path) -> None:
    write_demo(tmp_path, seed=3, as_of=AS_OF, scale=0.02)
    files = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    for path in files:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    spoiled = tmp_path / "atlas" / "customers.csv"
    right = spoiled.read_bytes()
    spoiled.write_bytes(right[:-1] + b"?")
    os.utime(spoiled, (1_000_000_000, 1_000_000_000))
    write_demo(tmp_path, seed=3, as_of=AS_OF, scale=0.02)
    touched = [p for p in files if p.stat().st_mtime != 1_000_000_000]
    assert touched == [spoiled]
    assert spoiled.read_bytes() == right
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == files


def test_no_clock_in_compressed_files(small: Demo) -> None:
    for path in small.raw.rglob("*.gz"):
        # RFC 1952: bytes 4 to 7 are the time, nought where there is none.
        assert path.read_bytes()[4:8] == b"\0\0\0\0"


def test_global_random_state_is_left_alone(tmp_path: Path) -> None:
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    write_demo(tmp_path, seed=3, as_of=AS_OF, scale=0.02)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_scale_multiplies_customers(small: Demo, demo: Demo) -> None:
    for unit, source in (("atlas", "customers/crm"), ("cirrus", "customers/accounts")):
        few = small.unit(unit).facts["totals"][source]["records"]
        many = demo.unit(unit).facts["totals"][source]["records"]
        assert few == round(many * 0.05)


def test_progress_tells_each_unit(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_demo(tmp_path, seed=3, as_of=AS_OF, scale=0.02, progress=lambda *step: told.append(step))
    assert told == [("atlas", 1, 3), ("brook", 2, 3), ("cirrus", 3, 3)]


def test_truth_is_read_back_as_it_was_returned(small: Demo) -> None:
    for unit in UNITS:
        again = read_truth(small.raw, unit)
        assert again.facts == small.unit(unit).facts
        for name in ("customers", "errors", "duplicates", "overlap"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(small.unit(unit), name))


@pytest.mark.parametrize(
    ("seed", "scale", "said"),
    [
        (1, 0.0, "scale == 0, must be between"),
        (1, 1e9, "scale == 1e+09"),
        (1, float("nan"), "scale == nan"),
        (-1, 1.0, "seed == -1, must be 0 or more"),
    ],
)
def test_arguments_out_of_range(tmp_path: Path, seed: int, scale: float, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        write_demo(tmp_path, seed=seed, as_of=AS_OF, scale=scale)
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_missing_truth_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="workbench demo"):
        read_truth(tmp_path, "atlas")
