"""Which renderer is used: Quarto where it is installed, else the embedded one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workbench.errors import RenderError, one_of
from workbench.suite.render.page import ReportPage

if TYPE_CHECKING:
    import nbformat

__all__ = ["CHOICES", "Renderer", "find_renderer"]

CHOICES = ("auto", "embedded", "quarto")


class Renderer(Protocol):
    """Turns an executed notebook into one self-contained HTML file."""

    @property
    def name(self) -> str:
        """Return ``embedded`` or ``quarto``."""

    @property
    def version(self) -> str:
        """Return the version of what does the work, for the job key and the manifest."""

    @property
    def peak_mb(self) -> float:
        """Return the most memory that its own programs hold for one page, in megabytes."""

    def render(self, nb: nbformat.NotebookNode, page: ReportPage, out: Path) -> None:
        """Write the page; ``out`` is replaced in one step, or left as it was."""


def find_renderer(prefer: str = "auto") -> Renderer:
    """Return the renderer to use.

    Parameters
    ----------
    prefer
        ``auto``: Quarto where it is found, else the embedded one. ``quarto``: that one or an error.
        ``embedded``: that one.

    Raises
    ------
    RenderError
        When the choice is unknown, or Quarto is asked for and is not to be had.
    """
    if prefer not in CHOICES:
        raise RenderError(
            f"unknown renderer `{prefer}`", where="renderer", fix=one_of(prefer, CHOICES)
        )
    # Imported only now: who asks for a status should not wait for nbconvert.
    if prefer != "embedded":
        quarto = import_module("workbench.suite.render.quarto")
        found: Renderer | None = quarto.find_quarto()
        if found is not None:
            return found
        if prefer == "quarto":
            raise RenderError(
                "Quarto is not installed",
                where="renderer",
                fix="Put quarto on PATH, name it with QUARTO_PATH, or use the embedded renderer.",
            )
    embedded: Renderer = import_module("workbench.suite.render.embedded").EmbeddedRenderer()
    return embedded
