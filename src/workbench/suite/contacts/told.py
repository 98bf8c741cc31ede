"""What an edition tells of its lists: ``contacts.json``, small groups hidden.

The numbers of all lists stand side by side with their sums, so what to hide is chosen once for all
of them, and beside the numbers that the reports show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

from workbench.data.small_groups import hide_sums, is_small
from workbench.errors import AnalysisError
from workbench.report.formats import format_number, format_unit
from workbench.suite.contacts.settling import OUTCOMES, Outcome

__all__ = ["HIDDEN", "Fates", "tell_counts", "tell_totals", "tell_worth"]

HIDDEN = "hidden"
Json = Mapping[str, Any]
Counts = Mapping[Outcome, int]
Fates = tuple[Outcome | None, ...]
"""What became of a customer on each list, in their order; None where it is no candidate."""
_TAKEN = {"contact", "held_out"}


def tell_counts(
    counts: Sequence[Counts], joint: Mapping[Fates, int], records: Sequence[Json], min_group: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the numbers of each list, and those of all lists together, as they may be shown.

    Parameters
    ----------
    counts
        For each list, outcome -> how many customers.
    joint
        What became of a customer on each list (None where it is no candidate of it) -> how many
        customers. Lists overlap: who is on two of them may be told by a difference.
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
    among: Counter[Fates] = Counter()
    for fates, many in joint.items():
        among[tuple(fates[place] for place in told)] += many
    own = [counts[place] for place in told]
    hidden = _hidden(own, among, [records[place] for place in told], min_group)
    n = len(OUTCOMES)
    lists = []
    for place, one in enumerate(counts):
        at = told.index(place) * n if place in told else -1
        out = hidden[at : at + n] if at >= 0 else [True] * n
        lists.append(_row(one, out, min_group, is_known=at >= 0))
    # A sum is shown where all of its parts are: then it gives nothing away.
    away = [any(hidden[at::n]) for at in range(n)]
    sums = {name: sum(one[name] for one in own) for name in OUTCOMES}
    return lists, _row(sums, away, min_group)


def _hidden(
    counts: Sequence[Counts], joint: Mapping[Fates, int], records: Sequence[Json], min_group: int
) -> list[bool]:
    """Return what to hide of each outcome of each list."""
    if not counts:
        return []
    n, many = len(OUTCOMES), len(counts)
    atoms = sorted((fates for fates in joint if any(fates)), key=str)
    flat = [joint[fates] for fates in atoms] + [one["no_consent"] for one in counts]
    singles, rows, agreed = [], [], []
    for place in range(many):
        refused = len(atoms) + place
        on = [at for at, fates in enumerate(atoms) if fates[place] is not None]
        singles += [
            [refused] if name == "no_consent" else [at for at in on if atoms[at][place] == name]
            for name in OUTCOMES
        ]
        agreed.append(on)
        rows.append([*on, refused])
    fixed = [many * n + place for place in range(many)]
    for place, record in enumerate(records):
        if record["no_consent"] is not None:  # shown by the report, and so is the rest
            fixed += [place * n + OUTCOMES.index("no_consent"), many * (n + 1) + place]
    parts = [list(range(place * n, place * n + n)) for place in range(many)]
    lines = list(zip(rows, parts, strict=True))
    some = [[at for at in own if OUTCOMES[at % n] != "no_consent"] for own in parts]
    lines += list(zip(agreed, some, strict=True))
    shared = list(_shared(atoms, many))
    for secrets in (shared, []):  # without them where the reports gave them away already
        try:
            out = hide_sums(
                flat,
                [*singles, *rows, *agreed],
                min_group=min_group,
                lines=lines,
                fixed=fixed,
                secrets=secrets,
            )
        except AnalysisError:
            continue
        return [bool(one) for one in out[: many * n]]
    return [True] * (many * n)


def _shared(atoms: Sequence[Fates], many: int) -> Iterator[list[int]]:
    """Yield groups that two lists together tell of: who has a place on one, and is on the other."""
    for one, other in permutations(range(many), 2):
        taken = [at for at, fates in enumerate(atoms) if fates[one] in _TAKEN]
        yield [at for at in taken if atoms[at][other] is None]
        yield [at for at in taken if atoms[at][other] is not None]


def _row(
    counts: Counts, hidden: Sequence[bool], min_group: int, *, is_known: bool = True
) -> dict[str, Any]:
    """Return numbers with their words; of a list that is hidden as a whole, not how few either."""
    few = {name: is_known and is_small(counts[name], min_group) for name in OUTCOMES}
    return {
        name: _cell(None if out else counts[name], few[name], min_group)
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
