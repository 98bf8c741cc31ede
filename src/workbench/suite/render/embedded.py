"""The renderer that is always there: nbconvert, with a template of our own and nothing fetched."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.templateexporter import TemplateExporter

from workbench.suite.render.files import write_page
from workbench.suite.render.filters import FILTERS
from workbench.suite.render.page import Document, ReportPage
from workbench.suite.render.policy import policy
from workbench.suite.render.prepare import prepare
from workbench.suite.render.style import TEMPLATES, stylesheet

__all__ = ["EmbeddedRenderer", "layout"]


class _PageExporter(TemplateExporter):
    """Lays a document out; the notebook itself is not looked at again.

    nbconvert's own HTML exporter is not the base: it parses and writes each page anew with
    BeautifulSoup, which is slow and would change bytes that the policy has hashed.
    """

    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"

    def _template_name_default(self) -> str:
        return "page"

    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(TEMPLATES.parent)]


@cache
def _exporter() -> Any:
    # Every preprocessor is off: the document is ready, and none may change it.
    exporter: Any = _PageExporter
    return exporter(default_preprocessors=[], filters=dict(FILTERS))


def layout(document: Document) -> str:
    """Return the page of a document."""
    css = stylesheet()
    resources = {"document": document, "css": css, "policy": policy([css])}
    html, _ = _exporter().from_notebook_node(nbformat.v4.new_notebook(), resources)
    return f"{html.strip()}\n"


class EmbeddedRenderer:
    """Renders with nbconvert; needs no other program and no network."""

    @property
    def name(self) -> str:
        """Return the renderer's name."""
        return "embedded"

    @property
    def version(self) -> str:
        """Return nbconvert's version."""
        return f"nbconvert {version('nbconvert')}"

    def render(self, nb: nbformat.NotebookNode, page: ReportPage, out: Path) -> None:
        """Write the page of an executed notebook.

        Parameters
        ----------
        nb
            The executed notebook; it is not changed.
        page
            What the page says beside it.
        out
            The file to write; it is replaced in one step.
        """
        write_page(out, layout(prepare(nb, page)))
