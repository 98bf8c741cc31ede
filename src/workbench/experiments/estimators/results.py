"""What an estimator gives, and what it gives when there is no estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workbench.data.small_groups import is_small

__all__ = ["Counted", "Difference", "refusal", "without"]


@dataclass(frozen=True)
class Difference:
    """A variant against the control, on one outcome.

    Parameters
    ----------
    n_obs_control, n_obs
        Customers with an outcome in the control and in the variant; None where they are too few to
        show.
    control, treatment
        Mean outcome of each (a proportion is a mean of 0 and 1; or their ratios, or quantiles);
        None without any outcome.
    effect_size
        `treatment - control`; a proportion's is in shares (0.01 = one point).
    effect_size_ci_lower, effect_size_ci_upper
        Interval of the effect at `level`.
    rel_effect_size, rel_effect_size_ci_lower, rel_effect_size_ci_upper
        The effect as a share of the control mean, and its interval.
    statistic, pvalue
        Of the two-sided test that there is no difference.
    level
        Of both intervals, `1 - alpha`.
    method, rel_method
        How interval and test, and the relative interval, were made.
    reason, rel_reason
        Why there is no test, or no relative effect; empty where there is.
    std_error
        Standard error of the effect; None where there is none.
    """

    n_obs_control: int | None
    n_obs: int | None
    control: float | None
    treatment: float | None
    effect_size: float | None = None
    effect_size_ci_lower: float | None = None
    effect_size_ci_upper: float | None = None
    rel_effect_size: float | None = None
    rel_effect_size_ci_lower: float | None = None
    rel_effect_size_ci_upper: float | None = None
    statistic: float | None = None
    pvalue: float | None = None
    level: float = 0.95
    method: str = ""
    rel_method: str = ""
    reason: str = ""
    rel_reason: str = ""
    std_error: float | None = None


class Counted(Protocol):
    """Moments, as far as a refusal needs to know them."""

    @property
    def n_obs(self) -> int: ...  # noqa: D102
    @property
    def infinite(self) -> int: ...  # noqa: D102


def refusal(
    control: Counted, treatment: Counted, *, min_group: int, least: int = 2, unit: str = "outcomes"
) -> str:
    """Return why two groups cannot be compared, or nothing.

    Parameters
    ----------
    control, treatment
        Moments of the two groups.
    min_group, least
        With fewer in either group than the larger of the two there is no comparison.
    unit
        What is counted.
    """
    smallest, needed = min(control.n_obs, treatment.n_obs), max(min_group, least)
    if control.infinite or treatment.infinite:
        return "Some outcomes are infinite."
    if smallest == 0:
        return "A group has no outcome at all."
    if smallest < needed:
        return f"A group has fewer than {needed} {unit}: too few to be compared."
    return ""


def without(
    control: Counted, treatment: Counted, *, alpha: float, min_group: int, reason: str
) -> Difference:
    """Return a difference without any number but the counts of groups large enough to show."""
    there, here = (
        None if is_small(part.n_obs, min_group) else part.n_obs for part in (control, treatment)
    )
    return Difference(there, here, None, None, level=1 - alpha, reason=reason, rel_reason=reason)
