"""From suspected cells to repaired ones: suggested, answered, applied at the next ingest."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from support.project import Project, accepted, reasons
from support.repairs import save_cells, suspects_file
from workbench.cli import app
from workbench.data.contracts import CUSTOMER_RECORD
from workbench.data.demo import write_demo
from workbench.data.engine import connect
from workbench.errors import ParameterError, SnapshotError
from workbench.ingest import IngestSummary, ingest_suite
from workbench.ingest.repairs import write_suggestions
from workbench.params import load_suite
from workbench.triage.repairs.counted import RepairRecord
from workbench.workspace import ROOT_VARIABLE, Workspace

HEAD = ("apply", "table", "source", "column", "value", "repair", "record", "kind", "cells")
TYPED = "types: {ordered_at: date, amount: decimal}"


def orders(*changes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return good orders, each with its changes."""
    return [
        {
            "order_id": f"A{n}",
            "customer_id": f"C{n}",
            "ordered_at": "2025-01-31",
            "amount": "10.50",
            "town": "Leeds",
            **change,
        }
        for n, change in enumerate(changes, 1)
    ]


def answer(build: Project, *lines: Mapping[str, str], unit: str = "one") -> Path:
    """Write a repairs file by hand; each line is about table `orders`, source `main`."""
    path = build.root / "data/test" / unit / "repairs.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEAD, restval="")
        writer.writeheader()
        known = {"apply": "yes", "table": "orders", "source": "main"}
        writer.writerows({**known, **line} for line in lines)
    return path


def repaired(summary: IngestSummary, table: str = "orders") -> tuple[RepairRecord, ...]:
    (source,) = summary.record.table(table).sources
    return source.repaired


def test_a_value_is_repaired_before_it_is_typed(build: Project) -> None:
    rows = orders({"amount": "ten"}, {"amount": "ten"}, {"town": "Leed"}, {})
    build.table("orders", rows, TYPED)
    assert reasons(build.ingest(), "orders") == {"unreadable:amount": 2}
    line = {"column": "amount", "value": "ten", "repair": "10", "kind": "pattern", "cells": "2"}
    answer(build, line, {"column": "town", "value": "Leed", "repair": "Leeds"})
    found = build.ingest()
    assert not reasons(found, "orders")
    assert accepted(found, "orders", "order_id, amount::VARCHAR, town") == [
        ("A1", "10.0000", "Leeds"),
        ("A2", "10.0000", "Leeds"),
        ("A3", "10.5000", "Leeds"),
        ("A4", "10.5000", "Leeds"),
    ]
    assert repaired(found) == (
        RepairRecord("amount", "pattern", 1, 2, 2, 0),
        RepairRecord("town", "", 1, 1, 1, 0),
    )


def test_the_received_rows_stay_and_a_repaired_row_passes_the_same_checks(build: Project) -> None:
    rows = orders({"amount": "ten"}, {"amount": "ten", "order_id": ""}, {})
    build.table("orders", rows, TYPED).ingest()
    answer(build, {"column": "amount", "value": "ten", "repair": "99999999999"})
    found = build.ingest()
    assert reasons(found, "orders") == {"absurd:amount": 2, "missing:order_id": 1}
    assert [row["amount"] for row in build.quarantine(found, "orders")] == ["ten", "ten"]
    received = build.root / "data/test/one/received/orders.main.parquet"
    texts = duckdb.sql(f"SELECT amount FROM '{received}'").fetchall()
    assert texts == [("ten",), ("ten",), ("10.50",)]


def test_a_repair_may_empty_a_cell_and_a_null_value_is_one(build: Project) -> None:
    rows = orders({"town": "?"}, {"town": "x"}, {"town": "y"})
    build.table("orders", rows, "read: {null_values: ['', NA]}\n" + TYPED).ingest()
    answer(
        build,
        {"column": "town", "value": "?", "repair": "(empty)"},
        {"column": "town", "value": "x", "repair": "NA"},
    )
    assert accepted(build.ingest(), "orders", "town") == [(None,), (None,), ("y",)]


def test_names_and_texts_that_look_like_sql_are_names_and_texts(build: Project) -> None:
    name, value, repair = "to\"w'n", "x' OR 1=1 --", "'; DROP TABLE"
    build.table("orders", orders({name: value}, {name: "y"}), TYPED).ingest()
    answer(build, {"column": name, "value": value, "repair": f"'{repair}"})
    assert accepted(build.ingest(), "orders", '"to""w\'n"') == [(repair,), ("y",)]


def test_repeated_rows_are_still_found_as_they_came(build: Project) -> None:
    # Two rows that differ as they came are no repetition of each other, repaired or not.
    rows = orders({"town": "Leed"}, {"town": "Leeds"})
    rows[1] |= {"order_id": "A1", "customer_id": "C1"}
    build.table("orders", [*rows, rows[0]], TYPED).ingest()
    answer(build, {"column": "town", "value": "Leed", "repair": "Leeds"})
    found = build.ingest()
    assert reasons(found, "orders") == {"duplicate_row": 1}
    assert [row["_row"] for row in build.quarantine(found, "orders")] == ["3"]
    assert repaired(found)[0].cells == 2


def test_without_yes_nothing_is_done_again(build: Project) -> None:
    build.table("orders", orders({"town": "Leed"}, {}), TYPED)
    first = build.ingest()
    line = {"column": "town", "value": "Leed", "repair": "Leeds"}
    answer(build, {**line, "apply": "no"})
    again = build.ingest()
    assert again.reused
    assert again.snapshot == first.snapshot
    answer(build, {**line, "apply": ""})
    assert build.ingest().reused
    answer(build, line)
    third = build.ingest()
    assert not third.reused
    assert third.snapshot.digest != first.snapshot.digest
    assert build.ingest().reused
    answer(build, {**line, "apply": "no"})
    assert build.ingest().snapshot == first.snapshot


def suggest(build: Project) -> Path:
    """Write the suggestions of the newest load."""
    workspace = Workspace(build.root)
    suite = load_suite(workspace, "test")
    unit = suite.whole or suite.unit("one")
    return write_suggestions(workspace, suite, unit).path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def edit(path: Path, **answers: str) -> None:
    """Answer the lines of each kind."""
    rows = read(path)
    for row in rows:
        row["apply"] = answers.get(row["kind"], row["apply"])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


TOWNS = ("=Leeds", "-York", "Hull", "Derby", "Bath", "Ripon", "Ely", "Wells")


def town_of(row: Mapping[str, str]) -> str:
    return TOWNS[int(row["zip"]) % len(TOWNS)]


def places() -> list[dict[str, str]]:
    """Return orders whose zip decides the town, but for one wrong town and one typing error."""
    rows = orders(*({"zip": f"0{n % 16:03}"} for n in range(160)))
    for row in rows:
        row["town"] = town_of(row)
    rows[16]["town"] = "-York"
    rows[32]["town"] = "=Leds"
    return rows


def test_a_record_is_repaired_wherever_it_stands_by_then(build: Project) -> None:
    build.table("orders", places(), TYPED).ingest()
    path = suggest(build)
    told = {row["kind"]: row for row in read(path)}
    assert {kind: (row["row"], row["value"], row["repair"]) for kind, row in told.items()} == {
        "dependency": ("17", "'-York", "'=Leeds"),
        "typo": ("33", "'=Leds", "'=Leeds"),
    }
    edit(path, dependency="yes", typo="yes")
    more = orders(*({"zip": "0002", "town": "Hull", "order_id": f"B{n}"} for n in range(9)))
    build.table("orders", [*more, *reversed(places())], TYPED)
    found = build.ingest()
    town = dict(accepted(found, "orders", "order_id, town"))
    assert town == {row["order_id"]: town_of(row) for row in [*more, *places()]}
    assert [(one.kind, one.cells, one.lost) for one in repaired(found)] == [
        ("dependency", 1, 0),
        ("typo", 1, 0),
    ]


def test_a_record_that_changed_is_not_repaired_and_that_is_told(build: Project) -> None:
    build.table("orders", places(), TYPED).ingest()
    edit(suggest(build), dependency="yes")
    changed = places()
    changed[16]["amount"] = "11.00"
    found = build.table("orders", changed, TYPED).ingest()
    town = dict(accepted(found, "orders", "order_id, town"))
    assert town["A17"] == "-York"
    assert repaired(found) == (RepairRecord("town", "dependency", 1, 1, 0, 1),)


def test_the_order_of_the_columns_does_not_matter_and_a_lost_column_is_told(build: Project) -> None:
    build.table("orders", places(), TYPED).ingest()
    edit(suggest(build), dependency="yes")
    turned = [dict(reversed(row.items())) for row in places()]
    assert repaired(build.table("orders", turned, TYPED).ingest())[0].cells == 1
    fewer = [{name: row[name] for name in row if name != "town"} for row in places()]
    found = build.table("orders", fewer, TYPED).ingest()
    assert repaired(found) == (RepairRecord("town", "dependency", 1, 1, 0, 1),)


def test_a_record_goes_before_its_value(build: Project) -> None:
    build.table("orders", places(), TYPED).ingest()
    path = suggest(build)
    edit(path, dependency="yes")
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(["yes", "orders", "main", "town", "", "'-York", "Yorks"])
    found = build.ingest()
    town = dict(accepted(found, "orders", "order_id, town"))
    assert (town["A17"], town["A2"]) == ("=Leeds", "Yorks")
    assert [(one.kind, one.cells) for one in repaired(found)] == [("", 20), ("dependency", 1)]


def test_answers_stay_and_are_not_asked_again(build: Project) -> None:
    build.table("orders", places(), TYPED).ingest()
    path = suggest(build)
    edit(path, dependency="no", typo="yes")
    build.ingest()
    before = read(path)
    suggest(build)
    assert sorted(map(str, read(path))) == sorted(map(str, before))
    assert [row["apply"] for row in read(path)] == ["no", "yes"]


def test_a_wrong_line_stops_the_ingest_before_anything_is_published(build: Project) -> None:
    first = build.table("orders", orders({"town": "Leed"}), TYPED).ingest()
    answer(build, {"column": "town", "value": "Leed", "repair": "Leeds", "source": "mein"})
    with pytest.raises(ParameterError, match=r"repairs\.csv:2.*Did you mean `orders\.main`"):
        build.ingest()
    assert first.snapshot.folder.is_dir()


def test_a_load_without_suspected_cells_is_told(build: Project) -> None:
    found = build.table("orders", orders({}), TYPED).ingest()
    workspace = Workspace(build.root)
    assert not read(suggest(build)), "where nothing is suspected, nothing is suggested"
    shutil.rmtree(suspects_file(workspace, found).parent)
    with pytest.raises(SnapshotError, match=r"suspected cells.*are gone.*workbench ingest"):
        suggest(build)


def test_a_split_suite_has_one_file_and_each_unit_its_own_counts(build: Project) -> None:
    build.suite += "\nsplit: {by: country, min_customers: 1}\n"
    rows = orders(
        *({"country": country, "town": "Leed"} for country in ("UK", "UK", "FR")), {"country": "FR"}
    )
    build.table("orders", rows, TYPED).ingest_all()
    line = {"column": "town", "value": "Leed", "repair": "Leeds", "kind": "typo", "cells": "2"}
    answer(build, line, {"column": "town", "value": "Hul", "repair": "Hull"}, unit="all")
    found = build.ingest_all()
    lost = RepairRecord("town", "", 1, 1, 0, 1)
    assert repaired(found["all"]) == (lost, RepairRecord("town", "typo", 1, 2, 3, 0))
    assert repaired(found["uk"]) == (RepairRecord("town", "typo", 1, 2, 2, 0),)
    assert repaired(found["fr"]) == (RepairRecord("town", "typo", 1, 1, 1, 0),)


def call(build: Project, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setenv(ROOT_VARIABLE, str(build.root))
    said = CliRunner().invoke(app, ["triage", "repairs", *words])
    return said.exit_code, " ".join(said.output.split())


def test_the_command_says_what_it_wrote_and_what_it_left_out(
    build: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = build.table("orders", places(), TYPED).ingest()
    workspace = Workspace(build.root)
    path = suspects_file(workspace, found)
    outlier = {"row": 3, "column": "amount", "kind": "outlier", "value": "10.5000"}
    outlier |= {"table": "orders", "source": "main", "suggestion": None, "confidence": 0.6}
    with connect() as connection:
        cells = connection.read_parquet(str(path)).df()
        more = pd.concat([cells, pd.DataFrame([outlier])], ignore_index=True)
        save_cells(connection, more, path)
    code, said = call(build, monkeypatch, "test/one")
    assert (code, "data/test/one/repairs.csv: 2 to answer, 0 answered" in said) == (0, True)
    assert re.search(r"Not written .* orders main amount outlier 1 nothing is suggested", said)
    edit(build.root / "data/test/one/repairs.csv", typo="no")
    assert "1 to answer, 1 answered" in call(build, monkeypatch, "one", "--suite", "test")[1]
    code, said = call(build, monkeypatch, "test/two")
    assert code == 2
    assert "two" in said


def test_of_a_split_suite_the_command_wants_the_whole(
    build: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.suite += "\nsplit: {by: country, min_customers: 1}\n"
    build.table("orders", orders({"country": "UK"}), TYPED).ingest_all()
    code, said = call(build, monkeypatch, "test/uk")
    assert (code, "workbench triage repairs test/all" in said) == (2, True)
    assert call(build, monkeypatch, "test/all")[0] == 0
    assert (build.root / "data/test/all/repairs.csv").is_file()


@dataclass(frozen=True)
class Brook:
    """The demo's dirty unit, ingested."""

    workspace: Workspace
    errors: Any
    summary: IngestSummary

    @property
    def file(self) -> Path:
        return self.workspace.unit_data("demo", "brook") / "repairs.csv"

    def ingest(self) -> IngestSummary:
        suite = load_suite(self.workspace, "demo")
        return ingest_suite(self.workspace, suite, ["brook"])["brook"]


@pytest.fixture
def brook(tmp_path: Path, project: Path) -> Brook:
    truth = write_demo(tmp_path / "data/demo/raw", seed=7, as_of=date(2025, 6, 30), scale=0.1)
    shutil.copytree(project / "params", tmp_path / "params")
    (tmp_path / "notebooks").mkdir()
    workspace = Workspace(tmp_path)
    found = ingest_suite(workspace, load_suite(workspace, "demo"), ["brook"])["brook"]
    return Brook(workspace, truth.units["brook"].errors, found)


def test_planted_errors_of_the_demo_are_repaired_and_nothing_else(
    brook: Brook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(brook.workspace.root))
    said = CliRunner().invoke(app, ["triage", "repairs", "brook", "--suite", "demo"])
    assert said.exit_code == 0, said.output
    lines = read(brook.file)
    assert f"{len(lines)} to answer, 0 answered" in " ".join(said.output.split())
    planted = {
        (error.table, error.source, error.column, str(error.row)): error
        for error in brook.errors.itertuples()
        if error.kind in ("misspelt", "case_variant")
    }
    chosen = []
    for line in lines:
        error = planted.get((line["table"], line["source"], line["column"], line["row"]))
        right = error is not None and (line["value"], line["repair"]) == (
            error.value,
            error.true_value,
        )
        line["apply"] = "yes" if right else "no"
        chosen += [line] * right
    assert len(chosen) >= 8, "too little was suggested to show anything"
    with brook.file.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)

    found = brook.ingest()
    for table in ("customers", "orders"):
        assert changed(brook.summary, found, table) == changes_of(chosen, table)
    record = found.record
    for was, now in zip(brook.summary.record.tables, record.tables, strict=True):
        assert now.received == was.received == now.accepted + now.quarantined
    counts = [one for t in record.tables for s in t.sources for one in s.repaired]
    assert sum(one.repairs for one in counts) == len(chosen)
    assert sum(one.cells for one in counts) == sum(int(line["cells"]) for line in chosen)
    assert not any(one.lost for one in counts)
    assert brook.ingest().reused


COLUMN = {"county": "region", "department": "category", "category": "category"}


def changed(was: IngestSummary, now: IngestSummary, table: str) -> dict[tuple[str, str, str], int]:
    """Return (source, from, to) -> accepted rows of which a value changed, whatever the column."""
    column = "region" if table == "customers" else "category"
    keys = CUSTOMER_RECORD if table == "customers" else "order_id, line_no"
    paths = [one.snapshot.path(table) for one in (was, now)]
    names = duckdb.sql(f"DESCRIBE SELECT * EXCLUDE ({column}) FROM '{paths[0]}'").fetchall()
    assert names
    other = [f"SELECT * EXCLUDE ({column}) FROM '{path}'" for path in paths]
    apart = f"({other[0]} EXCEPT ALL {other[1]}) UNION ALL ({other[1]} EXCEPT ALL {other[0]})"
    assert duckdb.sql(f"SELECT count(*) FROM ({apart})").fetchone() == (0,)
    rows = duckdb.sql(
        f"SELECT source, trim(a.{column}), b.{column}, count(*) FROM '{paths[0]}' a "
        f"JOIN '{paths[1]}' b USING (source, {keys}) "
        f"WHERE a.{column} IS DISTINCT FROM b.{column} GROUP BY ALL"
    ).fetchall()
    return {(source, old, new): count for source, old, new, count in rows}


def changes_of(lines: list[dict[str, str]], table: str) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for line in lines:
        if line["table"] == table:
            assert line["column"] in COLUMN
            key = (line["source"], line["value"].strip(), line["repair"])
            found[key] = found.get(key, 0) + int(line["cells"])
    return found
