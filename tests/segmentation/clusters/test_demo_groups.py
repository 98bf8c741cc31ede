"""The planted groups of the demo's tidy unit are found on the way that a report takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from sklearn.metrics import adjusted_rand_score

from support.demo import AS_OF, SEED
from workbench.data.demo import write_demo
from workbench.ingest import ingest_suite
from workbench.params import load_suite
from workbench.segmentation.clusters.behaviour import measure_behaviour
from workbench.segmentation.clusters.groups import find_groups
from workbench.segmentation.rfm import rfm
from workbench.workspace import Workspace


def test_planted_groups_are_recovered(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "params" / "demo", tmp_path / "params" / "demo")
    truth = write_demo(tmp_path / "data" / "demo" / "raw", seed=SEED, as_of=AS_OF)
    workspace = Workspace(tmp_path)
    summary = ingest_suite(workspace, load_suite(workspace, "demo"), ["atlas"])["atlas"]
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
