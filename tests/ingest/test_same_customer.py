"""One customer under several records: found at ingest, asked, answered, kept from load to load."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import duckdb
import pytest

from support.people import COLUMNS, People, make_people
from support.project import Project, accepted
from workbench.data import open_unit
from workbench.data.unit import SUITE_VARIABLE
from workbench.errors import ContractError, ParameterError

ORDER = {"order_id": "A1", "customer_id": "", "ordered_at": "2025-01-31", "amount": "10.50"}
PERSONAL = """
tables:
  customers:
    personal: {given_name: drop, family_name: drop, email: drop, phone: drop, birth_date: drop}
"""


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(400, seed=11)


def project(root: Path, people: People, more: str = "identity: {}\n") -> Project:
    """Return a unit with these customers, and an order of each record."""
    built = Project(root, more=PERSONAL + more)
    built.table("customers", [dict(zip(COLUMNS, row, strict=True)) for row in people.rows])
    return built.table(
        "orders",
        [
            {**ORDER, "order_id": f"A{n}", "customer_id": row[0]}
            for n, row in enumerate(people.rows)
        ],
    )


def customers_of(summary, table: str) -> dict[str, str]:
    return dict(accepted(summary, table, "source_customer_id, customer_id"))


def reviews(built: Project) -> Path:
    return built.root / "data/test/one/reviews/customers.csv"


def write_answer(built: Project, one: str, other: str, answer: str) -> None:
    path = reviews(built)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"record_a,record_b,answer\n{one},{other},{answer}\n", encoding="utf-8")


def test_tables_hold_the_customer_and_the_record(tmp_path: Path, people: People) -> None:
    summary = project(tmp_path, people).ingest()
    of = customers_of(summary, "customers")
    assert len(of) == len(people.rows)
    joined = {(one, other) for one in of for other in of if one < other and of[one] == of[other]}
    right = len(joined & people.pairs)
    assert right / len(joined) >= 0.98
    assert right / len(people.pairs) >= 0.9
    assert customers_of(summary, "orders") == of
    told = summary.record.customers
    assert told is not None
    assert (told.records, told.customers) == (len(of), len(set(of.values())))
    assert told.joined == sum(list(of.values()).count(one) > 1 for one in of.values())


def test_an_analysis_sees_each_customer_once(
    tmp_path: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = project(tmp_path, people)
    summary = built.ingest()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setenv(SUITE_VARIABLE, "test")
    seen = open_unit().table("customers").df()
    assert seen["customer_id"].is_unique
    assert set(seen["customer_id"]) == set(customers_of(summary, "customers").values())
    assert "source_customer_id" not in seen.columns
    # A value that the first record lacks comes from another one of the same customer.
    rows = accepted(summary, "customers", "customer_id, city")
    known = {customer for customer, city in rows if city is not None}
    assert set(seen.loc[seen["city"].notna(), "customer_id"]) == known


def test_without_being_asked_nobody_looks(tmp_path: Path, people: People) -> None:
    summary = project(tmp_path, people, more="").ingest()
    assert summary.record.customers is None
    names = [
        name
        for name, *_ in duckdb.sql(
            f"DESCRIBE SELECT * FROM '{summary.snapshot.path('orders')}'"
        ).fetchall()
    ]
    assert "source_customer_id" not in names
    assert not reviews(project(tmp_path, people)).exists()


def test_the_same_again_is_the_same_bytes(tmp_path: Path, people: People) -> None:
    built = project(tmp_path, people)
    first = built.ingest()
    again = built.ingest()
    assert again.reused
    anew = built.ingest(rehash=True)
    assert anew.snapshot == first.snapshot


def test_an_answer_is_obeyed_and_told(tmp_path: Path, people: People) -> None:
    built = project(tmp_path, people)
    before = customers_of(built.ingest(), "customers")
    one, *others = sorted(before)
    other = next(record for record in others if before[record] != before[one])
    assert before[one] != before[other]
    write_answer(built, one, other, "same")
    summary = built.ingest()
    assert not summary.reused
    after = customers_of(summary, "customers")
    assert after[one] == after[other]
    told = summary.record.customers
    assert told is not None
    assert told.answered == 1
    assert stat.S_IMODE(reviews(built).stat().st_mode) == 0o600
    # The answer stays in the file, and holds for the next load.
    with reviews(built).open(newline="", encoding="utf-8") as file:
        kept = [row for row in csv.DictReader(file) if row["answer"]]
    assert [(row["record_a"], row["record_b"], row["answer"]) for row in kept] == [
        (*sorted([one, other]), "same")
    ]
    assert built.ingest().reused


def test_identifiers_last_over_loads(tmp_path: Path, people: People) -> None:
    built = project(tmp_path, people)
    before = customers_of(built.ingest(), "customers")
    # The next load brings new people; those of before keep their identifiers.
    more = make_people(120, seed=12)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in people.rows]
    rows += [dict(zip(COLUMNS, (f"A{row[0]}", *row[1:]), strict=True)) for row in more.rows]
    built.sources["customers"].clear()
    after = customers_of(built.table("customers", rows).ingest(), "customers")
    kept = [record for record in before if after[record] == before[record]]
    assert len(kept) >= 0.98 * len(before)


def test_a_wrong_answer_stops_before_anything_is_published(tmp_path: Path, people: People) -> None:
    built = project(tmp_path, people)
    first = built.ingest()
    one, other = people.rows[0][0], people.rows[1][0]
    write_answer(built, str(one), str(other), "perhaps")
    with pytest.raises(ParameterError, match="`perhaps` is no answer"):
        built.ingest()
    current = (tmp_path / "data/test/one/current.json").read_text(encoding="utf-8")
    assert first.snapshot.digest in current


def test_a_column_of_that_name_is_refused(tmp_path: Path, people: People) -> None:
    built = project(tmp_path, people)
    built.table("orders", [{**ORDER, "source_customer_id": "x"}], name="more")
    with pytest.raises(ContractError, match="source_customer_id"):
        built.ingest()
