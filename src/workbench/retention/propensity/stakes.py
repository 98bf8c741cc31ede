"""What leaving costs: value at stake by customer, what a contact earns, what retention is worth.

Value is what a customer brings in a year: what they bought in the year up to the day, or twelve
times the monthly amount. It is what would be missed if they left, and no forecast of more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.special import expit

from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError
from workbench.retention.propensity.quality import LEVEL, Figure

__all__ = [
    "MAX_SEGMENTS",
    "OTHERS",
    "Profit",
    "check_terms",
    "lift_by_segment",
    "profit_of_contacting",
]

Floats = npt.NDArray[np.float64]
MAX_SEGMENTS = 12
OTHERS = "all others"
_POINTS = 20  # of a curve, at most
_BETWEEN = 10  # customers lie between two of them at least, so that no single one is told of
ALL = "all customers"


@dataclass(frozen=True)
class Profit:
    """What it earns to contact customers at risk, on the customers of the test.

    Parameters
    ----------
    contact_cost
        Of one contact.
    saved_share
        Share of those who would leave that a contact keeps: an assumption, not measured.
    break_even
        The probability from which on a contact pays for the average customer; None where it never
        does.
    contacted
        How many customers of the test the rule contacts: those with probability x saved share x
        value above the cost.
    rule
        The profit of that rule, for all customers of the test, with its interval; no value where
        those whom the rule contacts, or those whom it does not, are too few to tell of.
    everyone
        The profit of contacting everyone.
    best_share
        The share of customers, of those on the curve, with the highest profit on the test: chosen
        in hindsight, so it flatters.
    best
        That profit; None where the best share and the rule differ by too few customers to tell of.
    curve
        `contacted` (share of customers), `profit`, from nobody to everyone.
    """

    contact_cost: float
    saved_share: float
    break_even: float | None
    contacted: int
    rule: Figure
    everyone: Figure
    best_share: float
    best: float | None
    curve: pd.DataFrame


def profit_of_contacting(
    log_odds: Floats,
    left: Floats,
    value: Floats,
    *,
    contact_cost: float,
    saved_share: float,
    min_group: int,
) -> Profit:
    """Return what contacting earns by the calibrated probabilities.

    Parameters
    ----------
    log_odds, left, value
        The test's customers: calibrated log-odds, who left, what each brings in a year.
    contact_cost
        Of one contact, not below 0.
    saved_share
        Share of those who would leave that a contact keeps, above 0 and at most 1.
    min_group
        The smallest group of customers whose profit may be shown, or be computed from what is.

    Raises
    ------
    AnalysisError
        For a cost or a share outside these.

    Notes
    -----
    A contact earns ``saved_share x value`` with each customer who would leave, and costs the same
    with everyone. With calibrated probabilities the rule that maximises the expected profit is to
    contact whoever has ``probability x saved_share x value > contact_cost``; it was set before the
    test was looked at, so its profit there is an honest one.
    """
    check_terms(contact_cost, saved_share)
    earned = left * saved_share * value - contact_cost
    expected = expit(log_odds) * saved_share * value - contact_cost
    chosen = expected > 0
    order = np.argsort(-expected, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(earned[order])])
    size, contacted = len(left), int(chosen.sum())
    steps = min(_POINTS, max(size // max(min_group, _BETWEEN), 1))
    points = np.unique(np.round(np.linspace(0, size, steps + 1)).astype("int64"))
    curve = pd.DataFrame({"contacted": points / size, "profit": running[points]})
    best = int(points[np.argmax(running[points])])
    mean = float(value.mean()) * saved_share
    few = is_small(contacted, min_group) or is_small(size - contacted, min_group)
    rule = _total(np.where(chosen, earned, 0.0))
    return Profit(
        contact_cost,
        saved_share,
        contact_cost / mean if mean > contact_cost else None,
        contacted,
        Figure(None, None, None, reason=f"fewer than {min_group} customers") if few else rule,
        _total(earned),
        best / size,
        None if is_small(abs(best - contacted), min_group) else float(running[best]),
        curve,
    )


def check_terms(contact_cost: float, saved_share: float) -> None:
    """Raise an error for a cost of a contact, or a share of those it keeps, that cannot be."""
    if not (contact_cost >= 0 and np.isfinite(contact_cost)):
        raise AnalysisError(f"contact_cost == {contact_cost}, must be >= 0", where="propensity")
    if not 0 < saved_share <= 1:
        raise AnalysisError(
            f"saved_share == {saved_share}, must be above 0 and at most 1", where="propensity"
        )


def _total(earned: Floats) -> Figure:
    n = len(earned)
    value = float(earned.sum())
    if n < 2:
        return Figure(value, None, None, reason="one customer only")
    reach = float(stats.norm.ppf((1 + LEVEL) / 2)) * float(earned.std(ddof=1)) * sqrt(n)
    return Figure(value, value - reach, value + reach)


def lift_by_segment(customers: pd.DataFrame, segment: pd.Series, *, min_group: int) -> pd.DataFrame:
    """Return what it is worth to keep one customer more in a hundred, by segment.

    Parameters
    ----------
    customers
        `probability` and `value` of today's customers.
    segment
        The segment of each, in the same order; text.
    min_group
        Smaller segments stand together as "all others", as do those beyond the twelve largest.

    Returns
    -------
    pandas.DataFrame
        `segment`, `customers`, `stays` (mean probability to stay), `at_stake` (sum of probability x
        value), `point` (what one point more is worth), most at stake first; then all customers.

    Notes
    -----
    One point more keeps ``0.01 x customers`` of those who would leave. Each of them is worth what a
    leaver is on average: ``sum(p v) / sum(p)``.
    """
    named = _merged(segment, min_group)
    rows = []
    for name in sorted(named.unique()):
        rows.append(_row(str(name), customers[(named == name).to_numpy()]))
    rows.sort(key=lambda row: (row[0] == OTHERS, -row[3], row[0]))
    if len(rows) > 1:
        rows.append(_row(ALL, customers))
    return pd.DataFrame(rows, columns=["segment", "customers", "stays", "at_stake", "point"])


def _row(name: str, part: pd.DataFrame) -> tuple[str, int, float, float, float]:
    p, value = part["probability"].to_numpy("float64"), part["value"].to_numpy("float64")
    at_stake = float((p * value).sum())
    gone = float(p.sum())
    each = at_stake / gone if gone > 0 else 0.0
    return name, len(part), float(1 - p.mean()), at_stake, 0.01 * len(part) * each


def _merged(segment: pd.Series, min_group: int) -> pd.Series:
    """Return segments with the small ones together, and large enough together."""
    counts = segment.value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))
    own = [name for name, count in ranked[:MAX_SEGMENTS] if not is_small(int(count), min_group)]
    while own and is_small(int(counts.drop(own).sum()), min_group):
        own.pop()  # the rest would tell of too few, so the smallest shown joins them
    return segment.where(segment.isin(own), OTHERS)
