"""The public surface is a handful of names, and the light ones stay light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import workbench.report as report


def test_the_public_names_are_these() -> None:
    assert report.__all__ == [
        "MISSING",
        "Column",
        "action_list",
        "breakdown",
        "charts",
        "figure",
        "finding",
        "format_date",
        "format_days",
        "format_money",
        "format_number",
        "format_pvalue",
        "format_share",
        "format_value",
        "glossary",
        "metric",
        "section",
        "state",
        "table",
        "terms",
        "theme",
    ]


@pytest.mark.parametrize("name", report.__all__)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(report, name) is not None
    assert name in dir(report)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chart'"):
        report.chart  # noqa: B018


def test_reading_records_loads_no_plotting_library() -> None:
    code = (
        "import sys, workbench.report.mime, workbench.report.text, workbench.report.words;"
        "heavy = {'matplotlib', 'pandas', 'great_tables', 'IPython'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_words_first_does_not_hide_the_function() -> None:
    code = "import workbench.report.words; from workbench.report import glossary; glossary('RFM')"
    subprocess.run([sys.executable, "-c", code], check=True)
