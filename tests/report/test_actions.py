from __future__ import annotations

import csv
import hashlib
import json
import re
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
        "min_group": 1,
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
    assert (record["customers_display"], record["min_group"]) == ("3 customers", 1)
    assert record["schema"] == 2
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
        "customers_display": "1 customers",
    }
    assert "C3" not in (tmp_path / "a" / "win-back.csv").read_text()
    assert "C3" in (tmp_path / "a" / "win-back.holdout.csv").read_text()


MANY = pd.DataFrame(
    {"crm": [f"C{i}" for i in range(12)], "worth": [Decimal(7)] * 12, "hold": [False] * 12}
)


@pytest.mark.parametrize(
    ("rows", "held", "hidden", "wanted"),
    [
        (12, 0, False, (12, 84, "12 customers")),
        (5, 0, False, (5, 35, "5 customers")),
        (4, 0, False, (None, None, "fewer than 5 customers")),
        (0, 0, False, (0, 0, "0 customers")),
        (0, 0, True, (0, 0, "0 customers")),
        (7, 2, False, (None, None, "number of customers hidden")),
        (7, 5, False, (None, None, "fewer than 5 customers")),
        (12, 6, False, (6, 42, "6 customers")),
        (12, 0, True, (None, None, "number of customers hidden")),
    ],
)
def test_few_customers_are_not_told_but_written(
    shown: Any,
    tmp_path: Path,
    rows: int,
    held: int,
    hidden: bool,
    wanted: tuple[int | None, int | None, str],
) -> None:
    frame = MANY.head(rows).assign(hold=[place < held for place in range(rows)])
    more = {"holdout": "hold"} if held else {}
    call(tmp_path / "a", frame, value="worth", unit="GBP", min_group=5, hidden=hidden, **more)
    record = shown.last("action")
    assert (record["customers"], record["value"]) == wanted[:2]
    assert record["customers_display"].startswith(wanted[2])
    assert (record["display"] is None) == (wanted[1] is None)
    if held:
        assert (record["holdout"]["customers"] is None) == (wanted[0] is None)
    if wanted[0] is None:
        told = {k: v for k, v in record.items() if k not in {"digest", "min_group", "schema"}}
        said = json.dumps([told, shown[-1]["text/plain"], shown[-1]["text/markdown"]])
        said = said.replace("fewer than 5", "few")
        for secret in (rows - held, held, 7 * (rows - held)):
            assert not secret or not re.search(rf"(?<![\w.]){secret}(?![\w.])", said), secret
    file = (tmp_path / "a" / "win-back.csv").read_text().splitlines()
    assert len(file) == 1 + rows - held, "the file is as it was"


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
