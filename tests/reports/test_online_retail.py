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


def test_a_large_country_is_withheld_and_a_simple_rule_shown(result: RunResult) -> None:
    """A year of customers who keep coming shows nobody leaving, and the models rest on that."""
    for unit, why in (
        ("all", "no model could be fitted. The data do not tell b"),
        (
            "united-kingdom",
            "on none of 4 earlier days a model could be fitted: there is no sign that anybody "
            "leaves",
        ),
    ):
        text = words(result, unit, "retention")
        assert f"The forecast of repeat orders is withheld: {why}" in text
        assert re.search(r"If every month is like the last one, the [\d,]+ customers known", text)


def test_a_small_country_gets_no_number(result: RunResult) -> None:
    text = words(result, "germany", "retention")
    assert "What the next 3 months bring cannot be forecast: A forecast needs 100 customers" in text
