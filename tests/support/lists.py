"""Lists of customers, recorded as a report records them and settled as the suite settles them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd

from workbench.report import action_list, display
from workbench.report.mime import ACTION
from workbench.suite.contacts.places import candidates_folder
from workbench.suite.contacts.policy import Policy
from workbench.suite.manifest import Entry

__all__ = ["entry_of", "head_of", "keys_in", "people", "record_list"]


def people(keys: Iterable[str], **columns: Any) -> pd.DataFrame:
    """Return customers who all agreed, worth 10 each with a margin of 4, unless told."""
    found = pd.DataFrame({"customer_id": list(keys)})
    given = {"value": 10.0, "margin": 4.0, "channel": "post", "consent": True, "reason": "Why"}
    return found.assign(**{**given, **columns})


def record_list(actions: Path, report: str, frame: pd.DataFrame, id: str, **more: Any) -> Any:
    """Write candidates as a report does, and return its record."""
    shown: list[dict[str, Any]] = []
    given: dict[str, Any] = {
        "label": f"List {id}",
        "key": "customer_id",
        "columns": ["value", "reason"],
        "consent": "consent",
        "channel": "channel",
        "value": "value",
        "margin": "margin",
        "unit": "GBP",
        "min_group": 1,
    }
    with (
        patch.object(display.InteractiveShell, "initialized", lambda: True),
        patch.object(display, "display", lambda bundle, raw: shown.append(bundle)),
    ):
        action_list(frame, id=id, folder=candidates_folder(actions, report), **(given | more))
    return shown[0][ACTION]


def entry_of(report: str, records: Sequence[Mapping[str, Any]], order: int = 1) -> Entry:
    """Return a good report that recorded some lists."""
    title = f"Report {report}"
    return Entry(report, title, order, "ok", results={"actions": list(records)})


def head_of(policy: Policy | None = None, seed: int = 1, min_group: int = 1) -> dict[str, Any]:
    """Return what a manifest says of the whole."""
    asked = {"policy": (policy or Policy()).to_json(), "seed": seed, "min_group": min_group}
    return {
        "suite": "demo",
        "unit": "atlas",
        "title": "Atlas",
        "owner": "Retail",
        "as_of": "2025-06-30",
        "contacts": asked,
    }


def keys_in(path: Path) -> list[str]:
    """Return the first column of a CSV file, without its heading."""
    with path.open(newline="", encoding="utf-8") as file:
        return [row[0] for row in csv.reader(file)][1:]
