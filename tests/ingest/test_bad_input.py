"""Bad input on purpose: a clear error and nothing published, or rows set aside and none lost."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.project import Project, accepted, reasons
from workbench.data.snapshots import current_snapshot, verify_snapshot
from workbench.errors import SourceError
from workbench.ingest import IngestSummary

HEADER = ("order_id", "customer_id", "ordered_at", "amount")


def good(rows: int) -> list[tuple[str, ...]]:
    return [
        (f"A{i}", f"C{i % 7}", f"2025-01-{i % 28 + 1:02d}", f"{i % 90}.50") for i in range(rows)
    ]


def text(rows: int = 10_000) -> str:
    return "".join(",".join(row) + "\n" for row in (HEADER, *good(rows)))


def json_lines(rows: int = 500) -> str:
    return "".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in good(rows))


def parquet(table: pa.Table | None = None) -> bytes:
    buffer = io.BytesIO()
    columns = [list(column) for column in zip(*good(1000), strict=True)]
    whole = pa.table(dict(zip(HEADER, columns, strict=True)))
    pq.write_table(whole if table is None else table, buffer)
    return buffer.getvalue()


def broken_text() -> pa.Array:
    ends = b"\0\0\0\0\2\0\0\0\4\0\0\0"
    return pa.StringArray.from_buffers(2, pa.py_buffer(ends), pa.py_buffer(b"A1A\xe9"))


def book(*rows: Sequence[str]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def with_half_a_sheet(made: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as whole, zipfile.ZipFile(buffer, "w") as half:
        for name in whole.namelist():
            part = whole.read(name)
            half.writestr(name, part[: len(part) // 2] if "sheet1" in name else part)
    return buffer.getvalue()


def database(*rows: Sequence[Any]) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        path = folder / "made.db"
        connection = sqlite3.connect(path)
        connection.execute(f"CREATE TABLE orders ({', '.join(HEADER)})")
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
        connection.commit()
        connection.close()
        return path.read_bytes()

    return make


def put(
    build: Project, content: bytes | Callable[[Path], bytes], kind: str, options: str = ""
) -> Project:
    """Let the unit's one source hold this content."""
    path = build.root / "raw" / f"orders.{kind}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content(build.root) if callable(content) else content)
    lines = [f"path: raw/{path.name}"]
    if kind == "db":
        lines = [f"url: sqlite:///raw/{path.name}", "table: orders"]
    lines += options.splitlines()
    build.sources["orders"] = {"main": "\n".join(f"      {line}" for line in lines)}
    return build


PACKED = gzip.compress(text().encode())
REFUSED: Mapping[str, tuple[bytes | Callable[[Path], bytes], str, str]] = {
    "nothing": (b"", "csv", "the file is empty"),
    "blank lines": (b"\n\n\n", "csv", "the file is empty"),
    "half a gzip": (PACKED[: len(PACKED) // 2], "csv.gz", "ends in the middle"),
    "a gzip without its end": (PACKED[:-5], "csv.gz", "ends in the middle"),
    "a gzip's first bytes": (PACKED[:2], "csv.gz", "ends in the middle"),
    "a gzip with a hole": (PACKED[:300] + bytes(9) + PACKED[309:], "csv.gz", "is damaged"),
    "UTF-16": (text().encode("utf-16"), "csv", "state `encoding: utf-16` under `read:`"),
    "UTF-16 without mark": (
        text().encode("utf-16-le"), "csv", "state `encoding: utf-16-le` under `read:`"),
    "UTF-16, big end first": (
        text().encode("utf-16-be"), "csv", "state `encoding: utf-16-be` under `read:`"),
    "a NUL in the header": (text().replace("amount", "am\0ount").encode(), "csv", "a NUL byte"),
    "two columns of one name": (
        text().replace("customer_id", "order_id").encode(), "csv", "two columns are called"),
    "two names that differ in case": (
        text().replace("customer_id", "Order_ID").encode(), "csv", "`order_id` and `Order_ID`"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "csv", "the header cannot be read"),
    "no lines": (b"", "jsonl", "the file is empty"),
    "one array": (b"[" + json_lines().encode().replace(b"\n", b",\n") + b"{}]", "jsonl",
        "the file is empty, or its lines are no JSON objects"),
    "half packed lines": (
        gzip.compress(json_lines().encode())[:900], "jsonl.gz", "ends in the middle"),
    "lines in UTF-16": (json_lines().encode("utf-16-le"), "jsonl", "`encoding: utf-16-le`"),
    "keys that differ in case": (
        (json_lines() + '{"Order_ID": "x"}\n').encode(), "jsonl", "two columns are called"),
    "no Parquet": (b"", "parquet", "no readable Parquet file"),
    "half a Parquet": (parquet()[:4000], "parquet", "no readable Parquet file"),
    "a Parquet with a hole": (
        parquet()[:200] + bytes(2000) + parquet()[2200:], "parquet", "cannot be read to its end"),
    "a Parquet without columns": (parquet(pa.table({})), "parquet", "has no columns"),
    "a Parquet with broken text": (
        parquet(pa.table({name: broken_text() for name in HEADER})), "parquet", "no UTF-8"),
    "a Parquet with a name twice": (
        parquet(pa.table([pa.array(["1"])] * 4, names=["order_id", "order_id", "x", "y"])),
        "parquet", "two columns are called"),
    "no workbook": (b"", "xlsx", "no readable workbook"),
    "half a workbook": (book(HEADER, *good(50))[:4000], "xlsx", "no readable workbook"),
    "a workbook with a hole": (
        book(HEADER, *good(300))[:2500] + b"\xff" * 200 + book(HEADER, *good(300))[2700:],
        "xlsx", "no readable workbook"),
    "half a sheet": (
        with_half_a_sheet(book(HEADER, *good(50))), "xlsx", "no readable workbook"),
    "an empty sheet": (book(), "xlsx", "the sheet is empty"),
    "a sheet with a name twice": (
        book(("order_id", "order_id", "ordered_at", "amount"), *good(5)), "xlsx",
        "two columns are called"),
    "text for a workbook": (text().encode(), "xlsx", "no readable workbook"),
    "text for a database": (text().encode(), "db", "file is not a database"),
    "no database": (b"", "db", "no table at all"),
    "half a database": (
        lambda folder: database(*good(2000))(folder)[:40_000], "db", "malformed"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_and_the_last_good_stays(build: Project, name: str) -> None:
    before = build.table("orders", text(5)).ingest()
    content, kind, said = REFUSED[name]
    with pytest.raises(SourceError) as refused:
        put(build, content, kind).ingest()
    message = str(refused.value)
    assert said in message
    assert "params/test/one.yml, sources.orders.main" in message
    assert refused.value.fix
    assert "A1A" not in message  # no value is quoted
    home = build.root / "data/test/one"
    assert current_snapshot(home).digest == before.snapshot.digest
    verify_snapshot(before.snapshot)
    assert [path.name for path in (home / "quarantine").iterdir()] == [before.snapshot.digest]
    assert not list(home.glob(".*")), "something half done was left"
    assert len(accepted(build.table("orders", text(5)).ingest(), "orders")) == 5


@pytest.mark.parametrize("name", ["nothing", "half a gzip", "half a Parquet", "half a database"])
def test_what_cannot_be_read_at_first_publishes_nothing(build: Project, name: str) -> None:
    content, kind, _ = REFUSED[name]
    with pytest.raises(SourceError):
        put(build, content, kind).ingest()
    home = build.root / "data/test/one"
    assert {path.name for path in home.iterdir()} <= {"received"}
    assert not [path for path in home.rglob("*") if path.is_file()]


def set_aside(build: Project, found: IngestSummary) -> list[int]:
    """Return the places of the rows and lines in quarantine, by Python's own reader."""
    rows = [
        *build.quarantine(found, "orders"),
        *build.quarantine(found, "orders", "main.unreadable"),
    ]
    assert all(row["_reasons"] for row in rows)
    return sorted(int(row["_row"]) for row in rows)


WIDE = tuple(f"x{place}" for place in range(596))
LONG = "y" * 10_000_000
KEPT: Mapping[str, tuple[bytes | Callable[[Path], bytes], str, int, Mapping[str, int], list[int]]]
KEPT = {
    "a header alone": (b"order_id,customer_id,ordered_at,amount", "csv", 0, {}, []),
    "bytes of another encoding": (
        text().encode().replace(b"A500,", b"A5\xe900,").replace(b"A9000,", b"A9\x8000,"),
        "csv", 10_000, {"unreadable_line": 2}, [501, 9001]),
    "a NUL": (text().replace("A700,", "A7\x0000,").encode(), "csv", 10_000,
        {"unreadable_line": 1}, [701]),
    "a quote within a field": (text().replace("A5000,", 'A50"00,').encode(), "csv", 10_000, {}, []),
    "a stray quote": (text().replace("A5000,", '"A5000,').encode(), "csv", 10_000,
        {"unreadable_line": 1}, [5001]),
    "a quote open to the end": (text().replace("A9990,", '"A9990,').encode(), "csv", 10_000,
        {"unreadable_line": 1}, [9991]),
    "text behind a quote": (text().replace("A9990,", '"A9990"x,').encode(), "csv", 10_000,
        {"unreadable_line": 1}, [9991]),
    "fields too many and too few": (
        text().replace("A77,", "A77,,,").replace("A78,C1,", "A78,").encode(), "csv", 10_000,
        {"unreadable_line": 2}, [78, 79]),
    "a cell of ten megabytes": (
        text(20).replace("A7,", f"{LONG},").encode(), "csv", 20, {}, []),
    "a number of ten megabytes": (
        text(20).replace("7.50", "9" * 10_000_000).encode(), "csv", 20,
        {"unreadable:amount": 2}, [8, 18]),
    "lines of another encoding": (
        json_lines().encode().replace(b'"A100"', b'"A\xe9"'), "jsonl", 500,
        {"unreadable_line": 1}, [101]),
    "a line that is cut off": (json_lines()[:-20].encode(), "jsonl", 500,
        {"unreadable_line": 1}, [500]),
    "a NUL in a line": (json_lines().replace("A100", "A\\u0000").encode(), "jsonl", 500,
        {"unreadable_line": 1}, [101]),
    "half a character in a line": (json_lines().replace("A100", "A\\ud800").encode(), "jsonl", 500,
        {"unreadable_line": 1}, [101]),
    "a key twice in a line": (
        json_lines().replace('{"order_id": "A100"', '{"order_id": "", "order_id": "A"').encode(),
        "jsonl", 500, {"unreadable_line": 1}, [101]),
    "a line nested without end": (
        (json_lines() + '{"order_id": ' + "[" * 100_000 + "]" * 100_000 + "}\n").encode(),
        "jsonl", 501, {"unreadable_line": 1}, [501]),
    "a long line": (json_lines().replace('"A100"', f'"{LONG}"').encode(), "jsonl", 500, {}, []),
    "a Parquet without rows": (
        parquet(pa.table({name: pa.array([], pa.string()) for name in HEADER})),
        "parquet", 0, {}, []),
    "a sheet of a header": (book(HEADER), "xlsx", 0, {}, []),
    "a value beside the sheet's columns": (
        book(HEADER, *good(5), ("A9", "C1", "2025-01-01", "5", "note")), "xlsx", 6,
        {"unreadable_line": 1}, [7]),
    "an empty table": (database(), "db", 0, {}, []),
    "a table with gaps": (database(*good(9), (None, "C1", "2025-01-01", 5)), "db", 10,
        {"missing:order_id": 1}, [10]),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_what_can_be_read_is_kept_or_set_aside_row_by_row(build: Project, name: str) -> None:
    content, kind, rows, why, places = KEPT[name]
    found = put(build, content, kind).ingest()
    (source,) = found.record.table("orders").sources
    assert source.received == rows
    assert reasons(found, "orders") == why
    assert set_aside(build, found) == places
    assert len(accepted(found, "orders")) == rows - len(places)
    assert found.record.table("orders").columns[0].missing == 0


def test_a_stray_quote_leaves_all_other_rows_as_they_were(build: Project) -> None:
    content = text().replace("A5000,", '"A5000,').encode()
    found = put(build, content, "csv").ingest()
    ids = [one for (one,) in accepted(found, "orders", "order_id")]
    assert sorted(ids) == sorted(row[0] for row in good(10_000) if row[0] != "A5000")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_six_hundred_columns(build: Project, kind: str) -> None:
    rows = [(*row, *(f"v{place % (at + 2)}" for place in range(596))) for at, row in
            enumerate(good(30))]  # fmt: skip
    rows[20] = ("A20", "C1", "2025-01-01", "much", *rows[20][4:])
    names = (*HEADER, *WIDE)
    content = "".join(",".join(row) + "\n" for row in (names, *rows))
    if kind == "jsonl":
        content = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
    found = put(build, content.encode(), kind).ingest()
    assert reasons(found, "orders") == {"unreadable:amount": 1}
    columns = {one.name: one for one in found.record.table("orders").columns}
    assert set(columns) == set(names)
    assert columns["x595"].distinct == len({row[-1] for row in rows if row[0] != "A20"})
    kept = accepted(found, "orders", "order_id, x17, x595")
    assert sorted(kept) == sorted((r[0], r[21], r[-1]) for r in rows if r[0] != "A20")
    (aside,) = build.quarantine(found, "orders")
    assert (aside["_row"], aside["x17"]) == ("21", rows[20][21])


NAMES = ("a b", "Übung", 'quo"te', "select", "1", "x.y", "e-mail", "ns:né", "'", "%s{0}")
TEXTS = st.text(
    st.one_of(st.sampled_from("\0\"'\\,;\n\r\t é😀\u202e"), st.characters(codec="utf-8")),
    max_size=12,
)
CELLS: Mapping[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "whole": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(),
    "day": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "time": st.datetimes(datetime(1678, 1, 1), datetime(2262, 1, 1)),
    "flag": st.booleans(),
    "email": st.emails(),
}
TYPES = {"whole": pa.int64(), "double": pa.float64(), "day": pa.date32(), "flag": pa.bool_(),
         "time": pa.timestamp("us")}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return column -> kind of its cells, and rows."""
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    kinds = {name: draw(st.sampled_from(sorted(CELLS))) for name in names}
    rows = []
    for place in range(draw(st.integers(0, 25))):
        row: dict[str, Any] = {"order_id": f"A{place}", "customer_id": "C1"}
        row["ordered_at"] = draw(st.sampled_from(("2025-01-31", "2025-02-30", "", "1/2/3")))
        row["amount"] = draw(st.sampled_from(("1.50", "-3", "ten", "NaN", None)))
        row |= {name: draw(st.none() | CELLS[kind]) for name, kind in kinds.items()}
        rows.append(row)
    return kinds, rows


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=tables(), kind=st.sampled_from(("csv", "parquet", "jsonl")), typed=st.booleans())
def test_any_table_is_profiled_and_no_row_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
    table: tuple[dict[str, str], list[dict[str, Any]]],
    kind: str,
    typed: bool,
) -> None:
    kinds, rows = table
    names = [*HEADER, *kinds]
    if kind == "jsonl" and not rows:
        return  # without a line there are no columns
    if kind == "parquet":
        content = parquet(
            pa.table(
                [
                    pa.array(
                        [row[name] for row in rows], TYPES.get(kinds.get(name, ""), pa.string())
                    )
                    for name in names
                ],
                names=names,
            )
        )
    elif kind == "jsonl":
        lines = (json.dumps(row, default=str).replace("NaN", '"nan"') for row in rows)
        content = "".join(line + "\n" for line in lines).encode()
    else:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows([names, *(r.values() for r in rows)])
        content = buffer.getvalue().encode()
    declared = {"whole": "integer", "double": "number", "day": "date", "flag": "boolean"}
    stated = {name: declared[one] for name, one in kinds.items() if typed and one in declared}
    build = Project(tmp_path_factory.mktemp("any"))
    found = put(build, content, kind, f"types: {json.dumps(stated)}" if stated else "").ingest()
    record = found.record.table("orders")
    (source,) = record.sources
    assert source.received == len(rows) == source.accepted + source.quarantined
    kept = [one for (one,) in accepted(found, "orders", "order_id")]
    aside = set_aside(build, found)
    assert sorted([*(int(one[1:]) + 1 for one in kept), *aside]) == [
        place + 1 for place in range(len(rows))
    ]
    assert [one.name for one in record.columns] == names
    chosen = [row for row in rows if row["order_id"] in set(kept)]
    for one in record.columns:
        if kinds.get(one.name) in ("whole", "day", "time", "flag"):
            assert one.missing == sum(row[one.name] is None for row in chosen)
