"""Whether the split was as planned on each day and in each segment, and in the planned time."""

from __future__ import annotations

from datetime import date

import pandas as pd

from workbench.data.phrases import counted, day, listed
from workbench.data.small_groups import fewer_than, is_small
from workbench.experiments.evidence import plain
from workbench.experiments.multiplicity import holm
from workbench.experiments.plan import Plan
from workbench.experiments.sample_ratio import ratio_test
from workbench.experiments.tally import Tally
from workbench.experiments.verdicts import CHECK_ALPHA, LEFT_OUT_SHARE, Check, Status, shown_p

__all__ = ["check_period", "check_spread"]

_ADVICE = "Find out how customers were assigned there, or lost; do not decide until it is known."
_NAMED = 3  # days or values that a sentence can hold


def check_spread(plan: Plan, found: Tally, *, min_group: int) -> tuple[Check, ...]:
    """Return whether the split is as planned by day and by segment.

    Each day and each value is tested against the planned shares, exactly where it is small, with
    Holm's correction over the days, and over all segments' values.

    Parameters
    ----------
    plan
        What was declared.
    found
        The units, by day and by segment.
    min_group
        No value of a segment is named, and no share or p-value given, where a group is smaller.
    """
    made = []
    if found.days is not None and found.days["day"].nunique() > 1:
        tested = _tested(found.days, "day", plan)
        tested["p"] = holm(tested["p"].tolist())
        made.append(_days(tested, plan, min_group))
    parts = {
        name: _tested(rows, "value", plan)
        for name, rows in found.segments.items()
        if rows["value"].nunique() > 1
    }
    adjusted = holm([p for part in parts.values() for p in part["p"]])
    for number, (name, part) in enumerate(parts.items(), start=1):
        mine, adjusted = adjusted[: len(part)], adjusted[len(part) :]
        made.append(_segment(number, name, part.assign(p=mine), plan, min_group))
    if found.missing_segments:
        text = f"No table has {listed(list(found.missing_segments))}."
        advice = "Read the column from a source, or leave the segment out of the declaration."
        made.append(Check("segments", "Declared segments are there", "noted", text, advice=advice))
    return tuple(made)


def _tested(rows: pd.DataFrame, key: str, plan: Plan) -> pd.DataFrame:
    """Return one row per day or value: units per declared variant, and the test's p-value."""
    wide = rows.pivot_table(index=key, columns="variant", values="n", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=list(plan.shares), fill_value=0).astype("int64")
    wide = wide[wide.sum(axis=1) > 0].sort_index()
    shares = list(plan.shares.values())
    return wide.assign(p=[ratio_test(list(row), shares).pvalue for row in wide.to_numpy()])


def _small(row: pd.Series, plan: Plan, min_group: int) -> bool:
    return any(is_small(int(row[name]), min_group) for name in plan.shares)


def _days(tested: pd.DataFrame, plan: Plan, min_group: int) -> Check:
    label = "Groups have the planned sizes on each day"
    wrong = tested[tested["p"] < CHECK_ALPHA].sort_values("p", kind="stable")
    if wrong.empty:
        text = f"On each of {counted(len(tested), 'day')} the split is as planned, but for chance."
        return Check("days", label, "passed", text)
    names = [day(date.fromordinal(int(number))) for number in sorted(wrong.index[:_NAMED])]
    more = f", {names[-1]} among them" if len(wrong) > _NAMED else f": {listed(names)}"
    text = (
        f"On {len(wrong)} of {counted(len(tested), 'day')} the split is not as planned{more}."
        f"{_worst(wrong.iloc[0], plan, min_group)}"
    )
    return Check("days", label, "failed", text, advice=_ADVICE)


def _segment(number: int, name: str, tested: pd.DataFrame, plan: Plan, min_group: int) -> Check:
    slug, label = f"segment-{number}", f"Groups have the planned sizes in each {plain(name)}"
    wrong = tested[tested["p"] < CHECK_ALPHA].sort_values("p", kind="stable")
    if wrong.empty:
        many = counted(len(tested), "value")
        return Check(slug, label, "passed", f"In each of {many} the split is as planned.")
    # A value with few customers may tell who they are.
    large = [
        str(value)
        for value, row in wrong.iterrows()
        if not is_small(int(row[list(plan.shares)].sum()), min_group)
    ]
    shown = listed(large[:_NAMED]) if large else "small groups"
    rest = len(wrong) - min(len(large), _NAMED)
    more = f" and {rest} more" if large and rest else ""
    text = (
        f"The split is not as planned in {shown}{more}, of {counted(len(tested), 'value')}."
        f"{_worst(wrong.iloc[0], plan, min_group)}"
    )
    return Check(slug, label, "failed", text, advice=_ADVICE)


def _worst(row: pd.Series, plan: Plan, min_group: int) -> str:
    if _small(row, plan, min_group):
        return ""
    units, planned = sum(int(row[name]) for name in plan.shares), sum(plan.shares.values())
    parts = listed(
        [
            f"{name} {100 * int(row[name]) / units:.1f}% (planned {100 * part / planned:.1f}%)"
            for name, part in plan.shares.items()
        ]
    )
    return f" The clearest: {parts} ({shown_p(float(row['p']))}, corrected)."


def check_period(plan: Plan, found: Tally, *, min_group: int) -> Check | None:
    """Return whether units were assigned in the planned time; None where there is no plan or time.

    Parameters
    ----------
    plan
        What was declared.
    found
        The units by day.
    min_group
        Fewer units are not counted in the text.
    """
    if found.days is None or (plan.start is None and plan.end is None):
        return None
    label = "Customers were assigned in the planned time"
    days, n = found.days["day"], found.days["n"]
    early = int(n[days < plan.start.toordinal()].sum()) if plan.start else 0
    late = int(n[days > plan.end.toordinal()].sum()) if plan.end else 0
    everyone = int(n.sum()) + found.untimed
    parts = []
    if early and plan.start:
        when = f"before {day(plan.start)}, the planned start"
        parts.append(f"{fewer_than(early, min_group)} customers were assigned {when}")
    if late and plan.end:
        when = f"after {day(plan.end)}, the planned end"
        parts.append(f"{fewer_than(late, min_group)} customers were assigned {when}")
    if found.untimed:
        parts.append(f"{fewer_than(found.untimed, min_group)} customers have no time of assignment")
    if not parts:
        return Check("period", label, "passed", "Nobody was assigned outside of it.")
    out = early + late + found.untimed
    status: Status = "failed" if out > LEFT_OUT_SHARE * everyone else "noted"
    text = "; ".join(parts)
    advice = "Find out why; analyse those of the planned time, or declare the time that was meant."
    return Check("period", label, status, f"{text[0].upper()}{text[1:]}.", advice=advice)
