"""A published grouping: a handful of rounded numbers that put any customer into a group."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError
from workbench.segmentation.clusters.fitting import Method, Rule, read_rule
from workbench.segmentation.clusters.scaling import Transform
from workbench.segmentation.clusters.traits import Behaviour, Trait

__all__ = ["Grouping"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FORMAT = 1
_BLOCK = 65_536  # customers whose scaled measures are held at a time


@dataclass(frozen=True)
class Grouping:
    """How customers are put into groups; applied later, it gives the same customers the same group.

    Parameters
    ----------
    method
        "kmeans" or "mixture".
    traits
        What must be measured: `measure_behaviour` takes them as `like`.
    transform
        How the measures become comparable.
    rule
        Which group a customer then belongs to.
    """

    method: Method
    traits: tuple[Trait, ...]
    transform: Transform
    rule: Rule

    @property
    def k(self) -> int:
        """Return how many groups there are."""
        return self.rule.k

    def assign(self, behaviour: Behaviour) -> Ints:
        """Return the group of each customer, from 0, in the order of `behaviour.customers`.

        Raises
        ------
        AnalysisError
            When a measure is missing.
        """
        return assign_all(behaviour, self.transform, [self.rule])[0]

    def published(self) -> dict[str, Any]:
        """Return all of it as plain values for JSON; `read` takes them back without loss."""
        return {
            "format": _FORMAT,
            "method": self.method,
            "traits": [asdict(trait) for trait in self.traits],
            "transform": self.transform.published(),
            "rule": self.rule.published(),
        }

    def to_json(self) -> str:
        """Return `published` as text."""
        return json.dumps(self.published(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def read(cls, published: Mapping[str, Any] | str) -> Grouping:
        """Return the grouping that `published`, or `to_json`, wrote.

        Raises
        ------
        AnalysisError
            When it is of another format, or damaged.
        """
        try:
            told = json.loads(published) if isinstance(published, str) else published
            if told["format"] != _FORMAT:
                raise AnalysisError(
                    f"published groups are of format {told['format']}, not {_FORMAT}",
                    where="clusters",
                    fix="Form the groups anew.",
                )
            return cls(
                told["method"],
                tuple(Trait(**trait) for trait in told["traits"]),
                Transform.read(told["transform"]),
                read_rule(told["rule"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise AnalysisError(
                "published groups cannot be read",
                where="clusters",
                fix="Form the groups anew.",
            ) from error


def assign_all(behaviour: Behaviour, transform: Transform, rules: Sequence[Rule]) -> list[Ints]:
    """Return the group of each customer by each of several rules, block by block."""
    size = len(behaviour.customers)
    found = [np.empty(size, dtype="int64") for _ in rules]
    for begin in range(0, size, _BLOCK):
        part = slice(begin, begin + _BLOCK)
        points = transform.apply(behaviour.customers.iloc[part])
        for labels, rule in zip(found, rules, strict=True):
            labels[part] = rule(points)
    return found
