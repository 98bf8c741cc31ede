from __future__ import annotations

import nbformat
import pytest

from workbench.suite.reads import tables_read

OPEN = "data = open_unit(suite, unit, snapshot)\n"


@pytest.mark.parametrize(
    ("code", "names", "everything"),
    [
        (OPEN + 'f(data.table("orders"), data.currency)', {"orders"}, False),
        (OPEN + 'data.has("orders", "customers")', {"orders", "customers"}, False),
        (OPEN + "f(data.as_of, data.actions)", set(), False),
        (OPEN + 'f(data.state("own", "groups"), data.state_day("own"))', set(), False),
        (OPEN + 'f(data.earlier_list("own", "calls"))', set(), False),
        (OPEN + "f(data)", set(), True),
        (OPEN + "data.snapshot.folder", set(), True),
        (OPEN + "data.table(name)", set(), True),
        ('rows = open_unit(suite, unit).table("orders")', {"orders"}, False),
        ("f(open_unit(suite, unit))", set(), True),
        (OPEN + "other = data", set(), True),
        ("other = 1", set(), False),
        ("x =", set(), True),
    ],
)
def test_the_tables_that_code_names(code: str, names: set[str], everything: bool) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(code)]
    found = tables_read(notebook)
    assert (set(found.names), found.everything) == (names, everything)
