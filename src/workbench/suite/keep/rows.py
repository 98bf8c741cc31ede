"""What editions of a unit there are, and whether they are whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.files import files_below
from workbench.suite.editions import MANIFEST, damage, list_editions, served

__all__ = ["Kept", "kept_editions", "size_of", "size_words", "unreadable"]

_NAME = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{16}\Z")


@dataclass(frozen=True)
class Kept:
    """An edition that is there.

    Parameters
    ----------
    suite, unit, id
        Which one.
    as_of
        Its day, ``YYYY-MM-DD``.
    is_served
        Whether it is the one that the portal shows.
    states
        Report -> ``ok``, ``failed``, ``stopped``, ``not_applicable`` or ``not_run``, in their
        order.
    size
        Bytes of all of its files.
    compared_with
        The edition that it was compared with; empty for none.
    damage
        The files that are not what their digests say; empty when it is whole, None when nobody
        looked.
    """

    suite: str
    unit: str
    id: str
    as_of: str
    is_served: bool
    states: Mapping[str, str]
    size: int
    compared_with: str
    damage: tuple[str, ...] | None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "suite": self.suite,
            "unit": self.unit,
            "edition": self.id,
            "as_of": self.as_of,
            "served": self.is_served,
            "reports": dict(self.states),
            "bytes": self.size,
            "compared_with": self.compared_with or None,
            "damaged": None if self.damage is None else list(self.damage),
        }


def kept_editions(folder: Path, *, check: bool = False) -> list[Kept]:
    """Return a unit's editions, the newest first; those that cannot be read stand last.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    check
        Compare every file with its digest.
    """
    shown = served(folder)
    found = []
    for edition in list_editions(folder):
        reports = edition.manifest["reports"]
        ordered = sorted(reports.items(), key=lambda pair: (pair[1]["order"], pair[0]))
        found.append(
            Kept(
                suite=folder.parent.name,
                unit=folder.name,
                id=edition.id,
                as_of=str(edition.manifest["as_of"]),
                is_served=shown is not None and shown.id == edition.id,
                states={name: str(told["state"]) for name, told in ordered},
                size=size_of(edition.folder),
                compared_with=str(edition.manifest.get("prior", {}).get("edition", "")),
                damage=tuple(damage(edition)) if check else None,
            )
        )
    for name in unreadable(folder):
        size, wrong = size_of(folder / name), (MANIFEST,)
        found.append(
            Kept(folder.parent.name, folder.name, name, name[:10], False, {}, size, "", wrong)
        )
    return found


def unreadable(folder: Path) -> list[str]:
    """Return the names of editions whose manifest is missing or not what their name says.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    """
    good = {edition.id for edition in list_editions(folder)}
    there = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(name for name in there if _NAME.match(name) and name not in good)


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in files_below(folder))


def size_words(size: int) -> str:
    """Return a number of bytes as people read it.

    Examples
    --------
    >>> size_words(3_712_345)
    '3.7 MB'
    """
    amount, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{size:,} bytes" if unit == "bytes" else f"{amount:,.1f} {unit}"
