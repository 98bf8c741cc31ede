"""The profile of any table: it equals what plain Python counts, and tells what texts look like."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.data.quoting import quote
from workbench.triage.facts import ColumnProfile
from workbench.triage.profile import profile_rows
from workbench.triage.shapes import masked

TYPES: Mapping[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "VARCHAR": (
        pa.string(),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
        | st.sampled_from(["ann@x.org", "31.01.2024", "+49 30 123456", "1,234.5", " ", "\x00"])
        | st.from_regex(r"[A-Z]{2}-[0-9]{3}", fullmatch=True),
    ),
    "BIGINT": (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3)),
    "DOUBLE": (pa.float64(), st.floats() | st.floats(-1e6, 1e6)),
    "DECIMAL(18,4)": (
        pa.decimal128(18, 4),
        st.integers(-(10**18) + 1, 10**18 - 1).map(lambda n: Decimal(n).scaleb(-4)),
    ),
    "BOOLEAN": (pa.bool_(), st.booleans()),
    "DATE": (pa.date32(), st.dates()),
    "TIMESTAMP": (pa.timestamp("us"), st.datetimes()),
}


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


@st.composite
def columns(draw: st.DrawFn) -> dict[str, tuple[str, list[Any]]]:
    """Return name -> type and values of a table of any columns."""
    size = draw(st.integers(0, 12))
    names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
    found = {}
    for place in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(TYPES)))
        values = draw(st.lists(st.none() | TYPES[kind][1], min_size=size, max_size=size))
        found[f"{place}{draw(names)}"] = (kind, values)
    return found


def profiled(
    connection: duckdb.DuckDBPyConnection,
    table: Mapping[str, tuple[str, Sequence[Any]]],
    *,
    min_group: int = 1,
    **more: int,
) -> dict[str, ColumnProfile]:
    arrays = [pa.array(values, TYPES[kind][0]) for kind, values in table.values()]
    connection.register("_given", pa.table(arrays, names=list(table)))
    casts = ", ".join(
        f"CAST({quote(name)} AS {kind}) AS {quote(name)}" for name, (kind, _) in table.items()
    )
    connection.execute(f"CREATE OR REPLACE TABLE given AS SELECT {casts} FROM _given")
    found = profile_rows(connection, "given", min_group=min_group, **more)
    assert [one.name for one in found] == list(table)
    return {one.name: one for one in found}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example({'a "b"': ("DOUBLE", [1.7e308, -1.7e308, math.nan, math.inf, 5e-324])})
@example({"a": ("DOUBLE", [0.0, -0.0, None]), "b": ("VARCHAR", [None, None, None])})
@example({"a": ("BIGINT", [2**63 - 1, -(2**63), 2**63 - 1])})
@example({"a": ("DECIMAL(18,4)", [Decimal("99999999999999.9999")] * 3)})
@given(columns())
def test_any_table_is_profiled_as_plain_python_counts_it(
    engine: duckdb.DuckDBPyConnection, table: dict[str, tuple[str, list[Any]]]
) -> None:
    for name, one in profiled(engine, table).items():
        kind, values = table[name]
        filled = [value for value in values if value is not None]
        different = Counter(map(same, filled))
        assert (one.type, one.rows, one.missing) == (kind, len(values), len(values) - len(filled))
        assert (one.distinct, one.exact) == (len(different), True)
        assert one.constant == (len(different) == 1 and not one.missing)
        assert one.key == (0 < len(different) == len(values))
        if kind == "VARCHAR":
            texts_are_told(one, filled)
        elif kind == "BOOLEAN":
            assert dict(one.top) == {str(value).lower(): n for value, n in different.items()}
        else:
            measures_are_told(one, [value for value in filled if is_finite(value)])


def texts_are_told(one: ColumnProfile, filled: Sequence[str]) -> None:
    assert one.text is not None
    lengths = sorted(map(len, filled))
    ends = (lengths[0], lengths[(len(lengths) - 1) // 2], lengths[-1]) if lengths else (None,) * 3
    assert (one.text.shortest, one.text.median, one.text.longest) == ends
    rows = [n for _, n in one.text.patterns]
    assert rows == sorted(rows, reverse=True)
    assert sum(rows) <= len(filled), "shares sum to at most 1"
    if not one.text.gathered:
        known = Counter(map(masked, filled))
        assert all(known[shape] == n for shape, n in one.text.patterns)
    for reads in (one.text.numbers, one.text.dates, one.text.emails, one.text.phones):
        assert 0 <= reads <= len(filled)
    if not one.suspicions:
        known = Counter(filled)
        assert [n for _, n in one.top] == [n for _, n in known.most_common(5)]
        assert all(known[value] == n for value, n in one.top)


def measures_are_told(one: ColumnProfile, finite: Sequence[Any]) -> None:
    if not finite:
        assert one.lowest is one.highest is one.mean is one.sd is None
        return
    ordered = sorted(finite)
    assert one.lowest is not None
    assert [share for share, _ in one.quantiles] == [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    if isinstance(ordered[0], (date, datetime)):
        assert one.mean is one.sd is None
        if not isinstance(ordered[0], datetime):
            assert (one.lowest, one.highest) == (str(ordered[0]), str(ordered[-1]))
        return
    assert same(type(ordered[0])(one.lowest)) == same(ordered[0])
    for share, end in one.quantiles:
        place = Fraction(str(share)) * len(ordered)
        expected = ordered[max(0, math.ceil(place) - 1)]
        assert same(type(expected)(end)) == same(expected)
    exact = [Fraction(value) for value in finite]
    reach = float(max(map(abs, exact)))
    assert one.mean is not None
    mean = float(statistics.mean(exact))
    assert float(one.mean) == pytest.approx(mean, rel=1e-7, abs=max(1e-6, reach * 1e-8))
    if len(exact) < 2:
        assert one.sd is None
    else:
        assert one.sd is not None
        assert float(one.sd) == pytest.approx(deviation(exact), rel=1e-6, abs=reach * 1e-14)


def deviation(values: Sequence[Fraction]) -> float:
    mean = sum(values) / len(values)
    largest = max(abs(value - mean) for value in values)
    if not largest:
        return 0.0
    # Scaled, so that the square of a large double does not overflow.
    spread = sum(((value - mean) / largest) ** 2 for value in values) / (len(values) - 1)
    return float(Fraction(math.sqrt(spread)) * largest)


def is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def same(value: Any) -> Any:
    """Return what the engine takes for the same: 0.0 and -0.0, any nan."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value + 0.0
    return value


def test_above_the_stated_size_counts_are_estimated_and_say_so(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    many = {
        "id": ("VARCHAR", [f"K-{n:05}" for n in range(20_000)]),
        "kind": ("VARCHAR", ["a", "b"] * 10_000),
        "n": ("BIGINT", list(range(20_000))),
        "m": ("DOUBLE", [place / 7 for place in range(20_000)]),
    }
    exact = profiled(engine, many)
    rough = profiled(engine, many, exact_up_to=1_000)
    assert (exact["id"].distinct, exact["id"].exact, exact["id"].key) == (20_000, True, True)
    assert not rough["id"].exact
    assert rough["id"].key is None, "an estimate cannot tell"
    assert 15_000 < rough["id"].distinct <= 20_000
    assert rough["kind"] == exact["kind"], "few values are counted at any size"
    for name in many:
        for field in ("missing", "text", "quantiles", "mean", "sd", "lowest", "highest"):
            assert getattr(rough[name], field) == getattr(exact[name], field), (name, field)


@pytest.mark.parametrize("exact_up_to", [0, 10**9])
def test_the_same_bytes_with_any_threads_and_order(tmp_path: Path, exact_up_to: int) -> None:
    path = tmp_path / "many.parquet"
    with connect(threads=1) as made:
        made.execute(
            f"""COPY (SELECT 'C' || (hash(i) % 30011) AS id,
            (hash(i) % 100003) * 1e7 / 997.0 AS score,
            CAST(hash(i + 1) AS DOUBLE) * 1e290 AS huge, ['ü', 'Zoë', NULL][1 + (i % 3)::INT] AS t,
            TIMESTAMP '2020-01-01' + INTERVAL (hash(i) % 99999) MINUTE AS at,
            'call +49 30 ' || (100000 + i) AS note
            FROM range(20000) r(i)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"""
        )
    found = []
    for threads, order in ((1, "true"), (2, "true"), (2, "hash(score, id)")):
        with connect(threads=threads) as connection:
            rows = f"(SELECT * FROM read_parquet('{path}') ORDER BY {order})"
            if order == "true":
                rows = f"read_parquet('{path}')"
            found.append(repr(profile_rows(connection, rows, min_group=5, exact_up_to=exact_up_to)))
    assert found == [found[0]] * 3


def test_groups_smaller_than_the_smallest_shown_stay_unseen(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    values = ["AB-1"] * 5 + ["a b"] * 4 + ["zz"] * 6 + ["y"] * 1
    one = profiled(engine, {"code": ("VARCHAR", values)}, min_group=5)["code"]
    assert one.top == (("zz", 6), ("AB-1", 5))
    assert one.text is not None
    assert one.text.patterns == (("aa", 6), ("AA-9", 5))


@pytest.mark.parametrize(
    ("kind", "values", "top"),
    [
        ("BOOLEAN", [True] * 96 + [False] * 4, ()),
        ("BOOLEAN", [True] * 95 + [False] * 5, (("true", 95), ("false", 5))),
        ("BIGINT", [1] * 60 + [2] * 30 + [3] * 3 + [None] * 7, (("1", 60),)),
        ("VARCHAR", ["north"] * 60 + ["south"] * 9 + ["at sea"] * 2, (("north", 60),)),
        ("VARCHAR", ["north"] * 60 + ["south"] * 9, (("north", 60), ("south", 9))),
    ],
)
def test_all_rows_less_the_values_shown_are_no_small_group(
    engine: duckdb.DuckDBPyConnection, kind: str, values: list[Any], top: tuple[Any, ...]
) -> None:
    one = profiled(engine, {"where": (kind, values)}, min_group=5)["where"]
    assert one.top == top
    rest = one.rows - one.missing - sum(rows for _, rows in one.top)
    assert not 0 < rest < 5
    if one.text is not None:
        assert not 0 < one.rows - one.missing - sum(n for _, n in one.text.patterns) < 5


def test_values_that_look_personal_are_not_shown(engine: duckdb.DuckDBPyConnection) -> None:
    one = profiled(engine, {"to": ("VARCHAR", ["ann@x.org"] * 9)}, min_group=5)["to"]
    assert one.suspicions
    assert one.top == ()


def test_other_types_are_counted(engine: duckdb.DuckDBPyConnection) -> None:
    rows = (
        "(VALUES ([1, 2], {'a': 1}, 170141183460469231731687303715884105727::HUGEINT, 'x'::BLOB,"
        " INTERVAL 1 DAY, TIME '10:00', 'm'::ENUM('l', 'm'),"
        " TIMESTAMPTZ '2024-01-01 00:00:00+00', 1::DECIMAL(38,0)),"
        " ([1, 2], NULL, 170141183460469231731687303715884105727::HUGEINT, 'y'::BLOB, NULL,"
        " TIME '11:00', 'l', NULL, 99999999999999999999999999999999999999::DECIMAL(38,0)))"
        " AS t(many, pair, huge, raw, span, clock, word, moment, wide)"
    )
    found = {one.name: one for one in profile_rows(engine, rows, min_group=1)}
    assert [found[name].distinct for name in ("many", "pair", "huge", "raw")] == [1, 1, 1, 2]
    assert found["huge"].sd == "0"
    assert found["many"].top == ()
    assert found["many"].text is None
    assert found["clock"].lowest == "10:00:00"
    assert found["word"].top == (("l", 1), ("m", 1))
    assert found["moment"].missing == 1
    assert found["wide"].highest == "9" * 38


def test_a_table_of_many_columns_and_one_without_rows(engine: duckdb.DuckDBPyConnection) -> None:
    wide = {f"n{place}": ("BIGINT", [place, None]) for place in range(95)}
    found = profiled(engine, wide)
    assert [one.lowest for one in found.values()] == [str(place) for place in range(95)]
    empty = profiled(engine, {"a": ("VARCHAR", []), "b": ("DOUBLE", [])})
    assert empty["a"].missing_share is None
    assert not empty["a"].constant
    assert empty["a"].key is False
    assert empty["b"] == replace(empty["b"], distinct=0, exact=True, lowest=None, quantiles=())
