"""Wholes and their parts, and lists of customers to act on, before and now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.data.phrases import listed
from workbench.report.formats import MISSING, format_share, format_unit
from workbench.suite.compare.amounts import change_text, points_text, relative_text, size_text
from workbench.suite.compare.model import ActionChange, BreakdownChange, PartChange
from workbench.suite.compare.told import Record

__all__ = ["compare_actions", "compare_breakdowns", "compare_policies"]

_RULES = {
    "cap": "contacts for each customer",
    "period_days": "days of the period",
    "control_share": "control group",
    "priority": "priority",
}
_NAMED = 2  # parts named in a sentence
_NONE: Record = {"value": None, "display": MISSING}


def compare_breakdowns(
    report: str, title: str, old: Sequence[Record], new: Sequence[Record]
) -> list[BreakdownChange]:
    """Return the wholes that both editions cut into parts, in the newer edition's order.

    Parameters
    ----------
    report, title
        The report.
    old, new
        What it recorded in each edition.
    """
    before = {str(whole["id"]): whole for whole in old}
    return [
        _breakdown(report, title, before[str(whole["id"])], whole)
        for whole in new
        if str(whole["id"]) in before and before[str(whole["id"])]["unit"] == whole["unit"]
    ]


def _breakdown(report: str, title: str, old: Record, new: Record) -> BreakdownChange:
    before, now = _parts(old), _parts(new)
    unit = str(new["unit"])
    totals = _total(before), _total(now)
    parts = tuple(
        _part(name, before.get(name), now.get(name), totals, unit)
        for name in dict.fromkeys((*now, *before))
    )
    label = str(new["label"])
    return BreakdownChange(
        report=report,
        report_title=title,
        id=str(new["id"]),
        label=label,
        part=str(new["part"]),
        unit=unit,
        old_total=totals[0],
        new_total=totals[1],
        old_total_display=format_unit(totals[0], unit),
        new_total_display=format_unit(totals[1], unit),
        parts=parts,
        words=tuple(_words(parts, totals, unit)),
    )


def _parts(whole: Record) -> dict[str, Record]:
    return {str(part["name"]): part for part in whole["parts"]}


def _total(parts: Mapping[str, Record]) -> float | None:
    values = [part["value"] for part in parts.values()]
    return None if not values or None in values else sum(values)


def _part(
    name: str,
    old: Record | None,
    new: Record | None,
    totals: tuple[float | None, float | None],
    unit: str,
) -> PartChange:
    one, other = old or _NONE, new or _NONE
    before, now = one["value"], other["value"]
    change = None if before is None or now is None else now - before
    shares = tuple(
        value / total if value is not None and value >= 0 and total else None
        for value, total in zip((before, now), totals, strict=True)
    )
    points = "" if None in shares else points_text((shares[1] or 0.0) - (shares[0] or 0.0))
    state: Literal["grew", "shrank", "same", "new", "gone", "not_known"]
    if old is None or new is None:
        state = "new" if old is None else "gone"
    elif change is None:
        state = "not_known"
    else:
        state = "grew" if change > 0 else "shrank" if change < 0 else "same"
    return PartChange(
        name=name,
        state=state,
        old=before,
        new=now,
        old_display=str(one["display"]),
        new_display=str(other["display"]),
        change=change,
        change_display="" if change is None else change_text(change, unit),
        old_share=shares[0],
        new_share=shares[1],
        share_change_display=points,
    )


def _words(
    parts: Sequence[PartChange], totals: tuple[float | None, float | None], unit: str
) -> Iterator[str]:
    """Yield what grew and what shrank, in plain sentences, and how to read it beside the whole."""
    before, now = totals
    pace = now / before - 1 if before and now and before > 0 else None
    for state, verb in (("grew", "grew"), ("shrank", "shrank")):
        found = [part for part in parts if part.state == state]
        found.sort(key=lambda part: -abs(part.change or 0))
        for place, part in enumerate(found[:_NAMED]):
            how = f"{verb} most" if place == 0 and len(found) > 1 else verb
            yield _moved(part, how, pace, unit)
    for state, words in (
        ("new", "told apart now; before, nobody was there, or too few to be shown"),
        ("gone", "not told apart any more: nobody is there, or too few to be shown"),
    ):
        names = [part.name for part in parts if part.state == state]
        if names:
            yield f"{listed(names)} {'is' if len(names) == 1 else 'are'} {words}."
    if pace is not None and abs(pace) >= 0.0005 and any(part.change for part in parts):
        yield (
            f"The whole went from {format_unit(before, unit)} to {format_unit(now, unit)} "
            f"({relative_text(pace)}). A part that only keeps pace with it changes by that much, "
            "too: look at the shares to see which ones gained."
        )


def _moved(part: PartChange, how: str, pace: float | None, unit: str) -> str:
    word = "" if " " in unit or unit in {"share", "days"} or unit.isupper() else f" {unit}"
    by = size_text(abs(part.change or 0), unit)
    text = f"{part.name} {how}: by {by} to {part.new_display}{word}"
    if part.old_share is None or part.new_share is None:
        return f"{text}."
    text += f", {format_share(part.new_share)} of all (before: {format_share(part.old_share)})."
    gained = part.new_share - part.old_share
    if pace is not None and (part.change or 0) * gained < 0:
        text += (
            " That is less than the whole grew, so that its share fell."
            if gained < 0
            else " That is less than the whole shrank, so that its share rose."
        )
    return text


def compare_actions(
    report: str, title: str, old: Sequence[Record], new: Sequence[Record]
) -> list[ActionChange]:
    """Return the lists of customers to act on, in the newer edition's order, then those gone.

    Parameters
    ----------
    report, title
        The report.
    old, new
        What it recorded in each edition.
    """
    before = {str(action["id"]): action for action in old}
    now = {str(action["id"]): action for action in new}
    return [
        _action(report, title, before.get(name), now.get(name))
        for name in dict.fromkeys((*now, *before))
    ]


def compare_policies(old: Record, new: Record) -> tuple[str, ...]:
    """Return what differs in the contact policy of two editions, rule by rule, in words.

    Parameters
    ----------
    old, new
        Their manifests; nothing is told where one of them has no lists.
    """
    policies = [told.get("contacts", {}).get("policy") for told in (old, new)]
    if None in policies:
        return ()
    before, now = policies
    return tuple(
        f"{words} {_rule(name, before[name])} → {_rule(name, now[name])}"
        for name, words in _RULES.items()
        if before[name] != now[name]
    )


def _rule(name: str, value: Any) -> str:
    if name == "priority":
        return ", ".join(str(one) for one in value) or "by reports"
    return format_share(value) if name == "control_share" else str(value)


def _action(report: str, title: str, old: Record | None, new: Record | None) -> ActionChange:
    told = new if new is not None else old
    assert told is not None
    # Lists of editions made before few customers were hidden hold their number: not shown here.
    smallest = int(told.get("min_group") or 0)
    one, other = _list(old, smallest), _list(new, smallest)
    state: Literal["same", "changed", "new", "gone", "not_told"]
    customers = value = ""
    if old is None or new is None:
        state = "new" if old is None else "gone"
    elif (one.customers is None) != (other.customers is None):
        state = "not_told"
    else:
        state = "same" if old["digest"] == new["digest"] else "changed"
    if one.customers is not None and other.customers is not None:
        customers = change_text(other.customers - one.customers, "customers")
        if one.value is not None and other.value is not None and one.unit == other.unit:
            value = change_text(other.value - one.value, other.unit)
    return ActionChange(
        report=report,
        report_title=title,
        id=str(told["id"]),
        label=str(told["label"]),
        state=state,
        old_customers=one.customers,
        new_customers=other.customers,
        old_customers_display=one.many,
        new_customers_display=other.many,
        customers_display=customers,
        old_display=one.display,
        new_display=other.display,
        value_display=value,
    )


@dataclass(frozen=True)
class _List:
    """What is told of one list: customers and worth are None, and its texts empty, where hidden."""

    customers: int | None = None
    many: str = ""
    value: float | None = None
    unit: str = ""
    display: str = ""


def _list(record: Record | None, smallest: int) -> _List:
    if record is None:
        return _List()
    count = record["customers"]
    smallest = int(record.get("min_group") or smallest)
    if count is None:
        said = str(record["customers_display"])
        many = said.removesuffix(" customers") if said.endswith(" customers") else "hidden"
        return _List(many=many)
    if 0 < count < smallest:
        return _List(many=f"fewer than {smallest}")
    display = str(record.get("display") or "")
    return _List(int(count), f"{count:,}", record["value"], str(record["unit"]), display)
