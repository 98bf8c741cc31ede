"""The parts of a hazard model whose effects may differ between stretches of time.

The design with a column for each covariate and part, the robust covariance of its coefficients, and
the highest ratio that data without a single event allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from workbench.retention.hazard_cells import PeriodCells
from workbench.retention.hazard_fit import Link, Ridge, curvature, hazard_of, slopes
from workbench.retention.times import Floats

__all__ = ["Design", "highest_ratio", "make_design", "robust_covariance"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Design:
    """Cells with a column per coefficient, and the columns that nobody left under.

    Parameters
    ----------
    cells
        Those that are fitted; `x` has a column per coefficient, centred and scaled, as `names`.
    names
        (covariate, part) of each coefficient; part None: all parts.
    centre, scale
        Of each coefficient's column.
    empty
        (covariate, part) -> the cells, of all, in which nobody left.
    raw
        Columns of all cells, neither centred nor scaled, shape (coefficients, all cells).
    every
        All cells.
    kept
        Which of all cells are fitted.
    parts
        First and last period of each part.
    """

    cells: PeriodCells
    names: tuple[tuple[str, int | None], ...]
    centre: Floats
    scale: Floats
    empty: dict[tuple[str, int], Bools]
    raw: Floats
    every: PeriodCells
    kept: Bools
    parts: tuple[tuple[int, int], ...]


def make_design(cells: PeriodCells, changing: Sequence[str], cuts: Sequence[int]) -> Design:
    """Return the cells with a column for each covariate, or for each of its parts.

    Parameters
    ----------
    cells
        Whose stretches end where a part does.
    changing
        The covariates that have a coefficient for each part. Where one is a flag, and nobody with
        it left in a part, it has none there, and these cells are not fitted: as the likelihood has
        it, they never leave.
    cuts
        The last period of each part but the last, rising.
    """
    last = cells.bins[-1][1]
    ends = [cut for cut in cuts if cut < last] + [last]
    parts = tuple(zip([1, *(end + 1 for end in ends[:-1])], ends, strict=True))
    part = np.searchsorted(ends, [end for _, end in cells.bins])[cells.bin]
    names: list[tuple[str, int | None]] = []
    columns: list[Floats] = []
    empty: dict[tuple[str, int], Bools] = {}
    kept = np.ones(len(part), dtype=bool)
    for name, values in zip(cells.names, cells.values[:, cells.row], strict=True):
        if name not in changing:
            names.append((name, None))
            columns.append(values)
            continue
        flag = bool(np.isin(values, (0.0, 1.0)).all())
        for number in range(len(parts)):
            here = (part == number) & (values != 0)
            if flag and here.any() and not cells.events[here].any():
                empty[name, number] = here
                kept &= ~here
                continue
            names.append((name, number))
            columns.append(np.where(part == number, values, 0.0))
    raw = np.array(columns).reshape(len(columns), len(part))
    trials = cells.trials[kept]
    x = raw[:, kept]
    centre = np.einsum("ij,j->i", x, trials) / trials.sum()
    x = x - centre[:, None]
    scale = np.sqrt(np.einsum("ij,ij,j->i", x, x, trials) / trials.sum())
    scale = np.where(scale > 0, scale, 1.0)
    fitted = replace(
        cells,
        x=x / scale[:, None],
        bin=cells.bin[kept],
        trials=trials,
        events=cells.events[kept],
        row=cells.row[kept],
        names=tuple(f"{name} {number}" for name, number in names),
    )
    return Design(fitted, tuple(names), centre, scale, empty, raw, cells, kept, parts)


def robust_covariance(design: Design, found: Ridge, link: Link, clusters: int | None) -> Floats:
    """Return the robust covariance of the coefficients, in the covariates' own units.

    Parameters
    ----------
    design
        Of the model; its cells may have clusters.
    found
        The fit without a penalty.
    link
        Of the hazard.
    clusters
        How many there are, more than coefficients; None where rows stand for themselves.
    """
    cells = design.cells
    predictor = found.baseline[cells.bin] + np.einsum("i,ij->j", found.coefficients, cells.x)
    _, weight = slopes(predictor, cells.trials, cells.events, link)
    bent = curvature(cells, weight)
    inverse = np.linalg.inv(bent.schur)
    scores = _scores(design, found, bent.cross / bent.own, link)
    n = cells.spans[-1]
    if cells.cluster is None:
        meat = np.einsum("in,jn->ij", scores * n, scores)
    else:
        added = np.array([np.bincount(cells.cluster, weights=n * own) for own in scores])
        added = added[:, np.lexsort(added)]  # whatever the clusters are called
        meat = np.einsum("in,jn->ij", added, added)
    made: Floats = inverse @ meat @ inverse / np.outer(design.scale, design.scale)
    return made if clusters is None else made * clusters / (clusters - len(design.names))


def _scores(design: Design, found: Ridge, mean: Floats, link: Link) -> Floats:
    """Return each span's part in the gradient, the levels being estimated too, (effects, spans).

    A customer's periods within a stretch are alike, so that a sum over periods is the difference of
    two running sums over stretches.
    """
    cells, bins = design.cells, design.cells.bins
    row, start, stop, event, _ = cells.spans
    size = cells.rows, len(bins)
    begins = np.array([first - 1 for first, _ in bins])
    widths = np.array([last - first + 1 for first, last in bins], dtype="float64")
    each = np.einsum("i,ij->j", found.coefficients, cells.x) + found.baseline[cells.bin]
    share, rate = hazard_of(each, link), np.exp(np.minimum(each, 30.0))
    # What a period survived, and an event, count for a cell; those in which nobody left, nothing.
    lived = share if link == "logit" else rate
    left = np.ones_like(share) if link == "logit" else lived / share
    place = cells.row, cells.bin
    scores = np.empty((len(design.names), len(row)))
    for number, values in enumerate(cells.x):
        away = values - mean[number, cells.bin]
        period, gone = np.zeros(size), np.zeros(size)
        period[place], gone[place] = -lived * away, left * away
        running = np.hstack([np.zeros((size[0], 1)), np.cumsum(period * widths, axis=1)])
        total = np.zeros(len(row))
        for time, sign in ((stop, 1.0), (start, -1.0)):
            at = np.searchsorted(begins, time, side="left") - 1  # the stretch that holds the period
            some = at >= 0
            where = row[some], at[some]
            total[some] += sign * (running[where] + (time[some] - begins[at[some]]) * period[where])
        ended = np.flatnonzero(event == 1)
        at = np.searchsorted(begins, stop[ended], side="left") - 1
        total[ended] += gone[row[ended], at]
        scores[number] = total
    return scores


def highest_ratio(
    design: Design,
    found: Ridge,
    here: Bools,
    link: Link,
    alpha: float,
) -> float:
    """Return the ratio above which it would be less likely than alpha / 2 that nobody leaves.

    Parameters
    ----------
    design, found, link
        The model.
    here
        The cells, of all, of the covariate and the part in which nobody left.
    alpha
        One minus the level of the interval that ends there.
    """
    scaled = (design.raw[:, here] - design.centre[:, None]) / design.scale[:, None]
    level = found.baseline[design.every.bin[here]]
    level = level + np.einsum("i,ij->j", found.coefficients, scaled)
    trials = design.every.trials[here]
    if link == "cloglog":
        return float(-np.log(alpha / 2) / (trials @ np.exp(level)))

    def short(log: float) -> float:
        return float(trials @ special.log_expit(-(level + log))) - float(np.log(alpha / 2))

    return float(np.exp(optimize.brentq(short, -60.0, 60.0)))
