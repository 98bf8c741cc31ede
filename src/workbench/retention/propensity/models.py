"""The two models: a regularised logistic regression, and gradient boosted trees, each calibrated.

A model gives log-odds. Calibration (Platt 1999) then maps them onto probabilities by a straight
line in log-odds, fitted to customers of a later cut-off whom the model has not seen. A line has two
numbers, so it needs few customers, never ties two of them and never says 0 or 1; a step function
(isotonic regression) would do all three.

References
----------
Platt, "Probabilistic outputs for support vector machines", 1999. Niculescu-Mizil & Caruana,
"Predicting good probabilities with supervised learning", ICML 2005: isotonic regression is worse
than Platt's line with fewer than about a thousand cases.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import ThreadpoolController

from workbench.retention.propensity.design import Design

__all__ = ["Line", "Model", "ModelName", "fit_boosting", "fit_line", "fit_logistic"]

Floats = npt.NDArray[np.float64]
ModelName = Literal["logistic", "boosting"]
RIDGE = 1.0
"""One over the strength of the penalty on the logistic model's coefficients, on a common scale."""
TREES: dict[str, Any] = {
    "learning_rate": 0.06,
    "max_iter": 100,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 5.0,
    "early_stopping": False,
}
"""Small trees, many of them, each correcting a little; nothing is tuned on the test."""
_STEPS = 50  # of Newton's method; it needs about six
_CLIP = 30.0  # log-odds beyond which nothing can be told apart
_SPREAD = 1e-9  # of log-odds: below, all customers have the same


@dataclass(frozen=True)
class Line:
    """A straight line in log-odds: ``intercept + slope * log-odds``.

    Parameters
    ----------
    intercept, slope
        Of the line. A slope of 0 says that the model ranks no better than chance, or wrongly.
    intercept_error, slope_error
        Their standard errors; 0 where the slope was set to 0.
    """

    intercept: float
    slope: float
    intercept_error: float = 0.0
    slope_error: float = 0.0

    def __call__(self, log_odds: Floats) -> Floats:
        """Return log-odds on the line."""
        made: Floats = self.intercept + self.slope * log_odds
        return made


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Parameters
    ----------
    name
        `logistic` or `boosting`.
    design
        How facts become columns.
    coefficients
        Of the logistic model's columns, shape (columns,); empty for trees.
    intercept
        Of the logistic model; 0 for trees.
    trees
        The boosted trees; None for the logistic model.
    line
        The calibration.
    """

    name: ModelName
    design: Design
    coefficients: Floats
    intercept: float
    trees: HistGradientBoostingClassifier | None
    line: Line

    def score(self, raw: Floats) -> Floats:
        """Return log-odds before calibration, for columns as `Design.raw` gives them."""
        if self.trees is None:
            made: Floats = self.intercept + self.design.scaled(raw) @ self.coefficients
        else:
            with _one_thread():
                made = np.asarray(self.trees.decision_function(raw), dtype="float64")
        return np.clip(made, -_CLIP, _CLIP)

    def log_odds(self, raw: Floats) -> Floats:
        """Return calibrated log-odds."""
        return self.line(self.score(raw))

    def probability(self, rows: pd.DataFrame) -> Floats:
        """Return the calibrated probability that each customer leaves."""
        made: Floats = expit(self.log_odds(self.design.raw(rows)))
        return made

    def calibrated(self, rows: pd.DataFrame, left: Floats) -> Model:
        """Return the model with its line fitted to customers of a later cut-off."""
        return replace(self, line=fit_line(self.score(self.design.raw(rows)), left))


def fit_logistic(design: Design, rows: pd.DataFrame, left: Floats) -> Model:
    """Return a logistic regression with a penalty on the squares of its coefficients."""
    fitted = LogisticRegression(C=RIDGE, solver="newton-cholesky", max_iter=100)
    fitted.fit(design.scaled(design.raw(rows)), left)
    coefficients = np.asarray(fitted.coef_[0], dtype="float64")
    return Model("logistic", design, coefficients, float(fitted.intercept_[0]), None, Line(0, 1))


def fit_boosting(design: Design, rows: pd.DataFrame, left: Floats, *, seed: int) -> Model:
    """Return gradient boosted trees.

    Parameters
    ----------
    design, rows, left
        How facts become columns, the training rows, and who left.
    seed
        Only read where there are so many rows that bins are made from a sample.
    """
    trees = HistGradientBoostingClassifier(**TREES, random_state=seed)
    with _one_thread():
        trees.fit(design.raw(rows), left)
    return Model("boosting", design, np.zeros(0), 0.0, trees, Line(0, 1))


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def _one_thread() -> Any:
    """Return a context with one thread: small trees are slower, not faster, when many wait."""
    return _threads().limit(limits=1, user_api="openmp")


def fit_line(log_odds: Floats, left: Floats, *, smooth: bool = True) -> Line:
    """Return the line that maps log-odds onto probabilities, by maximum likelihood.

    Parameters
    ----------
    log_odds
        What a model says, shape (customers,).
    left
        Who left, 0 or 1.
    smooth
        Whether to count nobody as quite certain (Platt's targets), and to set a slope below 0 to 0,
        as a calibration needs; else the plain fit, as a measure of calibration needs.

    Notes
    -----
    Newton's method on two parameters. Where all say the same, the slope is 0.
    """
    n = len(left)
    gone = float(left.sum())
    rate = (gone + 1) / (n + 2)
    flat = Line(float(logit(rate)), 0.0)
    middle, spread = float(log_odds.mean()), float(log_odds.std())
    if spread < _SPREAD:
        return flat
    target = left
    if smooth:
        target = np.where(left == 1, (gone + 1) / (gone + 2), 1 / (n - gone + 2))
    x = np.column_stack([np.ones(n), (log_odds - middle) / spread])
    at = np.array([float(logit(rate)), 0.0])
    weights = np.eye(2)
    for _ in range(_STEPS):
        p = expit(x @ at)
        weights = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(weights, x.T @ (target - p))
        at = at + np.clip(step, -5, 5)
        if float(np.abs(step).max()) < 1e-10:
            break
    if smooth and at[1] <= 0:
        return flat
    cover = np.linalg.inv(weights)
    slope = float(at[1] / spread)
    shift = middle / spread
    error = cover[0, 0] - 2 * shift * cover[0, 1] + shift**2 * cover[1, 1]
    return Line(
        float(at[0] - slope * middle), slope, float(error**0.5), float(cover[1, 1] ** 0.5 / spread)
    )
