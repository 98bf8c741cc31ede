"""The table of rules that gives each combination of scores its segment.

The table is data: a report may declare its own. It is checked to be complete (every combination of
scores has a name) and free of overlaps (only one), so no customer is lost or counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import AnalysisError, one_of
from workbench.segmentation.segments import MERGED, RETURNS_ONLY

__all__ = ["Grid", "Rule", "default_grid", "read_grid"]

Range = tuple[int, int]


@dataclass(frozen=True)
class Rule:
    """One segment: the scores it takes, what it means and what it suggests.

    Parameters
    ----------
    name
        The segment's name.
    r, f, m
        Lowest and highest score of recency, frequency and money, both ends included.
    meaning
        Who these customers are, in plain words.
    advice
        What to do about them.
    valuable_at_risk
        Whether its customers go on the action list: worth much, and slipping away.
    """

    name: str
    r: Range
    f: Range
    m: Range
    meaning: str = ""
    advice: str = ""
    valuable_at_risk: bool = False


@dataclass(frozen=True)
class Grid:
    """A complete table of rules without overlaps.

    Parameters
    ----------
    rules
        The segments, best first; the order is that of tables and figures.
    n_bins
        Number of scores of each kind.

    Raises
    ------
    AnalysisError
        When a combination of scores has no segment, or two; the message names one.
    """

    rules: tuple[Rule, ...]
    n_bins: int

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        for rule in self.rules:
            if not rule.name.strip() or names.count(rule.name) > 1:
                raise _wrong(f"segment name {rule.name!r} is empty or used twice", "Rename it.")
            if rule.name in (MERGED, RETURNS_ONLY):
                raise _wrong(f"segment name {rule.name!r} has a meaning of its own", "Rename it.")
            for low, high in (rule.r, rule.f, rule.m):
                if not 1 <= low <= high <= self.n_bins:
                    raise _wrong(
                        f"segment {rule.name} has scores {low} to {high}",
                        f"Scores run from 1 to {self.n_bins}.",
                    )
        taken = self._taken()
        for wrong, what in ((taken == 0, "no segment"), (taken > 1, "more than one segment")):
            if wrong.any():
                r, f, m = (int(i) + 1 for i in np.argwhere(wrong)[0])
                raise _wrong(
                    f"{int(wrong.sum())} combinations of scores have {what}, the first is "
                    f"r={r}, f={f}, m={m}",
                    "Every combination must fall in exactly one rule.",
                )

    def _taken(self) -> np.ndarray[Any, Any]:
        """Return how many rules take each combination (n_bins x n_bins x n_bins)."""
        taken = np.zeros((self.n_bins,) * 3, dtype="int64")
        for rule in self.rules:
            taken[tuple(slice(low - 1, high) for low, high in (rule.r, rule.f, rule.m))] += 1
        return taken

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the segments, best first."""
        return tuple(rule.name for rule in self.rules)

    @property
    def at_risk(self) -> tuple[str, ...]:
        """Return the names of the segments of value that are slipping away."""
        return tuple(rule.name for rule in self.rules if rule.valuable_at_risk)

    def assign(self, scored: pd.DataFrame) -> pd.Series:
        """Return each customer's segment, from `r_score`, `f_score` and `m_score`."""
        codes = np.zeros((self.n_bins,) * 3, dtype="int64")
        for code, rule in enumerate(self.rules):
            codes[tuple(slice(low - 1, high) for low, high in (rule.r, rule.f, rule.m))] = code
        places = [scored[name].to_numpy("int64") - 1 for name in ("r_score", "f_score", "m_score")]
        names = np.asarray(self.names, dtype=object)
        return pd.Series(
            names[codes[tuple(places)]], index=scored.index, name="segment", dtype=object
        )

    def frame(self) -> pd.DataFrame:
        """Return the rules as shown: `segment`, `r`, `f`, `m`, `meaning`, `advice`."""
        rows = [
            (
                rule.name,
                *(_words(ends) for ends in (rule.r, rule.f, rule.m)),
                rule.meaning,
                rule.advice,
            )
            for rule in self.rules
        ]
        return pd.DataFrame(rows, columns=["segment", "r", "f", "m", "meaning", "advice"])


def _words(ends: Range) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _wrong(what: str, fix: str) -> AnalysisError:
    return AnalysisError(what, where="segment grid", fix=fix)


def read_grid(rules: Sequence[Mapping[str, Any]], *, n_bins: int) -> Grid:
    """Return a grid from declared rules; an empty list gives the house's own.

    Parameters
    ----------
    rules
        Mappings with `name`, `r`, `f`, `m` (each `[lowest, highest]`), and if wanted `meaning`,
        `advice`, `valuable_at_risk`.
    n_bins
        Number of scores.

    Raises
    ------
    AnalysisError
        For unknown or missing keys, and whatever :class:`Grid` refuses.
    """
    if not rules:
        return default_grid(n_bins)
    known = tuple(Rule.__dataclass_fields__)
    made = []
    for number, rule in enumerate(rules, start=1):
        for key in rule:
            if key not in known:
                raise _wrong(f"rule {number} has the unknown key {key}", one_of(key, known))
        try:
            ranges = {key: (int(rule[key][0]), int(rule[key][1])) for key in ("r", "f", "m")}
            made.append(Rule(**{**rule, "name": str(rule["name"]), **ranges}))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise _wrong(
                f"rule {number} is not readable ({error})",
                "It needs name, and r, f and m as [lowest, highest].",
            ) from error
    return Grid(tuple(made), n_bins)


def default_grid(n_bins: int = 5) -> Grid:
    """Return the house's ten segments for any number of scores from 3.

    Each score is cut in a low, a middle and a high band; with five scores these are 1-2, 3, 4-5.
    """
    third = (n_bins + 1) // 3
    low, mid, high = (1, third), (third + 1, n_bins - third), (n_bins - third + 1, n_bins)
    under, over, every = (1, n_bins - third), (third + 1, n_bins), (1, n_bins)
    rules = (
        Rule(
            "Champions",
            high,
            high,
            high,
            "Bought lately, often, and for much",
            "Keep them: early access, thanks, no discounts they do not need.",
        ),
        Rule(
            "Loyal",
            high,
            high,
            under,
            "Bought lately and often, for less",
            "Raise the basket: bundles, related products.",
        ),
        Rule(
            "Promising",
            high,
            mid,
            every,
            "Bought lately, and more than once",
            "Build the habit: a reason for the next order.",
        ),
        Rule(
            "New",
            high,
            low,
            every,
            "Bought lately, and hardly before",
            "Welcome them: the second order is the one to win.",
        ),
        Rule(
            "Needs attention",
            mid,
            high,
            every,
            "Frequent buyers who have paused",
            "Remind them before the pause becomes a habit.",
        ),
        Rule(
            "Drifting",
            mid,
            under,
            every,
            "Occasional buyers who have paused",
            "A light reminder; little effort for each.",
        ),
        Rule(
            "At risk, high value",
            low,
            over,
            high,
            "Bought often and for much, but not lately",
            "Win back in person: ask why, make an offer.",
            valuable_at_risk=True,
        ),
        Rule(
            "At risk",
            low,
            over,
            under,
            "Bought often, but not lately",
            "Win back by e-mail, with a test of what works.",
        ),
        Rule(
            "Lapsed big spenders",
            low,
            low,
            high,
            "Few orders, of high value, long ago",
            "One well-made offer; then let go.",
        ),
        Rule(
            "Hibernating",
            low,
            low,
            under,
            "Few orders, of low value, long ago",
            "Spend nothing beyond the newsletter.",
        ),
    )
    return Grid(rules, n_bins)
