"""The triage record as JSON: what was written before is read, what cannot be is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench import triage
from workbench.errors import SnapshotError
from workbench.triage.facts import Suspicion, TextFacts
from workbench.triage.record import (
    RECORD_FILE,
    ColumnRecord,
    SourceRecord,
    TableRecord,
    TriageRecord,
    read_record,
)

NEW = ("sd", "quantiles", "constant", "key", "text", "suspicions")
PLAIN = TextFacts(1, 1, 1, (("9", 96),), False, 0, 0, 0, 0)
FACTS = TextFacts(2, 4, 9, (("AA-999", 90), ("a+ a+", 6)), True, 1, 2, 3, 96)


def record(*columns: ColumnRecord) -> TriageRecord:
    till = SourceRecord("till", "shop", "till.csv", 100, 100, 0, 0, ())
    table = TableRecord("orders", "a line", None, None, None, (till,), columns, {})
    return TriageRecord("demo", "atlas", "2025-06-30", (table,))


def column(name: str, text: TextFacts | None, *suspicions: Suspicion) -> ColumnRecord:
    return ColumnRecord(
        name=name,
        kind="carried",
        about="",
        required=False,
        missing=4,
        distinct=3,
        distinct_received=None,
        exact=True,
        lowest="1",
        highest="3",
        mean="2.0",
        total=None,
        top=(("1", 50),),
        sd="0.5",
        quantiles=((0.5, "2"),),
        constant=False,
        key=None,
        text=text,
        suspicions=suspicions,
    )


def test_what_was_written_is_read_back() -> None:
    suspicion = Suspicion("email", 3, 0.03125, 3, False)
    given = record(column("code", FACTS), column("note", None, suspicion))
    assert TriageRecord.from_json(json.loads(json.dumps(given.to_json()))) == given


def test_a_record_from_before_these_facts_is_read(tmp_path: Path) -> None:
    value = record(column("code", FACTS)).to_json()
    for name in NEW:
        del value["tables"][0]["columns"][0][name]
    (tmp_path / RECORD_FILE).write_text(json.dumps(value), encoding="utf-8")
    (old,) = read_record(tmp_path).tables[0].columns
    assert (old.sd, old.quantiles, old.constant, old.key, old.text, old.suspicions) == (
        *(None, (), None, None, None),
        (),
    )
    assert (old.distinct, old.top) == (3, (("1", 50),))
    assert triage.contents(read_record(tmp_path)).empty


def test_a_record_from_a_later_version_is_refused(tmp_path: Path) -> None:
    value = record(column("code", FACTS)).to_json()
    value["tables"][0]["columns"][0]["text"]["entropy"] = 1
    (tmp_path / RECORD_FILE).write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(SnapshotError, match="entropy"):
        read_record(tmp_path)


def test_contents_say_shapes_and_put_what_seems_personal_first() -> None:
    email = Suspicion("email", 3, 0.03125, 3, False)
    found = triage.contents(
        record(
            column("code", FACTS),
            column("n", None),
            column("kind", PLAIN),
            column("note", FACTS, email),
        )
    )
    assert found["column"].tolist() == ["note", "code"]
    assert found["personal"].tolist()[0] == email.evidence
    assert found["personal"].isna().tolist() == [False, True]
    code = found.iloc[1]
    assert code["patterns"] == "AA-999 (94%), a+ a+ (6%)"
    assert code["reads_as"] == "number (1%), date (2%), e-mail (3%), telephone (100%)"
