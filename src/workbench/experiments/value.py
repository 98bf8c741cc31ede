"""What an effect is worth in a year, how likely it does harm, and what a wrong decision costs.

All of it rests on one approximation: given the data, the effect is normal around its estimate, or,
with a weakly informative prior, around the estimate drawn towards nought.

References
----------
Gelman et al., "Bayesian Data Analysis", 3rd edition, 2013, section 2.5, for the normal with a known
variance; Stucchio, "Bayesian A/B Testing at VWO", 2015, for the expected loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

from scipy import stats

from workbench.errors import AnalysisError
from workbench.params.measures import ValueParams

__all__ = ["Belief", "Worth", "believe", "worth"]


@dataclass(frozen=True)
class Belief:
    """What is believed of an improvement, given the data.

    Parameters
    ----------
    mean, sd
        Of the normal.
    probability_harm
        That the change makes the metric worse.
    loss_ship, loss_keep
        Expected loss, in the metric's unit, of making the change and of not making it.
    prior
        What was taken for granted before, in words.
    """

    mean: float
    sd: float
    probability_harm: float
    loss_ship: float
    loss_keep: float
    prior: str


@dataclass(frozen=True)
class Worth:
    """What the change is worth in a year, net of its cost.

    Parameters
    ----------
    value, ci_lower, ci_upper
        Money a year, from the effect and its interval.
    level
        Of the interval.
    probability_loss
        That it costs more than it brings.
    loss_ship, loss_keep
        Expected loss in money a year of making the change and of not making it.
    """

    value: float
    ci_lower: float
    ci_upper: float
    level: float
    probability_loss: float
    loss_ship: float
    loss_keep: float


def believe(benefit: float, se: float, *, typical: float | None = None) -> Belief:
    """Return what is believed of an improvement.

    Parameters
    ----------
    benefit
        Its estimate, above 0 where the metric is better.
    se
        Its standard error, above 0.
    typical
        Standard deviation of the true effects of such changes, around nought; None: a flat prior,
        which favours no effect.

    Examples
    --------
    >>> round(believe(1.0, 0.5).probability_harm, 4)
    0.0228
    >>> round(believe(1.0, 0.5, typical=0.5).mean, 2)
    0.5
    """
    if not (isfinite(benefit) and isfinite(se) and se > 0):
        raise AnalysisError(
            f"benefit == {benefit}, se == {se}: both finite, se above 0", where="belief"
        )
    mean, sd, prior = benefit, se, "a flat prior: no effect is favoured"
    if typical is not None:
        part = typical**2 / (typical**2 + se**2)
        mean, sd = benefit * part, se * sqrt(part)
        prior = f"effects around nought with a standard deviation of {typical:g}"
    up, down = _expected_parts(mean, sd)
    return Belief(mean, sd, float(stats.norm.cdf(-mean / sd)), down, up, prior)


def worth(
    belief: Belief, value: ValueParams, interval: tuple[float, float], level: float, benefit: float
) -> Worth:
    """Return what the change is worth in a year, if it is made for good.

    Parameters
    ----------
    belief
        Of the improvement.
    value
        What one unit of it is worth, for how many customers, and what the change costs.
    interval, level
        Of the improvement.
    benefit
        Its estimate.
    """
    scale = value.per_unit * value.customers
    cost = value.cost + value.cost_per_customer * value.customers
    mean, sd = belief.mean * scale - cost, belief.sd * scale
    up, down = _expected_parts(mean, sd)
    return Worth(
        value=benefit * scale - cost,
        ci_lower=interval[0] * scale - cost,
        ci_upper=interval[1] * scale - cost,
        level=level,
        probability_loss=float(stats.norm.cdf(-mean / sd)),
        loss_ship=down,
        loss_keep=up,
    )


def _expected_parts(mean: float, sd: float) -> tuple[float, float]:
    """Return the expected size of a normal's part above nought, and of that below."""
    z = mean / sd
    up = mean * float(stats.norm.cdf(z)) + sd * float(stats.norm.pdf(z))
    return max(up, 0.0), max(up - mean, 0.0)
