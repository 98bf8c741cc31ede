"""Whether the data of an experiment may be read at all.

A failed check means that the groups may differ for another reason than the treatment; then no
estimate, however precise, answers the question.

References
----------
Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD 2019, for
the sample-ratio test and its strict level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import stats

from workbench.data.small_groups import fewer_than, is_small
from workbench.experiments.balance import Group, check_balance
from workbench.experiments.moments import Moments
from workbench.experiments.multiplicity import holm
from workbench.experiments.plan import Plan
from workbench.experiments.sample_ratio import ratio_test
from workbench.experiments.spread import check_period, check_spread
from workbench.experiments.tally import Tally
from workbench.experiments.verdicts import CHECK_ALPHA, LEFT_OUT_SHARE, Check, Status, shown_p

__all__ = ["check_plan"]


def check_plan(
    plan: Plan,
    found: Moments,
    *,
    min_group: int,
    tally: Tally | None = None,
    groups: Mapping[tuple[str, str], Group] | None = None,
    waiting: Mapping[tuple[str, str], int] | None = None,
) -> tuple[Check, ...]:
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
    tally
        Its units by day and segment; without it these are not checked.
    groups
        (variant, covariate) -> the covariate there; without it balance is not checked.
    waiting
        (variant, metric's name) -> customers whose window is not over: these outcomes are not
        missing.
    """
    checks = [
        _variants(plan, found, min_group),
        _ratio(plan, found, min_group),
        _double(plan, found, min_group),
        _conflicts(found, min_group),
    ]
    if tally is not None:
        period = check_period(plan, tally, min_group=min_group)
        checks += [] if period is None else [period]
        checks += check_spread(plan, tally, min_group=min_group)
    checks += [
        _missing(plan, found, metric.name, metric.column, metric.label, waiting or {}, min_group)
        for metric in plan.metrics
        if (plan.control, metric.column) in found.metrics
    ]
    if groups is not None:
        checks += check_balance(plan, groups, min_group=min_group)
    return tuple(checks)


def _variants(plan: Plan, found: Moments, min_group: int) -> Check:
    label = "Variants are those that were declared"
    unknown = {name: n for name, n in found.units.items() if name not in plan.shares}
    absent = [name for name in plan.shares if not found.units.get(name)]
    who = plan.units_word
    parts = [
        f"variant {name} was not declared, but {fewer_than(n, min_group)} {who} are in it"
        for name, n in sorted(unknown.items())
    ]
    one = who.removesuffix("s")
    parts += [f"no {one} is in the declared variant {name}" for name in absent]
    if parts:
        only = sum(1 for name in plan.shares if found.units.get(name)) < 2
        parts += ["there is nothing to compare"] if only else []
        advice = "Find out what was really done, or correct the declaration."
        return Check("variants", label, "failed", _sentence("; ".join(parts)), advice=advice)
    counts = ", ".join(f"{name} {fewer_than(found.units[name], min_group)}" for name in plan.shares)
    return Check("variants", label, "passed", f"{who.capitalize()}: {counts}.")


def _ratio(plan: Plan, found: Moments, min_group: int) -> Check:
    label = "Groups have the planned sizes"
    counts = [found.units.get(name, 0) for name in plan.shares]
    total, planned = sum(counts), sum(plan.shares.values())
    if not total:
        return Check("sample-ratio", label, "failed", "No customer was assigned.")
    test = ratio_test(counts, list(plan.shares.values()))
    status: Status = "failed" if test.pvalue < CHECK_ALPHA else "passed"
    verdict = (
        "This is no chance: find out how customers were assigned or lost"
        if status == "failed"
        else "Chance alone can explain the difference"
    )
    advice = (
        "Look for what treats the groups differently: assignment, delivery, what is logged."
        if status == "failed"
        else ""
    )
    if any(is_small(count, min_group) for count in counts):
        # Any share, and the statistic beside the other groups, would tell how few they are.
        few = f"A group has fewer than {min_group} {plan.units_word}"
        text = f"{few}, so no shares are shown. {verdict}."
        return Check("sample-ratio", label, status, text, advice=advice)
    parts = ", ".join(
        f"{name} {100 * n / total:.1f}% (planned {100 * share / planned:.1f}%)"
        for (name, share), n in zip(plan.shares.items(), counts, strict=True)
    )
    how = test.method if test.statistic is None else f"{test.method} {test.statistic:.3f}"
    text = f"{parts}. {verdict} ({how}, {shown_p(test.pvalue)})."
    return Check("sample-ratio", label, status, text, test.statistic, test.pvalue, advice)


def _double(plan: Plan, found: Moments, min_group: int) -> Check:
    word = plan.units_word.removesuffix("s")
    label, count = f"Each {word} is in one variant", found.units_in_two_variants
    return _excluded("two-variants", label, count, "in two variants", found, min_group, word)


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
    name: str,
    label: str,
    count: int,
    what: str,
    found: Moments,
    min_group: int,
    word: str = "customer",
) -> Check:
    if not count:
        return Check(name, label, "passed", f"No {word} is {what}.".replace("is with", "has"))
    everyone = sum(found.units.values()) + found.units_in_two_variants + found.units_in_conflict
    share = count / everyone
    status: Status = "failed" if share > LEFT_OUT_SHARE else "noted"
    advice = "Find out how it came about: whoever is left out may not be like the others."
    if is_small(count, min_group):
        text = f"Fewer than {min_group} {word}s {what}: left out."
        return Check(name, label, status, text, advice=advice)
    text = f"{count:,} {word}s ({100 * share:.2f}%) {what}: left out."
    return Check(name, label, status, text, advice=advice)


def _missing(
    plan: Plan,
    found: Moments,
    name: str,
    column: str,
    label: str,
    waiting: Mapping[tuple[str, str], int],
    min_group: int,
) -> Check:
    title = f"{label}: outcomes are there, in all groups alike"
    slug = f"missing-{name}"
    names = [v for v in plan.shares if (v, column) in found.metrics]
    parts = [found.metrics[v, column] for v in names]
    later = [waiting.get((v, name), 0) for v in names]
    missing = np.array(
        [max(p.missing + p.infinite - w, 0) for p, w in zip(parts, later, strict=True)]
    )
    there = np.array([part.n_obs for part in parts])
    infinite = sum(part.infinite for part in parts)
    advice = "Find out why outcomes are missing, above all where more of one group are."
    if infinite:
        text = f"{fewer_than(infinite, min_group)} customers have an infinite outcome."
        text = f"{text[0].upper()}{text[1:]}"
        return Check(slug, title, "failed", text, advice="Mend the values at their source.")
    wait = sum(later)
    waits = f" {fewer_than(wait, min_group)} customers' windows are not over." if wait else ""
    waits = waits.replace(" fewer", " Fewer")
    if not there.sum():
        return Check(slug, title, "failed", f"No customer has an outcome.{waits}", advice=advice)
    if not missing.sum():
        text = "Every customer has an outcome."
        text = f"Every customer whose window is over has an outcome.{waits}" if wait else text
        return Check(slug, title, "noted" if wait else "passed", text)
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
        return Check(slug, title, "noted", f"Missing: {shares}.{waits}", advice=advice)
    statistic, pvalue = _alike(missing, there)
    status: Status = "failed" if pvalue < CHECK_ALPHA else "noted"
    verdict = "not alike in all groups" if status == "failed" else "alike in all groups"
    if any(few):
        return Check(slug, title, status, f"Missing: {shares}; {verdict}.{waits}", advice=advice)
    text = f"Missing: {shares}; {verdict} ({shown_p(pvalue)}).{waits}"
    return Check(slug, title, status, text, statistic, pvalue, advice)


def _alike(
    missing: npt.NDArray[np.int_], there: npt.NDArray[np.int_]
) -> tuple[float | None, float]:
    """Return the test that outcomes are missing alike in all groups, exact where few are."""
    table = np.array([missing, there])
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if expected.min() >= 5:
        result = stats.chi2_contingency(table, correction=False)
        return float(result.statistic), float(result.pvalue)
    pairs: Sequence[tuple[int, int]] = list(combinations(range(len(missing)), 2))
    pvalues = [float(stats.fisher_exact(table[:, pair]).pvalue) for pair in pairs]
    return None, min(holm([min(p, 1.0) for p in pvalues]))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
