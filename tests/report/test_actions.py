"""Candidates for a list: who is written, what is counted, and what is not told."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import NotebookError
from workbench.report import action_list
from workbench.report.actions import _told, _Worth
from workbench.report.candidates import MARGIN, VALUE

FRAME = pd.DataFrame(
    {
        "crm": ["C2", "=C1", "C3", "C4", "C5"],
        "name": ["Ann", "@Bob", "Cy", "Di", None],
        "worth": [Decimal("10.10"), Decimal("20.20"), Decimal("30.30"), Decimal(1), Decimal(2)],
        "margin": [Decimal("1.10"), None, Decimal("3.30"), Decimal(1), Decimal(2)],
        "orders": [1, 2, 3, 4, 5],
        "last": pd.to_datetime(["2025-01-01"] * 5),
        "way": ["post", "app", None, "app", "app"],
        "agreed": [True, True, False, None, True],
    }
)


def call(folder: Path, frame: pd.DataFrame = FRAME, **more: Any) -> None:
    given = {
        "id": "win-back",
        "label": "Win back",
        "key": "crm",
        "folder": folder,
        "columns": ["worth"],
        "consent": "agreed",
        "min_group": 1,
    }
    action_list(frame, **(given | more))


def test_the_file_is_its_owners_alone_and_keeps_types(shown: Any, tmp_path: Path) -> None:
    folder = tmp_path / "actions" / "candidates" / "report"
    columns = {"worth": "Worth", "name": "Name", "orders": "Orders", "last": "Last", "way": "Way"}
    more = {"value": "worth", "margin": "margin", "unit": "GBP", "channel": "way"}
    call(folder, columns=columns, holdout_share=0.2, **more)
    file = folder / "win-back.parquet"
    for place in (folder, folder.parent, folder.parent.parent):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700, place
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = pq.read_table(file)
    names = ["crm", "Worth", "Name", "Orders", "Last", "Way", "margin", VALUE, MARGIN]
    assert rows.column_names == names
    assert rows["crm"].to_pylist() == ["C2", "=C1", "C5"], "as the CRM knows them, in their order"
    assert rows["Name"].to_pylist() == ["Ann", "@Bob", None]
    assert rows["Worth"].to_pylist() == [Decimal("10.10"), Decimal("20.20"), Decimal("2.00")]
    assert rows["Orders"].type == pa.int64()
    assert [one.date() for one in rows["Last"].to_pylist()] == [date(2025, 1, 1)] * 3
    assert rows[MARGIN].to_pylist() == [Decimal("1.10"), None, Decimal("2.00")]
    record = shown.last("action")
    assert record["digest"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (record["customers"], record["candidates"], record["no_consent"]) == (5, 3, 2)
    assert (record["value"], record["display"]) == (63.6, "£63.60")
    assert (record["margin"], record["margin_missing"]) == (7.4, 1)
    assert (record["holdout_share"], record["schema"]) == (0.2, 3)
    assert (record["key"], record["columns"]) == ("crm", names[:-2])
    assert record["channel"] == "Way"
    assert [path.name for path in folder.iterdir()] == ["win-back.parquet"]


def test_nobody_is_written_without_consent(shown: Any, tmp_path: Path) -> None:
    frame = FRAME.assign(agreed=["yes", 1, float("nan"), False, True])
    call(tmp_path / "a", frame, columns=["name"])
    file = tmp_path / "a" / "win-back.parquet"
    assert pq.read_table(file)["crm"].to_pylist() == ["=C1", "C5"]
    for canary in (b"C2", b"C3", b"C4", b"Ann", b"Cy", b"Di"):
        assert canary not in file.read_bytes()
    assert shown.last("action")["consent_known"] is True
    for unknown in ({"consent": None}, {"frame": FRAME.assign(agreed=None)}):
        call(tmp_path / "b", **unknown)
        assert pq.read_table(tmp_path / "b" / "win-back.parquet").num_rows == 0
        record = shown.last("action")
        assert (record["candidates"], record["no_consent"]) == (0, 5)
        assert record["consent_known"] is False


def test_no_customer_is_shown(shown: Any, tmp_path: Path) -> None:
    call(tmp_path / "a", columns=["name"])
    said = json.dumps(shown)
    assert "Ann" not in said
    assert "C2" not in said
    assert str(tmp_path) not in said


MANY = pd.DataFrame(
    {"crm": [f"C{i}" for i in range(12)], "worth": [Decimal(7)] * 12, "agreed": [True] * 12}
)


@pytest.mark.parametrize(
    ("rows", "refused", "hidden", "wanted"),
    [
        (12, 0, False, (12, 0, 12)),
        (5, 0, False, (5, 0, 5)),
        (4, 0, False, (None, None, None)),
        (0, 0, False, (0, 0, 0)),
        (0, 0, True, (0, 0, 0)),
        (7, 2, False, (7, None, None)),
        (7, 5, False, (7, None, None)),
        (12, 6, False, (12, 6, 6)),
        (12, 12, False, (12, 12, 0)),
        (12, 0, True, (None, None, None)),
    ],
)
def test_few_customers_are_not_told_but_written(
    shown: Any,
    tmp_path: Path,
    rows: int,
    refused: int,
    hidden: bool,
    wanted: tuple[int | None, int | None, int | None],
) -> None:
    frame = MANY.head(rows).assign(agreed=[place >= refused for place in range(rows)])
    call(tmp_path / "a", frame, value="worth", unit="GBP", min_group=5, hidden=hidden)
    record = shown.last("action")
    assert (record["customers"], record["no_consent"], record["candidates"]) == wanted
    assert record["value"] == (None if wanted[0] is None else 7 * rows)
    assert (record["display"] is None) == (wanted[0] is None)
    told = {k: v for k, v in record.items() if k not in {"digest", "min_group", "schema"}}
    said = json.dumps([told, shown[-1]["text/plain"], shown[-1]["text/markdown"]])
    said = said.replace("fewer than 5", "few")
    secrets = [] if wanted[0] is not None else [rows, 7 * rows]
    secrets += [] if wanted[1] is not None else [refused, rows - refused]
    for secret in secrets:
        assert not secret or not re.search(rf"(?<![\w.]){secret}(?![\w.])", said), secret
    file = pq.read_table(tmp_path / "a" / "win-back.parquet")
    assert file.num_rows == rows - refused, "the file is as it was"


@given(st.integers(0, 20), st.data(), st.integers(1, 6), st.booleans())
def test_no_few_can_be_computed_from_the_record(many, data, smallest, hidden) -> None:
    reachable = data.draw(st.integers(0, many))
    known = data.draw(st.integers(0, many))
    told = _told(many, reachable, _Worth(1, 1, known), "GBP", min_group=smallest, hidden=hidden)
    shown = {"customers": many, "candidates": reachable, "no_consent": many - reachable}
    for name, count in shown.items():
        assert told[name] in {None, count}
        assert told[name] is None or not 0 < count < smallest
    assert (told["candidates"] is None) == (told["no_consent"] is None)
    if told["margin"] is not None:
        assert told["customers"] is not None
        assert known == 0 or known >= smallest
        assert told["margin_missing"] in {None, many - known}
        assert told["margin_missing"] is not None or 0 < many - known < smallest
    if hidden and many:
        assert told["customers"] is told["candidates"] is told["value"] is None


def test_writing_again_gives_the_same_bytes(shown: Any, tmp_path: Path) -> None:
    call(tmp_path / "a")
    call(tmp_path / "b")
    assert shown[0] == shown[1]


def test_mixed_and_unwritable_values_become_texts(shown: Any, tmp_path: Path) -> None:
    frame = FRAME.assign(name=["a\ud800", 3, None, "x", date(2025, 1, 2)], agreed=True)
    call(tmp_path / "a", frame, columns=["name"])
    found = pq.read_table(tmp_path / "a" / "win-back.parquet")["name"].to_pylist()
    assert found == ["a?", "3", None, "x", "2025-01-02"]


@pytest.mark.parametrize(
    ("frame", "more", "match"),
    [
        (
            FRAME.assign(crm=["a", "a", None, "b", "c"]),
            {},
            "1 keys are missing and 1 stand more than once",
        ),
        (FRAME, {"key": "cmr"}, "no column"),
        (FRAME, {"columns": ["nam"]}, "Did you mean `name`"),
        (FRAME, {"consent": "agree"}, "Did you mean `agreed`"),
        (FRAME, {"value": "worth"}, "go together"),
        (FRAME, {"margin": "margin"}, "without a value"),
        (FRAME, {"holdout_share": 1.0}, "less than 1"),
        (FRAME, {"columns": {"worth": "A", "name": "A"}}, "stands twice"),
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
