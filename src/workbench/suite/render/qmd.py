"""What Quarto reads: a notebook that holds no string which Quarto could take for its own markup.

Title and language are quoted YAML; headings are Markdown with every mark escaped; all else arrives
as raw HTML that is already escaped, in a fence longer than any run of backticks inside, and with no
shortcode in it. `minimal` leaves out themes, web fonts, scripts and RequireJS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import jinja2
import nbformat

from workbench.report.text import escape_markdown
from workbench.suite.render.filters import FILTERS
from workbench.suite.render.page import Document, ReportPage
from workbench.suite.render.style import TEMPLATES

__all__ = ["quarto_notebook", "raw_html"]

_BACKTICKS = re.compile(r"`+")


def quarto_notebook(document: Document) -> nbformat.NotebookNode:
    """Return the notebook that Quarto reads: front matter, headings, and raw HTML that is escaped.

    Parameters
    ----------
    document
        The prepared report.
    """
    cells = [nbformat.v4.new_raw_cell(_front_matter(document.page))]
    cells += [nbformat.v4.new_markdown_cell(text) for text in _sources(document)]
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"  # nbformat's own ids are random
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": kernel}
    )
    return made


def _front_matter(page: ReportPage) -> str:
    # The title is Markdown to Quarto, so its marks are escaped.
    options = {
        "title": _quoted(_words(page.title)),
        "lang": _quoted(page.lang),
        "pagetitle": _quoted(_words(f"{page.title} · {page.unit_title}")),
        "toc": "false",
        "number-sections": "false",
        "execute": '{"enabled": false}',
        "html-table-processing": "none",
        "format": json.dumps(
            {
                "html": {
                    "minimal": True,
                    "theme": "none",
                    "embed-resources": True,
                    "html-math-method": "plain",
                    "anchor-sections": False,
                    "code-copy": False,
                }
            }
        ),
    }
    lines = [f"{key}: {value}" for key, value in options.items()]
    return "\n".join(["---", *lines, "---"])


def _sources(document: Document) -> Iterator[str]:
    parts = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    parts.filters.update(FILTERS)
    yield raw_html(parts.get_template("top.html.j2").render(document=document))
    for block in document.body:
        if block.kind == "heading":
            yield f"{'#' * block.level} {_words(block.text)} {{#{block.anchor}}}"
        else:
            yield raw_html(block.html)
    yield raw_html(parts.get_template("bottom.html.j2").render(document=document))


def _quoted(text: str) -> str:
    """Return text as a quoted YAML string: JSON's strings are YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _words(text: str) -> str:
    """Return text as Markdown that shows it as it is."""
    return _no_shortcodes(escape_markdown(text))


def _no_shortcodes(text: str) -> str:
    """Return text in which no shortcode can begin: one could print a variable or read a file."""
    return text.replace("\\{", "&#123;").replace("{{", "&#123;&#123;")


def raw_html(html: str) -> str:
    """Return HTML as a block that Quarto passes on as it is.

    The fence is longer than any run of backticks inside, and no shortcode can begin.
    """
    html = _no_shortcodes(html)
    longest = max((len(run) for run in _BACKTICKS.findall(html)), default=0)
    fence = "`" * max(longest + 1, 4)
    return f"{fence}{{=html}}\n{html}\n{fence}"
