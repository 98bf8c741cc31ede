"""Planted errors are found by row; clean tables raise no alarm; order and threads do not matter."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.errors import AnalysisError
from workbench.triage.suspects import (
    FINDING_COLUMNS,
    Suspects,
    dependencies,
    find_suspects,
    numbers,
)
from workbench.triage.suspects.find import KINDS

Rows = list[dict[str, Any]]
Look = Callable[..., Suspects]


def swapped(text: str) -> str:
    return f"{text[3:5]}/{text[:2]}/{text[6:]}"


# kind, row, column, what stands there instead, what is to be suggested (None: not looked at)
PLANTED: list[tuple[str, int, str, Callable[[str], str | None], Callable[[str], str | None]]] = [
    ("missing in disguise", 11, "channel", lambda one: "n/a", lambda one: None),
    ("missing in disguise", 23, "quantity", lambda one: "unknown", lambda one: None),
    ("pattern", 35, "zip", lambda one: one[:2] + "x" + one[3:], lambda one: None),
    ("pattern", 47, "order", lambda one: one.replace("A-", "A--"), lambda one: None),
    ("unit", 59, "amount", lambda one: f"{one} EUR", lambda one: one),
    ("unit", 71, "tax", lambda one: one.replace("%", " pct"), lambda one: one),
    ("case", 83, "channel", str.upper, lambda one: one),
    ("spacing", 95, "city", lambda one: f"{one} ", lambda one: one),
    ("typo", 107, "county", lambda one: one[:-2] + one[-1], lambda one: one),
    ("typo", 119, "note", lambda one: one[:1] + "q" + one[2:], lambda one: one),
    ("rare value", 131, "channel", lambda one: "fax", lambda one: None),
    ("outlier", 143, "amount", lambda one: "184000.00", lambda one: None),
    ("event order", 155, "resolved_at", lambda one: "2023-12-01 10:00", lambda one: None),
    ("dependency", 167, "county", lambda one: "Devon" if one != "Devon" else "Kent",
     lambda one: one),
    ("missing", 179, "county", lambda one: None, lambda one: one),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "row", "column", "wrong", "right"), PLANTED)
def test_a_planted_error_is_found_by_row(
    clean: Rows,
    look: Look,
    kind: str,
    row: int,
    column: str,
    wrong: Callable[[str], str | None],
    right: Callable[[str], str | None],
) -> None:
    was = clean[row - 1][column]
    clean[row - 1][column] = wrong(was)
    found = look(clean).findings
    assert list(found.columns) == list(FINDING_COLUMNS)
    # A dependency may doubt a neighbour of the cell, never another row.
    assert set(found["row"]) == {row}
    (cell,) = found[found["column"] == column].to_dict("records")
    kinds = {kind, "dependency"} if column in ("zip", "city", "county") else {kind}
    assert cell["kind"] in kinds
    assert cell["table"] == "orders"
    assert cell["value"] == wrong(was) or (wrong(was) is None and pd.isna(cell["value"]))
    assert 0.5 <= cell["confidence"] <= 1
    if right(was) is not None:
        assert cell["suggestion"] == right(was)


def test_all_planted_errors_are_found_at_once(clean: Rows, look: Look) -> None:
    for _, row, column, wrong, _ in PLANTED:
        clean[row - 1][column] = wrong(clean[row - 1][column])
    found = look(clean).findings
    cells = set(zip(found["row"], found["column"], strict=True))
    assert cells == {(row, column) for _, row, column, *_ in PLANTED}


@pytest.mark.parametrize("seed", range(6))
def test_a_clean_table_raises_no_alarm(
    make_orders: Callable[..., Rows], look: Look, seed: int
) -> None:
    found = look(make_orders(seed=seed))
    assert found.findings.to_dict("records") == []
    assert found.rows == 1_200
    assert {(one.by.name, one.on.name) for one in found.dependencies} >= {
        ("zip", "city"),
        ("zip", "county"),
        ("city", "county"),
    }


def test_dates_in_two_orders(clean: Rows, look: Look) -> None:
    rows = [row for row in range(len(clean)) if int(clean[row]["born"][:2]) > 12][:3]
    for row in rows:
        clean[row]["born"] = swapped(clean[row]["born"])
    found = look(clean).findings
    assert found["row"].tolist() == [row + 1 for row in rows]
    assert set(found["kind"]) == {"date order"}
    assert found["suggestion"].tolist() == [swapped(clean[row]["born"]) for row in rows]


def test_days_without_rows_are_a_gap(make_orders: Callable[..., Rows], look: Look) -> None:
    rows = [
        row for row in make_orders(1_600) if not "2024-03-04" <= row["opened_at"] < "2024-03-09"
    ]
    found = look([{"opened_at": row["opened_at"]} for row in rows]).findings
    (gap,) = found.to_dict("records")
    assert gap["kind"] == "gap"
    assert gap["value"] == "2024-03-04 to 2024-03-08: no rows"
    assert rows[gap["row"] - 1]["opened_at"].startswith("2024-03-09")


def test_two_values_in_one_cell(clean: Rows, look: Look) -> None:
    rows = [{"town": row["city"], "channel": row["channel"]} for row in clean]
    for row in range(0, 400, 20):
        rows[row] = {"town": f"{rows[row]['town']} {rows[row]['channel']}", "channel": None}
    found = look(rows).findings
    merged = found[found["kind"] == "merged"]
    assert sorted(set(merged["row"])) == [row + 1 for row in range(0, 400, 20)]
    town = merged[(merged["row"] == 1) & (merged["column"] == "town")].iloc[0]
    assert town["suggestion"] == clean[0]["city"]
    channel = merged[(merged["row"] == 1) & (merged["column"] == "channel")].iloc[0]
    assert channel["suggestion"] == clean[0]["channel"]


def test_a_unit_spelled_in_several_ways_is_suspected_everywhere(look: Look) -> None:
    spelled = ("oz", "oz.", "ounce")
    rows = [{"size": f"{10 + number % 7} {spelled[number % 3]}"} for number in range(90)]
    found = look(rows)
    assert found.counts.to_dict("records") == [
        {"table": "orders", "column": "size", "kind": "unit", "cells": 90, "shown": 90}
    ]
    assert found.findings["suggestion"][0] == "10"


@pytest.mark.parametrize("made", ["3 - Moderate", "85123A", "1st", "1 month"])
def test_labels_codes_and_plurals_are_no_units(look: Look, made: str) -> None:
    ends = {1: "st", 2: "nd", 3: "rd"}
    values = {
        "3 - Moderate": ("1 - High", "2 - Low", "3 - Moderate"),
        "85123A": tuple(f"{85_000 + one}{'' if one % 9 else 'A'}" for one in range(99)),
        "1st": tuple(
            f"{one}{'th' if one in (11, 12, 13) else ends.get(one % 10, 'th')}"
            for one in range(1, 31)
        ),
        "1 month": ("1 month", *(f"{one} months" for one in range(2, 25))),
    }[made]
    found = look([{"x": values[number % len(values)]} for number in range(500)])
    assert found.findings.to_dict("records") == []


def test_names_that_are_near_each_other_are_no_typos(look: Look) -> None:
    names = (
        *("Johnson", "Johnston", "Johansen", "Johanson", "Jonson", "Hanson", "Hansen", "Jansen"),
        *("Janson", "Jonsen", "Jonssen", "Johnsen", "Janssen", "Hansson"),
    )
    draw = random.Random(3)
    weights = [200, 90, 60, 40, 30, 20, 15, 10, 5, 5, 1, 1, 1, 1]
    rows = [{"name": one} for one in draw.choices(names, weights, k=800)]
    assert "typo" not in set(look(rows).findings["kind"])


def test_things_that_differ_by_digits_are_no_typos(look: Look) -> None:
    rows = [{"item": f"model X{9 if number == 5 else 1}"} for number in range(600)]
    assert "typo" not in set(look(rows).findings["kind"])


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_neither_the_order_of_rows_nor_threads_change_the_findings(
    clean: Rows, look: Look, threads: int
) -> None:
    for _, row, column, wrong, _ in PLANTED:
        clean[row - 1][column] = wrong(clean[row - 1][column])
    expected = look(clean)
    places = list(range(1, len(clean) + 1))
    random.Random(threads).shuffle(places)
    shuffled = [clean[place - 1] for place in places]
    found = look(shuffled, places=places, threads=threads)
    pd.testing.assert_frame_equal(found.findings, expected.findings)
    pd.testing.assert_frame_equal(found.counts, expected.counts)
    assert found.dependencies == expected.dependencies


def test_a_sampled_table_gives_the_same_whatever_its_order(
    make_orders: Callable[..., Rows], look: Look
) -> None:
    rows = [{name: row[name] for name in ("zip", "city", "county")} for row in make_orders(25_000)]
    rows[17_000]["county"] = "Kent" if rows[17_000]["county"] != "Kent" else "Devon"
    expected = look(rows)
    assert expected.findings[["row", "column"]].values.tolist() == [[17_001, "county"]]
    places = list(range(1, len(rows) + 1))
    random.Random(5).shuffle(places)
    found = look([rows[place - 1] for place in places], places=places)
    pd.testing.assert_frame_equal(found.findings, expected.findings)
    assert found.dependencies == expected.dependencies


def test_a_table_too_large_to_hold_its_codes_gives_the_same(
    make_orders: Callable[..., Rows], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_orders(25_000)
    rows[17_000]["county"] = "Kent" if rows[17_000]["county"] != "Kent" else "Devon"
    expected = look(rows)
    assert "dependency" in set(expected.findings["kind"])
    for held in (0, 8 * len(rows)):  # never, and only the columns that a dependency was found of
        monkeypatch.setattr(dependencies, "MOST_CODES", held)
        found = look(rows)
        pd.testing.assert_frame_equal(found.findings, expected.findings)
        assert found.dependencies == expected.dependencies


def test_outliers_are_held_against_a_sample_of_many_different_numbers(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(3)
    rows = [{"paid": draw.gauss(100, 5)} for _ in range(4_000)]
    rows[77]["paid"] = 9_000.0
    expected = look(rows).findings
    assert expected[["row", "column", "kind"]].values.tolist() == [[78, "paid", "outlier"]]
    monkeypatch.setattr(numbers, "MOST_DISTINCT", 500)
    found = look(rows).findings
    assert found.drop(columns="confidence").equals(expected.drop(columns="confidence"))
    assert abs(found["confidence"] - expected["confidence"]).max() < 0.01


def test_the_most_cells_are_shown_and_all_are_counted(clean: Rows, look: Look) -> None:
    for row in range(0, 300, 3):
        clean[row]["quantity"] = "N/A"
    found = look(clean, most_cells=7)
    assert found.counts[["cells", "shown"]].values.tolist() == [[100, 7]]
    assert found.findings["row"].tolist() == [1, 4, 7, 10, 13, 16, 19]


def test_columns_can_be_left_out_and_confidence_asked(clean: Rows, look: Look) -> None:
    clean[4]["quantity"], clean[9]["channel"] = "N/A", "N/A"
    assert set(look(clean, leave_out=["channel"]).findings["column"]) == {"quantity"}
    assert look(clean, least_confidence=1).findings.empty


def test_nothing_is_left_in_the_engine(clean: Rows) -> None:
    connection = connect()
    connection.register("given", pd.DataFrame(clean).assign(_row=range(len(clean))))
    find_suspects(connection, "SELECT * FROM given", table="orders")
    left = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert left == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"row": "place"}, "`place`"),
        ({"row": "city"}, "`city`"),
        ({"least_confidence": 1.5}, "least_confidence == 1.5"),
        ({"most_cells": 0}, "most_cells == 0"),
    ],
)
def test_wrong_arguments_are_refused(
    clean: Rows, look: Look, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(AnalysisError, match=message):
        look(clean, **options)


CELLS: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["", " ", "n/a", "12 oz", "12.5", "01/13/2024", "13/01/2024", "x'y\"z"])
    | st.from_regex(r"\A[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\Z"),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DOUBLE": st.floats(),
    "DECIMAL(18,4)": st.decimals(-(10**9), 10**9, places=4),
    "DATE": st.dates(),
    "TIMESTAMP": st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)),
    "BOOLEAN": st.booleans(),
    "BLOB": st.binary(max_size=3),
    "INTEGER[]": st.lists(st.integers(0, 9), max_size=2),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[Any]]]:
    types = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=0, max_size=4))
    pools = [draw(st.lists(CELLS[kind] | st.none(), min_size=1, max_size=5)) for kind in types]
    count = draw(st.sampled_from([0, 1, 3, 60, 250]))
    seed = draw(st.integers(0, 2**16))
    dice = random.Random(seed)
    return types, [
        [pool[min(int(dice.expovariate(1.5)), len(pool) - 1)] for pool in pools]
        for _ in range(count)
    ]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(table=tables())
def test_any_table_is_looked_at_without_a_crash(table: tuple[list[str], list[list[Any]]]) -> None:
    types, rows = table
    connection = duckdb.connect(config={"threads": 2})
    columns = ", ".join(f'"c {place}""{kind}" {kind}' for place, kind in enumerate(types))
    connection.execute(f"CREATE TABLE held (_row INTEGER{', ' * bool(types)}{columns})")
    if rows:
        marks = ", ".join("?" * (len(types) + 1))
        connection.executemany(
            f"INSERT INTO held VALUES ({marks})", [[n, *row] for n, row in enumerate(rows)]
        )
    found = find_suspects(connection, "SELECT * FROM held", table="any", least_confidence=0)
    assert found.rows == len(rows)
    assert set(found.findings["row"]) <= set(range(len(rows)))
    assert set(found.findings["kind"]) <= set(KINDS)
    assert not found.findings.duplicated(["row", "column"]).any()
    assert all(0 <= one <= 1 and math.isfinite(one) for one in found.findings["confidence"])
    assert len(found.not_tried) >= sum(kind in ("BLOB", "INTEGER[]") for kind in types)


def test_typed_columns_are_looked_at(look: Look) -> None:
    rows = [
        {
            "opened": datetime(2024, 1, 1 + number % 28, number % 24),
            "closed": datetime(2024, 2, 1 + number % 28, number % 24),
            "joined": date(2020 + number % 4, 1 + number % 12, 3),
            "amount": 20.0 + number % 30 + number / 1000,
        }
        for number in range(400)
    ]
    rows[10]["closed"] = datetime(2023, 12, 24)
    rows[20]["amount"] = -99_999.0
    rows[30]["joined"] = date(1900, 1, 1)
    found = look(rows).findings
    assert found[["row", "column", "kind"]].values.tolist() == [
        [11, "closed", "event order"],
        [21, "amount", "missing in disguise"],
        [31, "joined", "missing in disguise"],
    ]


def test_a_wide_table_says_what_was_not_tried(look: Look) -> None:
    draw = random.Random(2)
    rows = [{f"k{place}": str(draw.randrange(30)) for place in range(58)} for _ in range(300)]
    found = look(rows)
    assert any("pairs of columns were not tried" in one for one in found.not_tried)
    assert found.findings.empty


def test_amounts_and_times_of_day_decide_nothing(look: Look) -> None:
    draw = random.Random(4)
    rows = []
    for number in range(400):
        made = {"receipt": f"R{number}", "card": f"C{draw.randrange(5_000)}"}
        made |= {"sold": f"{number // 4 % 28 + 1:02d}/03/2024 10:{number % 50:02d}"}
        rows += [made | {"paid": f"{number},{9 - number % 9}"} for _ in range(3)]
    for row in (30, 600):
        rows[row] |= {"sold": rows[row + 60]["sold"], "paid": rows[row + 60]["paid"]}
    found = look(rows)
    assert {one.by.name for one in found.dependencies} <= {"receipt", "card"}
    assert not set(found.findings["column"]) & {"receipt", "card"}


def test_a_business_that_grows_has_no_gap_in_its_first_weeks(look: Look) -> None:
    rows = []
    for day in range(240):
        opened = datetime(2024, 1, 1) + timedelta(day)
        often = 0 if day in (3, 4, 9, 15) else min(1 + day // 12, 9)
        rows += [{"opened": opened}] * often
    assert look(rows).findings.to_dict("records") == []
