"""From order lines to named groups, and what is handed on to the next edition.

An edition hands on the rule of its groups, their names and their colours, and nothing of any
customer. The next one lets that rule sort today's customers, forms groups anew, and compares: while
the two agree the earlier rule stays in force, so that a customer changes group only by doing
something else; and who is new is put into a group by the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.behaviour import measure_behaviour
from workbench.segmentation.clusters.continuing import Continuation, keep_or_renew
from workbench.segmentation.clusters.fitting import Method
from workbench.segmentation.clusters.grouping import Grouping
from workbench.segmentation.clusters.groups import Groups, find_groups
from workbench.segmentation.clusters.matching import (
    NamedGroup,
    groups_from_json,
    groups_to_json,
)
from workbench.segmentation.clusters.naming import Naming, name_groups
from workbench.segmentation.clusters.rules import GroupRules
from workbench.segmentation.clusters.traits import Behaviour
from workbench.segmentation.clusters.tree import find_rules
from workbench.segmentation.rfm import CustomerBase
from workbench.segmentation.segments import SegmentTable, segment_table

__all__ = ["NamedGroups", "Published", "group_customers"]

Ints = npt.NDArray[np.int64]

_HELD = (
    "segment",
    "customers",
    "customer_share",
    "revenue",
    "revenue_share",
    "median_days_since",
    "median_orders",
    "median_revenue",
    "colour",
)


@dataclass(frozen=True)
class Published:
    """The groups that an edition publishes.

    Parameters
    ----------
    grouping
        The rule that puts customers into groups.
    groups
        Name and colour of each group, by label.
    labels
        The group of each customer, in the order of `behaviour.customers`.
    behaviour
        The customers, measured as the rule asks.
    naming
        What sets each group apart, by label; the names of `groups` stand, not those in it.
    rules
        The groups restated as rules to read.
    table
        What each group holds.
    continuation
        Whether the earlier rule was kept, and what became of the groups.
    """

    grouping: Grouping
    groups: tuple[NamedGroup, ...]
    labels: Ints
    behaviour: Behaviour
    naming: Naming
    rules: GroupRules
    table: SegmentTable
    continuation: Continuation

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names, by label."""
        return tuple(group.name for group in self.groups)

    @property
    def customers(self) -> pd.DataFrame:
        """Return `customer_id` and `segment`, the name of each customer's group."""
        names = np.asarray(self.names, dtype=object)
        keys = self.behaviour.customers["customer_id"]
        return pd.DataFrame({"customer_id": keys, "segment": names[self.labels]})


@dataclass(frozen=True)
class NamedGroups:
    """Groups of customers who behave alike, by name; or why there are none.

    Parameters
    ----------
    found
        What clustering found today.
    published
        The groups that are published; None when there are none.
    counts_shown
        Whether numbers of customers may be shown: few customers with returns only are in no group,
        and the groups' total would tell how many they are.
    min_group
        Smaller groups are not shown.
    unreadable
        Why the earlier edition's groups could not be taken up, or an empty string.
    handed_on
        What is kept for the next edition, as plain values for JSON; the earlier edition's again
        when there are no groups today.
    """

    found: Groups
    published: Published | None
    counts_shown: bool
    min_group: int
    unreadable: str
    handed_on: Mapping[str, Any]

    def frame(self) -> pd.DataFrame:
        """Return what each group holds.

        Returns
        -------
        pandas.DataFrame
            The columns of :class:`workbench.segmentation.segments.SegmentTable`, and `colour`
            (place in the palette). Where `counts_shown` is false, `customers` is None and
            `customer_share` a whole number of hundredths. One row without a number when there are
            no groups.
        """
        if self.published is None:
            return pd.DataFrame([{**dict.fromkeys(_HELD), "segment": "No groups", "colour": 0}])
        colours = {group.name: group.colour for group in self.published.groups}
        frame = self.published.table.frame.copy()
        frame["colour"] = [colours[name] for name in frame["segment"]]
        if not self.counts_shown:
            frame["customers"] = None
            frame["customer_share"] = frame["customer_share"].astype("float64").round(2)
        return frame

    def rule_frame(self, *, currency: str) -> pd.DataFrame:
        """Return the groups restated as rules, see :meth:`GroupRules.frame`."""
        if self.published is None:
            return pd.DataFrame(columns=["step", "rule", "group", "customers", "right_share"])
        frame = self.published.rules.frame(self.published.names, currency=currency)
        return frame if self.counts_shown else frame.assign(customers=None)

    def tried(self) -> pd.DataFrame:
        """Return what is known of each number of groups.

        Returns
        -------
        pandas.DataFrame
            `k`, `silhouette`, `stability`, `stability_ci_lower`, `stability_ci_upper`, `chosen`
            ("chosen" or an empty text).
        """
        frame = self.found.table.drop(columns="smallest_group", errors="ignore")
        return frame.assign(chosen=["chosen" if one else "" for one in frame["chosen"]])


def group_customers(
    orders: Any,
    base: CustomerBase,
    *,
    seed: int,
    min_group: int,
    currency: str = "",
    earlier: Mapping[str, Any] | None = None,
    method: Method = "kmeans",
    k_max: int = 10,
    min_stability: float = 0.65,
) -> NamedGroups:
    """Return groups of customers who behave alike, by name, as they stand beside earlier ones.

    Parameters
    ----------
    orders, base
        The order lines, and what `rfm` made of them.
    seed
        Seed of every random step.
    min_group
        The smallest group that may be shown.
    currency
        ISO code, for amounts in names and sentences.
    earlier
        `NamedGroups.handed_on` of the edition before; empty or None for a first one.
    method, k_max, min_stability
        As :func:`workbench.segmentation.clusters.groups.find_groups` takes them.

    Raises
    ------
    AnalysisError
        When an argument is out of range or the orders cannot be read. Earlier groups that cannot
        be read are no error: the report says so, and starts anew.
    """
    behaviour = measure_behaviour(orders, base)
    found = find_groups(
        behaviour,
        seed=seed,
        k_max=k_max,
        method=method,
        min_stability=min_stability,
        min_group=min_group,
    )
    before, groups, unreadable = _earlier(earlier or {})
    counts_shown = not is_small(len(base.returns_only), min_group)
    if found.grouping is None:
        kept = dict(earlier or {})
        return NamedGroups(found, None, counts_shown, min_group, unreadable, kept)
    then = measure_behaviour(orders, base, like=before.traits) if before else None
    continuation = _continued(found, behaviour, before, groups, then, min_group)
    if continuation.kept and before is not None and then is not None:
        grouping, measured = before, then
    else:
        rule = found.grouping.rule.ordered(continuation.order)
        grouping, measured = replace(found.grouping, rule=rule), behaviour
    words = {"currency": currency, "counts": counts_shown}
    published = _published(
        grouping, continuation, measured, base, words, seed=seed, min_group=min_group
    )
    handed_on = {
        "grouping": grouping.published(),
        "groups": groups_to_json(continuation.groups),
    }
    return NamedGroups(found, published, counts_shown, min_group, unreadable, handed_on)


def _earlier(
    held: Mapping[str, Any],
) -> tuple[Grouping | None, tuple[NamedGroup, ...], str]:
    """Return the earlier rule with names and colours, and why there is none though it was given."""
    if not held:
        return None, (), ""
    try:
        grouping = Grouping.read(held["grouping"])
        groups = groups_from_json(held["groups"])
        if grouping.k != len(groups):
            raise AnalysisError(f"{len(groups)} names for {grouping.k} groups", where="clusters")
    except (AnalysisError, KeyError, TypeError) as error:
        return None, (), f"The groups of the edition before could not be read ({error})."
    return grouping, groups, ""


def _continued(
    found: Groups,
    behaviour: Behaviour,
    before: Grouping | None,
    groups: Sequence[NamedGroup],
    then: Behaviour | None,
    min_group: int,
) -> Continuation:
    """Return whether the earlier rule is kept, and the names of what is published."""
    if found.stability is None:
        raise AnalysisError("groups without a stability", where="clusters")
    naming = name_groups(behaviour.customers, behaviour.traits, found.labels, min_group=min_group)
    return keep_or_renew(
        found.labels,
        naming.candidates,
        stability_lower=found.stability.ci_lower,
        min_group=min_group,
        earlier=groups,
        earlier_labels=before.assign(then) if before is not None and then is not None else None,
        rank_by=range(found.k, 0, -1),  # they are numbered by what a customer of each brings
    )


def _published(
    grouping: Grouping,
    continuation: Continuation,
    behaviour: Behaviour,
    base: CustomerBase,
    words: Mapping[str, Any],
    *,
    seed: int,
    min_group: int,
) -> Published:
    labels = continuation.labels
    measures, traits = behaviour.customers, behaviour.traits
    names = np.asarray(continuation.names, dtype=object)
    whose = pd.Series(names[labels], index=measures["customer_id"])
    named = base.customers.assign(
        segment=whose.reindex(base.customers["customer_id"]).to_numpy(dtype=object)
    )
    return Published(
        grouping=grouping,
        groups=continuation.groups,
        labels=labels,
        behaviour=behaviour,
        naming=name_groups(measures, traits, labels, min_group=min_group, **words),
        rules=find_rules(measures, traits, labels, min_group=min_group, seed=seed),
        table=segment_table(named, continuation.names, min_group=min_group),
        continuation=continuation,
    )
