"""A folder is gone at once, or not at all: renamed out of sight first, then deleted."""

from __future__ import annotations

import shutil
import stat
from contextlib import suppress
from pathlib import Path

from workbench.files import PRUNED, flush_folder

__all__ = ["delete", "delete_hidden", "hide"]


def hide(folder: Path, place: Path | None = None) -> Path:
    """Rename a folder out of sight, and return where it is.

    Parameters
    ----------
    folder
        What is to be removed.
    place
        The folder to hide it in, on the same disk; its own parent when not given.
    """
    parent = place or folder.parent
    name = f"{PRUNED}{folder.name.lstrip('.')}"
    hidden, number = parent / name, 1
    while hidden.exists():  # what an earlier crash left
        hidden, number = parent / f"{name}-{number}", number + 1
    folder.rename(hidden)
    flush_folder(folder.parent)
    return hidden


def delete(hidden: Path) -> None:
    """Delete a hidden folder; its files may be read-only. What stays, the next run deletes."""
    for path in (hidden, *hidden.rglob("*")):
        if not path.is_symlink():
            more = stat.S_IRWXU if path.is_dir() else stat.S_IWUSR
            with suppress(OSError):
                path.chmod(path.stat().st_mode | more)
    shutil.rmtree(hidden, ignore_errors=True)


def delete_hidden(folder: Path) -> None:
    """Delete what a crash left in a folder."""
    for path in folder.glob(f"{PRUNED}*"):
        delete(path)
