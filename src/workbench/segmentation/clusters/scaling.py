"""Raw measures on one scale: what is skewed is straightened, and no theme outweighs another.

- Days, counts and money that are skewed are taken as roots or logarithms, whichever leaves the
  least skew; then the median is nought and the spread between the quartiles one (as of a normal
  distribution), or the standard deviation where tails are heavy, and what lies further out than
  four is drawn in to four.
- A share rests on few purchases: who bought once bought one thing only. Shares are drawn towards
  those of all customers, by how far purchases of one customer are alike (see `_strength`), and
  then square-rooted (Hellinger): small shares differ more than large ones.
- Measures count by theme. When (recency, frequency, tenure), how much (money, returns), what
  (categories) and where (channels) count the same, however many columns each has. Only a mix that
  customers hardly hold to counts less: what is left of it is not blown up without bounds.

References
----------
Legendre & Gallagher, "Ecologically meaningful transformations for ordination of species data",
Oecologia 129, 2001, for the Hellinger transformation. Efron & Morris, "Data analysis using Stein's
estimator", JASA 70, 1975, for drawing towards the mean by reliability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import AnalysisError, one_of
from workbench.segmentation.clusters.traits import PURCHASES, Behaviour, Trait

__all__ = ["THEMES", "Scale", "Transform", "fit_transform"]

Floats = npt.NDArray[np.float64]
Shape = Literal["plain", "root", "log1p", "log"]

THEMES = {
    "recency": "when",
    "frequency": "when",
    "tenure": "when",
    "money": "how much",
    "returns": "how much",
    "category": "what",
    "channel": "where",
}
"""Block -> theme; themes count the same."""

FURTHEST = 4.0  # a normal value lies further out once in 16,000
_DIGITS = 6
_NORMAL_IQR = 1.3489795003921634  # between the quartiles of a standard normal distribution
_STRENGTHS = (0.1, 100.0)
_ENLARGED = 2.0  # the most by which what is left of drawn-in shares is enlarged
_UNKNOWN_STRENGTH = 1.0  # nobody bought twice: one purchase counts as much as the average of all


@dataclass(frozen=True)
class Scale:
    """How one measure is put on the common scale: ``(shape(drawn in) - centre) * factor``.

    Parameters
    ----------
    column
        The measure.
    shape
        "plain", "root" (square root), "log1p" (log of 1 + value) or "log".
    strength
        Purchases that the average of all customers counts for, when a share is drawn towards it;
        0 where nothing is drawn in.
    overall
        The average share of all customers; 0 where nothing is drawn in.
    centre, factor
        What is taken off, and what the rest is multiplied with.
    limit
        The furthest from nought that the result may lie.
    """

    column: str
    shape: Shape
    strength: float
    overall: float
    centre: float
    factor: float
    limit: float


@dataclass(frozen=True)
class Transform:
    """How raw measures become comparable, as a handful of rounded numbers.

    Parameters
    ----------
    scales
        One for each measure, in the order of the columns of the result.
    """

    scales: tuple[Scale, ...]

    def apply(self, customers: pd.DataFrame) -> Floats:
        """Return the measures of customers on the common scale.

        Parameters
        ----------
        customers
            `Behaviour.customers`, or rows with its columns.

        Returns
        -------
        numpy.ndarray
            Shape (customers, scales).

        Raises
        ------
        AnalysisError
            When a column is missing, or a value is.
        """
        done = np.empty((len(customers), len(self.scales)))
        for place, scale in enumerate(self.scales):
            if scale.column not in customers:
                raise AnalysisError(
                    f"column {scale.column} is missing",
                    where="clusters",
                    fix=one_of(scale.column, [str(name) for name in customers.columns]),
                )
            values = customers[scale.column].to_numpy("float64")
            if scale.strength:
                values = _drawn_in(values, _purchases(customers), scale.strength, scale.overall)
            moved = (_shaped(values, scale.shape) - scale.centre) * scale.factor
            done[:, place] = np.clip(moved, -scale.limit, scale.limit)
        if not np.isfinite(done).all():
            raise AnalysisError(
                "a measure of a customer is missing, infinite, or negative where it cannot be",
                where="clusters",
                fix="Measure the customers with `measure_behaviour`.",
            )
        return done

    def published(self) -> dict[str, Any]:
        """Return the numbers, to be written as JSON."""
        return {"scales": [asdict(scale) for scale in self.scales]}

    @classmethod
    def read(cls, published: Mapping[str, Any]) -> Transform:
        """Return the transform that `published` wrote."""
        return cls(tuple(Scale(**scale) for scale in published["scales"]))


def fit_transform(behaviour: Behaviour) -> Transform:
    """Return the transform that makes the measures of these customers comparable.

    Raises
    ------
    AnalysisError
        When there are no customers or no traits.
    """
    if behaviour.customers.empty or not behaviour.traits:
        raise AnalysisError(
            "there are no customers, or no measures of them",
            where="clusters",
            fix="Check as_of, and the dates of the orders.",
        )
    scales: dict[str, Scale] = {}
    blocks = dict.fromkeys(trait.block for trait in behaviour.traits)
    for block in blocks:
        traits = [trait for trait in behaviour.traits if trait.block == block]
        beside = sum(THEMES[other] == THEMES[block] for other in blocks)
        weight = beside**-0.5
        shares = [trait for trait in traits if trait.kind == "share"]
        plain = [trait for trait in traits if trait.kind != "share"]
        if shares:
            scales |= _share_scales(behaviour.customers, shares, weight)
        for trait in plain:
            values = behaviour.customers[trait.column].to_numpy("float64")
            scales[trait.column] = _plain_scale(trait, values, weight * len(plain) ** -0.5)
    return Transform(tuple(scales[column] for column in behaviour.columns))


def _plain_scale(trait: Trait, values: Floats, weight: float) -> Scale:
    shape = _least_skewed(values)
    moved = _shaped(values, shape)
    low, centre, high = np.quantile(moved, [0.25, 0.5, 0.75])
    spread = (high - low) / _NORMAL_IQR
    if spread < 1e-9 * max(1.0, abs(float(centre))):
        centre, spread = moved.mean(), moved.std()
    if spread > 0:  # heavy tails: the quartiles alone would let a measure count for more than one
        spread *= max(1.0, float(np.clip((moved - centre) / spread, -FURTHEST, FURTHEST).std()))
    factor = weight / spread if spread > 1e-12 else 0.0
    return Scale(
        trait.column, shape, 0.0, 0.0, _round(centre), _round(factor), _round(FURTHEST * weight)
    )


def _share_scales(customers: pd.DataFrame, traits: list[Trait], weight: float) -> dict[str, Scale]:
    """Return the scales of the shares of one block, all with one factor.

    Together they have the variance of one standardised measure. Where drawing in has taken nearly
    all of it, customers do not hold to the mix, and what is left is enlarged only so far.
    """
    raw = customers[[trait.column for trait in traits]].to_numpy("float64")
    overall = np.array([_round(value) for value in raw.mean(axis=0)])
    purchases = _purchases(customers)
    strength = _round(_strength(raw, overall, purchases))
    drawn = np.sqrt(_drawn_in(raw, purchases[:, None], strength, overall))
    spread = max(
        float(drawn.var(axis=0).sum()) ** 0.5,
        float(np.sqrt(raw).var(axis=0).sum()) ** 0.5 / _ENLARGED,
    )
    factor = _round(weight / spread) if spread > 1e-9 else 0.0
    scales = {}
    for place, trait in enumerate(traits):
        scales[trait.column] = Scale(
            trait.column,
            "root",
            strength,
            float(overall[place]),
            _round(drawn[:, place].mean()),
            factor,
            _round(FURTHEST * weight),
        )
    return scales


def _strength(shares: Floats, overall: Floats, purchases: Floats) -> float:
    """Return how many purchases the average of all customers counts for.

    A customer's shares lie, on average over customers with n purchases, at a squared distance of
    ``a + (b - a) / n`` from those of all: `b` is seen where n is 1, and `a` is what stays, the
    customers' own preference. `a` follows from those with more purchases, by least squares through
    `b`. Then ``n / (n + c)`` of what is seen is the customer's own, where ``c = (b - a) / a``.
    """
    far = ((shares - overall) ** 2).sum(axis=1)
    once = purchases <= 1
    if once.all() or not once.any() or far.sum() <= 0:
        return _UNKNOWN_STRENGTH
    first = float(far[once].mean())
    inverse = 1 / purchases[~once]
    own = float(((far[~once] - first * inverse) * (1 - inverse)).sum() / ((1 - inverse) ** 2).sum())
    low, high = _STRENGTHS
    return float(np.clip((first - own) / own, low, high)) if own > 0 else high


def _purchases(customers: pd.DataFrame) -> Floats:
    """Return how many purchases the shares rest on; one each where that is not known."""
    if PURCHASES not in customers:
        return np.ones(len(customers))
    bought: Floats = np.maximum(customers[PURCHASES].to_numpy("float64"), 1.0)
    return bought


def _drawn_in(values: Floats, purchases: Floats, strength: float, overall: Any) -> Floats:
    drawn: Floats = (values * purchases + overall * strength) / (purchases + strength)
    return drawn


def _shaped(values: Floats, shape: Shape) -> Floats:
    if shape == "plain":
        return values
    with np.errstate(invalid="ignore", divide="ignore"):  # said by `apply`, for all columns
        if shape == "root":
            return np.sqrt(values)
        return np.log1p(values) if shape == "log1p" else np.log(values)


def _least_skewed(values: Floats) -> Shape:
    """Return the shape that leaves the least skew; the plain one unless another is better."""
    shapes: list[Shape] = ["plain"]
    if values.min() >= 0:
        shapes += ["root", "log1p"]
    if values.min() > 0:
        shapes.append("log")
    return min(shapes, key=lambda shape: abs(_skewness(_shaped(values, shape))))


def _skewness(values: Floats) -> float:
    apart = values - values.mean()
    spread = float(np.sqrt((apart**2).mean()))
    return round(float((apart**3).mean()) / spread**3, 3) if spread > 1e-12 else 0.0


def _round(value: Any) -> float:
    return float(f"{float(value):.{_DIGITS}g}")
