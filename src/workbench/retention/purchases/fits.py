"""The purchase models by maximum likelihood, with standard errors, or why there is no fit.

The search begins on coarse cells, which cost next to nothing, and ends on the true ones, where
Newton's method then needs a few steps only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.retention.maximise import (
    Fitted,
    Floats,
    Maximum,
    Objective,
    maximise,
    parameters_of,
    total,
)
from workbench.retention.purchases.bgnbd import BgNbd, BgNbdLikelihood
from workbench.retention.purchases.cells import Cells
from workbench.retention.purchases.nbd import Nbd, NbdLikelihood
from workbench.retention.purchases.paretonbd import ParetoNbd, ParetoNbdLikelihood

__all__ = ["Model", "PurchaseFit", "fit_bgnbd", "fit_nbd", "fit_paretonbd"]

Model = BgNbd | ParetoNbd | Nbd
_Kind = type[BgNbd] | type[ParetoNbd] | type[Nbd]
_LIKELIHOODS: Mapping[str, Any] = {
    BgNbd.name: BgNbdLikelihood,
    ParetoNbd.name: ParetoNbdLikelihood,
    Nbd.name: NbdLikelihood,
}
_KINDS: Mapping[str, _Kind] = {kind.name: kind for kind in (BgNbd, ParetoNbd, Nbd)}
_COARSE = 20  # steps of the longest time; a search on so coarse cells ends near the maximum
_WORTH = 2_000  # fewer cells than this need no coarse search before

_SAME_RATE = "All customers seem to buy at the same rate, so how far they differ cannot be told."
_FEW = "Too few purchases were repeated to tell how often customers buy."
_STAY = "There is no sign that anybody leaves, so when customers leave cannot be told."
_SAME_LEAVING = "All customers seem to leave alike, so how far they differ cannot be told."
_RATES: Mapping[tuple[int, int], str] = {
    (0, 1): _SAME_RATE,
    (1, 1): _SAME_RATE,
    (0, -1): _FEW,
    (1, -1): _FEW,
}
_EDGES: Mapping[str, Mapping[tuple[int, int], str]] = {
    "NBD": _RATES,
    "BG/NBD": {
        **_RATES,
        (2, -1): _STAY,
        (3, 1): _STAY,
        (2, 1): _SAME_LEAVING,
        (3, -1): "Everybody seems to leave after the first repeat purchase.",
    },
    "Pareto/NBD": {
        **_RATES,
        (2, -1): _STAY,
        (3, 1): _SAME_LEAVING,
        (2, 1): _SAME_LEAVING,
        (3, -1): "Customers seem to leave at once or never, so when they leave cannot be told.",
    },
}


@dataclass(frozen=True)
class PurchaseFit(Fitted[Model]):
    """A purchase model fitted to customers, or why it could not be.

    The log-likelihood is that of the times of the purchases, as the papers write it.

    Parameters
    ----------
    customers, repeaters, cells
        How many customers there are, how many bought again, how many distinct rows they make.
    """

    customers: int
    repeaters: int
    cells: int

    def model_at(self, log_params: Floats) -> Model:
        """Return the model with other parameters, such as drawn ones."""
        return _KINDS[self.name](*(float(value) for value in np.exp(log_params)))


def fit_bgnbd(cells: Cells, *, alpha: float = 0.05) -> PurchaseFit:
    """Return BG/NBD fitted to customers.

    Parameters
    ----------
    cells
        Customers, as :func:`~workbench.retention.purchases.cells.purchase_cells` gives them.
    alpha
        One minus the level of the intervals.

    References
    ----------
    Fader, Hardie & Lee, Marketing Science 24(2), 2005.
    """
    return _fit(cells, BgNbd, alpha)


def fit_paretonbd(cells: Cells, *, alpha: float = 0.05) -> PurchaseFit:
    """Return Pareto/NBD fitted to customers.

    Parameters
    ----------
    cells, alpha
        As :func:`fit_bgnbd` takes them.

    References
    ----------
    Schmittlein, Morrison & Colombo, Management Science 33(1), 1987.
    """
    return _fit(cells, ParetoNbd, alpha)


def fit_nbd(cells: Cells, *, alpha: float = 0.05) -> PurchaseFit:
    """Return the NBD model, in which nobody leaves, fitted to customers.

    Parameters
    ----------
    cells, alpha
        As :func:`fit_bgnbd` takes them.

    References
    ----------
    Ehrenberg, Applied Statistics 8(1), 1959.
    """
    return _fit(cells, Nbd, alpha)


def _fit(cells: Cells, kind: _Kind, alpha: float) -> PurchaseFit:
    reason = _cannot(cells)
    if reason:
        found = Maximum(np.empty(0), None, np.empty((0, 0)), 0, reason)
    else:
        found = _search(cells, kind, _LIKELIHOODS[kind.name])
    return PurchaseFit(
        name=kind.name,
        parameters=parameters_of(found, kind.names, alpha=alpha),
        loglik=found.value,
        found=found,
        customers=cells.customers,
        repeaters=int(cells.n[cells.frequency > 0].sum()),
        cells=len(cells),
        reason=found.reason,
    )


def _cannot(cells: Cells) -> str:
    """Return why no model can be fitted to these customers, or nothing."""
    if cells.customers == 1:
        return "There is one customer only; a model needs many."
    if not cells.T.max() > 0:
        return "Nobody was observed for any time after the first purchase."
    if not cells.frequency.max() > 0:
        return "Nobody has bought again, so how often customers buy cannot be told."
    if len(cells) == 1:
        return "All customers are alike, so how far they differ cannot be told."
    return ""


def _search(cells: Cells, kind: _Kind, likelihood: Any) -> Maximum:
    longest = float(cells.T.max())
    # Parameters that are times move with the unit of time; the others have none.
    times = [place for place, name in enumerate(kind.names) if name in ("alpha", "beta")]
    unit = np.zeros(len(kind.names))
    unit[times] = np.log(longest)
    lower, upper = unit + np.log(1e-6), unit + np.log(1e5)
    options: dict[str, Any] = {
        "lower": lower,
        "upper": upper,
        "at_edge": _EDGES[kind.name],
        "names": kind.names,
    }
    small = cells.coarse(_COARSE)
    rough: Objective = likelihood(small)
    guesses = sorted(_guesses(cells, kind), key=lambda guess: -rough(guess)[0])
    exact = rough
    if len(cells) > _WORTH:
        near = maximise(rough, guesses[:2], **options)
        guesses = [near.log_params, *guesses] if near.converged else guesses
    exact = likelihood(cells)
    return maximise(exact, guesses[:3], **options)


def _guesses(cells: Cells, kind: _Kind) -> list[Floats]:
    """Return log-parameters around what the mean rate of purchases suggests."""
    longest = float(cells.T.max())
    seen = total(cells.n, np.maximum(cells.T, 1e-3 * longest))
    rate = total(cells.n, cells.frequency) / seen
    leaving: tuple[tuple[float, ...], ...] = ((0.5, 2.0), (1.0, 10.0), (0.3, 0.5))
    if kind is ParetoNbd:
        leaving = ((0.5, 0.3 * longest), (1.0, 2 * longest), (2.0, 0.5 * longest))
    if kind is Nbd:
        leaving = ((),)
    made = [(r, r / (1.5 * rate), *leave) for r in (0.3, 1.0, 4.0) for leave in leaving]
    return [np.log(np.array(each)) for each in made]
