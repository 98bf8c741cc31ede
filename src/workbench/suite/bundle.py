"""One unit's edition as a folder or a zip of its own, to hand to that department."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from workbench.errors import ParameterError, PublishError
from workbench.files import digest_of_file, files_below, flush_folder, replace_file
from workbench.params import SuiteParams, UnitParams, load_suite
from workbench.suite.contacts.places import CONTACTS
from workbench.suite.editions import Edition, read_edition
from workbench.suite.inputs import actions_folder
from workbench.suite.manifest import Entry, read_entries
from workbench.suite.marks import marks_of
from workbench.suite.notebook import Report
from workbench.suite.portal import portal_page
from workbench.suite.reads import TablesRead
from workbench.suite.status import Condition, Status
from workbench.workspace import Workspace

__all__ = ["Bundle", "bundle_files", "write_bundle"]

_OLDEST = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can hold; no clock in a bundle
_CONDITIONS: Mapping[str, Condition] = {
    "ok": "fresh",
    "failed": "failed",
    "stopped": "stopped",
    "not_applicable": "not_applicable",
    "not_run": "never_run",
}


@dataclass(frozen=True)
class Bundle:
    """What was written.

    Parameters
    ----------
    path
        The zip or the folder.
    files
        How many files stand in it.
    lists
        How many of them are action lists: they name customers.
    """

    path: Path
    files: int
    lists: int


def bundle_files(
    workspace: Workspace, edition: Edition, *, with_lists: bool = False
) -> dict[str, bytes]:
    """Return the files of a bundle by name: a page on top, the edition, and lists if asked for.

    Parameters
    ----------
    workspace
        The project.
    edition
        The edition.
    with_lists
        Whether the action lists are put in, which name customers.

    Raises
    ------
    PublishError
        When the edition is damaged, or a list is gone or not the one that the edition recorded.
    ParameterError
        When the suite's parameters cannot be read.
    """
    manifest = edition.manifest
    where = f"{manifest['suite']}/{manifest['unit']}/{edition.id}"
    marks = marks_of(edition)
    if broken := (*marks.damaged, *marks.changed):
        what = "damaged" if marks.damaged else marks.why
        raise PublishError(
            f"the edition is {what}: {', '.join(broken[:3])}",
            where=where,
            fix="Run `workbench run`, which mends it, or name another edition.",
        )
    entries = read_entries(manifest, edition.results)
    home = f"{edition.folder.parent.name}/{edition.id}"
    files = {
        f"{home}/{path.relative_to(edition.folder).as_posix()}": path.read_bytes()
        for path in files_below(edition.folder)
    }
    files |= dict(_last_good(edition, entries.values()))
    if with_lists:
        files |= dict(_lists(workspace, edition, where))
    files["index.html"] = _page(workspace, edition, entries)
    return dict(sorted(files.items()))


def _page(workspace: Workspace, edition: Edition, entries: Mapping[str, Entry]) -> bytes:
    """Return the page on top: the suite's, of this unit alone, as the edition stands."""
    suite, unit = _params(workspace, edition)
    ordered = sorted(entries.values(), key=lambda entry: (entry.order, entry.report))
    reports = {
        entry.report: Report(
            entry.report,
            Path(),
            entry.title,
            entry.order,
            (),
            (),
            TablesRead(frozenset(), False),
            (),
        )
        for entry in ordered
    }
    rows = [
        Status(
            unit,
            reports[entry.report],
            _CONDITIONS[entry.state],
            (entry.reason,) if entry.reason else (),
            entry,
            edition,
        )
        for entry in ordered
    ]
    # Where there is no such folder, the page lists no other edition: none is handed on.
    page, _ = portal_page(edition.folder.parent / "alone", suite, reports, rows, alone=True)
    return page


def _params(workspace: Workspace, edition: Edition) -> tuple[SuiteParams, UnitParams]:
    """Return the suite as of the edition's day, titled after the unit, and the unit itself."""
    manifest = edition.manifest
    day = date.fromisoformat(str(manifest["as_of"]))
    suite = load_suite(workspace, str(manifest["suite"]), day)
    unit = suite.whole or suite.unit(str(manifest["unit"]))
    name, title, owner = (str(manifest[key]) for key in ("unit", "title", "owner"))
    return replace(suite, title=title), replace(unit, name=name, title=title, owner=owner)


def _last_good(edition: Edition, entries: Iterable[Entry]) -> Iterator[tuple[str, bytes]]:
    """Yield what a report leads to which failed or was held back: pages, their tables and lists."""
    home = edition.folder.parent
    for entry in entries:
        earlier = read_edition(home / entry.last_good) if entry.last_good else None
        if earlier is None:
            continue
        for name in _linked(earlier, entry.report):
            content = earlier.read(name)
            if content is not None:
                yield f"{home.name}/{earlier.id}/{name}", content


def _linked(edition: Edition, report: str) -> Iterator[str]:
    """Yield the files of an edition that a report's page leads to, and those that they lead to."""
    told = edition.manifest["reports"]
    page = f"{CONTACTS}.html"
    own = [report]
    lists = [name for name, found in edition.results.items() if found.get("actions")]
    if report in lists and page in edition.manifest["files"]:
        yield page
        own = [report, *(name for name in lists if name != report)]
    for name in own:
        yield from told[name]["files"]


def _lists(workspace: Workspace, edition: Edition, where: str) -> Iterator[tuple[str, bytes]]:
    """Yield the lists of those to contact, each the one that the edition settled.

    Who is held out stays with the owner: who acts on a list need not know them.
    """
    folder = actions_folder(workspace, str(edition.manifest["suite"]), edition.folder.parent.name)
    told = edition.read(f"{CONTACTS}.json")
    for one in json.loads(told)["lists"] if told is not None else ():
        for kind in ("csv", "parquet"):
            name, digest = str(one["files"][kind]["file"]), one["files"][kind]["digest"]
            path = folder / name
            if not path.is_file() or digest_of_file(path) != digest:
                raise PublishError(
                    f"the list {name} is gone, or not the one of this edition",
                    where=where,
                    fix="Bundle without lists, or run the suite and bundle what is shown.",
                )
            yield f"lists/{name}", path.read_bytes()


def write_bundle(
    workspace: Workspace, edition: Edition, target: Path, *, with_lists: bool = False
) -> Bundle:
    """Write a bundle and return what was written; the same edition gives the same bytes.

    Parameters
    ----------
    workspace
        The project.
    edition
        The edition.
    target
        A file that ends in ``.zip``, or a folder that is empty or not there.
    with_lists
        Whether the action lists are put in; then only the owner may read what is written.

    Raises
    ------
    PublishError
        When the edition is damaged, or a list is not the one that it recorded.
    ParameterError
        When the folder holds something already.
    """
    mode = 0o600 if with_lists else 0o644
    is_zip = target.suffix == ".zip"
    if not is_zip and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ParameterError(
            "the folder holds something already",
            where=str(target),
            fix="Name one that is empty or not there, or a file that ends in .zip.",
        )
    files = bundle_files(workspace, edition, with_lists=with_lists)
    if is_zip:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, _zipped(files, edition), mode=mode)
    else:
        _write_folder(target, files, mode)
    return Bundle(target, len(files), sum(name.startswith("lists/") for name in files))


def _zipped(files: Mapping[str, bytes], edition: Edition) -> bytes:
    """Return a zip with all files below a folder of the unit's name."""
    made = io.BytesIO()
    top = f"{edition.manifest['unit']}-{edition.manifest['as_of']}"
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            told = zipfile.ZipInfo(f"{top}/{name}", _OLDEST)
            told.compress_type = zipfile.ZIP_DEFLATED
            told.create_system = 3  # Unix, whatever it is written on
            told.external_attr = 0o100644 << 16
            archive.writestr(told, content)
    return made.getvalue()


def _write_folder(target: Path, files: Mapping[str, bytes], mode: int) -> None:
    target.mkdir(parents=True, exist_ok=True, mode=0o700 if mode == 0o600 else 0o755)
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(content)
    flush_folder(target)
