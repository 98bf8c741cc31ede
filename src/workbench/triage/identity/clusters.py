"""From links to customers: groups of records, each with an identifier that lasts from load to load.

Links are joined strongest first. What the owner answered comes before all of them: ``same`` joins,
``different`` keeps apart - also through a third record, because the link that would bring the two
together is left out, and it is the weakest of its chain.

An identifier lasts: a group keeps the lowest of those that its records had, so a merge keeps the
lower one; of a group that split, the part that holds most of its records keeps it. Lower means
older: ``C9`` before ``C10``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.errors import ParameterError

if TYPE_CHECKING:  # it waits for the engine
    from workbench.triage.identity.reasons import Link

__all__ = ["Answer", "Change", "Customers", "Groups", "LeftOut", "join", "lasting"]


@dataclass(frozen=True)
class Answer:
    """What the owner said of two records.

    Parameters
    ----------
    one, other
        Their keys, the lower text first.
    same
        Whether they are one customer.
    where
        The review file and its line, for messages.
    """

    one: str
    other: str
    same: bool
    where: str


@dataclass(frozen=True)
class LeftOut:
    """A link that was not joined: it would have brought together what is kept apart.

    Parameters
    ----------
    link
        The link.
    answer
        The owner's answer that it would have broken; None where the two groups contradict each
        other (see ``join``).
    """

    link: Link
    answer: Answer | None


@dataclass(frozen=True)
class Groups:
    """The records of each customer.

    Parameters
    ----------
    groups
        Each record is in one group; records and groups in the order of their keys.
    left_out
        Links that would have broken an answer, or joined what contradicts, strongest first.
    """

    groups: tuple[tuple[str, ...], ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Change:
    """A merge or a split since the load before.

    Parameters
    ----------
    kind
        ``merge``: several customers became one. ``split``: one became several.
    before, after
        The identifiers before and after, lowest first; the first is the one that lasts.
    records
        Records of this load that have another identifier than before.
    """

    kind: Literal["merge", "split"]
    before: tuple[str, ...]
    after: tuple[str, ...]
    records: int


@dataclass(frozen=True)
class Customers:
    """Who is who in this load, and what to hand to the next one.

    Parameters
    ----------
    of
        Record -> customer, for the records of this load.
    earlier
        Record -> customer to hand to the next load: this load's, and those of records now away.
    changes
        Merges and splits, in the order of their identifiers.
    """

    of: Mapping[str, str]
    earlier: Mapping[str, str]
    changes: tuple[Change, ...]


def join(
    records: Iterable[str],
    links: Iterable[Link],
    answers: Iterable[Answer],
    least: float,
    telling: Mapping[str, Mapping[str, str]] | None = None,
) -> Groups:
    """Return the groups that links and answers make.

    A chain of links may end at two people: a record with nothing but a name and a place fits both.
    So a link by name and place alone does not join a group of several records where what tells a
    person contradicts: of the columns that both sides know, one has no value in common, and none
    has.

    Parameters
    ----------
    records
        All records of the load.
    links, least
        Pairs that may be one customer, and the probability from which they are joined; those that
        agree only in what a household shares are not.
    answers
        What the owner said; an answer about a record that is not in the load waits.
    telling
        Record -> column -> value, of the columns that tell a person by themselves.

    Raises
    ------
    ParameterError
        When answers contradict each other: ``same`` joins two records that are ``different``.
    """
    here = sorted(set(records))
    forest = _Forest(here, telling or {})
    known = [each for each in answers if {each.one, each.other} <= forest.top.keys()]
    for answer in known:
        if answer.same:
            forest.unite(answer.one, answer.other)
    for answer in known:
        if not answer.same:
            forest.part(answer)
    left_out = []
    for link in sorted(links, key=lambda each: (-each.probability, each.one, each.other)):
        if link.probability < least:
            break
        if link.household:
            continue
        forbidden = forest.forbidden(link.one, link.other)
        contradicts = not link.telling and forest.contradict(link.one, link.other)
        if forbidden is None and not contradicts:
            forest.unite(link.one, link.other)
        else:
            left_out.append(LeftOut(link, forbidden))
    members: dict[str, list[str]] = {}
    for record in here:
        members.setdefault(forest.find(record), []).append(record)
    return Groups(tuple(sorted(map(tuple, members.values()))), tuple(left_out))


class _Forest:
    """Groups that grow by uniting, and know which others they must not unite with."""

    def __init__(self, records: Sequence[str], telling: Mapping[str, Mapping[str, str]]) -> None:
        self.top = {record: record for record in records}
        self.size = dict.fromkeys(records, 1)
        self.apart: dict[str, dict[str, Answer]] = {}
        self.known = {
            record: {column: {value} for column, value in values.items()}
            for record, values in telling.items()
            if record in self.top
        }

    def find(self, record: str) -> str:
        root = record
        while self.top[root] != root:
            root = self.top[root]
        while self.top[record] != root:
            self.top[record], record = root, self.top[record]
        return root

    def unite(self, one: str, other: str) -> None:
        kept, gone = self.find(one), self.find(other)
        if kept == gone:
            return
        if (self.size[kept], gone) < (self.size[gone], kept):
            kept, gone = gone, kept
        self.top[gone] = kept
        self.size[kept] += self.size.pop(gone)
        for column, values in self.known.pop(gone, {}).items():
            self.known.setdefault(kept, {}).setdefault(column, set()).update(values)
        for enemy, answer in self.apart.pop(gone, {}).items():
            self.apart.setdefault(kept, {}).setdefault(enemy, answer)
            del self.apart[enemy][gone]
            self.apart[enemy].setdefault(kept, answer)

    def part(self, answer: Answer) -> None:
        one, other = self.find(answer.one), self.find(answer.other)
        if one == other:
            raise ParameterError(
                f"`{answer.one}` and `{answer.other}` are answered `different`, but other answers "
                "make them the same",
                where=answer.where,
                fix="Change this answer, or one of those that say `same` between the two.",
            )
        self.apart.setdefault(one, {}).setdefault(other, answer)
        self.apart.setdefault(other, {}).setdefault(one, answer)

    def forbidden(self, one: str, other: str) -> Answer | None:
        return self.apart.get(self.find(one), {}).get(self.find(other))

    def contradict(self, one: str, other: str) -> bool:
        """Return whether two groups, one of several records, differ in all that tells a person."""
        one, other = self.find(one), self.find(other)
        if one == other or self.size[one] + self.size[other] < 3:
            return False
        here, there = self.known.get(one, {}), self.known.get(other, {})
        both = here.keys() & there.keys()
        return bool(both) and all(here[column].isdisjoint(there[column]) for column in both)


def lasting(groups: Sequence[Sequence[str]], earlier: Mapping[str, str]) -> Customers:
    """Return an identifier for each group that lasts from load to load, and what changed.

    Parameters
    ----------
    groups
        Records of each customer; each record in one group.
    earlier
        Record -> customer, as an earlier load left it; empty at first.

    Returns
    -------
    Customers
        A group without an earlier identifier takes the lowest of its records' keys that is no other
        customer's identifier; with ``~2``, ``~3``, ... after it when all are taken.
    """
    ordered = sorted(
        (tuple(sorted(group, key=_order)) for group in groups), key=lambda g: _order(g[0])
    )
    held = [Counter(earlier[record] for record in group if record in earlier) for group in ordered]
    holders: dict[str, list[int]] = {}
    for place, counts in enumerate(held):
        for old in counts:
            holders.setdefault(old, []).append(place)
    given: dict[int, str] = {}
    for old in sorted(holders, key=_order):
        free = [place for place in holders[old] if place not in given]
        if free:
            given[_fullest(free, held, old)] = old
    kept = set(given.values())
    gone = {
        old: given[_fullest(places, held, old)]
        for old, places in holders.items()
        if old not in kept
    }
    taken = set(earlier.values())
    for place, group in enumerate(ordered):
        if place not in given:
            given[place] = _fresh(group, taken)
            taken.add(given[place])
    of = {record: given[place] for place, group in enumerate(ordered) for record in group}
    away = {record: gone.get(old, old) for record, old in earlier.items() if record not in of}
    return Customers(of, away | of, _changes(of, earlier))


def _fullest(places: Iterable[int], held: Sequence[Counter[str]], old: str) -> int:
    """Return the group that holds most records of an earlier customer, the first one of equals."""
    return max(places, key=lambda place: (held[place][old], -place))


def _fresh(group: Sequence[str], taken: set[str]) -> str:
    for record in group:
        if record not in taken:
            return record
    number = 2
    while f"{group[0]}~{number}" in taken:
        number += 1
    return f"{group[0]}~{number}"


def _changes(of: Mapping[str, str], earlier: Mapping[str, str]) -> tuple[Change, ...]:
    moves = Counter((earlier[record], now) for record, now in of.items() if record in earlier)
    into: dict[str, set[str]] = {}
    out_of: dict[str, set[str]] = {}
    for old, now in moves:
        into.setdefault(now, set()).add(old)
        out_of.setdefault(old, set()).add(now)
    merges = [
        Change(
            "merge", _first(olds, now), (now,), sum(moves[old, now] for old in olds if old != now)
        )
        for now, olds in sorted(into.items(), key=lambda each: _order(each[0]))
        if len(olds) > 1
    ]
    splits = [
        Change(
            "split", (old,), _first(news, old), sum(moves[old, now] for now in news if now != old)
        )
        for old, news in sorted(out_of.items(), key=lambda each: _order(each[0]))
        if len(news) > 1
    ]
    return (*merges, *splits)


def _first(names: Iterable[str], first: str) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (name != first, _order(name))))


def _order(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return what puts C9 before C10; names that differ never tie."""
    parts = re.findall(r"\d+|\D+", name, flags=re.ASCII)
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p) for p in parts), name
