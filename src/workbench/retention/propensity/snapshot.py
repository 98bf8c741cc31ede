"""One snapshot without history: a table with one row per customer and a column that says who left.

There are no days, so the order of time cannot be kept: customers are dealt by chance into those to
learn from, to set probabilities by and to be tried on. Two things follow, and the report says them:

- how well it does is told for other customers of the same time, not for later ones;
- nothing shows that a column was written before the customer left, so each is taken on trust.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.contracts import contract
from workbench.data.frames import aliases, collect, column_names, lazy
from workbench.errors import AnalysisError, one_of
from workbench.retention.propensity.facts import LEVEL, NOT_KNOWN, NUMBER, Fact, LeftOut
from workbench.retention.propensity.panel import Panel, too_few

__all__ = ["snapshot_panel"]

_TRAIN, _CALIBRATE = 0.6, 0.2  # of the customers; the others are the test
_IDS = ("customer_id", "subscription_id", "order_id")
_WHY_ID = "names a customer and says nothing of them"
_WHY_LATER = "tells the outcome, or is known only after it"
_WHY_MANY = "has too many different values to learn from"
_PERSONAL = frozenset(
    column.name
    for table in ("customers", "subscriptions")
    for column in contract(table).columns
    if column.personal
)
_LATER = ("started_at", "ended_at", "end_reason")
_YES = frozenset({"yes", "true", "1", "1.0", "y", "left", "churned"})
_NO = frozenset({"no", "false", "0", "0.0", "n", "stayed"})
_WHY_PERSONAL = "is personal"
_WHY_CONSENT = "is often withdrawn by those who leave"
_MAX_LEVELS = 50
_MONTHS = 12


def snapshot_panel(
    table: Any,
    *,
    left: str,
    seed: int,
    monthly: pd.Series | None = None,
    skip: Sequence[str] = (),
) -> Panel:
    """Return the customers of a snapshot, dealt into parts by chance.

    Parameters
    ----------
    table
        One row for each customer: a DuckDB relation, a pandas or a Polars frame.
    left
        The column that says who left: true/false, 1/0, or yes/no.
    seed
        Seed of the deal. It does not depend on the order of the rows.
    monthly
        What each customer pays a month, indexed by customer; None where it is not known: then
        nothing is at stake.
    skip
        Further columns that are not to be used.

    Returns
    -------
    Panel
        Of kind ``snapshot``. Those who have not left are also its rows of `today`.

    Raises
    ------
    AnalysisError
        When a column is missing, a customer stands twice, the outcome is neither yes nor no, or a
        number is infinite.
    """
    found = _customers(table, left, skip)
    gone = _yes_or_no(found[left], left)
    columns, facts, left_out = _columns(found, left, skip)
    pays = 0.0 if monthly is None else monthly.reindex(found["customer_id"]).to_numpy("float64")
    rows = pd.DataFrame(
        {
            "customer_id": found["customer_id"],
            "cutoff": 0,
            "part": _deal(len(found), seed),
            "left": gone,
            "value": np.nan_to_num(pays, nan=0.0) * _MONTHS,
            **columns,
        }
    )
    stayed = rows[rows["left"] == 0].assign(left=np.nan, part="today", cutoff=1)
    reason = too_few(rows)
    rows = pd.concat([rows, stayed], ignore_index=True)
    return Panel("snapshot", None, rows, facts, left_out, 0, reason)


def _customers(table: Any, left: str, skip: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a snapshot, one for each customer, sorted."""
    names = column_names(table)
    for wanted in ("customer_id", left, *skip):
        if wanted not in names:
            raise AnalysisError(
                f"column {wanted} is missing", where="snapshot", fix=one_of(wanted, names)
            )
    odd = aliases(table, names)
    found = collect(lazy(table, where="snapshot", named=odd))
    found = found.drop(columns=[name for name in odd if name in found])
    found = found.rename(columns={plain: name for name, plain in odd.items()})
    found = found[[name for name in names if name in found]]
    found = found[found["customer_id"].notna()]
    if found["customer_id"].duplicated().any():
        raise AnalysisError(
            f"{int(found['customer_id'].duplicated().sum()):,} rows are of a customer who has "
            "another one",
            where="snapshot",
            fix="A snapshot has one row for each customer.",
        )
    return found.sort_values("customer_id").reset_index(drop=True)


def _deal(size: int, seed: int) -> np.ndarray[Any, Any]:
    parts = np.full(size, "test", dtype=object)
    order = np.random.default_rng(seed).permutation(size)
    first, second = round(_TRAIN * size), round((_TRAIN + _CALIBRATE) * size)
    parts[order[:first]], parts[order[first:second]] = "train", "calibrate"
    return parts


def _yes_or_no(column: pd.Series, name: str) -> pd.Series:
    said = column.astype(object).where(column.notna(), "").astype(str).str.strip().str.lower()
    yes, no = said.isin(_YES), said.isin(_NO)
    if not (yes | no).all():
        wrong = sorted(said[~(yes | no)].unique())[0]
        what = f"holds `{wrong}`, which is" if wrong else "has missing values, which are"
        raise AnalysisError(
            f"column {name} {what} neither yes nor no",
            where="snapshot",
            fix="Use true/false, 1/0 or yes/no, missing nowhere.",
        )
    return yes.astype("float64")


def _columns(
    found: pd.DataFrame, left: str, skip: Sequence[str]
) -> tuple[dict[str, pd.Series], tuple[Fact, ...], tuple[LeftOut, ...]]:
    columns: dict[str, pd.Series] = {}
    facts: list[Fact] = []
    left_out: list[LeftOut] = []
    for name in found.columns:
        if name.startswith("_") or name == "source":  # the house's own, not the customer's
            continue
        why = _why_not(name, found[name], left, skip)
        if why:
            left_out.append(LeftOut("snapshot", name, why))
            continue
        own = f"column {name}" if name in ("cutoff", "part", "left", "value") else name
        label = name.replace("_", " ")
        if _is_number(found[name]):
            numbers = pd.to_numeric(found[name]).astype("float64")
            if np.isinf(numbers).any():
                raise AnalysisError(
                    f"column {name} holds an infinite number",
                    where="snapshot",
                    fix="Mend the source, or leave the column out.",
                )
            whole = bool((numbers.dropna() % 1 == 0).all())
            columns[own] = numbers
            facts.append(Fact(own, label, NUMBER, digits=0 if whole else 2, mark=True))
        else:
            text = found[name].astype(object)
            columns[own] = text.where(text.notna(), NOT_KNOWN).astype(str)
            facts.append(Fact(own, label, LEVEL))
    return columns, tuple(facts), tuple(left_out)


def _is_number(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        return True
    values = column.dropna()
    return (
        column.dtype == object and len(values) > 0 and all(hasattr(v, "as_tuple") for v in values)
    )  # DECIMAL comes as Python's own


def _why_not(name: str, column: pd.Series, left: str, skip: Sequence[str]) -> str:
    if name in _IDS:
        return _WHY_ID
    if name in _PERSONAL:
        return _WHY_PERSONAL
    if name == "marketing_consent":
        return _WHY_CONSENT
    if name in (left, *_LATER) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _WHY_LATER
    if name in skip:
        return "was named as one not to use"
    if not _is_number(column) and column.nunique() > _MAX_LEVELS:
        return _WHY_MANY
    return ""
