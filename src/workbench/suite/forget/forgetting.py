"""A customer forgotten at all sites of a suite."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from workbench.data.engine import connect
from workbench.data.sources.secrets import redact
from workbench.errors import ParameterError, SourceError, WorkbenchError
from workbench.ingest.forget.person import Person
from workbench.ingest.forget.tombstones import Tombstones
from workbench.suite.forget.erasing import Erased, Step, erase, look
from workbench.suite.forget.published import erase_logs
from workbench.suite.forget.remains import remains
from workbench.suite.forget.sites import Site, find_sites, know
from workbench.suite.keep.portal import rewrite_portal
from workbench.suite.lock import only_run
from workbench.workspace import Workspace

__all__ = ["Forgotten", "forget"]


@dataclass(frozen=True)
class Forgotten:
    """What came of forgetting a customer.

    Parameters
    ----------
    suite
        The suite.
    sites
        What went at each site that held anything of the customer, or would go.
    logs
        In how many places of the suite's run logs an identifier stood.
    already
        The sites whose tombstones say that the customer is forgotten, and that held nothing.
    plain
        Identifiers that are short numbers or plain words: in texts of editions and logs they
        cannot be told from others, and were not looked for.
    left
        Files that still name the customer, relative to the project's folder.
    problems
        What could not be done, in words.
    """

    suite: str
    sites: tuple[Erased, ...]
    logs: int = 0
    already: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def forget(
    workspace: Workspace,
    suite: str,
    customer: str,
    units: Iterable[str] = (),
    *,
    dry_run: bool = False,
    progress: Callable[[str, float | None], None] = lambda message, share: None,
    at: Step = lambda step: None,
) -> Forgotten:
    """Erase a customer from all that the workbench wrote for a suite, and keep them out.

    Parameters
    ----------
    workspace
        The project.
    suite
        The suite's name.
    customer
        An identifier of the customer: of one record, or of the customer whom several records are.
        Then all of these go.
    units
        Only these units; all when empty.
    dry_run
        Only tell what would go; nothing is written.
    progress
        Told what is done, and the share (0-1, None if unknown).
    at
        Called with the name of each step when it is done; for tests that stop there.

    Raises
    ------
    ParameterError
        When nobody has this identifier, or a unit is unknown; nothing was written then.
    SourceError
        When the engine could not read or write what is there; run again, it goes on.
    PublishError
        When a run of the suite is under way.
    """
    wanted = customer.strip()
    if not wanted:
        raise ParameterError("the customer's identifier is empty", fix="Name one customer.")
    lock = nullcontext() if dry_run else only_run(workspace.data / suite, suite)
    sites = find_sites(workspace, suite, units)
    with lock, tempfile.TemporaryDirectory(prefix="workbench-") as scratch:
        connection = connect(temp=Path(scratch))
        try:
            return _forget(
                workspace, suite, wanted, sites, connection, dry_run=dry_run, told=progress, at=at
            )
        except duckdb.Error as error:
            raise SourceError(
                f"the engine could not finish: {redact(str(error).splitlines()[0])}",
                where=suite,
                fix="Mend what it says and run this again: it goes on where it stopped.",
            ) from error
        finally:
            connection.close()


def _forget(
    workspace: Workspace,
    suite: str,
    customer: str,
    sites: list[Site],
    connection: duckdb.DuckDBPyConnection,
    *,
    dry_run: bool,
    told: Callable[[str, float | None], None],
    at: Step,
) -> Forgotten:
    looked = []
    for site in sites:
        known = know(connection, site, customer)
        looked.append((site, known, look(workspace, connection, site, known)))
    held = [one for one in looked if one[2].is_anything or one[1].is_begun]
    already = tuple(
        site.name for site, known, found in looked if known.stone.is_complete and not found.rows
    )
    if not held and not already:
        raise ParameterError(
            f"no customer `{customer}` in what the workbench keeps",
            where=f"suite {suite}",
            fix="Nothing was changed. Write the identifier as the data have it, capitals included.",
        )
    ids = frozenset(one for _, known, _ in held for one in known.person.ids)
    everybody = Person(ids, Tombstones(""))
    logs = workspace.data / suite / "runs"
    plain = tuple(sorted(ids - everybody.telling))
    if dry_run or not held:
        places = erase_logs(logs, everybody, write=False)
        return Forgotten(suite, tuple(found for *_, found in held), places, already, plain)
    done = [erase(workspace, connection, site, known, told, at) for site, known, _ in held]
    places = erase_logs(logs, everybody, write=True)
    problems = [f"{one.site}: {one.problem}" for one in done if one.problem]
    problems += _portal(workspace, suite)
    at("portal")
    left = _left(workspace, suite, sites, connection, everybody)
    return Forgotten(suite, tuple(done), places, already, plain, left, tuple(map(redact, problems)))


def _portal(workspace: Workspace, suite: str) -> list[str]:
    """Write the suite's page anew; return why that could not be done."""
    if not (workspace.reports / suite).is_dir():
        return []
    try:
        rewrite_portal(workspace, suite)
    except (WorkbenchError, OSError) as error:
        return [f"the portal could not be written anew: {error}"]
    return []


def _left(
    workspace: Workspace,
    suite: str,
    sites: Iterable[Site],
    connection: duckdb.DuckDBPyConnection,
    person: Person,
) -> tuple[str, ...]:
    """Return the files of the suite that still name the customer; sources are not looked at."""
    folders = [place for site in sites for place in site.places]
    folders += [workspace.data / suite / "runs", workspace.reports / suite]
    sources = [
        workspace.root / one.params.path
        for site in sites
        for one in site.named
        if one.params.path is not None
    ]
    return remains(connection, workspace.root, folders, sources, person)
