"""What moves between segments say, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.data.phrases import counted, day, days, listed, money, share
from workbench.data.small_groups import hidden_words
from workbench.segmentation.migration.moves import NEW, Moves
from workbench.segmentation.migration.study import Migration

__all__ = ["MigrationReading", "read_migration"]


@dataclass(frozen=True)
class MigrationReading:
    """Sentences of one report; every number in them is computed.

    Parameters
    ----------
    down, down_decision
        What is slipping away, and what is to be decided.
    up
        What was won by customers who moved up.
    stay
        How many of the best segment of then are still in it.
    new
        What customers who are new since then have brought.
    how
        What a move is, how it is valued, and what to beware of.
    title, alt
        Message and text alternative of the heat map.
    subtitle
        How to read the heat map.
    hidden
        Why a number is not shown.
    moved_down, moved_down_share, value_down, value_up
        Customers who moved down, their share of those who were there, what they had brought, and
        what those who moved up have brought since; None where there is no number.
    no_number
        Why such a number is missing.
    """

    down: str
    down_decision: str
    up: str
    stay: str
    new: str
    how: str
    title: str
    alt: str
    subtitle: str
    hidden: str
    moved_down: int | None
    moved_down_share: float | None
    value_down: Any
    value_up: Any
    no_number: str


def read_migration(result: Migration, *, currency: str) -> MigrationReading:
    """Return the sentences of the moves between segments.

    Parameters
    ----------
    result
        The moves.
    currency
        ISO code of the amounts.
    """
    found = result.moves
    span = days(result.days_back)
    if found is None:
        return _without(result, span)
    totals: dict[str, Any] = {row["direction"]: row for row in found.totals.to_dict("records")}
    down, decision = _down(result, found, totals, currency)
    known = sum(v for v in found.then.loc[found.then["segment"] != NEW, "customers"] if v)
    whole = not found.then["customers"].isna().any()
    moved = totals["down"]["customers"] if "down" in totals else 0
    part = moved / known if whole and known and moved is not None else None
    title = f"How the segments of {day(result.earlier)} fared until {day(result.later)}"
    if part is not None:
        title = f"{share(part, 0)} of customers moved down within {span}"
    return MigrationReading(
        down=down,
        down_decision=decision,
        up=_up(result, found, totals, currency),
        stay=_stay(result, found),
        new=_new(result, totals, currency),
        how=f"Rules and cut points are the same on both days, so a move is what a customer did: "
        "they rise by buying, and sink by not buying lately or by sending things back. Value is "
        f"net revenue: in the {span} up to {day(result.earlier)} for customers who moved down, in "
        f"the {span} since for all others. Some of each move is chance: who bought unusually much "
        "tends to buy less next, whatever you do.",
        title=title,
        alt=f"A grid: a row for each segment on {day(result.earlier)}, a column for each segment "
        f"on {day(result.later)}, each cell the share of the row's customers. {down}",
        subtitle=f"Of each segment on {day(result.earlier)} (rows), the share in each segment on "
        f"{day(result.later)} (columns, by the numbers of the rows); empty: nobody, or hidden",
        hidden=hidden_words(found.min_group),
        moved_down=moved,
        moved_down_share=part,
        value_down=totals["down"]["value"] if "down" in totals else None,
        value_up=totals["up"]["value"] if "up" in totals else None,
        no_number="nobody moved so, or the number is hidden",
    )


def _without(result: Migration, span: str) -> MigrationReading:
    said = f"Who moved between segments within {span} cannot be said: {result.reason}."
    return MigrationReading(
        down=said,
        down_decision="Nothing on these data; a shorter span may be set (migration_days).",
        up=said,
        stay=said,
        new=said,
        how=said,
        title="Who moved between segments cannot be said",
        alt=said,
        subtitle="",
        hidden=result.reason,
        moved_down=None,
        moved_down_share=None,
        value_down=None,
        value_up=None,
        no_number=result.reason,
    )


def _down(
    result: Migration, found: Moves, totals: dict[str, Any], currency: str
) -> tuple[str, str]:
    if "down" not in totals:
        return "No customer moved down.", "Nothing: nobody is slipping away."
    row = totals["down"]
    since = f"since {day(result.earlier)}"
    if row["customers"] is None:
        return f"Few customers moved down {since}.", "Nothing now; look again with the next report."
    said = (
        f"{counted(row['customers'], 'customer')} moved down {since}: they brought "
        f"{money(row['value_before'], currency)} in the {days(result.days_back)} before, and "
        f"{money(row['value_after'], currency)} since."
    )
    largest = found.largest("down", 1)
    if largest.empty:
        return said, "Whom of them to win back."
    flow: dict[Any, Any] = largest.iloc[0].to_dict()
    part = "" if flow["share_of_then"] is None else f" ({share(flow['share_of_then'], 0)} of them)"
    said += (
        f" The largest flow: {flow['customers']:,} {flow['then']}{part} are now {flow['now']}, "
        f"{money(flow['value_before'], currency)} before, {money(flow['value_after'], currency)} "
        "since."
    )
    return said, f"{flow['then']} who are now {flow['now']}: what stopped them, and who asks."


def _up(result: Migration, found: Moves, totals: dict[str, Any], currency: str) -> str:
    row = totals.get("up")
    if row is None or row["customers"] is None:
        return "No customer moved up." if row is None else "Few customers moved up."
    said = (
        f"{counted(row['customers'], 'customer')} moved up: "
        f"{money(row['value_after'], currency)} since, {money(row['value_before'], currency)} in "
        f"the {days(result.days_back)} before."
    )
    flows = found.largest("up", 2).to_dict("records")
    if not flows:
        return said
    parts = [
        f"{flow['then']} to {flow['now']} ({counted(flow['customers'], 'customer')}, "
        f"{money(flow['value_after'], currency)})"
        for flow in flows
    ]
    return f"{said} The largest: {listed(parts)}."


def _stay(result: Migration, found: Moves) -> str:
    for name in found.order:
        own = found.flows[(found.flows["then"] == name) & (found.flows["now"] == name)]
        if len(own) and own["share_of_then"].iloc[0] is not None:
            part = share(float(own["share_of_then"].iloc[0]), 0)
            return f"Of those who were {name} on {day(result.earlier)}, {part} still are."
    return "How many stayed where they were is hidden, or nobody did."


def _new(result: Migration, totals: dict[str, Any], currency: str) -> str:
    row = totals.get("new")
    if row is None or row["customers"] is None:
        return "Nobody is new since then." if row is None else "Few customers are new since then."
    return (
        f"{counted(row['customers'], 'customer')} are new since {day(result.earlier)}, and brought "
        f"{money(row['value_after'], currency)}."
    )
