"""The types of the records that a notebook leaves in its outputs.

Each record travels as JSON under a MIME type of our own, beside previews for JupyterLab and a
terminal. The renderers read only our own types.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ACTION",
    "BREAKDOWN",
    "FIGURE",
    "FINDING",
    "KINDS",
    "METRIC",
    "SECTION",
    "STATE",
    "TABLE",
]

FINDING = "application/vnd.workbench.finding+json"
METRIC = "application/vnd.workbench.metric+json"
TABLE = "application/vnd.workbench.table+json"
FIGURE = "application/vnd.workbench.figure+json"
ACTION = "application/vnd.workbench.action+json"
SECTION = "application/vnd.workbench.section+json"
BREAKDOWN = "application/vnd.workbench.breakdown+json"
STATE = "application/vnd.workbench.state+json"

KINDS: Mapping[str, str] = {
    FINDING: "finding",
    METRIC: "metric",
    TABLE: "table",
    FIGURE: "figure",
    ACTION: "action",
    SECTION: "section",
    BREAKDOWN: "breakdown",
    STATE: "state",
}
