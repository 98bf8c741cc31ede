"""What an earlier action list brought: contacted customers against those held out at random.

Everybody on the list counts in the group that chance put them in, whether they were reached or not
(intention to treat): leaving out who was not reached would compare customers who differ already.
Revenue is net of returns, from the day after the list's day to `as_of`.

Revenue per customer is skewed - most spend nothing, few spend much - and few are held out. Then
Welch's interval is too narrow on one side: simulated with a tenth held out and lognormal spending,
an interval of 95% held the truth in 89 to 92 of 100 cases with 20 buyers held out, and in 92 to 94
with 80. So the verdict asks more than the interval: a permutation test, too, must find the
difference larger than chance makes it. That keeps its level however skewed revenue is, where the
list had no effect on anybody.

References
----------
Altman, BMJ 317, 1998 (number needed to treat, told only where the interval excludes nought). The
intervals and the permutation test stand in `contrast.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import narwhals as nw
import pandas as pd
from scipy import stats

from workbench.data.frames import (
    collect,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError, one_of
from workbench.segmentation.contrast import (
    Effect,
    Moments,
    chance_alone,
    difference_in_revenue,
    difference_in_share,
)

__all__ = ["ARMS", "MIN_BUYERS", "Arm", "Outcome", "outcome_of_list"]

ARMS = ("contact", "held out")
MIN_BUYERS = 20
"""With fewer buyers in either arm no effect on revenue is told."""
UNLIKELY = 0.001
"""How small the p-value of a difference on the list's day must be to be told: it seldom is."""

Verdict = Literal["raised", "lowered", "cannot tell", "too few to tell"]


@dataclass(frozen=True)
class Arm:
    """One arm of a list.

    Parameters
    ----------
    customers
        How many; None where those of either arm are too few to show.
    buyers
        How many bought after the list's day; None where they, or the others, are too few to show.
    share
        `buyers` of `customers`, 0 to 1; None with `buyers`.
    revenue
        Mean net revenue per customer, in units of the currency; None where too few bought.
    """

    customers: int | None
    buyers: int | None = None
    share: float | None = None
    revenue: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a list brought.

    Parameters
    ----------
    since, as_of
        The list's day, and the last day that counts: revenue is of the days after the first one.
    contact, held_out
        The two arms.
    revenue
        Effect on net revenue per customer, in units of the currency.
    share
        Effect on the share who bought, -1 to 1.
    total
        Net revenue that the list brought in all: `revenue` times the contacted customers.
    number_needed
        How many contacts brought one more buyer; None where the interval of `share` holds nought.
    number_needed_ci_lower, number_needed_ci_upper
        Its interval; None with it.
    pvalue
        One-sided, of the permutation test in the direction of `revenue`; None where not told.
    verdict
        ``raised`` or ``lowered``: interval and permutation test agree on it; ``cannot tell``: too
        small a difference for so few customers, or none; ``too few to tell``.
    reason
        Why the verdict is one of the last two; empty for the first two.
    unlike
        Whether the arms differed already on the list's day, more than chance explains; None where
        no value was given.
    level
        Of all intervals.
    """

    since: date
    as_of: date
    contact: Arm
    held_out: Arm
    revenue: Effect
    share: Effect
    total: Effect
    number_needed: float | None = None
    number_needed_ci_lower: float | None = None
    number_needed_ci_upper: float | None = None
    pvalue: float | None = None
    verdict: Verdict = "too few to tell"
    reason: str = ""
    unlike: bool | None = None
    level: float = 0.95

    @property
    def days(self) -> int:
        """Return how many days count."""
        return (self.as_of - self.since).days


def outcome_of_list(
    customers: pd.DataFrame,
    orders: Any,
    *,
    since: date,
    as_of: date,
    min_group: int,
    level: float = 0.95,
) -> Outcome:
    """Return what an action list brought, contacted customers against those held out.

    Parameters
    ----------
    customers
        The list as it was made: `customer_id` (each once), `arm` (``contact`` or ``held out``,
        drawn at random), and if known `value`, a number of the list's day by which the arms are
        compared.
    orders
        Order lines with `customer_id`, `ordered_at`, `amount`: a DuckDB relation, a pandas or a
        Polars frame. A line that is no return is a purchase.
    since
        The day of the list; its own orders do not count.
    as_of
        The last day that counts.
    min_group
        The smallest group that may be shown.
    level
        Of the intervals, between 0 and 1.

    Raises
    ------
    AnalysisError
        When a column is missing, an arm has another name, a customer stands twice, an amount
        cannot be read, or `as_of` is not after `since`.
    """
    _check(customers, since, as_of, level)
    spent = _spending(orders, since, as_of)
    rows = customers.assign(customer_id=customers["customer_id"].astype(str))
    rows = rows.sort_values("customer_id").merge(spent, on="customer_id", how="left")
    contact, held = (_arm(rows[rows["arm"] == arm]) for arm in ARMS)
    few = any(is_small(arm.n, min_group) for arm in (contact, held))
    # Who knows the whole list would know a small arm from the other one: neither is shown.
    arms = tuple(Arm(None) if few else _shown(arm, min_group) for arm in (contact, held))
    unlike = _unlike(rows, min_group)
    if why := _too_few(contact, held, min_group):
        none = Effect(reason=why)
        share = (
            none if few or 0 in (contact.n, held.n) else _share_effect(contact, held, arms, level)
        )
        return Outcome(
            since,
            as_of,
            arms[0],
            arms[1],
            none,
            share,
            none,
            reason=why,
            unlike=unlike,
            level=level,
        )
    revenue = difference_in_revenue(contact, held, level)
    pvalue = chance_alone(contact, held)
    verdict, reason = _verdict(revenue, pvalue, level)
    share = _share_effect(contact, held, arms, level)
    needed, needed_lower, needed_upper = _needed(share)
    return Outcome(
        since,
        as_of,
        contact=replace(arms[0], revenue=contact.mean),
        held_out=replace(arms[1], revenue=held.mean),
        revenue=revenue,
        share=share,
        total=_times(revenue, contact.n),
        number_needed=needed,
        number_needed_ci_lower=needed_lower,
        number_needed_ci_upper=needed_upper,
        pvalue=pvalue,
        verdict=verdict,
        reason=reason,
        unlike=unlike,
        level=level,
    )


def _check(customers: pd.DataFrame, since: date, as_of: date, level: float) -> None:
    where = "action list"
    for name in ("customer_id", "arm"):
        if name not in customers:
            raise AnalysisError(
                f"column {name} is missing",
                where=where,
                fix=one_of(name, map(str, customers.columns)),
            )
    for arm in customers["arm"].unique():
        if arm not in ARMS:
            raise AnalysisError(f"no arm `{arm}`", where=where, fix=one_of(str(arm), ARMS))
    if customers["customer_id"].isna().any() or customers["customer_id"].duplicated().any():
        raise AnalysisError(
            "a customer is missing or stands more than once",
            where=where,
            fix="Give one row for each customer: nobody is contacted and held out at once.",
        )
    if as_of <= since:
        raise AnalysisError(
            f"as_of == {as_of}, must be after {since}, the day of the list",
            where=where,
            fix="Look back from a later day.",
        )
    if not 0 < level < 1:
        raise AnalysisError(
            f"level == {level}, must lie between 0 and 1", where=where, fix="Give 0.95."
        )


def _spending(orders: Any, since: date, as_of: date) -> pd.DataFrame:
    """Return each customer's net revenue in ten-thousandths and purchases between two days."""
    frame = lazy(orders, where="orders", needs=("customer_id", "ordered_at", "amount"))
    require_time(frame, "ordered_at", where="orders")
    require_number(frame, "amount", where="orders")
    timed = ~nw.col("ordered_at").is_null()
    there = ~nw.col("amount").is_null()
    if frame.collect_schema()["amount"].is_float():
        there &= nw.col("amount").is_finite()
    day = nw.col("day")
    lines = (
        frame.select(
            "amount",
            customer_id=nw.col("customer_id").cast(nw.String),
            day=day_number("ordered_at"),
            timed=timed,
            readable=there & timed,
        )
        .filter(((day > since.toordinal()) & (day <= as_of.toordinal())) | ~nw.col("timed"))
        .filter(~nw.col("customer_id").is_null())
        .with_columns(amount=nw.when("readable").then(nw.col("amount")).otherwise(0))
    )
    lines = lines.with_columns(
        units=money_units("amount"),
        bought=nw.when(nw.col("amount") >= 0).then(1).otherwise(0),
        unreadable=nw.when("readable").then(0).otherwise(1),
    )
    sums = ("units", "bought", "unreadable")
    found = collect(
        lines.group_by("customer_id")
        .agg(*[nw.col(name).sum() for name in sums])
        .with_columns(nw.col(*sums).cast(nw.Int64))
    )
    unreadable = int(found["unreadable"].sum())
    if unreadable:
        raise AnalysisError(
            f"{unreadable:,} order lines have no readable time or amount",
            where="orders",
            fix="Set such lines aside where the source is read.",
        )
    return found[["customer_id", "units", "bought"]]


def _arm(rows: pd.DataFrame) -> Moments:
    units = rows["units"].fillna(0).astype("int64").tolist()
    return Moments(tuple(units), int((rows["bought"] > 0).sum()))


def _shown(arm: Moments, min_group: int) -> Arm:
    """Return what may be shown of an arm, its revenue aside."""
    few = is_small(arm.buyers, min_group) or is_small(arm.n - arm.buyers, min_group)
    if arm.n == 0 or few:
        return Arm(arm.n)
    return Arm(arm.n, arm.buyers, arm.buyers / arm.n)


def _too_few(contact: Moments, held: Moments, min_group: int) -> str:
    """Return why no effect on revenue is told; empty where it is."""
    if held.n == 0:
        return "Nobody was held out, so nothing tells what would have come without the list."
    if contact.n == 0:
        return "Everybody was held out, so nobody was contacted."
    smallest = max(min_group, 2)
    for arm, words in ((contact, "contacted"), (held, "held out")):
        if arm.n < smallest:
            return f"Fewer than {smallest} customers were {words}."
    needed = max(MIN_BUYERS, min_group)
    for arm, words in ((contact, "contacted"), (held, "held out")):
        if arm.buyers < needed:
            return f"Fewer than {needed} of the customers who were {words} bought since."
    return ""


def _share_effect(contact: Moments, held: Moments, arms: tuple[Arm, ...], level: float) -> Effect:
    if any(arm.share is None for arm in arms):
        return Effect(reason="In one group too few bought, or too few did not, to show how many.")
    return difference_in_share(contact, held, level)


def _times(effect: Effect, customers: int) -> Effect:
    """Return an effect per customer as that on all contacted ones."""
    value, low, high = (
        None if end is None else end * customers
        for end in (effect.value, effect.ci_lower, effect.ci_upper)
    )
    return Effect(value, low, high, effect.method, effect.reason)


def _needed(share: Effect) -> tuple[float | None, float | None, float | None]:
    """Return the contacts for one more buyer; nothing where the list may have brought none."""
    value, low, high = share.value, share.ci_lower, share.ci_upper
    if value is None or low is None or high is None or low <= 0:
        return None, None, None
    return 1 / value, 1 / high, 1 / low


def _verdict(revenue: Effect, pvalue: float | None, level: float) -> tuple[Verdict, str]:
    low, high = revenue.ci_lower, revenue.ci_upper
    if low is None or high is None or pvalue is None:
        return "cannot tell", revenue.reason
    if low <= 0 <= high:
        return "cannot tell", "The interval holds nought: the list may have brought nothing."
    if pvalue > (1 - level) / 2:
        why = "The interval leaves out nought, but a few large orders by chance could explain that."
        return "cannot tell", why
    return ("raised", "") if low > 0 else ("lowered", "")


def _unlike(rows: pd.DataFrame, min_group: int) -> bool | None:
    """Tell whether the arms differed already on the list's day; None where it is not known."""
    if "value" not in rows or rows["value"].isna().any():
        return None
    parts: Iterable[pd.Series] = (
        rows.loc[rows["arm"] == arm, "value"].astype(float) for arm in ARMS
    )
    one, other = parts
    if min(len(one), len(other)) < max(min_group, 2) or one.var() + other.var() == 0:
        return None
    return bool(stats.ttest_ind(one, other, equal_var=False).pvalue < UNLIKELY)
