"""What other systems take in: ``alerts.json``, and the schemas of all that they read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from workbench.errors import WorkbenchError, one_of
from workbench.suite.watch.asked import urgency

__all__ = ["SCHEMA", "alerts_document", "schema"]

SCHEMA = 1
_SCHEMAS = ("action_list", "alerts", "contacts")


def alerts_document(
    suite: str, unit: str, as_of: str, alerts: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what an edition's ``alerts.json`` holds.

    Parameters
    ----------
    suite, unit
        For whom.
    as_of
        The day that the edition looks back from.
    alerts
        The alerts of all of its reports, as plain JSON: `Alert.to_json`, or those of its results.
    """
    return {
        "schema": SCHEMA,
        "suite": suite,
        "unit": unit,
        "as_of": as_of,
        "alerts": [dict(alert) for alert in sorted(alerts, key=urgency)],
    }


def schema(name: str) -> dict[str, Any]:
    """Return a JSON schema (2020-12) that the package ships.

    Parameters
    ----------
    name
        ``alerts`` and ``contacts`` for an edition's files of these names, ``action_list`` for the
        record of the candidates for a list.

    Raises
    ------
    WorkbenchError
        When there is no such schema.
    """
    if name not in _SCHEMAS:
        raise WorkbenchError(f"there is no schema `{name}`", fix=one_of(name, _SCHEMAS))
    place = files("workbench.suite") / "schemas" / f"{name}.schema.json"
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return found
