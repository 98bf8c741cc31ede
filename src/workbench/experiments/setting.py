"""What decides an experiment's power: what the outcome is like, and how it is set up."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np

from workbench.errors import AnalysisError
from workbench.experiments.crossing import Spending
from workbench.experiments.plan import Kind, Metric, Plan

__all__ = ["Adjustment", "Baseline", "Sample", "Setting"]

Adjustment = Literal["holm", "bonferroni", "dunnett", "none"]


@dataclass(frozen=True)
class Baseline:
    """What the control group's outcome is like.

    Parameters
    ----------
    kind
        The metric's kind.
    value
        The mean, share, ratio or quantile itself.
    sd
        Standard deviation of one unit's part in it; of a share it follows from the share.
    """

    kind: Kind
    value: float
    sd: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.value) and np.isfinite(self.sd) and self.sd > 0):
            raise AnalysisError(
                f"value == {self.value}, sd == {self.sd}: both finite, and sd above 0",
                where=f"baseline of a {self.kind}",
                fix="Without any difference between units nothing needs to be planned.",
            )

    @property
    def is_share(self) -> bool:
        """Return whether it is a share of units: a proportion, or retention."""
        return self.kind in ("proportion", "retention")

    @classmethod
    def of_mean(cls, mean: float, sd: float) -> Baseline:
        """Return that of a mean."""
        return cls("mean", mean, sd)

    @classmethod
    def of_share(cls, share: float, kind: Kind = "proportion") -> Baseline:
        """Return that of a proportion or of retention, above 0 and below 1."""
        if not 0 < share < 1:
            raise AnalysisError(f"share == {share}, must lie between 0 and 1", where="baseline")
        return cls(kind, share, sqrt(share * (1 - share)))

    @classmethod
    def of_ratio(
        cls, numerator: float, denominator: float, var_n: float, var_d: float, cov: float
    ) -> Baseline:
        """Return that of a ratio of sums, by the delta method.

        Parameters
        ----------
        numerator, denominator
            Means per unit; the denominator's is not 0.
        var_n, var_d, cov
            Their variances and covariance over units.
        """
        if denominator == 0:
            raise AnalysisError("the denominator's mean is 0", where="baseline of a ratio")
        ratio = numerator / denominator
        variance = (var_n - 2 * ratio * cov + ratio**2 * var_d) / denominator**2
        return cls("ratio", ratio, sqrt(max(variance, 0.0)))

    @classmethod
    def of_quantile(cls, q: float, value: float, density: float) -> Baseline:
        """Return that of a quantile.

        Parameters
        ----------
        q, value
            Which quantile, and what it is.
        density
            The outcome's density there, in 1 / its unit. Several units of one value have none: a
            quantile in a heap of zeros cannot be planned so.
        """
        if not (0 < q < 1 and density > 0):
            raise AnalysisError(
                f"q == {q}, density == {density}: 0 < q < 1, density above 0", where="baseline"
            )
        return cls("quantile", value, sqrt(q * (1 - q)) / density)

    @classmethod
    def of_interval(
        cls, kind: Kind, value: float, low: float, high: float, n_obs: int, *, level: float = 0.95
    ) -> Baseline:
        """Return that of any metric whose interval in one group is known, from an earlier report.

        Parameters
        ----------
        kind, value
            The metric's kind, and its value in the group.
        low, high, level
            Its interval there.
        n_obs
            Units of the group.

        Examples
        --------
        >>> round(Baseline.of_interval("quantile", 8.0, 7.0, 9.0, 400).sd, 2)
        10.2
        """
        z = NormalDist().inv_cdf((1 + level) / 2)
        return cls(kind, value, (high - low) / (2 * z) * sqrt(n_obs))


@dataclass(frozen=True)
class Setting:
    """How an experiment is set up: all that decides its power but the outcome itself.

    Parameters
    ----------
    shares
        Planned share of units per variant, control first; any scale.
    alpha
        The accepted error, of both sides together and over all comparisons together.
    sides
        2: a difference; 1: an improvement, or a guardrail that holds.
    metrics
        Primary metrics that share `alpha`.
    adjustment
        For several comparisons: `holm` (planned as Bonferroni), `bonferroni`, `dunnett` or `none`.
    r_squared
        Part of the outcome's variance that the covariates explain, 0 to below 1.
    covariates
        How many there are; each costs a degree of freedom.
    icc
        Correlation of two units of one cluster.
    cluster_size, cluster_size_cv
        Mean units per cluster (1: no clusters), and standard deviation of that over its mean.
    looks, spending
        How many times the data will be read, equally far apart, and how alpha is spent.
    anytime
        Read as often as anybody likes.
    margin
        Of a guardrail: what is shown is that the effect is not worse than `-margin`.

    Raises
    ------
    AnalysisError
        For values outside these.
    """

    shares: tuple[float, ...] = (0.5, 0.5)
    alpha: float = 0.05
    sides: Literal[1, 2] = 2
    metrics: int = 1
    adjustment: Adjustment = "holm"
    r_squared: float = 0.0
    covariates: int = 0
    icc: float = 0.0
    cluster_size: float = 1.0
    cluster_size_cv: float = 0.0
    looks: int = 1
    spending: Spending = "obrien-fleming"
    anytime: bool = False
    margin: float | None = None

    def __post_init__(self) -> None:
        rules = (
            (len(self.shares) >= 2 and min(self.shares) > 0, "shares", "two or more above 0"),
            (0 < self.alpha < 1, "alpha", "between 0 and 1"),
            (self.sides in (1, 2), "sides", "1 or 2"),
            (self.metrics >= 1, "metrics", "1 or more"),
            (0 <= self.r_squared < 1, "r_squared", "0 to below 1"),
            (0 <= self.icc <= 1, "icc", "0 to 1"),
            (self.cluster_size >= 1, "cluster_size", "1 or more"),
            (self.cluster_size_cv >= 0, "cluster_size_cv", "0 or more"),
            (self.looks >= 1, "looks", "1 or more"),
            (self.margin is None or self.margin > 0, "margin", "above 0"),
            (self.margin is None or self.sides == 1, "sides", "1, with a margin"),
            (not (self.anytime and self.looks > 1), "looks", "1, with anytime"),
            (
                self.adjustment != "dunnett" or (self.looks == 1 and not self.anytime),
                "adjustment",
                "holm, with several looks",
            ),
        )
        for holds, name, allowed in rules:
            if not holds:
                raise AnalysisError(
                    f"{name} == {getattr(self, name)}, must be {allowed}", where="design"
                )

    @classmethod
    def of(
        cls, plan: Plan, metric: Metric | None = None, *, margin: float | None = None
    ) -> Setting:
        """Return the setting of a declared experiment.

        Parameters
        ----------
        plan
            What was declared.
        metric
            Which metric; a guardrail is planned one-sided at half of alpha, without a share in the
            comparisons of what decides. None for the primary ones.
        margin
            Of a guardrail: its margin in the metric's own unit.
        """
        shares = (plan.shares[plan.control], *(plan.shares[name] for name in plan.treatments))
        held = metric is not None and metric.role == "guardrail"
        sequential = plan.readings.method == "group-sequential"
        return cls(
            shares=shares,
            alpha=plan.alpha / 2 if held else plan.alpha,
            sides=1 if held else 2,
            metrics=max(sum(one.primary for one in plan.metrics), 1),
            adjustment="none" if held else "holm",
            covariates=len(plan.covariates),
            looks=(plan.readings.looks or 1) if sequential else 1,
            spending=plan.readings.spending,
            anytime=plan.readings.method == "anytime",
            margin=margin if held else None,
        )

    @property
    def treatments(self) -> int:
        """Return how many variants are compared with the control."""
        return len(self.shares) - 1

    @property
    def inflation(self) -> float:
        """Return the factor of the variance: clusters raise it, covariates lower it."""
        unequal = (self.cluster_size_cv**2 + 1) * self.cluster_size - 1
        return (1 + max(unequal, 0.0) * self.icc) * (1 - self.r_squared)


@dataclass(frozen=True)
class Sample:
    """How many units a plan needs.

    Parameters
    ----------
    total
        Units in all variants together.
    per_variant
        Units per variant, control first.
    clusters
        Clusters per variant; None without clusters.
    """

    total: int
    per_variant: tuple[int, ...]
    clusters: tuple[int, ...] | None = None
