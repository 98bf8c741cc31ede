"""Which folders belong together, and who the customer is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from workbench.data.snapshots import current_digest, day_of
from workbench.errors import ParameterError
from workbench.ingest.forget.owner_only import Places, records_of_customer
from workbench.ingest.forget.person import Person
from workbench.ingest.forget.received import concerned_rows, lines_of
from workbench.ingest.forget.tombstones import TOMBSTONES, Tombstone, Tombstones, read_tombstones
from workbench.ingest.inbox import Inbox
from workbench.ingest.naming import name_sources
from workbench.ingest.run import token_key_of
from workbench.params import WHOLE, SuiteParams, UnitParams, load_suite, parse_as_of
from workbench.triage.named import Frame, Named
from workbench.triage.outcome import token_sql
from workbench.workspace import Workspace

__all__ = ["Known", "Site", "find_sites", "know", "their_rows"]

_MADE_BY_INGEST = ("snapshots", "quarantine", "received", "actions", "reviews", TOMBSTONES)


@dataclass(frozen=True)
class Site:
    """The sources of one unit, and all that was made from them.

    Parameters
    ----------
    suite
        The suite, as of the day of the unit's current data.
    unit
        The unit whose sources these are; None for one that is in no parameter file any more.
    home
        Its data folder, which holds the tombstones.
    places
        The data folders of the units that are made from it: its own; in a split suite all.
    named
        The sources, in the order of ingest.
    inbox
        Their received rows.
    """

    suite: SuiteParams
    unit: UnitParams | None
    home: Path
    places: tuple[Path, ...]
    named: tuple[Named, ...]
    inbox: Inbox

    @property
    def name(self) -> str:
        """Return suite and unit, as people write them."""
        return f"{self.home.parent.name}/{self.home.name}"

    @property
    def frame(self) -> Frame | None:
        """Return what is the same for all sources; None where the unit is not known any more."""
        if self.unit is None:
            return None
        return Frame.of(self.suite, self.unit, (one.contract.name for one in self.named))


@dataclass(frozen=True)
class Known:
    """Who the customer is at a site.

    Parameters
    ----------
    stones
        The site's tombstones, the customer's among them.
    stone
        The customer's.
    is_new
        Whether the customer was not forgotten before.
    person
        The customer with all identifiers.
    """

    stones: Tombstones
    stone: Tombstone
    is_new: bool
    person: Person

    @property
    def is_begun(self) -> bool:
        """Tell whether a run that was killed began to forget the customer."""
        return not self.is_new and not self.stone.is_complete


def find_sites(workspace: Workspace, suite: str, units: Iterable[str] = ()) -> list[Site]:
    """Return the sites of a suite; also what is left of units that it does not have any more.

    Parameters
    ----------
    workspace
        The project.
    suite
        The suite's name.
    units
        Only these units.

    Raises
    ------
    ParameterError
        When a unit is unknown, or units are named in a suite that splits one source.
    """
    homes = _homes(workspace, suite)
    days = {home.name: _day(home) for home in homes}
    params = load_suite(workspace, suite, max((day for day in days.values() if day), default=None))
    wanted = list(dict.fromkeys(units))
    if params.whole is not None:
        if wanted:
            raise ParameterError(
                "the suite splits one source into its units, so a customer goes from all of them",
                where=params.where,
                fix="Leave out --unit.",
            )
        dated = load_suite(workspace, suite, days.get(WHOLE) or params.as_of)
        home = workspace.unit_data(suite, WHOLE)
        places = tuple(dict.fromkeys([home, *homes]))
        return [_site(workspace, dated, dated.whole, home, places)]
    for name in wanted:
        params.unit(name)
    sites = []
    for name in wanted or params.units:
        dated = load_suite(workspace, suite, days.get(name) or params.as_of)
        home = workspace.unit_data(suite, name)
        sites.append(_site(workspace, dated, dated.unit(name), home, (home,)))
    if not wanted:
        gone = [home for home in homes if home.name not in params.units]
        sites += [_site(workspace, params, None, home, (home,)) for home in gone]
    return sites


def _site(
    workspace: Workspace,
    suite: SuiteParams,
    unit: UnitParams | None,
    home: Path,
    places: Sequence[Path],
) -> Site:
    named = name_sources(unit) if unit is not None else ()
    inbox = Inbox(home / "received", workspace.root, rehash=False)
    return Site(suite, unit, home, tuple(places), named, inbox)


def _homes(workspace: Workspace, suite: str) -> list[Path]:
    """Return the folders that an ingest or a run of the suite made."""
    data = {
        path
        for path in (workspace.data / suite).glob("*")
        if any((path / name).exists() for name in _MADE_BY_INGEST)
    }
    reports = {
        workspace.unit_data(suite, path.name)
        for path in (workspace.reports / suite).glob("*")
        if path.is_dir() and not path.name.startswith(".")
    }
    return sorted(data | reports)


def _day(home: Path) -> date | None:
    """Return the day of a unit's current data, None where there are none."""
    day = day_of(home, current_digest(home))
    return parse_as_of(day) if day else None


def know(connection: duckdb.DuckDBPyConnection, site: Site, customer: str) -> Known:
    """Return who the customer is at a site: all identifiers, and the tombstone, old or new.

    Nothing is written.

    Parameters
    ----------
    connection
        The engine.
    site
        The site.
    customer
        An identifier: a record's own, or that of the customer whom several records are.
    """
    stones = read_tombstones(site.home)
    old = stones.of(customer)
    stone = old or stones.new(site.suite.as_of.isoformat(), [customer])
    person = Person(frozenset({customer}), stones.only(stone))
    ids = set(person.ids)
    for place in site.places:
        ids |= records_of_customer(connection, place, current_digest(place), person)
    hashes = sorted({*stone.hashes, *map(stones.hash_of, ids)})
    stone = Tombstone(
        stone.number, stone.as_of, tuple(hashes), stone.is_complete, stone.rows, stone.editions
    )
    ids |= _tokens(connection, site, ids)
    return Known(stones.put(stone), stone, old is None, Person(frozenset(ids), stones.only(stone)))


def _tokens(connection: duckdb.DuckDBPyConnection, site: Site, ids: Iterable[str]) -> set[str]:
    """Return the tokens that stand for identifiers in snapshots, where the unit wants that."""
    unit = site.unit
    if unit is None or not any(
        table.personal.get("customer_id") == "token" for table in unit.tables.values()
    ):
        return set()
    query = f"SELECT {token_sql('id', token_key_of(unit))} FROM (SELECT ? AS id)"
    return {connection.execute(query, [one]).fetchall()[0][0] for one in sorted(ids)}


def their_rows(
    connection: duckdb.DuckDBPyConnection, site: Site, person: Person
) -> tuple[Places, Mapping[str, int]]:
    """Return the customer's received rows by number, and how many rows and lines by source."""
    frame = site.frame
    rows: dict[tuple[str, str], frozenset[int]] = {}
    counts: dict[str, int] = {}
    for named in site.named:
        received = site.inbox.last(named)
        if received is None or frame is None:
            continue
        found = concerned_rows(connection, named, received, frame, person.stones) or []
        lines = lines_of(connection, received, person.stones)
        rows[named.contract.name, named.name] = frozenset(found)
        if found or lines:
            counts[f"{named.contract.name}.{named.name}"] = len(found) + len(lines)
    return rows, counts
