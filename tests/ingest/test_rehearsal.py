"""What `workbench check` finds without reading a row."""

from __future__ import annotations

import pytest

from support.project import Project
from workbench.errors import ContractError, ParameterError
from workbench.ingest import rehearse
from workbench.ingest.naming import name_sources
from workbench.params import load_suite

COLUMNS = ("order_id", "ordered_at", "amount", "note")


def tried(build: Project, options: str, columns: tuple[str, ...] = COLUMNS) -> tuple[str, ...]:
    build.table("orders", "unread", options)
    suite = load_suite(build.save(), "test")
    (named,) = name_sources(suite.unit("one"))
    return rehearse(suite, suite.unit("one"), named, columns)


def test_a_sound_source_names_its_columns(build: Project) -> None:
    options = "types: {amount: decimal}\nrules: {paid: amount > 0}\ncolumns: {product_id: note}"
    assert tried(build, options) == ("order_id", "ordered_at", "amount", "product_id")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("rules: {paid: amount > ordered_at + 1}", "does not fit its columns"),
        ("columns: {amount: amount * 2}", "amount"),
        ("columns: {amount: amuont}", "`amount`"),
        ("types: {amuont: decimal}", "`amount`"),
    ],
)
def test_what_cannot_be_computed_is_found(build: Project, options: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        tried(build, options)


def test_a_missing_column_is_found(build: Project) -> None:
    with pytest.raises(ContractError, match="`amount`"):
        tried(build, "", ("order_id", "ordered_at"))
