"""Choosing the number of groups, beside scikit-learn's plain loop: seconds, CPU and peak memory.

    python benchmarks/segments.py [--customers 1000000] [--beside 100000] [--runs 3] [--threads 2]

Seeded customers with five planted groups and 14 measures (four of timing and money, the shares of
five categories and of five channels) are written as Parquet, which is not timed; nor is reading
them. Then, in turns, each contestant works in a process of its own, for k = 2 to 10:

- ``groups``: `find_groups`, all of it: scaling, the exact silhouette of a sample of 10,000,
  stability with its interval (15 splits of 4,000), data without groups (39 draws of each of three
  kinds of 1,000 customers, nine k each), a mixture as a check, and every customer assigned;
- ``clear``: only what the peers do: k-means and the exact silhouette of a sample of 10,000, for all
  nine k, on scaled measures;
- ``sklearn-9``: scikit-learn's KMeans (k-means++, one start, its default) on all customers, and
  silhouette_score on a sample of 10,000, for nine k, on the same scaled measures;
- ``sklearn-1``: the same for k = 5 with the exact silhouette of all customers.

All four compute the mean silhouette over all pairs of points of a sample, or of all: none computes
the simplified one (distances to centres), which is another statistic. A peer's library may use
``--threads`` threads; this package uses one. What each chose is printed. With more customers than
``--beside`` only ``groups`` and ``clear`` work.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from contest import Run, run

SCALED = """
import os
import numpy as np, pandas as pd
from workbench.segmentation.clusters.scaling import fit_transform
from workbench.segmentation.clusters.traits import Behaviour, Trait
frame = pd.read_parquet(path)
blocks = {"days_since_last_purchase": ("days", "recency"), "purchase_days": ("count", "frequency"),
          "T": ("days", "tenure"), "spend_per_purchase_day": ("money", "money")}
def trait(name):
    kind, block = blocks.get(name, ("share", name.split(":")[0]))
    return Trait(name, name, kind, block, "high")
behaviour = Behaviour(frame, tuple(trait(name) for name in frame.columns[1:]))
"""
GROUPS = (
    SCALED
    + """
from workbench.segmentation.clusters.groups import find_groups
def work():
    found = find_groups(behaviour, seed=1)
    assert len(found.labels) == len(frame), found.reason
    return f"k = {found.k}"
"""
)
CLEAR = (
    SCALED
    + """
from workbench.segmentation.clusters.fitting import fit_rule
from workbench.segmentation.clusters.silhouette import silhouettes
points = fit_transform(behaviour).apply(frame)
del behaviour, frame
def work():
    rng = np.random.default_rng(1)
    some = points[rng.permutation(len(points))[:10_000]]
    found = silhouettes(some, [fit_rule(some, k, rng)(some) for k in range(2, 11)])
    return f"k = {2 + int(np.argmax(found))}"
"""
)
SKLEARN = (
    SCALED
    + """
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits
threadpool_limits(threads)
points = fit_transform(behaviour).apply(frame)
del behaviour, frame
"""
)
SKLEARN_9 = (
    SKLEARN
    + """
def work():
    found = []
    for k in range(2, 11):
        labels = KMeans(k, random_state=1).fit_predict(points)
        found.append(silhouette_score(points, labels, sample_size=10_000, random_state=1))
    return f"k = {2 + int(np.argmax(found))}"
"""
)
SKLEARN_1 = (
    SKLEARN
    + """
def work():
    silhouette_score(points, KMeans(5, random_state=1).fit_predict(points))
    return "k = 5 given"
"""
)


def generate(path: Path, customers: int) -> None:
    """Write the customers: the same values for the same number of customers."""
    rng = np.random.default_rng(20_250_630)
    group = rng.integers(5, size=customers)
    known = rng.integers(30, 900, customers).astype("float64")
    bought = 1 + rng.poisson(rng.gamma(1.5, np.array([9.0, 4, 3, 4, 2])[group]) * known / 900)
    table = pd.DataFrame({"customer_id": np.arange(customers)})
    table["days_since_last_purchase"] = np.where(
        bought == 1, known, np.floor(known * rng.beta(1, bought))
    )
    table["purchase_days"], table["T"] = bought.astype("float64"), known
    table["spend_per_purchase_day"] = rng.gamma(5.0 * bought, 12.0 / bought)
    for block, size in (("category", 5), ("channel", 5)):
        liked = np.full((5, size), 0.01)
        liked[np.arange(5), np.arange(5)] = 1.0
        picked = rng.multinomial(bought, (liked / liked.sum(axis=1, keepdims=True))[group])
        for place in range(size):
            table[f"{block}: {place}"] = picked[:, place] / bought
    table.to_parquet(path)


def show(name: str, runs: list[Run], ours: list[Run]) -> None:
    """Print the medians of a contestant, and of its ratios to `groups` in the same turn."""
    turns = list(zip(runs, ours, strict=True))
    print(
        f"  {name:10} wall {statistics.median(one.wall for one in runs):7.2f} s, CPU "
        f"{statistics.median(one.cpu for one in runs):7.2f} s, peak "
        f"{max(one.peak for one in runs):6.0f} MB; to groups: wall "
        f"{statistics.median(one.wall / own.wall for one, own in turns):6.2f}, CPU "
        f"{statistics.median(one.cpu / own.cpu for one, own in turns):6.2f}, peak "
        f"{statistics.median(one.peak / own.peak for one, own in turns):5.2f}; {runs[0].said}",
        flush=True,
    )


def main() -> int:
    """Measure each size and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--beside", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where 200 MB are free")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="workbench-bench-") as made:
        for customers in asked.customers:
            path = Path(made) / f"{customers}.parquet"
            generate(path, customers)
            print(f"{customers:,} customers x 14 measures, k = 2 to 10", flush=True)
            contestants = {"groups": GROUPS, "clear": CLEAR}
            if customers <= asked.beside:
                contestants |= {"sklearn-9": SKLEARN_9, "sklearn-1": SKLEARN_1}
            found: dict[str, list[Run]] = {name: [] for name in contestants}
            for _ in range(asked.runs):
                for name, prepare in contestants.items():
                    found[name].append(run(sys.executable, prepare, path, asked.threads))
            for name, runs in found.items():
                assert len({one.said for one in runs}) == 1, f"{name} differs from run to run"
                show(name, runs, found["groups"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
