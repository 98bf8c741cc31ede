"""The profile of a large table: seconds, CPU and peak memory, beside what else profiles it.

    python benchmarks/profiles.py [--rows 1000000 10000000] [--runs 3] [--folder /some]

A seeded table of 12 columns (identifiers, names, e-mail addresses, categories, a decimal, an
integer, a double, a time, a flag, notes) is written as Parquet, which is not timed. Then, in turns,
each contestant profiles it in a process of its own:

- ``summarize``: DuckDB's SUMMARIZE (counts, estimated distinct values and quantiles, mean,
  deviation), the floor;
- ``ours``: all that ``profile_rows`` tells;
- ``ydata``: ydata-profiling, minimal, up to ``--ydata-rows``. It is left out, and the reason is
  printed, where it cannot be imported: it needs pandas < 3, so an environment of its own, whose
  Python ``--ydata-python`` names.

Wall and CPU time are those of the work, without starting Python; the peak is the whole process's.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from contest import Run, run

OURS = """
from workbench.data.engine import connect
from workbench.triage.profile import profile_rows
connection = connect(threads=threads)
def work():
    found = profile_rows(connection, f"read_parquet('{path}')", min_group=5)
    assert len(found) == 12
    return repr(found)
"""
SUMMARIZE = """
from workbench.data.engine import connect
connection = connect(threads=threads)
def work():
    found = connection.execute(f"SUMMARIZE SELECT * FROM read_parquet('{path}')").fetchall()
    assert len(found) == 12
    return ""
"""
YDATA = """
import pandas
from ydata_profiling import ProfileReport
def work():
    frame = pandas.read_parquet(path)
    ProfileReport(frame, minimal=True, progress_bar=False).get_description()
    return ""
"""


def generate(path: Path, rows: int) -> None:
    """Write the table: the same values for the same number of rows."""
    people = max(rows // 20, 1)
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        f"""
        COPY (
            SELECT 'O-' || lpad(i::VARCHAR, 9, '0') AS order_id,
                   'C' || lpad((hash(i) % {people})::VARCHAR, 7, '0') AS customer_id,
                   ['Anna', 'Bo', 'Chris', 'Farid', 'Gül', 'Håkan', 'Khadija', 'Mei']
                       [1 + (hash(i + 1) % 8)::INT] || ' ' ||
                   ['Smith', 'Ahmed', 'Müller', 'García', 'Nowak', 'Khan', 'Rossi', 'Dubois']
                       [1 + (hash(i + 2) % 8)::INT] || chr((97 + hash(i + 11) % 26)::INT)
                       || chr((97 + hash(i + 12) % 26)::INT) AS name,
                   CASE WHEN hash(i + 3) % 20 > 0 THEN 'user' || (hash(i) % {people}) || '@' ||
                       ['example.com', 'mail.example.org', 'shop.example']
                       [1 + (hash(i + 4) % 3)::INT] END AS email,
                   ['books', 'toys', 'garden', 'kitchen', 'music', 'sport', 'office', 'food']
                       [1 + (hash(i + 5) % 8)::INT] AS category,
                   ['GB', 'DE', 'FR', 'PK', 'SE'][1 + (hash(i + 6) % 5)::INT] AS country,
                   CAST((hash(i + 7) % 50000) / 100.0 - 20 AS DECIMAL(18,4)) AS amount,
                   CAST(1 + hash(i + 8) % 9 AS BIGINT) AS quantity,
                   CAST((hash(i + 9) % 1000003) / 997.0 AS DOUBLE) AS score,
                   TIMESTAMP '2022-01-01' + INTERVAL (hash(i + 10) % 110000000) SECOND
                       AS ordered_at,
                   hash(i + 14) % 3 = 0 AS consent,
                   CASE WHEN hash(i + 15) % 4 = 0 THEN NULL
                        WHEN hash(i + 15) % 400 = 1
                            THEN 'write to user' || (i % 5000) || '@example.com please'
                        ELSE 'called about order ' || (hash(i + 16) % 900000 + 100000) || ', ' ||
                            ['will call back', 'refund sent', 'asked for invoice', 'no answer']
                            [1 + (hash(i + 17) % 4)::INT] END AS note
            FROM range({rows}) t(i)
        ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
        """
    )


def without_ydata(python: str) -> str:
    """Return why ydata-profiling cannot be measured, or nothing."""
    tried = subprocess.run(
        [python, "-c", "import ydata_profiling"], check=False, capture_output=True, text=True
    )
    last = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"it cannot be imported ({last}); it needs pandas < 3" if tried.returncode else ""


def show(name: str, runs: list[Run], floor: list[Run]) -> None:
    """Print the medians of a contestant, and of its ratios to the floor in the same turn."""
    walls = statistics.median(one.wall for one in runs)
    cpus = statistics.median(one.cpu for one in runs)
    turns = list(zip(runs, floor, strict=True))
    print(
        f"  {name:10} wall {walls:7.2f} s, CPU {cpus:7.2f} s, peak "
        f"{max(one.peak for one in runs):6.0f} MB; to summarize: wall "
        f"{statistics.median(one.wall / least.wall for one, least in turns):5.2f}, CPU "
        f"{statistics.median(one.cpu / least.cpu for one, least in turns):5.2f}",
        flush=True,
    )


def main() -> int:
    """Measure each size and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where 1 GB is free")
    parser.add_argument("--ydata-python", default=sys.executable)
    parser.add_argument("--ydata-rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    missing = without_ydata(asked.ydata_python)
    if missing:
        print(f"ydata-profiling is left out: {missing}")
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="workbench-bench-") as made:
        for rows in asked.rows:
            path = Path(made) / f"{rows}.parquet"
            generate(path, rows)
            size = path.stat().st_size / 1e6
            print(f"{rows:,} rows x 12 columns, {size:.0f} MB, {asked.threads} threads", flush=True)
            others = {"ours": (sys.executable, OURS)}
            if not missing and rows <= asked.ydata_rows:
                others["ydata"] = (asked.ydata_python, YDATA)
            floor: list[Run] = []
            found: dict[str, list[Run]] = {name: [] for name in others}
            for _ in range(asked.runs):
                floor.append(run(sys.executable, SUMMARIZE, path, asked.threads))
                for name, (python, prepare) in others.items():
                    found[name].append(run(python, prepare, path, asked.threads))
            show("summarize", floor, floor)
            for name, runs in found.items():
                show(name, runs, floor)
            digests = {one.digest for one in found["ours"]}
            assert len(digests) == 1, f"the profile differs from run to run: {digests}"
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
