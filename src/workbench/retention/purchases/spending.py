"""What the next purchases of known customers bring, without a model of how spend is distributed.

A customer's next purchase is expected to bring something between what the customer spent on average
so far and what customers who buy about as often spend. How far it leans to either follows from how
much purchases of one customer differ, and how much customers differ (credibility). As customers
are compared with others who buy about as often, spend may depend on the frequency.

References
----------
Bühlmann & Gisler, "A Course in Credibility Theory and its Applications", Springer, 2005, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.retention.maximise import Floats
from workbench.retention.purchases.log import Known

__all__ = ["Spending", "spending_of"]

Ints = npt.NDArray[np.int64]
_CLASSES = 7  # frequencies 0, 1, 2 to 3, 4 to 7, 8 to 15, 16 to 31, 32 and more
_WIDEST = 100.0  # a relative variance beyond it would make draws meaningless


@dataclass(frozen=True)
class Spending:
    """What each known customer is expected to spend on a purchase.

    Parameters
    ----------
    mean
        Expected spend, shape (customers,).
    doubt
        Relative variance of what the customer's own mean may be, shape (customers,).
    varies
        Relative variance of single purchases around it.
    """

    mean: Floats
    doubt: Floats
    varies: float

    def draw(self, rng: np.random.Generator, customer: Ints, who: Ints) -> Floats:
        """Draw what each of some purchases brings, shape (purchases,).

        Parameters
        ----------
        rng
            The source of chance.
        customer
            The customer of each purchase.
        who
            A number that purchases of one customer share.
        """
        doubt = np.zeros(int(who.max(initial=-1)) + 1)
        doubt[who] = self.doubt[customer]
        unsure = doubt > 0
        shape = 1 / doubt[unsure]
        own = np.ones(len(doubt))
        own[unsure] = rng.gamma(shape) / shape
        spent = self.mean[customer] * own[who]
        if self.varies > 0:
            shape_of_all = 1 / self.varies
            spent = spent * rng.gamma(shape_of_all, size=len(spent)) / shape_of_all
        made: Floats = spent
        return made


def spending_of(known: Known) -> Spending | None:
    """Return what known customers spend; None where nobody has bought again.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    """
    x, own = known.frequency, known.spend
    if not x.any():
        return None
    group = np.where(x > 0, np.minimum(np.log2(np.maximum(x, 1)).astype("int64") + 1, 6), 0)
    bought = np.bincount(group, weights=x, minlength=_CLASSES)
    spent = np.bincount(group, weights=x * own, minlength=_CLASSES)
    overall = spent.sum() / bought.sum()
    usual = np.where(bought > 0, spent / np.maximum(bought, 1), overall)
    # Who has not bought again yet will first be one who bought again once.
    usual[0] = usual[1]
    varies = _within(known)
    differs = _between(x, own, usual[group], varies)
    trust = x * differs / (x * differs + varies + 1e-300)
    mean = (1 - trust) * usual[group] + trust * own
    return Spending(np.maximum(mean, 0.0), differs * (1 - trust), varies)


def _within(known: Known) -> float:
    """Return how much purchases of one customer vary, relative to the customer's mean."""
    again = known.repeat
    who = known.customer[again]
    own = known.spend[who]
    told = (known.frequency[who] > 1) & (own > 0)
    spare = float((known.frequency[known.frequency > 1] - 1).sum())
    if not told.any() or not spare:
        return 1.0  # nobody bought twice again: as for an exponential distribution
    error = known.units[again][told] / 10_000.0 / own[told] - 1
    return float(min((error**2).sum() / spare, _WIDEST))


def _between(x: Ints, own: Floats, usual: Floats, varies: float) -> float:
    """Return how much customers differ, relative to those who buy about as often."""
    some = (x > 0) & (usual > 0)
    if some.sum() < 2:
        return 0.0
    ratio, weight = own[some] / usual[some], x[some].astype("float64")
    chance = varies * some.sum() / weight.sum()
    spread = (weight * (ratio - 1) ** 2).sum() / weight.sum()
    return float(np.clip(spread - chance, 0.0, _WIDEST))
