"""The planted groups of the demo's tidy unit are found on the way that a report takes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from sklearn.metrics import adjusted_rand_score

from support.demo import AS_OF
from support.demo_project import demo_project, ingested
from workbench.segmentation.clusters.behaviour import measure_behaviour
from workbench.segmentation.clusters.groups import find_groups
from workbench.segmentation.rfm import rfm


def test_planted_groups_are_recovered(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, truth = demo_project(tmp_path_factory, project)
    summary = ingested(tmp_path_factory, project, "atlas")
    orders = duckdb.read_parquet(str(summary.snapshot.path("orders")))
    behaviour = measure_behaviour(orders, rfm(orders, as_of=AS_OF))
    assert behaviour.left_out == ()
    found = find_groups(behaviour, seed=1)
    planted = truth.units["atlas"].customers.set_index("customer_id")["group"]
    of = planted.loc[behaviour.customers["customer_id"]]
    assert found.k == of.nunique() == 5, found.table.to_string()
    assert adjusted_rand_score(of, found.labels) >= 0.8
    assert found.stability is not None
    assert found.stability.ari > 0.9
    assert found.agreement == pytest.approx(0.85, abs=0.1)
