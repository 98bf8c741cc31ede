"""Groups are found where they are, and only there; later customers come into the same groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from support.customers import customer_base, measures
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.grouping import Grouping
from workbench.segmentation.clusters.groups import Groups, find_groups
from workbench.segmentation.clusters.traits import Behaviour

QUICK: dict[str, Any] = {"seed": 1, "k_max": 5, "draws": 19}
PLANTED = np.random.default_rng(8).integers(4, size=900)


@pytest.fixture(scope="module")
def base() -> Behaviour:
    """Return customers in four groups by category and channel; group 2 spends most."""
    worth = np.array([10.0, 12.0, 40.0, 5.0])[PLANTED]
    return customer_base(np.random.default_rng(8), 900, own=0.5, group=PLANTED, worth=worth)


@pytest.fixture(scope="module")
def found(base: Behaviour) -> Groups:
    return find_groups(base, **QUICK)


def test_planted_groups_are_found(found: Groups) -> None:
    assert (found.k, found.reason) == (4, "")
    assert adjusted_rand_score(PLANTED, found.labels) > 0.85
    assert found.sizes == tuple(np.bincount(found.labels))
    assert found.stability is not None
    assert found.stability.ci_lower > found.min_stability
    assert [one.name for one in found.references] == ["gaussian", "uniform", "shuffled"]
    assert all(one.pvalue == 0.05 for one in found.references)
    assert found.agreement is not None
    assert found.agreement > 0.6
    assert found.mixture_form


def test_the_table_shows_every_number(found: Groups) -> None:
    table = found.table
    assert table["k"].tolist() == [2, 3, 4, 5]
    assert table.loc[table["chosen"], "k"].tolist() == [4]
    assert table.loc[table["chosen"], "smallest_group"].tolist() == [f"{min(found.sizes):,}"]
    assert (table["stability_ci_lower"] <= table["stability"]).all()
    assert (table["stability"] <= table["stability_ci_upper"]).all()
    stable = table[table["stability_ci_lower"] >= found.min_stability]
    assert stable.loc[stable["silhouette"].idxmax(), "k"] == 4
    assert "two analysts, each with 56 of them, would agree" in found.stability_words()


def test_groups_go_by_value(found: Groups, base: Behaviour) -> None:
    table = base.customers
    revenue = (
        table["spend_per_purchase_day"] * table["purchase_days"] * (1 - table["returned_share"])
    )
    means = revenue.groupby(found.labels).mean()
    assert means.is_monotonic_decreasing
    assert np.bincount(PLANTED[found.labels == 0]).argmax() == 2


def test_same_customers_same_groups(found: Groups, base: Behaviour) -> None:
    again = find_groups(base, **QUICK)
    assert again.grouping == found.grouping
    assert (again.labels == found.labels).all()


def test_later_customers_are_put_by_the_published_rule(found: Groups, base: Behaviour) -> None:
    assert found.grouping is not None
    read = Grouping.read(json.loads(json.dumps(found.grouping.published())))
    assert read == found.grouping == Grouping.read(found.grouping.to_json())
    assert (read.assign(base) == found.labels).all()
    few = replace(base, customers=base.customers.iloc[100:130])
    assert (read.assign(few) == found.labels[100:130]).all(), "whoever stands beside them"


def test_a_mixture_finds_them_too(found: Groups, base: Behaviour) -> None:
    mixed = find_groups(base, **{**QUICK, "k_min": 4, "k_max": 4}, method="mixture")
    assert mixed.k == 4, mixed.reason
    assert mixed.grouping is not None
    assert adjusted_rand_score(PLANTED, mixed.labels) > 0.7
    assert (Grouping.read(mixed.grouping.to_json()).assign(base) == mixed.labels).all()


def uniform(measured: int) -> Callable[[np.random.Generator], Behaviour]:
    return lambda rng: measures(rng.random((400, measured)))


NOTHING: dict[str, Callable[[np.random.Generator], Behaviour]] = {
    **{f"uniform in {p}": uniform(p) for p in (1, 2, 3, 6)},
    "normal": lambda rng: measures(rng.normal(size=(400, 3)) @ rng.normal(size=(3, 3))),
    "log-normal": lambda rng: measures(np.exp(rng.normal(size=(400, 2)))),
    "own preferences": lambda rng: customer_base(rng, 600, own=0.3),
    "strong preferences": lambda rng: customer_base(rng, 600, own=0.05),
    "no preferences": lambda rng: customer_base(rng, 600, own=0.0),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_no_groups_is_an_answer(kind: str) -> None:
    """Each kind twice; how often chance finds some is told by `benchmarks/stability.py`."""
    found = [
        find_groups(NOTHING[kind](np.random.default_rng([9, seed])), **{**QUICK, "seed": seed})
        for seed in range(2)
    ]
    assert sum(one.k > 0 for one in found) == 0, [one.references for one in found]
    for one in found:
        assert one.reason.startswith("There are no groups")
        assert (one.grouping, one.sizes, len(one.labels), one.stability) == (None, (), 0, None)
        assert not one.table["chosen"].any()
        assert one.stability_words() == ""


@pytest.mark.parametrize("own", [0.05, 0.5])
def test_corners_of_single_purchases_are_no_groups_however_stable(own: float) -> None:
    behaviour = customer_base(np.random.default_rng(11), 600, own=own)
    found = find_groups(behaviour, **QUICK, min_stability=0.0)
    assert found.k == 0
    assert {one.name: one.pvalue for one in found.references}["shuffled"] > 0.05


def test_groups_too_small_to_show_are_not_chosen(base: Behaviour) -> None:
    found = find_groups(base, **QUICK, min_group=400)
    assert found.k == 0
    assert "one has fewer than 400 customers" in found.reason
    assert set(found.table["smallest_group"]) == {"fewer than 400"}


def test_too_few_customers_are_said() -> None:
    found = find_groups(customer_base(np.random.default_rng(1), 150, own=0.5), seed=1)
    assert found.k == 0
    assert found.reason == (
        "There are 150 customers: fewer than 160 are too few to look for groups."
    )
    assert found.table.empty


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"k_min": 1}, "k_min, k_max == 1"),
        ({"k_max": 21}, "k_min, k_max == 2, 21"),
        ({"method": "kmean"}, "method 'kmean' is unknown"),
        ({"alpha": 0.0}, "alpha == 0.0"),
        ({"sample": 10}, "sample == 10"),
        ({"draws": 18}, "draws == 18"),
        ({"min_stability": 2.0}, "min_stability == 2.0"),
        ({"seed": -1}, "seed == -1"),
    ],
)
def test_arguments_out_of_range(base: Behaviour, options: dict[str, Any], said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        find_groups(base, **{"seed": 1, **options})


def test_damaged_rules_are_an_error(found: Groups) -> None:
    assert found.grouping is not None
    with pytest.raises(AnalysisError, match="cannot be read"):
        Grouping.read("{}")
    with pytest.raises(AnalysisError, match="of format 9"):
        Grouping.read({**found.grouping.published(), "format": 9})
