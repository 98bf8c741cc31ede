"""Groups restated as rules that a manager can read, with how often the rules are right.

A rule is a few conditions on plain measures with round numbers, such as "share of spending on
Camping above 40%, and share of spending in store above 50%". Rules are read from the top: the first
one that fits a customer names the group, and the last one takes all who are left. How the rules are
found stands in :mod:`workbench.segmentation.clusters.tree`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.intervals import wilson
from workbench.data.phrases import counted, money, share, uncapitalised
from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError, one_of
from workbench.segmentation.clusters.traits import Kind

__all__ = ["Condition", "GroupRate", "GroupRules", "Rate", "Rule", "rate"]

_FORM = 1


@dataclass(frozen=True)
class Rate:
    """How often something was right, among customers whom the rules were not made from.

    Parameters
    ----------
    share
        Share that was right, 0 to 1; None where too few customers were tried.
    lower, upper
        Wilson's interval for it; None with it.
    reason
        Why there is no share, or an empty string.
    """

    share: float | None
    lower: float | None = None
    upper: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Condition:
    """Between which ends a measure must lie.

    Parameters
    ----------
    column, label, kind
        The measure, as its trait has them.
    above
        The value must be larger than this; None for no lower end.
    up_to
        The value must be this or smaller; None for no upper end.
    """

    column: str
    label: str
    kind: Kind
    above: float | None = None
    up_to: float | None = None

    def words(self, currency: str = "") -> str:
        """Return the condition in words: "Share of spending on Camping above 40%"."""
        ends = []
        if self.above is not None:
            ends.append(f"above {self._number(self.above, currency)}")
        if self.up_to is not None:
            ends.append(f"at most {self._number(self.up_to, currency)}")
        return f"{self.label} {' but '.join(ends)}"

    def _number(self, value: float, currency: str) -> str:
        if self.kind == "share":
            return share(value, 0)
        if self.kind == "money":
            return money(value, currency).strip().removesuffix(".00")
        return f"{value:,.10g}"


@dataclass(frozen=True)
class Rule:
    """Which customers are named which group.

    Parameters
    ----------
    conditions
        All must hold; none: the rule takes everybody who is left.
    group
        Label of the group that it names.
    customers
        How many customers it takes whom no rule before it took, at least `min_group`.
    right
        How many of them belong to the group that it names.
    """

    conditions: tuple[Condition, ...]
    group: int
    customers: int
    right: Rate

    def words(self, currency: str = "") -> str:
        """Return the conditions in one sentence, without its full stop."""
        if not self.conditions:
            return "All others"
        first, *more = (condition.words(currency) for condition in self.conditions)
        return ", and ".join([first, *map(uncapitalised, more)])


@dataclass(frozen=True)
class GroupRate:
    """How well the rules find one group.

    Parameters
    ----------
    group
        The group's label.
    recall
        Share of the group's customers whom the rules name it.
    precision
        Share of the customers whom the rules name it that belong to it.
    """

    group: int
    recall: Rate
    precision: Rate


@dataclass(frozen=True)
class GroupRules:
    """Rules that restate groups, and how often they are right.

    Parameters
    ----------
    rules
        In the order in which they are asked; the first that fits a customer names the group.
    groups
        How well they find each group, by label.
    accuracy
        Share of customers for whom they name the right group.
    largest_share
        Share of customers for whom always naming the largest group would be right.
    learned, tried
        From how many customers the rules were made, and on how many others they were tried; all
        rates are of the latter.
    level
        Of the intervals.
    """

    rules: tuple[Rule, ...]
    groups: tuple[GroupRate, ...]
    accuracy: Rate
    largest_share: float
    learned: int
    tried: int
    level: float

    def assign(self, measures: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Return the label of the group that the rules name for each customer.

        Parameters
        ----------
        measures
            One row per customer, with the columns that the conditions ask for.

        Raises
        ------
        AnalysisError
            When a column is missing, or a value in it.
        """
        return assign(self.rules, measures)

    def frame(self, names: Sequence[str], *, currency: str = "") -> pd.DataFrame:
        """Return the rules as shown.

        Parameters
        ----------
        names
            What the groups are called, by label.
        currency
            Code of the unit's currency, for amounts.

        Returns
        -------
        pandas.DataFrame
            `step` (1 and up, asked in this order), `rule` (in words), `group`, `customers`,
            `right_share` (0-1), `ci_lower`, `ci_upper`; the last three are None where too few
            customers were tried.
        """
        rows = [
            (
                step,
                rule.words(currency) if len(self.rules) > 1 else "All customers",
                names[rule.group],
                rule.customers,
                rule.right.share,
                rule.right.lower,
                rule.right.upper,
            )
            for step, rule in enumerate(self.rules, start=1)
        ]
        columns = ["step", "rule", "group", "customers", "right_share", "ci_lower", "ci_upper"]
        return pd.DataFrame(rows, columns=columns, dtype=object)

    def group_frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Return how well the rules find each group.

        Returns
        -------
        pandas.DataFrame
            `group`, `found_share` (of the group's customers, those whom the rules name it),
            `found_ci_lower`, `found_ci_upper`, `right_share` (of those whom the rules name it, the
            group's), `right_ci_lower`, `right_ci_upper`, `reason` (why there is no number).
        """
        rows = [
            (
                names[one.group],
                *(one.recall.share, one.recall.lower, one.recall.upper),
                *(one.precision.share, one.precision.lower, one.precision.upper),
                one.recall.reason or one.precision.reason,
            )
            for one in self.groups
        ]
        found = ["found_share", "found_ci_lower", "found_ci_upper"]
        right = ["right_share", "right_ci_lower", "right_ci_upper"]
        return pd.DataFrame(rows, columns=["group", *found, *right, "reason"], dtype=object)

    def sentence(self, names: Sequence[str]) -> str:
        """Return how often the rules are right, beside always naming the largest group."""
        if self.accuracy.share is None:
            return f"How often the rules are right is not known: {self.accuracy.reason}."
        lower, upper = self.accuracy.lower or 0.0, self.accuracy.upper or 0.0
        said = (
            f"The rules name the right group for {share(self.accuracy.share, 0)} of the customers "
            f"({share(self.level, 0)} interval {share(lower, 0)} to {share(upper, 0)}), tried on "
            f"{counted(self.tried, 'customer')} whom they were not made from. Always naming the "
            f"largest group would be right for {share(self.largest_share, 0)}."
        )
        named = {rule.group for rule in self.rules}
        for one in self.groups:
            if one.group not in named:
                said += f" No rule names {names[one.group]}."
        return said

    def to_json(self) -> dict[str, Any]:
        """Return the rules as plain values that JSON can hold; nothing tells of one customer."""
        held: dict[str, Any] = {"form": _FORM, **asdict(self)}
        return held

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> GroupRules:
        """Return rules from what `to_json` gave.

        Raises
        ------
        AnalysisError
            When it is something else.
        """
        try:
            if held["form"] != _FORM:
                raise ValueError(f"form {held['form']}")
            rules = tuple(
                Rule(
                    tuple(Condition(**condition) for condition in rule["conditions"]),
                    int(rule["group"]),
                    int(rule["customers"]),
                    Rate(**rule["right"]),
                )
                for rule in held["rules"]
            )
            groups = tuple(
                GroupRate(int(one["group"]), Rate(**one["recall"]), Rate(**one["precision"]))
                for one in held["groups"]
            )
            return cls(
                rules,
                groups,
                Rate(**held["accuracy"]),
                float(held["largest_share"]),
                int(held["learned"]),
                int(held["tried"]),
                float(held["level"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise AnalysisError(
                f"not readable as rules of groups ({error})",
                where="group rules",
                fix="Give what `to_json` returned.",
            ) from error


def assign(rules: Sequence[Rule], measures: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the label that the rule which takes each customer names, see `GroupRules.assign`."""
    labels = np.full(len(measures), -1, dtype="int64")
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for rule in rules:
        taken = labels < 0
        for condition in rule.conditions:
            name = condition.column
            if name not in columns:
                columns[name] = _column(measures, name)
            if condition.above is not None:
                taken &= columns[name] > condition.above
            if condition.up_to is not None:
                taken &= columns[name] <= condition.up_to
        labels[taken] = rule.group
    if (labels < 0).any():
        raise AnalysisError(
            "a customer falls under no rule",
            where="group rules",
            fix="Give all the rules, as they were made.",
        )
    return labels


def _column(measures: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    if name not in measures.columns:
        raise AnalysisError(
            f"column {name} is missing",
            where="group rules",
            fix=one_of(name, map(str, measures.columns)),
        )
    values = measures[name].to_numpy("float64")
    if np.isnan(values).any():
        raise AnalysisError(f"column {name} has missing values", where="group rules")
    return values


def rate(right: int, of: int, *, min_group: int, level: float) -> Rate:
    """Return how often something was right, or why that is not shown.

    Examples
    --------
    >>> rate(2, 3, min_group=5, level=0.95).reason
    'fewer than 5 customers to try it on'
    """
    if of < max(min_group, 1):
        few = f"fewer than {min_group} customers" if is_small(of, min_group) else "no customer"
        return Rate(None, reason=f"{few} to try it on")
    return Rate(right / of, *wilson(right, of, level=level))
