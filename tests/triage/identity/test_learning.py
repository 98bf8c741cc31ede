"""Expectation-maximisation: by hand, against planted chances, and never zero or one."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.triage.identity import learning
from workbench.triage.identity.blocking import LARGEST_BLOCK
from workbench.triage.identity.learning import Session, agreeing, learn
from workbench.triage.identity.measures import Measure
from workbench.triage.identity.model import levels_of
from workbench.triage.identity.people import PEOPLE


def session(patterns: list[list[int]], pairs: list[float], names: str = "ab") -> Session:
    return Session(tuple(names), np.array(patterns, dtype=np.int64), np.array(pairs, dtype=float))


HALVES = {"a": np.array([100.0, 900.0]), "b": np.array([100.0, 900.0])}
"""Of 1,000 random pairs a tenth agree, in each of two measures."""


def test_one_round_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agreement is taken for 9 to 1 within a person at first, and is 1 to 9 between two.

    So both agreeing has the odds 9 * 9 = 81 of being one person, and none agreeing 1 / 81: of 82
    pairs of each, 81 and 1. One more for each of two levels makes m = 82 / 84.
    """
    monkeypatch.setattr(learning, "ROUNDS", 1)
    within, between = learn([session([[0, 0], [1, 1]], [82, 82])], HALVES, 1000, 0.0)
    for name in "ab":
        assert within[name] == pytest.approx([82 / 84, 2 / 84])
        assert between[name] == pytest.approx([0.1, 0.9])


def test_a_value_that_is_missing_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With b missing the odds are those of a alone: 9, so of 10 pairs 9 are one person."""
    monkeypatch.setattr(learning, "ROUNDS", 1)
    within, _ = learn([session([[0, -1]], [10])], HALVES, 1000, 0.0)
    assert within["a"] == pytest.approx([10 / 11, 1 / 11])
    assert within["b"] == pytest.approx([0.5, 0.5]), "no pair says anything: one of each"


def test_it_ends_where_another_round_changes_nothing() -> None:
    patterns, pairs = [[0, 0], [0, 1], [1, 0], [1, 1]], [300.0, 60.0, 40.0, 600.0]
    within, between = learn([session(patterns, pairs)], HALVES, 1000, 0.0)
    # The same rule, written out for each pattern. The share of pairs of one person is what solves
    # its own equation for these chances.
    share = 0.5
    for _ in range(500):
        sure = []
        for pattern in patterns:
            one = share * math.prod(within[n][p] for n, p in zip("ab", pattern, strict=True))
            two = 1 - share
            two *= math.prod(between[n][p] for n, p in zip("ab", pattern, strict=True))
            sure.append(one / (one + two))
        share = (sum(s * n for s, n in zip(sure, pairs, strict=True)) + 1) / (sum(pairs) + 2)
    for place, name in enumerate("ab"):
        agree = sum(s * n for s, n, p in zip(sure, pairs, patterns, strict=True) if p[place] == 0)
        total = sum(s * n for s, n in zip(sure, pairs, strict=True))
        assert within[name][0] == pytest.approx((agree + 1) / (total + 2), abs=1e-4)


M = {"a": [0.9, 0.07, 0.03], "b": [0.75, 0.2, 0.05], "c": [0.6, 0.4]}
U = {"a": [0.01, 0.04, 0.95], "b": [0.02, 0.08, 0.9], "c": [0.1, 0.9]}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_planted_chances_are_found(share: float) -> None:
    dice = np.random.default_rng(5)
    same = dice.random(40_000) < share
    drawn = []
    for name in M:
        levels = len(M[name])
        one, two = (dice.choice(levels, same.size, p=chances[name]) for chances in (M, U))
        found = np.where(same, one, two)
        drawn.append(np.where(dice.random(same.size) < 0.2, -1, found))
    patterns, pairs = np.unique(np.stack(drawn, axis=1), axis=0, return_counts=True)
    # Random pairs: a thousandth of them are one person, and are taken out again.
    seen = {name: 1e6 * (0.001 * np.array(M[name]) + 0.999 * np.array(U[name])) for name in M}
    taught = Session(tuple(M), patterns, pairs.astype(float))
    within, between = learn([taught], seen, 1e6, 0.001)
    for name in M:
        assert within[name] == pytest.approx(M[name], abs=0.03)
        assert between[name] == pytest.approx(0.999 * np.array(U[name]), rel=0.002)


def test_what_no_session_teaches_has_no_chance_within_a_person() -> None:
    seen = HALVES | {"c": np.array([1.0, 999.0])}
    within, between = learn([session([[0, 0], [1, 1]], [50, 50])], seen, 1000, 0.0)
    assert set(within) == {"a", "b"}
    assert set(between) == {"a", "b", "c"}


COUNTS = st.floats(0, 1e6)


@given(
    st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 1), COUNTS), min_size=1, max_size=12),
    st.lists(COUNTS, min_size=3, max_size=3),
    st.lists(COUNTS, min_size=2, max_size=2),
    st.floats(0, 1),
)
def test_no_chance_is_zero_or_one(
    rows: list[tuple[int, int, float]], first: list[float], second: list[float], prior: float
) -> None:
    taught = session([[a, b] for a, b, _ in rows], [n for *_, n in rows])
    seen = {"a": np.array(first), "b": np.array(second)}
    drawn = max(sum(first), sum(second), 10.0)
    within, between = learn([taught], seen, drawn, prior)
    for name in "ab":
        assert ((within[name] > 0) & (within[name] < 1)).all()
        assert within[name].sum() == pytest.approx(1)
        assert ((between[name] > 0) & (between[name] <= 1)).all()


def test_pairs_are_counted_by_how_they_agree() -> None:
    rows = [("x", "york"), ("x", "york"), ("x", "bath"), ("x", None), ("y", "york"), (None, "york")]
    rows += [("many", "york")] * (LARGEST_BLOCK + 1)
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE {PEOPLE} (person BIGINT, email_1 VARCHAR, city_1 VARCHAR)")
    for person, row in enumerate(rows):
        connection.execute(f"INSERT INTO {PEOPLE} VALUES (?, ?, ?)", [person, *row])
    city = Measure("city_1", ("city_1",), ("city",), tuple(levels_of("city_1", "city")))
    found = agreeing(connection, [city], ["email_1"], 1000)
    last = len(city.levels) - 2
    told = dict(zip(found.patterns[:, 0].tolist(), found.pairs.tolist(), strict=True))
    # Of four records with x: one pair agrees, two differ, three have no town; 251 with one value
    # are no mark of a person.
    assert told == {-1: 3, 0: 1, last: 2}
    assert agreeing(connection, [city], ["email_1"], 1).pairs.sum() < 6
