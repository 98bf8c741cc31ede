"""What other systems take in fits its schema, and its documentation."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from tests.support.lists import entry_of, head_of, record_list
from tests.support.watched import make_before, make_metric

from workbench.errors import WorkbenchError
from workbench.files import canonical
from workbench.suite.contacts.unit import settle_unit
from workbench.suite.watch import alerts_document, read_watch, schema

DOCUMENTATION = Path(__file__).resolve().parents[3] / "docs" / "hand-over.md"
DECLARED = {
    "alerts": {
        name: {
            "metric": "retention.*",
            "severity": severity,
            "owner": owner,
            "why": "",
            "when": when,
        }
        for name, severity, owner, when in (
            ("low", "warning", "CRM", "< 50%"),
            ("jump", "critical", "CRM", "change > 3 sigma of the last 8 editions"),
            ("fell", "warning", "Board", "change < -10%"),
        )
    }
}


def valid(name: str, document: Any) -> None:
    jsonschema.validate(
        document, schema(name), Draft202012Validator, format_checker=FormatChecker()
    )


@pytest.fixture
def document() -> dict[str, Any]:
    watched = read_watch(
        DECLARED,
        [make_metric(0.1), make_metric(7, id="orders", unit="orders")],
        "2025-06-30",
        make_before([0.3, 0.31, 0.3, 0.32, 0.31, 0.3]),
    )
    alerts = watched.to_json()["alerts"]
    assert {alert["id"] for alert in alerts} == {"low", "jump", "fell"}
    made = alerts_document("demo", "atlas", "2025-06-30", reversed(alerts))
    found: dict[str, Any] = json.loads(canonical(made))
    return found


@pytest.mark.parametrize("name", ["alerts", "action_list", "contacts"])
def test_the_schemas_are_schemas(name: str) -> None:
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="Did you mean `alerts`"):
        schema("alert")


def test_alerts_fit_and_have_one_order(document: dict[str, Any]) -> None:
    valid("alerts", document)
    assert [alert["id"] for alert in document["alerts"]] == ["fell", "jump", "low"]
    valid("alerts", alerts_document("demo", "atlas", "2025-06-30", []))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", 2),
        ("as_of", "30 June"),
        ("unit", "../atlas"),
        ("alerts.severity", "fatal"),
        ("alerts.value", "0.1"),
        ("alerts.words", None),
        ("alerts.more", 1),
    ],
)
def test_what_does_not_fit_is_refused(document: dict[str, Any], key: str, value: object) -> None:
    wrong = copy.deepcopy(document)
    place = wrong["alerts"][0] if key.startswith("alerts.") else wrong
    place[key.removeprefix("alerts.")] = value
    with pytest.raises(jsonschema.ValidationError):
        valid("alerts", wrong)


@pytest.fixture
def project_with_a_list(tmp_path: Path) -> Path:
    """Return a project with one edition that has one action list, its own files beside it."""
    frame = pd.DataFrame(
        {
            "id": ["C1", "=C2", "C3"],
            "worth": [1.5, 2.0, 3.0],
            "reason": ['two\nlines, and a "quote"', "=1+1", "'t Hart"],
            "agreed": [True, True, False],
        }
    )
    actions = tmp_path / "data" / "demo" / "atlas" / "actions"
    record = record_list(
        actions,
        "segmentation",
        frame,
        "win-back",
        key="id",
        columns={"reason": "Why", "worth": "Worth"},
        consent="agreed",
        channel=None,
        value="worth",
        margin=None,
        min_group=5,
    )
    settled = settle_unit(head_of(), [entry_of("segmentation", [record])], actions, None)
    settled.put(actions)
    settled.discard()
    edition = tmp_path / "reports" / "demo" / "atlas" / "2025-06-30-0"
    edition.mkdir(parents=True)
    (edition.parent / "served.json").write_bytes(canonical({"edition": edition.name}))
    results = {"reports": {"segmentation": {"actions": [record]}}}
    (edition / "results.json").write_bytes(canonical(results))
    (edition / "contacts.json").write_bytes(canonical(settled.document))
    return tmp_path


def record_of(project: Path) -> dict[str, Any]:
    results = project / "reports" / "demo" / "atlas" / "2025-06-30-0" / "results.json"
    found: dict[str, Any] = json.loads(results.read_text())["reports"]["segmentation"]["actions"][0]
    return found


def test_an_action_list_fits(project_with_a_list: Path) -> None:
    record = record_of(project_with_a_list)
    valid("action_list", record)
    assert (record["customers"], record["candidates"]) == (None, None), "they are few"
    valid("action_list", {**record, "customers": 7, "value": 1.5})
    folder = project_with_a_list / "data" / "demo" / "atlas" / "actions"
    file = folder / "candidates" / "segmentation" / record["file"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == record["digest"]
    for wrong in ({"schema": 2}, {"file": "../x.csv"}, {"customers": -1}, {"digest": "0"}):
        with pytest.raises(jsonschema.ValidationError):
            valid("action_list", record | wrong)


def documented(kind: str) -> list[str]:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def test_the_examples_of_the_documentation_fit() -> None:
    for name, text in zip(("alerts", "contacts", "action_list"), documented("json"), strict=True):
        valid(name, json.loads(text))


def test_the_reader_of_the_documentation_reads(project_with_a_list: Path) -> None:
    (source,) = documented("python")
    names: dict[str, Any] = {}
    exec(source, names)  # the documentation's own example
    ((record, rows),) = names["action_lists"](project_with_a_list, "demo", "atlas")
    assert record["id"] == "win-back"
    assert rows == [
        {"id": "C1", "Why": 'two\nlines, and a "quote"', "Worth": "1.5"},
        {"id": "=C2", "Why": "=1+1", "Worth": "2.0"},
    ]
    file = project_with_a_list / "data" / "demo" / "atlas" / "actions" / "win-back.csv"
    file.write_text("id\n", encoding="utf-8")
    with pytest.raises(ValueError, match="another run"):
        list(names["action_lists"](project_with_a_list, "demo", "atlas"))
