"""Change between loads: false alarms, what planted drift is found, and seconds at ten million rows.

    python benchmarks/drift.py [--repetitions 200] [--rows 10000000] [--memory 2GB]

First, pairs of loads drawn from one distribution: how often any change of a whole comparison (seven
columns, numbers and categories, with missing values) is flagged, and how often any is called
certain, whatever its size. Then the same with one planted drift at a time: how often it is flagged.
Last, the time and peak memory of comparing two large Parquet files of ten columns, restated rows
included, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from workbench.data.engine import connect
from workbench.triage.drift import Load, Settings, Subject, TableDrift, compare_loads

SEED = 20250630
Frame = dict[str, np.ndarray]

CHILD = """
import json, resource, sys, time
from datetime import date
from pathlib import Path
from workbench.data.engine import connect
from workbench.triage.drift import Load, Settings, Subject, compare_loads
folder, memory, followed = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "followed"
connection = connect(memory=memory, threads=2)
begun = time.perf_counter()
found = compare_loads(
    connection, Load(folder / "before.parquet", date(2025, 5, 31)),
    Load(folder / "now.parquet", date(2025, 6, 30)),
    Subject("orders", clock="ordered_at", key=("order_id",) if followed else ()),
    Settings(seed=1),
)
seconds = time.perf_counter() - begun
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime,
                  "peak": used.ru_maxrss / 1e6,
                  "flagged": [change.sentence for change in found.flagged]}))
"""


def draw(rng: np.random.Generator, rows: int) -> Frame:
    """Return one load: seven columns of the kinds that customer tables have."""
    amounts = np.exp(rng.normal(3, 1, rows))
    weights = 1 / np.arange(1, 61)
    regions = rng.choice(60, rows, p=weights / weights.sum())
    rating = np.where(rng.random(rows) < 0.05, np.nan, rng.integers(1, 6, rows))
    notes = np.where(
        rng.random(rows) < 0.002, None, np.array(["yes", "no"])[rng.integers(0, 2, rows)]
    )
    return {
        "amount": amounts,
        "age": rng.normal(45, 15, rows),
        "quantity": rng.poisson(1.5, rows).astype(float),
        "discount": np.where(rng.random(rows) < 0.8, 0.0, amounts * 0.1),
        "rating": rating,
        "region": np.array([f"R{place:02d}" for place in regions], dtype=object),
        "consent": notes.astype(object),
    }


def plant_shift(frame: Frame, rng: np.random.Generator) -> None:
    frame["age"] = frame["age"] + 7.5


def plant_spread(frame: Frame, rng: np.random.Generator) -> None:
    frame["age"] = 45 + (frame["age"] - 45) * 1.8


def plant_missing(frame: Frame, rng: np.random.Generator) -> None:
    frame["rating"] = np.where(rng.random(len(frame["rating"])) < 0.06, np.nan, frame["rating"])


def plant_mix(frame: Frame, rng: np.random.Generator) -> None:
    moved = (frame["region"] == "R00") & (rng.random(len(frame["region"])) < 0.7)
    frame["region"] = np.where(moved, "R01", frame["region"])


def plant_new_category(frame: Frame, rng: np.random.Generator) -> None:
    frame["consent"] = np.where(rng.random(len(frame["consent"])) < 0.03, "maybe", frame["consent"])


PLANTED: dict[str, tuple[str, str, Callable[[Frame, np.random.Generator], None]]] = {
    "mean half a standard deviation higher": ("distribution", "age", plant_shift),
    "spread 1.8 times as wide": ("distribution", "age", plant_spread),
    "six points more missing": ("missing", "rating", plant_missing),
    "most of the first region moved": ("categories", "region", plant_mix),
    "a new category with 3%": ("categories", "consent", plant_new_category),
}


def compare(
    connection: duckdb.DuckDBPyConnection, before: Frame, now: Frame, seed: int
) -> TableDrift:
    for name, frame in (("load_before", before), ("load_now", now)):
        connection.register(
            name, pa.table({k: pa.array(v, from_pandas=True) for k, v in frame.items()})
        )
    return compare_loads(
        connection,
        Load("SELECT * FROM load_before", date(2025, 5, 31)),
        Load("SELECT * FROM load_now", date(2025, 6, 30)),
        Subject("orders"),
        Settings(seed=seed),
    )


def false_alarms(repetitions: int, before: int, now: int) -> tuple[int, int]:
    """Return in how many repetitions anything was flagged, and anything was called certain."""
    connection = connect(threads=1)
    flagged = certain = 0
    for repetition in range(repetitions):
        rng = np.random.default_rng([SEED, before, now, repetition])
        found = compare(connection, draw(rng, before), draw(rng, now), repetition)
        values = [*found.missing, *found.categories, *found.new_categories, *found.distributions]
        flagged += any(change.flag for change in values)
        certain += any(change.certain for change in values)
    return flagged, certain


def power(repetitions: int, rows: int, what: str) -> tuple[int, int]:
    """Return how often a planted drift was flagged, and how often anything beside it was."""
    kind, column, plant = PLANTED[what]
    connection = connect(threads=1)
    found_it = beside = 0
    for repetition in range(repetitions):
        rng = np.random.default_rng([SEED, rows, repetition, 1])
        now = draw(rng, rows)
        plant(now, rng)
        found = compare(connection, draw(rng, rows), now, repetition)
        found_it += any(c.kind == kind and c.column == column for c in found.flagged)
        beside += any(c.column != column for c in found.flagged)
    return found_it, beside


def generate(path: Path, rows: int, *, later: bool) -> None:
    """Write one large load; the later one has a tenth more rows and some restated ones."""
    more = rows // 10 if later else 0
    restated = "CASE WHEN i % 5000 = 7 THEN 1 ELSE 0 END" if later else "0"
    duckdb.execute(
        f"""
        COPY (SELECT 'O' || lpad(i::VARCHAR, 9, '0') AS order_id,
                     'C' || (hash(i, 1) % 200000) AS customer_id,
                     TIMESTAMP '2022-01-01' + INTERVAL (i * 100000000 // {rows}) SECOND
                         AS ordered_at,
                     CAST((hash(i, 2) % 20000) / 100.0 AS DECIMAL(18,4)) + {restated} AS amount,
                     CAST((hash(i, 3) % 2000) / 100.0 AS DECIMAL(18,4)) AS discount,
                     CAST(1 + hash(i, 4) % 9 AS DECIMAL(18,4)) AS quantity,
                     'P' || (hash(i, 5) % 20000) AS product_id,
                     ['web', 'shop', 'phone'][1 + (hash(i, 6) % 3)::INTEGER] AS channel,
                     CASE WHEN hash(i, 7) % 50 > 0 THEN 'K' || (hash(i, 7) % 30) END AS category,
                     sqrt((hash(i, 8) % 1000003)::DOUBLE) AS rating
              FROM range({rows + more}) t(i)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
        """
    )


def large(rows: int, memory: str) -> None:
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as name:
        folder = Path(name)
        generate(folder / "before.parquet", rows, later=False)
        generate(folder / "now.parquet", rows, later=True)
        for what in ("values", "followed"):
            done = subprocess.run(
                [sys.executable, "-c", CHILD, folder, memory, what],
                check=True,
                capture_output=True,
                text=True,
            )
            found = json.loads(done.stdout)
            label = "with restated rows" if what == "followed" else "without them"
            print(
                f"{rows:,} rows before, a tenth more now, {label}: {found['seconds']:.1f} s "
                f"(cpu {found['cpu']:.1f} s), {found['peak']:.2f} GB"
            )
        for sentence in found["flagged"]:
            print(f"  flagged: {sentence}")


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory", default="2GB")
    chosen = parser.parse_args()
    print(f"no drift, {chosen.repetitions} repetitions, whole comparison of seven columns:")
    for before, now in ((200, 200), (1000, 1000), (5000, 5000), (20000, 1000), (50000, 50000)):
        flagged, certain = false_alarms(chosen.repetitions, before, now)
        print(
            f"  {before:>6,} and {now:>6,} rows: flagged in {flagged / chosen.repetitions:.1%}, "
            f"anything called certain in {certain / chosen.repetitions:.1%}",
            flush=True,
        )
    print("planted drift, flagged (and anything beside it):")
    for what in PLANTED:
        for rows in (500, 2000, 10000):
            found, beside = power(max(chosen.repetitions // 4, 10), rows, what)
            of = max(chosen.repetitions // 4, 10)
            print(f"  {what}, {rows:,} rows: {found / of:.0%} ({beside / of:.0%})", flush=True)
    if chosen.rows:
        large(chosen.rows, chosen.memory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
