"""Do the groups keep their word? Coverage of the stability interval, and groups where none are.

    python benchmarks/stability.py [--sets 1000] [--customers 800] [--nulls 200] [--pairs 4000]

Coverage: for each shape the true value is the mean agreement of many pairs of fresh, independent
samples; then the 95 % interval is made on many data sets, each from one sample of customers, and
the share of intervals that hold the true value is printed. It must be 95 % or more.

No groups: for shapes without groups, the share of data sets in which `find_groups` finds some, at
alpha = 0.05. The last shapes are customers whose category and channel are picked independently of
all else, half of whom bought once. For the check, `min_stability` is 0 there: only the comparison
with data without groups stands between noise and an answer. Beside it stands the share with the
default, which asks for stability too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from workbench.segmentation.clusters.agreement import adjusted_rand
from workbench.segmentation.clusters.fitting import fit_rule
from workbench.segmentation.clusters.groups import find_groups
from workbench.segmentation.clusters.stability import analyst_size, measure_stability
from workbench.segmentation.clusters.traits import PURCHASES, Behaviour, Trait

Rng = np.random.Generator


def blobs(rng: Rng, n: int, apart: float, shares: tuple[float, ...]) -> Any:
    """Return points of round groups at the corners of a simplex."""
    group = rng.choice(len(shares), p=shares, size=n)
    return np.eye(len(shares))[group] * apart + rng.standard_normal((n, len(shares)))


THIRDS = (1 / 3, 1 / 3, 1 / 3)
SHAPES: dict[str, tuple[int, Callable[[Rng, int], Any]]] = {
    "3 well separated groups, k = 3": (3, lambda rng, n: blobs(rng, n, 5.0, THIRDS)),
    "3 overlapping groups, k = 3": (3, lambda rng, n: blobs(rng, n, 2.5, THIRDS)),
    "3 groups, wrong k = 2": (2, lambda rng, n: blobs(rng, n, 5.0, THIRDS)),
    "3 groups, wrong k = 5": (5, lambda rng, n: blobs(rng, n, 5.0, THIRDS)),
    "unequal groups (70, 22, 8 %), k = 3": (
        3,
        lambda rng, n: blobs(rng, n, 4.0, (0.7, 0.22, 0.08)),
    ),
    "no groups (normal), k = 3": (3, lambda rng, n: rng.standard_normal((n, 3))),
    "no groups (uniform), k = 4": (4, lambda rng, n: rng.random((n, 2))),
}


def agreement(one: Any, other: Any, k: int, rng: Rng) -> float:
    """Return how far two analysts agree who each have some customers."""
    first, second = fit_rule(one, k, rng), fit_rule(other, k, rng)
    both = np.vstack([one, other])
    return adjusted_rand(first(both), second(both))


def cover(name: str, sets: int, customers: int, pairs: int) -> None:
    """Print how often the interval holds the true value for one shape."""
    k, draw = SHAPES[name]
    size = analyst_size(customers)
    fresh = np.random.default_rng([1, k])
    values = [agreement(draw(fresh, size), draw(fresh, size), k, fresh) for _ in range(pairs)]
    truth, error = float(np.mean(values)), float(np.std(values)) / pairs**0.5
    held = below = 0
    width = 0.0
    for number in range(sets):
        rng = np.random.default_rng([2, k, number])
        found = measure_stability(draw(rng, customers), lambda some, r: fit_rule(some, k, r), rng)
        held += found.ci_lower <= truth <= found.ci_upper
        below += found.ci_upper < truth
        width += (found.ci_upper - found.ci_lower) / sets
    print(
        f"  {name:36} truth {truth:6.4f} (se {error:.4f}); held {held / sets:6.1%}, too low "
        f"{below / sets:5.1%}, too high {1 - (held + below) / sets:5.1%}, mean width {width:.3f}",
        flush=True,
    )


def measured(points: Any, blocks: tuple[str, ...] = ()) -> Behaviour:
    """Return points as measures of customers."""
    names = [f"measure_{place}" for place in range(points.shape[1])]
    kinds: Any = blocks or ("money",) * len(names)
    traits = tuple(
        Trait(name, name, "money", block, "high") for name, block in zip(names, kinds, strict=True)
    )
    table = pd.DataFrame(points, columns=names)
    table.insert(0, "customer_id", [f"{place:07d}" for place in range(len(points))])
    return Behaviour(table, traits)


def customer_base(rng: Rng, n: int, own: float) -> Behaviour:
    """Return customers without groups, half of whom bought once.

    Parameters
    ----------
    rng
        Where chance comes from.
    n
        How many customers.
    own
        Concentration of a customer's own preferences around those of all: small is strong; 0 is
        none at all, each purchase picks from the same shares.
    """
    known = rng.integers(30, 900, n).astype("float64")
    bought = 1 + rng.poisson(rng.gamma(0.6, 4.0, n) * known / 900)
    since = np.where(bought == 1, known, np.floor(known * rng.beta(1, bought)))
    table = pd.DataFrame({"customer_id": [f"{place:07d}" for place in range(n)]})
    table["days_since_last_purchase"], table[PURCHASES] = since, bought.astype("float64")
    table["T"] = known
    nu = rng.gamma(4.2, 1 / 42.0, n)
    table["spend_per_purchase_day"] = rng.gamma(5.0 * bought, 1 / nu) / bought
    traits = [
        Trait("days_since_last_purchase", "", "days", "recency", "", ""),
        Trait(PURCHASES, "", "count", "frequency", "", ""),
        Trait("T", "", "days", "tenure", "", ""),
        Trait("spend_per_purchase_day", "", "money", "money", "", ""),
    ]
    for block, size in (("category", 8), ("channel", 5)):
        overall = rng.dirichlet(np.full(size, 4.0))
        chances = rng.dirichlet(overall * own * size, n) if own else np.tile(overall, (n, 1))
        picked = rng.multinomial(bought, chances / chances.sum(axis=1, keepdims=True))
        for place in range(size):
            table[f"{block}: {place}"] = picked[:, place] / bought
            kind: Any = block
            traits.append(Trait(f"{block}: {place}", "", "share", kind, ""))
    return Behaviour(table, tuple(traits))


def tilted(rng: Rng, n: int, measures: int) -> Any:
    """Return one normal cloud with correlations."""
    turn = rng.standard_normal((measures, measures))
    return rng.standard_normal((n, measures)) @ turn


NULLS: dict[str, Callable[[Rng, int], Behaviour]] = {
    **{
        f"uniform in {p} dimensions": lambda rng, n, p=p: measured(rng.random((n, p)))
        for p in range(1, 7)
    },
    "normal, 2 correlated measures": lambda rng, n: measured(tilted(rng, n, 2)),
    "normal, 6 correlated measures": lambda rng, n: measured(tilted(rng, n, 6)),
    "log-normal, 1 measure": lambda rng, n: measured(np.exp(tilted(rng, n, 1))),
    "log-normal, 4 correlated measures": lambda rng, n: measured(np.exp(tilted(rng, n, 4) / 2)),
    "uniform, 3 themes": lambda rng, n: measured(
        rng.random((n, 3)), ("recency", "money", "channel")
    ),
    "customers, no own preferences": lambda rng, n: customer_base(rng, n, 0.0),
    "customers, own preferences": lambda rng, n: customer_base(rng, n, 0.5),
    "customers, strong preferences": lambda rng, n: customer_base(rng, n, 0.1),
}


def alarm(name: str, sets: int, customers: int) -> None:
    """Print how often groups are found where there are none."""
    shares = []
    for least in (0.0, 0.65):
        found = sum(
            find_groups(
                NULLS[name](np.random.default_rng([3, number]), customers),
                seed=number,
                k_max=6,
                min_stability=least,
            ).k
            > 0
            for number in range(sets)
        )
        shares.append(found / sets)
    print(
        f"  {name:36} groups in {shares[0]:5.1%} (standard error {(0.05 * 0.95 / sets) ** 0.5:.1%}"
        f" at 5 %); with the default's stability {shares[1]:5.1%}",
        flush=True,
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--customers", type=int, default=800)
    parser.add_argument("--pairs", type=int, default=8000)
    parser.add_argument("--nulls", type=int, default=200)
    parser.add_argument("--only", default="", help="part of a shape's name")
    asked = parser.parse_args()
    print(f"coverage of the 95 % interval, {asked.sets} data sets of {asked.customers} customers")
    for name in SHAPES:
        if asked.sets and asked.only in name:
            cover(name, asked.sets, asked.customers, asked.pairs)
    print(f"groups found where there are none, {asked.nulls} data sets, alpha 5 %")
    for name in NULLS:
        if asked.nulls and asked.only in name:
            alarm(name, asked.nulls, asked.customers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
