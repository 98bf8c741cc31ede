"""Whether groups were alike before the experiment, and whether a covariate may be adjusted for.

References
----------
Austin, "Balance Diagnostics for Comparing the Distribution of Baseline Covariates", Statistics in
Medicine 28, 2009, for the standardised difference and its mark of 0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt

from scipy import stats

from workbench.data.phrases import listed, signed
from workbench.data.small_groups import fewer_than, is_small
from workbench.experiments.multiplicity import holm
from workbench.experiments.plan import Covariate, Plan
from workbench.experiments.verdicts import CHECK_ALPHA, LEFT_OUT_SHARE, Check, Status, shown_p

__all__ = ["SMD_NOTED", "Group", "check_balance", "check_covariate", "standardised_difference"]

SMD_NOTED = 0.1
"""A standardised difference beyond this is worth a note, whatever its p-value."""

WEAK = 0.1
"""A covariate whose correlation with the outcome is below this hardly narrows the interval."""


@dataclass(frozen=True)
class Group:
    """A covariate in one variant.

    Parameters
    ----------
    n_obs
        Customers with a value.
    mean, variance
        Of them; the variance has the divisor `n_obs - 1`.
    """

    n_obs: int
    mean: float
    variance: float


def standardised_difference(control: Group, treatment: Group) -> float | None:
    """Return the difference of means in standard deviations; None where nothing varies.

    Examples
    --------
    >>> standardised_difference(Group(50, 10.0, 4.0), Group(50, 10.5, 4.0))
    0.25
    """
    spread = sqrt((control.variance + treatment.variance) / 2)
    return (treatment.mean - control.mean) / spread if spread > 0 else None


def check_balance(
    plan: Plan, groups: Mapping[tuple[str, str], Group], *, min_group: int
) -> tuple[Check, ...]:
    """Return, per covariate, whether the variants were alike before the experiment.

    It fails where chance alone would hardly ever make such a difference, by Welch's test with
    Holm's correction over all covariates and variants: then assignment was not at random.

    Parameters
    ----------
    plan
        What was declared.
    groups
        (variant, covariate's name) -> the covariate there; pairs without values may be left out.
    min_group
        No number is given of smaller groups.
    """
    pairs = [
        (covariate, name, groups[plan.control, covariate.name], groups[name, covariate.name])
        for covariate in plan.covariates
        for name in plan.treatments
        if _enough(groups.get((plan.control, covariate.name)))
        and _enough(groups.get((name, covariate.name)))
    ]
    adjusted = holm([_pvalue(control, treatment) for _, _, control, treatment in pairs])
    return tuple(
        _balance(
            covariate,
            [
                (name, control, treatment, p)
                for (other, name, control, treatment), p in zip(pairs, adjusted, strict=True)
                if other is covariate
            ],
            min_group,
        )
        for covariate in plan.covariates
    )


def _enough(group: Group | None) -> bool:
    return group is not None and group.n_obs >= 2


def _pvalue(control: Group, treatment: Group) -> float:
    parts = [one.variance / one.n_obs for one in (control, treatment)]
    gap = treatment.mean - control.mean
    if sum(parts) == 0:
        return 1.0 if gap == 0 else 0.0
    dfs = (one.n_obs - 1 for one in (control, treatment))
    df = sum(parts) ** 2 / sum(v**2 / d for v, d in zip(parts, dfs, strict=True))
    return float(2 * stats.t.sf(abs(gap) / sqrt(sum(parts)), df))


def _balance(
    covariate: Covariate, pairs: list[tuple[str, Group, Group, float]], min_group: int
) -> Check:
    name, label = f"balance-{covariate.name}", f"{covariate.label}: groups were alike before"
    if not pairs:
        text = "It cannot be compared: a group has fewer than two values."
        return Check(name, label, "noted", text, advice="Give the covariate to all groups.")
    small = any(is_small(one.n_obs, min_group) for _, *two, _ in pairs for one in two)
    gaps = {variant: standardised_difference(c, t) for variant, c, t, _ in pairs}
    least = min(p for *_, p in pairs)
    largest = max((abs(gap) for gap in gaps.values() if gap is not None), default=0.0)
    status: Status = "passed"
    if least < CHECK_ALPHA:
        status = "failed"
    elif largest > SMD_NOTED:
        status = "noted"
    verdict = {
        "passed": "no more than chance makes",
        "noted": "more than is usual, though chance can make it",
        "failed": "more than chance makes: the groups were different before anything was done",
    }[status]
    shown = listed(
        [
            f"{variant} {'does not vary' if gap is None else signed(gap, 3)}"
            for variant, gap in gaps.items()
        ]
    )
    text = f"Difference to the control in standard deviations: {shown}; {verdict}"
    text = f"A group is too small to be shown; {verdict}." if small else f"{text}."
    if status == "failed" and not small:
        text = f"{text[:-1]} ({shown_p(least)})."
    advice = {
        "passed": "",
        "noted": "Read the adjusted effect: it takes the difference into account.",
        "failed": "Find out how customers came into their groups; do not decide until it is known.",
    }[status]
    return Check(name, label, status, text, None, None if small else least, advice)


def check_covariate(
    covariate: Covariate,
    *,
    rows: int,
    late: int | None,
    cut: int = 0,
    correlation: float | None = None,
    min_group: int,
) -> Check:
    """Return whether a covariate may be adjusted for, and whether that is of any use.

    Parameters
    ----------
    covariate
        The covariate.
    rows
        Assignments.
    late
        Values that are not known to come before the assignment; None where nobody says when the
        column was measured. Of a window before the assignment none are late.
    cut
        Windows that begin before the table does.
    correlation
        With the primary outcome, within variants; None where it is not known.
    min_group
        Fewer customers are not counted in the text.
    """
    name = f"covariate-{covariate.name}"
    label = f"{covariate.label}: known before the assignment"
    late = 0 if covariate.window_days else late
    use = _use(correlation)
    if late:
        status: Status = "failed" if late > LEFT_OUT_SHARE * max(rows, 1) else "noted"
        text = f"{fewer_than(late, min_group)} values were measured after the assignment. {use}"
        text = f"{text[:1].upper()}{text[1:]}".strip()
        advice = "Take values from before the assignment, or leave the covariate out."
        return Check(name, label, status, text, advice=advice)
    if late is None:
        text = f"Nobody says when it was measured. {use}".strip()
        advice = "Declare `measured_at`; what was measured after the assignment may be an effect."
        return Check(name, label, "noted", text, advice=advice)
    if cut:
        text = (
            f"{fewer_than(cut, min_group)} customers' windows begin before the data do; what lies "
            f"before counts as nothing. {use}"
        )
        text = f"{text[:1].upper()}{text[1:]}".strip()
        return Check(name, label, "noted", text, advice="Take a shorter window, or older data.")
    return Check(name, label, "passed", f"All of it lies before the assignment. {use}".strip())


def _use(correlation: float | None) -> str:
    if correlation is None or not isfinite(correlation):
        return ""
    if abs(correlation) < WEAK:
        return f"It hardly goes with the outcome (correlation {signed(correlation, 2)})."
    saved = 100 * correlation**2
    return (
        f"It goes with the outcome (correlation {signed(correlation, 2)}): adjusting takes "
        f"{saved:.0f}% out of the variance."
    )
