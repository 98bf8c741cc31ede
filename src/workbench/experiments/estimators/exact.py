"""Proportions with few events: exact, whatever the counts.

The test is unconditional: of all tables of the two groups' sizes, those whose score statistic is at
least as far from 0 as the one found are added up, for the nuisance proportion that makes the sum
largest. That is Barnard's test, more powerful than Fisher's. The interval holds all differences
that the same test, made for that difference, does not reject.

References
----------
Barnard, Biometrika 34, 1947; Suissa & Shuster, JRSS A 148, 1985 (the test). Agresti & Min,
Biometrics 57, 2001 (one two-sided test inverted). Miettinen & Nurminen, Statistics in Medicine 4,
1985 (score statistic). Berger & Boos, JASA 89, 1994 (nuisance proportion kept to a confidence
interval, whose error is added; here for large groups). Clopper & Pearson, Biometrika 26, 1934.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from workbench.experiments.estimators.relative import relative_effect
from workbench.experiments.estimators.results import Difference

__all__ = ["clopper_pearson", "exact_difference", "likeliest_control"]

Floats = npt.NDArray[np.float64]

_ALL_TABLES = 10_000  # up to so many, all tables and all proportions are looked at
_OUTSIDE = 1e-6  # error of the nuisance proportion's interval, else
_TAIL = 1e-12
_GRID = 97
_BEYOND = np.linspace(0.01, 0.4, 40)[::-1]  # in distances between an end and the difference
_FINEST = 1e-5  # of the distance between an end and the difference


def clopper_pearson(hits: int, n: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return the exact interval of one proportion.

    Parameters
    ----------
    hits, n
        Outcomes that are 1, and all, at least one.
    alpha
        One minus the level.

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson(0, 10)]
    [0.0, 0.3085]
    """
    lower = 0.0 if hits == 0 else float(stats.beta.ppf(alpha / 2, hits, n - hits + 1))
    upper = 1.0 if hits == n else float(stats.beta.isf(alpha / 2, hits + 1, n - hits))
    return lower, upper


def exact_difference(
    hits_control: int, n_control: int, hits: int, n: int, *, alpha: float = 0.05
) -> Difference:
    """Return a difference in proportions with an exact interval and test.

    Parameters
    ----------
    hits_control, n_control
        Outcomes of the control that are 1, and all.
    hits, n
        The same of the variant.
    alpha
        One minus the level of the interval.
    """
    c, t = hits_control / n_control, hits / n
    lower, upper, pvalue = _interval(hits_control, n_control, hits, n, alpha)
    vc, vt = c * (1 - c) / n_control, t * (1 - t) / n
    rel = relative_effect(c, t, vc, vt, alpha=alpha, df=None)
    return Difference(
        n_control,
        n,
        c,
        t,
        t - c,
        lower,
        upper,
        rel.effect,
        rel.lower,
        rel.upper,
        pvalue=pvalue,
        level=1 - alpha,
        method="exact unconditional interval and test (Barnard)",
        rel_method=rel.method,
        rel_reason=rel.reason,
        std_error=sqrt(vc + vt) or None,
    )


@lru_cache(maxsize=4096)
def _interval(x_c: int, n_c: int, x_t: int, n_t: int, alpha: float) -> tuple[float, float, float]:
    """Return lower end, upper end and p-value of no difference."""
    tables = _Tables.of(x_c, n_c, x_t, n_t)
    found = x_t / n_t - x_c / n_c
    at_zero = tables.pvalue(0.0)

    def end(limit: float) -> float:
        inside, outside = found, limit
        if min(found, limit) < 0 < max(found, limit):
            inside, outside = (0.0, limit) if at_zero >= alpha else (found, 0.0)
        if tables.pvalue(outside, alpha) >= alpha:
            return outside
        last = bisected(inside, outside)
        # The chance jumps as tables come and go: a difference farther out may not be rejected.
        for further in last + (last - found) * _BEYOND:
            if abs(further) < 1 and tables.pvalue(float(further), alpha) >= alpha:
                step = (last - found) * float(_BEYOND[-1])
                last = bisected(float(further), max(min(float(further) + step, 1.0), -1.0))
                break
        return last

    def bisected(inside: float, outside: float) -> float:
        while abs(inside - outside) > _FINEST * abs(outside - found) + _TAIL:
            middle = (inside + outside) / 2
            if tables.pvalue(middle, alpha) >= alpha:
                inside = middle
            else:
                outside = middle
        return outside  # the side that is not too narrow

    return end(-1.0), end(1.0), at_zero


@dataclass(frozen=True)
class _Tables:
    """All tables that matter beside the one found."""

    x_c: int
    n_c: int
    x_t: int
    n_t: int
    seen_c: Floats
    seen_t: Floats
    range_c: tuple[float, float]
    range_t: tuple[float, float]
    error: float

    @classmethod
    def of(cls, x_c: int, n_c: int, x_t: int, n_t: int) -> _Tables:
        if (n_c + 1) * (n_t + 1) <= _ALL_TABLES:
            all_c, all_t = np.arange(n_c + 1.0), np.arange(n_t + 1.0)
            return cls(x_c, n_c, x_t, n_t, all_c, all_t, (0.0, 1.0), (0.0, 1.0), 0.0)
        range_c, range_t = (
            clopper_pearson(x, n, alpha=_OUTSIDE / 2) for x, n in ((x_c, n_c), (x_t, n_t))
        )
        seen_c, seen_t = (
            np.arange(stats.binom.ppf(_TAIL, n, low), stats.binom.isf(_TAIL, n, high) + 1.0)
            for n, (low, high) in ((n_c, range_c), (n_t, range_t))
        )
        error = _OUTSIDE + 4 * _TAIL
        return cls(x_c, n_c, x_t, n_t, seen_c, seen_t, range_c, range_t, error)

    def pvalue(self, delta: float, near: float | None = None) -> float:
        """Return the exact two-sided p-value of a difference; less exact far from `near`."""
        found = abs(float(self.score(np.array(float(self.x_c)), np.array(float(self.x_t)), delta)))
        score = self.score(self.seen_c[:, None], self.seen_t[None, :], delta)
        far = (np.abs(score) >= found - 1e-9).astype("float64")
        low = max(self.range_c[0], self.range_t[0] - delta, 0.0, -delta)
        high = min(self.range_c[1], self.range_t[1] - delta, 1.0, 1.0 - delta)
        if low > high:
            return self.error

        def chance(p: Any) -> Floats:
            p = np.atleast_1d(p)
            left = _chances(self.seen_c, self.n_c, p)
            right = _chances(self.seen_t, self.n_t, np.clip(p + delta, 0.0, 1.0))
            summed: Floats = ((left @ far) * right).sum(axis=1)
            return summed

        return min(_largest(chance, low, high, near) + self.error, 1.0)

    def score(self, x_c: Floats, x_t: Floats, delta: float) -> Floats:
        """Return the score statistic of tables against a difference."""
        n_c, n_t = self.n_c, self.n_t
        p_c = likeliest_control(x_c, n_c, x_t, n_t, delta)
        p_t = np.clip(p_c + delta, 0.0, 1.0)
        spread = np.sqrt(p_c * (1 - p_c) / n_c + p_t * (1 - p_t) / n_t)
        gap = x_t / n_t - x_c / n_c - delta
        gap = np.where(np.abs(gap) < 1e-12, 0.0, gap)
        safe = np.where(spread > 0, spread, 1.0)
        far = np.where(gap == 0, 0.0, np.copysign(np.inf, gap))
        return np.where(spread > 1e-12, gap / safe, far)


def _chances(seen: Floats, n: int, p: Floats) -> Floats:
    """Return binomial chances, shape (proportions, counts)."""
    ways = special.gammaln(n + 1) - special.gammaln(seen + 1) - special.gammaln(n - seen + 1)
    logs = special.xlogy(seen, p[:, None]) + special.xlog1py(n - seen, -p[:, None])
    chances: Floats = np.exp(ways + logs)
    return chances


def likeliest_control(x_c: Floats, n_c: int, x_t: Floats, n_t: int, delta: float) -> Floats:
    """Return the control's likeliest proportion, given the difference to the variant's.

    Parameters
    ----------
    x_c, x_t
        Outcomes that are 1, of control and variant; any shapes that go together.
    n_c, n_t
        All outcomes of each.
    delta
        The variant's proportion less the control's, -1 to 1.

    References
    ----------
    Miettinen & Nurminen, Statistics in Medicine 4, 1985, appendix I: the root of a cubic.
    """
    if delta == 0:
        pooled: Floats = (x_c + x_t) / (n_c + n_t)
        return pooled
    both = float(n_c + n_t)
    second = ((n_t + 2 * n_c) * delta - both - x_t - x_c) / (3 * both)
    first = ((n_c * delta - both - 2 * x_c) * delta + x_t + x_c) / both
    zeroth = x_c * delta * (1 - delta) / both
    q = second**3 - first * second / 2 + zeroth / 2
    p = np.where(q >= 0, 1.0, -1.0) * np.sqrt(np.maximum(second**2 - first / 3, 0.0))
    ratio = np.divide(q, p**3, out=np.ones_like(q), where=np.abs(p) > 1e-12)
    angle = (np.pi + np.arccos(np.clip(ratio, -1.0, 1.0))) / 3
    root = 2 * p * np.cos(angle) - second
    kept: Floats = np.clip(root, max(0.0, -delta), min(1.0, 1.0 - delta))
    return kept


def _largest(chance: Callable[[Any], Floats], low: float, high: float, near: float | None) -> float:
    """Return the largest value of a smooth function on an interval: a grid, then its best parts."""
    # Angles, because a binomial chance changes fastest near 0 and 1.
    angles = np.linspace(np.arcsin(sqrt(low)), np.arcsin(sqrt(high)), _GRID)
    grid = np.sin(angles) ** 2
    values = chance(grid)
    best = float(values.max())
    if near is not None and not 0.8 * near < best < near:
        return best  # a finer look would not bring it to the other side
    peaks = [i for i in np.argsort(values)[::-1][:2] if high > low]
    for peak in peaks:
        ends = (angles[max(peak - 1, 0)], angles[min(peak + 1, _GRID - 1)])
        found = optimize.minimize_scalar(
            lambda angle: -float(chance(np.sin(angle) ** 2)[0]), bounds=ends, method="bounded"
        )
        best = max(best, -float(found.fun))
    return best
