"""The renderer that is always there: nbconvert, with a template of our own and nothing fetched."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.suite.render.files import write_page
from workbench.suite.render.page import Document, ReportPage
from workbench.suite.render.policy import policy
from workbench.suite.render.prepare import prepare
from workbench.suite.render.style import stylesheet

if TYPE_CHECKING:
    import nbformat

__all__ = ["EmbeddedRenderer", "layout"]


def layout(document: Document) -> str:
    """Return the page of a document."""
    css = stylesheet()
    resources = {"document": document, "css": css, "policy": policy([css])}
    # Imported only now: to name the renderer, nobody should wait for nbconvert.
    page: str = import_module("workbench.suite.render.exporter").export(resources)
    return page


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

    @property
    def peak_mb(self) -> float:
        """Return nought: it works within this process."""
        return 0.0

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
