"""The unsupervised fit: what agreement of each column is worth, learned from the records alone.

Splink's steps, each on one thread: how rare agreement is among different persons from random pairs
(u, the sample chosen by a digest of the record and the seed), how many pairs are one person from
rules that hardly ever fail, and how often one person's records agree (m) by
expectation-maximisation, on pairs that share a column, for all other columns.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator

from workbench.triage.identity.blocking import pairs_sharing
from workbench.triage.identity.model import (
    Comparison,
    settings,
    strong,
    sure_rules,
    training_rules,
    uses,
)
from workbench.triage.identity.people import PEOPLE
from workbench.triage.identity.roles import SetAside

__all__ = ["Fitted", "NotFittedError", "fit", "quiet"]

RANDOM_PAIRS = 1_000_000
"""Random pairs from which agreement among different persons is learned."""

TRAINING_PAIRS = 1_000_000
"""Pairs that share a column, from which agreement within a person is learned: at most this many."""

FEWEST_PAIRS = 20
"""Pairs that share a column, below which nothing is learned from it."""

SURE_SHARE = 0.8
"""The share of all pairs of one person that the rules which hardly ever fail are taken to find.

It is no more than a start: the chance that two records are one person enters each probability as
one factor, which is small beside what the columns say.
"""

SESSIONS = 4
"""Most columns by which pairs are picked to learn from."""


class NotFittedError(Exception):
    """Why nothing could be learned: nothing is linked then, and the result says why."""


@dataclass(frozen=True)
class Fitted:
    """What was learned.

    Parameters
    ----------
    linker
        Splink's model of it.
    chosen
        The comparisons that take part.
    aside
        Columns of which nothing could be learned.
    prior
        The chance that two records picked at random are one person.
    learned_from
        The columns by which pairs were picked to learn from.
    """

    linker: Linker
    chosen: tuple[Comparison, ...]
    aside: tuple[SetAside, ...]
    prior: float
    learned_from: tuple[tuple[str, ...], ...]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Splink's notes out of the log: what matters of them stands in the result."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def fit(
    connection: duckdb.DuckDBPyConnection,
    chosen: Sequence[Comparison],
    keys: int,
    seed: int,
) -> Fitted:
    """Return a fitted model of the people; columns of which nothing is learned are set aside.

    Parameters
    ----------
    connection
        The engine that holds the people and ``keys`` blocking keys, set to one thread.
    chosen
        How the columns are compared.
    seed
        Chooses the random pairs.

    Raises
    ------
    NotFittedError
        When no two records surely are one person, or too few columns can be learned.
    """
    left = tuple(chosen)
    aside: list[SetAside] = []
    while True:
        _enough(left)
        linker = Linker(
            DuckDBAPI(connection=connection).register(PEOPLE),
            SettingsCreator(**settings(left, keys)),
            log_level=None,
        )
        prior = _prior(connection, linker, left)
        linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=seed)
        learned_from = _train(connection, linker, left)
        unlearned = _unlearned(linker, left)
        if not unlearned:
            return Fitted(linker, left, tuple(aside), prior, learned_from)
        aside += [SetAside(each.column, why) for each, why in unlearned]
        gone = {each.field for each, _ in unlearned}
        left = tuple(each for each in left if each.field not in gone)


def _enough(chosen: Sequence[Comparison]) -> None:
    if strong(tuple(chosen)) < 2:
        told = ", ".join(f"`{each.column}`" for each in chosen) or "none"
        raise NotFittedError(
            "two kinds of columns that tell a person are needed (name, e-mail, telephone, date of "
            f"birth, number, address); usable here: {told}"
        )


def _prior(
    connection: duckdb.DuckDBPyConnection, linker: Linker, chosen: tuple[Comparison, ...]
) -> float:
    records = connection.execute(f"SELECT count(*) FROM {PEOPLE}").fetchall()[0][0]
    # Where more pairs agree on both than there are records, the two are no mark of one person here.
    counted = {rule: pairs_sharing(connection, rule) for rule in sure_rules(chosen)}
    rules: list[str | BlockingRuleCreator] = [
        block_on(*rule) for rule, pairs in counted.items() if 0 < pairs <= 10 * records
    ]
    if not rules:
        raise NotFittedError(
            "no two records agree on two columns that together tell a person: there is nothing to "
            "learn from, and likely no customer is here twice"
        )
    try:
        linker.training.estimate_probability_two_random_records_match(rules, recall=SURE_SHARE)
    except ValueError as error:  # more such pairs than all pairs allow
        raise NotFittedError(
            f"nearly all of the {records} records agree on two columns that together tell a "
            "person: there are no different persons to learn from"
        ) from error
    prior: float = linker.misc.save_model_to_json()["probability_two_random_records_match"]
    return prior


def _train(
    connection: duckdb.DuckDBPyConnection, linker: Linker, chosen: tuple[Comparison, ...]
) -> tuple[tuple[str, ...], ...]:
    """Learn from pairs that share a column, until each other column was learned twice."""
    times = {each.field: 0 for each in chosen}
    used: list[tuple[str, ...]] = []
    for rule in training_rules(chosen):
        taught = [each.field for each in chosen if not uses(each, rule)]
        if len(used) == SESSIONS or len(taught) < 2 or all(times[field] >= 2 for field in taught):
            continue
        if pairs_sharing(connection, rule) < FEWEST_PAIRS:
            continue
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), max_pairs=TRAINING_PAIRS, record_sample_proportion=1.0
        )
        used.append(rule)
        for field in taught:
            times[field] += 1
    if not used:
        raise NotFittedError(
            f"fewer than {FEWEST_PAIRS} pairs of records share any column: too few to learn from"
        )
    return tuple(used)


def _unlearned(linker: Linker, chosen: Sequence[Comparison]) -> list[tuple[Comparison, str]]:
    """Return the comparisons that say nothing of who a person is, each with why."""
    model: dict[str, Any] = linker.misc.save_model_to_json()
    found = []
    for comparison, learned in zip(chosen, model["comparisons"], strict=True):
        best = learned["comparison_levels"][1]
        m, u = best.get("m_probability"), best.get("u_probability", 0.0)
        if m is None:
            found.append((comparison, "no pairs were found from which to learn its worth"))
        elif m <= u:
            found.append((comparison, "it agrees within a person no more often than between two"))
    return found
