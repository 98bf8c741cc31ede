"""What differs between what two editions rest on: data, day, parameters, code, environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from workbench.report.formats import format_date
from workbench.suite.compare.model import Cause, CauseKind, DataChange, ReportChange
from workbench.suite.compare.told import Record
from workbench.suite.keys import differences
from workbench.suite.manifest import key_parts

__all__ = ["by_chance", "causes_of", "compare_data", "compare_reports", "each_once"]

# Part of a key -> the kind of cause; `unit` is told apart further down.
_KINDS: Mapping[str, CauseKind] = {
    "data": "data",
    "parameters": "parameters",
    "unit": "parameters",
    "watch": "parameters",
    "notebook": "code",
    "package": "code",
    "versions": "environment",
    "engine": "environment",
    "renderer": "environment",
    "prior": "prior",
    "history": "prior",
}
_ORDER: tuple[CauseKind, ...] = ("day", "data", "parameters", "code", "environment", "prior")
_PLAIN = {  # for parts whose differences have no words of their own
    "history": "earlier editions' numbers changed",
    "unit": "facts of the unit changed",
    "data": "the data changed",
}
_MOST = 5  # words of one part
_CHANCE = {"data", "day", "prior"}


def causes_of(old: Record | None, new: Record | None) -> tuple[Cause, ...]:
    """Return what differs between the parts of two keys, the likeliest cause first.

    Parameters
    ----------
    old, new
        The parts; None where the report did not run.
    """
    if old is None or new is None:
        return ()
    found = list(_day(old, new))
    before, now = _without_day(old), _without_day(new)
    if found:  # another day has another history anyway
        before.pop("prior", None)
        now.pop("prior", None)
    for part in dict.fromkeys((*_KINDS, *now, *before)):
        if before.get(part) != now.get(part):
            words = differences({part: before.get(part, {})}, {part: now.get(part, {})})
            if len(words) > _MOST:
                words = [*words[: _MOST - 1], f"and {len(words) - _MOST + 1} more"]
            kind = _KINDS.get(part, "parameters")
            plain = _PLAIN.get(part, f"{part} changed")
            found += [Cause(kind, text.replace("->", "→")) for text in words or [plain]]
    return tuple(sorted(found, key=lambda cause: _ORDER.index(cause.kind)))


def _day(old: Record, new: Record) -> Iterator[Cause]:
    before, now = (parts.get("unit", {}).get("as_of") for parts in (old, new))
    if before != now and before and now:
        yield Cause("day", f"the day looked back from, {format_date(before)} → {format_date(now)}")


def _without_day(parts: Record) -> dict[str, Any]:
    facts = {name: fact for name, fact in parts.get("unit", {}).items() if name != "as_of"}
    return {**parts, "unit": facts}


def by_chance(old: Record, new: Record) -> bool:
    """Tell whether anything differs between two keys that chance has a part in.

    Parameters
    ----------
    old, new
        The parts of the two keys.
    """
    seeds = [parts.get("unit", {}).get("seed") for parts in (old, new)]
    return seeds[0] != seeds[1] or any(cause.kind in _CHANCE for cause in causes_of(old, new))


def each_once(reports: Iterable[ReportChange]) -> tuple[Cause, ...]:
    """Return the causes of all reports, each once, the likeliest first."""
    found = dict.fromkeys(cause for report in reports for cause in report.causes)
    return tuple(sorted(found, key=lambda cause: _ORDER.index(cause.kind)))


def compare_reports(old: Record, new: Record) -> list[ReportChange]:
    """Return how each report stands in two editions, in their order.

    Parameters
    ----------
    old, new
        The manifests.
    """
    before, now = old["reports"], new["reports"]
    told = {**before, **now}
    names = sorted(told, key=lambda name: (told[name]["order"], name))
    return [
        _report(name, told[name], before.get(name), now.get(name), old=old, new=new)
        for name in names
    ]


def _report(
    name: str, told: Record, before: Record | None, now: Record | None, *, old: Record, new: Record
) -> ReportChange:
    states = tuple(str(one["state"]) if one else "absent" for one in (before, now))
    causes = causes_of(key_parts(old, name), key_parts(new, name))
    return ReportChange(
        report=name,
        title=str(told["title"]),
        old_state=states[0],
        new_state=states[1],
        state=_state(*states, renewed=bool(causes)),
        reason=str(now.get("reason", "")) if now else "",
        causes=causes,
    )


def _state(
    old: str, new: str, *, renewed: bool
) -> Literal[
    "same",
    "renewed",
    "newly_ready",
    "ready_again",
    "newly_applies",
    "newly_failed",
    "still_failed",
    "newly_stopped",
    "still_stopped",
    "no_longer_applies",
    "not_applicable",
    "not_run",
    "gone",
]:
    if new == "ok":
        if old == "ok":
            return "renewed" if renewed else "same"
        if old in {"failed", "stopped"}:
            return "ready_again"
        return "newly_applies" if old == "not_applicable" else "newly_ready"
    if new == "failed":
        return "still_failed" if old == "failed" else "newly_failed"
    if new == "stopped":
        return "still_stopped" if old == "stopped" else "newly_stopped"
    if new == "not_applicable":
        gone = old in {"ok", "failed", "stopped"}
        return "no_longer_applies" if gone else "not_applicable"
    return "gone" if new == "absent" else "not_run"


def compare_data(old: Record, new: Record) -> list[DataChange]:
    """Return the rows of each source in two editions, by table and source.

    Parameters
    ----------
    old, new
        The manifests.
    """
    before, now = _sources(old), _sources(new)
    return [_source(*place, before.get(place), now.get(place)) for place in sorted({*before, *now})]


def _sources(manifest: Record) -> dict[tuple[str, str], Record]:
    rows = manifest.get("data", {}).get("rows", {})
    return {
        (table, source): counts
        for table, sources in rows.items()
        for source, counts in sources.items()
    }


def _source(table: str, source: str, old: Record | None, new: Record | None) -> DataChange:
    one, other = old or {}, new or {}
    kinds = ("received", "accepted", "quarantined")
    state: Literal["same", "changed", "new", "gone"]
    if old is None or new is None:
        state = "new" if old is None else "gone"
    else:
        state = "same" if all(old[kind] == new[kind] for kind in kinds) else "changed"
    return DataChange(
        table=table,
        source=source,
        department=str((new or one).get("department", "")),
        state=state,
        old_received=one.get("received"),
        new_received=other.get("received"),
        old_accepted=one.get("accepted"),
        new_accepted=other.get("accepted"),
        old_quarantined=one.get("quarantined"),
        new_quarantined=other.get("quarantined"),
    )
