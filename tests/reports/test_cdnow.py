"""The suite of the CDNOW sample states the published figures, and tries its forecast on them."""

from __future__ import annotations

import re
import shutil
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from workbench.data import open_unit
from workbench.retention.forecast_results import Forecasts
from workbench.retention.forecasts import forecast
from workbench.retention.periods import Calendar
from workbench.suite.run import Choice, run
from workbench.workspace import Workspace

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture(scope="module")
def folder(workbench_data: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the suite's run."""
    root = tmp_path_factory.mktemp("cdnow")
    shutil.copytree(project / "params/cdnow", root / "params/cdnow")
    shutil.copytree(project / "notebooks", root / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_DATA", str(workbench_data))
        chosen = Choice(renderer="embedded")
        result = run(Workspace(root), "cdnow", chosen)
    assert result.exit_code == 0
    return root


@pytest.fixture(scope="module")
def found(folder: Path) -> Forecasts:
    """Return the forecasts as the notebook computes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ROOT", str(folder))
        data = open_unit("cdnow", "sample")
        return forecast(
            data.table("orders"),
            as_of=data.as_of,
            calendar=Calendar("week", data.week_start),
            ahead=39,
            seed=data.seed,
            min_group=data.min_group,
        )


def words(folder: Path, report: str) -> str:
    """Return what a reader sees of a page, on one line."""
    (page,) = folder.glob(f"reports/cdnow/sample/*/{report}.html")
    text = unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    return " ".join(text.split())


def test_the_published_parameters(found: Forecasts) -> None:
    """Fader, Hardie & Lee (2005); Fader & Hardie (2013): fitted to the first 39 weeks."""
    trial = found.trials[-1]
    assert date.fromordinal(int(trial.bounds[0])) == date(1997, 9, 30)
    fits = {fit.name: fit for fit in trial.fits}
    for name, digits, values, loglik in (
        ("BG/NBD", 3, [0.243, 4.414, 0.793, 2.426], -9582.4),
        ("Pareto/NBD", 3, [0.553, 10.578, 0.606, 11.669], -9595.0),
        ("Gamma-Gamma", 2, [6.25, 3.74, 15.44], None),
    ):
        fit = fits[name]
        assert [round(one.value, digits) for one in fit.parameters] == values
        if loglik is not None:
            assert fit.loglik is not None
            assert round(fit.loglik, 1) == loglik
    model = fits["BG/NBD"].model
    assert round(float(model.expected_purchases(39, [2], [30.43], [38.86])[0]), 3) == 1.226


def test_what_came_in_weeks_40_to_78_lies_in_the_range(found: Forecasts) -> None:
    number = found.numbers["orders"]
    assert number.actual_total == 1882
    assert number.total_lower is not None
    assert number.total_upper is not None
    assert number.total_lower <= 1882 <= number.total_upper
    assert found.trials[-1].actual["active"][-1] == 684
    tracked = number.tracked
    before = tracked[~tracked["after"]]
    assert before["actual"].sum() == 2457
    assert tracked["after"].sum() == 39
    assert tracked["actual"].sum() == 2457 + 1882


def test_repeat_orders_are_published(found: Forecasts) -> None:
    assert found.numbers["orders"].verdict.published
    assert found.numbers["orders"].verdict.naive == "last period"


def test_the_page_states_them(folder: Path) -> None:
    text = words(folder, "retention")
    for figure in (
        *("0.243", "4.414", "0.793", "2.426", "-9,582.4".replace("-", "\u2212")),
        *("0.553", "10.578", "0.606", "11.669", "-9,595.0".replace("-", "\u2212")),
        *("6.25", "3.74", "15.44"),
        "1,882 came",
        "On 30 Sep 1997",
        "2,357 customers",
    ):
        assert figure in text, figure
    assert "6,919 of 6,919 rows passed" in words(folder, "triage")
