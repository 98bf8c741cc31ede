"""What a reduction of assignments gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError, one_of

__all__ = ["Joint", "JointMoments", "MetricMoments", "Moments", "SegmentMoments"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MetricMoments:
    """What one variant's customers say of one outcome.

    Parameters
    ----------
    n_obs
        Customers with a finite outcome.
    missing
        Customers without an outcome.
    infinite
        Customers whose outcome is infinite; they are not in `n_obs`.
    total
        Sum of the outcomes.
    centred_squares
        Sum of squared distances from the mean.
    binary
        Whether every outcome is 0 or 1. Of a column that is no whole number, the outcomes of all
        variants must be, and what is closer to 0 or 1 than one step counts as that.
    """

    n_obs: int
    missing: int
    infinite: int
    total: Fraction
    centred_squares: Fraction
    binary: bool

    @property
    def mean(self) -> float:
        """Return the mean outcome; needs `n_obs` of at least 1."""
        return float(self.total / self.n_obs)

    @property
    def variance(self) -> float:
        """Return the sample variance (divisor `n_obs - 1`); needs `n_obs` of at least 2."""
        return float(self.centred_squares / (self.n_obs - 1))


@dataclass(frozen=True)
class Joint:
    """Columns whose sums of products are wanted.

    Parameters
    ----------
    outcomes
        Columns that must all be there: a customer without one of them is left out.
    covariates
        Columns known before the experiment. A missing one leaves nobody out: it is filled with
        one same value, and a column that tells who misses it is added (see `JointMoments.names`).
    """

    outcomes: tuple[str, ...]
    covariates: tuple[str, ...] = ()


@dataclass(frozen=True)
class JointMoments:
    """What one variant's customers say of several columns together.

    Parameters
    ----------
    names
        The outcomes, the covariates, then `missing <covariate>` for each one that some customer,
        in any variant, does not have.
    n_obs
        Customers who have all outcomes.
    missing
        Customers who lack one; those with an infinite one are not among them.
    infinite
        Infinite outcomes, which are not in the sums. An infinite covariate counts as missing.
    totals
        Sum of each column, in the order of `names`.
    centred
        Sums of products of distances from the means, shape (names, names), symmetric.

    References
    ----------
    Zhao & Ding, "To Adjust or not to Adjust? Estimating the Average Treatment Effect in Randomized
    Experiments with Missing Covariates", JASA 119, 2024: a filled covariate with the column of who
    misses it is valid, and does not depend on the value filled in.
    """

    names: tuple[str, ...]
    n_obs: int
    missing: int
    infinite: int
    totals: tuple[Fraction, ...]
    centred: tuple[tuple[Fraction, ...], ...]

    def means(self) -> Floats:
        """Return the means, shape (names,); needs `n_obs` of at least 1."""
        return np.array([float(total / self.n_obs) for total in self.totals])

    def covariance(self) -> Floats:
        """Return the sample covariances, shape (names, names); needs `n_obs` of at least 2."""
        divisor = self.n_obs - 1
        return np.array([[float(value / divisor) for value in row] for row in self.centred])

    def part(self, names: Sequence[str]) -> JointMoments:
        """Return the moments of some of the columns, in the order given."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise AnalysisError(
                f"column {unknown[0]} is not among the joint moments",
                where="moments",
                fix=one_of(unknown[0], self.names),
            )
        places = [self.names.index(name) for name in names]
        return JointMoments(
            tuple(names),
            self.n_obs,
            self.missing,
            self.infinite,
            tuple(self.totals[place] for place in places),
            tuple(tuple(self.centred[i][j] for j in places) for i in places),
        )


@dataclass(frozen=True)
class SegmentMoments:
    """The sufficient statistics of one segment's customers.

    Parameters
    ----------
    units
        Variant -> customers.
    metrics
        (variant, column) -> moments.
    joint
        (variant, what was asked for) -> joint moments.
    """

    units: Mapping[str, int]
    metrics: Mapping[tuple[str, str], MetricMoments]
    joint: Mapping[tuple[str, Joint], JointMoments] = field(default_factory=dict)


@dataclass(frozen=True)
class Moments:
    """The sufficient statistics of one experiment.

    Parameters
    ----------
    units
        Variant -> customers who are in this variant only.
    metrics
        (variant, column) -> moments.
    rows
        Rows read, all variants.
    rows_without_place
        Rows without a customer or a variant; not counted further.
    units_in_two_variants
        Customers found in more than one variant; excluded.
    units_in_conflict
        Customers with several rows in one variant that disagree on an outcome; excluded.
    repeated_rows
        Rows that repeat another row exactly; counted once.
    joint
        (variant, what was asked for) -> joint moments.
    segments
        Segment -> its moments, when a column of segments was given; those without one are
        under `""`.
    """

    units: Mapping[str, int]
    metrics: Mapping[tuple[str, str], MetricMoments]
    rows: int
    rows_without_place: int
    units_in_two_variants: int
    units_in_conflict: int
    repeated_rows: int
    joint: Mapping[tuple[str, Joint], JointMoments] = field(default_factory=dict)
    segments: Mapping[str, SegmentMoments] = field(default_factory=dict)
