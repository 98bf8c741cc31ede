"""The parts of the simulation, one by one."""

from __future__ import annotations

import io
import sqlite3
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from workbench.data.demo.atlas.facts import GROUPS, SERIES, ranges
from workbench.data.demo.baskets import fill_baskets, mix_matrix
from workbench.data.demo.brook.records import misspell
from workbench.data.demo.calendar import make_calendar
from workbench.data.demo.catalogue import make_catalogue
from workbench.data.demo.dirt import Dirt
from workbench.data.demo.experiments import Ledger
from workbench.data.demo.people import POSTCODES, invent_people, phone_numbers
from workbench.data.demo.purchases import Buyers, Process, simulate_orders
from workbench.data.demo.shared import fixed, money, stream, texts, time_text
from workbench.data.demo.subscriptions import renewal_dates, to_28th
from workbench.data.demo.workbook import xlsx_bytes
from workbench.data.demo.write import csv_bytes, put, sqlite_bytes

AS_OF = date(2025, 6, 30)


def test_money_is_exact() -> None:
    pence = np.array([0, 5, -5, 100, -12345, 10**15 + 1])
    assert money(pence).tolist() == [
        "0.00",
        "0.05",
        "-0.05",
        "1.00",
        "-123.45",
        "10000000000000.01",
    ]
    assert fixed(np.array([0.1, 2.0]), 3).tolist() == ["0.100", "2.000"]


def test_times_as_text() -> None:
    times = np.array(["2024-02-29T14:05", "NaT"], dtype="datetime64[m]")
    assert time_text(times).tolist() == ["2024-02-29 14:05", ""]
    assert time_text(times, style="british").tolist() == ["29/02/2024 14:05", ""]
    assert time_text(times, separator="T").tolist() == ["2024-02-29T14:05", ""]


def test_streams_are_named() -> None:
    first = stream(1, "atlas", "people").random(4)
    assert (stream(1, "atlas", "people").random(4) == first).all()
    assert (stream(1, "atlas", "dirt").random(4) != first).all()
    assert (stream(2, "atlas", "people").random(4) != first).all()


def test_calendar_has_mean_weight_one_and_closed_days() -> None:
    calendar = make_calendar(
        AS_OF, days=730, weekdays=(1, 1, 1, 1, 1, 2, 0), months=(2,) + (1,) * 11, closed=((12, 25),)
    )
    assert calendar.weights.mean() == pytest.approx(1.0, abs=0.01)
    days = [date.fromordinal(calendar.start.toordinal() + k) for k in range(calendar.days)]
    assert days[-1] == AS_OF
    for day, weight in zip(days, calendar.weights, strict=True):
        assert (weight == 0) == (day.weekday() == 6 or (day.month, day.day) == (12, 25))
    drawn = calendar.draw_days(stream(1), 5000)
    assert drawn.min() >= 0
    assert drawn.max() < calendar.days
    assert (calendar.weights[drawn] > 0).all()
    inner = (calendar.elapsed[:-1] + calendar.elapsed[1:]) / 2
    is_open = calendar.weights > 0
    assert (calendar.day_at(inner)[is_open] == np.arange(calendar.days)[is_open]).all()


def test_expected_purchases() -> None:
    """Fader, Hardie & Lee (2005): E[X(t)] given rate and p is (1 - exp(-rate p t)) / p."""
    calendar = make_calendar(AS_OF, days=701)
    size, rate, p = 40_000, 0.10, 0.3
    buyers = Buyers(
        rate=np.full(size, rate),
        dropout=np.full(size, p),
        nu=np.full(size, 0.1),
        first_day=np.zeros(size, dtype=np.int64),
    )
    process = Process(1, 1, 1, 1, 5.0, 4.0, 40.0)
    orders, alive = simulate_orders(stream(1), process, buyers, calendar)
    repeats = len(orders.day) / size - 1
    assert repeats == pytest.approx((1 - np.exp(-rate * p * 100)) / p, rel=0.02)
    assert alive.mean() == pytest.approx(np.exp(-rate * p * 100), abs=0.005)
    assert orders.value.mean() == pytest.approx(50, rel=0.01)
    assert orders.day.max() <= 700
    assert (np.diff(orders.day) >= 0).all()


def test_baskets_hold_their_value() -> None:
    catalogue = make_catalogue("AT", ranges(), SERIES)
    rng = stream(1)
    value = rng.gamma(5, 13, 8000)
    group = rng.integers(0, len(GROUPS), 8000)
    lines = fill_baskets(rng, value, group, GROUPS, catalogue)
    amount = lines.amount(catalogue)
    assert (amount > 0).all()
    assert (lines.discount % lines.quantity == 0).all()
    paid = np.bincount(lines.order, weights=amount / 100)
    assert (paid / value).mean() == pytest.approx(1, abs=0.01)
    assert (paid / value).std() < 0.08
    assert (catalogue.cost < catalogue.price).all()
    assert len(set(catalogue.product_id)) == len(catalogue.price)
    per_category = catalogue.price.reshape(len(catalogue.categories), -1)
    assert (np.diff(per_category, axis=1) > 0).all()


def test_mixes_add_up() -> None:
    shares = mix_matrix([{"a": 3, "b": 1}, {"c": 1}], ("a", "b", "c", "d"), 0.2)
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert shares[0] == pytest.approx([0.65, 0.25, 0.05, 0.05])


def test_people_live_where_their_postcode_is() -> None:
    people = invent_people(stream(1), 3000)
    assert len(set(people.email)) == len(set(people.phone)) == 3000
    assert len(set(POSTCODES)) == len(POSTCODES)
    towns: dict[str, set[str]] = {}
    for postcode, town in zip(people.postcode, people.town, strict=True):
        towns.setdefault(postcode, set()).add(town)
    assert all(len(names) == 1 for names in towns.values())
    for name in (*people.given_latin, *people.family_latin):
        name.encode("cp1252")
    assert len(phone_numbers(stream(1), 40_000)) == 40_000


def test_slips_of_the_finger_change_something() -> None:
    rng = stream(1)
    for word in ("a", "aaaa", "York", "West Yorkshire", "قریشی", "Nagyné Tóth"):
        for _ in range(50):
            assert misspell(rng, word) != word


def test_ledger_sums_windows() -> None:
    rng = stream(1)
    customer = rng.integers(0, 20, 500)
    time = np.datetime64("2024-01-01", "m") + rng.integers(0, 100_000, 500).astype("m8[m]")
    value = rng.random(500)
    ledger = Ledger(customer, time, value)
    who, since = np.arange(20), np.datetime64("2024-02-01", "m") + np.zeros(20, dtype="m8[m]")
    for days in (14, -14):
        edge = since + np.timedelta64(days, "D")
        low, high = min(edge[0], since[0]), max(edge[0], since[0])
        for one, found in zip(who, ledger.total(who, since, days), strict=True):
            inside = (customer == one) & (time >= low) & (time < high)
            assert found == pytest.approx(value[inside].sum())


def test_renewals_fall_on_the_same_day() -> None:
    start = to_28th(np.array(["2023-01-31", "2024-02-29", "2024-03-05"], dtype="datetime64[D]"))
    assert start.astype(str).tolist() == ["2023-01-28", "2024-02-28", "2024-03-05"]
    dates = renewal_dates(start, 14).astype(str)
    assert dates[0, [0, 1, 13]].tolist() == ["2023-01-28", "2023-02-28", "2024-02-28"]
    assert dates[2, [0, 10]].tolist() == ["2024-03-05", "2025-01-05"]


def test_dirt_keeps_row_numbers_right() -> None:
    columns = {"key": texts("abcdef"), "value": texts("123456")}
    dirt = Dirt(stream(1), ("unit/file.csv", "orders", "shop"), columns)
    dirt.reserve(np.array([True, False, False, False, False, False]))
    dirt.copy("exact_duplicate", dirt.take(2), "duplicate_row")
    dirt.cell("unreadable_number", "value", dirt.take(2), "?", "unreadable:value")
    dirt.break_lines(dirt.take(5))
    raw = dirt.finish()
    assert raw.rows == 8
    assert raw.columns["key"][raw.position].tolist() == list("abcdef")
    assert columns["value"].tolist() == list("123456")
    for error in raw.planted:
        key = raw.columns["key"][error.row - 1]
        if error.kind == "exact_duplicate":
            assert key == raw.columns["key"][int(error.true_value) - 1]
        elif error.kind == "unreadable_number":
            assert raw.columns["value"][error.row - 1] == "?"
            assert error.true_value == columns["value"][list("abcdef").index(key)]
        else:
            assert raw.broken[error.row - 1].startswith(f"{key},")
    assert raw.rejected.sum() == 5
    assert not raw.rejected[0]


def test_database_keeps_texts_among_numbers() -> None:
    kinds = {"key": "TEXT", "count": "INTEGER", "price": "REAL"}
    columns = {
        "key": texts(["007", ""]),
        "count": texts(["3", "many"]),
        "price": texts(["1.50", ""]),
    }
    content = sqlite_bytes({"orders": (kinds, columns)})
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(content)
        rows = connection.execute("select * from orders").fetchall()
    finally:
        connection.close()
    assert rows == [("007", 3, 1.5), (None, "many", None)]


def test_workbook_holds_texts_numbers_and_dates() -> None:
    rows = [("<a & b>", date(2025, 2, 28), 12.5), ("", date(1999, 12, 31), 3)]
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes("P & Q", ("x", "y", "z"), rows)))["P & Q"]
    held = list(sheet.iter_rows(values_only=True))
    assert held[0] == ("x", "y", "z")
    assert (held[1][0], held[1][1].date(), held[1][2]) == rows[0]
    assert held[2][1].date() == rows[1][1]


def test_csv_with_a_broken_line() -> None:
    columns = {"a": texts(["1", "x;y", "3"]), "b": texts(["é", 'q"', ""])}
    content = csv_bytes(columns, delimiter=";", encoding="cp1252", broken={2: "3;;see over"})
    assert content.decode("cp1252") == 'a;b\n1;é\n"x;y";"q"""\n3;;see over\n'


def test_put_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.csv"
    put(path, b"one")
    put(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]
