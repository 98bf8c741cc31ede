"""Whether an edition keeps the rule of the earlier one, or publishes the new clustering.

Fitting again moves customers between groups although nothing changed in what they do. So the
earlier rule is kept while today's clustering agrees with it as well as clusterings of the same
customers agree with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.data.phrases import counted
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.agreement import adjusted_rand
from workbench.segmentation.clusters.matching import Matching, NamedGroup, match_groups

__all__ = ["Continuation", "keep_or_renew"]


@dataclass(frozen=True)
class Continuation:
    """What an edition publishes as its groups.

    Parameters
    ----------
    kept
        Whether the earlier rule is kept; False in a first edition.
    labels
        Published group of each of today's customers: by the earlier rule where it is kept, else by
        the new clustering, numbered in the order to show.
    groups
        Name and colour of each published group, by published label.
    order
        The new clustering's labels by published label, for numbering its rule likewise; empty where
        the earlier rule is kept.
    agreement
        Adjusted Rand index of the earlier rule and the new clustering on today's customers: 1 is
        the same, 0 what chance gives; None in a first edition.
    needed
        The least agreement at which the earlier rule is kept; None in a first edition.
    matching
        How the new clustering's groups compare with the earlier ones.
    sentences
        What was decided and why, and what became of the groups; empty in a first edition.
    """

    kept: bool
    labels: npt.NDArray[np.int64]
    groups: tuple[NamedGroup, ...]
    order: tuple[int, ...]
    agreement: float | None
    needed: float | None
    matching: Matching
    sentences: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names, by published label."""
        return tuple(group.name for group in self.groups)


def keep_or_renew(
    labels: npt.NDArray[Any],
    candidates: Sequence[Sequence[str]],
    *,
    stability_lower: float,
    min_group: int,
    earlier: Sequence[NamedGroup] = (),
    earlier_labels: npt.NDArray[Any] | None = None,
    rank_by: Sequence[float] = (),
) -> Continuation:
    """Return the groups to publish: the earlier rule's while it agrees with the new clustering.

    Parameters
    ----------
    labels, candidates, earlier, earlier_labels, rank_by
        As :func:`workbench.segmentation.clusters.matching.match_groups` takes them.
    stability_lower
        Lower end of the interval of the new clustering's stability (adjusted Rand index between
        clusterings of resampled customers), at most 1.
    min_group
        The earlier rule is not kept when one of its groups has fewer customers today.

    Raises
    ------
    AnalysisError
        For a `stability_lower` that is no number up to 1, and as `match_groups`.
    """
    if not -1 <= stability_lower <= 1:
        raise AnalysisError(
            f"stability_lower == {stability_lower}, must be -1 to 1", where="groups to publish"
        )
    matching = match_groups(
        labels,
        candidates,
        earlier=earlier,
        earlier_labels=earlier_labels,
        rank_by=rank_by,
        min_group=min_group,
    )
    renewed = matching.reorder(labels)
    groups = tuple(matching.groups[k] for k in matching.order)
    if not earlier or earlier_labels is None:
        return Continuation(False, renewed, groups, matching.order, None, None, matching, ())
    before = np.asarray(earlier_labels, dtype="int64")
    agreement = adjusted_rand(before, labels)
    thin = np.bincount(before, minlength=len(earlier)).min() < max(min_group, 1)
    kept = agreement >= stability_lower and not thin
    # Cut alike, or apart: rounding must not contradict what was decided.
    agrees = _cut(agreement)
    asked = _cut(stability_lower) if kept else _cut(stability_lower + 0.01 - 1e-9)
    scale = "on a scale where 1 is the same and 0 is chance"
    if kept:
        said = (
            f"The earlier groups stay. Groups made anew would agree with them to {agrees}, "
            f"{scale}; at least {asked} is asked, as groupings agree that differ by chance alone. "
            "So a customer changes group only when what the customer does changes."
        )
        if len(candidates) != len(earlier):
            count = counted(len(candidates), "group")
            said += f" Made anew, there would be {count} in place of {len(earlier)}."
        return Continuation(
            True, before, tuple(earlier), (), agreement, stability_lower, matching, (said,)
        )
    why = (
        "One of the earlier groups has too few customers today."
        if agreement >= stability_lower
        else f"The earlier ones agree with them to {agrees}, {scale}; {asked} would be needed."
    )
    said = f"The groups were made anew. {why} Customers may change group although they do the same."
    return Continuation(
        False,
        renewed,
        groups,
        matching.order,
        agreement,
        stability_lower,
        matching,
        (said, *matching.sentences),
    )


def _cut(agreement: float) -> str:
    """Return an agreement with two decimals, none rounded up; less than chance gives is none."""
    return f"{max(np.floor(agreement * 100 + 1e-9), 0) / 100:.2f}"
