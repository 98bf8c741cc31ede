"""Who stays subscribed: a shifted-beta-geometric baseline that plan, channel and support move.

Each customer has a hidden propensity theta ~ Beta(alpha, beta) to leave at a renewal. With
covariates x the probability is 1 - (1 - theta) ** exp(x . coefficients): a proportional hazard,
which is the plain shifted-beta-geometric model where x is nought.

References
----------
Fader & Hardie (2007), "How to project customer retention", Journal of Interactive Marketing 21.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from workbench.data.demo.shared import Bools, Floats, Ints, Times

__all__ = ["Churn", "Lives", "Subscribers", "live", "renewal_dates", "to_28th"]


@dataclass(frozen=True)
class Churn:
    """The planted parameters of leaving.

    Parameters
    ----------
    alpha, beta
        Of the beta distribution of theta, the probability to leave at a renewal.
    per_ticket
        Coefficient of the support tickets opened in the two months before a renewal, counted up to
        four.
    team, business
        Coefficients of the two larger plans.
    paid_search
        Coefficient of customers won by paid search.
    payment_failed
        Probability a month that a payment fails for good, whatever the customer wants.
    upgrade, downgrade
        Probability a month to move one plan up or down.
    come_back
        Share of those who left by choice that subscribe again later.
    tickets_shape, tickets_mean
        Tickets a month are Poisson with a gamma distributed mean.
    """

    alpha: float
    beta: float
    per_ticket: float
    team: float
    business: float
    paid_search: float
    payment_failed: float
    upgrade: float
    downgrade: float
    come_back: float
    tickets_shape: float
    tickets_mean: float

    def facts(self) -> dict[str, float]:
        """Return the parameters by name."""
        return asdict(self)


@dataclass(frozen=True)
class Lives:
    """Subscriptions month by month: rows are subscriptions, columns months since the start.

    Parameters
    ----------
    renewal
        Date of the m-th renewal in column m; column 0 is the start.
    plan
        Plan in the month that begins at that renewal: 0, 1, 2.
    tickets
        Support tickets in the month that ends at the renewal in the next column.
    hazard, hazard_untreated
        Probability to leave by choice at renewal m (column m; column 0 is nought), with and without
        the experiment's effect.
    ended
        Number of the renewal at which the subscription ended; 0 while it runs.
    failed
        Whether it ended by a failed payment.
    """

    renewal: Times
    plan: Ints
    tickets: Ints
    hazard: Floats
    hazard_untreated: Floats
    ended: Ints
    failed: Bools


@dataclass(frozen=True)
class Subscribers:
    """What is hidden in each subscription, one element per subscription in every array.

    Parameters
    ----------
    start
        First day, on one of the first 28 days of a month.
    plan
        First plan: 0, 1, 2.
    searched
        Whether won by paid search.
    ticket_rate
        Mean support tickets a month.
    theta
        Propensity to leave at a renewal.
    """

    start: Times
    plan: Ints
    searched: Bools
    ticket_rate: Floats
    theta: Floats

    def taken(self, index: Ints, start: Times) -> Subscribers:
        """Return some of them, beginning anew on other days."""
        return Subscribers(
            start,
            self.plan[index],
            self.searched[index],
            self.ticket_rate[index],
            self.theta[index],
        )


def to_28th(day: Times) -> Times:
    """Return days with the 29th to 31st moved to the 28th, so that every month has the renewal."""
    days = day.astype("datetime64[D]")
    first = days.astype("datetime64[M]").astype("datetime64[D]")
    within = np.minimum((days - first).astype(np.int64), 27)
    moved: Times = first + within.astype("timedelta64[D]")
    return moved


def renewal_dates(start: Times, months: int) -> Times:
    """Return start and monthly renewals, one row per start, one column per month."""
    month = start.astype("datetime64[M]")
    in_month = start.astype("datetime64[D]") - month.astype("datetime64[D]")
    steps = np.arange(months + 1).astype("timedelta64[M]")
    dates: Times = (month[:, None] + steps[None, :]).astype("datetime64[D]") + in_month[:, None]
    return dates


def live(
    rng: np.random.Generator,
    churn: Churn,
    subscribers: Subscribers,
    last: np.datetime64,
    eased: tuple[Bools, Times, int, float],
) -> Lives:
    """Return what becomes of subscriptions until the last day of the data.

    Parameters
    ----------
    rng, churn, subscribers
        Chance, the planted parameters, and what was drawn from them.
    last
        The last day; a renewal on it counts.
    eased
        The experiment: who was treated, since when, for how many days, and the coefficient that is
        added to the score of renewals in that time.
    """
    months = len(np.arange(subscribers.start.min().astype("datetime64[M]"), last.astype("M8[M]")))
    months = max(1, months + 1)
    size = len(subscribers.start)
    renewal = renewal_dates(subscribers.start, months)
    plan = _plans(rng, churn, subscribers.plan, months)
    tickets = rng.poisson(subscribers.ticket_rate[:, None], (size, months + 1))
    score = _score(churn, subscribers, plan, tickets)
    treated, since, days, coefficient = eased
    day = since.astype("datetime64[D]")[:, None]
    until: Times = np.add(day, np.timedelta64(days, "D"))
    inside = treated[:, None] & (renewal > day) & (renewal <= until)
    stay = np.log1p(-np.minimum(subscribers.theta, 1 - 1e-9))[:, None]
    untreated = -np.expm1(stay * np.exp(score))
    hazard = -np.expm1(stay * np.exp(score + coefficient * inside))
    untreated[:, 0] = hazard[:, 0] = 0.0
    seen = renewal <= last
    leaves = (rng.random((size, months + 1)) < hazard) & seen
    fails = (rng.random((size, months + 1)) < churn.payment_failed) & seen
    fails[:, 0] = False
    any_end = leaves | fails
    ended = np.where(any_end.any(axis=1), any_end.argmax(axis=1), 0)
    rows = np.arange(size)
    failed = fails[rows, ended] & ~leaves[rows, ended] & (ended > 0)
    return Lives(renewal, plan, tickets, hazard, untreated, ended, failed)


def _plans(rng: np.random.Generator, churn: Churn, first: Ints, months: int) -> Ints:
    """Return the plan in every month: it moves by one step now and then."""
    luck = rng.random((len(first), months + 1))
    step = np.where(luck < churn.upgrade, 1, np.where(luck > 1 - churn.downgrade, -1, 0))
    plans = np.empty((len(first), months + 1), dtype=np.int64)
    plans[:, 0] = first
    for month in range(1, months + 1):
        plans[:, month] = np.clip(plans[:, month - 1] + step[:, month], 0, 2)
    return plans


def _score(churn: Churn, subscribers: Subscribers, plan: Ints, tickets: Ints) -> Floats:
    """Return the covariates' score at every renewal, from what came before it."""
    load = np.zeros(plan.shape)
    load[:, 1:] = tickets[:, :-1]
    load[:, 2:] += tickets[:, :-2]
    held = np.concatenate([plan[:, :1], plan[:, :-1]], axis=1)
    score: Floats = (
        churn.per_ticket * np.minimum(load, 4)
        + churn.team * (held == 1)
        + churn.business * (held == 2)
        + churn.paid_search * subscribers.searched[:, None]
    )
    return score
