"""Caps are quantiles of all customers together, and are stated."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import mstats

from workbench.errors import AnalysisError
from workbench.experiments.estimators import difference, find_cap, winsorise
from workbench.experiments.moments import moments


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(8)
    values = np.round(random.lognormal(3, 1.5, 1000), 2)
    frame = pd.DataFrame({"customer_id": np.arange(1000), "variant": ["a", "b"] * 500, "x": values})
    frame.loc[17, "x"] = np.nan
    return frame


def test_capped_means_equal_scipy(frame: pd.DataFrame) -> None:
    cap = find_cap(frame, "x", upper=0.98, lower=0.05)
    values = frame["x"].dropna().to_numpy()
    assert cap.upper == np.quantile(values, 0.98, method="inverted_cdf")
    assert cap.lower == np.quantile(values, 0.05, method="inverted_cdf")
    assert cap.above == (values > cap.upper).sum()
    found = moments(winsorise(frame, "x", cap), ["x"]).metrics
    clipped = np.clip(frame["x"], cap.lower, cap.upper)
    for arm in ("a", "b"):
        assert found[arm, "x"].mean == pytest.approx(clipped[frame["variant"] == arm].mean())
    plain = moments(frame, ["x"]).metrics
    ours = difference(found["a", "x"], found["b", "x"], "mean").std_error or 0.0
    assert ours < (difference(plain["a", "x"], plain["b", "x"], "mean").std_error or 0.0)
    whole = mstats.winsorize(np.sort(values), limits=(0.05, 0.02))
    assert whole.max() == pytest.approx(cap.upper, rel=0.05)
    assert "quantile 0.98 of all customers" in cap.words()


def test_engines_agree(frame: pd.DataFrame) -> None:
    connection = duckdb.connect()
    connection.register("t", frame)
    money = connection.sql("SELECT customer_id, variant, CAST(x AS DECIMAL(18,4)) AS x FROM t")
    found = [
        (find_cap(t, "x"), moments(winsorise(t, "x", find_cap(t, "x")), ["x"]))
        for t in (frame, pl.from_pandas(frame), connection.table("t"), money)
    ]
    connection.close()
    assert all(other == found[0] for other in found)
    assert found[0][1].metrics["b", "x"].missing == 1


def test_bad_quantiles_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match=r"quantile == 1.5"):
        find_cap(frame, "x", upper=1.5)
    with pytest.raises(AnalysisError, match="must be < upper"):
        find_cap(frame, "x", upper=0.2, lower=0.4)
    with pytest.raises(AnalysisError, match="no finite value"):
        find_cap(frame.assign(x=np.nan), "x")
