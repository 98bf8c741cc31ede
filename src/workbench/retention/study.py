"""Retention of a unit, whether its customers buy or subscribe, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

import pandas as pd

from workbench.data.frames import lazy
from workbench.errors import AnalysisError, one_of
from workbench.retention.cohorts import Triangle, order_triangle, subscription_triangle
from workbench.retention.durations import repeat_durations, subscription_durations
from workbench.retention.periods import Calendar
from workbench.retention.survival import Estimate, LogRank, SurvivalCurve, kaplan_meier, log_rank

__all__ = ["MAX_GROUPS", "OTHERS", "Retention", "RetentionUnit", "retention"]

Kind = Literal["orders", "subscriptions"]
MAX_GROUPS = 6
"""More curves than this cannot be told apart in one figure."""
OTHERS = "all others"


class RetentionUnit(Protocol):
    """What is asked of a unit; :class:`workbench.data.unit.Unit` has it."""

    @property
    def as_of(self) -> date: ...  # noqa: D102
    @property
    def min_group(self) -> int: ...  # noqa: D102
    @property
    def week_start(self) -> str: ...  # noqa: D102
    @property
    def fiscal_year_start(self) -> int: ...  # noqa: D102
    def has(self, name: str, /) -> bool: ...  # noqa: D102
    def table(self, name: str, /) -> Any: ...  # noqa: D102


@dataclass(frozen=True)
class Retention:
    """Who comes back, or stays.

    Parameters
    ----------
    kind
        `orders` (coming back is a second purchase) or `subscriptions` (leaving is the end of a
        subscription).
    triangle
        Retention by cohort and period.
    curve
        Everyone: the time to the second purchase day, or to the end.
    groups
        The same by group, largest first; empty without groups. Groups too small to show, and those
        beyond the six largest, stand together as "all others".
    test
        Whether the groups differ; None without groups.
    by
        The column that groups; empty without.
    horizon_days
        The horizon in days, at which curves are compared.
    """

    kind: Kind
    triangle: Triangle
    curve: SurvivalCurve
    groups: tuple[SurvivalCurve, ...]
    test: LogRank | None
    by: str
    horizon_days: int

    @property
    def at_horizon(self) -> Estimate:
        """Return the share that came back, or stayed, within the horizon."""
        return self._share(self.curve, self.horizon_days)

    def _share(self, curve: SurvivalCurve, days: float) -> Estimate:
        found = curve.survival_at(days)
        if self.kind == "subscriptions" or found.value is None:
            return found
        low = None if found.ci_upper is None else 1 - found.ci_upper
        high = None if found.ci_lower is None else 1 - found.ci_lower
        return Estimate(1 - found.value, low, high, found.level, found.method)

    def curve_frame(self) -> pd.DataFrame:
        """Return the curves as they are drawn, up to the horizon.

        Returns
        -------
        pandas.DataFrame
            `group` ("everyone" for the whole), `time` (days), `share`, `ci_lower`, `ci_upper`:
            came back by then (orders), or still there (subscriptions).
        """
        parts = []
        for curve in (self.curve, *self.groups):
            table = curve.table[curve.table["time"] <= self.horizon_days]
            part = table[["time", "survival", "ci_lower", "ci_upper"]]
            part = part.rename(columns={"survival": "share"})
            if self.kind == "orders":
                part = part.assign(
                    share=1 - table["survival"],
                    ci_lower=1 - table["ci_upper"],
                    ci_upper=1 - table["ci_lower"],
                )
            # A step lasts until the next event or the end of what was seen.
            end = part.iloc[[-1]].assign(time=min(float(self.horizon_days), curve.last_time))
            parts.append(pd.concat([part, end]).assign(group=curve.group or "everyone"))
        names = ["group", "time", "share", "ci_lower", "ci_upper"]
        return pd.concat(parts, ignore_index=True)[names]

    def summary(self) -> pd.DataFrame:
        """Return one row for everyone and one per group; None where there is no number.

        Returns
        -------
        pandas.DataFrame
            `group`, `customers`, `events`, `share`, `ci_lower`, `ci_upper` (at the horizon),
            `median_days`, `mean_days` (restricted to the horizon), `reason`.
        """
        rows = []
        for curve in (self.curve, *self.groups):
            share = self._share(curve, self.horizon_days)
            mean = curve.restricted_mean(self.horizon_days)
            rows.append(
                (
                    curve.group or "everyone",
                    curve.n_obs,
                    curve.events,
                    share.value,
                    share.ci_lower,
                    share.ci_upper,
                    curve.median.value,
                    mean.value,
                    share.reason,
                )
            )
        names = ["group", "customers", "events", "share", "ci_lower", "ci_upper"]
        names += ["median_days", "mean_days", "reason"]
        return pd.DataFrame(rows, columns=names, dtype=object)


def retention(
    unit: RetentionUnit,
    *,
    grain: str = "month",
    horizon: int = 12,
    by: str = "plan",
    kind: str = "",
) -> Retention:
    """Return who comes back, or stays, in a unit.

    Parameters
    ----------
    unit
        The unit; it has `orders`, `subscriptions` or both.
    grain
        `week`, `month` or `quarter`.
    horizon
        How many of these to look ahead from the first purchase or the start, at least 1.
    by
        A column of `subscriptions` that groups the curves; empty, or a column that is not there:
        no groups. Orders are not grouped.
    kind
        `orders` or `subscriptions`; empty: subscriptions where the unit has them, as an end that is
        seen says more than a silence.

    Raises
    ------
    AnalysisError
        When the unit has neither table, or too few customers.
    """
    chosen = _kind(unit, kind)
    calendar = Calendar(grain, unit.week_start, unit.fiscal_year_start)
    table = unit.table(chosen)
    group_by = by if chosen == "subscriptions" and by in lazy(table, where=chosen).columns else ""
    if chosen == "orders":
        triangle = order_triangle(
            table, as_of=unit.as_of, calendar=calendar, horizon=horizon, min_group=unit.min_group
        )
        spans = repeat_durations(table, as_of=unit.as_of)
    else:
        triangle = subscription_triangle(
            table, as_of=unit.as_of, calendar=calendar, horizon=horizon, min_group=unit.min_group
        )
        spans = subscription_durations(table, as_of=unit.as_of, by=group_by or None)
    total = int(spans["n"].sum())
    if total < max(unit.min_group, 1):
        raise AnalysisError(
            f"{total} customers, fewer than the {unit.min_group} that a group must have to be shown",
            where=chosen,
            fix="Choose a larger unit.",
        )
    groups, test = _by_group(spans, unit.min_group) if group_by else ((), None)
    return Retention(
        kind=chosen,
        triangle=triangle,
        curve=kaplan_meier(spans["durations"], spans["event_observed"], n=spans["n"]),
        groups=groups,
        test=test,
        by=group_by,
        horizon_days=round(calendar.days * horizon),
    )


def _kind(unit: RetentionUnit, kind: str) -> Kind:
    there: list[Kind] = [name for name in _kinds() if unit.has(name)]
    if kind:
        for name in there:
            if name == kind:
                return name
        raise AnalysisError(f"the unit has no {kind}", where="retention", fix=one_of(kind, there))
    if not there:
        raise AnalysisError(
            "the unit has neither subscriptions nor orders", where="retention", fix="Declare one."
        )
    return there[0]


def _kinds() -> Sequence[Kind]:
    return ("subscriptions", "orders")


def _by_group(
    spans: pd.DataFrame, min_group: int
) -> tuple[tuple[SurvivalCurve, ...], LogRank | None]:
    """Return the curves of the larger groups, the rest together, and their test."""
    sizes = spans.groupby("group")["n"].sum().sort_values(ascending=False, kind="stable")
    own = [str(name) for name in sizes.index[:MAX_GROUPS] if sizes[name] >= min_group]
    if len(own) < len(sizes) and sizes.drop(own).sum() < min_group and own:
        own = own[:-1]  # the rest would tell of too few, so the smallest shown joins them
    named = spans.assign(group=spans["group"].where(spans["group"].isin(own), OTHERS))
    names = [*own, OTHERS] if (named["group"] == OTHERS).any() else own
    curves = tuple(
        kaplan_meier(part["durations"], part["event_observed"], n=part["n"], group=name)
        for name in names
        for part in [named[named["group"] == name]]
    )
    test = log_rank(
        named["durations"], named["event_observed"], named["group"].tolist(), n=named["n"]
    )
    return curves, test
