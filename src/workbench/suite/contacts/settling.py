"""Who of the candidates of all lists of a unit is contacted, and why the others are not.

Lists are gone through in the order of their priority, and each customer is judged by itself:

1. who is in the global control group is on no list;
2. who was contacted as often as the cap allows in the period before is on no list;
3. who is taken by so many lists of higher priority that the cap is reached is on no other list;
4. of the rest, each list holds a share out, drawn by chance, to measure what the contact does.

A customer who is held out takes up a place like one who is contacted: if another list could reach
those who are held out and not those who are contacted, the two could not be compared.

Nothing here reads a file: the same candidates, contacts and policy give the same lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workbench.suite.contacts.chance import drawn
from workbench.suite.contacts.policy import Policy

__all__ = ["OUTCOMES", "WITHHELD", "Candidates", "Outcome", "SettledList", "settle"]

Outcome = Literal[
    "contact",
    "held_out",
    "no_consent",
    "control_group",
    "contacted_lately",
    "higher_priority",
]
OUTCOMES: tuple[Outcome, ...] = (
    "contact",
    "held_out",
    "no_consent",
    "control_group",
    "contacted_lately",
    "higher_priority",
)
"""What can become of a customer who qualifies for a list; each one has exactly one of them."""
WITHHELD = OUTCOMES[2:]
"""Those who are on no list, and are not held out to measure either."""

_CONTROL = "global control group"


@dataclass(frozen=True)
class Candidates:
    """The customers who qualify for one list.

    Parameters
    ----------
    name
        ``report.list``.
    order
        Where the list stands when no priority names it: the report's order and name, and the place
        in the report.
    customers
        Keys of those who agreed to marketing, the most urgent first, each once.
    no_consent
        How many more qualify and did not agree; they are nowhere named.
    holdout_share
        Share to hold out to measure what the contact does, 0 to below 1.
    """

    name: str
    order: tuple[int, str, int]
    customers: Sequence[str]
    no_consent: int = 0
    holdout_share: float = 0.0


@dataclass(frozen=True)
class SettledList:
    """What became of the candidates of one list.

    Parameters
    ----------
    name
        ``report.list``.
    place
        Its place by priority, from 1.
    outcomes
        What became of each candidate, in their order.
    counts
        Outcome -> how many; their sum is `received`.
    """

    name: str
    place: int
    outcomes: tuple[Outcome, ...]
    counts: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def received(self) -> int:
        """Return how many qualified, those without consent included."""
        return len(self.outcomes) + self.counts["no_consent"]


def settle(
    lists: Iterable[Candidates], *, policy: Policy, contacts: Mapping[str, int], seed: int
) -> tuple[SettledList, ...]:
    """Return what becomes of each candidate of each list, the list of highest priority first.

    Parameters
    ----------
    lists
        The candidates of all lists of a unit, in any order.
    policy
        The policy in force.
    contacts
        Customer -> contacts already made in the period; who is not in it was not contacted.
    seed
        The suite's seed.
    """
    ordered = in_priority(lists, policy.priority)
    everyone = sorted({customer for one in ordered for customer in one.customers})
    spared = drawn(everyone, share=policy.control_share, seed=seed, what_for=_CONTROL)
    control = {customer for customer, out in zip(everyone, spared, strict=True) if out}
    taken: Counter[str] = Counter()
    settled = []
    for place, one in enumerate(ordered, 1):
        out = drawn(one.customers, share=one.holdout_share, seed=seed, what_for=one.name)
        outcomes: list[Outcome] = []
        for customer, is_held in zip(one.customers, out, strict=True):
            made = contacts.get(customer, 0)
            if customer in control:
                outcomes.append("control_group")
            elif made >= policy.cap:
                outcomes.append("contacted_lately")
            elif made + taken[customer] >= policy.cap:
                outcomes.append("higher_priority")
            else:
                taken[customer] += 1
                outcomes.append("held_out" if is_held else "contact")
        found = Counter(outcomes)
        counts = {outcome: found[outcome] for outcome in OUTCOMES}
        counts["no_consent"] = one.no_consent
        settled.append(SettledList(one.name, place, tuple(outcomes), counts))
    return tuple(settled)


def in_priority(lists: Iterable[Candidates], priority: Sequence[str]) -> list[Candidates]:
    """Return lists in the order of their priority; those not named follow, in their own order."""
    rank = {name: place for place, name in enumerate(priority)}
    return sorted(lists, key=lambda one: (rank.get(one.name, len(rank)), one.order, one.name))
