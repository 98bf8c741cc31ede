"""Effects that are not the same early and late: a discrete-time hazard with parts of time.

Time since the start is cut into parts. Each covariate that may change has a coefficient of its own
in each part; the others have one for all of them. The periods' own hazards are free, as in
:mod:`workbench.retention.hazard`, and nothing is held back by a penalty, so that intervals can be
given. With the complementary log-log link a coefficient is a log hazard ratio, as that of a Cox
regression is.

References
----------
Singer & Willett, "It's About Time", Journal of Educational Statistics 18, 1993 (interactions with
time). Prentice & Gloeckler, Biometrics 34, 1978. Errors and their correction for few clusters: as
:mod:`workbench.retention.cox.fit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.errors import AnalysisError, one_of
from workbench.retention.cox.fit import MIN_CLUSTERS
from workbench.retention.hazard import LINKS, WHERE
from workbench.retention.hazard_cells import period_cells
from workbench.retention.hazard_fit import Link, Ridge, fit_ridge
from workbench.retention.hazard_parts import Design, highest_ratio, make_design, robust_covariance
from workbench.retention.times import Floats, checked_times

__all__ = ["Change", "PartEffects", "effects_by_part", "half_of_events"]

_TABLE = [
    *("covariate", "part", "first_period", "last_period", "coefficient", "std_error"),
    *("ratio", "ci_lower", "ci_upper"),
]


@dataclass(frozen=True)
class Change:
    """A test that effects do not differ between parts of time.

    Parameters
    ----------
    statistic, degrees
        Wald's, and its degrees of freedom.
    pvalue
        By the chi-square distribution; with clusters by F.
    """

    statistic: float
    degrees: int
    pvalue: float


@dataclass(frozen=True)
class PartEffects:
    """Effects by part of time, or why there are none.

    Parameters
    ----------
    table
        One row per covariate and part, one with part None for a covariate that is the same in all:
        `covariate`, `part` (0, 1 ...), `first_period`, `last_period`, `coefficient`, `std_error`
        (robust), `ratio` (of hazards with the link `cloglog`, of odds with `logit`), `ci_lower`,
        `ci_upper`. Where nobody with the covariate left in a part, the ratio is 0, coefficient and
        error are None, and the upper end is that above which it would be less likely than half of
        `1 - level` that nobody leaves. Empty where there is no fit.
    keys, cov
        Covariate and part of each coefficient that was estimated, and their robust covariance.
    parts
        First and last period of each part.
    customers, events, clusters
        How many; `clusters` is None where rows were not clustered.
    level, method
        Of the intervals.
    reason
        Why there are no effects; empty otherwise.
    """

    table: pd.DataFrame
    keys: tuple[tuple[str, int | None], ...]
    cov: Floats
    parts: tuple[tuple[int, int], ...]
    customers: int
    events: int
    clusters: int | None
    level: float
    method: str
    reason: str

    def change(self, *names: str) -> Change | None:
        """Return the Wald test that no effect of some covariates differs between the parts.

        Parameters
        ----------
        names
            Covariates that may change. Where one has no coefficient in a part, for nobody left
            there, it is left out; None where that leaves nothing.
        """
        values = {
            (row["covariate"], row["part"]): row["coefficient"]
            for row in self.table.to_dict("records")
        }
        lean: list[Floats] = []
        for name in names:
            own = [place for place, (one, _) in enumerate(self.keys) if one == name]
            if len(own) == len(self.parts):
                for later in own[1:]:
                    made = np.zeros(len(self.keys))
                    made[own[0]], made[later] = -1.0, 1.0
                    lean.append(made)
        if not lean:
            return None
        contrast = np.array(lean)
        apart = contrast @ np.array([values[key] for key in self.keys], dtype="float64")
        spread = contrast @ self.cov @ contrast.T
        statistic = float(apart @ np.linalg.solve(spread, apart))
        degrees = len(contrast)
        if self.clusters is None:
            return Change(statistic, degrees, float(stats.chi2.sf(statistic, degrees)))
        share = statistic / degrees
        return Change(statistic, degrees, float(stats.f.sf(share, degrees, self.clusters - 1)))


def half_of_events(durations: Any, event_observed: Any, *, n: Any = None) -> int | None:
    """Return the period by which half of those who left had left: where time may be cut.

    It depends on nothing but when somebody left, so that it does not favour any effect.

    Parameters
    ----------
    durations, event_observed, n
        As :func:`effects_by_part` takes them.

    Returns
    -------
    int or None
        None where all left in one period, or nobody did: there is nothing to cut.

    Examples
    --------
    >>> half_of_events([1, 2, 3, 4, 9], [1, 1, 1, 1, 0])
    2
    """
    times, event, _, weight = checked_times(durations, event_observed, None, n, where=WHERE)
    marks, place = np.unique(times[event == 1], return_inverse=True)
    if len(marks) < 2:
        return None
    so_far = np.cumsum(np.bincount(place, weights=weight[event == 1]))
    half = int(np.searchsorted(so_far, so_far[-1] / 2))
    return int(marks[min(half, len(marks) - 2)])


def effects_by_part(
    durations: Any,
    event_observed: Any,
    covariates: Any,
    *,
    changing: Sequence[str],
    cuts: Sequence[int],
    entry: Any = None,
    n: Any = None,
    cluster: Any = None,
    link: Link = "cloglog",
    alpha: float = 0.05,
    min_events: int = 10,
) -> PartEffects:
    """Return effects that may differ between parts of time.

    Parameters
    ----------
    durations, event_observed, covariates, entry, n
        As :func:`workbench.retention.hazard.fit_hazard` takes them.
    changing
        The covariates that have a coefficient for each part.
    cuts
        The last period of each part but the last, rising.
    cluster
        Which rows belong together, such as the customer of several subscriptions; each row by
        itself when not given.
    link
        `cloglog` for ratios of hazards, `logit` for ratios of odds.
    alpha
        One minus the level of the intervals.
    min_events
        Neighbouring periods of a part have one hazard until so many left in them, at least 1.

    Raises
    ------
    AnalysisError
        For impossible times, covariates that are missing or no numbers, or options outside these.
        Data that are sound, but tell nothing, are no error: `reason` says why.
    """
    _check(changing, cuts, link, alpha, min_events, pd.DataFrame(covariates).columns)
    who = None if cluster is None else pd.factorize(np.asarray(cluster), sort=True)[0]
    if who is not None and (len(who) != len(np.asarray(durations)) or (who < 0).any()):
        raise AnalysisError(
            "a cluster is missing", where=WHERE, fix="Name the cluster of each row."
        )
    cells, why = period_cells(
        durations,
        event_observed,
        covariates,
        entry=entry,
        n=n,
        min_events=min_events,
        cuts=[int(cut) for cut in cuts],
        cluster=None if who is None else who.astype("int64"),
    )
    clusters = None if who is None else int(who.max()) + 1
    if cells is None:
        return _nothing(alpha, clusters, why)
    design = make_design(cells, changing, cuts)
    if clusters is not None and clusters < max(MIN_CLUSTERS, 2 * len(design.names) + 1):
        return _nothing(alpha, clusters, f"{clusters} clusters are too few for so many effects.")
    if not len(design.names):
        return _nothing(alpha, clusters, "Nobody with any of the covariates had the event.")
    found = fit_ridge(design.cells, design.cells.trials, design.cells.events, link, 0.0)
    if found.reason:
        return _nothing(alpha, clusters, found.reason)
    cov = robust_covariance(design, found, link, clusters)
    law = stats.norm() if clusters is None else stats.t(clusters - 1)
    name = "complementary log-log" if link == "cloglog" else "logistic"
    return PartEffects(
        table=_table(design, found, cov, law, link, alpha),
        keys=design.names,
        cov=cov,
        parts=design.parts,
        customers=cells.customers,
        events=int(cells.events.sum()),
        clusters=clusters,
        level=1 - alpha,
        method=f"discrete-time hazard, {name} link, robust errors",
        reason="",
    )


def _check(
    changing: Sequence[str],
    cuts: Sequence[int],
    link: str,
    alpha: float,
    min_events: int,
    names: Any,
) -> None:
    known = [str(name) for name in names]
    for name in changing:
        if name not in known:
            raise AnalysisError(
                f"covariate {name} is missing", where=WHERE, fix=one_of(name, known)
            )
    if link not in LINKS:
        raise AnalysisError(f"{link!r} is not known", where=WHERE, fix=one_of(link, LINKS))
    rising = list(cuts) == sorted(set(cuts)) and all(cut >= 1 for cut in cuts)
    if not changing or not cuts or not rising or not 0 < alpha < 1 or min_events < 1:
        raise AnalysisError(
            f"changing == {list(changing)}, cuts == {list(cuts)}, alpha == {alpha}, "
            f"min_events == {min_events}",
            where=WHERE,
            fix="Name one covariate and one cut at least, cuts rising from 1 on, a level between "
            "0 and 1, and 1 event or more.",
        )


def _table(
    design: Design, found: Ridge, cov: Floats, law: Any, link: Link, alpha: float
) -> pd.DataFrame:
    values = found.coefficients / design.scale
    errors = np.sqrt(np.diag(cov))
    times = float(law.isf(alpha / 2))
    last = design.parts[-1][1]
    rows: list[tuple[Any, ...]] = []
    for (name, part), value, error in zip(design.names, values, errors, strict=True):
        span = (1, last) if part is None else design.parts[part]
        ends = np.exp(value - times * error), np.exp(value + times * error)
        told = float(value), float(error), float(np.exp(value)), *map(float, ends)
        rows.append((name, part, *span, *told))
    for (name, part), here in design.empty.items():
        most = highest_ratio(design, found, here, link, alpha)
        rows.append((name, part, *design.parts[part], None, None, 0.0, 0.0, most))
    order = {name: place for place, name in enumerate(design.every.names)}
    rows.sort(key=lambda row: (order[row[0]], -1 if row[1] is None else row[1]))
    return pd.DataFrame(rows, columns=_TABLE, dtype=object)


def _nothing(alpha: float, clusters: int | None, reason: str) -> PartEffects:
    table, none = pd.DataFrame(columns=_TABLE), np.empty((0, 0))
    return PartEffects(table, (), none, (), 0, 0, clusters, 1 - alpha, "", reason)
