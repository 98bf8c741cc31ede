"""P-values adjusted for the number of comparisons."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["benjamini_hochberg", "holm"]


def holm(pvalues: Sequence[float]) -> list[float]:
    """Return p-values that hold the chance of any false alarm, in the order given.

    Parameters
    ----------
    pvalues
        Between 0 and 1.

    References
    ----------
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scand. J. Stat. 6, 1979.

    Examples
    --------
    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(pvalues)
    least = 0.0
    for rank, place in enumerate(sorted(range(len(pvalues)), key=lambda i: pvalues[i])):
        least = max(least, min((len(pvalues) - rank) * pvalues[place], 1.0))
        adjusted[place] = least
    return adjusted


def benjamini_hochberg(pvalues: Sequence[float]) -> list[float]:
    """Return p-values that hold the share of false alarms among all alarms, in the order given.

    Parameters
    ----------
    pvalues
        Between 0 and 1.

    References
    ----------
    Benjamini & Hochberg, "Controlling the False Discovery Rate", JRSS B 57(1), 1995.

    Examples
    --------
    >>> [round(p, 3) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    adjusted = [0.0] * len(pvalues)
    most = 1.0
    order = sorted(range(len(pvalues)), key=lambda i: pvalues[i], reverse=True)
    for rank, place in enumerate(order):
        most = min(most, pvalues[place] * len(pvalues) / (len(pvalues) - rank))
        adjusted[place] = most
    return adjusted
