"""What the customers of today are worth, in groups that can be acted on, or why that is withheld.

Without a contract a value is purchases times spend, which may be multiplied only where the two are
unrelated; where they are not, no value is given. Values are those of `value.py`: expected,
discounted, over a horizon that is stated. They are of revenue, unless a margin is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.small_groups import hide_parts, is_small
from workbench.retention.contracts import Contracts, renewals_made
from workbench.retention.maximise import Floats
from workbench.retention.purchases.fits import Model, PurchaseFit
from workbench.retention.purchases.log import WEEK, Known
from workbench.retention.renewals import RenewalFit
from workbench.retention.spans import PER_YEAR
from workbench.retention.spend import SpendFit, SpendRelation, fit_gamma_gamma, spend_relation
from workbench.retention.value import contract_value, discounted_purchases

__all__ = ["LIKELY", "Worth", "worth_of_buyers", "worth_of_contracts"]

Ints = npt.NDArray[np.int64]
LIKELY = (0.8, 0.2)
"""Above the first chance a customer is taken as one who stays, below the second as gone."""
_POINT = 0.01


@dataclass(frozen=True)
class Worth:
    """What customers are worth as of today.

    Parameters
    ----------
    table
        One row per group with anybody in it: `group`, `customers`, `expected` (purchases, or
        payments), `value`, `each` (value per customer). None in all of them where the group is too
        small to show.
    total
        The value of all; None where it is withheld.
    at_stake, stake_group
        The value of the group that a contact could keep, and the group; None likewise.
    one_point
        By how much the value grows if one in a hundred more stays each period; None where there is
        no contract.
    relation
        Whether spend and frequency are unrelated; None for contracts.
    spend
        The spend model; None likewise.
    years, discount, margin
        How far is looked ahead, the yearly rate of discount, what is left of a unit of revenue.
    left_out
        Customers who were left out of the spend model, for their purchases brought nothing; or
        subscriptions that do not state what they pay.
    reason
        Why the value is withheld; empty otherwise.
    """

    table: pd.DataFrame
    total: float | None
    at_stake: float | None
    stake_group: str
    one_point: float | None
    relation: SpendRelation | None
    spend: SpendFit | None
    years: float
    discount: float
    margin: float
    left_out: int = 0
    reason: str = ""


def worth_of_buyers(
    known: Known,
    fits: Sequence[PurchaseFit],
    *,
    min_group: int,
    years: float = 1.0,
    discount: float = 0.1,
    margin: float = 1.0,
    withheld: str = "",
) -> Worth:
    """Return what known customers without a contract are worth.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    fits
        The purchase models; those that could be fitted count alike.
    min_group
        The smallest group that may be shown, at least 1.
    years, discount, margin
        How far to look ahead; the yearly rate; what is left of a unit of revenue, from 0 to 1.
    withheld
        Why purchases themselves are not forecast; then no value is given either.
    """
    x, own = known.frequency, known.spend
    some = (x == 0) | (own > 0)
    left_out = int((~some).sum())
    relation = spend_relation(x[some], own[some])
    spend = fit_gamma_gamma(x[some], own[some])
    reason = withheld or _no_spend(relation, spend)
    fitted = [fit.model for fit in fits if fit.converged]
    if not reason and not fitted:
        reason = fits[0].reason
    terms: Any = {"years": years, "discount": discount, "margin": margin}
    if reason:
        return _nothing(reason, terms, relation, spend, left_out)
    bought, alive = _bought(known, fitted, years, discount)
    # Whose purchases brought nothing so far are expected to go on so.
    each = np.where(some, spend.model.mean_spend(x, own), 0.0)
    value = margin * bought * each
    names = ["still customers, most likely", "may be leaving", "gone, most likely"]
    group = np.where(alive >= LIKELY[0], 0, np.where(alive >= LIKELY[1], 1, 2))
    table, shown = _grouped(names, group, bought, value, min_group)
    return Worth(
        table,
        float(value.sum()),
        float(value[group == 1].sum()) if shown[1] else None,
        names[1],
        None,
        relation,
        spend,
        **terms,
        left_out=left_out,
    )


def _bought(
    known: Known, models: list[Model], years: float, discount: float
) -> tuple[Floats, Floats]:
    """Return each customer's discounted purchases, and the chance to be a customer still."""
    cells = known.cells
    rows = cells.frequency, cells.recency, cells.T
    ahead: Any = {"horizon": years * 365.25 / WEEK, "discount": discount, "year": 365.25 / WEEK}
    bought = _mean([discounted_purchases(model, *rows, **ahead) for model in models])
    alive = _mean([model.p_alive(*rows) for model in models])
    return bought[known.cell], alive[known.cell]


def _mean(several: list[Floats]) -> Floats:
    made: Floats = np.mean(several, axis=0)
    return made


def _no_spend(relation: SpendRelation, spend: SpendFit) -> str:
    if not relation.usable:
        return relation.sentence
    if not spend.converged:
        return spend.reason
    if spend.model.mean is None:
        return "A few customers spend so much more than others that no mean can be told."
    return ""


def worth_of_contracts(
    contracts: Contracts,
    fit: RenewalFit,
    grain: str,
    *,
    min_group: int,
    priced: bool,
    years: float = 1.0,
    discount: float = 0.1,
    margin: float = 1.0,
    withheld: str = "",
    unpriced: int = 0,
) -> Worth:
    """Return what the subscriptions that run are worth: their payments at the coming renewals.

    Parameters
    ----------
    contracts
        The subscriptions.
    fit
        The renewal model.
    grain
        How long the time between two renewals is.
    min_group
        The smallest group that may be shown, at least 1.
    priced
        Whether it is known what they pay.
    years, discount, margin, withheld
        As :func:`worth_of_buyers` takes them.
    unpriced
        How many of them do not state what they pay: they count as paying nothing.
    """
    terms: Any = {"years": years, "discount": discount, "margin": margin}
    running = contracts.running
    reason = withheld or _no_payments(int(running.sum()), fit, priced, min_group)
    if reason:
        return _nothing(reason, terms)
    start = contracts.start[running]
    done = renewals_made(start, np.full(len(start), contracts.last), grain)
    a_year = PER_YEAR[grain]
    periods = max(1, round(years * a_year))
    paid = margin * contracts.amount[running] * (12 / a_year if grain != "week" else 12 / 52)
    rate = (1 + discount) ** (1 / a_year) - 1
    value = contract_value(fit.model, done, paid, periods=periods, discount=rate)
    payments = contract_value(fit.model, done, np.ones(len(done)), periods=periods, discount=0.0)
    age = (contracts.last - start) / 365.25
    names = ["first year", "second year", "third year or later"]
    group = np.minimum(age.astype("int64"), 2)
    table, shown = _grouped(names, group, payments, value, min_group)
    lifted = _lifted(fit, done, paid, periods, rate)
    return Worth(
        table,
        float(value.sum()),
        float(value[group == 0].sum()) if shown[0] else None,
        names[0],
        float(lifted.sum() - value.sum()),
        None,
        None,
        **terms,
        left_out=unpriced,
    )


def _no_payments(running: int, fit: RenewalFit, priced: bool, min_group: int) -> str:
    """Return why nothing can be said of the payments of what runs; empty where it can."""
    if not priced:
        return "What subscriptions pay is not stated."
    if not fit.converged:
        return fit.reason
    if not running:
        return "No subscription runs."
    return f"Fewer than {min_group} subscriptions run." if is_small(running, min_group) else ""


def _lifted(fit: RenewalFit, done: Ints, paid: Floats, periods: int, rate: float) -> Floats:
    """Return the values if one point more of those there before renewed at each renewal."""
    rows, place = np.unique(done, return_inverse=True)
    ahead = np.arange(1, periods + 1)
    keep = fit.model.retention_rate(rows[:, None] + ahead)
    stays = np.cumprod(np.minimum(keep + _POINT, 1.0), axis=1)
    made: Floats = (stays / (1 + rate) ** ahead).sum(axis=1)[place] * paid
    return made


def _grouped(
    names: list[str], group: Ints, expected: Floats, value: Floats, min_group: int
) -> tuple[pd.DataFrame, list[bool]]:
    size = len(names)
    n = np.bincount(group, minlength=size)
    sums = [np.bincount(group, weights=values, minlength=size) for values in (expected, value)]
    away = hide_parts([int(count) for count in n], min_group=min_group)
    rows: list[tuple[Any, ...]] = []
    for place, name in enumerate(names):
        if not n[place]:
            continue  # nobody: there is nothing to hide, and no value of each
        if away[place]:
            rows.append((name, None, None, None, None))
            continue
        count, whole = int(n[place]), float(sums[1][place])
        rows.append((name, count, float(sums[0][place]), whole, whole / count))
    columns = ["group", "customers", "expected", "value", "each"]
    return pd.DataFrame(rows, columns=columns, dtype=object), [not hidden for hidden in away]


def _nothing(
    reason: str,
    terms: Any,
    relation: SpendRelation | None = None,
    spend: SpendFit | None = None,
    left_out: int = 0,
) -> Worth:
    table = pd.DataFrame(columns=["group", "customers", "expected", "value", "each"])
    told = {**terms, "left_out": left_out, "reason": reason}
    return Worth(table, None, None, "", None, relation, spend, **told)
