"""Expressions of parameter files: one, harmless, over known columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.expressions import check_expression
from workbench.errors import ParameterError

COLUMNS = ["Quantity", "UnitPrice", "Invoice No", "_row", "as_of"]
WHERE = "params/demo/atlas.yml, sources.orders.till.columns.amount"


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("Quantity * UnitPrice", {"Quantity", "UnitPrice"}),
        ("quantity * UNITPRICE", {"Quantity", "UnitPrice"}),
        ("\"invoice no\" NOT LIKE 'C%' -- credit notes", {"Invoice No"}),
        ("/* none */ 1", set()),
        ("CASE WHEN Quantity > 0 THEN 'in' ELSE 'out' END", {"Quantity"}),
        ("Quantity::DATE <= as_of AND _row > 10", {"Quantity", "as_of", "_row"}),
        (
            "coalesce(nullif(Quantity, 0), try_cast(UnitPrice AS INTEGER))",
            {"Quantity", "UnitPrice"},
        ),
        ("date_diff('day', DATE '2024-01-01', as_of)", {"as_of"}),
        ("age(as_of, UnitPrice)", {"as_of", "UnitPrice"}),
        ("list_transform([Quantity], x -> x + UnitPrice)", {"Quantity", "UnitPrice"}),
        ("list_filter([Quantity], lambda x: x > 0)", {"Quantity"}),
        ("[x + 1 for x in [Quantity]]", {"Quantity"}),
        ("Quantity -> '$.a'", {"Quantity"}),
        ("TRY(Quantity / UnitPrice)", {"Quantity", "UnitPrice"}),
        ("extract(year FROM as_of)", {"as_of"}),
        ("Quantity IN (1, 2) AND UnitPrice BETWEEN 1 AND 2", {"Quantity", "UnitPrice"}),
        ("UnitPrice IS DISTINCT FROM Quantity", {"Quantity", "UnitPrice"}),
    ],
)
def test_the_columns_of_an_expression_are_found(text: str, used: set[str]) -> None:
    assert check_expression(text, COLUMNS, where=WHERE) == used


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no SQL expression"),
        ("-- nothing", "no SQL expression"),
        ("Quantity *", "no SQL expression"),
        ("Quantity /* open", "no SQL expression"),
        ("Quantity) + (UnitPrice", "no SQL expression"),
        ("DROP TABLE x", "."),
        ("Quantity, UnitPrice", "more than one"),
        ("Quantity; SELECT 1", "more than one"),
        ("Quantity FROM read_csv('/etc/passwd')", "more than one"),
        ("Quantity WHERE UnitPrice", "more than one"),
        ("Quantity ORDER BY 1", "more than one"),
        ("Quantity LIMIT 1", "more than one"),
        ("DISTINCT Quantity", "more than one"),
        ("Quantity UNION SELECT 1", "more than one"),
        ("Quantity QUALIFY true", "more than one"),
        ("?", "."),
        ("#1", "position"),
        ("Quantity AS amount", "name of its own"),
        ("(SELECT 1)", "subquery"),
        ("Quantity IN (SELECT 1)", "subquery"),
        ("EXISTS (FROM 'file.csv')", "subquery"),
        ("*", "all columns"),
        ("COLUMNS('.*')", "all columns"),
        ("sum(Quantity)", "adds up rows"),
        ("count(*) FILTER (WHERE Quantity)", "adds up rows"),
        ("geomean(Quantity)", "adds up rows"),
        ("lag(Quantity) OVER ()", "other rows"),
        ("unnest([1, 2])", "several rows"),
        ("read_text('/etc/passwd')", "reads a table or a file"),
        ("getenv('HOME')", "depends on"),
        ("now()", "depends on"),
        ("current_date", "depends on"),
        ("current_timestamp", "depends on"),
        ("current_localtime()", "depends on"),
        ("today()", "depends on"),
        ("age(as_of)", "depends on"),
        ("ago(INTERVAL 1 DAY)", "depends on"),
        ("random()", "depends on"),
        ("uuid()", "depends on"),
        ("gen_random_uuid()", "depends on"),
        ("nextval('s')", "depends on"),
        ("current_setting('threads')", "depends on"),
        ("getvariable('x')", "depends on"),
        ("current_user", "depends on"),
        ("list_transform([1], x -> random())", "depends on"),
        ("CASE WHEN true THEN now() END", "depends on"),
        ("uper(Quantity)", "Did you mean `upper`"),
        ("Quantty * 2", "Did you mean `Quantity`"),
        ("orders.Quantity", "orders.Quantity"),
        ("Quantity.upper()", "between the parentheses"),
        ("x -> x", "`x`, which is not there"),
    ],
)
def test_what_an_expression_may_not_do_is_said(text: str, reason: str) -> None:
    with pytest.raises(ParameterError, match=reason) as caught:
        check_expression(text, COLUMNS, where=WHERE)
    assert caught.value.where == WHERE
    assert caught.value.fix


def test_a_column_with_the_name_of_a_keyword_may_be_used() -> None:
    assert check_expression('"user"', ["User"], where=WHERE) == {"User"}


def test_types_are_checked_where_they_are_known() -> None:
    types = {"Quantity": "BIGINT", "UnitPrice": "DECIMAL(18,4)", "Country": "VARCHAR"}
    assert check_expression("Quantity * UnitPrice", types, where=WHERE)
    with pytest.raises(ParameterError, match="does not fit its columns") as caught:
        check_expression("Quantity * Country", types, where=WHERE)
    assert "Country VARCHAR" in caught.value.fix


@given(st.text(max_size=30))
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        used = check_expression(text, COLUMNS, where=WHERE)
    except ParameterError:
        return
    assert used <= set(COLUMNS)
