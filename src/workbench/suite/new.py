"""Starts a report: a notebook in the house's form that runs as it is, to be rewritten by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import nbformat

from workbench.data.contracts import CONTRACTS
from workbench.data.phrases import listed
from workbench.errors import NotebookError, ParameterError, one_of
from workbench.files import write_file
from workbench.suite.notebook import LAST_IN_ORDER, PARAMETERS_TAG, RESERVED, SLUG, find_reports

__all__ = ["new_report", "report_notebook"]

_STEP = 10  # between the places of two reports, so that one can be put between them
_LONGEST = 40
# table -> what its rows are called, and the column that dates them
_ROWS = {
    "customers": ("customers", "joined_at"),
    "orders": ("order lines", "ordered_at"),
    "subscriptions": ("subscriptions", "started_at"),
    "interactions": ("contacts", "opened_at"),
    "assignments": ("assignments", "assigned_at"),
    "touchpoints": ("touchpoints", "touched_at"),
    "campaigns": ("campaigns", "started_at"),
}
_FRONT = """\
# {title}

- **Question:** {question}
- **For:** the department that asked for this report.
- **Decision:** whether the change of the last months asks for action, and who takes it."""
_PARAMETERS = """\
suite: str = ""  # the suite to read; empty: the one chosen with make lab, else demo
unit: str = ""  # the business unit; empty: the suite's first
snapshot: str = ""  # digest of the data snapshot; empty: the unit's newest
months: int = 12  # how many whole months to look at, 1 to 120"""
_OPEN = """\
from workbench.data import open_unit
from workbench.data.overview import overview
from workbench.report import Column, charts, figure, finding, metric, table

data = open_unit(suite, unit, snapshot)"""
_READ = (
    '{name} = overview(data.table("{name}"), clock="{clock}", rows="{rows}", '
    "as_of=data.as_of, months=months, min_group=data.min_group)"
)
_ANSWER = """\
## What should be decided?

Each sentence says how many rows the last whole months brought, and how that compares with \
the same time before."""
_FINDING = 'finding({name}.said, id="{name}-by-month"{decision})'
_DECISION = ', decision="Is this as planned? If it is not: who finds out why, and by when?"'
_METRIC = (
    'metric("{name}", {name}.rows, label="{Rows} in all", unit="{rows}", reason={name}.reason)'
)
_ASK = """\
## How many {rows} came each month?

Each point of the line is one whole month; the table below holds the same numbers."""
_FIGURE = """\
if not {name}.by_month.empty:
    picture = charts.lines({name}.by_month, x="month", y="rows", title={name}.title, \
subtitle="{Rows} by month", format="integer")
    figure(picture, id="{name}-months", caption="{Rows} by month", alt={name}.alt)"""
_TABLE = """\
table({name}.by_month, id="{name}-months", caption="{Rows}, month by month", limit=36, columns={{
    "name": Column("Month"), "rows": Column("{Rows}", "integer", missing={name}.hidden)}})"""
_LIMITS = """\
## What this cannot tell you

A count says how many, and not why."""
_LIMIT = (
    'finding("Months of different seasons, and of different length, are no fair comparison.", '
    'id="limit-season", kind="limit")'
)


def new_report(folder: Path, name: str, *, title: str = "", tables: Sequence[str] = ()) -> Path:
    """Return the file of a new report, written into a folder of notebooks.

    Parameters
    ----------
    folder
        The project's notebooks.
    name
        The report's name: lower-case letters, digits and underscores, a letter first.
    title
        Its title for a reader; made from the name when empty.
    tables
        The canonical tables that it needs; `orders` when none is named.

    Raises
    ------
    ParameterError
        When the name is taken or cannot name a report, or there is no such table.
    """
    if not SLUG.match(name) or len(name) > _LONGEST or name in RESERVED:
        raise ParameterError(
            f"`{name}` cannot name a report",
            where="workbench new",
            fix=f"Use at most {_LONGEST} lower-case letters, digits and underscores, a letter "
            "first, such as returns_by_channel.",
        )
    path = folder / f"{name}.ipynb"
    if path.exists():
        raise ParameterError(
            f"the report `{name}` is there already",
            where=str(path),
            fix="Choose another name, or open that one in JupyterLab.",
        )
    chosen = tuple(dict.fromkeys(tables)) or ("orders",)
    for table in chosen:
        if table not in CONTRACTS:
            raise ParameterError(
                f"no table `{table}`", where="--tables", fix=one_of(table, CONTRACTS)
            )
    said = " ".join(title.split()) or name.replace("_", " ").capitalize()
    notebook = report_notebook(said, chosen, _next_place(folder))
    folder.mkdir(parents=True, exist_ok=True)
    write_file(path, (nbformat.writes(notebook) + "\n").encode())
    return path


def report_notebook(title: str, tables: Sequence[str], order: int) -> nbformat.NotebookNode:
    """Return a notebook in the house's form that counts the rows of some tables by month.

    Parameters
    ----------
    title
        The report's title.
    tables
        Canonical tables, at least one.
    order
        Where the report stands among the others.
    """
    words = [_words(name) for name in tables]
    asked = [each["rows"] for each in words]
    question = (
        f"How many {listed(asked)} came in the last months, and do they become more or fewer?"
    )
    cells = [
        _markdown("front", _FRONT.format(title=_plain(title), question=question)),
        _code("parameters", _PARAMETERS),
        _code("open", _OPEN),
        *(_code(f"read-{each['name']}", _READ.format(**each)) for each in words),
        _markdown("answer-heading", _ANSWER),
        *(
            _code(
                f"answer-{each['name']}", _FINDING.format(**each, decision="" if n else _DECISION)
            )
            for n, each in enumerate(words)
        ),
        *(_code(f"number-{each['name']}", _METRIC.format(**each)) for each in words),
    ]
    for each in words:
        cells += [
            _markdown(f"{each['name']}-heading", _ASK.format(**each)),
            _code(f"{each['name']}-figure", _FIGURE.format(**each)),
            _code(f"{each['name']}-table", _TABLE.format(**each)),
        ]
    cells += [_markdown("limits-heading", _LIMITS), _code("limits", _LIMIT)]
    cells[1].metadata["tags"] = [PARAMETERS_TAG]
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "workbench": {"any_of": [], "order": order, "tables": list(tables), "title": title},
        }
    )
    return notebook


def _words(table: str) -> dict[str, str]:
    rows, clock = _ROWS[table]
    return {"name": table, "rows": rows, "Rows": rows.capitalize(), "clock": clock}


def _plain(title: str) -> str:
    """Return a title as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_\[\]<>{}#])", r"\\\1", title)


def _next_place(folder: Path) -> int:
    """Return the place behind all reports that there are; a broken notebook counts for nothing."""
    try:
        places = [report.order for report in find_reports(folder).values()]
    except NotebookError:
        return LAST_IN_ORDER
    last = max((place for place in places if place < LAST_IN_ORDER), default=0)
    return (last // _STEP + 1) * _STEP


def _markdown(name: str, source: str) -> nbformat.NotebookNode:
    cell: nbformat.NotebookNode = nbformat.v4.new_markdown_cell(source, id=name)
    return cell


def _code(name: str, source: str) -> nbformat.NotebookNode:
    cell: nbformat.NotebookNode = nbformat.v4.new_code_cell(source, id=name)
    return cell
