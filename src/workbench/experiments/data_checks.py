"""All checks of one experiment's data, those of covariates and missing columns among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from workbench.experiments.balance import Group, check_covariate
from workbench.experiments.checks import check_plan
from workbench.experiments.moments import Joint, Moments
from workbench.experiments.plan import Plan
from workbench.experiments.sums import Sums, asked_joint, metrics_there
from workbench.experiments.tally import Tally
from workbench.experiments.verdicts import Check

__all__ = ["check_data"]


def check_data(
    plan: Plan,
    names: Sequence[str],
    found: Moments,
    sums: Sums,
    spread: Tally,
    *,
    waiting: Mapping[tuple[str, str], int],
    cut: Mapping[str, int],
    min_group: int,
) -> tuple[Check, ...]:
    """Return all checks of one experiment.

    Parameters
    ----------
    plan
        What was declared.
    names
        Columns that are there.
    found, sums
        As :func:`workbench.experiments.sums.gather` gives them.
    spread
        Units by day and segment.
    waiting
        (variant, metric's name) -> customers whose window is not over.
    cut
        Covariate -> windows before the assignment that begin before their table does.
    min_group
        Fewer customers are not counted in a text.
    """
    groups = _groups(plan, found, names)
    checks = check_plan(
        plan, found, min_group=min_group, tally=spread, groups=groups, waiting=waiting
    )
    checks += _covariate_checks(plan, found, sums, spread, cut, names, min_group)
    return checks + tuple(_absent(plan, names))


def _absent(plan: Plan, names: Sequence[str]) -> list[Check]:
    """Return a failed check for each outcome, and a note for each covariate, that is not there."""
    made = [
        Check(
            f"missing-{metric.name}",
            f"{metric.label}: outcomes are there",
            "failed",
            f"The assignments have no column {column}.",
            advice="Read the column from the source, or correct the declaration.",
        )
        for metric in plan.metrics
        for column in metric.columns
        if column not in names
    ]
    return made + [
        Check(
            f"covariate-{covariate.name}",
            f"{covariate.label}: known before the assignment",
            "noted",
            f"The assignments have no column {covariate.column}: effects are not adjusted for it.",
            advice="Read the column from the source, or leave the covariate out.",
        )
        for covariate in plan.covariates
        if covariate.column not in names
    ]


def _groups(
    plan: Plan, found: Moments, names: Sequence[str]
) -> dict[tuple[str, str], Group] | None:
    """Return each covariate in each variant; None where clusters were drawn."""
    if plan.clustered:
        # Customers of one cluster are alike, so a test over customers would cry wolf.
        return None
    made = {}
    for covariate in plan.covariates:
        for variant in plan.shares:
            part = found.metrics.get((variant, covariate.column))
            if covariate.column in names and part is not None and part.n_obs >= 2:
                made[variant, covariate.name] = Group(part.n_obs, part.mean, part.variance)
    return made


def _covariate_checks(
    plan: Plan,
    found: Moments,
    sums: Sums,
    spread: Tally,
    cut: Mapping[str, int],
    names: Sequence[str],
    min_group: int,
) -> tuple[Check, ...]:
    outcome = next((m for m in metrics_there(plan, list(names)) if m.primary), None)
    joint = None if outcome is None else asked_joint(outcome, sums.covariates)
    return tuple(
        check_covariate(
            covariate,
            rows=spread.rows,
            late=spread.late.get(covariate.name),
            cut=cut.get(covariate.name, 0),
            correlation=None
            if outcome is None or joint is None or outcome.denominator is not None
            else _correlation(plan, found, joint, outcome.column, covariate.column),
            min_group=min_group,
        )
        for covariate in plan.covariates
        if covariate.column in names
    )


def _correlation(
    plan: Plan, found: Moments, joint: Joint, outcome: str, covariate: str
) -> float | None:
    """Return the correlation of an outcome and a covariate within variants."""
    products = [0.0, 0.0, 0.0]
    for variant in plan.shares:
        part = found.joint.get((variant, joint))
        if part is None or part.n_obs < 2:
            continue
        (xx, xy), (_, yy) = part.part([outcome, covariate]).covariance()
        products = [
            total + (part.n_obs - 1) * float(value)
            for total, value in zip(products, (xx, xy, yy), strict=True)
        ]
    xx, xy, yy = products
    return xy / sqrt(xx * yy) if xx > 0 and yy > 0 else None
