"""A customer taken out of what is published: editions, and the logs of runs.

No list of customers is ever published, and no report's state may name one: most often there is
nothing to do. An edition is not to be changed, and verified by the digests in its manifest: where a
file of it must change, that is noted first, so that it is never taken for damage. An edition whose
manifest names the customer cannot stay, and goes as a whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.gone import erased_snapshots, note_changed
from workbench.data.removal import delete, hide
from workbench.files import files_below, flush_folder, read_object, replace_file, write_file
from workbench.ingest.forget.person import Person
from workbench.suite.editions import MANIFEST, SERVED, clean, list_editions, serve
from workbench.suite.manifest import data_of

__all__ = ["TEXTS", "Published", "erase_logs", "erase_published", "without_data"]

TEXTS = frozenset(
    {".html", ".ipynb", ".json", ".csv", ".svg", ".md", ".txt", ".xml", ".js", ".css", ".qmd"}
)
"""The endings of the files that are searched."""


@dataclass
class Published:
    """What became of a unit's editions.

    Parameters
    ----------
    places
        In how many places an identifier stood.
    why
        Edition -> why it can no longer be verified.
    """

    places: int = 0
    why: dict[str, str] = field(default_factory=dict)


def erase_published(
    folder: Path, home: Path, person: Person, tombstone: int, *, write: bool
) -> Published:
    """Take the customer's telling identifiers out of all editions of a unit.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    home
        Its data folder, where it is noted.
    person
        Who is to be forgotten.
    tombstone
        The tombstone's number.
    write
        False: only tell what would be.
    """
    done = Published()
    if write:
        clean(folder)
    if person.pattern is None or not folder.is_dir():
        return done
    for edition in sorted(path for path in folder.iterdir() if path.is_dir()):
        changed = {path: (text, count) for path, text, count in _changed(edition, person)}
        if not changed:
            continue
        done.places += sum(count for _, count in changed.values())
        if edition / MANIFEST in changed:
            done.why[edition.name] = "it is removed: its manifest named the customer"
            if write:
                _remove(folder, edition)
            continue
        names = [path.relative_to(edition).as_posix() for path in changed]
        if not edition.name.startswith("."):  # what is left of a damaged one vouches for nothing
            done.why[edition.name] = f"changed on purpose: {', '.join(names)}"
        if write:
            _rewrite(folder, edition, home, changed, tombstone)
    return done


def _rewrite(
    folder: Path,
    edition: Path,
    home: Path,
    changed: dict[Path, tuple[bytes, int]],
    tombstone: int,
) -> None:
    """Replace files of an edition, each in one step, after it was noted that they differ."""
    digests = {
        path.relative_to(edition).as_posix(): hashlib.sha256(content).hexdigest()
        for path, (content, _) in changed.items()
    }
    note_changed(home, edition.name, digests, tombstone)
    aside = folder / f".staging-{os.getpid()}"
    for path, (content, _) in changed.items():
        fresh = aside / path.name
        write_file(fresh, content, mode=stat.S_IMODE(path.stat().st_mode))
        fresh.replace(path)
        flush_folder(path.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _remove(folder: Path, edition: Path) -> None:
    """Remove an edition; where it is the one that is shown, the newest other one is shown."""
    if read_object(folder / SERVED).get("edition") == edition.name:
        other = next((one for one in list_editions(folder) if one.id != edition.name), None)
        if other is not None:
            serve(folder, other.id)
        else:
            (folder / SERVED).unlink()
    delete(hide(edition))


def without_data(
    folder: Path, home: Path, erased: frozenset[str], tombstone: int
) -> dict[str, str]:
    """Return the editions of a unit that cannot be made again because their data are erased.

    Parameters
    ----------
    folder, home
        The unit's folders of editions and of data.
    erased
        Digests of snapshots that go, besides those that were erased for the tombstone already.
    tombstone
        The tombstone's number.

    Returns
    -------
    dict
        Edition -> why, in words.
    """
    gone = erased | erased_snapshots(home, tombstone)
    found = {}
    for edition in list_editions(folder):
        lost = sorted(gone & data_of(edition.manifest))
        if lost:
            found[edition.id] = f"its data are erased: snapshot {', '.join(lost)}"
    return found


def erase_logs(logs: Path, person: Person, *, write: bool) -> int:
    """Take the customer's telling identifiers out of the logs of runs; return in how many places.

    Parameters
    ----------
    logs
        The suite's folder of run logs.
    person, write
        As `erase_published` takes them.
    """
    places = 0
    for path, content, count in _changed(logs, person):
        places += count
        if write:
            replace_file(path, content, mode=stat.S_IMODE(path.stat().st_mode))
    return places


def _changed(folder: Path, person: Person) -> Iterator[tuple[Path, bytes, int]]:
    """Yield the texts below a folder that name the customer, as they are without."""
    for path in files_below(folder) if folder.is_dir() else ():
        if path.suffix.lower() in TEXTS:
            text = path.read_bytes().decode("utf-8", errors="surrogateescape")
            clean_text, count = person.without(text)
            if count:
                yield path, clean_text.encode("utf-8", errors="surrogateescape"), count
