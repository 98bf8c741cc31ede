"""CSV: every record of the source is a row, or is kept with its reason."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.data.sources import delimited, receive
from workbench.errors import ParameterError, SourceError
from workbench.params import SourceParams

FEW, MANY = "1 field where there are 2 columns", "3 fields where there are 2 columns"


def by_engine(result: Any) -> bool:
    return bool(result.received.row_sql == "file_row_number + 1")


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [("1", "2")]),
        (b"a,b\n1,2", [("1", "2")]),
        (b"a,b\r\n1,2\r\n3,4\r\n", [("1", "2"), ("3", "4")]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [("1", "2")]),
        (b'\xef\xbb\xbf"a",b\n1,2\n', [("1", "2")]),
        (b'a,b\n"x\ny","say ""so"""\n', [("x\ny", 'say "so"')]),
        (b'a,b\r\n"1\r\n2",3\r\n', [("1\r\n2", "3")]),
        (b'a,b\n,""\n" ", x \n', [(None, None), (" ", " x ")]),
        (b"a,b\n\n1,2\n\n\n3,4\n\n", [("1", "2"), ("3", "4")]),
        (b"a,b\n# no,comment\n", [("# no", "comment")]),
        (b"a,b\nNULL,NA\n", [("NULL", "NA")]),
        (b"a,b\n00123,1e5\n", [("00123", "1e5")]),
        (b"a,b\n", []),
        (b"a,b", []),
        (b'"a",b\n', []),
    ],
)
def test_a_regular_file_is_read_by_the_engine(read: Any, content: bytes, rows: list[Any]) -> None:
    result = read(content)
    assert result.rows == rows
    assert result.numbers == list(range(1, len(rows) + 1))
    assert result.received.columns == ("a", "b")
    assert by_engine(result)
    assert not result.broken


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\r\n3,4\n", [("1", "2"), ("3", "4")]),
        (b"a,b\r1,2\r3,4\r", [("1", "2"), ("3", "4")]),
        (b'a,b\n5" pipe,x"y"\n', [('5" pipe', 'x"y"')]),
        (b'a,b\n1, "x"\n', [("1", ' "x"')]),  # the engine would drop blank and quotes
        (b"\n\na,b\n1,2\n", [("1", "2")]),
    ],
)
def test_an_irregular_file_is_read_with_care(read: Any, content: bytes, rows: list[Any]) -> None:
    result = read(content)
    assert result.rows == rows
    assert not by_engine(result)
    assert not result.broken


@pytest.mark.parametrize(
    ("content", "rows", "numbers", "broken"),
    [
        (b"a,b\n1,2\n3\n4,5\n", [("1", "2"), ("4", "5")], [1, 3], [(2, "3", FEW)]),
        (b"a,b\r\n1,2,3\r\n4,5\r\n", [("4", "5")], [2], [(1, "1,2,3", MANY)]),
        (b"a,b\n1,2\n3,4,x", [("1", "2")], [1], [(2, "3,4,x", MANY)]),
        (b"a,b\n  \n1,2\n", [("1", "2")], [2], [(1, "  ", FEW)]),
        (b'a,b\n"x\ny"\n1,2\n', [("1", "2")], [2], [(1, '"x\ny"', FEW)]),
        (
            b'a,b\n1,"x"y\n2,3\n',
            [("2", "3")],
            [2],
            [(1, '1,"x"y', "text follows a closing quote")],
        ),
        (
            b'a,b\n1,"x" \n2,3\n',  # the engine would drop the blank
            [("2", "3")],
            [2],
            [(1, '1,"x" ', "text follows a closing quote")],
        ),
        (
            b'a,b\n1,"open\n2,3\n4,5\n',
            [("2", "3"), ("4", "5")],
            [2, 3],
            [(1, '1,"open', "a quote opens and is never closed")],
        ),
        (
            b'a,b\n1,"open\n2,"x"\n4,5\n',
            [("2", "x"), ("4", "5")],
            [2, 3],
            [(1, '1,"open', "text follows a closing quote")],
        ),
        (
            b'a,b\n1,"cell\nin,side"out\n4,5\n',
            [("4", "5")],
            [3],
            [
                (1, '1,"cell', "text follows a closing quote"),
                (2, 'in,side"out', "a quote stands where the quotes before it are broken"),
            ],
        ),
        (
            b"a,b\n1,caf\xe9\n2,caf\xc3\xa9\n",
            [("2", "caf\u00e9")],
            [2],
            [(1, "1,caf\\xe9", "it holds bytes that are no text in the source's encoding")],
        ),
        (b"a,b\n1,x\0y\n2,3\n", [("2", "3")], [2], [(1, "1,x\0y", "it holds a NUL byte")]),
        (
            b"a,b\n1,x\ry\n2,3\n",
            [("2", "3")],
            [2],
            [(1, "1,x\ry", "a carriage return stands in a field without quotes")],
        ),
    ],
)
def test_a_record_that_is_no_row_is_kept_with_its_reason(
    read: Any, content: bytes, rows: list[Any], numbers: list[int], broken: list[Any]
) -> None:
    result = read(content)
    assert (result.rows, result.numbers, result.broken) == (rows, numbers, broken)
    assert result.received.records == len(rows) + len(broken)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"a,b,a\n1,2,3\n", "two columns are called `a`"),
        (b"Id,b,id\n1,2,3\n", "`Id` and `id`"),
        (b'a,"b\n1,2\n', "the header cannot be read"),
        (b"\xff\xfea\0,\0b\0\n\0", "the header cannot be read"),
    ],
)
def test_a_file_without_a_usable_header_is_an_error(read: Any, content: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        read(content)
    assert caught.value.where == "w"
    assert caught.value.fix


@pytest.mark.parametrize("end", [b"", b"\n", b"short\n"])
def test_empty_fields_beyond_the_last_column_hold_nothing(read: Any, end: bytes) -> None:
    result = read(b'a,b\n1,2,\n3,4,,""\n5,6,' + (b"\n" + end if end == b"short\n" else end))
    assert result.rows == [("1", "2"), ("3", "4"), ("5", "6")]
    assert [text for _, text, _ in result.broken] == ["short"] * (end == b"short\n")


def test_names_are_tidied_and_made_up_where_there_are_none(read: Any) -> None:
    assert read(b",Unit price ,\n1,2,3\n").received.columns == (
        "column_1",
        "Unit price",
        "column_3",
    )


def test_names_may_be_stated(read: Any) -> None:
    assert read(b"1,2\n", header=False, names=["x", "y"]).rows == [("1", "2")]
    result = read(b"a,a\n1,2\n", names=["x", "y"])
    assert (result.received.columns, result.rows) == (("x", "y"), [("1", "2")])
    with pytest.raises(SourceError, match="`names` has 1 columns, the file's header 2"):
        read(b"a,b\n1,2\n", names=["x"])


def test_the_dialect_may_be_stated(read: Any) -> None:
    assert read(b"a;b\n1,5;2\n", delimiter=";").rows == [("1,5", "2")]
    assert read(b"a\tb\n1\t'x\ty'\n", delimiter="\t", quote="'").rows == [("1", "x\ty")]
    assert read(b'a|b\n1|"x\n', delimiter="|", quote="").rows == [("1", '"x')]
    assert read("a§b\n1§2\n".encode(), delimiter="§").rows == [("1", "2")]
    for delimiter, quote in (("\n", '"'), (",", ",")):
        with pytest.raises(ParameterError, match="cannot be used"):
            read(b"a,b\n", delimiter=delimiter, quote=quote)


def test_lines_before_the_header_may_be_skipped(read: Any) -> None:
    result = read(b'Report of "May\n\na,b\n1,2\n3\n', skip_rows=2)
    assert (result.rows, result.broken) == ([("1", "2")], [(2, "3", FEW)])


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-8-sig"])
def test_other_encodings(read: Any, encoding: str) -> None:
    content = 'a,b\r\nM\u00fcller,"x\ny"\r\n'.encode(encoding)
    assert read(content, encoding=encoding).rows == [("M\u00fcller", "x\ny")]


def test_a_byte_that_is_no_text_spoils_its_record_only(read: Any) -> None:
    result = read(b"a,b\n1,\x81\n2,\xfc\n", encoding="cp1252")
    assert result.rows == [("2", "\u00fc")]
    assert result.broken[0][:2] == (1, "1,\\x81")


def test_a_broken_wide_encoding_is_an_error(read: Any) -> None:
    content = "a,b\n1,2\n".encode("utf-16")[:-1]
    with pytest.raises(SourceError, match="after line 1 is no utf-16"):
        read(content, encoding="utf-16")


def test_several_blanks_may_be_one_separator(read: Any) -> None:
    result = read(b' a   b\r\n 1  2 \r\n\r\n 3 "x y"\r\n4 5 6\r\n7 "x\r\n', spaces=True)
    assert result.rows == [("1", "2"), ("3", "x y")]
    assert [record for record, _, _ in result.broken] == [3, 4]


def test_a_compressed_file(read: Any) -> None:
    content = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    assert read(content, path="twice.csv.gz").rows == [("1", "2"), ("3", "4")]
    assert read(gzip.compress(b"a,b\n1\n2,3\n"), path="bad.csv.gz").numbers == [2]
    assert read(b"a,b\n1,2\n", path="plain.csv.gz").rows == [("1", "2")]


def test_a_truncated_or_damaged_compressed_file_is_an_error(read: Any) -> None:
    content = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    with pytest.raises(SourceError, match="ends in the middle"):
        read(content[: len(content) // 2], path="cut.csv.gz")
    damaged = bytearray(content)
    damaged[-6] ^= 255
    with pytest.raises(SourceError, match="damaged"):
        read(bytes(damaged), path="damaged.csv.gz")


def test_a_cell_of_ten_megabytes(read: Any) -> None:
    cell = "x" * 10_000_000
    assert read(f"a,b\n1,{cell}\n2,y\n".encode()).rows == [("1", cell), ("2", "y")]
    quoted = ("y" * 99 + "\n") * 100_000
    result = read(f'a,b\n1,"{quoted}"\n2,5" pipe\n'.encode())
    assert result.rows == [("1", quoted), ("2", '5" pipe')]


def test_a_line_without_an_end_is_an_error(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.sources.text.LONGEST_LINE", 1000)
    with pytest.raises(SourceError, match="line 2 does not end"):
        read(b"a,b\n\0" + b"x" * 2000)


def test_five_thousand_columns(read: Any) -> None:
    names = [f"c{i}" for i in range(5000)]
    row = tuple(str(i) for i in range(5000))
    lines = "\n".join([",".join(names), *[",".join(row)] * 3])
    result = read(lines.encode())
    assert result.received.columns == tuple(names)
    assert result.rows == [row] * 3
    result = read(f"{lines}\nshort\n".encode())
    assert (result.rows, result.broken[0][0]) == ([row] * 3, 4)


def test_a_column_called_like_our_own(read: Any) -> None:
    result = read(b"_record,B\n7,8\n9\n")
    assert result.rows == [("7", "8")]
    assert result.numbers == [1]


CELLS = st.text(st.sampled_from([*"ab1 \t,;\"'\n\r#\\\u00e9\u20ac\U0001f600"]), max_size=6)


def written(rows: list[list[str]], end: str) -> str:
    held = io.StringIO()
    # Python's writer leaves a lone carriage return without quotes.
    bare = not any("\r" in cell for row in rows for cell in row)
    quoting = csv.QUOTE_MINIMAL if bare else csv.QUOTE_ALL
    csv.writer(held, lineterminator=end, quoting=quoting).writerows(rows)
    return held.getvalue()


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
)
def test_well_formed_files_are_read_as_pythons_reader_reads_them(
    read: Any, rows: list[list[str]], end: str
) -> None:
    text = written([["x", "y", "z"], *rows], end)
    expected = list(csv.reader(io.StringIO(text, newline="")))[1:]
    result = read(text.encode())
    assert result.rows == [tuple(cell or None for cell in row) for row in expected]
    assert result.numbers == list(range(1, len(expected) + 1))
    assert not result.broken


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
)
def test_ragged_files_keep_every_record_in_its_place(
    read: Any, rows: list[list[str]], end: str
) -> None:
    result = read(written([["x", "y", "z"], *rows], end).encode())
    good = {
        number: tuple(cell or None for cell in row[:3])
        for number, row in enumerate(rows, 1)
        if len(row) > 2 and not any(row[3:])
    }
    assert dict(zip(result.numbers, result.rows, strict=True)) == good
    assert [record for record, _, _ in result.broken] == [
        number for number in range(1, len(rows) + 1) if number not in good
    ]


BYTES = st.lists(
    st.sampled_from([b"a", b"1", b",", b",", b'"', b'"', b"\n", b"\n", b"\r\n", b"\r", b" ", b"\0",
                     b"\xff", b"\xc3\xa9"]),
    max_size=40,
).map(b"".join)  # fmt: skip


@given(BYTES)
def test_nothing_of_a_broken_file_is_lost(read: Any, body: bytes) -> None:
    result = read(b"x,y\n" + body)
    assert sorted(result.numbers + [record for record, _, _ in result.broken]) == list(
        range(1, result.received.records + 1)
    )
    # Every visible byte of the file stands in a row or in an unreadable record.
    kept = "".join(cell or "" for row in result.rows for cell in row)
    kept += "".join(text for _, text, _ in result.broken)
    text = body.decode("utf-8", "backslashreplace")
    for char in "a1\u00e9\0":
        assert kept.count(char) == text.count(char)


@given(BYTES)
def test_engine_and_careful_reader_agree(read: Any, body: bytes) -> None:
    quick = read(b"x,y\n" + body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_suits_engine", lambda found: False)
        careful = read(b"x,y\n" + body)
    assert (quick.rows, quick.numbers, quick.broken) == (
        careful.rows,
        careful.numbers,
        careful.broken,
    )


def large(path: Path, rows: int) -> None:
    """Write a file with quoted line ends, CR LF, and a few ragged records."""
    with path.open("w", newline="") as file:
        file.write("id,note,amount\r\n")
        for i in range(rows):
            note = f'"line {i}\r\nnext, and ""more"""' if i % 7 == 0 else f"note {i}"
            file.write(f"{i},{note},{i / 4}\r\n" if i % 5000 != 4321 else f"{i},{note}\r\n")


@pytest.mark.parametrize("ragged", [False, True])
def test_order_and_bytes_do_not_depend_on_threads(
    tmp_path: Path, ragged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small pieces and row groups, so that several threads have several of each.
    monkeypatch.setattr(delimited, "_LINE", 20_000)
    monkeypatch.setattr(delimited, "_BUFFER", 40_000)
    monkeypatch.setattr("workbench.data.sources.writing.row_group_size", lambda columns: 2048)
    rows = 20_000 if ragged else 4_000
    large(tmp_path / "large.csv", rows)
    made = []
    for threads in (1, 2, 2):
        received = receive(
            SourceParams(path="large.csv"),
            name="till",
            root=tmp_path,
            connection=connect(memory="512MB", threads=threads),
            out=tmp_path / f"out{threads}.parquet",
            where="w",
        )
        made.append(received.path.read_bytes())
        ids = duckdb.sql(
            f"SELECT id::INT, ({received.row_sql})::INT FROM"
            f" read_parquet('{received.path}', file_row_number = true)"
        ).fetchall()
        expected = [i for i in range(rows) if i % 5000 != 4321]
        assert ids == [(i, i + 1) for i in expected]
        assert received.unreadable_rows == rows - len(expected)
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize(
    ("path", "options", "rows"),
    [
        ("cdnow/CDNOW_master.txt.gz", {"spaces": True}, 69_659),
        (
            "cdnow/CDNOW_sample.txt.gz",
            {
                "spaces": True,
                "header": False,
                "names": ["id", "sample_id", "day", "cds", "dollars"],
            },
            6_919,
        ),
        ("online_retail/online_retail.csv.gz", {}, 541_909),
        ("dirty_hospital/dirty.csv", {}, 1_000),
        ("incident_log/incident_event_log.csv.gz", {}, 141_712),
    ],
)
def test_public_files_have_their_published_number_of_rows(
    read: Any, workbench_data: Path, path: str, options: dict[str, Any], rows: int
) -> None:
    result = read(path=str(workbench_data / path), **options)
    assert (result.received.rows, result.received.unreadable_rows) == (rows, 0)
