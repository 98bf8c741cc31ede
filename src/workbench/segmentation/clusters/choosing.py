"""How many groups: the clearest number among those that are stable.

For each number of groups, `k`: the exact mean silhouette (Rousseeuw 1987) of a seeded sample, how
far two analysts would agree (`stability.py`), and the size of the smallest group. Only a `k` counts
whose agreement is above `min_stability` at the lower end of its interval, and whose smallest group
may be shown; among these the best silhouette is chosen, and the smaller `k` where two are the same
to three digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.small_groups import fewer_than
from workbench.segmentation.clusters.fitting import Method, Rule, best_form, fit_rule
from workbench.segmentation.clusters.silhouette import silhouettes
from workbench.segmentation.clusters.stability import Stability, measure_stability

__all__ = ["FORM_SIZE", "Candidate", "candidate_table", "choose", "measure_candidates"]

Floats = npt.NDArray[np.float64]


FORM_SIZE = 4000
"""The most customers that the covariance form of a mixture is chosen on."""


@dataclass(frozen=True)
class Candidate:
    """What is known of one number of groups.

    Parameters
    ----------
    k
        The number of groups.
    rule
        What puts customers into them.
    silhouette
        The exact mean silhouette of the sample.
    stability
        How far two analysts would agree.
    form
        The covariance form of a mixture, by BIC; empty for k-means.
    """

    k: int
    rule: Rule
    silhouette: float
    stability: Stability
    form: str = ""


def measure_candidates(
    points: Floats,
    ks: Sequence[int],
    seed: np.random.SeedSequence,
    *,
    method: Method,
) -> tuple[Candidate, ...]:
    """Return what is known of each number of groups.

    Parameters
    ----------
    points
        The sample on the common scale, in random order, shape (customers, measures).
    ks
        Numbers of groups.
    seed
        Where chance comes from.
    method
        "kmeans" or "mixture".
    """
    rules, forms, found = [], [], []
    seeds = seed.spawn(len(ks))
    for k, own in zip(ks, seeds, strict=True):
        rng = np.random.default_rng(own)
        forms.append(best_form(points[:FORM_SIZE], k, rng) if method == "mixture" else "")
        rules.append(fit_rule(points, k, rng, method=method, form=forms[-1] or "diag"))
    clear = silhouettes(points, [rule(points) for rule in rules])
    for place, k in enumerate(ks):
        form = forms[place]

        def fit(some: Floats, rng: np.random.Generator, k: int = k, form: str = form) -> Rule:
            return fit_rule(some, k, rng, method=method, form=form or "diag")

        rng = np.random.default_rng(seeds[place].spawn(1)[0])
        stability = measure_stability(points, fit, rng)
        found.append(Candidate(k, rules[place], clear[place], stability, form))
    return tuple(found)


def choose(
    candidates: Sequence[Candidate],
    smallest: Sequence[int],
    *,
    min_stability: float,
    min_group: int,
) -> int | None:
    """Return the place of the chosen candidate, or None when none is stable and large enough.

    Parameters
    ----------
    candidates
        By rising number of groups.
    smallest
        How many customers the smallest group of each has.
    min_stability
        What the lower end of the interval of agreement must reach.
    min_group
        The smallest group that may be shown.
    """
    best: int | None = None
    for place, one in enumerate(candidates):
        if one.stability.ci_lower < min_stability or smallest[place] < min_group:
            continue
        if best is None or round(one.silhouette, 3) > round(candidates[best].silhouette, 3):
            best = place
    return best


def candidate_table(
    candidates: Sequence[Candidate],
    smallest: Sequence[int],
    chosen: int | None,
    *,
    min_group: int,
) -> pd.DataFrame:
    """Return the candidates as a table, a row for each number of groups.

    Returns
    -------
    pandas.DataFrame
        `k`, `silhouette`, `stability`, `stability_ci_lower`, `stability_ci_upper`,
        `smallest_group` (customers, in words, without the number where they are few), `chosen`.
    """
    rows = [
        {
            "k": one.k,
            "silhouette": one.silhouette,
            "stability": one.stability.ari,
            "stability_ci_lower": one.stability.ci_lower,
            "stability_ci_upper": one.stability.ci_upper,
            "smallest_group": fewer_than(smallest[place], min_group),
            "chosen": place == chosen,
        }
        for place, one in enumerate(candidates)
    ]
    columns = ["k", "silhouette", "stability", "stability_ci_lower", "stability_ci_upper"]
    return pd.DataFrame(rows, columns=[*columns, "smallest_group", "chosen"])
