"""What is still to come of those who have come so far: the chance, and the mean time, ahead.

Subscribers who have stayed for a year are not those who have just begun; and who has been silent
for half a year since the first purchase rarely buys again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from workbench.data.phrases import days, share
from workbench.data.small_groups import is_small
from workbench.retention.durations import unseen_words
from workbench.retention.study import Retention

__all__ = ["SO_FAR", "RemainingTime", "remaining_time"]

SO_FAR = (0, 30, 90, 180, 365, 730)
"""Days since the start, at which it is asked what is still to come."""
AHEAD_DAYS = 91
_FEW = 30  # a sentence does not rest on fewer
_COLUMNS = [
    *("so_far_days", "followed", "share", "ci_lower", "ci_upper"),
    *("mean_days", "mean_ci_lower", "mean_ci_upper"),
]


@dataclass(frozen=True)
class RemainingTime:
    """The chance and the mean time ahead, given what has passed.

    Parameters
    ----------
    table
        One row per time so far, as long as enough are followed: `so_far_days`, `followed` (who were
        seen for longer without the event), `share` (who come back, or stay, within `ahead_days`
        more), `ci_lower`, `ci_upper`, `mean_days` (of the next `ahead_days` without the event),
        `mean_ci_lower`, `mean_ci_upper`.
    ahead_days
        How far it is looked ahead.
    answer
        What the table says, in a sentence.
    title_share
        What `share` is, as a heading.
    method
        How the intervals were made.
    reason
        Why there is no table; empty otherwise.
    """

    table: pd.DataFrame
    ahead_days: int
    answer: str
    title_share: str
    method: str
    reason: str


def remaining_time(found: Retention, *, so_far: Sequence[int] = SO_FAR) -> RemainingTime:
    """Return what is still to come of those who have come so far.

    Parameters
    ----------
    found
        The study of everyone.
    so_far
        Days since the start, rising, from 0 on.
    """
    ahead = min(AHEAD_DAYS, found.horizon_days)
    buys = found.kind == "orders"
    rows: list[tuple[float, ...]] = []
    method = ""
    before = found.curve.n_obs
    for time in so_far:
        if time >= found.curve.last_time:
            break
        later = found.curve.given(float(time))
        stays, mean = later.survival_at(ahead), later.restricted_mean(ahead)
        if stays.value is None or stays.ci_lower is None or stays.ci_upper is None:
            break
        if mean.value is None or mean.ci_lower is None or mean.ci_upper is None:
            break
        # Neither those followed nor those who dropped out since the row before may be few.
        if is_small(later.n_obs, found.min_group):
            break
        if is_small(before - later.n_obs, found.min_group):
            continue
        before, method = later.n_obs, f"{stays.method}; {mean.method}"
        ends = (stays.ci_lower, stays.ci_upper)
        if buys:
            ends = (1 - ends[1], 1 - ends[0])
        part = 1 - stays.value if buys else stays.value
        rows.append((time, later.n_obs, part, *ends, mean.value, mean.ci_lower, mean.ci_upper))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table = table.astype({"so_far_days": "int64", "followed": "int64"})
    title = f"{'Buy again' if buys else 'Still there'} after {ahead} more days"
    told = table[table["followed"] >= _FEW]
    if len(told) < 2:
        why = "Too few have been followed for longer than a month to say what comes later."
        return RemainingTime(table.iloc[:0], ahead, why, title, method, why)
    answer = f"{_answer(told, ahead, buys)}{unseen_words(found.unseen)}"
    return RemainingTime(table, ahead, answer, title, method, "")


def _answer(table: pd.DataFrame, ahead: int, buys: bool) -> str:
    first, last = table.iloc[0], table.iloc[-1]
    start, later = share(float(first["share"])), share(float(last["share"]))
    widths = [float(row["ci_upper"]) - float(row["ci_lower"]) for row in (first, last)]
    # The intervals span two standard errors each way, and the two spans of time hardly overlap.
    apart = 2 * abs(float(first["share"]) - float(last["share"])) > math.hypot(*widths)
    if buys:
        said = (
            f"{start} of first-time buyers buy again within {days(ahead)}; of those who have not "
            f"done so in {days(float(last['so_far_days']))}, {later} do within {ahead} more"
        )
    else:
        said = (
            f"{start} of new subscriptions last {days(ahead)}; of those that have lasted "
            f"{days(float(last['so_far_days']))}, {later} last {ahead} more"
        )
    return f"{said}." if apart else f"{said}, which chance can explain."
