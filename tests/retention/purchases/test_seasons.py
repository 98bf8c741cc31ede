"""The season of customers is found with the model, and the model on its clock."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.buyers import START, buying
from workbench.retention.purchases.fits import fit_bgnbd
from workbench.retention.purchases.log import Known, in_season, purchase_log
from workbench.retention.purchases.outlook import shocks_of, what_comes
from workbench.retention.purchases.season import EVEN, Season, months_of
from workbench.retention.purchases.seasons import on_season
from workbench.retention.spans import bounds

MONTHS = (0.7, 0.8, 0.9, 1.0, 1.0, 1.0, 0.9, 0.9, 1.0, 1.1, 1.5, 1.2)
DAYS = 1095
LAST = START.date().toordinal() + DAYS - 1
DAY = date.fromordinal(LAST)


def known_of(months: tuple[float, ...], *, seed: int = 1, **options: object) -> Known:
    orders = buying(seed, 1500, DAYS, months=months, **options)  # type: ignore[arg-type]
    return purchase_log(orders, as_of=DAY).until(LAST)


@pytest.fixture(scope="module")
def seasonal() -> Known:
    return on_season(known_of(MONTHS))


def test_the_season_of_customers_is_found(seasonal: Known) -> None:
    season = seasonal.season
    assert not season.even
    wanted = np.log(np.array(MONTHS) / np.mean(MONTHS))
    off = (season.logs - wanted) / np.sqrt(np.diag(season.cov))
    assert np.abs(off).max() < 3
    assert np.corrcoef(season.logs, wanted)[0, 1] > 0.95


def test_the_models_are_right_on_its_clock(seasonal: Known) -> None:
    """The parameters that the customers were invented with: .8, 4, .8, 3, times in weeks."""
    fit = fit_bgnbd(seasonal.cells)
    blind = fit_bgnbd(known_of(MONTHS).cells)
    found = {one.name: one for one in fit.parameters}
    # Most purchases were kept of the busiest month's pace; the mean of a year is one.
    wanted = {"r": 0.8, "alpha": 4.0 / np.mean(MONTHS), "a": 0.8, "b": 3.0}
    for name, value in wanted.items():
        assert found[name].ci_lower < value < found[name].ci_upper, name
    # What the season explains is no shock any more.
    before = shocks_of(known_of(MONTHS), blind)[0].spread
    assert shocks_of(seasonal, fit)[0].spread < 0.6 * before


def test_customers_without_a_season_are_left_almost_alone() -> None:
    known = on_season(known_of((1.0,) * 12, seed=2))
    assert np.abs(known.season.logs).max() < 0.1


def test_days_of_events_tell_no_season() -> None:
    """A sale of three weeks each May is an event, if the calendar says so."""
    firsts = [date(2023 + year, 5, 5).toordinal() - START.date().toordinal() for year in range(3)]
    sales = tuple((first, first + 20) for first in firsts)
    known = known_of((1.0,) * 12, seed=3, busy=sales, factor=2.5)
    begin = START.date().toordinal()
    told = on_season(known, [(begin + first, begin + last) for first, last in sales])
    blind = on_season(known)
    assert blind.season.logs[4] > 0.25
    assert abs(told.season.logs[4]) < 0.12


def test_a_forecast_follows_the_season(seasonal: Known) -> None:
    edges = bounds(DAY, "month", back=0, ahead=12)
    fit = fit_bgnbd(seasonal.cells)
    futures = what_comes(seasonal, fit, edges, seed=1, draws=200)
    by_month = futures.mean("orders")[:12] / np.diff(edges)
    calm = what_comes(in_season(seasonal, EVEN), fit, edges, seed=1, draws=200)
    ratio = by_month / (calm.mean("orders")[:12] / np.diff(edges))
    factor = np.exp(seasonal.season.logs)[months_of(edges[1:])]
    assert np.corrcoef(ratio, factor)[0, 1] > 0.97
    # Of many customers some are drawn for all; the season is in their mean, too.
    assert ratio.mean() == pytest.approx(1, abs=0.06)


def test_no_season_changes_nothing(seasonal: Known) -> None:
    plain = known_of(MONTHS)
    again = in_season(seasonal, EVEN)
    for name in ("frequency", "recency", "T", "n"):
        np.testing.assert_array_equal(getattr(again.cells, name), getattr(plain.cells, name))
    np.testing.assert_array_equal(again.cell, plain.cell)
    days = np.array([plain.begin, LAST, LAST + 70])
    np.testing.assert_array_equal(plain.clock(days), days - plain.begin)
    assert plain.weeks_until(np.array([LAST + 70])).tolist() == [10.0]


@given(logs=st.lists(st.floats(-1.5, 1.5), min_size=12, max_size=12))
def test_customers_stay_possible_on_any_clock(logs: list[float]) -> None:
    orders = buying(4, 60, 200)
    known = purchase_log(orders, as_of=DAY).until(START.date().toordinal() + 199)
    moved = in_season(known, Season(np.array(logs), np.eye(12), 1))
    cells = moved.cells
    assert (cells.recency <= cells.T).all()
    assert ((cells.recency > 0) == (cells.frequency > 0)).all()
    assert cells.customers == known.customers
    np.testing.assert_array_equal(cells.frequency[moved.cell], known.frequency)


def test_a_few_days_have_no_season() -> None:
    orders = buying(4, 60, 200)
    first = orders["ordered_at"].min().date().toordinal()
    known = on_season(purchase_log(orders, as_of=DAY).until(first))
    assert known.season.even
    assert "few days" in known.season.reason
