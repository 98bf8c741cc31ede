"""What two editions tell, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from workbench.report.formats import format_unit
from workbench.suite.compare.told import Told

VERSIONS = {"versions": {"pandas": "3.0.0"}, "engine": {"python": "3.11"}}
ROWS = {
    "orders": {"till": {"department": "Sales", "received": 13, "accepted": 12, "quarantined": 1}}
}


def parts(as_of: str = "2025-06-30", **more: Any) -> dict[str, Any]:
    """Return the parts of a report's key, as a manifest holds them."""
    told: dict[str, Any] = {
        "notebook": "n1",
        "package": "p1",
        "parameters": {"k_max": 8},
        "unit": {"as_of": as_of, "seed": 7, "unit": {"currency": "GBP"}},
        "data": {"orders": {"rows": 12, "digest": "d1"}},
        "renderer": {"name": "embedded", "version": "1"},
        "prior": {},
    }
    return {**told, **more}


def metric(
    id: str, value: float | None, *, unit: str = "customers", ci: Any = None, **more: Any
) -> dict[str, Any]:
    """Return a metric's record."""
    return {
        "id": id,
        "label": id.capitalize(),
        "value": value,
        "unit": unit,
        "display": format_unit(value, unit),
        "good": None,
        "reason": "too few" if value is None else None,
        "ci": ci,
        "ci_display": "an interval" if ci else None,
        "headline": True,
        **more,
    }


def finding(
    id: str, text: str, kind: str = "answer", decision: str | None = None
) -> dict[str, Any]:
    """Return a finding's record."""
    return {"id": id, "text": text, "kind": kind, "decision": decision, "order": 0}


def whole(sizes: Mapping[str, float | None], id: str = "sizes", **more: Any) -> dict[str, Any]:
    """Return the record of a whole and its parts."""
    listed = [
        {"name": n, "value": v, "display": format_unit(v, "customers")} for n, v in sizes.items()
    ]
    told = {"id": id, "label": "Customers by segment", "part": "Segment", "unit": "customers"}
    return {**told, "parts": listed, **more}


def action(
    id: str, customers: int | None, value: float | None = None, digest: str = "a", **more: Any
) -> dict[str, Any]:
    """Return the record of a list of customers to act on; None where they are few."""
    many = "fewer than 5" if customers is None else f"{customers:,}"
    return {
        "id": id,
        "label": "Win back",
        "file": f"{id}.csv",
        "digest": digest,
        "customers": customers,
        "customers_display": f"{many} customers",
        "min_group": 5,
        "value": value,
        "unit": None if value is None else "GBP",
        "display": None if value is None else format_unit(value, "GBP"),
        "holdout": None,
        "schema": 2,
        **more,
    }


def edition(
    as_of: str = "2025-06-30",
    *,
    results: Mapping[str, Any] | None = None,
    states: Mapping[str, str] | None = None,
    key: Mapping[str, Any] | None = None,
    rows: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    title: str = "Atlas Outfitters",
) -> Told:
    """Return what an edition tells: one report `good` unless its results or states say others."""
    recorded = deepcopy(dict(results if results is not None else {"good": {}}))
    named = {**dict.fromkeys(recorded, "ok"), **(states or {})}
    reports: dict[str, Any] = {}
    for order, (name, state) in enumerate(named.items()):
        told: dict[str, Any] = {
            "title": f"Report {name}",
            "order": order,
            "state": state,
            "files": [f"{name}.html"] if state in {"ok", "failed"} else [],
        }
        if state not in {"ok", "failed"}:
            reports[name] = {**told, "reason": f"why {state}"}
            continue
        if state == "failed":
            told["reason"] = "ZeroDivisionError: <b>nought</b>"
        told |= {"as_of": as_of, "key": "k", "parts": {**(key or parts(as_of)), "environment": "e"}}
        reports[name] = told
    manifest = {
        "schema": 1,
        "suite": "demo",
        "unit": "atlas",
        "title": title,
        "owner": "Retail North",
        "as_of": as_of,
        "data": {"rows": rows if rows is not None else ROWS, "tables": {}},
        "reports": reports,
        "environments": {"e": environment or VERSIONS},
        "files": {},
    }
    return Told(f"{as_of}-0123456789abcdef", manifest, recorded)
