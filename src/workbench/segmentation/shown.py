"""What a segmentation may show, all of its tables taken together.

The same customers are counted by segment, by score, by pairs of scores, and on the list of those to
act on. Each table may be harmless by itself while one of them gives a small group of another away,
so what to hide is chosen once, for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.data.small_groups import hide_sums
from workbench.segmentation.scores import MEASURES
from workbench.segmentation.segments import RETURNS_ONLY

__all__ = ["Shown", "what_to_show"]


@dataclass(frozen=True)
class Shown:
    """What may be shown.

    Parameters
    ----------
    scores
        Score column (`r_score`, `f_score`, `m_score`) -> for each score from 1 up, whether its
        number of customers may be shown.
    pairs
        Pairs of recency and frequency scores whose number of customers may be shown; those of
        nobody are not among them.
    act_on
        Whether the number of customers to act on, and what they are worth, may be shown.
    """

    scores: Mapping[str, tuple[bool, ...]]
    pairs: frozenset[tuple[int, int]]
    act_on: bool


def what_to_show(
    customers: pd.DataFrame,
    returns_only: int,
    *,
    merged: Sequence[str],
    act_on: Collection[str],
    n_bins: int,
    min_group: int,
) -> Shown:
    """Return what may be shown beside the segments, which are always shown.

    Parameters
    ----------
    customers
        `r_score`, `f_score`, `m_score`, `segment`.
    returns_only
        How many customers have returns only; they have no scores.
    merged
        Names of segments that stand together.
    act_on
        Names of segments whose customers are on the list to act on.
    n_bins
        Number of scores.
    min_group
        The smallest group that may be shown.
    """
    columns = [measure.score for measure in MEASURES.values()]
    cells = customers.groupby([*columns, "segment"], as_index=False).size()
    counts = [*cells["size"].tolist(), returns_only]
    scored = list(range(len(cells)))
    names = [*cells["segment"].tolist(), RETURNS_ONLY]
    together = [place for place, name in enumerate(names) if name in set(merged)]
    segments = [_at(np.array([name == one for name in names])) for one in dict.fromkeys(names)]
    alone = [cells_of for cells_of in segments if names[cells_of[0]] not in set(merged)]
    fixed = [list(range(len(counts))), *alone, *([together] if together else [])]
    listed = _at(cells["segment"].isin(list(act_on)).to_numpy())
    scores = [_at((cells[c] == v).to_numpy()) for c in columns for v in range(1, n_bins + 1)]
    r, f = (cells[name].to_numpy() for name in columns[:2])
    there = sorted(set(zip(r.tolist(), f.tolist(), strict=True)))
    pairs = [_at((r == one) & (f == other)) for one, other in there]
    first = len(fixed) + 1
    places = first + np.arange(len(scores)).reshape(len(columns), n_bins)
    last = first + len(scores)
    lines = [(scored, row.tolist()) for row in places]
    for side in (0, 1):
        for value in range(1, n_bins + 1):
            own = [last + k for k, pair in enumerate(there) if pair[side] == value]
            lines.append((scores[side * n_bins + value - 1], own))
    hidden = hide_sums(
        counts,
        [*fixed, listed, *scores, *pairs],
        min_group=min_group,
        lines=lines,
        fixed=range(len(fixed)),
        secrets=segments,
    )
    return Shown(
        {name: tuple((~hidden[row]).tolist()) for name, row in zip(columns, places, strict=True)},
        frozenset(pair for pair, out in zip(there, hidden[last:], strict=True) if not out),
        not hidden[len(fixed)],
    )


def _at(chosen: np.ndarray) -> list[int]:
    """Return the places where something holds."""
    return [int(place) for place in np.flatnonzero(chosen)]
