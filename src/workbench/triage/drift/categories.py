"""Which categories may be named, and how the others are joined so that no total gives them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Groups", "group_categories"]


@dataclass(frozen=True)
class Groups:
    """A column's categories in two loads, the small ones joined.

    Parameters
    ----------
    names
        The categories that may be named, by their text.
    before, now
        Rows of each, and last of all others together.
    met
        Categories that were met in either load, named or not.
    """

    names: tuple[str, ...]
    before: tuple[int, ...]
    now: tuple[int, ...]
    met: int

    def shares(self) -> tuple[tuple[str, float, float], ...]:
        """Return category, share before, share now; the greatest change first."""
        n, m = sum(self.before), sum(self.now)
        found = [
            (name, before / n, now / m)
            for name, before, now in zip(self.names, self.before[:-1], self.now[:-1], strict=True)
        ]
        return tuple(sorted(found, key=lambda one: (-abs(one[2] - one[1]), one[0])))

    def other_shares(self) -> tuple[float, float]:
        """Return the shares of all that are not named."""
        return self.before[-1] / sum(self.before), self.now[-1] / sum(self.now)

    def one_sided(self) -> tuple[tuple[str, int, int], ...]:
        """Return the named categories that only one of the loads has, with their rows."""
        return tuple(
            (name, before, now)
            for name, before, now in zip(self.names, self.before, self.now, strict=False)
            if not before or not now
        )


def group_categories(counts: Mapping[str, tuple[int, int]], *, min_group: int) -> Groups:
    """Return the categories that may be named, and the rest as one.

    A category may be named if it has, in each load, no row or at least ``min_group``. Where what
    remains would itself be a small group, and so be known from the total, the smallest named ones
    join it until it is not.

    Parameters
    ----------
    counts
        Category -> rows before and now.
    min_group
        The smallest group that may be shown, at least 1.

    Examples
    --------
    >>> group_categories({"a": (90, 80), "b": (9, 20), "c": (1, 0)}, min_group=5)
    Groups(names=('a',), before=(90, 10), now=(80, 20), met=3)
    """

    def small(rows: int) -> bool:
        return 0 < rows < min_group

    named = {
        value: pair for value, pair in counts.items() if not small(pair[0]) and not small(pair[1])
    }
    rest = [sum(p[side] for v, p in counts.items() if v not in named) for side in (0, 1)]
    by_size = sorted(named, key=lambda value: (sum(named[value]), value))
    while by_size and (small(rest[0]) or small(rest[1])):
        pair = named.pop(by_size.pop(0))
        rest = [rest[0] + pair[0], rest[1] + pair[1]]
    names = tuple(sorted(named))
    return Groups(
        names=names,
        before=(*(named[name][0] for name in names), rest[0]),
        now=(*(named[name][1] for name in names), rest[1]),
        met=len(counts),
    )
