"""What of an edition is damaged, and what was changed or went on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.data.gone import changed_files, why_changed, why_gone
from workbench.files import digest_of_file
from workbench.suite.editions import Edition, damage
from workbench.suite.manifest import data_of
from workbench.workspace import Workspace

__all__ = ["Marks", "home_of", "marks_of", "why_not_again"]


@dataclass(frozen=True)
class Marks:
    """How an edition's files stand against the digests in its manifest.

    Parameters
    ----------
    damaged
        Files that are missing, changed by accident or too many.
    changed
        Files that were changed on purpose, and are since as they were left.
    why
        Why they were changed, in words; empty where none was.
    """

    damaged: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    why: str = ""


def home_of(folder: Path) -> Path:
    """Return the data folder of the unit whose editions are in a folder."""
    return Workspace(folder.parents[2]).unit_data(folder.parent.name, folder.name)


def marks_of(edition: Edition) -> Marks:
    """Return which files of an edition are damaged, and which were changed on purpose."""
    wrong = damage(edition)
    if not wrong:
        return Marks()
    home = home_of(edition.folder.parent)
    noted = changed_files(home, edition.id)
    changed = [
        name
        for name in wrong
        if name in noted
        and (edition.folder / name).is_file()
        and digest_of_file(edition.folder / name) == noted[name]
    ]
    damaged = tuple(name for name in wrong if name not in changed)
    return Marks(damaged, tuple(changed), why_changed(home, edition.id) if changed else "")


def why_not_again(edition: Edition) -> str:
    """Return in words why an edition cannot be made again: its data went on purpose; else empty."""
    home = home_of(edition.folder.parent)
    digests = sorted(data_of(edition.manifest))
    gone = [
        f"snapshot {digest}: {why}"
        for digest in digests
        if not (home / "snapshots" / digest).is_dir() and (why := why_gone(home, digest))
    ]
    return "; ".join(gone)
