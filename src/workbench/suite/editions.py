"""Editions: staged beside their place, renamed into it, then served.

A reader of ``reports/`` sees an edition whole or not at all. At whatever point the process is
killed, the pointer ``served.json`` names a complete edition, and what was left behind is cleaned
away by the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import PublishError
from workbench.files import (
    PRUNED,
    canonical,
    digest_of,
    digest_of_file,
    files_below,
    flush_folder,
    read_json,
    replace_file,
    write_file,
)
from workbench.suite.secrets import refuse_secrets

__all__ = [
    "Edition",
    "Stage",
    "clean",
    "damage",
    "list_editions",
    "lost_pointer",
    "read_edition",
    "serve",
    "served",
    "standing",
]

MANIFEST = "manifest.json"
RESULTS = "results.json"
ALERTS = "alerts.json"
CHANGES = "changes"
"""What changed since the edition before: a page and a JSON file of this name."""
PORTAL_HREF = "../../index.html"
"""The way from an edition's pages to the suite's."""
SERVED = "served.json"
_STAGING = ".staging-"
_DAMAGED = ".damaged-"

Step = Callable[[str], None]


def _nothing(step: str) -> None:
    """Do nothing at a step; a test puts a crash in its place."""


@dataclass(frozen=True)
class Edition:
    """A published edition.

    Parameters
    ----------
    folder
        Where it is; its name is the edition's.
    manifest
        What it says of itself.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Return the edition's name: ``2025-06-30-0123456789abcdef``."""
        return self.folder.name

    @property
    def results(self) -> Mapping[str, Any]:
        """Return what its reports recorded, by report; nothing where the file is damaged."""
        content = self.read(RESULTS)  # `damage` tells; a run mends it
        found: Mapping[str, Any] = {} if content is None else json.loads(content).get("reports", {})
        return found

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; None where it is missing or not what its digest says."""
        try:
            content = (self.folder / name).read_bytes()
        except OSError:
            return None
        # The manifest itself is held by the edition's name.
        is_whole = hashlib.sha256(content).hexdigest() == self.manifest["files"].get(name)
        return content if is_whole or name == MANIFEST else None


class Stage:
    """An edition in the making: a hidden folder beside its place.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    at
        Called with the name of each step; for tests that stop there.

    Raises
    ------
    PublishError
        When the folder cannot be written.
    """

    def __init__(self, folder: Path, at: Step = _nothing) -> None:
        self.parent = folder
        self.folder = folder / f"{_STAGING}{os.getpid()}"
        self._at = at
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
        except OSError as error:
            raise _unwritten(folder, error) from error

    def write(self, name: str, content: bytes) -> None:
        """Add a file; ``name`` is relative to the edition, with ``/``."""
        self._at("writing")
        write_file(self.folder / name, content)

    def carry(self, edition: Edition, name: str) -> bool:
        """Copy a file from an earlier edition; False when it is not what its digest says."""
        source, target = edition.folder / name, self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, target)
        except OSError:
            return False
        told: dict[str, str] = edition.manifest["files"]
        return digest_of_file(target) == told.get(name)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each file that is staged."""
        return {
            path.relative_to(self.folder).as_posix(): digest_of_file(path)
            for path in files_below(self.folder)
        }

    def publish(
        self,
        make_manifest: Callable[[Mapping[str, str]], Mapping[str, Any]],
        secrets: Iterable[str] = (),
    ) -> Edition:
        """Make the edition from what is staged, serve it, and return it.

        Parameters
        ----------
        make_manifest
            From the SHA-256 of each file to the manifest; it must hold ``as_of``.
        secrets
            What must not stand in it.

        Returns
        -------
        Edition
            An earlier one when it is the same to the last byte.

        Raises
        ------
        PublishError
            When a secret was found, or the disk refused.
        """
        try:
            return self._publish(make_manifest, secrets)
        except OSError as error:
            raise _unwritten(self.parent, error) from error
        finally:
            self.discard()

    def _publish(
        self,
        make_manifest: Callable[[Mapping[str, str]], Mapping[str, Any]],
        secrets: Iterable[str],
    ) -> Edition:
        manifest = make_manifest(self.digests())
        content = canonical(manifest)
        self.write(MANIFEST, content)
        refuse_secrets(self.folder, secrets, f"{manifest['suite']}/{manifest['unit']}")
        _settle(self.folder)
        place = self.parent / f"{manifest['as_of']}-{digest_of(content)}"
        self._at("staged")
        if place.exists() and damage(Edition(place, manifest)):
            place.rename(_free_name(self.parent, f"{_DAMAGED}{place.name}"))
        if not place.exists():
            self.folder.rename(place)
            flush_folder(self.parent)
        self._at("renamed")
        serve(self.parent, place.name)
        self._at("served")
        return Edition(place, manifest)

    def discard(self) -> None:
        """Remove what is staged; nothing happens once it is published."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _unwritten(folder: Path, error: OSError) -> PublishError:
    return PublishError(
        f"the edition could not be written ({error.strerror or error})",
        where=str(folder),
        fix="Free some disk space or mend the folder's permissions, and run again. "
        "The last good edition is still served.",
    )


def _settle(folder: Path) -> None:
    """Flush each file and folder to the disk and take the right to write from the files."""
    for path in files_below(folder):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        flush_folder(inner)


def _free_name(parent: Path, name: str) -> Path:
    number = 1
    while (parent / f"{name}-{number}").exists():
        number += 1
    return parent / f"{name}-{number}"


def serve(folder: Path, edition: str) -> None:
    """Make an edition the one that the portal shows, in one step."""
    replace_file(folder / SERVED, canonical({"edition": edition}))


def served(folder: Path) -> Edition | None:
    """Return the edition that a unit's portal shows, or None when there is none to be had."""
    try:
        name = str((read_json(folder / SERVED) or {}).get("edition", ""))
    except (OSError, ValueError, AttributeError):
        return None
    return read_edition(folder / name) if name and name == Path(name).name else None


def standing(folder: Path) -> Edition | None:
    """Return the served edition; where that is lost, the newest that can be read; else None.

    For what reads on and writes the pointer anew: a run goes on from here, and the portal shows it.
    What removes editions or goes back to one asks `served`, and stops where that is lost.
    """
    return served(folder) or next(iter(list_editions(folder, most=1)), None)


def lost_pointer(folder: Path) -> str:
    """Return in words what is wrong with the pointer to the served edition; empty for nothing."""
    found = standing(folder) if served(folder) is None else None
    if found is None:
        return ""  # all is well, or a unit's first edition is to come
    return f"{folder / SERVED} names no edition that can be read: {found.id}, the newest, is shown"


def list_editions(folder: Path, most: int | None = None) -> list[Edition]:
    """Return a unit's editions, the newest first: by their day, then by when they were made.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    most
        At most so many; all when None. The manifests of older ones are not read.
    """
    there = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if not path.name.startswith("."):
            with suppress(OSError):  # no edition
                made = (path / MANIFEST).stat().st_mtime_ns
                there.append((path.name[:10], made, path.name))  # its name begins with its day
    found: list[Edition] = []
    for _, _, name in sorted(there, reverse=True):
        if most is not None and len(found) >= most:
            break
        if (edition := read_edition(folder / name)) is not None:
            found.append(edition)
    return found


def read_edition(folder: Path) -> Edition | None:
    """Return an edition whose manifest is what its name says, else None."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError:
        return None
    if not folder.name.endswith(f"-{digest_of(content)}"):
        return None
    return Edition(folder, json.loads(content))


def damage(edition: Edition) -> list[str]:
    """Return which files of an edition are missing, changed or too many; none when it is whole."""
    told = edition.manifest["files"]
    there = {
        path.relative_to(edition.folder).as_posix(): path for path in files_below(edition.folder)
    }
    manifest = there.pop(MANIFEST, None)
    wrong = sorted(set(told) ^ set(there))
    wrong += [
        name for name, path in there.items() if name in told and digest_of_file(path) != told[name]
    ]
    if manifest is None or not edition.id.endswith(f"-{digest_of(manifest.read_bytes())}"):
        wrong.append(MANIFEST)
    return wrong


def clean(folder: Path) -> list[str]:
    """Remove what runs that died left behind, and return the names; call it under the lock."""
    left = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith((_STAGING, PRUNED)):
            shutil.rmtree(path, ignore_errors=True)
            left.append(path.name)
        elif path.name.startswith(f".{SERVED}."):
            path.unlink(missing_ok=True)
            left.append(path.name)
    return left
