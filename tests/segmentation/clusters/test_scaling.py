"""Measures on one scale: no theme outweighs another, and the published numbers say it all."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from support.customers import customer_base, measures
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.scaling import THEMES, Transform, fit_transform
from workbench.segmentation.clusters.traits import PURCHASES


def test_what_is_published_is_all() -> None:
    behaviour = customer_base(np.random.default_rng(1), 500, own=0.3)
    transform = fit_transform(behaviour)
    again = Transform.read(json.loads(json.dumps(transform.published())))
    assert again == transform
    assert (again.apply(behaviour.customers) == transform.apply(behaviour.customers)).all()


def test_no_theme_outweighs_another() -> None:
    behaviour = customer_base(np.random.default_rng(2), 3000, own=0.2)
    spread = fit_transform(behaviour).apply(behaviour.customers).var(axis=0)
    themes = [THEMES[trait.block] for trait in behaviour.traits]
    total = pd.Series(spread).groupby(themes).sum()
    assert total["what"] == pytest.approx(1.0, abs=0.01)
    assert total["where"] == pytest.approx(1.0, abs=0.01)
    assert total.max() < 1.05
    assert total.min() > 0.4


def test_what_customers_do_not_hold_to_counts_less() -> None:
    behaviour = customer_base(np.random.default_rng(3), 3000, own=0.0)
    transform = fit_transform(behaviour)
    strength = {scale.column: scale.strength for scale in transform.scales}
    assert strength["category: 0"] > 20
    spread = transform.apply(behaviour.customers).var(axis=0)
    mix = [trait.block == "category" for trait in behaviour.traits]
    assert spread[mix].sum() < 0.2
    held = fit_transform(customer_base(np.random.default_rng(3), 3000, own=0.1))
    assert {s.column: s.strength for s in held.scales}["category: 0"] < 1.5


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_skew_is_straightened(spread: float) -> None:
    normal = np.random.default_rng(4).normal(3, spread, (2000, 1))
    transform = fit_transform(measures(np.exp(normal)))
    assert transform.scales[0].shape == "log"
    straight = (normal[:, 0] - np.median(normal)) / spread
    scaled = transform.apply(measures(np.exp(normal)).customers)[:, 0]
    assert np.abs(scaled - straight.clip(-4, 4)).mean() < 0.05


def test_a_measure_that_hardly_varies_is_taken() -> None:
    values = np.zeros((400, 2))
    values[:30, 0] = 5.0
    scaled = fit_transform(measures(values)).apply(measures(values).customers)
    assert np.isfinite(scaled).all()
    assert scaled[:30, 0].min() > scaled[30:, 0].max()
    assert (scaled[:, 1] == 0).all()


def test_errors_name_the_column() -> None:
    behaviour = customer_base(np.random.default_rng(5), 200, own=0.0)
    transform = fit_transform(behaviour)
    with pytest.raises(AnalysisError, match="column T is missing"):
        transform.apply(behaviour.customers.drop(columns="T"))
    broken = behaviour.customers.assign(**{PURCHASES: np.nan})
    with pytest.raises(AnalysisError, match="is missing, infinite"):
        transform.apply(broken)
    with pytest.raises(AnalysisError, match="no customers"):
        fit_transform(measures(np.empty((0, 1))))
