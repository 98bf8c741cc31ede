"""The template folder and the one stylesheet, shared by both renderers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

__all__ = ["TEMPLATES", "stylesheet"]

TEMPLATES = Path(str(files("workbench.suite.render"))) / "templates" / "page"


@cache
def stylesheet() -> str:
    """Return the one stylesheet of all pages."""
    return (TEMPLATES / "page.css").read_text(encoding="utf-8").strip()
