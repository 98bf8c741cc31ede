"""Experiments at size: seconds, CPU and peak memory, beside what else analyses them.

    python benchmarks/experiments.py [--rows 1000000 10000000 30000000] [--runs 3]

A seeded table of assignments (customer, three variants, five metrics - whole numbers, a decimal, a
double - and for each a covariate from before) is written as Parquet, which is not timed. Then, in
turns, each contestant compares both variants with the control on all five metrics, adjusted for the
covariate, in a process of its own:

- ``ours``: moments (exact, the same whatever the order of the rows) and adjusted differences, of a
  table whose key is known;
- ``checked``: the same, and whether each customer has one row is found out first;
- ``tea-duckdb``: tea-tasting on DuckDB, by way of Ibis;
- ``tea-pandas``: tea-tasting on pandas, and ``statsmodels``: its ``ttest_ind`` without adjustment,
  with reading the file, up to ``--pandas-rows``.

Then the difference of two medians by order statistics (of numbers in memory, and with reading the
file) beside 200 bootstrap resamples by plain NumPy and by tea-tasting, both of numbers in memory,
up to ``--bootstrap-rows``; all intervals are printed.

Wall and CPU time are those of the work, without starting Python and importing; the peak is the
whole process's. Ratios are within a turn, and their median is printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from contest import Run, run

METRICS = ("visits", "converted", "spend", "minutes", "tickets")
NAMES = f"METRICS = {METRICS!r}\n"
OURS = (
    NAMES
    + """
from workbench.data.engine import connect
from workbench.experiments.estimators import adjusted_difference
from workbench.experiments.moments import Joint, moments
connection = connect(threads=threads, memory=arguments[1])
def work():
    table = connection.sql(f"SELECT * FROM read_parquet('{path}')")
    asked = [Joint((name,), (name + "_before",)) for name in METRICS]
    found = moments(table, METRICS, joint=asked, unique=arguments[0] == "known")
    said = {}
    for one in asked:
        for variant in ("blue", "green"):
            pair = found.joint["control", one], found.joint[variant, one]
            effect = adjusted_difference(*pair, slopes="pooled").adjusted
            said[f"{one.outcomes[0]} {variant}"] = [effect.effect_size, effect.std_error]
    return json.dumps(said)
"""
)
TEA = (
    NAMES
    + """
import tea_tasting as tt
experiment = tt.Experiment({m: tt.Mean(m, m + "_before", equal_var=False) for m in METRICS})
if arguments[0] == "duckdb":
    import ibis
    connection = ibis.duckdb.connect(threads=threads)
else:
    import pandas
def work():
    if arguments[0] == "duckdb":
        table = connection.read_parquet(path)
    else:
        wanted = ["variant", *METRICS, *(m + "_before" for m in METRICS)]
        table = pandas.read_parquet(path, columns=wanted)
        for name in ("spend", "spend_before"):
            table[name] = table[name].astype("float64")
    found = experiment.analyze(table, control="control", all_variants=True)
    said = {}
    for (_, variant), result in found.items():
        for name in METRICS:
            said[f"{name} {variant}"] = [result[name].effect_size, result[name].pvalue]
    return json.dumps(said)
"""
)
STATSMODELS = (
    NAMES
    + """
import pandas
from statsmodels.stats.weightstats import ttest_ind
def work():
    table = pandas.read_parquet(path, columns=["variant", *METRICS])
    table["spend"] = table["spend"].astype("float64")
    said = {}
    for name in METRICS:
        parts = {v: table[name][table["variant"] == v] for v in ("control", "blue", "green")}
        for variant in ("blue", "green"):
            t, p, _ = ttest_ind(parts[variant], parts["control"], usevar="unequal")
            said[f"{name} {variant}"] = [float(t), float(p)]
    return json.dumps(said)
"""
)
MEDIAN = """
from workbench.data.engine import connect
from workbench.experiments.estimators import (
    QuantileWindow, difference_in_quantiles, quantile_windows,
)
connection = connect(threads=threads)
def read():
    table = connection.sql(f"SELECT variant, minutes FROM read_parquet('{path}')")
    return quantile_windows(table, "minutes", 0.5, unique=True)
if arguments[0] == "read":
    arms = None
else:
    arms = [
        connection.execute(
            f"SELECT minutes FROM read_parquet('{path}') WHERE variant = '{variant}'"
        ).fetchnumpy()["minutes"] for variant in ("control", "blue")
    ]
def work():
    if arms is None:
        found = read()
        pair = found["control"], found["blue"]
    else:
        pair = [QuantileWindow.of(arm, 0.5) for arm in arms]
    effect = difference_in_quantiles(*pair)
    return json.dumps([effect.effect_size_ci_lower, effect.effect_size_ci_upper])
"""
BOOTSTRAP = """
import numpy, duckdb
connection = duckdb.connect(config={"threads": threads})
arms = [
    connection.execute(
        f"SELECT minutes FROM read_parquet('{path}') WHERE variant = '{variant}'"
    ).fetchnumpy()["minutes"] for variant in ("control", "blue")
]
def work():
    random = numpy.random.default_rng(7)
    gaps = []
    for _ in range(200):
        medians = [numpy.median(arm[random.integers(0, len(arm), len(arm))]) for arm in arms]
        gaps.append(medians[1] - medians[0])
    return json.dumps([float(end) for end in numpy.quantile(gaps, [0.025, 0.975])])
"""
TEA_MEDIAN = """
import pandas
import tea_tasting as tt
table = pandas.read_parquet(path, columns=["variant", "minutes"])
table = table[table["variant"] != "green"]
experiment = tt.Experiment(x=tt.Quantile("minutes", 0.5, n_resamples=200, random_state=7))
def work():
    found = experiment.analyze(table, control="control")["x"]
    return json.dumps([found.effect_size_ci_lower, found.effect_size_ci_upper])
"""


def generate(path: Path, rows: int) -> None:
    """Write the table: the same values for the same number of rows."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        f"""
        COPY (
            SELECT 'C' || lpad(i::VARCHAR, 9, '0') AS customer_id,
                   ['control', 'blue', 'green'][1 + (hash(i) % 3)::INT] AS variant,
                   (hash(i + 1) % 7)::BIGINT AS visits,
                   (hash(i + 2) % 10 = 0)::BIGINT AS converted,
                   CASE WHEN hash(i + 3) % 10 < 8 THEN 0
                        ELSE (hash(i + 4) % 2000000) / 10000.0 END::DECIMAL(18,4) AS spend,
                   CAST((hash(i + 5) % 1000003) / 997.0 AS DOUBLE) AS minutes,
                   (hash(i + 6) % 4)::BIGINT AS tickets,
                   (hash(i + 1) % 7 + hash(i + 11) % 5)::BIGINT AS visits_before,
                   ((hash(i + 2) % 10 = 0)::BIGINT + hash(i + 12) % 2)::BIGINT AS converted_before,
                   CASE WHEN hash(i + 13) % 10 < 8 THEN 0
                        ELSE (hash(i + 4) % 2000000) / 10000.0 END::DECIMAL(18,4) AS spend_before,
                   CAST((hash(i + 5) % 1000003 + hash(i + 15) % 1000) / 997.0 AS DOUBLE)
                       AS minutes_before,
                   (hash(i + 6) % 4 + hash(i + 16) % 3)::BIGINT AS tickets_before
            FROM range({rows}) t(i)
        ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
        """
    )


def absent(python: str, module: str) -> str:
    """Return why a peer cannot be measured, or nothing."""
    tried = subprocess.run(
        [python, "-c", f"import {module}"], check=False, capture_output=True, text=True
    )
    last = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"it cannot be imported ({last})" if tried.returncode else ""


def show(name: str, runs: list[Run], ours: list[Run]) -> None:
    """Print the medians of a contestant, and of its ratios to ours in the same turn."""
    turns = list(zip(runs, ours, strict=True))
    print(
        f"  {name:12} wall {statistics.median(one.wall for one in runs):7.2f} s, "
        f"CPU {statistics.median(one.cpu for one in runs):7.2f} s, "
        f"peak {max(one.peak for one in runs):6.0f} MB; to ours: "
        f"wall {statistics.median(one.wall / own.wall for one, own in turns):6.2f}, "
        f"CPU {statistics.median(one.cpu / own.cpu for one, own in turns):6.2f}",
        flush=True,
    )


def agree(ours: Run, theirs: Run) -> float:
    """Return the largest difference between two contestants' effects, in standard errors."""
    mine, other = json.loads(ours.said), json.loads(theirs.said)
    assert mine.keys() == other.keys()
    return max(abs(mine[key][0] - other[key][0]) / mine[key][1] for key in mine)


def compare(path: Path, rows: int, asked: argparse.Namespace) -> None:
    """Measure all contestants on one table, in turns."""
    contestants = {
        "ours": (sys.executable, OURS, ("known", asked.memory)),
        "checked": (sys.executable, OURS, ("checked", asked.memory)),
    }
    missing = absent(asked.peer_python, "tea_tasting, ibis, pyarrow_hotfix")
    if missing:
        print(f"  tea-tasting is left out: {missing}")
    else:
        contestants["tea-duckdb"] = (asked.peer_python, TEA, ("duckdb",))
        if rows <= asked.pandas_rows:
            contestants["tea-pandas"] = (asked.peer_python, TEA, ("pandas",))
    if rows <= asked.pandas_rows:
        contestants["statsmodels"] = (sys.executable, STATSMODELS, ())
    found: dict[str, list[Run]] = {name: [] for name in contestants}
    for _ in range(asked.runs):
        for name, (python, prepare, further) in contestants.items():
            found[name].append(run(python, prepare, path, asked.threads, *further))
    for name, runs in found.items():
        show(name, runs, found["ours"])
    digests = {one.digest for name in ("ours", "checked") for one in found[name]}
    assert len(digests) == 1, f"the result differs from run to run: {digests}"
    if "tea-duckdb" in found:
        gap = agree(found["ours"][0], found["tea-duckdb"][0])
        print(f"  largest difference of an effect to tea-tasting's: {gap:.1e} standard errors")


def medians(path: Path, asked: argparse.Namespace) -> None:
    """Measure medians beside a bootstrap, and print all intervals."""
    contestants = {
        "median": (sys.executable, MEDIAN, ("memory",)),
        "with reading": (sys.executable, MEDIAN, ("read",)),
        "bootstrap": (sys.executable, BOOTSTRAP, ()),
    }
    if not absent(asked.peer_python, "tea_tasting"):
        contestants["tea-median"] = (asked.peer_python, TEA_MEDIAN, ())
    found = {
        name: [run(python, prepare, path, asked.threads, *further) for _ in range(asked.runs)]
        for name, (python, prepare, further) in contestants.items()
    }
    for name, runs in found.items():
        show(name, runs, found["median"])
    for name, runs in found.items():
        lower, upper = json.loads(runs[0].said)
        print(f"  interval, {name}: {lower:.4f} to {upper:.4f}")


def main() -> int:
    """Measure each size and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 30_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="700MB", help="the most that our engine may hold")
    parser.add_argument("--folder", type=Path, help="where 1 GB is free")
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--pandas-rows", type=int, default=1_000_000)
    parser.add_argument("--bootstrap-rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="workbench-bench-") as made:
        for rows in asked.rows:
            path = Path(made) / f"{rows}.parquet"
            generate(path, rows)
            size = path.stat().st_size / 1e6
            print(f"{rows:,} rows, {size:.0f} MB, {asked.threads} threads", flush=True)
            compare(path, rows, asked)
            if rows <= asked.bootstrap_rows:
                medians(path, asked)
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
