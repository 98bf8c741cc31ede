"""An executed notebook as one self-contained page.

::

    harvest.py    what the notebook recorded: findings, metrics, tables, figures, action lists
    page.py       what a page says beside its notebook; the document that both read
    prepare.py    notebook + page -> document, a pure function
    watched.py    what the page shows of goals, alerts and plans
    prose.py      Markdown and foreign text made harmless
    blocks.py     one record or cell -> HTML
    style.py      the template folder and the stylesheet
    filters.py    what the template needs to know about strings and numbers
    policy.py     the Content-Security-Policy, by hash
    embedded.py   document -> HTML with nbconvert and our own template
    exporter.py   its slow part: nbconvert itself
    quarto.py     document -> HTML with Quarto, where it is installed
    qmd.py        document -> what Quarto reads
    finish.py     Quarto's page without scripts, with our policy
    files.py      a page is written in one step
    engines.py    which of the two is used

The template and the stylesheet in `templates/` are shared by both renderers.
"""

from __future__ import annotations

from workbench.suite.render.engines import Renderer, find_renderer
from workbench.suite.render.harvest import Harvest, harvest
from workbench.suite.render.page import Document, ReportPage
from workbench.suite.render.prepare import prepare

__all__ = [
    "Document",
    "Harvest",
    "Renderer",
    "ReportPage",
    "find_renderer",
    "harvest",
    "prepare",
]
