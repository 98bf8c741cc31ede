"""Where candidates and lists are in a unit's owner-only folder, and whether they are whole.

::

    actions/<list>.csv, .parquet                     who is contacted
    actions/<list>.holdout.csv, .parquet             who must not be, to measure the effect
    actions/earlier/<as_of>/<report>.<list>.parquet  both, with a column `arm`, day by day
    actions/candidates/<report>/<list>.parquet       who qualifies and agreed to marketing
    actions/by-hand/<list>.parquet                   the same, from a notebook run by hand
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.data.gone import EARLIER_LISTS
from workbench.files import digest_of_file, read_object

__all__ = [
    "CANDIDATES",
    "CONTACTS",
    "EARLIER",
    "candidates_folder",
    "clean_settling",
    "files_of",
    "missing_files",
    "settling_folder",
    "tidy",
    "wrong_candidates",
]

CANDIDATES, EARLIER = "candidates", Path(EARLIER_LISTS).name
CONTACTS = "contacts"
"""Who is contacted, as an edition tells it: a page and a JSON file of this name."""
_SETTLING = ".settling-"

Json = Mapping[str, Any]


def candidates_folder(actions: Path, report: str) -> Path:
    """Return the folder of a report's candidates.

    Parameters
    ----------
    actions
        The unit's owner-only folder.
    report
        The report.
    """
    return actions / CANDIDATES / report


def wrong_candidates(actions: Path, report: str, records: Iterable[Json]) -> list[str]:
    """Return the lists of a report whose candidates are gone, or not those that it recorded.

    Parameters
    ----------
    actions
        The unit's owner-only folder.
    report
        The report.
    records
        What it recorded of its lists.
    """
    folder = candidates_folder(actions, report)
    return [
        Path(str(one["file"])).stem
        for one in records
        if _is_wrong(folder / str(one["file"]), str(one["digest"]))
    ]


def files_of(document: Json) -> Iterator[tuple[str, str]]:
    """Yield each file of each list of a ``contacts.json``, relative to the folder, and its digest.

    Parameters
    ----------
    document
        What the file holds; nothing is yielded of an empty one.
    """
    for one in document.get("lists", ()):
        for told in one["files"].values():
            if told is not None:
                yield str(told["file"]), str(told["digest"])


def missing_files(actions: Path, edition: Path) -> list[str]:
    """Return the files of an edition's lists that are gone, or not those that it names.

    Parameters
    ----------
    actions
        The unit's owner-only folder.
    edition
        The edition's folder.
    """
    document = read_object(edition / f"{CONTACTS}.json")
    return [name for name, digest in files_of(document) if _is_wrong(actions / name, digest)]


def tidy(
    actions: Path,
    kept: Collection[str],
    before: Json,
    candidates: Collection[tuple[str, str]],
    as_of: str,
) -> None:
    """Remove lists of the edition before that the new one has not, and candidates of no list.

    Parameters
    ----------
    actions
        The unit's owner-only folder.
    kept
        The files of the new edition's lists.
    before
        The ``contacts.json`` of the edition before; empty where it has none.
    candidates
        Report and file of each list of the new edition.
    as_of
        The new edition's day: lists of other days stay among the earlier ones.
    """
    old = {name for name, _ in files_of(before) if not name.startswith(f"{EARLIER}/")}
    day = actions / EARLIER / as_of
    old |= {path.relative_to(actions).as_posix() for path in day.glob("*.parquet")}
    for name in sorted(old - set(kept)):
        (actions / name).unlink(missing_ok=True)
    for path in sorted((actions / CANDIDATES).glob("*/*.parquet")):
        if (path.parent.name, path.name) not in candidates:
            path.unlink()


def settling_folder(actions: Path) -> Path:
    """Return a new hidden folder in which lists are made, before they are put in their places."""
    clean_settling(actions)
    folder = actions / f"{_SETTLING}new"
    folder.mkdir(mode=0o700, parents=True)
    actions.chmod(0o700)
    return folder


def clean_settling(actions: Path) -> None:
    """Remove what a run that was killed left half made; call it under the lock."""
    for path in actions.glob(f"{_SETTLING}*"):
        shutil.rmtree(path, ignore_errors=True)


def _is_wrong(path: Path, digest: str) -> bool:
    return not path.is_file() or digest_of_file(path) != digest
