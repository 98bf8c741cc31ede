"""Names for groups, drawn from what sets each one apart: "Camping in store, seldom".

A name is put together from the words of at most three traits, what is bought first, then where,
then how often and how lately. Small changes of the data seldom change it: only traits that set a
group far apart count, one for each kind of trait, in a fixed order. (That a group keeps its name
although it would now be called otherwise is the work of
:mod:`workbench.segmentation.clusters.matching`.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.phrases import counted, days, money, share, uncapitalised
from workbench.segmentation.clusters.contrasts import LEAN, Contrast, check_groups, contrasts
from workbench.segmentation.clusters.traits import Kind, Trait

__all__ = ["MIXED", "GroupName", "Naming", "name_groups", "numbered", "value_words"]

MIXED = "Mixed customers"
"""What a group is called that nothing sets apart."""

_ORDER = ("category", "channel", "frequency", "recency", "money", "returns", "tenure")
_CONCRETE = ("category", "channel")
_JOINED = frozenset({"at", "by", "from", "in", "on", "over", "through", "via", "with"})
_VERBS = ("buys", "bought")
_STEP = 0.05  # differences in size below this do not decide which trait comes first
_FACTS = 4
_MANY = 19.5


@dataclass(frozen=True)
class GroupName:
    """What a group is called, and why.

    Parameters
    ----------
    group
        The group's label.
    name
        Its name; no other group has it.
    candidates
        Names that would fit, the preferred one first, `name` among them; there is always one more,
        by number, see :func:`workbench.segmentation.clusters.matching.match_groups`.
    customers
        How many belong to it.
    customer_share
        Their share of all, 0 to 1.
    sentence
        What a manager should know of it, with the numbers.
    """

    group: int
    name: str
    candidates: tuple[str, ...]
    customers: int
    customer_share: float
    sentence: str


@dataclass(frozen=True)
class Naming:
    """Names of all groups.

    Parameters
    ----------
    groups
        One entry per group, by label.
    contrasts
        All traits of all groups, by label and trait, those included that do not set it apart.
    """

    groups: tuple[GroupName, ...]
    contrasts: tuple[tuple[Contrast, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names, by label."""
        return tuple(group.name for group in self.groups)

    @property
    def candidates(self) -> tuple[tuple[str, ...], ...]:
        """Return the names that would fit, by label."""
        return tuple(group.candidates for group in self.groups)

    def frame(self, names: Sequence[str] = (), *, currency: str = "") -> pd.DataFrame:
        """Return the traits that set each group apart, the furthest first.

        Of a group that nothing sets apart, those to which it leans.

        Parameters
        ----------
        names
            What the groups are called, by label, where they kept earlier names.
        currency
            Code of the unit's currency, for amounts.

        Returns
        -------
        pandas.DataFrame
            `group`, `trait`, `in_group` and `in_others` (text with units), `centre` ("median" or
            "mean"), `higher_share` (of pairs of a member and another customer, the share in which
            the member has more), `ci_lower`, `ci_upper` (95%).
        """
        shown = names or self.names
        rows = [
            (
                shown[c.group],
                c.trait.label,
                value_words(c.inside, c.trait.kind, currency),
                value_words(c.outside, c.trait.kind, currency),
                c.centre,
                c.higher,
                c.lower,
                c.upper,
            )
            for of_group in self.contrasts
            for c in sorted(_worth_telling(of_group), key=lambda c: -c.size)
        ]
        columns = ["group", "trait", "in_group", "in_others", "centre"]
        return pd.DataFrame(rows, columns=[*columns, "higher_share", "ci_lower", "ci_upper"])


def name_groups(
    measures: pd.DataFrame,
    traits: Sequence[Trait],
    labels: npt.NDArray[Any],
    *,
    min_group: int,
    currency: str = "",
    counts: bool = True,
) -> Naming:
    """Return names for groups of customers, no two alike, with a sentence for each.

    Parameters
    ----------
    measures
        One row per customer, a column for each trait, no value missing. The order of the rows does
        not matter.
    traits
        What the columns are, and what to call much or little of it.
    labels
        Group of each customer, 0 to k - 1, k at least 2; how groups are numbered does not matter.
    min_group
        The smallest group that may be shown.
    currency
        Code of the unit's currency, for amounts.
    counts
        Whether sentences say how many customers a group has, beside their share.

    Raises
    ------
    AnalysisError
        When the three do not fit together, or a group is too small to show.
    """
    whole = check_groups(measures, traits, labels, min_group=min_group, where="group names")
    found = contrasts(measures, traits, whole, min_group=min_group)
    sizes = np.bincount(whole).tolist()
    candidates = [list(_candidates(of_group)) for of_group in found]
    chosen = _distinct(candidates, found, measures, traits, whole)
    groups = tuple(
        GroupName(
            group=group,
            name=name,
            candidates=tuple(dict.fromkeys([name, *candidates[group]])),
            customers=sizes[group],
            customer_share=sizes[group] / len(whole),
            sentence=_sentence(found[group], sizes[group], len(whole), currency, counts=counts),
        )
        for group, name in enumerate(chosen)
    )
    return Naming(groups, found)


def value_words(value: float, kind: Kind, currency: str = "") -> str:
    """Return a trait's value as a person writes it.

    Examples
    --------
    >>> value_words(0.42, "share"), value_words(2.25, "count"), value_words(60, "days")
    ('42%', '2.2', '60 days')
    """
    if kind == "share":
        return share(value, 0)
    if kind == "days":
        return days(value)
    if kind == "money":
        return money(value, currency).strip()
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:,.1f}"


def _by_size(of_group: Sequence[Contrast]) -> list[Contrast]:
    """Return contrasts, the furthest apart first, in coarse steps; else in the traits' order."""
    return sorted(of_group, key=lambda c: -round(c.size / _STEP))


def _telling(of_group: Iterable[Contrast]) -> list[Contrast]:
    """Return one contrast for each kind of trait that has a word, what names a group best first."""
    fit = [c for c in of_group if c.word]
    # Of several shares the one that holds most money names a group best, and most steadily.
    shares = [c for c in fit if c.trait.kind == "share"]
    shares.sort(key=lambda c: -abs(c.inside - c.outside))
    named: dict[str, Contrast] = {}
    for contrast in (*shares, *_by_size(fit)):
        named.setdefault(contrast.trait.block, contrast)
    concrete = [named.pop(block) for block in _CONCRETE if block in named]
    others = sorted(named.values(), key=lambda c: _ORDER.index(c.trait.block))
    return concrete + _by_size(others)


def _leans(contrast: Contrast) -> bool:
    return contrast.size >= LEAN and contrast.sure


def _candidates(of_group: Sequence[Contrast]) -> Iterator[str]:
    """Yield names that fit a group: of its two most telling traits, then with a third one."""
    telling = _telling(c for c in of_group if c.is_apart)
    told = {c.trait.block for c in telling}
    leaning = [c for c in _telling(filter(_leans, of_group)) if c.trait.block not in told]
    if not telling:
        telling, leaning = leaning[:1], leaning[1:]
    if not telling:
        yield MIXED
        return
    first = telling[:2]
    yield _compose(first)
    further = [*telling[2:], *leaning]
    if len(first) == 2:
        for contrast in further:
            yield _compose([*first, contrast])
    else:
        for count in (1, 2):
            for more in combinations(further, count):
                yield _compose([*first, *more])


def _compose(parts: Sequence[Contrast]) -> str:
    """Return the words of some traits as one name."""
    ordered = sorted(parts, key=lambda c: _ORDER.index(c.trait.block))
    name = ""
    for place, contrast in enumerate(ordered):
        bare = _bare(contrast.word)
        if place:
            name += f" {bare}" if bare.split()[0] in _JOINED else f", {bare}"
        else:  # "Camping", but "Buys often": what is bought needs no verb
            name = bare if contrast.trait.block == "category" else contrast.word
    return f"{name[:1].upper()}{name[1:]}"


def _bare(word: str) -> str:
    """Return a trait's word without the verb that goes without saying in a name."""
    verb, _, rest = word.partition(" ")
    return rest if rest and verb in _VERBS else word


def _distinct(
    candidates: list[list[str]],
    found: Sequence[Sequence[Contrast]],
    measures: pd.DataFrame,
    traits: Sequence[Trait],
    labels: npt.NDArray[np.int64],
) -> list[str]:
    """Return one name per group, no two alike; where two clash, the next trait is added."""
    level = [0] * len(candidates)
    names = [own[0] for own in candidates]
    while clashes := _clashes(names):
        longer = [g for clash in clashes for g in clash if level[g] + 1 < len(candidates[g])]
        if not longer:
            break
        for group in longer:
            level[group] += 1
            names[group] = candidates[group][level[group]]
    for clash in _clashes(names):
        _tell_apart(clash, names, candidates, measures, traits, labels)
    sizes = np.bincount(labels)
    for clash in _clashes(names):
        by_size = sorted(clash, key=lambda g: (-sizes[g], [c.higher for c in found[g]], g))
        for group in by_size[1:]:
            names[group] = numbered(names[group], names)
    return names


def numbered(name: str, taken: Collection[str]) -> str:
    """Return a name with the first number, from 2, that makes it another one.

    Examples
    --------
    >>> numbered("Gifts", ["Gifts", "Gifts (2)"])
    'Gifts (3)'
    """
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _clashes(names: Sequence[str]) -> list[list[int]]:
    """Return the groups that share a name, together."""
    often = Counter(names)
    shared = [name for name, count in often.items() if count > 1]
    return [[g for g, own in enumerate(names) if own == name] for name in shared]


def _tell_apart(
    clash: Sequence[int],
    names: list[str],
    candidates: Sequence[Sequence[str]],
    measures: pd.DataFrame,
    traits: Sequence[Trait],
    labels: npt.NDArray[np.int64],
) -> None:
    """Add to the shortest names of some groups what sets these apart from each other."""
    rows = np.isin(labels, clash)
    among = np.searchsorted(np.asarray(clash), labels[rows])
    compared = contrasts(measures[rows], traits, among, min_group=1)
    for group, of_group in zip(clash, compared, strict=True):
        short = candidates[group][0]
        words = [_bare(c.word) for c in _telling(filter(_leans, of_group))]
        words = [word for word in words if word.lower() not in short.lower()]
        if words:
            names[group] = f"{short}, {words[0]}"


def _worth_telling(of_group: Sequence[Contrast]) -> list[Contrast]:
    """Return what sets a group apart or, where nothing does, to what it leans."""
    apart = [c for c in of_group if c.is_apart]
    return apart or list(filter(_leans, of_group))


def _sentence(
    of_group: Sequence[Contrast], size: int, total: int, currency: str, *, counts: bool
) -> str:
    """Return what a manager should know of a group."""
    part = share(size / total, 0)
    head = f"{counted(size, 'customer')} ({part})" if counts else f"{part} of customers"
    told = _by_size(_worth_telling(of_group))[:_FACTS]
    if not told:
        return f"{head}. No single trait sets them apart from the others."
    first, *more = (_fact(contrast, currency) for contrast in told)
    facts = "; ".join([first, *map(uncapitalised, more)])
    if told[0].is_apart:
        return f"{head}. {facts}."
    return f"{head}. No single trait sets them far apart; most of all {uncapitalised(facts)}."


def _fact(contrast: Contrast, currency: str) -> str:
    """Return one difference in words: "Share of spending on Camping 58% (others 6%)"."""
    kind = contrast.trait.kind
    inside, outside = (
        value_words(value, kind, currency) for value in (contrast.inside, contrast.outside)
    )
    if kind == "days":  # the label says that it counts days
        inside, outside = (text.partition(" ")[0] for text in (inside, outside))
    times = contrast.inside / contrast.outside if contrast.outside > 0 else 0.0
    often = "twice" if times < 2.5 else f"{times:.0f} times"
    # Of next to nothing anything is many times as much.
    told = kind != "days" and 1.75 <= times < _MANY
    return f"{contrast.trait.label} {inside} (others {outside}{f', {often} as much' * told})"
