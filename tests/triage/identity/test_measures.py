"""What is weighed as one: the levels of the name, of the place, and of a column by itself."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.triage.identity.measures import PLACES, Measure, measures, order_places
from workbench.triage.identity.model import SLIP, Level, comparisons
from workbench.triage.identity.people import PEOPLE, field_names, load_people, sides
from workbench.triage.identity.roles import ROLES, ColumnRole, Role

Row = Sequence[str | None]


def people(roles: Sequence[Role], *rows: Row) -> duckdb.DuckDBPyConnection:
    """Return an engine that holds the spellings of some records."""
    source, target = duckdb.connect(), duckdb.connect()
    cells = {role: [row[place] for row in rows] for place, role in enumerate(roles)}
    table = {"id": [f"{number:04}" for number in range(len(rows))]} | cells
    types = pa.schema([(name, pa.string()) for name in table])
    source.register("customers", pa.table(table, types))
    load_people(source, "customers", "id", list(named(roles).values()), target, "GB")
    return target


def named(roles: Sequence[Role]) -> dict[str, ColumnRole]:
    return field_names([ColumnRole(role, role, 1.0, 1.0) for role in roles])


def level(measure: Measure, connection: duckdb.DuckDBPyConnection) -> Level:
    """Return the level of the first two records."""
    pair = f"SELECT {sides(connection)} FROM {PEOPLE} AS l JOIN {PEOPLE} AS r ON r.person = 1"
    found = connection.execute(f"SELECT {measure.which()} FROM ({pair} WHERE l.person = 0)")
    return measure.levels[found.fetchall()[0][0] + 1]


def weighed(roles: Sequence[Role], one: Row, other: Row) -> dict[str, Level]:
    """Return the level of each measure, places in the order in which they are named."""
    columns = named(roles)
    places = [field for field, each in columns.items() if each.role in PLACES]
    connection = people(roles, one, other)
    return {each.name: level(each, connection) for each in measures(columns, places)}


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (("Anna", "Khan"), ("ANNA", "Khan"), "exactly"),
        (("Anna", "Khan"), ("Khan", "Anna"), "exactly"),
        (("Muhammad", "Khan"), ("Mohammed", "Khan"), "consonants"),
        (("Muhammad", "Khan"), ("محمد", "خان"), "consonants"),
        (("Muhammad", "Khan"), ("خان", "محمد"), "consonants"),
        (("Robert", "Smith"), ("Roberd", "Smith"), "letters"),
        (("Robert", "Smith"), ("R.", "Smith"), "initial"),
        (("R", "Smith"), ("Robert J", "Smith"), "initial"),
        (("R", "Khan"), ("رشید", "خان"), "initial"),
        (("R", "Smith"), ("Peter", "Smith"), "family name alone"),
        (("Robert", "Smith"), ("Robert", "Smithers"), "letters"),
        (("Robert", "Martin"), ("Robert", "Martel"), "in part"),
        (("Robert", "Smith"), ("Peter", "Smith"), "family name alone"),
        (("Robert", "Smith"), ("Robert", "Jones"), "given name alone"),
        (("Robert", "Smith"), ("Peter", "Jones"), "differ"),
        ((None, "Smith"), ("Peter", "Smith"), "family name alone"),
        ((None, None), ("Peter", "Jones"), "missing"),
    ],
)
def test_the_name_is_one_measure(one: Row, other: Row, told: str) -> None:
    for left, right in ((one, other), (other, one)):
        found = weighed(["given_name", "family_name"], left, right)
        assert list(found) == ["name"]
        assert (found["name"].how or found["name"].grade) == told


PLACE: tuple[Role, ...] = ("postcode", "city", "region")


@pytest.mark.parametrize(
    ("other", "told", "by"),
    [
        (("BS1 4DJ", "Bristol", "South West"), "postcode_1", "postcode_1"),
        (("BS1 4DJ", "Bath", "Wales"), "postcode_1", "postcode_1"),
        (("BA2 9ZZ", "Bristol", "South West"), "city_1", "city_1"),
        (("BS1 4DK", "Bath", "South West"), "a sign or two apart", None),
        (("BA2 9ZZ", "Bristoll", "South West"), "a sign or two apart", None),
        (("BA2 9ZZ", "Bath", "South West"), "region_1", "region_1"),
        (("BA2 9ZZ", "Cardiff", "Wales"), "differ", None),
        ((None, None, "South West"), "region_1", "region_1"),
        ((None, None, None), "missing", None),
    ],
)
def test_the_place_is_one_measure_and_its_smallest_part_counts(
    other: Row, told: str, by: str | None
) -> None:
    found = weighed(PLACE, ("BS1 4DJ", "Bristol", "South West"), other)
    assert list(found) == ["place"]
    assert (found["place"].how or found["place"].grade, found["place"].weighed) == (told, by)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (("High Street", "16", "Bristol"), "house there"),
        (("High Street", "17", "Bristol"), "address there"),
        (("High Street", "16", "Bath"), "house and address"),
        (("High Street", "17", "Bath"), "address_1"),
        (("Mill Lane", "16", "Bristol"), "city_1"),
        (("Mill Lane", "16", "Bath"), "differ"),
    ],
)
def test_a_house_counts_with_its_address_alone(other: Row, told: str) -> None:
    found = weighed(["address", "house", "city"], ("High Street", "16", "Bristol"), other)
    assert list(found) == ["place"]
    assert (found["place"].how or found["place"].grade) == told


def test_a_slip_in_an_address_s_number_is_told_and_not_weighed() -> None:
    one, other = ("anna1234@x.example",), ("anna1243@x.example",)
    assert weighed(["email"], one, other)["email_1"].grade == "missing"
    (comparison,) = comparisons(named(["email"]))
    connection = people(["email"], one, other)
    pair = f"SELECT {sides(connection)} FROM {PEOPLE} AS l JOIN {PEOPLE} AS r ON r.person = 1"
    found = connection.execute(f"SELECT {comparison.which()} FROM ({pair} WHERE l.person = 0)")
    assert comparison.level(found.fetchall()[0][0]).how == SLIP
    assert weighed(["email"], one, ("anna1235@x.example",))["email_1"].grade == "differ"


def test_places_are_ordered_by_their_values_and_the_country_of_all_says_nothing() -> None:
    roles: tuple[Role, ...] = ("region", "city", "postcode", "house")
    rows = [
        ("Utopia", f"Town{chr(97 + n % 5)}", f"BS{n % 10} {n % 10}DJ", str(n)) for n in range(20)
    ]
    places, aside = order_places(people(roles, *rows), named(roles))
    assert places == ("postcode_1", "city_1")
    assert [(each.what, each.why) for each in aside] == [
        ("region", "most pairs of records agree in it anyway")
    ]
    empty = people(["city"], (None,), (None,))
    assert order_places(empty, named(["city"])) == ((), ())


@given(st.lists(st.sampled_from(sorted(ROLES)), min_size=1, max_size=8))
def test_each_spelling_is_weighed_once(roles: list[Role]) -> None:
    columns = named(roles)
    places = [field for field, each in columns.items() if each.role in PLACES]
    found = measures(columns, places)
    read = [field for each in found for field in each.fields]
    assert sorted(read) == sorted(columns)
    for each in found:
        first, *_, last = each.levels
        assert (first.grade, last.grade, last.condition) == ("missing", "differ", "ELSE")
        assert each.columns == tuple(columns[field].told for field in each.fields)
