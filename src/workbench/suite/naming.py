"""Editions by the names that people give them: ``demo/atlas``, ``atlas/2025-06-30``, ``a2e3``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.errors import ParameterError, PublishError, one_of
from workbench.suite.editions import SERVED, Edition, list_editions, served
from workbench.workspace import Workspace

__all__ = ["choose", "find_edition", "find_unit", "find_units", "shown"]

_SHORTEST = 4  # letters of a digest
_DAY = len("2025-06-30")


def find_edition(workspace: Workspace, text: str, edition: str = "") -> Edition:
    """Return the edition that a person means.

    Parameters
    ----------
    workspace
        The project.
    text
        ``UNIT`` where only one suite has it, ``SUITE/UNIT``, or ``SUITE/UNIT/EDITION``.
    edition
        The edition where ``text`` names none: its name, the start of it or of its digest, or a
        day; empty for the one that is shown now.

    Raises
    ------
    ParameterError
        When there is no such unit, or several suites have it.
    PublishError
        When there is no such edition, or several.
    """
    parts = text.strip("/").split("/")
    if len(parts) == 3 and not edition:
        text, edition = "/".join(parts[:2]), parts[2]
    folder = find_unit(workspace, text)
    if not edition:
        return shown(folder)
    return choose(list_editions(folder), edition, where=_where(folder))


def find_unit(workspace: Workspace, text: str, suite: str = "") -> Path:
    """Return the folder of the editions of the unit that a person means.

    Parameters
    ----------
    workspace
        The project.
    text
        ``UNIT`` where only one suite has it, or ``SUITE/UNIT``.
    suite
        The suite, where ``text`` names none.

    Raises
    ------
    ParameterError
        When there is no such unit, or several suites have it.
    """
    named, _, name = text.strip("/").rpartition("/")
    wanted = suite or named
    there = list(_units(workspace))
    found = [path for path in there if path.name == name and wanted in {"", path.parent.name}]
    if len(found) == 1:
        return found[0]
    if found:
        among = ", ".join(_where(path) for path in found)
        raise ParameterError(
            f"several suites have a unit `{name}`", where="reports/", fix=f"Name one: {among}."
        )
    asked = f"{wanted}/{name}" if wanted else name
    known = {_where(path) if wanted else path.name for path in there}
    raise ParameterError(f"no editions of `{asked}`", where="reports/", fix=one_of(asked, known))


def find_units(workspace: Workspace, text: str = "") -> list[Path]:
    """Return the folders of the editions of all units that a person means, by suite and name.

    Parameters
    ----------
    workspace
        The project.
    text
        A suite for all of its units, ``SUITE/UNIT``, or ``UNIT``; empty for all units of all
        suites.

    Raises
    ------
    ParameterError
        When there is none.
    """
    there = list(_units(workspace))
    found = [path for path in there if text.strip("/") in {"", path.parent.name}]
    if found:
        return found
    if "/" in text or any(path.name == text for path in there):
        return [find_unit(workspace, text)]
    known = {path.parent.name for path in there} | {path.name for path in there}
    asked = f"no editions of `{text}`" if text else "there are no editions yet"
    fix = one_of(text, known) if known else "Run `workbench run` first."
    raise ParameterError(asked, where="reports/", fix=fix)


def shown(folder: Path) -> Edition:
    """Return the edition of a unit that the portal shows.

    Parameters
    ----------
    folder
        The unit's folder of editions.

    Raises
    ------
    PublishError
        When it cannot be had.
    """
    found = served(folder)
    if found is not None:
        return found
    others = [edition.id for edition in list_editions(folder)]
    raise PublishError(
        "the edition to show is missing or damaged" if others else "there is no edition yet",
        where=_where(folder),
        fix=f"Run `workbench run {folder.parent.name}`"
        + (f", or name one that is there: {', '.join(others)}." if others else " first."),
    )


def choose(editions: Sequence[Edition], name: str, *, where: str) -> Edition:
    """Return the edition that a person means among those of a unit.

    Parameters
    ----------
    editions
        A unit's editions, the newest first.
    name
        The edition's name, the start of it or of its digest, or a day: then the newest of it.
    where
        Suite and unit, for messages.

    Raises
    ------
    PublishError
        When there is no such edition, or the start fits several.
    """
    found = [edition for edition in editions if edition.id.startswith(name)]
    if not found and len(name) >= _SHORTEST:
        found = [one for one in editions if one.id[_DAY + 1 :].startswith(name)]
    if len({edition.id for edition in found}) == 1 or (found and len(name) == _DAY):
        return found[0]
    names = [edition.id for edition in editions]
    if found:
        raise PublishError(
            f"`{name}` fits {len(found)} editions",
            where=where,
            fix=f"Write more of the name: {', '.join(edition.id for edition in found)}.",
        )
    raise PublishError(f"no edition `{name}`", where=where, fix=one_of(name, names))


def _units(workspace: Workspace) -> Iterator[Path]:
    """Yield the folders that hold editions, or did."""
    for path in sorted(workspace.reports.glob("*/*")):
        hidden = path.name.startswith(".") or path.parent.name.startswith(".")
        if not hidden and path.is_dir() and ((path / SERVED).exists() or list_editions(path, 1)):
            yield path


def _where(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
