"""What a report's earlier edition handed on: read from an edition's files, in a job or by hand.

An edition keeps of each report ``state/<report>.json``, what it recorded when it was last good, and
``prior/state/<report>.json``, what it was given itself. A new one gets the newest of the two that
is of an earlier day: so a run on the same day gets the same, however often that day was run, and a
run after a failure goes on from the last good state. No edition before the one that it follows is
needed for that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.files import canonical, digest_of, read_object

__all__ = [
    "Handed",
    "Kept",
    "copy_file",
    "editions_by_hand",
    "handed_on",
    "read_handed",
    "state_content",
    "state_file",
]

Kept = tuple[Path, Mapping[str, Any]]
"""An edition: its folder and its manifest."""
_SCHEMA = 1


@dataclass(frozen=True)
class Handed:
    """What a report is given of its earlier edition.

    Parameters
    ----------
    report
        The report's name.
    as_of
        The day that it is of, ``YYYY-MM-DD``; empty where nothing was handed on.
    values
        What was recorded, by id: plain JSON values, to be read only.
    problem
        Why there is nothing although something was kept, in words; else empty.
    """

    report: str
    as_of: str = ""
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_anything(self) -> bool:
        """Tell whether anything was handed on."""
        return bool(self.as_of)

    @property
    def content(self) -> bytes:
        """Return it as its file holds it."""
        return state_content(self.report, self.as_of, self.values)

    @property
    def digest(self) -> str:
        """Return the digest that a job's key holds."""
        return digest_of(self.content)

    def to_json(self) -> dict[str, Any]:
        """Return it as a job's file tells it."""
        return {"report": self.report, "as_of": self.as_of, "values": dict(self.values)}


def state_file(report: str) -> str:
    """Return the file of an edition that holds what a report recorded when it was last good."""
    return f"state/{report}.json"


def copy_file(report: str) -> str:
    """Return the file of an edition that holds what a report was given of an earlier one."""
    return f"prior/{state_file(report)}"


def state_content(report: str, as_of: str, values: Mapping[str, Any]) -> bytes:
    """Return what a report recorded as the bytes of its file.

    Parameters
    ----------
    report
        The report's name.
    as_of
        The day that it looked back from, ``YYYY-MM-DD``.
    values
        What it recorded, by id.
    """
    told = {"schema": _SCHEMA, "report": report, "as_of": as_of, "values": dict(values)}
    return canonical(told)


def read_handed(folder: Path, manifest: Mapping[str, Any], name: str) -> Handed | None:
    """Return what one file of an edition holds; None where it is not what the manifest says.

    Parameters
    ----------
    folder, manifest
        The edition.
    name
        The file, as `state_file` or `copy_file` names it.
    """
    try:
        content = (folder / name).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != manifest["files"].get(name):
        return None
    told = json.loads(content)
    return Handed(str(told["report"]), str(told["as_of"]), told["values"])


def handed_on(editions: Callable[[], Iterable[Kept]], report: str, as_of: str) -> Handed:
    """Return what a report is given by the unit's earlier edition; nothing for the first.

    Parameters
    ----------
    editions
        Returns the unit's editions, the one that is shown first, then the newest first.
    report
        The report's name.
    as_of
        The day of the new edition: what is handed on is of an earlier one.
    """
    for folder, manifest in editions():
        told = manifest["reports"].get(report, {})
        if str(manifest["as_of"]) > as_of or str(told.get("as_of", "")) > as_of:
            continue  # made later, or carried over from a later day
        for name in _places(told, report, as_of):
            if name not in manifest["files"]:
                continue
            found = _read(editions, folder, manifest, name, report)
            if found is None:
                words = f"{name} of edition {folder.name} is damaged, or was changed on purpose"
                return Handed(report, problem=words)
            if found.as_of < as_of:
                return found
        break
    return Handed(report)


def _places(told: Mapping[str, Any], report: str, as_of: str) -> tuple[str, ...]:
    """Return the files in which an earlier state may stand, the newest first."""
    if told.get("state") != "ok":
        return state_file(report), copy_file(report)
    return (state_file(report) if str(told["as_of"]) < as_of else copy_file(report),)


def _read(
    editions: Callable[[], Iterable[Kept]],
    folder: Path,
    manifest: Mapping[str, Any],
    name: str,
    report: str,
) -> Handed | None:
    """Return what a file holds; where it is damaged, what the same file of another edition does."""
    found = read_handed(folder, manifest, name)
    if found is not None:
        return found
    wanted = manifest["files"][name]
    for other, told in editions():
        for place in (state_file(report), copy_file(report)):
            if told["files"].get(place) == wanted:
                found = read_handed(other, told, place)
                if found is not None:
                    return found
    return None


def editions_by_hand(folder: Path) -> Iterator[Kept]:
    """Yield a unit's editions: the one that is shown, then the newest first.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    """
    shown = str(read_object(folder / "served.json").get("edition", ""))
    names = sorted(
        (path for path in folder.glob("[!.]*") if (path / "manifest.json").is_file()),
        key=lambda path: (path.name[:10], (path / "manifest.json").stat().st_mtime_ns),
        reverse=True,
    )
    for path in sorted(names, key=lambda path: path.name != shown):
        content = (path / "manifest.json").read_bytes()
        if path.name.endswith(f"-{digest_of(content)}"):
            yield path, json.loads(content)
