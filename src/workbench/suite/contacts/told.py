"""What an edition tells of its lists: ``contacts.json``, small groups hidden.

The numbers of all lists stand side by side with their sums, so what to hide is chosen once for all
of them, and beside the numbers that the reports show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.data.small_groups import hide_sums, is_small
from workbench.errors import AnalysisError
from workbench.report.formats import format_number, format_unit
from workbench.suite.contacts.settling import OUTCOMES, Outcome

__all__ = ["HIDDEN", "tell_counts", "tell_totals", "tell_worth"]

HIDDEN = "hidden"
Json = Mapping[str, Any]
Counts = Mapping[Outcome, int]


def tell_counts(
    counts: Sequence[Counts], records: Sequence[Json], min_group: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the numbers of each list, and those of all lists together, as they may be shown.

    Parameters
    ----------
    counts
        For each list, outcome -> how many customers.
    records
        What its report recorded, which is shown already. A list whose number is hidden there
        shows no number here, and is in no sum.
    min_group
        The smallest group that may be shown.

    Returns
    -------
    tuple
        For each list, and for the sums: outcome -> ``customers`` (None where hidden) and
        ``display``.
    """
    told = [place for place, record in enumerate(records) if record["customers"] is not None]
    hidden = _hidden([counts[p] for p in told], [records[p] for p in told], min_group)
    n = len(OUTCOMES)
    lists = []
    for place, own in enumerate(counts):
        if place in told:
            at = told.index(place) * n
            lists.append(_row(own, hidden[at : at + n], min_group))
        else:
            lists.append({name: _cell(None) for name in OUTCOMES})
    sums = {name: sum(counts[place][name] for place in told) for name in OUTCOMES}
    return lists, _row(sums, hidden[len(told) * n :], min_group)


def _hidden(counts: Sequence[Counts], records: Sequence[Json], min_group: int) -> list[bool]:
    """Return what to hide: for each list each outcome, then each outcome's sum over all lists."""
    n, many = len(OUTCOMES), len(counts)
    if not many:
        return [False] * n
    cells = [[own[name] for name in OUTCOMES] for own in counts]
    flat = [count for row in cells for count in row]
    rows = [list(range(place * n, place * n + n)) for place in range(many)]
    refused = OUTCOMES.index("no_consent")
    agreed = [[place for place in row if place % n != refused] for row in rows]
    columns = [[place * n + at for place in range(many)] for at in range(n)]
    singles = [[place] for place in range(many * n)]
    sums = [*singles, *columns, *rows, *agreed, list(range(many * n))]
    first = {"rows": (many + 1) * n}
    first["agreed"] = first["rows"] + many
    last = first["agreed"] + many
    fixed = [first["rows"] + place for place in range(many)] + [last]
    for place, record in enumerate(records):
        if record["no_consent"] is not None:  # shown by the report, and so is the rest
            fixed += [place * n + refused, first["agreed"] + place]
    lines = [(row, row) for row in rows]
    lines += [(own, own) for own in agreed]
    lines += [(column, column) for column in columns]
    lines.append((sums[-1], list(range(many * n, (many + 1) * n))))
    try:
        out = hide_sums(flat, sums, min_group=min_group, lines=lines, fixed=fixed)
    except AnalysisError:  # nothing more may be said beside what the reports show
        return [True] * ((many + 1) * n)
    return [bool(one) for one in out[: (many + 1) * n]]


def _row(counts: Counts, hidden: Sequence[bool], min_group: int) -> dict[str, Any]:
    return {
        name: _cell(None if out else counts[name], is_small(counts[name], min_group), min_group)
        for name, out in zip(OUTCOMES, hidden, strict=True)
    }


def _cell(count: int | None, is_few: bool = False, min_group: int = 0) -> dict[str, Any]:
    if count is not None:
        return {"customers": count, "display": format_number(count)}
    return {"customers": None, "display": f"fewer than {min_group}" if is_few else HIDDEN}


def tell_worth(worth: Json, counted: Json, record: Json, min_group: int) -> dict[str, Any]:
    """Return what the contacted customers of a list are worth, as it may be shown.

    Parameters
    ----------
    worth
        ``value``, ``margin`` and ``with_margin`` of those who are contacted.
    counted
        Their number, as `tell_counts` tells it.
    record
        What the report recorded of the list.
    min_group
        The smallest group that may be shown.
    """
    count, unit = counted["customers"], record["unit"]
    value = None if count is None else worth["value"]
    known = int(worth["with_margin"])
    margin = worth["margin"]
    if count is None or not known or known < min_group or _few_left(known, record, min_group):
        margin = None
    without = None if margin is None or is_small(count - known, min_group) else count - known
    return {
        "value": value,
        "display": None if value is None or unit is None else format_unit(value, unit),
        "margin": margin,
        "margin_display": None if margin is None or unit is None else format_unit(margin, unit),
        "margin_missing": without,
    }


def _few_left(known: int, record: Json, min_group: int) -> bool:
    """Return whether the margin of few others follows from the list's and that of the contacted."""
    if record["margin"] is None:
        return False
    many, missing = int(record["customers"]), record["margin_missing"]
    most, least = (missing, missing) if missing is not None else (min_group - 1, 1)
    return many - most - known < min_group and many - least - known >= 1


def tell_totals(lists: Sequence[Json], counts: Json) -> dict[str, Any]:
    """Return what all lists together come to: numbers, and worth where it is told for each.

    Parameters
    ----------
    lists
        The lists, as the document has them.
    counts
        The sums, as `tell_counts` tells them.
    """
    units = {one["unit"] for one in lists if one["unit"] is not None}
    told = [one for one in lists if one["received"] is not None]
    unit = units.pop() if len(units) == 1 else None
    values = [one["value"] for one in told if one["unit"] is not None]
    value = sum(values) if unit is not None and values and None not in values else None
    received = [one["received"] for one in told]
    return {
        "lists": len(lists),
        "lists_hidden": len(lists) - len(told),
        "received": sum(received) if received else None,
        "counts": counts,
        "value": value,
        "unit": unit,
        "display": None if value is None or unit is None else format_unit(value, unit),
    }
