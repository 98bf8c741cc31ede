"""Groups of customers in one call, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import AnalysisError, one_of
from workbench.segmentation.clusters.agreement import adjusted_rand
from workbench.segmentation.clusters.choosing import (
    FORM_SIZE,
    Candidate,
    candidate_table,
    choose,
    measure_candidates,
)
from workbench.segmentation.clusters.fitting import FORMS, Method, Rule, best_form, fit_rule
from workbench.segmentation.clusters.grouping import Grouping, assign_all
from workbench.segmentation.clusters.references import Reference, best_silhouettes, compare
from workbench.segmentation.clusters.scaling import THEMES, Transform, fit_transform
from workbench.segmentation.clusters.stability import CONFIDENCE, PAIRS, Stability, analyst_size
from workbench.segmentation.clusters.traits import PURCHASES, Behaviour

__all__ = ["Groups", "find_groups"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_A_GROUP = 5  # customers for each group that an analyst must have at least
_COMPARED = 1000  # customers that are compared with data without groups


@dataclass(frozen=True)
class Groups:
    """Groups of customers who behave alike, or why there are none.

    Parameters
    ----------
    grouping
        What puts customers into groups, ordered by net revenue per customer, falling; None when
        there are no groups.
    labels
        The group of each customer, from 0, in the order of `Behaviour.customers`; empty when there
        are none.
    sizes
        Customers in each group.
    reason
        Why there are no groups, in plain words; empty when there are.
    table
        What is known of each number of groups: see `candidate_table`.
    stability
        How far two analysts would agree on these groups; None when there are none.
    references
        How the groups compare with customers without groups; empty when no number was stable.
    agreement
        Adjusted Rand index of k-means and a Gaussian mixture with as many groups, on the sample;
        None when there are no groups.
    mixture_form
        The covariance form of that mixture, chosen by BIC, in plain words; empty without groups.
    customers, sampled
        How many customers there are, and on how many the groups were formed; all are assigned.
    alpha, min_stability
        What was asked for.
    """

    grouping: Grouping | None
    labels: Ints
    sizes: tuple[int, ...]
    reason: str
    table: pd.DataFrame
    stability: Stability | None
    references: tuple[Reference, ...]
    agreement: float | None
    mixture_form: str
    customers: int
    sampled: int
    alpha: float
    min_stability: float

    @property
    def k(self) -> int:
        """Return how many groups there are; 0 when there are none."""
        return len(self.sizes)

    def stability_words(self) -> str:
        """Return in a sentence how stable the groups are; empty when there are none."""
        if self.stability is None:
            return ""
        s = self.stability
        return (
            "If we had seen other customers from the same population, two analysts, each with "
            f"{s.customers:,} of them, would agree to this degree: {s.ari:.2f} "
            f"({CONFIDENCE:.0%} interval {s.ci_lower:.2f} to {s.ci_upper:.2f}; "
            "1 is full agreement, 0 what chance gives)."
        )


def find_groups(
    behaviour: Behaviour,
    *,
    seed: int,
    k_min: int = 2,
    k_max: int = 10,
    method: Method = "kmeans",
    min_stability: float = 0.65,
    min_group: int = 5,
    alpha: float = 0.05,
    sample: int = 10_000,
    draws: int = 39,
) -> Groups:
    """Return the groups that customers fall into, or why there are none.

    Parameters
    ----------
    behaviour
        What the customers did.
    seed
        Seed of every random step, not negative.
    k_min, k_max
        The numbers of groups that are tried, 2 to 20.
    method
        "kmeans" (nearest centre) or "mixture" (of Gaussians, most likely group).
    min_stability
        What the agreement of two analysts must reach at the lower end of its interval, 0 to 1. The
        default is what Steinley (2004) calls poor when it is missed.
    min_group
        The smallest group that may be shown; a number of groups with a smaller one is not chosen.
    alpha
        How often groups may be found where there are none, above 0 and at most 0.5.
    sample
        The most customers that groups are formed on, at least 1,000, drawn with `seed`. Silhouette
        and stability are those of all of them; the comparison with customers without groups is
        made on 1,000.
    draws
        How many draws of customers without groups, of each kind, at least ``1 / alpha - 1``.

    Raises
    ------
    AnalysisError
        When an argument is out of range, or a measure is missing.
    """
    _check(seed, k_min, k_max, method, min_stability, alpha, sample, draws)
    asked = _Asked(len(behaviour.customers), 0, alpha, min_stability, min_group)
    return _found(behaviour, asked, range(k_min, k_max + 1), seed, method, sample, draws)


class _Asked(NamedTuple):
    """What was asked for, of how many customers."""

    customers: int
    sampled: int
    alpha: float
    min_stability: float
    min_group: int


def _found(
    behaviour: Behaviour,
    asked: _Asked,
    wanted: range,
    seed: int,
    method: Method,
    sample: int,
    draws: int,
) -> Groups:
    """Return what `find_groups` does, once its arguments are known to be sound."""
    transform = fit_transform(behaviour)
    chance = np.random.SeedSequence(seed).spawn(5)
    drawn = np.random.default_rng(chance[0]).permutation(asked.customers)[:sample]
    asked = asked._replace(sampled=len(drawn))
    points = transform.apply(behaviour.customers.iloc[drawn])
    ks = [k for k in wanted if analyst_size(len(drawn)) >= _A_GROUP * k]
    if not ks:
        return _none(_too_few(asked.customers, wanted[0]), (), (), (), asked)
    found = measure_candidates(points, ks, chance[1], method=method)
    labels = assign_all(behaviour, transform, [one.rule for one in found])
    smallest = [
        int(np.bincount(each, minlength=k).min()) for each, k in zip(labels, ks, strict=True)
    ]
    chosen = choose(found, smallest, min_stability=asked.min_stability, min_group=asked.min_group)
    if chosen is None:
        return _none(_unstable(found, smallest, asked), found, smallest, (), asked)
    few = drawn[:_COMPARED]
    references = compare(
        points[: len(few)],
        best_silhouettes(points[: len(few)], ks, np.random.default_rng(chance[2]))[chosen],
        ks,
        themes=[THEMES[trait.block] for trait in behaviour.traits],
        purchases=_purchases(behaviour, few),
        seed=chance[3],
        draws=draws,
        alpha=asked.alpha,
    )
    if any(one.pvalue > asked.alpha for one in references):
        return _none(
            _unclear(ks[chosen], references, asked.alpha), found, smallest, references, asked
        )
    rule = _by_value(behaviour, transform, found[chosen].rule)
    agreement, form = _other_method(points, rule, found[chosen], method, chance[4])
    grouping = Grouping(method, behaviour.traits, transform, rule)
    ordered = grouping.assign(behaviour)
    return Groups(
        grouping,
        ordered,
        tuple(int(count) for count in np.bincount(ordered, minlength=rule.k)),
        "",
        candidate_table(found, smallest, chosen, min_group=asked.min_group),
        found[chosen].stability,
        references,
        agreement,
        FORMS[form],
        *asked[:4],
    )


def _none(
    reason: str,
    found: Sequence[Candidate],
    smallest: Sequence[int],
    references: tuple[Reference, ...],
    asked: _Asked,
) -> Groups:
    """Return the answer that there are no groups."""
    table = candidate_table(found, smallest, None, min_group=asked.min_group)
    nobody = np.empty(0, dtype="int64")
    return Groups(None, nobody, (), reason, table, None, references, None, "", *asked[:4])


def _too_few(customers: int, k: int) -> str:
    least = 2 * PAIRS * _A_GROUP * k
    return (
        f"There are {customers:,} customers: fewer than {least:,} are too few to look for groups."
    )


def _unstable(found: Sequence[Candidate], smallest: Sequence[int], asked: _Asked) -> str:
    min_stability, min_group = asked.min_stability, asked.min_group
    large = [one for one, least in zip(found, smallest, strict=True) if least >= min_group]
    if not large:
        return (
            f"There are no groups to show: whatever their number, one has fewer than {min_group} "
            "customers."
        )
    best = max(large, key=lambda one: one.stability.ci_lower)
    return (
        "There are no groups that would come out again with other customers: at best, with "
        f"{best.k} groups, two analysts would agree to a degree of {best.stability.ari:.2f} "
        f"(from {best.stability.ci_lower:.2f}), and {min_stability:.2f} is asked for."
    )


def _unclear(k: int, references: Sequence[Reference], alpha: float) -> str:
    worst = max(references, key=lambda one: one.pvalue)
    return (
        f"There are no groups: the best {k} pieces that the customers can be cut into are no "
        f"clearer than those of {worst.label}, who have no groups (p = {worst.pvalue:.2f}, "
        f"asked for is at most {alpha:.2f})."
    )


def _by_value(behaviour: Behaviour, transform: Transform, rule: Rule) -> Rule:
    """Return a rule with its groups by net revenue per customer, falling.

    Where behaviour does not tell the revenue, the largest group is first.
    """
    labels = assign_all(behaviour, transform, [rule])[0]
    counts = np.bincount(labels, minlength=rule.k)
    value = counts.astype("float64")
    needs = ("spend_per_purchase_day", PURCHASES, "returned_share")
    if all(name in behaviour.customers for name in needs):
        spend, days, back = (behaviour.customers[name].to_numpy("float64") for name in needs)
        revenue = np.bincount(labels, weights=spend * days * (1 - back), minlength=rule.k)
        value = revenue / np.maximum(counts, 1)
    falling = np.argsort(-value.round(4), kind="stable")
    return rule.ordered([int(place) for place in falling])


def _other_method(
    points: Floats, rule: Rule, chosen: Candidate, method: Method, seed: np.random.SeedSequence
) -> tuple[float, str]:
    """Return how far the other method agrees, and the mixture's covariance form."""
    rng = np.random.default_rng(seed)
    form = chosen.form or best_form(points[:FORM_SIZE], rule.k, rng)
    other = fit_rule(
        points, rule.k, rng, method="kmeans" if method == "mixture" else "mixture", form=form
    )
    return adjusted_rand(rule(points), other(points)), form


def _purchases(behaviour: Behaviour, rows: Ints) -> Floats:
    """Return how many purchases some customers made; one each where that is not known."""
    if PURCHASES not in behaviour.customers:
        return np.ones(len(rows))
    return behaviour.customers[PURCHASES].to_numpy("float64")[rows]


def _check(
    seed: int,
    k_min: int,
    k_max: int,
    method: str,
    min_stability: float,
    alpha: float,
    sample: int,
    draws: int,
) -> None:
    if method not in ("kmeans", "mixture"):
        raise AnalysisError(
            f"method {method!r} is unknown",
            where="clusters",
            fix=one_of(method, ["kmeans", "mixture"]),
        )
    wrong = (
        (seed < 0, f"seed == {seed}, must be >= 0"),
        (not 2 <= k_min <= k_max <= 20, f"k_min, k_max == {k_min}, {k_max}, must be 2 to 20"),
        (not 0 <= min_stability <= 1, f"min_stability == {min_stability}, must be 0 to 1"),
        (not 0 < alpha <= 0.5, f"alpha == {alpha}, must be above 0 and at most 0.5"),
        (sample < 1000, f"sample == {sample}, must be >= 1000"),
        (alpha > 0 and draws + 1 < 1 / alpha - 1e-9, f"draws == {draws}, must be >= 1 / alpha - 1"),
    )
    for is_wrong, what in wrong:
        if is_wrong:
            raise AnalysisError(what, where="clusters", fix="See `find_groups`.")
