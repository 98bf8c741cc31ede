"""Segmentation in one call: reduce, score, name, add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from workbench.data.frames import MONEY_SCALE
from workbench.segmentation.actions import customers_to_act_on, with_reasons
from workbench.segmentation.concentration import Concentration, concentration
from workbench.segmentation.grid import Grid, read_grid
from workbench.segmentation.reach import reach
from workbench.segmentation.rfm import CustomerBase, rfm
from workbench.segmentation.scores import CutPoints, cut_table, score
from workbench.segmentation.segments import RETURNS_ONLY, SegmentTable, segment_table
from workbench.segmentation.shown import Shown, what_to_show

__all__ = ["Segmentation", "segment"]


@dataclass(frozen=True)
class Segmentation:
    """Segments of a unit's customers up to a day.

    Parameters
    ----------
    base
        The customers before scoring, with what was read and left apart.
    customers
        `CustomerBase.customers` with `r_score`, `f_score`, `m_score` and `segment`.
    cuts
        Cut points of the three scores.
    grid
        The rules that name the segments.
    segments
        What each segment holds; customers with returns only are a segment of their own.
    concentration
        How unevenly revenue is spread.
    shown
        What else may be shown, so that no table gives a small group of another one away.
    min_group
        Smaller groups are not shown.
    """

    base: CustomerBase
    customers: pd.DataFrame
    cuts: tuple[CutPoints, ...]
    grid: Grid
    segments: SegmentTable
    concentration: Concentration
    shown: Shown
    min_group: int

    def cut_table(self) -> pd.DataFrame:
        """Return the range of values behind each score."""
        return cut_table(self.cuts, self.shown.scores)

    def score_map(self) -> pd.DataFrame:
        """Return customers and revenue for each pair of recency and frequency scores.

        Returns
        -------
        pandas.DataFrame
            `r_score`, `f_score`, `customers`, `customer_share` (0-1), `revenue`; pairs of fewer
            customers than `min_group`, and those that would give one away, are left out.
        """
        pairs = self.customers.groupby(["r_score", "f_score"], as_index=False).agg(
            customers=("revenue", "size"), units=("revenue_units", "sum")
        )
        pairs["customer_share"] = pairs["customers"] / len(self.customers)
        pairs["revenue"] = pairs["units"] / MONEY_SCALE
        names = zip(pairs["r_score"], pairs["f_score"], strict=True)
        told = [pair in self.shown.pairs for pair in names]
        return pairs[told].drop(columns="units").reset_index(drop=True)

    def score_grid(self) -> pd.DataFrame:
        """Return the share of customers, a row per recency score, a column per frequency score.

        Returns
        -------
        pandas.DataFrame
            `recency` (the score, best first) and one column for each frequency score, "1" and up;
            missing where nobody is, or where it is hidden.
        """
        scores = range(1, self.grid.n_bins + 1)
        wide = self.score_map().pivot(index="r_score", columns="f_score", values="customer_share")
        wide = wide.reindex(index=scores[::-1], columns=scores)
        wide.columns = pd.Index([str(score) for score in scores])
        wide.insert(0, "recency", [str(score) for score in wide.index])
        return wide.reset_index(drop=True)

    def at_risk(self, reached: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the valuable customers who are slipping away, with value and reason.

        They are the segments whose rule says so (`Rule.valuable_at_risk`).

        Parameters
        ----------
        reached
            Consent, channel and margin, as :func:`workbench.segmentation.reach.reach` gives them;
            None where nothing of that is known.

        Returns
        -------
        pandas.DataFrame
            As :func:`workbench.segmentation.actions.with_reasons` gives it.
        """
        return customers_to_act_on(
            self.customers,
            self.grid.at_risk,
            known=self.grid.names,
            reached=self._reached(reached),
        )

    def _reached(self, reached: pd.DataFrame | None) -> pd.DataFrame:
        return reach(None, None, as_of=self.base.as_of) if reached is None else reached

    def largest(self, reached: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the customers with the highest score for money, whatever their segment.

        Parameters
        ----------
        reached
            As `at_risk` takes it.

        Returns
        -------
        pandas.DataFrame
            As `at_risk` gives it.
        """
        best = self.customers[self.customers["m_score"] == self.grid.n_bins]
        return with_reasons(best, self._reached(reached))

    @property
    def may_count_largest(self) -> bool:
        """Return whether the number of the largest customers, and their worth, may be shown."""
        return self.shown.scores["m_score"][-1]


def segment(
    orders: Any,
    *,
    as_of: date,
    min_group: int,
    n_bins: int = 5,
    cuts: Mapping[str, Sequence[float]] | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
) -> Segmentation:
    """Return the segments of the customers behind some order lines.

    Parameters
    ----------
    orders
        Order lines, as :func:`workbench.segmentation.rfm.rfm` takes them.
    as_of
        The last day that counts.
    min_group
        Groups of fewer customers are merged or left out.
    n_bins
        Number of scores, 3 to 10.
    cuts
        Cut points to use in place of quantiles, see :func:`workbench.segmentation.scores.score`.
    rules
        Declared rules, see :func:`workbench.segmentation.grid.read_grid`; empty: the house's.

    Raises
    ------
    AnalysisError
        When the data or the rules do not allow it; the message says why.
    """
    base = rfm(orders, as_of=as_of)
    scored, points = score(base.customers, n_bins=n_bins, cuts=cuts)
    grid = read_grid(rules, n_bins=n_bins)
    customers = scored.assign(segment=grid.assign(scored))
    everyone = pd.concat([customers, base.returns_only.assign(segment=RETURNS_ONLY)])
    segments = segment_table(everyone, (*grid.names, RETURNS_ONLY), min_group=min_group)
    shown = what_to_show(
        customers,
        len(base.returns_only),
        merged=segments.merged,
        act_on=grid.at_risk,
        n_bins=n_bins,
        min_group=min_group,
    )
    return Segmentation(
        base=base,
        customers=customers,
        cuts=points,
        grid=grid,
        segments=segments,
        concentration=concentration(everyone, min_group=min_group),
        shown=shown,
        min_group=min_group,
    )
