"""Everything that a notebook shows goes through here.

Each call shows one thing and records it under a MIME type of our own, so that the suite can harvest
it from the executed notebook and the renderers need not trust anything else::

    finding   a sentence to decide on                       findings.py
    metric    a number with a unit, or why there is none    findings.py
    table     a frame as a table with a caption             tables.py
    figure    a picture with a text alternative             figures.py
    section   a heading whose words are computed            findings.py
    action_list   customers to act on, kept out of the page actions.py
    charts    the few chart forms that reports use          charts.py, theme.py
    glossary  what a word means, in plain English           glossary.py
    format_*  numbers, money, shares, dates as text         formats.py

`mime.py` and `text.py` hold what all of them share: the records' types, and how data become text
that can do no harm.
"""

from __future__ import annotations

from workbench.report import charts, theme
from workbench.report.actions import action_list
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
from workbench.report.glossary import glossary, terms
from workbench.report.tables import Column, table

__all__ = [
    "MISSING",
    "Column",
    "action_list",
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
    "table",
    "terms",
    "theme",
]
