"""Shows an earlier edition again; nothing of any edition changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import PublishError, WorkbenchError
from workbench.suite.editions import Edition, list_editions, serve, served
from workbench.suite.keep.portal import rewrite_portal
from workbench.suite.lock import only_run
from workbench.suite.marks import marks_of
from workbench.suite.naming import choose
from workbench.workspace import Workspace

__all__ = ["RolledBack", "roll_back"]


@dataclass(frozen=True)
class RolledBack:
    """What came of it.

    Parameters
    ----------
    suite, unit
        Of what.
    before
        The edition that was shown; empty when there was none to be had.
    edition
        The one that is shown now.
    passed
        Editions in between that are damaged, so that they were passed over.
    portal
        The suite's page; None when it could not be written anew.
    problem
        Why it could not; else empty.
    """

    suite: str
    unit: str
    before: str
    edition: Edition
    passed: tuple[str, ...]
    portal: Path | None
    problem: str


def roll_back(workspace: Workspace, folder: Path, name: str = "") -> RolledBack:
    """Make an earlier edition the one that the portal shows, and write the portal anew.

    Parameters
    ----------
    workspace
        The project.
    folder
        The unit's folder of editions.
    name
        The edition's name, the start of it or of its digest, or a day; empty for the newest whole
        one before the one that is shown.

    Raises
    ------
    PublishError
        When there is no such edition, it is damaged, or a run is under way; nothing changed then.
    """
    suite, unit = folder.parent.name, folder.name
    where = f"{suite}/{unit}"
    with only_run(workspace.data / suite, suite):
        before = served(folder)
        editions = list_editions(folder)
        passed: tuple[str, ...] = ()
        if name:
            edition = choose(editions, name, where=where)
            _refuse_damaged(edition, where)
        else:
            edition, passed = _before(editions, before, where)
        if before is None or before.id != edition.id:
            serve(folder, edition.id)
        try:
            portal, problem = rewrite_portal(workspace, suite), ""
        except (WorkbenchError, OSError) as error:
            portal, problem = None, str(error)
    return RolledBack(suite, unit, before.id if before else "", edition, passed, portal, problem)


def _refuse_damaged(edition: Edition, where: str) -> None:
    wrong = marks_of(edition).damaged
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise PublishError(
            f"the edition is damaged: {', '.join(wrong[:3])}{more}",
            where=f"{where}/{edition.id}",
            fix="Choose another one; `workbench editions --check` says which are whole.",
        )


def _before(
    editions: list[Edition], shown: Edition | None, where: str
) -> tuple[Edition, tuple[str, ...]]:
    """Return the newest whole edition before the one that is shown, and the damaged between."""
    ids = [edition.id for edition in editions]
    older = editions[ids.index(shown.id) + 1 :] if shown is not None else editions
    passed: list[str] = []
    for edition in older:
        if not marks_of(edition).damaged:
            return edition, tuple(passed)
        passed.append(edition.id)
    others = [name for name in ids if shown is None or name != shown.id]
    raise PublishError(
        "there is no earlier edition that is whole" if passed else "there is no earlier edition",
        where=where,
        fix=f"Others: {', '.join(others)}." if others else "Run `workbench run` to make one.",
    )
