"""Whether the data of an experiment may be read at all.

A failed check means that the groups may differ for another reason than the treatment; then no
estimate, however precise, answers the question.

References
----------
Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD 2019, for
the sample-ratio test and its strict level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from workbench.data.small_groups import fewer_than, is_small
from workbench.experiments.moments import Moments
from workbench.experiments.plan import Plan

__all__ = ["CHECK_ALPHA", "DOUBLE_SHARE", "Check", "check_frame", "check_plan", "sample_ratio"]

Status = Literal["passed", "noted", "failed"]

CHECK_ALPHA = 0.001
"""A check fails below this p-value: rarely by chance, so that an alarm is worth a look."""

DOUBLE_SHARE = 0.01
"""A check fails when more than this share of customers is in two variants, or contradictory."""


@dataclass(frozen=True)
class Check:
    """One reason to trust the data, or not.

    Parameters
    ----------
    name
        Slug: `sample-ratio`, `variants`, `two-variants`, `conflicts`, `missing-<metric>`.
    label
        What was checked, in plain words.
    status
        `passed`; `noted`, which does not stand in the way of a decision; or `failed`, which does.
    text
        What was found, with the numbers.
    statistic, pvalue
        Of the test behind it; None where it is a plain count.
    """

    name: str
    label: str
    status: Status
    text: str
    statistic: float | None = None
    pvalue: float | None = None


def sample_ratio(counts: Sequence[int], shares: Sequence[float]) -> tuple[float, float]:
    """Return chi-square and p-value of the counts against the planned shares.

    Parameters
    ----------
    counts
        Customers per variant.
    shares
        Planned share per variant, above 0, in the same order; any scale.

    Examples
    --------
    >>> chi2, p = sample_ratio([21307, 21387, 21306], [1 / 3, 1 / 3, 1 / 3])
    >>> f"{chi2:.3f} {p:.3f}"
    '0.203 0.904'
    """
    seen, planned = np.asarray(counts, dtype="float64"), np.asarray(shares, dtype="float64")
    expected = planned / planned.sum() * seen.sum()
    statistic = float(((seen - expected) ** 2 / expected).sum())
    return statistic, float(stats.chi2.sf(statistic, len(seen) - 1))


def check_plan(plan: Plan, found: Moments, *, min_group: int) -> tuple[Check, ...]:
    """Return all checks of one experiment.

    Parameters
    ----------
    plan
        What was declared.
    found
        Its moments; variants that were not declared may be among them.
    min_group
        Fewer customers are not counted in the text, nor is a share or a statistic given from which
        they could be computed.
    """
    checks = [
        _variants(plan, found, min_group),
        _ratio(plan, found, min_group),
        _double(found, min_group),
        _conflicts(found, min_group),
    ]
    checks += [
        _missing(plan, found, metric.name, metric.column, metric.label, min_group)
        for metric in plan.metrics
        if (plan.control, metric.column) in found.metrics
    ]
    return tuple(checks)


def _variants(plan: Plan, found: Moments, min_group: int) -> Check:
    label = "Variants are those that were declared"
    unknown = {name: n for name, n in found.units.items() if name not in plan.shares}
    absent = [name for name in plan.shares if not found.units.get(name)]
    parts = [
        f"variant {name} was not declared, but {fewer_than(n, min_group)} customers are in it"
        for name, n in sorted(unknown.items())
    ]
    parts += [f"no customer is in the declared variant {name}" for name in absent]
    if parts:
        return Check("variants", label, "failed", _sentence("; ".join(parts)))
    counts = ", ".join(f"{name} {fewer_than(found.units[name], min_group)}" for name in plan.shares)
    return Check("variants", label, "passed", f"Customers: {counts}.")


def _ratio(plan: Plan, found: Moments, min_group: int) -> Check:
    label = "Groups have the planned sizes"
    counts = [found.units.get(name, 0) for name in plan.shares]
    total, planned = sum(counts), sum(plan.shares.values())
    if not total:
        return Check("sample-ratio", label, "failed", "No customer was assigned.")
    statistic, pvalue = sample_ratio(counts, list(plan.shares.values()))
    status: Status = "failed" if pvalue < CHECK_ALPHA else "passed"
    verdict = (
        "This is no chance: find out how customers were assigned or lost"
        if status == "failed"
        else "Chance alone can explain the difference"
    )
    if any(is_small(count, min_group) for count in counts):
        # Any share, and the statistic beside the other groups, would tell how few they are.
        text = f"A group has fewer than {min_group} customers, so no shares are shown. {verdict}."
        return Check("sample-ratio", label, status, text)
    parts = ", ".join(
        f"{name} {100 * n / total:.1f}% (planned {100 * share / planned:.1f}%)"
        for (name, share), n in zip(plan.shares.items(), counts, strict=True)
    )
    text = f"{parts}. {verdict} (chi-square {statistic:.3f}, p {_p(pvalue)})."
    return Check("sample-ratio", label, status, text, statistic, pvalue)


def _double(found: Moments, min_group: int) -> Check:
    label, count = "Each customer is in one variant", found.units_in_two_variants
    return _excluded("two-variants", label, count, "in two variants", found, min_group)


def _conflicts(found: Moments, min_group: int) -> Check:
    label, count = "Each customer has one outcome", found.units_in_conflict
    text = "with several rows that contradict each other"
    check = _excluded("conflicts", label, count, text, found, min_group)
    extra = []
    if found.repeated_rows:
        extra.append(f"{found.repeated_rows:,} rows repeat another and count once.")
    if found.rows_without_place:
        extra.append(f"{found.rows_without_place:,} rows have no customer or no variant.")
    if not extra:
        return check
    status: Status = "noted" if check.status == "passed" else check.status
    return Check(check.name, label, status, " ".join([check.text, *extra]))


def _excluded(
    name: str, label: str, count: int, what: str, found: Moments, min_group: int
) -> Check:
    if not count:
        return Check(name, label, "passed", f"No customer is {what}.".replace("is with", "has"))
    everyone = sum(found.units.values()) + found.units_in_two_variants + found.units_in_conflict
    share = count / everyone
    status: Status = "failed" if share > DOUBLE_SHARE else "noted"
    if is_small(count, min_group):
        return Check(name, label, status, f"Fewer than {min_group} customers {what}: left out.")
    text = f"{count:,} customers ({100 * share:.2f}%) {what}: left out."
    return Check(name, label, status, text)


def _missing(
    plan: Plan, found: Moments, name: str, column: str, label: str, min_group: int
) -> Check:
    title = f"{label}: outcomes are there, in all groups alike"
    slug = f"missing-{name}"
    parts = [found.metrics[v, column] for v in plan.shares if (v, column) in found.metrics]
    names = [v for v in plan.shares if (v, column) in found.metrics]
    missing = np.array([part.missing + part.infinite for part in parts])
    there = np.array([part.n_obs for part in parts])
    infinite = sum(part.infinite for part in parts)
    if infinite:
        text = f"{fewer_than(infinite, min_group)} customers have an infinite outcome."
        return Check(slug, title, "failed", f"{text[0].upper()}{text[1:]}")
    if not there.sum():
        return Check(slug, title, "failed", "No customer has an outcome.")
    if not missing.sum():
        return Check(slug, title, "passed", "Every customer has an outcome.")
    # The share that is missing would tell how few have an outcome, or are in the group at all.
    few = [
        is_small(int(seen), min_group) or is_small(int(lost + seen), min_group)
        for lost, seen in zip(missing, there, strict=True)
    ]
    shares = ", ".join(
        f"{variant} has fewer than {min_group} customers or outcomes"
        if hidden
        else f"{variant} {100 * lost / (lost + seen):.2f}%"
        for variant, lost, seen, hidden in zip(names, missing, there, few, strict=True)
    )
    if len(parts) < 2:
        return Check(slug, title, "noted", f"Missing: {shares}.")
    result = stats.chi2_contingency(np.array([missing, there]), correction=False)
    statistic, pvalue = float(result.statistic), float(result.pvalue)
    status: Status = "failed" if pvalue < CHECK_ALPHA else "noted"
    verdict = "not alike in all groups" if status == "failed" else "alike in all groups"
    if any(few):
        return Check(slug, title, status, f"Missing: {shares}; {verdict}.")
    text = f"Missing: {shares}; {verdict} (p {_p(pvalue)})."
    return Check(slug, title, status, text, statistic, pvalue)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _p(value: float) -> str:
    return "<0.001" if value < 0.0005 else f"{value:.3f}"


def check_frame(checks: Sequence[Check]) -> pd.DataFrame:
    """Return checks as a frame: `check`, `status`, `text`, failed ones first."""
    rank = {"failed": 0, "noted": 1, "passed": 2}
    ordered = sorted(checks, key=lambda check: rank[check.status])
    rows = [(check.label, check.status, check.text) for check in ordered]
    return pd.DataFrame(rows, columns=["check", "status", "text"])
