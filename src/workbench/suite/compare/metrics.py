"""Numbers, before and now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from workbench.report.formats import MISSING
from workbench.suite.compare.amounts import change_text, points_text, relative_text
from workbench.suite.compare.model import MetricChange, Verdict
from workbench.suite.compare.noise import judge, past_changes
from workbench.suite.compare.told import Point, Record

__all__ = ["compare_metrics"]

_NONE: Record = {"value": None, "display": MISSING}


def compare_metrics(
    report: str,
    title: str,
    old: Sequence[Record],
    new: Sequence[Record],
    *,
    days: tuple[str, str],
    history: Sequence[Point],
    by_chance: bool,
) -> list[MetricChange]:
    """Return the numbers of one report in the newer edition's order, then those that are gone.

    Parameters
    ----------
    report, title
        The report.
    old, new
        What it recorded in each edition.
    days
        The day that each edition looks back from.
    history
        The numbers of earlier days.
    by_chance
        Whether anything differs that chance has a part in.
    """
    before = {str(metric["id"]): metric for metric in old}
    now = {str(metric["id"]): metric for metric in new}
    found = []
    for name in dict.fromkeys((*now, *before)):
        one, other = before.get(name), now.get(name)
        verdict = _verdict(f"{report}.{name}", one, other, days, history, by_chance=by_chance)
        found.append(_change(report, title, one, other, verdict))
    return found


def _verdict(
    name: str,
    old: Record | None,
    new: Record | None,
    days: tuple[str, str],
    history: Sequence[Point],
    *,
    by_chance: bool,
) -> Verdict:
    if old is None:
        return Verdict("not_known", "It is recorded for the first time.")
    if new is None:
        return Verdict("not_known", "It is not recorded any more.")
    missing = [told for told in (old, new) if told["value"] is None]
    if len(missing) == 2:
        return Verdict("unchanged", "There is no number, as before.")
    if missing:
        when = "now" if missing[0] is new else "before"
        return Verdict("not_known", f"There is no number {when}: {missing[0].get('reason') or '?'}")
    if old["unit"] != new["unit"]:
        words = f"Its unit is another: {old['unit']} before, {new['unit']} now."
        return Verdict("not_comparable", words)
    past = past_changes(history, name, new, *days)
    return judge(old, new, past, by_chance=by_chance)


def _change(
    report: str, title: str, old: Record | None, new: Record | None, verdict: Verdict
) -> MetricChange:
    told = new if new is not None else old
    assert told is not None
    one, other = old or _NONE, new or _NONE
    before, now, unit = one["value"], other["value"], str(told["unit"])
    change = None
    if before is not None and now is not None and one["unit"] == unit:
        change = 0.0 if verdict.state == "unchanged" else float(now) - float(before)
    relative = _relative(before, change, unit)
    state: Literal["kept", "new", "gone"] = "kept"
    if old is None or new is None:
        state = "new" if old is None else "gone"
    return MetricChange(
        report=report,
        report_title=title,
        id=str(told["id"]),
        label=str(told["label"]),
        unit=unit,
        state=state,
        headline=bool(told.get("headline", True)),
        old=before,
        new=now,
        old_display=str(one["display"]),
        new_display=str(other["display"]),
        old_aside=str(one.get("ci_display") or one.get("reason") or ""),
        new_aside=str(other.get("ci_display") or other.get("reason") or ""),
        change=change,
        change_display=_change_display(change, one, other, unit),
        relative=relative,
        relative_display="" if relative is None else relative_text(relative),
        direction=_direction(change, told.get("good")),
        verdict=verdict,
    )


def _change_display(change: float | None, old: Record, new: Record, unit: str) -> str:
    if change is None:
        return ""
    if unit == "share" and change and old["display"] == new["display"]:
        return points_text(change, 2)  # 76.5% and 76.5% do not differ by 0.1 points
    return change_text(change, unit)


def _relative(before: float | None, change: float | None, unit: str) -> float | None:
    """Return the change as a share of the number before; a share's own points say it better."""
    if not before or not change or unit == "share":
        return None
    return change / abs(before)


def _direction(change: float | None, good: object) -> Literal["better", "worse"] | None:
    if not change or good not in {"up", "down"}:
        return None
    return "better" if (change > 0) == (good == "up") else "worse"
