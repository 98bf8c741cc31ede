"""Groups restated by a shallow decision tree whose thresholds are round numbers from the start.

Every measure is first cut at round numbers, and the tree may split there only: what is published is
what was measured, with no rounding after. Part of the customers is kept apart; the rules are made
from the others and tried on these.

References
----------
Breiman, Friedman, Olshen & Stone, "Classification and Regression Trees", 1984: pruning by cost and
complexity (chapter 3.3), and the smallest tree within one standard error of the best (3.4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from workbench.errors import AnalysisError
from workbench.segmentation.clusters.contrasts import check_groups, values_of
from workbench.segmentation.clusters.ordering import Box, in_order
from workbench.segmentation.clusters.rules import (
    Condition,
    GroupRate,
    GroupRules,
    Rule,
    assign,
    rate,
)
from workbench.segmentation.clusters.traits import Kind, Trait

__all__ = ["find_rules", "kept_apart", "round_cuts"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LEARNED_SHARE = 0.7
_LEARNED_MOST = 50_000  # more customers hardly change a tree of sixteen leaves
_FOLDS = 5
_LEAF_SHARE = 0.005
_WORTH = 0.01  # a larger tree must be right for one customer in a hundred more

_SHARES = (0.0, 0.01, 0.02, *(step / 20 for step in range(1, 20)), 0.98, 0.99)
_DAYS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 545, 730, 1095, 1460, 1825)
_DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


def find_rules(
    measures: pd.DataFrame,
    traits: Sequence[Trait],
    labels: npt.NDArray[Any],
    *,
    min_group: int,
    seed: int,
    max_depth: int = 4,
    level: float = 0.95,
) -> GroupRules:
    """Return rules in plain measures that restate groups, with how often they are right.

    Parameters
    ----------
    measures
        One row per customer, a column for each trait, no value missing. The order of the rows does
        not matter.
    traits
        What the columns are.
    labels
        Group of each customer, 0 to k - 1.
    min_group
        A rule takes at least as many customers, and at least one in 200.
    seed
        Decides which customers are kept apart; a customer whose measures stay the same stays on the
        same side as long as the groups change little.
    max_depth
        How many conditions lead to a rule at most, 1 to 6.
    level
        Of the intervals, between 0 and 1.

    Returns
    -------
    GroupRules
        The smallest tree whose accuracy in cross-validation is within one standard error, or within
        one percentage point, of the best one's. Rates are of customers kept apart.

    Raises
    ------
    AnalysisError
        When measures, traits and labels do not fit together, a group is too small to show, or
        `max_depth` is out of range.
    """
    if not 1 <= max_depth <= 6:
        raise AnalysisError(f"max_depth == {max_depth}, must be 1 to 6", where="group rules")
    whole = check_groups(measures, traits, labels, min_group=min_group, where="group rules")
    values = [values_of(measures, trait, where="group rules") for trait in traits]
    place = _places(values, whole, seed)
    learned = _learned(place, whole)
    chosen = np.flatnonzero(learned)
    chosen = chosen[np.lexsort((place[chosen], whole[chosen]))]
    cuts = [round_cuts(v[chosen], t.kind) for v, t in zip(values, traits, strict=True)]
    binned = np.column_stack(
        [np.searchsorted(c, v[chosen], side="left") for c, v in zip(cuts, values, strict=True)]
    ).astype("float32")
    leaf = max(min_group, 1, int(np.ceil(_LEAF_SHARE * len(chosen))))
    grower = DecisionTreeClassifier(max_depth=max_depth, min_samples_leaf=leaf, random_state=seed)
    alpha = _choose(grower, binned, whole[chosen], place[chosen] % _FOLDS)
    grown = _Grown.of(grower.fit(binned, whole[chosen]))
    drafts = _drafts(grown, grown.stops(alpha, merge=True), cuts, traits)
    return _tried(drafts, measures, whole, learned, min_group=min_group, level=level)


def kept_apart(
    measures: pd.DataFrame, traits: Sequence[Trait], labels: npt.NDArray[Any], *, seed: int
) -> npt.NDArray[np.bool_]:
    """Return on which customers :func:`find_rules` tries its rules, given the same arguments."""
    whole = check_groups(measures, traits, labels, min_group=1, where="group rules")
    values = [values_of(measures, trait, where="group rules") for trait in traits]
    return ~_learned(_places(values, whole, seed), whole)


def round_cuts(values: Floats, kind: Kind) -> Floats:
    """Return round numbers, rising, at which a measure may be cut: a value is above one or not.

    Parameters
    ----------
    values
        Shape (customers,), at least one.
    kind
        Shares are cut at whole percents, days also at weeks, months and years, other measures at
        1, 1.5, 2, 2.5, 3, 4, 5, 6 and 8 times a power of ten; all but shares also at equal, round
        steps where most values lie.

    Examples
    --------
    >>> round_cuts(np.array([1.0, 2.0, 3.0, 4.0]), "count")
    array([1., 2., 3.])
    """
    low, high = float(values.min()), float(values.max())
    cuts: set[float] = set()
    if kind == "share":
        cuts.update(_SHARES)
    else:
        cuts.add(0.0)
        cuts.update(map(float, _DAYS) if kind == "days" else _scaled(max(abs(low), abs(high))))
        first, last = np.quantile(values, [0.02, 0.98], method="inverted_cdf").tolist()
        step = _round_step((last - first) / 20, whole=kind in ("count", "days"))
        if step:
            near = np.arange(np.floor(first / step), np.ceil(last / step) + 1)
            cuts.update((near * step).round(10).tolist())
    if kind in ("count", "days"):
        cuts = {cut for cut in cuts if cut == round(cut)}
    if low < 0:
        cuts |= {-cut for cut in cuts}
    return np.array(sorted(cut for cut in cuts if low <= cut < high))


def _scaled(most: float) -> list[float]:
    """Return round numbers of all sizes from a hundredth up to the largest value."""
    tens = range(-2, int(np.ceil(np.log10(most))) + 1) if most > 0 else range(0)
    return [round(digit * 10.0**ten, 10) for ten in tens for digit in _DIGITS]


def _round_step(least: float, *, whole: bool) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least as large; 0 for none."""
    if least <= 0:
        return 0.0
    ten = 10.0 ** np.floor(np.log10(least))
    step = next(digit * ten for digit in (1, 2, 5, 10) if digit * ten >= least * (1 - 1e-9))
    return max(float(step), 1.0) if whole else float(step)


def _places(values: Sequence[Floats], labels: Ints, seed: int) -> Ints:
    """Return a place in its group for each customer, as if drawn, whatever the rows' order.

    The draw is a function of the measures themselves (the finaliser of SplitMix64: Steele, Lea &
    Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014), so that it needs no
    order. Customers who are the same in everything may change places: nothing depends on it.
    """
    mixed = np.full(len(labels), np.uint64(seed % 2**64))
    for column in values:
        mixed = (mixed ^ (column + 0.0).view("uint64")) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    order = np.lexsort((mixed, labels))
    sizes = np.bincount(labels)
    places = np.empty(len(labels), dtype="int64")
    places[order] = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return places


def _learned(place: Ints, labels: Ints) -> npt.NDArray[np.bool_]:
    """Return which customers the rules are made from: the same part of each group, at least one."""
    part = min(_LEARNED_SHARE, _LEARNED_MOST / len(labels))
    return np.asarray(place < np.maximum(np.rint(np.bincount(labels) * part), 1)[labels])


@dataclass(frozen=True)
class _Grown:
    """A tree in arrays, one element per node; a parent stands before its children."""

    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    answer: Ints
    cost: Floats

    @classmethod
    def of(cls, fitted: DecisionTreeClassifier) -> _Grown:
        """Return the arrays of a fitted tree."""
        tree = fitted.tree_
        answer = fitted.classes_[tree.value[:, 0, :].argmax(axis=1)]
        weight = tree.weighted_n_node_samples
        cost = tree.impurity * weight / weight[0]
        return cls(
            tree.children_left, tree.children_right, tree.feature, tree.threshold, answer, cost
        )

    def stops(self, alpha: float, *, merge: bool = False) -> npt.NDArray[np.bool_]:
        """Return at which nodes the tree ends when each leaf costs `alpha`.

        With `merge`, two leaves that give the same answer become one.
        """
        stops = self.left < 0
        held = self.cost + alpha
        for node in np.flatnonzero(~stops)[::-1]:
            children = self.left[node], self.right[node]
            below = held[children[0]] + held[children[1]]
            same = self.answer[children[0]] == self.answer[children[1]]
            if held[node] <= below + 1e-12 or (merge and same and all(stops[list(children)])):
                stops[node] = True
            else:
                held[node] = below
        return stops

    def answers(self, stops: npt.NDArray[np.bool_]) -> Ints:
        """Return what the tree that ends at some nodes answers for each node."""
        answers = self.answer.copy()
        ended = stops.copy()
        for node in np.flatnonzero(self.left >= 0):
            if ended[node]:
                for child in (self.left[node], self.right[node]):
                    answers[child] = answers[node]
                    ended[child] = True
        return answers


def _choose(grower: DecisionTreeClassifier, binned: Any, labels: Ints, fold: Ints) -> float:
    """Return the cost of a leaf that gives the smallest tree which is nearly as good as the best.

    Each customer is answered for by a tree that was grown without that customer's fold.
    """
    alphas = np.unique(grower.cost_complexity_pruning_path(binned, labels).ccp_alphas)
    alphas = np.maximum(alphas, 0.0)
    between = [*np.sqrt(alphas[:-1] * alphas[1:]).tolist(), float(alphas[-1])]
    right = np.zeros(len(between))
    for number in range(_FOLDS):
        out = fold == number
        if out.all() or not out.any():
            continue
        fitted = grower.fit(binned[~out], labels[~out])
        grown = _Grown.of(fitted)
        reached = fitted.apply(binned[out])
        for place, alpha in enumerate(between):
            answered = grown.answers(grown.stops(alpha))[reached]
            right[place] += (answered == labels[out]).sum()
    accuracy = right / len(labels)
    best = accuracy.max()
    slack = max(float(np.sqrt(best * (1 - best) / len(labels))), _WORTH)
    return float(np.asarray(between)[accuracy >= best - slack][-1])


def _drafts(
    grown: _Grown,
    stops: npt.NDArray[np.bool_],
    cuts: Sequence[Floats],
    traits: Sequence[Trait],
) -> list[tuple[tuple[Condition, ...], int]]:
    """Return what leads to each end of the tree, in the order to read it, and the group named."""
    boxes: list[Box] = []
    groups = []
    waiting: list[tuple[int, Box]] = [(0, {})]
    while waiting:
        node, box = waiting.pop()
        if stops[node]:
            boxes.append(box)
            groups.append(int(grown.answer[node]))
            continue
        which = int(grown.feature[node])
        cut = float(cuts[which][int(np.floor(grown.threshold[node]))])
        low, high = box.get(which, (-np.inf, np.inf))
        waiting.append((int(grown.left[node]), {**box, which: (low, cut)}))
        waiting.append((int(grown.right[node]), {**box, which: (cut, high)}))
    return [(_conditions(box, traits), groups[place]) for place, box in in_order(boxes)]


def _conditions(box: Box, traits: Sequence[Trait]) -> tuple[Condition, ...]:
    """Return the ends of a box as conditions, what customers do before what they do not."""
    made = []
    for which in sorted(box, key=lambda which: (box[which][0] == -np.inf, which)):
        trait, (low, high) = traits[which], box[which]
        above, up_to = (end if np.isfinite(end) else None for end in (low, high))
        made.append(Condition(trait.column, trait.label, trait.kind, above, up_to))
    return tuple(made)


def _tried(
    drafts: Sequence[tuple[tuple[Condition, ...], int]],
    measures: pd.DataFrame,
    labels: Ints,
    learned: npt.NDArray[np.bool_],
    *,
    min_group: int,
    level: float,
) -> GroupRules:
    """Return rules with the customers whom they take, and how often they are right."""
    blank = rate(0, 0, min_group=min_group, level=level)
    numbered = [Rule(conditions, k, 0, blank) for k, (conditions, _) in enumerate(drafts)]
    taken = assign(numbered, measures)
    named = np.array([group for _, group in drafts])[taken]
    apart = ~learned
    hit = (named == labels) & apart

    def shown(right: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> Any:
        return rate(int((right & of).sum()), int(of.sum()), min_group=min_group, level=level)

    rules = [
        Rule(conditions, group, int((taken == k).sum()), shown(hit, apart & (taken == k)))
        for k, (conditions, group) in enumerate(drafts)
    ]
    sizes = np.bincount(labels[learned])
    largest = labels[apart] == sizes.argmax()
    return GroupRules(
        rules=tuple(rules),
        groups=tuple(
            GroupRate(
                group,
                shown(hit, apart & (labels == group)),
                shown(hit, apart & (named == group)),
            )
            for group in range(len(sizes))
        ),
        accuracy=shown(hit, apart),
        largest_share=float(largest.sum() / len(largest)) if len(largest) else 0.0,
        learned=int(learned.sum()),
        tried=int(apart.sum()),
        level=level,
    )
