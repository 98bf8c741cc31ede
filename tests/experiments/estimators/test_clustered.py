"""Clusters beside statsmodels' cluster-robust standard error."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm

from workbench.experiments.estimators import difference_between_clusters
from workbench.experiments.moments import cluster_moments


def made(clusters: int = 40, seed: int = 4, decimals: int | None = None) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    size = random.integers(5, 30, clusters)
    shop = np.repeat(np.arange(clusters), size)
    spend = 20 + random.normal(0, 3, clusters)[shop] + random.normal(0, 5, len(shop))
    return pd.DataFrame(
        {
            "customer_id": np.arange(len(shop)),
            "shop": shop,
            "variant": np.where(shop % 2 == 0, "a", "b"),
            "spend": spend if decimals is None else spend.round(decimals),
        }
    )


def test_the_variance_is_that_of_clusters() -> None:
    frame = made()
    found = cluster_moments(frame, ["spend"], cluster="shop")
    ours = difference_between_clusters(found.joint["a", "spend"], found.joint["b", "spend"])
    late = (frame["variant"] == "b").astype("float64")
    fit = sm.OLS(frame["spend"], sm.add_constant(late)).fit(
        cov_type="cluster", cov_kwds={"groups": frame["shop"], "use_correction": False}
    )
    assert ours.difference.effect_size == pytest.approx(fit.params["variant"], rel=1e-8)
    corrected = fit.bse["variant"] * np.sqrt(20 / 19)
    assert ours.difference.std_error == pytest.approx(corrected, rel=1e-8)
    assert (ours.clusters_control, ours.clusters) == (20, 20)
    assert found.units == frame.groupby("variant").size().to_dict()


def test_engines_agree_and_lost_or_crossed_clusters_are_told() -> None:
    frame = made(decimals=3)
    frame.loc[3, "spend"] = np.nan

    frame.loc[frame.index[frame["shop"] == 9][0], "variant"] = "a"
    connection = duckdb.connect()
    connection.register("t", frame)
    tables = (frame, frame.sample(frac=1, random_state=1), pl.from_pandas(frame))
    found = [cluster_moments(t, ["spend"], cluster="shop") for t in tables]
    found.append(cluster_moments(connection.table("t"), ["spend"], cluster="shop"))
    connection.close()
    assert all(other == found[0] for other in found)
    assert found[0].clusters_in_two_variants == 1
    counted = found[0].joint["a", "spend"].totals[1] + found[0].joint["b", "spend"].totals[1]
    assert counted == len(frame) - 1 - (frame["shop"] == 9).sum()


def test_few_clusters_are_refused() -> None:
    found = cluster_moments(made(clusters=8), ["spend"], cluster="shop")
    ours = difference_between_clusters(found.joint["a", "spend"], found.joint["b", "spend"])
    assert "fewer than 5 clusters" in ours.difference.reason
    assert ours.difference.effect_size is None
    endless = made().assign(spend=lambda f: f["spend"].where(f.index != 1, np.inf))
    found = cluster_moments(endless, ["spend"], cluster="shop")
    ours = difference_between_clusters(found.joint["a", "spend"], found.joint["b", "spend"])
    assert "infinite" in ours.difference.reason
