"""nbconvert with our own template: the part of the embedded renderer that is slow to import."""

from __future__ import annotations

from functools import cache
from typing import Any

import nbformat
from nbconvert.exporters.templateexporter import TemplateExporter

from workbench.suite.render.filters import FILTERS
from workbench.suite.render.style import TEMPLATES

__all__ = ["export"]


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


def export(resources: dict[str, Any]) -> str:
    """Return the template filled with resources."""
    html, _ = _exporter().from_notebook_node(nbformat.v4.new_notebook(), resources)
    return f"{html.strip()}\n"
