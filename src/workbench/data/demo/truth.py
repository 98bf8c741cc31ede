"""The planted truth of the demo suite: what the simulation knew, to be found again by analyses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.data.demo.dirt import Planted
from workbench.data.demo.shared import texts
from workbench.data.demo.write import csv_bytes, put
from workbench.errors import SourceError

__all__ = [
    "DemoTruth",
    "UnitTruth",
    "errors_frame",
    "no_duplicates",
    "no_overlap",
    "read_truth",
    "write_truth",
]

_FRAMES = ("customers", "errors", "duplicates", "overlap")


@dataclass(frozen=True)
class UnitTruth:
    """What was planted in one unit.

    Parameters
    ----------
    unit
        The unit's name.
    facts
        Nested facts by name: ``as_of``, ``seed``, ``start`` and, where the unit has them,
        ``purchases`` (r, alpha, a, b, spend_p, spend_q, spend_gamma; weeks and pounds), ``groups``
        (how each planted group behaves), ``churn`` (alpha, beta, coefficients, curves),
        ``experiments`` (id -> metric -> variant -> ``effect`` on average over all who could be
        assigned, and ``effect_on_assigned`` that came true on those at hand), ``totals``
        ("table/source" -> records, rejected, accepted, and for orders the accepted amount as text).
    customers
        One row per customer key, with what is hidden in the customer; empty frame where none.
    errors
        One row per planted error: the fields of :class:`workbench.data.demo.dirt.Planted`, as text
        but for ``row``.
    duplicates
        Pairs of keys that are one person and both pass ingest: ``customer_id_a`` <
        ``customer_id_b``, ``source_a``, ``source_b``, ``how``.
    overlap
        Records that two sources share: ``table``, ``key``, ``row_a``, ``row_b`` (record numbers in
        the first and second source), ``conflict`` (columns that differ, by ``|``; else empty).
    """

    unit: str
    facts: Mapping[str, Any]
    customers: pd.DataFrame
    errors: pd.DataFrame
    duplicates: pd.DataFrame
    overlap: pd.DataFrame


@dataclass(frozen=True)
class DemoTruth:
    """What was planted in the whole suite.

    Parameters
    ----------
    units
        Unit's name -> its truth.
    """

    units: Mapping[str, UnitTruth]


def errors_frame(planted: tuple[Planted, ...]) -> pd.DataFrame:
    """Return planted errors as a frame, one column per field."""
    names = [field.name for field in fields(Planted)]
    return pd.DataFrame([[getattr(p, n) for n in names] for p in planted], columns=names)


def no_duplicates() -> pd.DataFrame:
    """Return the frame of pairs of a unit without duplicate customers."""
    return pd.DataFrame(columns=["customer_id_a", "customer_id_b", "source_a", "source_b", "how"])


def no_overlap() -> pd.DataFrame:
    """Return the frame of shared records of a unit without overlapping sources."""
    return pd.DataFrame(columns=["table", "key", "row_a", "row_b", "conflict"])


def write_truth(folder: Path, truth: UnitTruth) -> None:
    """Write a unit's truth to ``folder/truth/<unit>/``: ``truth.json`` and one CSV per frame."""
    home = folder / "truth" / truth.unit
    put(home / "truth.json", (json.dumps(truth.facts, indent=2, sort_keys=True) + "\n").encode())
    for name in _FRAMES:
        frame: pd.DataFrame = getattr(truth, name)
        columns = {column: texts(frame[column].tolist()) for column in frame.columns}
        put(home / f"{name}.csv", csv_bytes(columns))


def read_truth(folder: Path, unit: str) -> UnitTruth:
    """Return the truth that :func:`workbench.data.demo.write_demo` left beside the raw files.

    Parameters
    ----------
    folder
        The folder that was given to ``write_demo``: ``data/demo/raw``.
    unit
        ``atlas``, ``brook`` or ``cirrus``.

    Raises
    ------
    SourceError
        When there is no truth of that unit there.
    """
    home = folder / "truth" / unit
    if not (home / "truth.json").is_file():
        raise SourceError(
            f"no planted truth of unit `{unit}`",
            where=str(home),
            fix="Write the demo suite's data first: `workbench demo`.",
        )
    frames = {name: _read_frame(home / f"{name}.csv") for name in _FRAMES}
    facts = json.loads((home / "truth.json").read_text(encoding="utf-8"))
    return UnitTruth(unit=unit, facts=facts, **frames)


_NUMBERS = {
    "row": "int64",
    "row_a": "int64",
    "row_b": "int64",
    "rate_per_week": "float64",
    "dropout": "float64",
    "mean_order_value": "float64",
    "churn_theta": "float64",
    "tickets_per_month": "float64",
}


def _read_frame(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    kinds = {name: kind for name, kind in _NUMBERS.items() if name in frame.columns}
    return frame.astype(kinds)
