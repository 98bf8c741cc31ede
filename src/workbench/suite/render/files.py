"""A page is written beside its place and then renamed, so that no reader sees half of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from workbench.errors import RenderError

__all__ = ["write_page"]


def write_page(out: Path, html: str) -> None:
    """Write a page in one step.

    Raises
    ------
    RenderError
        When the folder cannot be written.
    """
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(html, encoding="utf-8", newline="\n")
        beside.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise RenderError(
            f"the page could not be written: {error.strerror}",
            where=out.name,
            fix="Check that the folder can be written and the disk is not full.",
        ) from error
