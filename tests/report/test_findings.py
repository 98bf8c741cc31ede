from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from workbench.errors import NotebookError
from workbench.report import finding, metric, section

HOSTILE = '<script>alert(1)</script> [x](javascript:1) {{< env A >}} \u202e "q"'


def test_a_finding_is_recorded_whole(shown: Any) -> None:
    finding("Half leave.", id="half", kind="warning", decision="Stop?", order=2)
    assert shown.last("finding") == {
        "id": "half",
        "text": "Half leave.",
        "kind": "warning",
        "decision": "Stop?",
        "order": 2,
    }
    assert shown[-1]["text/plain"] == "Warning: Half leave.\nTo decide: Stop?"


def test_a_finding_without_an_id_gets_a_stable_one(shown: Any) -> None:
    finding("Half leave.")
    finding("Half leave.")
    assert shown[0] == shown[1]
    assert shown.last("finding")["id"].startswith("half-leave-")


def test_previews_are_harmless(shown: Any) -> None:
    finding(HOSTILE, decision=HOSTILE)
    metric("m", 1, label=HOSTILE, unit="customers", ci=(0, 2, 0.9, HOSTILE))
    section(HOSTILE, HOSTILE)
    for bundle in shown:
        markdown = bundle["text/markdown"]
        assert not re.search(r"(?<!\\)[<\[{!]", markdown)
        assert "\u202e" not in json.dumps(bundle, ensure_ascii=False)


@pytest.mark.parametrize("kwargs", [{"kind": "answr"}, {"id": "No Slug"}, {"decision": " "}])
def test_a_wrong_finding_is_refused(kwargs: dict[str, Any]) -> None:
    with pytest.raises(NotebookError):
        finding("Half leave.", **kwargs)


def test_an_empty_finding_is_refused() -> None:
    with pytest.raises(NotebookError, match="the text is empty"):
        finding("  ")


def test_a_metric_is_recorded_whole(shown: Any) -> None:
    metric(
        "rate",
        np.float64(0.25),
        label="Rate",
        unit="share",
        good="up",
        ci=(0.2, 0.3, 0.95, "Wilson"),
    )
    assert shown.last("metric") == {
        "id": "rate",
        "label": "Rate",
        "value": 0.25,
        "unit": "share",
        "display": "25.0%",
        "good": "up",
        "reason": None,
        "ci": [0.2, 0.3, 0.95, "Wilson"],
        "ci_display": "95% interval 20.0% to 30.0%",
        "headline": True,
    }


@pytest.mark.parametrize(
    ("value", "unit", "display"),
    [
        (Decimal("8911407.904"), "GBP", "£8.91 million"),
        (4338, "customers", "4,338"),
        (31, "days", "31 days"),
    ],
)
def test_a_metric_is_shown_by_its_unit(shown: Any, value: Any, unit: str, display: str) -> None:
    metric("m", value, label="M", unit=unit)
    record = shown.last("metric")
    assert record["display"] == display
    assert record["value"] == float(value)
    json.dumps(record)


def test_no_number_needs_a_reason(shown: Any) -> None:
    metric("m", None, label="M", unit="days", reason="too few customers")
    record = shown.last("metric")
    assert (record["value"], record["display"], record["reason"]) == (
        None,
        "–",
        "too few customers",
    )
    with pytest.raises(NotebookError, match="reason"):
        metric("m", None, label="M", unit="days")


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, np.nan, Decimal("NaN"), "5", True]
)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(NotebookError, match=r"NaN|inf|not a number"):
        metric("m", value, label="M", unit="share")


@pytest.mark.parametrize(
    "ci", [(1, 0, 0.95, "x"), (0, 1, 95, "x"), (0, 1), (0, 1, 0.9, ""), (0, math.inf, 0.9, "x")]
)
def test_a_wrong_interval_is_refused(ci: Any) -> None:
    with pytest.raises(NotebookError):
        metric("m", 0.5, label="M", unit="share", ci=ci)


def test_good_is_up_or_down() -> None:
    with pytest.raises(NotebookError, match="up, down, None"):
        metric("m", 1, label="M", unit="share", good="high")


def test_outside_a_notebook_the_plain_text_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    section("A heading", "Words.")
    assert capsys.readouterr().out == "A heading\nWords.\n"
