from __future__ import annotations

import csv
import hashlib
import json
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from workbench.errors import NotebookError
from workbench.report import action_list

FRAME = pd.DataFrame(
    {
        "crm": ["C2", "=C1", "C3"],
        "name": ["Ann", "@Bob", "Cy"],
        "worth": [Decimal("10.10"), Decimal("20.20"), Decimal("30.30")],
        "hold": [False, False, True],
    }
)


def call(folder: Path, frame: pd.DataFrame = FRAME, **more: Any) -> None:
    given = {
        "id": "win-back",
        "label": "Win back",
        "key": "crm",
        "folder": folder,
        "columns": ["worth"],
    }
    action_list(frame, **(given | more))


def test_the_file_is_its_owners_alone(shown: Any, tmp_path: Path) -> None:
    folder = tmp_path / "actions"
    call(folder, columns={"worth": "Worth", "name": "Name"}, value="worth", unit="GBP")
    file = folder / "win-back.csv"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.reader(file.read_text().splitlines()))
    assert rows == [
        ["crm", "Worth", "Name"],
        ["C2", "10.10", "Ann"],
        ["'=C1", "20.20", "'@Bob"],
        ["C3", "30.30", "Cy"],
    ]
    record = shown.last("action")
    assert record["digest"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (record["customers"], record["value"], record["display"]) == (3, 60.6, "£60.60")
    assert record["schema"] == 1
    assert (record["key"], record["columns"]) == ("crm", rows[0])
    assert [path.name for path in folder.iterdir()] == ["win-back.csv"]


def test_no_customer_is_shown(shown: Any, tmp_path: Path) -> None:
    call(tmp_path / "a", columns=["name"])
    said = json.dumps(shown)
    assert "Ann" not in said
    assert "C2" not in said
    assert str(tmp_path) not in said


def test_held_out_customers_are_kept_apart(shown: Any, tmp_path: Path) -> None:
    call(tmp_path / "a", value="worth", unit="GBP", holdout="hold")
    record = shown.last("action")
    assert (record["customers"], record["value"]) == (2, 30.3)
    aside = tmp_path / "a" / "win-back.holdout.csv"
    assert record["holdout"] == {
        "file": "win-back.holdout.csv",
        "digest": hashlib.sha256(aside.read_bytes()).hexdigest(),
        "customers": 1,
    }
    assert "C3" not in (tmp_path / "a" / "win-back.csv").read_text()
    assert "C3" in (tmp_path / "a" / "win-back.holdout.csv").read_text()


def test_writing_again_gives_the_same_bytes(shown: Any, tmp_path: Path) -> None:
    call(tmp_path / "a")
    call(tmp_path / "b")
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("frame", "more", "match"),
    [
        (FRAME.assign(crm=["a", "a", None]), {}, "1 keys are missing and 1 stand more than once"),
        (FRAME, {"key": "cmr"}, "no column"),
        (FRAME, {"columns": ["nam"]}, "Did you mean `name`"),
        (FRAME, {"value": "worth"}, "go together"),
        (FRAME, {"label": ""}, "label is empty"),
        (FRAME, {"id": "../x"}, "not an id"),
    ],
)
def test_a_wrong_list_is_refused(
    frame: pd.DataFrame, more: Any, match: str, tmp_path: Path
) -> None:
    with pytest.raises(NotebookError, match=match):
        call(tmp_path / "a", frame, **more)
    assert not (tmp_path / "a").exists()
