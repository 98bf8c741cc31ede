"""Everything that a notebook shows goes through here.

Each call shows one thing and records it under a MIME type of our own, so that the suite can harvest
it from the executed notebook and the renderers need not trust anything else::

    finding       a sentence to decide on                        findings.py
    metric        a number with a unit, or why there is none     findings.py
    section       a heading whose words are computed             findings.py
    breakdown     a whole and its parts, to see which grow       breakdowns.py
    batches       several findings or metrics at once            batches.py
    table         a frame as a table with a caption              tables.py, markup.py, csvs.py
    figure        a picture with a text alternative              figures.py
    charts        the few chart forms that reports use           charts.py, theme.py
    action_list   candidates for a list, kept out of the page    actions.py, candidates.py
    state         what the next edition goes on from, kept out of the page   states.py
    glossary      what a word means, in plain English            words.py
    format_*      numbers, money, shares and dates as text       formats.py

`mime.py`, `display.py` and `text.py` hold what all of them share: the records' types, how a record
is shown, and how data become text that can do no harm.

Names are imported when first used: the suite reads records without loading a plotting library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.report import charts, theme
    from workbench.report.actions import action_list
    from workbench.report.breakdowns import breakdown
    from workbench.report.figures import figure
    from workbench.report.findings import finding, metric, section
    from workbench.report.formats import (
        MISSING,
        format_date,
        format_days,
        format_money,
        format_number,
        format_pvalue,
        format_share,
        format_value,
    )
    from workbench.report.states import state
    from workbench.report.tables import Column, table
    from workbench.report.words import glossary, terms

__all__ = [
    "MISSING",
    "Column",
    "action_list",
    "breakdown",
    "charts",
    "figure",
    "finding",
    "format_date",
    "format_days",
    "format_money",
    "format_number",
    "format_pvalue",
    "format_share",
    "format_value",
    "glossary",
    "metric",
    "section",
    "state",
    "table",
    "terms",
    "theme",
]

_MODULES = {
    "Column": "tables",
    "action_list": "actions",
    "breakdown": "breakdowns",
    "charts": "charts",
    "figure": "figures",
    "finding": "findings",
    "glossary": "words",
    "metric": "findings",
    "section": "findings",
    "state": "states",
    "table": "tables",
    "terms": "words",
    "theme": "theme",
}


def __getattr__(name: str) -> Any:
    """Return a public name, importing its module now."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    source = _MODULES.get(name, "formats")
    module = import_module(f"{__name__}.{source}")
    return module if name == source else getattr(module, name)


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
