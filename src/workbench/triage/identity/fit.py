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
import numpy as np
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator

from workbench.triage.identity.blocking import pairs_sharing
from workbench.triage.identity.learning import Session, agreeing, learn
from workbench.triage.identity.measures import Measure
from workbench.triage.identity.model import Comparison, Level, strong, sure_rules, training_rules
from workbench.triage.identity.people import PEOPLE
from workbench.triage.identity.roles import SetAside

__all__ = ["Fitted", "NotFittedError", "fit", "quiet", "settings", "uses"]

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
        The measures that take part.
    aside
        Columns of which nothing could be learned.
    prior
        The chance that two records picked at random are one person.
    learned_from
        The columns by which pairs were picked to learn from.
    """

    linker: Linker
    chosen: tuple[Measure, ...]
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
    weighed: Sequence[Measure],
    compared: Sequence[Comparison],
    keys: int,
    seed: int,
) -> Fitted:
    """Return a fitted model of the people; columns of which nothing is learned are set aside.

    Parameters
    ----------
    connection
        The engine that holds the people and ``keys`` blocking keys, set to one thread.
    weighed
        What is weighed.
    compared
        How each column is compared: by these, pairs to learn from are picked.
    seed
        Chooses the random pairs.

    Raises
    ------
    NotFittedError
        When no two records surely are one person, or too few columns can be learned.
    """
    left = tuple(weighed)
    aside: list[SetAside] = []
    while True:
        read = {field for each in left for field in each.fields}
        columns = tuple(each for each in compared if each.field in read)
        _enough(columns)
        linker = Linker(
            DuckDBAPI(connection=connection).register(PEOPLE),
            SettingsCreator(**settings(left, keys)),
            log_level=None,
        )
        prior = _prior(connection, linker, columns)
        # In one go: chunks could stop early only when each level were found often at random.
        linker.training.estimate_u_using_random_sampling(
            max_pairs=RANDOM_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
        )
        model: dict[str, Any] = linker.misc.save_model_to_json()
        learned_from = _train(connection, model, left, training_rules(columns))
        unlearned = _unlearned(model, left)
        if not unlearned:
            api = DuckDBAPI(connection=connection)
            linker = Linker(api.register(PEOPLE), model, log_level=None)
            return Fitted(linker, left, tuple(aside), prior, learned_from)
        aside += [SetAside(column, why) for each, why in unlearned for column in each.columns]
        gone = {each.name for each, _ in unlearned}
        left = tuple(each for each in left if each.name not in gone)


def settings(weighed: Sequence[Measure], keys: int) -> dict[str, Any]:
    """Return the measures, and as many blocking keys, in Splink's form."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "person",
        "retain_matching_columns": False,
        "comparisons": [
            {
                "output_column_name": each.name,
                "comparison_levels": [_level(level) for level in each.levels],
            }
            for each in weighed
        ],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": f'l."key_{number}" = r."key_{number}"'} for number in range(keys)
        ],
    }


def _level(level: Level) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sql_condition": level.condition,
        "label_for_charts": f"{level.grade} {level.how}".strip(),
    }
    if level.grade == "missing":
        told["is_null_level"] = True
    if level.weighed:
        told["tf_adjustment_column"] = level.weighed
        told["disable_tf_exact_match_detection"] = True
    return told


def uses(measure: Measure, columns: Sequence[str]) -> bool:
    """Return whether a measure reads one of some spellings."""
    text = " ".join(level.condition for level in measure.levels)
    return any(f'"{column}_l"' in text for column in columns)


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
    connection: duckdb.DuckDBPyConnection,
    model: dict[str, Any],
    weighed: tuple[Measure, ...],
    rules: Sequence[tuple[str, ...]],
) -> tuple[tuple[str, ...], ...]:
    """Learn from pairs that share a column, until each other measure was picked for twice.

    What one person's records (m) and those of two (u) have in common enters the model; a measure
    of which nothing could be learned has no m.
    """
    told = {
        each["output_column_name"]: each["comparison_levels"][1:] for each in model["comparisons"]
    }
    times = {each.name: 0 for each in weighed}
    used: dict[tuple[str, ...], Session] = {}
    for rule in rules:
        taught = [each for each in weighed if not uses(each, rule)]
        enough = all(times[each.name] >= 2 for each in taught)
        if len(used) == SESSIONS or len(taught) < 2 or enough:
            continue
        session = agreeing(connection, taught, rule, TRAINING_PAIRS)
        if session.pairs.sum() < FEWEST_PAIRS:
            continue
        used[rule] = session
        for each in taught:
            times[each.name] += 1
    if not used:
        raise NotFittedError(
            f"fewer than {FEWEST_PAIRS} pairs of records share any column: too few to learn from"
        )
    drawn = connection.execute(f"SELECT count(*) FROM {PEOPLE}").fetchall()[0][0]
    drawn = min(RANDOM_PAIRS, drawn * (drawn - 1) / 2)
    seen = {
        name: np.array([level.get("u_probability") or 0.0 for level in levels]) * drawn
        for name, levels in told.items()
    }
    prior = model["probability_two_random_records_match"]
    within, between = learn(list(used.values()), seen, drawn, prior)
    for name, levels in told.items():
        for place, level in enumerate(levels):
            level["u_probability"] = float(between[name][place])
            if name in within:
                level["m_probability"] = float(within[name][place])
    return tuple(used)


def _unlearned(model: dict[str, Any], weighed: Sequence[Measure]) -> list[tuple[Measure, str]]:
    """Return the measures that say nothing of who a person is, each with why."""
    found = []
    for measure, learned in zip(weighed, model["comparisons"], strict=True):
        none = learned["comparison_levels"][-1]
        if "m_probability" not in none:
            found.append((measure, "no pairs were found from which to learn its worth"))
        elif none["m_probability"] >= none["u_probability"]:
            found.append((measure, "it agrees within a person no more often than between two"))
    return found
