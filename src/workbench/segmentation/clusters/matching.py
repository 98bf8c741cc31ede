"""Groups keep their names and colours from edition to edition, and it is told what became of them.

The earlier edition's rule and today's clustering both divide today's customers, so two groups are
the same where they hold the same customers. Nothing is remembered of single customers: the rule,
the names and the colours are all that an edition hands on.

References
----------
Hennig, "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis 52,
2007: the Jaccard overlap, and one half as the border below which a group is dissolved. Kuhn, "The
Hungarian Method for the Assignment Problem", Naval Research Logistics Quarterly 2, 1955.
Spiliopoulou, Ntoutsi, Theodoridis & Schult, "MONIC: Modeling and Monitoring Cluster Transitions",
KDD 2006: survived, split, absorbed, disappeared, emerged. Hubert & Arabie, "Comparing Partitions",
Journal of Classification 2, 1985: the adjusted Rand index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from workbench.data.phrases import counted, listed, share
from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.naming import numbered

__all__ = [
    "COLOURS",
    "SAME",
    "Matching",
    "NamedGroup",
    "groups_from_json",
    "groups_to_json",
    "match_groups",
]

Ints = npt.NDArray[np.int64]

COLOURS = 6
"""How many colours the palette has."""
SAME = 0.5
"""Two groups are one when the customers of both are at least this share of those of either."""


@dataclass(frozen=True)
class NamedGroup:
    """A group as readers know it.

    Parameters
    ----------
    name
        Its name.
    colour
        Place in the palette, 0 to 5.
    """

    name: str
    colour: int


@dataclass(frozen=True)
class Matching:
    """Which of today's groups are groups of the earlier edition.

    Parameters
    ----------
    groups
        Name and colour of each of today's groups, by today's label.
    before
        For each of them the label of the earlier group that it is; None where it is new.
    vanished
        Names of earlier groups that are no longer found.
    order
        Today's labels in the order to show them: earlier groups as they stood, then new ones by
        what they are ranked by.
    overlap
        Customers by earlier and today's label, shape (earlier groups, groups); not for showing.
    sentences
        What became of the groups, for a report; empty where there was no earlier edition.
    """

    groups: tuple[NamedGroup, ...]
    before: tuple[int | None, ...]
    vanished: tuple[str, ...]
    order: tuple[int, ...]
    overlap: Ints
    sentences: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names, by today's label."""
        return tuple(group.name for group in self.groups)

    def reorder(self, labels: npt.NDArray[Any]) -> Ints:
        """Return labels numbered in the order to show them, in place of today's labels."""
        ranks = np.empty(len(self.order), dtype="int64")
        ranks[list(self.order)] = np.arange(len(self.order))
        return np.asarray(ranks[np.asarray(labels, dtype="int64")])


def groups_to_json(groups: Sequence[NamedGroup]) -> list[dict[str, Any]]:
    """Return names and colours as plain values that JSON can hold."""
    return [{"name": group.name, "colour": group.colour} for group in groups]


def groups_from_json(held: Sequence[Mapping[str, Any]]) -> tuple[NamedGroup, ...]:
    """Return groups from what `groups_to_json` gave.

    Raises
    ------
    AnalysisError
        When it is something else.
    """
    try:
        groups = tuple(NamedGroup(str(one["name"]), int(one["colour"])) for one in held)
        if any(not 0 <= group.colour < COLOURS for group in groups):
            raise ValueError(f"a colour is not 0 to {COLOURS - 1}")
        if len({group.name for group in groups}) < len(groups):
            raise ValueError("two groups have one name")
    except (KeyError, TypeError, ValueError) as error:
        raise AnalysisError(
            f"not readable as names and colours of groups ({error})",
            where="earlier groups",
            fix="Give what `groups_to_json` returned.",
        ) from error
    return groups


def match_groups(
    labels: npt.NDArray[Any],
    candidates: Sequence[Sequence[str]],
    *,
    earlier: Sequence[NamedGroup] = (),
    earlier_labels: npt.NDArray[Any] | None = None,
    rank_by: Sequence[float] = (),
    min_group: int,
) -> Matching:
    """Return names and colours for today's groups, kept from earlier ones where they are the same.

    Parameters
    ----------
    labels
        Today's group of each customer, 0 to k - 1, none empty. How groups are numbered does not
        matter, nor the order of customers.
    candidates
        For each of today's groups names that fit, the best one first, as
        :attr:`workbench.segmentation.clusters.naming.Naming.candidates` has them. A new group gets
        the first that no other group has, and no earlier group had.
    earlier
        The earlier edition's groups, by the labels that its rule gives; empty for a first edition.
    earlier_labels
        What the earlier edition's rule says of the same customers, today; needed with `earlier`.
    rank_by
        What new groups are ordered by, the largest first, by today's label; customers if empty.
    min_group
        Of groups with fewer customers nothing is told in numbers.

    Returns
    -------
    Matching
        An earlier group and one of today's are the same when their Jaccard overlap (customers of
        both by customers of either) is at least one half. Each then holds at least half of the
        other, so at most one partner comes into question, but for exact halves: there the pairs
        with the largest overlap in all are taken. A new group gets the first colour that no group
        shown has, at first of those that the earlier edition did not use; from the seventh group
        on, the colour used least.

    Raises
    ------
    AnalysisError
        When labels, candidates and earlier groups do not fit together.
    """
    now = _labels(labels, len(candidates))
    sizes = np.bincount(now, minlength=len(candidates))
    if any(not own for own in candidates) or (len(candidates) and sizes.min() == 0):
        raise AnalysisError(
            "a group has no customers, or no name that fits it", where="matching of groups"
        )
    if earlier and earlier_labels is None:
        raise AnalysisError(
            "earlier groups are given without what their rule says today",
            where="matching of groups",
            fix="Give `earlier_labels`.",
        )
    overlap = np.zeros((len(earlier), len(candidates)), dtype="int64")
    if earlier:
        then = _labels(earlier_labels, len(earlier))
        if len(then) != len(now):
            raise AnalysisError(
                f"{len(then)} earlier labels for {len(now)} customers", where="matching of groups"
            )
        np.add.at(overlap, (then, now), 1)
    ranks = rank_by or sizes.tolist()
    if len(ranks) != len(candidates):
        raise AnalysisError(
            f"{len(ranks)} ranks for {len(candidates)} groups", where="matching of groups"
        )
    ranked = sorted(
        range(len(candidates)), key=lambda k: (-ranks[k], -sizes[k], tuple(candidates[k]))
    )
    before = _pairs(overlap, [group.name for group in earlier], ranked)
    groups = _named(before, earlier, candidates, ranked)
    kept = sorted((k for k in ranked if before[k] is not None), key=lambda k: before[k] or 0)
    vanished = [place for place in range(len(earlier)) if place not in before]
    return Matching(
        groups=groups,
        before=before,
        vanished=tuple(earlier[place].name for place in vanished),
        order=(*kept, *(k for k in ranked if before[k] is None)),
        overlap=overlap,
        sentences=_told(overlap, earlier, groups, before, candidates, min_group) if earlier else (),
    )


def _labels(labels: Any, count: int) -> Ints:
    found = np.asarray(labels)
    whole = found.astype("int64")
    if found.ndim != 1 or (whole != found).any() or ((whole < 0) | (whole >= count)).any():
        raise AnalysisError(
            f"a label is none of 0 to {count - 1}",
            where="matching of groups",
            fix="Give one whole number for each customer.",
        )
    return np.asarray(whole)


def _jaccard(overlap: Ints) -> npt.NDArray[np.float64]:
    """Return customers of both groups by customers of either, for each pair."""
    either = overlap.sum(axis=1)[:, None] + overlap.sum(axis=0)[None, :] - overlap
    return np.asarray(overlap / np.maximum(either, 1))


def _pairs(overlap: Ints, names: Sequence[str], ranked: Sequence[int]) -> tuple[int | None, ...]:
    """Return for each of today's groups the earlier one that it is, if any."""
    before: list[int | None] = [None] * overlap.shape[1]
    # In an order that does not depend on how groups are numbered, for the rare exact halves.
    rows = np.array(sorted(range(len(names)), key=lambda place: names[place]), dtype="int64")
    columns = np.array(ranked, dtype="int64")
    near = _jaccard(overlap)[np.ix_(rows, columns)]
    near[near < SAME] = 0.0
    for row, column in zip(*linear_sum_assignment(near, maximize=True), strict=True):
        if near[row, column] > 0:
            before[int(columns[column])] = int(rows[row])
    return tuple(before)


def _named(
    before: Sequence[int | None],
    earlier: Sequence[NamedGroup],
    candidates: Sequence[Sequence[str]],
    ranked: Sequence[int],
) -> tuple[NamedGroup, ...]:
    """Return name and colour of each of today's groups."""
    made: dict[int, NamedGroup] = {}
    # A name of an earlier group that vanished is not given to another group: it would mislead.
    taken = {group.name for group in earlier}
    for k, place in sorted(enumerate(before), key=lambda pair: (pair[1] is None, pair[1] or 0)):
        if place is not None:
            used = [group.colour for group in made.values()]
            own = earlier[place].colour
            colour = own if used.count(own) <= min(map(used.count, range(COLOURS))) else None
            free = _free(used, []) if colour is None else colour
            made[k] = NamedGroup(earlier[place].name, free)
    for k in ranked:
        if before[k] is None:
            own_names = candidates[k]
            fits = next((name for name in own_names if name not in taken), "")
            name = fits or numbered(own_names[0], taken)
            taken.add(name)
            used = [group.colour for group in made.values()]
            made[k] = NamedGroup(name, _free(used, [group.colour for group in earlier]))
    return tuple(made[k] for k in range(len(before)))


def _free(used: Sequence[int], avoided: Sequence[int]) -> int:
    """Return the colour that is used least, then avoided least, then first in the palette."""
    return min(range(COLOURS), key=lambda c: (used.count(c), avoided.count(c), c))


def _told(
    overlap: Ints,
    earlier: Sequence[NamedGroup],
    groups: Sequence[NamedGroup],
    before: Sequence[int | None],
    candidates: Sequence[Sequence[str]],
    min_group: int,
) -> tuple[str, ...]:
    """Return what became of the groups, in sentences."""
    same = [earlier[place].name for place in sorted(p for p in before if p is not None)]
    fresh = sorted(group.name for group, place in zip(groups, before, strict=True) if place is None)
    said = []
    if same:
        verb = "keeps its name and colour" if len(same) == 1 else "keep their names and colours"
        said.append(f"{counted(len(same), 'group')} {verb}: {listed(same)}.")
    if fresh:
        verb = "is" if len(fresh) == 1 else "are"
        said.append(f"{counted(len(fresh), 'group')} {verb} new: {listed(fresh)}.")
    names = [group.name for group in groups]
    joined = _joined(overlap, min_group)
    for place, group in enumerate(earlier):
        if place in before or not any(place in parts for parts in joined.values()):
            is_same = place in before
            said.extend(_fate(overlap[place], overlap, group.name, names, is_same, min_group))
    for k, parts in sorted(joined.items(), key=lambda item: names[item[0]]):
        together = listed(sorted(earlier[place].name for place in parts))
        said.append(f"{together} were merged: most of their customers are in {names[k]}.")
    for k in sorted(range(len(names)), key=lambda k: before[k] or 0):
        now = candidates[k][0]
        if before[k] is not None and not any(_is_form(names[k], name) for name in candidates[k]):
            said.append(f"{names[k]} would be called {now} if it were named today.")
    return tuple(said)


def _is_form(name: str, base: str) -> bool:
    """Return whether a name is another one, or that one with a number."""
    return name == base or name.startswith(f"{base} (")


def _joined(overlap: Ints, min_group: int) -> dict[int, list[int]]:
    """Return which of today's groups hold most of several earlier ones, and little else."""
    sizes = overlap.sum(axis=1)
    found = {}
    for k in range(overlap.shape[1]):
        parts = [
            place
            for place, size in enumerate(sizes.tolist())
            if size >= max(min_group, 1) and _mostly(overlap[place, k], size)
        ]
        if len(parts) > 1 and _mostly(overlap[parts, k].sum(), overlap[:, k].sum()):
            found[k] = parts
    return found


def _fate(
    row: Ints,
    overlap: Ints,
    name: str,
    names: Sequence[str],
    is_same: bool,
    min_group: int,
) -> list[str]:
    """Return what became of one earlier group: split, gone, or nothing to tell."""
    size = int(row.sum())
    if not size:
        return [f"{name} is no longer found: its rule fits nobody today."]
    if is_small(size, min_group):
        return [] if is_same else [f"{name} is no longer found: its rule fits hardly anybody."]
    parts = [k for k in range(len(names)) if _mostly(row[k], overlap[:, k].sum())]
    parts.sort(key=lambda k: (-row[k], names[k]))
    if len(parts) > 1 and _mostly(row[parts].sum(), size):
        first, *more = (f"{share(row[k] / size, 0)}" for k in parts)
        told = [f"{part} in {names[k]}" for part, k in zip(more, parts[1:], strict=True)]
        shares = [f"{first} of its customers are in {names[parts[0]]}", *told]
        return [f"{name} was split: {listed(shares)}."]
    if is_same:
        return []
    most = max(range(len(names)), key=lambda k: (row[k], names[k])) if names else -1
    if most >= 0 and _mostly(row[most], size):
        where = f"{share(row[most] / size, 0)} of its customers are now in {names[most]}"
    else:
        where = "its customers are now spread over several groups"
    return [f"{name} is no longer found: {where}."]


def _mostly(part: Any, whole: Any) -> bool:
    """Return whether a part is more than half."""
    return bool(2 * part > whole)
