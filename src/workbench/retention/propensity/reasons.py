"""Why a customer's risk is high: which of the customer's own facts raise it most.

Compared is with the typical customer of today.

- Logistic model: a fact raises the log-odds by its coefficients times how far the customer lies
  from the average, on the model's own scale. That is exact: these add up to the customer's log-odds
  less their average over all customers. Typical is the value at that average.
- Trees: by how much the log-odds fall when this fact alone becomes that of the typical customer
  (the median; the most common name), all else as it is. It is exact for one fact at a time; what
  two facts do only together counts with both.

A reason tells what the model looks at. It is no cause: changing it need not change the risk.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.phrases import money
from workbench.retention.propensity.design import OTHER, level_of
from workbench.retention.propensity.facts import LEVEL, NOT_KNOWN, Fact
from workbench.retention.propensity.models import Model

__all__ = ["MAX_REASONS", "contributions", "reasons"]

Floats = npt.NDArray[np.float64]
MAX_REASONS = 3
_NOTABLE = 0.05  # a fact that raises the log-odds by less is no reason
NONE = "No single fact stands out; several together raise the risk."


def contributions(model: Model, rows: pd.DataFrame, everyone: pd.DataFrame) -> Floats:
    """Return how far each fact raises each customer's log-odds, above the average customer's.

    Parameters
    ----------
    model
        The model that scores today's customers.
    rows
        The customers to tell of.
    everyone
        All of today's customers, who make the average.

    Returns
    -------
    numpy.ndarray
        Log-odds, calibrated, shape (customers, facts).
    """
    design = model.design
    raw, all_raw = design.raw(rows), design.raw(everyone)
    made = np.zeros((len(rows), len(design.facts)))
    if model.trees is None:
        away = (design.scaled(raw) - design.scaled(all_raw).mean(axis=0)) * model.coefficients
        for place in range(len(design.facts)):
            made[:, place] = away[:, design.columns_of(place)].sum(axis=1)
        return made * model.line.slope
    own = model.score(raw)
    typical = _typical(model, everyone)
    for place in range(len(design.facts)):
        columns = design.columns_of(place)
        other = raw.copy()
        other[:, columns] = typical[columns]
        made[:, place] = own - model.score(other)
    return made * model.line.slope


def reasons(
    model: Model, rows: pd.DataFrame, everyone: pd.DataFrame, *, currency: str
) -> list[str]:
    """Return for each customer which facts raise the risk most, in words.

    Parameters
    ----------
    model, rows, everyone
        As :func:`contributions` takes them.
    currency
        ISO code of amounts.

    Returns
    -------
    list of str
        At most three facts each, with the customer's value and the typical one; the one that raises
        the risk most first.
    """
    if not len(rows):
        return []
    raised = contributions(model, rows, everyone)
    facts = model.design.facts
    order = np.argsort(-raised, axis=1, kind="stable")[:, :MAX_REASONS]
    typical = _reference(model, everyone)
    told: dict[tuple[int, int], str] = {}
    for place, fact in enumerate(facts):
        at = np.flatnonzero((order == place).any(axis=1) & (raised[:, place] >= _NOTABLE))
        texts = _told(fact, rows.iloc[at], typical.get(fact.name), currency)
        told.update({(int(row), place): text for row, text in zip(at, texts, strict=True)})
    made = []
    for row, places in enumerate(order.tolist()):
        parts = [told[row, place] for place in places if (row, place) in told]
        made.append("; ".join(parts) + "." if parts else NONE)
    return made


def _told(fact: Fact, rows: pd.DataFrame, typical: float | None, currency: str) -> list[str]:
    """Return what a fact says of each customer."""
    if fact.kind == LEVEL:
        own = rows[fact.name].astype(object)
        return [f"{fact.label}: {NOT_KNOWN if _missing(value) else value}" for value in own]
    beside = "" if typical is None else f" (typical: {_number(fact, typical, currency, 1)})"
    return [
        f"{fact.label}: {NOT_KNOWN}"
        if np.isnan(number)
        else f"{fact.label}: {_number(fact, number, currency)}{beside}"
        for number in rows[fact.name].to_numpy("float64").tolist()
    ]


def _reference(model: Model, everyone: pd.DataFrame) -> dict[str, float]:
    """Return the value of each number that raises no risk: that of the typical customer."""
    design = model.design
    typical = _typical(model, everyone)
    if model.trees is None:
        middle = design.scaled(design.raw(everyone)).mean(axis=0) * design.scale + design.centre
        typical = np.sign(middle) * np.expm1(np.abs(middle))
    firsts = {
        fact.name: float(typical[design.columns_of(place)[0]])
        for place, fact in enumerate(design.facts)
        if fact.kind != LEVEL
    }
    return {name: value for name, value in firsts.items() if np.isfinite(value)}


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value != value or value == ""


def _number(fact: Fact, value: float, currency: str, more: int = 0) -> str:
    if fact.money:
        return money(round(value, 2), currency)
    digits = fact.digits if fact.digits or abs(value) >= 10 else more
    text = f"{value:,.{digits}f}"
    return text.replace("-", "\u2212") if text.strip("-0.,") else text.lstrip("-")


def _typical(model: Model, everyone: pd.DataFrame) -> Floats:
    """Return the columns of the typical customer: each fact's median, or its most common name."""
    design = model.design
    row: dict[str, list[object]] = {}
    for fact in design.facts:
        column = everyone[fact.name]
        if fact.kind == LEVEL:
            named = level_of(column, design.levels[fact.name])
            counts = named.value_counts()
            top = sorted(counts[counts == counts.max()].index)[0]
            row[fact.name] = [top if top != OTHER else OTHER]
        else:
            known = column.to_numpy("float64")
            known = known[~np.isnan(known)]
            row[fact.name] = [float(np.median(known)) if len(known) else np.nan]
    made: Floats = design.raw(pd.DataFrame(row))[0]
    return made
