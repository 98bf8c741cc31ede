"""Overlapping sources: by hand, by any tables, and against the planted truth of the demo."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.demo import UnitTruth, write_demo
from workbench.data.engine import connect
from workbench.errors import AnalysisError
from workbench.ingest.inbox import Inbox
from workbench.ingest.naming import name_sources
from workbench.params import load_suite
from workbench.triage.checks import rejected_sql
from workbench.triage.named import Frame
from workbench.triage.overlap import Overlap, SourceRows, compare_sources
from workbench.triage.typed import write_typed
from workbench.workspace import Workspace

ENGINE = connect(threads=1)
FIRST = """
    SELECT * FROM (VALUES
        ('a', DATE '2025-01-01', 10, 'x', 'till'), ('b', DATE '2025-01-05', 20, NULL, 'till'),
        ('c', DATE '2025-01-03', 30, 'z', 'till'), (NULL, DATE '2025-01-09', 40, 'z', 'till'),
        ('d', DATE '2025-01-02', 50, 'q', 'till'), ('d', DATE '2025-01-02', 51, 'q', 'till')
    ) t(id, day, amount, town, channel)
"""
SECOND = """
    SELECT * FROM (VALUES
        ('a', DATE '2025-01-01', 11, 'x', 'web', 1), ('b', DATE '2025-01-04', 20, 'y', 'web', 2),
        ('d', DATE '2025-01-02', 50, 'q', 'web', 3), ('e', DATE '2025-02-01', 60, 'e', 'web', 4)
    ) t(id, day, amount, town, channel, extra)
"""


def both(first: str, second: str, *, clock: str | None = None) -> Overlap:
    sources = [SourceRows("till", first), SourceRows("web", second)]
    (found,) = compare_sources(ENGINE, sources, key=["id"], clock=clock)
    return found


def test_a_case_counted_by_hand() -> None:
    found = both(FIRST, SECOND, clock="day")
    assert (found.first_rows, found.second_rows) == (6, 4)
    assert (found.first_keys, found.second_keys) == (4, 4)
    assert (found.shared, found.only_first, found.only_second) == (3, 1, 1)
    assert found.repeated == 1  # `d` stands twice in the first
    by_name = {column.name: column for column in found.columns}
    assert set(by_name) == {"day", "amount", "town", "channel"}
    assert (by_name["amount"].conflicts, by_name["day"].conflicts) == (1, 1)
    assert (by_name["town"].conflicts, by_name["town"].only_second) == (0, 1)
    assert by_name["town"].first_share == pytest.approx(5 / 6)
    assert by_name["town"].second_share == 1
    assert by_name["channel"].names_source
    assert by_name["channel"].conflicts == 0
    assert found.conflicts == 2  # `a` in amount, `b` in day
    assert (found.first_newest, found.second_newest) == (date(2025, 1, 9), date(2025, 2, 1))
    assert (found.first_later, found.second_later) == (1, 0)
    assert found.sentence == (
        "3 keys in both, 1 in `till` alone, 1 in `web` alone. They disagree about 2 of 2 shared "
        "keys (100.0%), most often in `amount` (1) and `day` (1)."
    )
    # One key more is no reason: the newest row decides.
    assert (found.recommendation.keep, found.recommendation.criterion) == ("web", "newest")
    assert found.recommendation.sentence == (
        "Keep `web` where both have a key: it has the newer newest row (1 Feb 2025)."
    )


MANY = "SELECT i AS id, DATE '2025-01-01' + {days} AS day, {v} AS v FROM range(100) t(i)"


def test_a_recommendation_names_what_the_other_source_has_more_of() -> None:
    fresh = MANY.format(days="(i % 2)::INT", v="NULL::INT")
    full = MANY.format(days="0", v="i::INT")
    advice = both(fresh, full, clock="day").recommendation
    assert (advice.keep, advice.criterion) == ("till", "later")
    assert advice.sentence == (
        "Keep `till` where both have a key: it has the later date for 50 shared keys, `web` for 0. "
        "`web` alone has values of `v` (100) for some of them."
    )


def test_a_difference_that_chance_makes_decides_nothing() -> None:
    some = MANY.format(days="CASE WHEN i < 13 THEN 1 ELSE 0 END", v="1")
    others = MANY.format(days="CASE WHEN i > 93 THEN 1 ELSE 0 END", v="1")
    found = both(some, others, clock="day")
    assert (found.first_later, found.second_later) == (13, 6)  # (13 - 6)^2 < 4 (13 + 6)
    assert found.recommendation.criterion == "declared_first"


@pytest.mark.parametrize(
    ("first", "second", "keep", "criterion"),
    [
        ("SELECT 1 AS id, 5 AS v", "SELECT 2 id, 5 v", "", "nothing_shared"),
        (MANY.format(days="0", v="NULL::INT"), MANY.format(days="0", v="5"), "web", "complete"),
        ("SELECT 1 AS id, 5 AS v", "SELECT unnest([1, 2]) id, 5 v", "web", "more_keys"),
        ("SELECT 1 AS id, 5 AS v", "SELECT 1 id, 6 v", "till", "declared_first"),
        (
            "SELECT 1 id, DATE '2025-01-01' AS day",
            "SELECT 1 id, DATE '2025-01-01' AS day UNION ALL SELECT NULL, DATE '2025-01-02'",
            "web",
            "newest",
        ),
    ],
)
def test_the_first_criterion_that_tells_them_apart_decides(
    first: str, second: str, keep: str, criterion: str
) -> None:
    advice = both(first, second, clock="day").recommendation
    assert (advice.keep, advice.criterion) == (keep, criterion)
    assert advice.sentence.startswith("Keep ")


def test_columns_of_other_types_are_compared_as_texts() -> None:
    found = both("SELECT '1' id, '7' v", "SELECT 1 id, 7 v")
    assert (found.shared, found.conflicts) == (1, 0)


def test_each_two_of_three_sources() -> None:
    sources = [SourceRows(name, "SELECT 1 AS id") for name in ("a", "b", "c")]
    pairs = [(one.first, one.second) for one in compare_sources(ENGINE, sources, key=["id"])]
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]
    assert compare_sources(ENGINE, sources[:1], key=["id"]) == ()


def test_a_key_that_is_not_there() -> None:
    with pytest.raises(AnalysisError, match="no column `no`"):
        compare_sources(ENGINE, [SourceRows("a", "SELECT 1 AS id")], key=["no"])
    with pytest.raises(AnalysisError, match="without a key"):
        compare_sources(ENGINE, [], key=[])


ROW = st.tuples(
    st.one_of(st.none(), st.integers(0, 5)), st.one_of(st.none(), st.sampled_from(["p", "q"]))
)


def _table(rows: list[tuple[int | None, str | None]]) -> str:
    texts = [
        f"({'NULL' if key is None else key}, {'NULL' if value is None else repr(value)})"
        for key, value in rows
    ]
    none = "SELECT NULL::INT AS id, NULL::VARCHAR AS v WHERE false"
    if not texts:
        return none
    return f"{none} UNION ALL SELECT * FROM (VALUES {', '.join(texts)})"


@given(st.lists(ROW, max_size=8), st.lists(ROW, max_size=8))
def test_any_two_tables_agree_with_plain_python(
    first: list[tuple[int | None, str | None]], second: list[tuple[int | None, str | None]]
) -> None:
    found = both(_table(first), _table(second))
    keys = [{key for key, _ in rows if key is not None} for rows in (first, second)]
    shared = keys[0] & keys[1]
    assert (found.first_keys, found.second_keys) == (len(keys[0]), len(keys[1]))
    assert (found.shared, found.only_first, found.only_second) == (
        len(shared),
        len(keys[0] - keys[1]),
        len(keys[1] - keys[0]),
    )
    times = [[key for key, _ in rows].count for rows in (first, second)]
    alone = {key for key in shared if times[0](key) == times[1](key) == 1}
    assert found.repeated == len(shared) - len(alone)
    values = [{key: value for key, value in rows if key in alone} for rows in (first, second)]
    pairs = [(values[0][key], values[1][key]) for key in alone]
    column = found.column("v")
    assert column is not None
    differ = [pair for pair in pairs if None not in pair and pair[0] != pair[1]]
    if not column.names_source:
        assert column.conflicts == len(differ) == found.conflicts
    assert column.only_first == sum(1 for one, other in pairs if one and other is None)
    assert column.only_second == sum(1 for one, other in pairs if other and one is None)
    if not first:
        assert column.first_share is None


# The demo unit brook: a till and a web shop, with known truth.


@dataclass(frozen=True)
class Brook:
    """The demo unit's typed rows, and what was planted in them."""

    connection: duckdb.DuckDBPyConnection
    truth: UnitTruth
    sources: dict[str, list[SourceRows]]


@pytest.fixture(scope="module")
def brook(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Brook]:
    root = tmp_path_factory.mktemp("brook")
    truth = write_demo(root / "data/demo/raw", seed=7, as_of=date(2025, 6, 30), scale=0.1)
    shutil.copytree(project / "params", root / "params")
    workspace = Workspace(root)
    suite = load_suite(workspace, "demo")
    unit = suite.unit("brook")
    connection = connect(threads=1)
    named = [one for one in name_sources(unit) if one.contract.name in ("customers", "orders")]
    frame = Frame(suite.as_of, unit.timezone, "", ("customers", "orders"))
    found: dict[str, list[SourceRows]] = {}
    inbox = Inbox(root / "received", root, rehash=False)
    for one in named:
        received = inbox.receive(connection, one, lambda message, share: None)
        out = root / f"{one.contract.name}.{one.name}.parquet"
        typed = write_typed(connection, one, received, frame, out)
        query = f"SELECT * FROM read_parquet('{typed.path}') WHERE NOT {rejected_sql(typed.checks)}"
        found.setdefault(one.contract.name, []).append(SourceRows(one.name, query))
    yield Brook(connection, truth.units["brook"], found)
    connection.close()


@pytest.mark.parametrize(
    ("table", "key", "clock"),
    [
        ("orders", ("order_id", "line_no"), "ordered_at"),
        ("customers", ("customer_id",), "joined_at"),
    ],
)
def test_the_keys_that_both_sources_of_the_demo_have(
    brook: Brook, table: str, key: tuple[str, ...], clock: str
) -> None:
    (found,) = compare_sources(brook.connection, brook.sources[table], key=key, clock=clock)
    known = brook.truth.overlap
    planted = known[known["table"] == table]
    assert (found.first, found.second) == ("till", "web")
    assert found.shared == planted["key"].nunique() > 20
    assert found.repeated == 0


def test_the_amounts_in_conflict_are_those_that_were_planted(brook: Brook) -> None:
    key = ("order_id", "line_no")
    (found,) = compare_sources(brook.connection, brook.sources["orders"], key=key)
    known = brook.truth.overlap
    planted = known[(known["table"] == "orders") & (known["conflict"] != "")]
    amount, channel = found.column("amount"), found.column("channel")
    assert amount is not None
    assert channel is not None
    assert amount.conflicts == len(planted) > 0
    assert channel.names_source  # "till" and "web" by declaration: no conflict


def test_the_customers_in_conflict_are_those_that_were_planted(brook: Brook) -> None:
    (found,) = compare_sources(brook.connection, brook.sources["customers"], key=["customer_id"])
    known = brook.truth.overlap
    planted = known[known["table"] == "customers"]
    columns = [set(text.split("|")) for text in planted["conflict"]]
    for name, here in (("postcode", "postcode"), ("town", "town"), ("county", "region")):
        column = found.column(here)
        assert column is not None
        assert column.conflicts == sum(name in some for some in columns), name
    # Names, e-mails, telephones: what the till leaves out is no conflict, but the other's gain.
    for name in ("name", "email", "phone"):
        column = found.column(name)
        assert column is not None
        planted_here = sum(name in some for some in columns)
        assert planted_here - column.only_second <= column.conflicts <= planted_here, name
    # Neither clearly has the later date; the web shop has what the till leaves out.
    assert (found.recommendation.keep, found.recommendation.criterion) == ("web", "complete")


def test_no_value_of_a_row_is_in_the_result(brook: Brook) -> None:
    """Personal columns are compared before they are dropped: only counts may leave."""
    (found,) = compare_sources(brook.connection, brook.sources["customers"], key=["customer_id"])
    kinds = {field.name for field in fields(found.columns[0])}
    assert kinds == {
        "name",
        "conflicts",
        "only_first",
        "only_second",
        "first_share",
        "second_share",
        "names_source",
    }
