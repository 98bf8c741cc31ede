"""Which facts the model rests on: how much worse it does when one of them is dealt out anew.

A fact's values are shuffled between the test's customers and the model is asked again, several
times; how much the log loss rises is how much the model rests on that fact. The interval is over
customers. Facts that say much the same share what they are worth between them.

References
----------
Breiman, "Random forests", Machine Learning 45, 2001. Fisher, Rudin & Dominici, "All models are
wrong, but many are useful", JMLR 20, 2019.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.retention.propensity.models import Model
from workbench.retention.propensity.quality import difference, losses

__all__ = ["REPEATS", "importance"]

Floats = npt.NDArray[np.float64]
REPEATS = 5
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
        the interval lies above nought), the fact that matters most first.
    """
    if len(rows) > MAX_CUSTOMERS:
        chosen = np.random.default_rng(seed).choice(len(rows), MAX_CUSTOMERS, replace=False)
        rows, left = rows.iloc[np.sort(chosen)], left[np.sort(chosen)]
    raw = model.design.raw(rows)
    before = losses(model.log_odds(raw), left)
    made = []
    for place, fact in enumerate(model.design.facts):
        columns = model.design.columns_of(place)
        # Trees that never ask for a fact say the same without it.
        after = np.zeros(len(left))
        for repeat in range(REPEATS):
            order = np.random.default_rng([seed, place, repeat]).permutation(len(left))
            dealt = raw.copy()
            dealt[:, columns] = raw[np.ix_(order, columns)]
            after += losses(model.log_odds(dealt), left) / REPEATS
        rise = difference(after, before)
        low = rise.ci_lower or 0.0
        made.append((fact.name, fact.label, rise.value, rise.ci_lower, rise.ci_upper, low > 0))
    names = ["fact", "label", "rise", "ci_lower", "ci_upper", "matters"]
    frame = pd.DataFrame(made, columns=names)
    return frame.sort_values(["rise", "fact"], ascending=[False, True]).reset_index(drop=True)
