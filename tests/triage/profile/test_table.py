"""The profile of a snapshot's table, as it goes into the record."""

from __future__ import annotations

from pathlib import Path

from workbench.data.contracts import contract
from workbench.data.engine import connect
from workbench.triage.profile import profile_table
from workbench.triage.record import ColumnRecord


def records(path: Path, select: str) -> dict[str, ColumnRecord]:
    with connect(threads=1) as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        found = profile_table(
            connection, contract("campaigns"), path, {"campaign_id": 9}, min_group=2
        )
    return {one.name: one for one in found}


def test_contract_and_profile_meet(tmp_path: Path) -> None:
    found = records(
        tmp_path / "campaigns.parquet",
        """SELECT 'k' || i AS campaign_id, 'Spring Sale' AS name, 12.5::DECIMAL(18,4) AS cost,
        'till' AS source, 'ask ann@x.org' AS remark, 'Ann Lee' AS contact_name
        FROM range(4) t(i)""",
    )
    assert "source" not in found, "it names where a row came from"
    identifier = found["campaign_id"]
    assert (identifier.distinct, identifier.distinct_received, identifier.key) == (4, 9, True)
    assert identifier.top == ()
    assert identifier.text is not None
    assert identifier.text.patterns == (("a9", 4),)
    assert found["cost"].total == "50.0000"
    assert (found["cost"].mean, found["cost"].sd, found["cost"].constant) == ("12.5", "0", True)
    assert [one.kind for one in found["remark"].suspicions] == ["email"]
    assert found["remark"].top == ()


def test_a_contract_refutes_what_only_a_name_suggests(tmp_path: Path) -> None:
    found = records(
        tmp_path / "campaigns.parquet",
        """SELECT 'k' AS campaign_id, 'Spring Sale' AS name, 'Ann Lee' AS contact_name,
        'till' AS source FROM range(4)""",
    )
    assert found["name"].suspicions == ()
    assert found["name"].top == (("Spring Sale", 4),), "no suspicion hides what may be shown"
    assert [one.kind for one in found["contact_name"].suspicions] == ["person"]
