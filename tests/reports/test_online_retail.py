"""Online Retail: triage states the published figures; forecasts pass the rule, or do not."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from support.retail_project import SUITE, retail_project
from workbench.suite.run import Choice, RunResult, run

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture(scope="module")
def result(
    workbench_data: Path, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> RunResult:
    """Return a run of all customers and of the two largest countries."""
    workspace, _ = retail_project(tmp_path_factory, project, workbench_data)
    chosen = Choice(
        units=("all", "united-kingdom", "germany"),
        reports=("triage", "retention"),
        renderer="embedded",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_DATA", str(workbench_data))
        return run(workspace, SUITE, chosen)


def words(result: RunResult, unit: str, report: str) -> str:
    """Return what a reader sees of a page, on one line."""
    page = (result.editions[unit].folder / f"{report}.html").read_text(encoding="utf-8")
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_triage_page_states_the_published_figures(result: RunResult) -> None:
    text = words(result, "all", "triage")
    for figure in (
        "541,909",  # lines received
        "135,080",  # without a customer
        "9,288",  # cancelled
        "5,268",  # exact duplicates
        "25,900",  # invoices
        "4,372",  # customers received
        "397,884",  # lines accepted
        "4,338",  # customers accepted
        "8,911,407.904",  # revenue, as a sum of decimals
    ):
        assert re.search(rf"(?<![\d,.]){re.escape(figure)}(?![\d,]|\.\d)", text), figure


def test_a_large_country_is_published_by_a_model_in_which_nobody_leaves(
    result: RunResult,
) -> None:
    """A year of customers who keep coming shows nobody leaving; NBD then beats the simple rules."""
    for unit in ("all", "united-kingdom"):
        text = words(result, unit, "retention")
        said = re.search(
            r"Expected of the ([\d,]+) customers known so far: [\d,]+ repeat orders by 9 Mar 2012 "
            r"\(95% interval [\d,]+ to [\d,]+\)",
            text,
        )
        assert said, unit
        assert said[1] == {"all": "4,338", "united-kingdom": "3,920"}[unit]
        assert "NBD" in text
        # Not so what depends on the Christmas that nobody had seen before.
        assert "Withheld: customers who buy and revenue from repeat orders" in text
        assert "was no better than a simple rule (last period)" in text
        assert "The forecast that it rests on is withheld." in text


def test_a_small_country_gets_no_number(result: RunResult) -> None:
    text = words(result, "germany", "retention")
    assert "What the next 3 months bring cannot be forecast: A forecast needs 100 customers" in text
