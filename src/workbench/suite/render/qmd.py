"""What Quarto reads: a notebook that holds no string which Quarto could take for its own markup.

Title, headings and all else arrive as raw HTML that is already escaped, in a fence longer than any
run of backticks inside, and with no shortcode in it. Escaped Markdown will not do for a title:
Quarto looks for shortcodes in it once the escapes are resolved, and prints the variable asked for.

`minimal` leaves out themes, web fonts, scripts and RequireJS. `embed-resources` stays off: for it
Quarto puts the page it has made into a fence of eight backticks and reads it as Markdown once more,
so that a line of as many in a text would let the rest run as Markdown, its pictures of local files
included. Nothing is lost, for a report's figures are within the page, and `finish` takes out links
to Quarto's own scripts and styles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import jinja2
import nbformat

from workbench.errors import RenderError
from workbench.report.text import escape_html
from workbench.suite.render.filters import FILTERS
from workbench.suite.render.finish import FETCHES
from workbench.suite.render.page import Document, ReportPage
from workbench.suite.render.style import TEMPLATES

__all__ = ["quarto_notebook", "quarto_source", "raw_html"]

_BACKTICKS = re.compile(r"`+")
_READING = {"base", "embed", "iframe", "link", "object", "script", "style"}


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


def quarto_source(document: Document) -> str:
    """Return the text of the notebook that Quarto reads."""
    text: str = nbformat.writes(quarto_notebook(document))
    return text


def _front_matter(page: ReportPage) -> str:
    options = {
        "title": _quoted(_inline(escape_html(page.title))),
        "lang": _quoted(page.lang),
        "pagetitle": _quoted(_inline(escape_html(f"{page.title} · {page.unit_title}"))),
        "toc": "false",
        "number-sections": "false",
        "execute": '{"enabled": false}',
        "html-table-processing": "none",
        "format": json.dumps(
            {
                "html": {
                    "minimal": True,
                    "theme": "none",
                    "embed-resources": False,
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
            yield f"{'#' * block.level} {_inline(block.html)} {{#{block.anchor}}}"
        else:
            yield raw_html(block.html)
    yield raw_html(parts.get_template("bottom.html.j2").render(document=document))


def _quoted(text: str) -> str:
    """Return text as a quoted YAML string: JSON's strings are YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _no_shortcodes(html: str) -> str:
    """Return HTML in which no shortcode can begin: one could print a variable or read a file."""
    return html.replace("{{", "&#123;&#123;")


def _inline(html: str) -> str:
    """Return escaped words as raw HTML within one line of Markdown."""
    html = " ".join(_no_shortcodes(html).replace("`", "&#96;").split())
    return f"`{html}`{{=html}}" if html else ""


class _NoFiles(HTMLParser):
    """Refuses HTML that names something to read: Quarto would put a local file into the page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Refuse an element that reads, or an attribute that names anything but data."""
        for name, value in attrs:
            text = (value or "").strip()
            if name in FETCHES and not text.startswith("data:"):
                raise RenderError(f"the page would read `{text[:80]}`", where="report")
        if tag in _READING:
            raise RenderError(f"the page holds <{tag}>", where="report")


def raw_html(html: str) -> str:
    """Return HTML as a block that Quarto passes on as it is.

    The fence is longer than any run of backticks inside, and no shortcode can begin.

    Raises
    ------
    RenderError
        When it names a file or an address that Quarto would read.
    """
    check = _NoFiles()
    check.feed(html)
    check.close()
    html = _no_shortcodes(html)
    longest = max((len(run) for run in _BACKTICKS.findall(html)), default=0)
    fence = "`" * max(longest + 1, 4)
    return f"{fence}{{=html}}\n{html}\n{fence}"
