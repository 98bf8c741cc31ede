"""Ingest a large CSV of orders with a small memory limit: rows a second and peak memory.

    python benchmarks/ingest.py [--rows 50000000] [--memory 2GB] [--folder /somewhere/large]

The file is generated (not timed) with one row in a hundred wrong in some way, so that the whole
gate works: types, contract, rules, repeated rows, quarantine, sorted snapshot. The ingest runs in a
process of its own; its peak memory is what the operating system accounts to it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

SUITE = """
title: Benchmark
as_of: 2025-06-30
currency: GBP
timezone: UTC
owner: Benchmark
"""
UNIT = """
title: Large
sources:
  orders:
    till:
      path: orders.csv
      rules: {sold_something: quantity <> 0}
"""
CHILD = """
import sys, time
from pathlib import Path
from workbench.ingest import ingest_suite
from workbench.params import load_suite
from workbench.workspace import Workspace
root, memory, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
workspace = Workspace(root)
begun, steps = time.perf_counter(), []
def progress(message, share):
    if not steps or steps[-1][0] != message:
        steps.append((message, time.perf_counter() - begun))
found = ingest_suite(workspace, load_suite(workspace, "bench"), memory=memory, progress=progress)
seconds = time.perf_counter() - begun
table = found["large"].record.table("orders")
import json
out.write_text(json.dumps({
    "seconds": seconds, "steps": steps, "received": table.received, "accepted": table.accepted,
    "quarantined": table.quarantined, "snapshot": found["large"].snapshot.digest,
    "reasons": {reason.code: reason.rows for reason in table.sources[0].reasons},
}))
"""


def generate(path: Path, rows: int) -> None:
    """Write the CSV: the same bytes for the same number of rows."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        COPY (
            SELECT 'O' || (i // 3) AS order_id,
                   'C' || (hash(i // 3) % greatest({rows} // 50, 1)) AS customer_id,
                   CASE WHEN i % 1000 = 7 THEN '31/12/2024'
                        WHEN i % 1000 = 8 THEN '2031-01-01 00:00:00'
                        ELSE strftime(TIMESTAMP '2022-01-01'
                                      + INTERVAL (hash(i // 3) % 110000000) SECOND,
                                      '%Y-%m-%d %H:%M:%S') END AS ordered_at,
                   CASE WHEN i % 1000 = 9 THEN 'n/a'
                        ELSE printf('%d.%02d', hash(i) % 200, hash(i + 1) % 100) END AS amount,
                   'P' || (hash(i + 2) % 20000) AS product_id,
                   CASE WHEN i % 1000 = 10 THEN 0 ELSE 1 + hash(i + 3) % 9 END AS quantity,
                   ['web', 'shop', 'phone'][1 + (hash(i + 4) % 3)::INTEGER] AS channel
            FROM (SELECT CASE WHEN j % 1000 IN (11, 12) THEN j - 10 ELSE j END AS i
                  FROM range({rows}) t(j))
        ) TO '{path}' (FORMAT csv, HEADER)
        """
    )


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--folder", type=Path, default=None, help="where 15 GB are free")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="workbench-bench-") as name:
        root = Path(name)
        (root / "params" / "bench").mkdir(parents=True)
        (root / "notebooks").mkdir()
        (root / "params" / "bench" / "suite.yml").write_text(SUITE)
        (root / "params" / "bench" / "large.yml").write_text(UNIT)
        print(f"generating {chosen.rows:,} rows ...", flush=True)
        generate(root / "orders.csv", chosen.rows)
        size = (root / "orders.csv").stat().st_size
        begun = time.perf_counter()
        out = root / "result.json"
        subprocess.run([sys.executable, "-c", CHILD, root, chosen.memory, out], check=True)
        wall = time.perf_counter() - begun
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = json.loads(out.read_text())
        assert found["received"] == chosen.rows == found["accepted"] + found["quarantined"]
        digest = hashlib.sha256(json.dumps(found["reasons"], sort_keys=True).encode()).hexdigest()
        print(f"file            {size / 1e9:6.2f} GB, {chosen.rows:,} rows")
        print(f"memory limit    {chosen.memory}")
        print(f"wall            {wall:6.1f} s   (cpu {usage.ru_utime + usage.ru_stime:.1f} s)")
        print(f"throughput      {chosen.rows / wall:10,.0f} rows a second")
        print(f"peak memory     {usage.ru_maxrss / 1e6:6.2f} GB")
        print(f"accepted        {found['accepted']:,}; quarantined {found['quarantined']:,}")
        print(f"reasons         {found['reasons']} ({digest[:8]})")
        print(f"snapshot        {found['snapshot']}")
        for step, (message, start) in enumerate(found["steps"]):
            ends = [*(later for _, later in found["steps"][step + 1 :]), found["seconds"]]
            print(f"  {ends[0] - start:7.1f} s  {message}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
