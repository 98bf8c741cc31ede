"""How many of today's customers will leave, with an interval.

The number is the sum of the probabilities. Three things make it uncertain: chance, what the
calibration knows of the level, and that the level moves from one period to the next. How far it
moves is seen in the cut-offs of the past; there are few of them, so that the interval is that of
Student's t with as many degrees of freedom as there were moves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from workbench.retention.propensity.models import Model
from workbench.retention.propensity.panel import Panel
from workbench.retention.propensity.quality import LEVEL, Figure

__all__ = ["expected_leavers", "expected_number"]

Floats = npt.NDArray[np.float64]
METHOD = "chance, calibration, and how far the share that left moved between periods (Student's t)"
NO_PERIODS = "a snapshot does not tell how far the share that leaves moves"


def expected_leavers(panel: Panel, model: Model, probability: Floats) -> Figure:
    """Return how many of today's customers are expected to leave.

    Parameters
    ----------
    panel
        The customers that were learned from.
    model
        The model that scores today's customers.
    probability
        Of each of them.

    Returns
    -------
    Figure
        Without an interval where the panel is a snapshot, with the reason.
    """
    if panel.kind == "snapshot":
        return Figure(float(probability.sum()), None, None, reason=NO_PERIODS)
    calibrated = model.probability(panel.later().part("calibrate"))
    past = panel.part("train", "calibrate", "test").groupby("cutoff")["left"]
    return expected_number(probability, calibrated, past.agg(["sum", "count"]))


def expected_number(probability: Floats, calibrated: Floats, past: pd.DataFrame) -> Figure:
    """Return the sum of probabilities with a predictive interval.

    Parameters
    ----------
    probability
        Of those whose number is told.
    calibrated
        Of those by whom the level was set.
    past
        One row for each earlier cut-off, in their order: how many left (`sum`), of how many
        (`count`).

    Notes
    -----
    In log-odds, where the level moves by as much everywhere. How far it moved is told by the shares
    that left, less what chance alone moves them (Woolf's variance of a logarithm of odds).
    """
    size, number = len(probability), float(probability.sum())
    steep = float((probability * (1 - probability)).sum())
    gone, stayed = past["sum"] + 0.5, past["count"] - past["sum"] + 0.5
    moves = np.diff(np.log(gone / stayed))
    noise = (1 / gone + 1 / stayed).to_numpy("float64")
    if not len(moves) or steep <= 0:
        return Figure(number, None, None, reason="there is no earlier period to compare with")
    known = float((calibrated * (1 - calibrated)).sum())
    moved = max(float((moves**2 - noise[1:] - noise[:-1]).mean()), 0.0)
    error = (1 / steep + 1 / known + moved) ** 0.5
    reach = float(stats.t.ppf((1 + LEVEL) / 2, len(moves))) * error
    # The mean's own log-odds move less than those of its parts where these differ.
    middle = number / size
    ends = logit(middle) + np.array([-1.0, 1.0]) * reach * steep / (size * middle * (1 - middle))
    low, high = (size * expit(ends)).tolist()
    return Figure(number, low, high, method=METHOD)
