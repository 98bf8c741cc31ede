"""Retention of a unit, whether its customers buy or subscribe, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd

from workbench.data.frames import column_names
from workbench.errors import AnalysisError
from workbench.retention.cohorts import Triangle, order_triangle, subscription_triangle
from workbench.retention.durations import (
    repeat_durations,
    subscribers,
    subscription_durations,
    unseen_before,
)
from workbench.retention.periods import Calendar
from workbench.retention.survival import Estimate, LogRank, SurvivalCurve, kaplan_meier, log_rank

__all__ = ["MAX_GROUPS", "OTHERS", "Retention", "retention"]

Kind = Literal["orders", "subscriptions"]
MAX_GROUPS = 6
"""More curves than this cannot be told apart in one figure."""
OTHERS = "all others"
EVERYONE = "everyone"


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
    min_group
        A curve is drawn as long as so many are followed.
    unseen
        The first day with an end, where the data evidently hold only those who were still there on
        it: then all shares of those who stay are too high. None otherwise.
    """

    kind: Kind
    triangle: Triangle
    curve: SurvivalCurve
    groups: tuple[SurvivalCurve, ...]
    test: LogRank | None
    by: str
    horizon_days: int
    min_group: int
    unseen: date | None = None

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

    def median_of(self, curve: SurvivalCurve) -> Estimate:
        """Return the median time of a curve; none where it would be the day of one of few."""
        found = curve.median
        if found.value is not None:
            at = curve.table.loc[curve.table["time"] == found.value, "at_risk"]
            if int(at.iloc[0]) < self.min_group:
                why = "So few were followed that long that it would be the day of one of them."
                return Estimate(None, None, None, found.level, found.method, why)
            return found
        done = "come back" if self.kind == "orders" else "ended"
        why = f"Fewer than half have {done} so far."
        return Estimate(None, None, None, found.level, found.method, why)

    def curve_frame(self) -> pd.DataFrame:
        """Return the curves as they are drawn, up to the horizon, or until few are followed.

        Returns
        -------
        pandas.DataFrame
            `group` ("everyone" for the whole), `time` (days), `share`, `ci_lower`, `ci_upper`:
            came back by then (orders), or still there (subscriptions).
        """
        parts = []
        for curve in (self.curve, *self.groups):
            # Each step beyond is the day of one of few customers.
            few = curve.table["at_risk"] < self.min_group
            table = curve.table[(curve.table["time"] <= self.horizon_days) & ~few]
            last = curve.table.loc[few, "time"].min() if few.any() else curve.last_time
            part = table[["time", "survival", "ci_lower", "ci_upper"]]
            part = part.rename(columns={"survival": "share"})
            if self.kind == "orders":
                part = part.assign(
                    share=1 - table["survival"],
                    ci_lower=1 - table["ci_upper"],
                    ci_upper=1 - table["ci_lower"],
                )
            # A step lasts until the next event or the end of what was seen.
            end = part.iloc[[-1]].assign(time=min(float(self.horizon_days), float(last)))
            parts.append(pd.concat([part, end]).assign(group=curve.group or EVERYONE))
        names = ["group", "time", "share", "ci_lower", "ci_upper"]
        return pd.concat(parts, ignore_index=True)[names]

    def drawn(self) -> pd.DataFrame:
        """Return the curves for one figure: the groups where there are any, else everyone."""
        frame = self.curve_frame()
        return frame[frame["group"] != EVERYONE] if self.groups else frame

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
                    curve.group or EVERYONE,
                    curve.n_obs,
                    curve.events,
                    share.value,
                    share.ci_lower,
                    share.ci_upper,
                    self.median_of(curve).value,
                    mean.value,
                    share.reason,
                )
            )
        names = ["group", "customers", "events", "share", "ci_lower", "ci_upper"]
        names += ["median_days", "mean_days", "reason"]
        return pd.DataFrame(rows, columns=names, dtype=object)


def retention(
    orders: Any = None,
    subscriptions: Any = None,
    *,
    as_of: date,
    calendar: Calendar,
    horizon: int,
    min_group: int,
    by: str = "",
) -> Retention:
    """Return who comes back, or stays.

    Parameters
    ----------
    orders, subscriptions
        The unit's tables, None where it has none. With both, subscriptions are read: an end that
        is seen says more than a silence.
    as_of
        The last day that counts.
    calendar
        The grain of cohorts and of the horizon.
    horizon
        How many periods to look ahead from the first purchase or the start, at least 1.
    min_group
        Smaller groups are suppressed or joined.
    by
        A column of `subscriptions` that groups the curves; empty, or a column that is not there:
        no groups. Orders are not grouped.

    Raises
    ------
    AnalysisError
        When there is neither table, or too few customers.
    """
    options: Any = {
        "as_of": as_of,
        "calendar": calendar,
        "horizon": horizon,
        "min_group": min_group,
    }
    kind: Kind = "orders" if subscriptions is None else "subscriptions"
    group_by = ""
    if subscriptions is not None:
        group_by = by if by in column_names(subscriptions) else ""
        triangle = subscription_triangle(subscriptions, **options)
        spans = subscription_durations(subscriptions, as_of=as_of, by=group_by or None)
    elif orders is not None:
        triangle = order_triangle(orders, **options)
        spans = repeat_durations(orders, as_of=as_of)
    else:
        raise AnalysisError(
            "there are neither subscriptions nor orders", where="retention", fix="Declare one."
        )
    people = None
    if subscriptions is not None:
        people = subscribers(subscriptions, as_of=as_of, by=group_by or None)
    _enough(spans, people, min_group, kind)
    unseen = None if subscriptions is None else unseen_before(subscriptions, as_of=as_of)
    groups, test = _by_group(spans, people, min_group) if group_by else ((), None)
    return Retention(
        kind=kind,
        triangle=triangle,
        curve=kaplan_meier(spans["durations"], spans["event_observed"], n=spans["n"]),
        groups=groups,
        test=test,
        by=group_by,
        horizon_days=round(calendar.days * horizon),
        min_group=min_group,
        unseen=unseen,
    )


def _enough(spans: pd.DataFrame, people: pd.DataFrame | None, min_group: int, kind: Kind) -> None:
    total = int(spans["n"].sum() if people is None else people["customer"].nunique())
    if total < max(min_group, 1):
        raise AnalysisError(
            f"fewer than {min_group} customers: a group must have as many to be shown",
            where=kind,
            fix="Choose a larger unit.",
        )


def _by_group(
    spans: pd.DataFrame, people: pd.DataFrame | None, min_group: int
) -> tuple[tuple[SurvivalCurve, ...], LogRank | None]:
    """Return the curves of the larger groups, the rest together, and their test."""
    sizes = spans.groupby("group")["n"].sum().sort_values(ascending=False, kind="stable")

    def customers(names: Sequence[str]) -> int:
        if people is None:
            return int(sizes[list(names)].sum())
        return int(people.loc[people["group"].isin(names), "customer"].nunique())

    own = [str(name) for name in sizes.index[:MAX_GROUPS] if customers([name]) >= min_group]
    rest = customers([name for name in sizes.index if name not in own])
    if len(own) < len(sizes) and rest < min_group and own:
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
