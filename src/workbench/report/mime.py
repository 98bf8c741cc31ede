"""The records that a notebook leaves in its outputs, and how one is shown.

Each record travels as JSON under a MIME type of our own, beside a preview for JupyterLab
(Markdown, SVG or HTML) and for a terminal (plain text). The renderers read only our own types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

__all__ = ["ACTION", "FIGURE", "FINDING", "KINDS", "METRIC", "SECTION", "TABLE", "show"]

FINDING = "application/vnd.workbench.finding+json"
METRIC = "application/vnd.workbench.metric+json"
TABLE = "application/vnd.workbench.table+json"
FIGURE = "application/vnd.workbench.figure+json"
ACTION = "application/vnd.workbench.action+json"
SECTION = "application/vnd.workbench.section+json"

KINDS: Mapping[str, str] = {
    FINDING: "finding",
    METRIC: "metric",
    TABLE: "table",
    FIGURE: "figure",
    ACTION: "action",
    SECTION: "section",
}


def show(kind: str, record: Mapping[str, Any], *, plain: str, preview: Mapping[str, str]) -> None:
    """Show one record: as a display of the notebook, or as plain text outside of one.

    Parameters
    ----------
    kind
        One of the MIME types above.
    record
        What is recorded; JSON values only.
    plain
        The preview for a terminal.
    preview
        Further previews by MIME type, for JupyterLab.
    """
    if not InteractiveShell.initialized():
        print(plain)
        return
    bundle = {kind: dict(record), "text/plain": plain, **preview}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
