"""The test of proportionality beside a regression with covariates that change with time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from workbench.errors import AnalysisError
from workbench.retention.cox.fit import CoxFit, fit_cox
from workbench.retention.cox.proportionality import check_proportionality, schoenfeld_residuals


def drifting(seed: int, n: int = 400, *, after: float = 0.9) -> CoxFit:
    """Return a fit where the first of two effects is `after` from day 10 on, and -0.9 before."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"plan": rng.integers(0, 2, n), "load": rng.normal(size=n)})
    early = rng.exponential(size=n) * 15 / np.exp(-0.9 * x["plan"] + 0.3 * x["load"])
    late = 10 + rng.exponential(size=n) * 15 / np.exp(after * x["plan"] + 0.3 * x["load"])
    life = np.where(early < 10, early, late)
    leave = rng.uniform(5, 40, n)
    return fit_cox(np.ceil(np.minimum(life, leave)), life <= leave, x)


def test_rossi_as_published(workbench_data: Path) -> None:
    """Fox & Weisberg 2018 print for fin, age and prio: chi-square 7.14 of all, p = 0.068."""
    rossi = pd.read_csv(workbench_data / "survival" / "rossi.csv")
    found = fit_cox(rossi["week"], rossi["arrest"], rossi[["fin", "age", "prio"]])
    checked = check_proportionality(found)
    assert checked.pvalue == pytest.approx(0.068, abs=0.0005)
    assert checked.changing == ("age",)
    assert checked.sentences() == [
        "The effect of age changes over time (p = 0.036). It crosses 1: the ratio is 1.01 up to "
        "28 days and 0.87 later, each over half of the events; the one ratio is an average of both."
    ]


@pytest.mark.parametrize("transform", ["identity", "rank", "km"])
def test_it_is_the_score_test_of_effects_that_move_with_time(transform: str) -> None:
    """statsmodels' score and information of ``x`` and ``g(t) x``, one row per time at risk."""
    found = drifting(1, 120)
    likelihood = found.likelihood
    assert likelihood is not None
    cells, deaths = likelihood.cells, likelihood.deaths
    each = np.repeat(np.arange(len(cells)), cells.n.astype("int64"))
    x = (cells.x.T * cells.scale)[each]
    clock = {
        "identity": cells.times,
        "rank": np.unique(stats.rankdata(np.repeat(cells.times, deaths.astype(int)))),
        "km": np.concatenate([[0.0], 1 - np.cumprod(1 - deaths / likelihood.followed)[:-1]]),
    }[transform]
    rows = [
        (k, cells.times[k], cells.event[cell] and cells.stop[cell] == k + 1)
        for cell in each
        for k in range(cells.stop[cell])
    ]
    at, time, died = (np.array(column) for column in zip(*rows, strict=True))
    lived = np.repeat(x, cells.stop[each], axis=0)
    wide = np.hstack([lived, clock[at.astype(int), None] * lived])
    model = sm.PHReg(time, wide, status=died.astype(int), entry=time - 0.5, ties="efron")
    params = np.concatenate([found.coefficients, [0, 0]])
    score, information = model.score(params), -model.hessian(params)
    checked = check_proportionality(found, transform=transform)  # type: ignore[arg-type]
    together = float(score @ np.linalg.solve(information, score))
    assert checked.statistic == pytest.approx(together, rel=1e-6)
    for place in range(2):
        kept = [0, 1, 2 + place]
        part = information[np.ix_(kept, kept)]
        one = float(score[kept] @ np.linalg.solve(part, score[kept]))
        assert checked.table["statistic"].iloc[place] == pytest.approx(one, rel=1e-6)


def test_an_effect_that_turns_round_is_named_and_the_other_is_not() -> None:
    checked = check_proportionality(drifting(2, 1500))
    assert checked.changing == ("plan",)
    row = checked.table.iloc[0]
    assert np.exp(-0.9) - 0.1 < row["early"] < 0.7 < 1.4 < row["late"] < np.exp(0.9) + 0.3
    assert checked.sentences()[0].startswith("The effect of plan changes over time (p < 0.001). It")


def test_it_errs_as_often_as_it_says() -> None:
    """Where nothing changes, 5 % of the tests of all effects together may reject."""
    pvalues = [check_proportionality(drifting(100 + k, 300, after=-0.9)).pvalue for k in range(120)]
    known = [p for p in pvalues if p is not None]
    assert len(known) == 120
    assert 0.01 <= float(np.mean(np.array(known) < 0.05)) <= 0.10
    quiet = check_proportionality(drifting(104, 300, after=-0.9))
    assert quiet.sentences()[0].startswith("No effect is seen to change over time")


def test_rows_of_one_cluster_are_not_taken_for_so_many_customers() -> None:
    """Each customer twice over: the information rejects in three of ten where nothing changes.

    The variance of the clusters is the one that the customers alone would have.
    """
    rejected, plain = 0, 0
    for draw in range(120):
        rng = np.random.default_rng([300, draw])
        x = pd.DataFrame({"plan": rng.integers(0, 2, 120), "load": rng.normal(size=120)})
        life = np.ceil(rng.exponential(size=120) * 40 / np.exp(0.5 * x["plan"]))
        leave = rng.integers(5, 60, 120)
        row = np.repeat(np.arange(120), 2)
        given = np.minimum(life, leave)[row], (life <= leave)[row], x.iloc[row]
        for clustered in (True, False):
            found = fit_cox(*given, cluster=row if clustered else None)
            p = check_proportionality(found).pvalue
            assert p is not None
            rejected += clustered and p < 0.05
            plain += not clustered and p < 0.05
    assert 0 < rejected <= 12
    assert plain >= 24


def test_scaled_residuals_have_the_coefficient_as_their_mean() -> None:
    found = drifting(3)
    residuals = schoenfeld_residuals(found)
    assert residuals["events"].sum() == found.events
    for place, name in enumerate(found.names):
        mean = np.average(residuals[name], weights=residuals["events"])
        assert mean == pytest.approx(found.coefficients[place], abs=1e-8)
    plain = schoenfeld_residuals(found, scaled=False)
    sums = plain[list(found.names)].multiply(plain["events"], axis=0).sum()
    np.testing.assert_allclose(sums, 0, atol=1e-7)


def test_without_a_fit_or_with_too_few_times_there_is_no_test() -> None:
    nothing = fit_cox([1, 2, 3], [0, 0, 0], {"a": [1, 2, 3]})
    checked = check_proportionality(nothing)
    assert checked.pvalue is checked.statistic is None
    assert checked.sentences() == [
        "Whether effects hold over time cannot be said: Nobody had the event."
    ]
    assert len(schoenfeld_residuals(nothing)) == 0
    two = fit_cox([1, 1, 2, 2, 2, 2], [1, 1, 1, 1, 0, 0], {"a": [1, 0, 1, 0, 1, 0]})
    assert check_proportionality(two).reason == "There are fewer than three event times."
    with pytest.raises(AnalysisError, match="'log' is not known"):
        check_proportionality(two, transform="log")  # type: ignore[arg-type]
