"""What becomes of the subscriptions that run."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from support.buyers import subscribing
from workbench.errors import AnalysisError
from workbench.retention.contracts import Contracts, contract_log, renewals_made
from workbench.retention.renewing import (
    ended_by_period,
    fit_contracts,
    renewal_shocks,
    what_stays,
)
from workbench.retention.spans import bounds

DAY = date(2024, 12, 31)
EDGES = bounds(DAY, "month", back=0, ahead=6)


@pytest.fixture(scope="module")
def known() -> Contracts:
    return contract_log(subscribing(1, 3000, 24), as_of=DAY).until(DAY.toordinal())


def test_the_planted_process_is_found_again(known: Contracts) -> None:
    fit = fit_contracts(known, "month")
    alpha, beta = fit.parameters
    assert alpha.ci_lower < 1.0 < alpha.ci_upper
    assert beta.ci_lower < 9.0 < beta.ci_upper
    assert renewal_shocks(known, fit.model, "month").spread < 0.12


def test_the_mean_is_that_of_the_model(known: Contracts) -> None:
    fit = fit_contracts(known, "month")
    futures = what_stays(known, fit, EDGES, "month", seed=1, draws=500)
    start = known.start[known.running]
    done = renewals_made(start, np.full(len(start), known.last), "month")
    stays = fit.model.survival(done + 6.0) / fit.model.survival(done)
    # The level of the last months goes on a little, so the mean is near, not equal.
    assert futures.mean("active")[-1] == pytest.approx(stays.sum(), rel=0.02)
    running = known.running.sum()
    np.testing.assert_allclose(
        futures.draws["ended"][:, :6].sum(axis=1), running - futures.draws["active"][:, -1]
    )
    np.testing.assert_allclose(
        futures.draws["ended"][:, 6], running - futures.draws["active"][:, 5]
    )
    paid = (known.amount[known.running] * stays).sum()
    assert futures.mean("revenue")[-1] == pytest.approx(paid, rel=0.02)


def test_ends_are_counted_by_period(known: Contracts) -> None:
    edges, ended = ended_by_period(known, "month")
    assert len(ended) == 24
    assert ended.sum() == (~known.running).sum()
    assert edges[-1] == DAY.toordinal()


def test_nobody_runs_any_more() -> None:
    table = subscribing(2, 300, 24)
    table = table[table["ended_at"].notna()]
    gone = contract_log(table, as_of=DAY).until(DAY.toordinal())
    fit = fit_contracts(gone, "month")
    with pytest.raises(AnalysisError, match="no subscription runs"):
        what_stays(gone, fit, EDGES, "month", seed=1, draws=100)
    with pytest.raises(AnalysisError, match="draws == 5"):
        what_stays(gone, fit, EDGES, "month", seed=1, draws=5)
