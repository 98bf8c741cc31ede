"""Which records of a table may be one customer, how likely, and why.

The steps: which columns tell a person (``roles``), their spellings (``people``), which pairs are
compared (``blocking``), what agreement is worth (``model``, ``fit``), and each pair's probability
with its reasons (``reasons``). What follows is in ``clusters`` and ``reviews``.

A probability takes the columns for independent of each other, so it is surer than it should be
where they are not (a street and its postcode): hence the high threshold, and the review below it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
from splink.internals.exceptions import SplinkException

from workbench.data.contracts import Table
from workbench.data.engine import connect
from workbench.data.quoting import quote
from workbench.triage.identity.blocking import (
    BlockingRule,
    add_keys,
    candidate_keys,
    pairs_compared,
)
from workbench.triage.identity.fit import Fitted, NotFittedError, fit, quiet
from workbench.triage.identity.measures import measures, order_places
from workbench.triage.identity.model import TELLING, Comparison, comparisons
from workbench.triage.identity.people import PEOPLE, field_names, load_people, sides
from workbench.triage.identity.reasons import Link, agreements, household_only, relatives, telling
from workbench.triage.identity.roles import ColumnRole, SetAside, choose_columns

__all__ = ["LINKED", "REVIEWED", "Linking", "link_records"]

LINKED = 0.95
"""The probability from which two records are taken for one customer, unless told otherwise."""

REVIEWED = 0.5
"""The probability from which a pair that is not linked is shown to the owner."""


@dataclass(frozen=True)
class Linking:
    """What a comparison of all records found.

    Parameters
    ----------
    records
        Records that were looked at.
    links
        Pairs with a probability from ``REVIEWED``, likeliest first, then by their keys.
    telling
        Record -> spelling's name -> what tells a person by itself, for the records of the links.
    unlinked_because
        Why nothing was compared, as a sentence without its full stop; empty when all went well.
    columns, aside
        Columns that took part, and those that might have, each with why it did not.
    rules
        The keys by which pairs were found, and what was not compared.
    compared_pairs, possible_pairs
        Different pairs that were compared, of all that there are.
    prior
        The chance that two records picked at random are one person; None when nothing was fitted.
    learned_from
        The columns by which pairs were picked to learn from, by the names of their spellings.
    """

    records: int
    links: tuple[Link, ...] = ()
    telling: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    unlinked_because: str = ""
    columns: tuple[ColumnRole, ...] = ()
    aside: tuple[SetAside, ...] = ()
    rules: tuple[BlockingRule, ...] = ()
    compared_pairs: int = 0
    possible_pairs: int = 0
    prior: float | None = None
    learned_from: tuple[tuple[str, ...], ...] = ()

    @property
    def not_compared(self) -> str:
        """Return what was not compared, as a sentence; empty when all pairs were."""
        if self.compared_pairs == self.possible_pairs:
            return ""
        told = (
            f"{self.compared_pairs:,} of {self.possible_pairs:,} pairs were compared: those that "
            "share at least one key."
        )
        large = [rule for rule in self.rules if rule.uncompared_pairs]
        if large:
            keys = "; ".join(
                f"{' with '.join(rule.columns)} ({rule.uncompared_pairs:,} pairs, "
                f"{rule.largest:,} records share one value)"
                for rule in large
            )
            told += f" Values that many records share brought no pairs: {keys}."
        return told


def link_records(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    *,
    contract: Table | None = None,
    country: str | None = None,
    seed: int = 0,
    threads: int = 1,
    memory: str = "2GB",
) -> Linking:
    """Return which records of a table may be one customer.

    The same table gives the same result to the last bit, whatever the order of its rows and the
    number of threads: what is learned is learned on one.

    Parameters
    ----------
    connection, table
        Where the customers are: the name of a table or view. Every column may be a text.
    key
        The column that names a record: filled, and different in each row.
    contract
        The table's contract, whose times, money and flags take no part; None for any table.
    country
        ISO 3166 code of the country whose national telephone numbers these are, or None.
    seed
        Chooses the random pairs from which the rarity of agreement is learned.
    threads, memory
        What the comparison may use beside ``connection``, as for ``workbench.data.engine.connect``.

    Returns
    -------
    Linking
        With ``unlinked_because`` where nothing could be learned: then nothing is linked.

    Raises
    ------
    ContractError
        When a record has no key, or two records share one.
    ParameterError
        When the country's dialling is not known, or the engine refuses its settings.
    """
    columns, aside = choose_columns(connection, table, key, contract)
    engine = connect(memory=memory, threads=1)
    try:
        with quiet():
            return _link(connection, table, key, columns, aside, engine, country, seed, threads)
    finally:
        engine.close()


def _link(
    source: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    columns: tuple[ColumnRole, ...],
    aside: tuple[SetAside, ...],
    engine: duckdb.DuckDBPyConnection,
    country: str | None,
    seed: int,
    threads: int,
) -> Linking:
    keys = load_people(source, table, key, columns, engine, country)
    named = field_names(columns)
    rules = add_keys(engine, candidate_keys(named))
    used = sum(rule.used for rule in rules)
    found = Linking(
        records=len(keys),
        columns=columns,
        aside=aside,
        rules=rules,
        possible_pairs=math.comb(len(keys), 2),
    )
    try:
        places, common = order_places(engine, named)
        compared = comparisons(named)
        fitted = fit(engine, measures(named, places), compared, used, seed)
        read = {field for each in fitted.chosen for field in each.fields}
        told = tuple(each for each in compared if each.field in read)
        links = _scored(engine, fitted, told, keys, threads)
    except NotFittedError as why:
        return _unlinked(found, str(why))
    except SplinkException as why:
        return _unlinked(found, f"the fit failed: {' '.join(str(why).split())}")
    return Linking(
        records=found.records,
        links=links,
        telling=_telling(engine, named, keys, links),
        columns=columns,
        aside=(*aside, *common, *fitted.aside),
        rules=rules,
        compared_pairs=pairs_compared(engine, used),
        possible_pairs=found.possible_pairs,
        prior=fitted.prior,
        learned_from=fitted.learned_from,
    )


def _unlinked(found: Linking, why: str) -> Linking:
    return Linking(
        records=found.records,
        unlinked_because=why,
        columns=found.columns,
        aside=found.aside,
        rules=found.rules,
        possible_pairs=found.possible_pairs,
    )


def _scored(
    engine: duckdb.DuckDBPyConnection,
    fitted: Fitted,
    told: Sequence[Comparison],
    keys: Sequence[str],
    threads: int,
) -> tuple[Link, ...]:
    """Return the pairs that are likely enough, likeliest first."""
    # A pair's probability needs no other pair, so that more threads cannot change it.
    engine.execute(f"SET threads = {int(threads)}")
    scored = fitted.linker.inference.predict(threshold_match_probability=REVIEWED)
    engine.execute(
        "CREATE OR REPLACE TABLE scored AS SELECT least(person_l, person_r) AS one, "
        "greatest(person_l, person_r) AS other, match_probability AS chance "
        f"FROM {quote(scored.physical_name)}"
    )
    levels = ", ".join(each.which() for each in told)
    rows = engine.execute(
        f"SELECT one, other, chance, {levels} FROM "
        f"(SELECT one, other, chance, {sides(engine)} FROM scored "
        f"JOIN {PEOPLE} AS l ON l.person = one JOIN {PEOPLE} AS r ON r.person = other) "
        "ORDER BY one, other"
    ).fetchall()
    links = []
    for one, other, chance, *found in rows:
        agreed = agreements(told, found)
        links.append(
            Link(
                keys[one],
                keys[other],
                round(chance, 6),
                agreed,
                household=household_only(told, agreed),
                relatives=relatives(told, agreed),
                telling=telling(told, agreed),
            )
        )
    return tuple(sorted(links, key=lambda link: (-link.probability, link.one, link.other)))


def _telling(
    engine: duckdb.DuckDBPyConnection,
    named: Mapping[str, ColumnRole],
    keys: Sequence[str],
    links: Sequence[Link],
) -> dict[str, dict[str, str]]:
    """Return what tells a person by itself, for the records of some links."""
    fields = [name for name, column in named.items() if column.role in TELLING]
    linked = {record for link in links for record in (link.one, link.other)}
    if not fields or not linked:
        return {}
    rows = engine.execute(
        f"SELECT person, {', '.join(map(quote, fields))} FROM {PEOPLE} ORDER BY person"
    ).fetchall()
    return {
        keys[person]: {name: value for name, value in zip(fields, values, strict=True) if value}
        for person, *values in rows
        if keys[person] in linked
    }
