"""Which facts the model rests on: how much worse it does when one of them is shuffled.

A fact's values are shuffled between the test's customers and the model is asked again, several
times; how much the log loss rises is how much the model rests on that fact. The interval is over
customers. Facts that say much the same share what they are worth between them.

References
----------
Benjamini & Hochberg, "Controlling the false discovery rate", JRSS B 57, 1995. Breiman, "Random
forests", Machine Learning 45, 2001. Fisher, Rudin & Dominici, "All models are
wrong, but many are useful", JMLR 20, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from workbench.retention.propensity.models import Model
from workbench.retention.propensity.quality import LEVEL, difference, losses

__all__ = ["REPEATS", "importance"]

Floats = npt.NDArray[np.float64]
REPEATS: Mapping[str, int] = MappingProxyType({"logistic": 10, "boosting": 3})
"""How often each fact is shuffled; trees take long to answer."""
MAX_CUSTOMERS = 5_000
"""So many customers are asked at most, drawn by chance."""


def importance(model: Model, rows: pd.DataFrame, left: Floats, *, seed: int) -> pd.DataFrame:
    """Return how much the model rests on each fact.

    Parameters
    ----------
    model
        As it was tried.
    rows, left
        The test's customers, and who of them left.
    seed
        Of the shuffles; each fact has its own.

    Returns
    -------
    pandas.DataFrame
        `fact`, `label`, `rise` (of the mean log loss), `ci_lower`, `ci_upper`, `matters` (whether
        it stands out: of those that do, at most 5% are expected to be chance), the largest rise
        first.
    """
    if len(rows) > MAX_CUSTOMERS:
        chosen = np.random.default_rng(seed).choice(len(rows), MAX_CUSTOMERS, replace=False)
        rows, left = rows.iloc[np.sort(chosen)], left[np.sort(chosen)]
    raw = model.design.raw(rows)
    before = losses(model.log_odds(raw), left)
    repeats = REPEATS[model.name]
    made = []
    for place, fact in enumerate(model.design.facts):
        columns = model.design.columns_of(place)
        # Trees that never ask for a fact say the same without it.
        after = np.zeros(len(left))
        for repeat in range(repeats):
            order = np.random.default_rng([seed, place, repeat]).permutation(len(left))
            dealt = raw.copy()
            dealt[:, columns] = raw[np.ix_(order, columns)]
            after += losses(model.log_odds(dealt), left) / repeats
        rise = difference(after, before)
        made.append((fact.name, fact.label, rise.value, rise.ci_lower, rise.ci_upper))
    frame = pd.DataFrame(made, columns=["fact", "label", "rise", "ci_lower", "ci_upper"])
    frame = frame.assign(matters=_stand_out(frame))
    return frame.sort_values(["rise", "fact"], ascending=[False, True]).reset_index(drop=True)


def _stand_out(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which facts' rise is no chance, all of them looked at together."""
    rise = frame["rise"].to_numpy("float64")
    error = (frame["ci_upper"].to_numpy("float64") - rise) / stats.norm.ppf((1 + LEVEL) / 2)
    known = error > 0
    p = np.ones(len(rise))
    p[known] = 2 * stats.norm.sf(np.abs(rise[known]) / error[known])
    found: npt.NDArray[np.bool_] = (stats.false_discovery_control(p) <= 1 - LEVEL) & (rise > 0)
    return found
