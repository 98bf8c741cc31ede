"""The log-rank test on grouped times: whether curves of two or more groups differ by chance alone.

References
----------
Mantel, "Evaluation of Survival Data and Two New Rank Order Statistics Arising in Its
Consideration", Cancer Chemotherapy Reports 50, 1966.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.errors import AnalysisError
from workbench.retention.times import Floats, at_risk, checked_times, total_at

__all__ = ["LogRank", "log_rank"]


@dataclass(frozen=True)
class LogRank:
    """Whether curves differ by more than chance.

    Parameters
    ----------
    statistic, pvalue
        Chi-square with `groups - 1` degrees of freedom; None where there is no test.
    groups
        How many groups were compared.
    reason
        Why there is no test; empty otherwise.
    """

    statistic: float | None
    pvalue: float | None
    groups: int
    reason: str = ""


def log_rank(
    durations: Any, event_observed: Any, groups: Sequence[Any], *, entry: Any = None, n: Any = None
) -> LogRank:
    """Return the log-rank test of two or more groups.

    Parameters
    ----------
    durations, event_observed, entry, n
        As :func:`workbench.retention.survival.kaplan_meier` takes them.
    groups
        The group of each row.

    Raises
    ------
    AnalysisError
        As :func:`workbench.retention.survival.kaplan_meier` does.
    """
    times, event, start, weight = checked_times(durations, event_observed, entry, n)
    labels = pd.Series(np.asarray(groups, dtype=object)).astype(str)
    codes, names = pd.factorize(labels, sort=True)
    if len(codes) != len(times):
        raise AnalysisError("groups and durations differ in length", where="log-rank")
    if len(names) < 2:
        return LogRank(None, None, len(names), "There is only one group.")
    marks = np.unique(times[event == 1])
    if not len(marks):
        return LogRank(None, None, len(names), "No event was observed.")
    followed = np.empty((len(names), len(marks)))
    events = np.empty_like(followed)
    for code in range(len(names)):
        own = codes == code
        followed[code] = at_risk(marks, times[own], start[own], weight[own])
        seen = own & (event == 1)
        places = np.searchsorted(marks, times[seen])
        events[code] = total_at(places, weight[seen], len(marks))
    return _log_rank(followed, events)


def _log_rank(at_risk: Floats, events: Floats) -> LogRank:
    """Return the test from counts at risk and events, shape (groups, times)."""
    whole, died = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk / whole
    excess = (events - share * died).sum(axis=1)
    # Hypergeometric variance; a time with one customer at risk has none.
    spread = died * np.divide(whole - died, whole - 1, out=np.zeros_like(whole), where=whole > 1)
    cov = np.diag((spread * share).sum(axis=1)) - (spread * share) @ share.T
    rank = len(excess) - 1
    if np.linalg.matrix_rank(cov) < rank:
        why = "A group was never at risk together with the others."
        return LogRank(None, None, len(excess), why)
    statistic = float(excess[:-1] @ np.linalg.solve(cov[:-1, :-1], excess[:-1]))
    return LogRank(statistic, float(stats.chi2.sf(statistic, rank)), len(excess))
