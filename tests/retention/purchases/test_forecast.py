"""Forecasts of repeat purchases: CDNOW's second period, determinism, large bases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.cdnow import Cdnow, read_cdnow
from workbench.errors import AnalysisError
from workbench.retention.purchases import forecast as module
from workbench.retention.purchases.cells import Cells, purchase_cells
from workbench.retention.purchases.fits import PurchaseFit, fit_bgnbd, fit_paretonbd
from workbench.retention.purchases.forecast import (
    METHOD,
    WITH_SHOCKS,
    forecast_purchases,
    track_purchases,
)
from workbench.retention.purchases.shocks import PeriodShocks, fitted_path, period_shocks, shaken

WEEKS: dict[str, float] = {"periods": 39, "length": 1.0, "seed": 1}


@pytest.fixture(scope="module")
def cdnow(workbench_data: Path) -> Cdnow:
    return read_cdnow(workbench_data)


@pytest.fixture(scope="module")
def cells(cdnow: Cdnow) -> Cells:
    table = cdnow.customers
    return purchase_cells(table["frequency"], table["recency"], table["T"])


@pytest.fixture(scope="module")
def fits(cells: Cells) -> dict[str, PurchaseFit]:
    return {found.name: found for found in (fit_bgnbd(cells), fit_paretonbd(cells))}


@pytest.mark.parametrize("name", ["BG/NBD", "Pareto/NBD"])
def test_the_second_period_of_cdnow_lies_within_the_interval(
    cdnow: Cdnow, cells: Cells, fits: dict[str, PurchaseFit], name: str
) -> None:
    """1,882 repeat transactions in weeks 40 to 78; the periods differ beyond chance."""
    assert cdnow.by_week[39:].sum() == 1882
    shocks = period_shocks(fits[name], cells, cdnow.by_week, length=1.0)
    told = forecast_purchases(fits[name], cells, shocks=shocks, draws=150, **WEEKS)
    assert told.ci_lower <= 1882 <= told.ci_upper
    assert told.method == WITH_SHOCKS
    assert told.total == pytest.approx(told.table["expected"].sum())
    plain = forecast_purchases(fits[name], cells, draws=150, **WEEKS)
    assert plain.method == METHOD
    assert plain.ci_upper - plain.ci_lower < told.ci_upper - told.ci_lower
    if name == "Pareto/NBD":  # without shocks, BG/NBD's interval ends just below
        assert plain.ci_lower <= 1882 <= plain.ci_upper


def test_the_tracking_of_cdnow(cdnow: Cdnow, cells: Cells, fits: dict[str, PurchaseFit]) -> None:
    told = track_purchases(fits["Pareto/NBD"], cells, cdnow.by_week, draws=150, **WEEKS)
    assert told["period"].tolist() == list(range(1, 79))
    assert told["after"].sum() == 39
    assert told["actual_cumulative"].iloc[38] == 2457
    assert told["actual_cumulative"].iloc[-1] == 2457 + 1882
    # The curve of the fit ends near what was counted (figure 3 of the paper).
    assert told["expected_cumulative"].iloc[38] == pytest.approx(2457, rel=0.04)
    after = told[told["after"]].astype(float)
    inside = after["actual"].between(after["ci_lower"], after["ci_upper"])
    assert inside.mean() >= 0.9
    for value in told.to_numpy().ravel():
        assert value is None or value == value
    short = track_purchases(fits["BG/NBD"], cells, cdnow.by_week[:39], draws=100, **WEEKS)
    assert short["actual"].iloc[39:].tolist() == [None] * 39


def test_a_seed_gives_the_same_numbers_whatever_the_order(
    cdnow: Cdnow, cells: Cells, fits: dict[str, PurchaseFit]
) -> None:
    table = cdnow.customers.sample(frac=1, random_state=5)
    turned = purchase_cells(table["frequency"], table["recency"], table["T"])
    options = {**WEEKS, "periods": 4, "draws": 100}
    one = forecast_purchases(fits["BG/NBD"], cells, **options)
    other = forecast_purchases(fit_bgnbd(turned), turned, **options)
    assert one.table.equals(other.table)
    again = forecast_purchases(fits["BG/NBD"], cells, **{**options, "seed": 2})
    assert not one.table.equals(again.table)


@pytest.mark.parametrize("name", ["BG/NBD", "Pareto/NBD"])
def test_a_sample_of_many_customers_stands_for_all(
    cells: Cells, fits: dict[str, PurchaseFit], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"periods": 3, "length": 13.0, "seed": 3, "draws": 300}
    monkeypatch.setattr(module, "_CUSTOMERS", 2357)
    exact = forecast_purchases(fits[name], cells, **options)
    monkeypatch.setattr(module, "_CUSTOMERS", 1200)
    some = forecast_purchases(fits[name], cells, **options)
    assert some.total == exact.total
    width = exact.ci_upper - exact.ci_lower
    assert some.ci_upper - some.ci_lower == pytest.approx(width, rel=0.3)
    assert some.ci_lower == pytest.approx(exact.ci_lower, abs=0.2 * width)


def test_intervals_hold_what_the_model_itself_makes_of_the_future(
    cells: Cells, fits: dict[str, PurchaseFit]
) -> None:
    """Known parameters, 60 futures: about 57 of them fall within the interval."""
    fit = fits["BG/NBD"]
    told = forecast_purchases(fit, cells, periods=1, length=26.0, seed=4, draws=300)
    rng = np.random.default_rng(9)
    counts = [len(fit.model.draw_times(rng, 26.0, cells)[0]) for _ in range(60)]
    assert np.mean(counts) == pytest.approx(told.total, rel=0.02)
    assert np.mean([told.ci_lower <= count <= told.ci_upper for count in counts]) >= 0.95


@pytest.mark.parametrize("name", ["BG/NBD", "Pareto/NBD"])
def test_the_curve_of_the_fit_is_the_sum_over_customers(
    cells: Cells, fits: dict[str, PurchaseFit], cdnow: Cdnow, name: str
) -> None:
    curve, _ = fitted_path(fits[name], cells, cdnow.by_week, length=1.0)
    model, longest = fits[name].model, float(cells.T.max())
    for week in (1, 5, 20, 38):
        spans = np.maximum(longest - (38 - week) - (longest - cells.T), 0.0)
        each = [model.expected_purchases(span, [0], [0], [0])[0] for span in spans]
        assert curve[week] == pytest.approx(cells.n @ np.array(each), rel=1e-5)


def test_shocks_are_none_where_only_chance_moves_periods(
    cells: Cells, fits: dict[str, PurchaseFit], cdnow: Cdnow
) -> None:
    found = period_shocks(fits["Pareto/NBD"], cells, cdnow.by_week, length=1.0)
    assert 0.15 < found.spread < 0.3
    told = track_purchases(fits["Pareto/NBD"], cells, cdnow.by_week, draws=100, **WEEKS)
    smooth = told["expected"].astype(float).round().to_numpy()
    assert period_shocks(fits["Pareto/NBD"], cells, smooth, length=1.0).spread == 0
    few = period_shocks(fits["Pareto/NBD"], cells, [800, 800, 857], length=13.0)
    assert few.spread == 0
    assert "Fewer than 12 periods" in few.reason


def test_shaken_factors_have_mean_one_and_persist() -> None:
    made = shaken(PeriodShocks(0.2, 0.6, 39), (20_000, 5), np.random.default_rng(1))
    np.testing.assert_allclose(made.mean(axis=0), 1, atol=0.01)
    np.testing.assert_allclose(made.std(axis=0), 0.2, atol=0.01)
    assert np.corrcoef(np.log(made[:, 2]), np.log(made[:, 3]))[0, 1] == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"periods": 0}, "periods == 0"),
        ({"length": 0.0}, "length == 0.0"),
        ({"draws": 5}, "draws == 5"),
        ({"alpha": 0.0}, "alpha == 0.0"),
    ],
)
def test_impossible_terms_are_refused(
    cells: Cells, fits: dict[str, PurchaseFit], options: dict[str, float], words: str
) -> None:
    with pytest.raises(AnalysisError, match=words):
        forecast_purchases(fits["BG/NBD"], cells, **{**WEEKS, **options})


def test_what_is_not_fitted_or_not_counted_is_refused(
    cells: Cells, fits: dict[str, PurchaseFit]
) -> None:
    nothing = fit_bgnbd(purchase_cells([0, 0], [0, 0], [5, 6]))
    with pytest.raises(AnalysisError, match="there is no fit: Nobody has bought again"):
        forecast_purchases(nothing, cells, **WEEKS)
    for actual in ([1, 2, 3], [np.nan] * 39, [-1] * 39):
        with pytest.raises(AnalysisError, match="39 are needed"):
            track_purchases(fits["BG/NBD"], cells, actual, **WEEKS)
    with pytest.raises(AnalysisError, match="length == 0"):
        period_shocks(fits["BG/NBD"], cells, [1] * 39, length=0)
