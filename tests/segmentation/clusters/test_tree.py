"""Rules: what was planted is found, in round numbers, and the accuracy is that of what is shown."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score, recall_score
from sklearn.tree import DecisionTreeClassifier

from support.atlas_groups import atlas_groups
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.rules import Condition, GroupRules, Rule, rate
from workbench.segmentation.clusters.traits import Trait
from workbench.segmentation.clusters.tree import _Grown, find_rules, kept_apart, round_cuts

TRAITS = (
    Trait("since", "Days since the last purchase", "days", "recency", "long ago", "lately"),
    Trait("days", "Days with a purchase", "count", "frequency", "often", "seldom"),
    Trait("spend", "Spend per purchase", "money", "money", "much", "little"),
    Trait("tents", "Share of spending on Camping", "share", "category", "buys Camping"),
)


def customers(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "since": rng.integers(0, 700, n).astype("float64"),
            "days": rng.poisson(3.0, n) + 1.0,
            "spend": np.round(rng.gamma(3.0, 20.0, n), 2),
            "tents": rng.beta(0.5, 1.0, n),
        }
    )


def planted(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    return np.select([frame["tents"] > 0.4, frame["since"] > 180], [2, 0], 1)


def test_planted_rules_are_found_word_for_word() -> None:
    frame = customers(3000)
    rules = find_rules(frame, TRAITS, planted(frame), min_group=5, seed=1)
    assert rules.frame(["Asleep", "Awake", "Campers"])[["rule", "group"]].values.tolist() == [
        ["Share of spending on Camping above 40%", "Campers"],
        ["Days since the last purchase above 180", "Asleep"],
        ["All others", "Awake"],
    ]
    assert rules.accuracy.share == 1.0
    assert rules.accuracy.lower is not None
    assert 0.99 < rules.accuracy.lower < 1.0
    assert (rules.learned, rules.tried) == (2100, 900)


def test_rates_are_those_of_the_rules_shown_on_customers_kept_apart() -> None:
    frame = customers(2000)
    rng = np.random.default_rng(5)
    labels = np.where(rng.random(2000) < 0.25, rng.integers(0, 3, 2000), planted(frame))
    rules = find_rules(frame, TRAITS, labels, min_group=5, seed=1)
    apart = kept_apart(frame, TRAITS, labels, seed=1)
    named, truth = rules.assign(frame[apart]), labels[apart]
    assert (rules.learned, rules.tried) == ((~apart).sum(), apart.sum())
    assert rules.accuracy.share == accuracy_score(truth, named)
    assert [one.recall.share for one in rules.groups] == pytest.approx(
        recall_score(truth, named, average=None)
    )
    assert [one.precision.share for one in rules.groups] == pytest.approx(
        precision_score(truth, named, average=None)
    )
    assert rules.largest_share == (truth == np.bincount(labels).argmax()).mean()
    assert sum(rule.customers for rule in rules.rules) == 2000


@pytest.mark.parametrize(("above", "rules"), [(130.0, 3), (100.0, 4)])
def test_a_larger_tree_must_be_worth_it(above: float, rules: int) -> None:
    """An exception of fewer than one customer in 100 gets no rule of its own."""
    frame = customers(10_000)
    labels = planted(frame)
    labels[(labels == 1) & (frame["spend"] > above)] = 0
    excepted = (labels != planted(frame)).mean()
    assert 0.005 < excepted < 0.01 or excepted > 0.02
    assert len(find_rules(frame, TRAITS, labels, min_group=5, seed=1).rules) == rules


def test_a_division_that_names_one_group_twice_is_not_shown() -> None:
    """It makes the tree purer, by more than the rule for big spenders does, and changes no name."""
    frame = customers(10_000)
    rng = np.random.default_rng(3)
    camps, often, big = frame["tents"] > 0.4, frame["days"] > 4, frame["spend"] > 150
    labels = np.select([camps & often & (rng.random(10_000) < 0.45), camps, big], [1, 2, 0], 1)
    rules = find_rules(frame, TRAITS, labels, min_group=5, seed=1)
    assert [rule.words() for rule in rules.rules] == [
        "Share of spending on Camping above 40%",
        "Spend per purchase above 150",
        "All others",
    ]


def test_two_ends_of_the_tree_with_one_answer_are_one_rule() -> None:
    grown = _Grown(
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        feature=np.array([0, -2, -2]),
        threshold=np.array([0.5, -2.0, -2.0]),
        answer=np.array([1, 1, 1]),
        cost=np.array([0.4, 0.0, 0.1]),
    )
    assert grown.stops(0.0).tolist() == [False, True, True]
    assert grown.stops(0.0, merge=True).tolist() == [True, True, True]


def test_few_customers_to_try_a_rule_on_are_said_and_not_counted() -> None:
    frame = customers(400)
    labels = planted(frame)
    labels[np.flatnonzero(labels == 2)[12:]] = 1
    rules = find_rules(frame, TRAITS, labels, min_group=5, seed=1)
    campers = rules.groups[2].recall  # 12 campers, of whom 4 are kept apart
    assert campers.share is campers.lower is campers.upper is None
    shown = rules.group_frame(["Asleep", "Awake", "Campers"])
    assert shown["found_share"][2] is None
    assert shown["reason"][2] == "fewer than 5 customers to try it on"
    none = find_rules(frame[:9], TRAITS, planted(frame)[:9] * 0, min_group=5, seed=1)
    assert "is not known: fewer than 5 customers to try it on" in none.sentence(["All"])


def test_nothing_to_find_is_no_better_than_naming_the_largest_group() -> None:
    frame = customers(2000)
    labels = np.random.default_rng(6).choice(3, 2000, p=[0.5, 0.3, 0.2])
    rules = find_rules(frame, TRAITS, labels, min_group=5, seed=1)
    assert len(rules.rules) == 1
    assert rules.accuracy.share == rules.largest_share
    assert rules.frame(["A", "B", "C"])["rule"].tolist() == ["All customers"]
    assert rules.sentence(["A", "B", "C"]).endswith("No rule names B. No rule names C.")
    assert rules.groups[1].recall.share == 0.0
    assert rules.groups[1].precision == rate(0, 0, min_group=5, level=0.95)
    assert "no customer" in rules.group_frame(["A", "B", "C"])["reason"][1]


def test_interval_holds_the_accuracy_on_further_customers() -> None:
    held = 0
    for seed in range(60):
        both = customers(12_000, seed)
        noise = np.random.default_rng([7, seed])
        labels = np.where(noise.random(12_000) < 0.3, noise.integers(0, 3, 12_000), planted(both))
        first = slice(0, 800)
        rules = find_rules(both[first], TRAITS, labels[first], min_group=5, seed=seed)
        later = float((rules.assign(both[800:]) == labels[800:]).mean())
        assert rules.accuracy.lower is not None
        assert rules.accuracy.upper is not None
        held += rules.accuracy.lower <= later <= rules.accuracy.upper
    assert held >= 60 * 0.95 - 3 * np.sqrt(60 * 0.95 * 0.05)


def test_order_of_rows_changes_nothing() -> None:
    frame = customers(900)
    rng = np.random.default_rng(8)
    labels = np.where(rng.random(900) < 0.2, rng.integers(0, 3, 900), planted(frame))
    order = rng.permutation(900)
    rules = find_rules(frame, TRAITS, labels, min_group=5, seed=1)
    assert find_rules(frame.iloc[order], TRAITS, labels[order], min_group=5, seed=1) == rules


def test_customers_stay_on_their_side_when_others_come() -> None:
    frame = customers(1000)
    before = kept_apart(frame[:950], TRAITS, planted(frame)[:950], seed=1)
    after = kept_apart(frame, TRAITS, planted(frame), seed=1)[:950]
    assert (before != after).mean() < 0.05
    other = kept_apart(frame, TRAITS, planted(frame), seed=2)[:950]
    assert 0.3 < (other != after).mean() < 0.5  # 2 * 0.3 * 0.7 by chance


def test_pruning_is_that_of_scikit_learn() -> None:
    frame = customers(600)
    rng = np.random.default_rng(9)
    labels = np.where(rng.random(600) < 0.3, rng.integers(0, 3, 600), planted(frame))
    grower = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=0)
    alphas = grower.cost_complexity_pruning_path(frame, labels).ccp_alphas
    fitted = grower.fit(frame, labels)
    grown, reached = _Grown.of(fitted), fitted.apply(frame)
    assert len(alphas) > 5
    for alpha in [*((alphas[1:] + alphas[:-1]) / 2), alphas[-1] * 1.01]:
        wanted = DecisionTreeClassifier(
            max_depth=4, min_samples_leaf=5, random_state=0, ccp_alpha=alpha
        ).fit(frame, labels)
        found = grown.answers(grown.stops(alpha))[reached]
        assert (found == wanted.predict(frame)).all()


@given(seed=st.integers(0, 10**6), k=st.integers(2, 5), min_group=st.integers(1, 30))
def test_every_rule_takes_enough_customers_at_a_round_number(
    seed: int, k: int, min_group: int
) -> None:
    rng = np.random.default_rng(seed)
    frame = customers(300, seed)
    labels = np.concatenate([np.repeat(np.arange(k), 30), rng.integers(0, k, 300 - 30 * k)])
    frame["tents"] = np.where(labels == 0, frame["tents"] ** 0.3, frame["tents"])
    rules = find_rules(frame, TRAITS, labels, min_group=min_group, seed=seed)
    named = rules.assign(frame)
    for group in range(k):
        of_group = [rule.customers for rule in rules.rules if rule.group == group]
        assert sum(of_group) == (named == group).sum()
    cuts = {
        trait.column: round_cuts(frame[trait.column].to_numpy(), trait.kind) for trait in TRAITS
    }
    for rule in rules.rules:
        assert rule.customers >= min_group
        assert len(rule.conditions) <= 4
        for condition in rule.conditions:
            for end in (condition.above, condition.up_to):
                assert end is None or condition.kind != "share" or end in cuts[condition.column]
                assert end is None or f"{end:.3g}" == f"{end:.10g}"
    assert GroupRules.from_json(json.loads(json.dumps(rules.to_json()))) == rules


def test_planted_groups_of_the_demo_are_restated() -> None:
    atlas = atlas_groups(seed=20250630, scale=0.2)
    rules = find_rules(atlas.measures, atlas.traits, atlas.labels, min_group=5, seed=1)
    assert rules.accuracy.lower is not None
    assert rules.accuracy.lower > 0.8
    assert rules.largest_share < 0.35
    assert {rule.group for rule in rules.rules} == set(range(5))
    assert all(len(rule.conditions) <= 2 for rule in rules.rules)


def test_conditions_in_words() -> None:
    share = Condition("tents", "Share of spending on Camping", "share", above=0.0, up_to=0.15)
    money = Condition("spend", "Spend per purchase", "money", above=250.0)
    days = Condition("since", "Days since the last purchase", "days", up_to=1095.0)
    assert Rule((share, money, days), 0, 10, rate(9, 10, min_group=5, level=0.95)).words("GBP") == (
        "Share of spending on Camping above 0% but at most 15%, and spend per purchase above £250, "
        "and days since the last purchase at most 1,095"
    )


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        ([0.0, 0.004, 0.03], "share", [0.0, 0.01, 0.02]),
        ([0.0, 0.0], "money", []),
        ([-4.0, 3.0], "count", [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0]),
        ([9.99, 10.01], "money", [10.0]),
        ([91.0, 92.0, 93.0], "days", [91.0, 92.0]),
    ],
)
def test_measures_are_cut_at_round_numbers(
    values: list[float], kind: str, wanted: list[float]
) -> None:
    cuts = round_cuts(np.array(values), kind)  # type: ignore[arg-type]
    assert set(wanted) <= set(cuts.tolist())
    assert all(min(values) <= cut < max(values) for cut in cuts)
    if kind != "money":
        assert cuts.tolist() == wanted


def test_what_does_not_fit_is_an_error_that_says_so() -> None:
    frame = customers(100)
    rules = find_rules(frame, TRAITS, planted(frame), min_group=5, seed=1)
    with pytest.raises(AnalysisError, match="column tents is missing"):
        rules.assign(frame.drop(columns="tents"))
    with pytest.raises(AnalysisError, match="column tents has missing values"):
        rules.assign(frame.assign(tents=np.nan))
    with pytest.raises(AnalysisError, match="max_depth == 9"):
        find_rules(frame, TRAITS, planted(frame), min_group=5, seed=1, max_depth=9)
    held = rules.to_json()
    for broken in ({}, held | {"form": 2}, held | {"rules": [{}]}, held | {"accuracy": {"x": 1}}):
        with pytest.raises(AnalysisError, match="not readable as rules"):
            GroupRules.from_json(broken)
    first = held | {"rules": held["rules"][:1]}
    with pytest.raises(AnalysisError, match="falls under no rule"):
        GroupRules.from_json(first).assign(frame)
