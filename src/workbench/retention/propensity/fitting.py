"""Which model is used, and whether any is: learned, calibrated, chosen, and then tried once.

1. Both models learn from the training cut-offs and are calibrated on the next one.
2. The trees are used only where they are clearly better there than the logistic model: the interval
   of the difference in log loss, over customers, leaves out nought. Else the simpler model is.
3. The one that was chosen is held against everyone's average on the test, which had no part in
   any of this. Unless it is clearly better, the answer is that nobody can be told apart.
4. Today's customers are scored by the same recipe, moved on by one step. In a snapshot they are
   themselves among those that were learned from, as ones who stayed: there each is scored by a
   model that has not seen them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit

from workbench.errors import AnalysisError
from workbench.retention.propensity.design import learn_design
from workbench.retention.propensity.facts import LeftOut
from workbench.retention.propensity.models import Model, ModelName, fit_boosting, fit_logistic
from workbench.retention.propensity.panel import Panel, outcome
from workbench.retention.propensity.quality import Figure, Quality, difference, losses, measure

__all__ = ["MAX_ROWS", "Fit", "Trial", "fit_models", "fit_today", "score_today"]

Floats = npt.NDArray[np.float64]
MAX_ROWS = 200_000
"""More training rows than this are thinned by chance: further ones teach these models nothing."""
_FOLDS = 5  # of a snapshot's customers, each scored by a model of the others


@dataclass(frozen=True)
class Trial:
    """One model on the test.

    Parameters
    ----------
    name
        `logistic`, `boosting`, or `average`: everyone has the share that left at the calibration.
    log_odds
        Of the test's customers, in the order of the rows.
    quality
        How good they are.
    """

    name: str
    log_odds: Floats
    quality: Quality


@dataclass(frozen=True)
class Fit:
    """What was learned, and whether it is used.

    Parameters
    ----------
    model
        The model that was chosen, as it was tried.
    chosen
        The test of that model.
    trials
        Both models and the average, on the same customers.
    boosting_gain
        How much the log loss of the logistic model exceeds that of the trees, at the calibration.
    gain
        How much the log loss of the average exceeds that of the chosen model, on the test.
    left_out
        Facts that tell nothing, or too much.
    left
        Who of the test's customers left, in the order of the rows.
    """

    model: Model
    chosen: Trial
    trials: tuple[Trial, ...]
    boosting_gain: Figure
    gain: Figure
    left_out: tuple[LeftOut, ...]
    left: Floats

    @property
    def better(self) -> bool:
        """Return whether the chosen model is clearly better than everyone's average."""
        return self.gain.ci_lower is not None and self.gain.ci_lower > 0


def fit_models(panel: Panel, *, seed: int) -> Fit:
    """Return what was learned from a panel.

    Parameters
    ----------
    panel
        With enough customers: its `reason` is empty.
    seed
        Of thinning, where there are very many rows.

    Raises
    ------
    AnalysisError
        When the panel is too small, a fact is infinite, or no fact differs between customers.
    """
    if panel.reason:
        raise AnalysisError(panel.reason.rstrip("."), where="propensity")
    train, calibrate, test = _thinned(panel, seed), panel.part("calibrate"), panel.part("test")
    left = outcome(train)
    design, left_out = learn_design(train, panel.facts, left)
    then, later = outcome(calibrate), outcome(test)
    models = [fit_logistic(design, train, left), fit_boosting(design, train, left, seed=seed)]
    models = [model.calibrated(calibrate, then) for model in models]
    raw = design.raw(calibrate)
    plain, trees = (losses(model.log_odds(raw), then) for model in models)
    gain = difference(plain, trees)
    chosen = int(gain.ci_lower is not None and gain.ci_lower > 0)
    raw = design.raw(test)
    # As calibration counts it, so that a model that tells nothing is the average, to the last bit.
    rate = (then.sum() + 1) / (len(then) + 2)
    average = np.full(len(later), float(logit(rate)))
    said = [*((m.name, m.log_odds(raw)) for m in models), ("average", average)]
    trials = tuple(Trial(name, values, measure(values, later)) for name, values in said)
    better = difference(losses(average, later), losses(trials[chosen].log_odds, later))
    return Fit(models[chosen], trials[chosen], trials, gain, better, left_out, later)


def fit_today(panel: Panel, name: ModelName, *, seed: int) -> Model:
    """Return the chosen model made anew, one step on, to score today's customers.

    Parameters
    ----------
    panel
        As `fit_models` takes it. In a snapshot there is no later step, so that what was the test
        calibrates, and training and calibration are learned from together.
    name
        The chosen model.
    seed
        As `fit_models` takes it.
    """
    moved = panel.later()
    train, calibrate = _thinned(moved, seed), moved.part("calibrate")
    left = outcome(train)
    design, _ = learn_design(train, panel.facts, left)
    model = (
        fit_logistic(design, train, left)
        if name == "logistic"
        else fit_boosting(design, train, left, seed=seed)
    )
    return model.calibrated(calibrate, outcome(calibrate))


def score_today(panel: Panel, model: Model, *, seed: int) -> Floats:
    """Return the probability that each of today's customers leaves, in the order of the rows.

    Parameters
    ----------
    panel, seed
        As `fit_today` takes them.
    model
        What `fit_today` returned.

    Notes
    -----
    A model knows of those it has learned from that they stayed, and takes their risk for too low
    (of Telco's customers by 1% with the logistic model, by 3% with trees). So the customers of a
    snapshot are dealt into five groups, and each is scored by the recipe made anew without them.
    """
    today = panel.part("today")
    if panel.kind != "snapshot":
        return model.probability(today)
    names = panel.rows["customer_id"].drop_duplicates().sort_values().to_numpy()
    fold = pd.Series(np.random.default_rng(seed).permutation(len(names)) % _FOLDS, index=names)
    of_row = panel.rows["customer_id"].map(fold)
    own = of_row[today.index].to_numpy()
    made = np.empty(len(today))
    for place in range(_FOLDS):
        others = replace(panel, rows=panel.rows[(of_row != place).to_numpy()])
        if (own == place).any():
            fresh = fit_today(others, model.name, seed=seed)
            made[own == place] = fresh.probability(today[own == place])
    return made


def _thinned(panel: Panel, seed: int) -> pd.DataFrame:
    rows = panel.part("train")
    if len(rows) <= MAX_ROWS:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), MAX_ROWS, replace=False)
    return rows.iloc[np.sort(chosen)]
