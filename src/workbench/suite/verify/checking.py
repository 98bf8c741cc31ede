"""An edition checked: whole, made again, and compared byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import RenderError, SnapshotError
from workbench.files import files_below
from workbench.suite.editions import MANIFEST, RESULTS, Edition
from workbench.suite.manifest import Entry, read_entries
from workbench.suite.marks import marks_of
from workbench.suite.plan import Job
from workbench.suite.prior import Prior, own_prior
from workbench.suite.render import Renderer, find_renderer
from workbench.suite.verify.differ import difference
from workbench.suite.verify.inputs import job_again, missing_for, missing_for_lists
from workbench.suite.verify.rebuild import rebuild
from workbench.workspace import Workspace

__all__ = ["Difference", "Verified", "verify"]


@dataclass(frozen=True)
class Difference:
    """A file that did not come out the same.

    Parameters
    ----------
    file
        Its name in the edition.
    words
        Where it first differs.
    """

    file: str
    words: str


@dataclass(frozen=True)
class Verified:
    """What came of checking an edition.

    Parameters
    ----------
    edition
        The edition.
    damaged
        Its files that are not what its manifest says; with any, nothing was made again.
    missing
        What it was made from and is not here any more, in words; with any, nothing was made again.
    changed
        Its files that were changed on purpose; with any, nothing was made again.
    why_changed
        Why they were, in words; empty where none was.
    made
        The reports that were made again.
    kept
        The reports that were not: those that failed, did not apply or did not run.
    differences
        The files that differ: those of reports first.
    files
        How many files were compared.
    """

    edition: Edition
    damaged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    why_changed: str = ""
    made: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    files: int = 0

    @property
    def is_same(self) -> bool:
        """Tell whether it was made again, to the last byte."""
        return not (self.damaged or self.changed or self.missing or self.differences)


def verify(
    workspace: Workspace,
    edition: Edition,
    *,
    workers: int | None = None,
    kernel: str = "auto",
    told: Callable[[str], None] = lambda report: None,
) -> Verified:
    """Make an edition again in a scratch folder, and compare every file of it.

    Nothing of the project changes, and no source is read: data are taken from the snapshots.

    Parameters
    ----------
    workspace
        The project.
    edition
        The edition.
    workers
        How many jobs at once; the number of cores unless given.
    kernel
        ``auto`` (forked where that is possible) or ``fresh``.
    told
        Called with each report that was made again.
    """
    marks = marks_of(edition)
    if marks.damaged or marks.changed:
        return Verified(
            edition, damaged=marks.damaged, changed=marks.changed, why_changed=marks.why
        )
    entries = sorted(
        read_entries(edition.manifest, edition.results).values(),
        key=lambda entry: (entry.order, entry.report),
    )
    good = [entry for entry in entries if entry.state == "ok"]
    prior = own_prior(edition)
    try:
        renderer = find_renderer(str(edition.manifest["renderer"]["name"]))
    except RenderError as error:
        return Verified(edition, missing=(f"its renderer: {error.what}",))
    jobs, missing = _jobs(workspace, edition, good, prior, renderer)
    if missing:
        return Verified(edition, missing=missing)
    with tempfile.TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True) as made:
        folder = rebuild(
            workspace,
            edition,
            entries,
            jobs,
            prior,
            renderer,
            Path(made).resolve(),
            workers=workers,
            kernel=kernel,
            told=told,
        )
        names = _names(edition.folder) | _names(folder)
        found = tuple(_differences(edition.folder, folder, names))
    return Verified(
        edition,
        made=tuple(entry.report for entry in good),
        kept=tuple(entry.report for entry in entries if entry.state != "ok"),
        differences=found,
        files=len(names),
    )


def _jobs(
    workspace: Workspace,
    edition: Edition,
    good: list[Entry],
    prior: Prior | None,
    renderer: Renderer,
) -> tuple[list[Job], tuple[str, ...]]:
    """Return the jobs that made an edition, or in words what of them is not here any more."""
    manifest = edition.manifest
    home = workspace.unit_data(str(manifest["suite"]), str(manifest["unit"]))
    named = {"name": renderer.name, "version": renderer.version}
    words = [text for entry in good for text in missing_for(workspace, entry, home, named)]
    words += missing_for_lists(manifest, home)
    if words:
        return [], tuple(words)
    try:
        return [job_again(workspace, edition, entry, home, prior) for entry in good], ()
    except SnapshotError as error:
        return [], (str(error),)


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in files_below(folder)}


def _differences(old: Path, new: Path, names: set[str]) -> Iterator[Difference]:
    """Yield the files that differ, causes before what follows from them."""
    follows = {RESULTS, "alerts.json", "changes.json", "changes.html", "contacts.html", MANIFEST}

    def rank(name: str) -> tuple[bool, bool, bool, str]:
        return name == MANIFEST, name in follows or "/history" in name, name.endswith(".html"), name

    for name in sorted(names, key=rank):
        before, after = old / name, new / name
        if not after.is_file():
            yield Difference(name, "it was not made again")
        elif not before.is_file():
            yield Difference(name, "it was made now, and is not in the edition")
        elif words := difference(name, before.read_bytes(), after.read_bytes()):
            yield Difference(name, words)
