"""Quarantine of many rows, reasons and files written, beside what only gives a verdict.

    python benchmarks/quarantine.py [--rows 10000000] [--runs 3] [--folder /some]

A seeded table of orders with 8 columns, one row in fifty wrong in some way, is written as Parquet:
once as a source delivers it (every column text), once typed; neither is timed. Eight rules are
asked: a key is there, a key is unique, a code has its form, a channel is one of four, a date lies
in its range, an amount lies in its range, a quantity is positive, a discount is no more than the
amount. Then, in turns, each contestant works in a process of its own, on two threads:

- ``ours``: reads the text, types it, applies the rules, and writes the accepted rows (sorted) and
  the rejected ones with all their reasons and their places - what an ingest does for a source;
- ``pandera``: a Polars schema with the same rules, lazily validated, on the typed table: a verdict
  with the failure cases that it collects;
- ``pointblank``: the same rules as an interrogation of a Polars frame, without extracts: a verdict.

Wall and CPU time are those of the work, without starting Python; the peak is the whole process's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import duckdb

from contest import Run, run

OURS = """
from datetime import date
from workbench.data.contracts import contract
from workbench.data.engine import connect
from workbench.data.sources import Received
from workbench.params import SourceParams, TableParams
from workbench.triage.marks import settle
from workbench.triage.named import Frame, Named
from workbench.triage.outcome import write_accepted, write_quarantine
from workbench.triage.tally import tally_source
from workbench.triage.typed import write_typed
from pathlib import Path
here = Path(path)
scratch = here / f"out-{os.getpid()}"
scratch.mkdir()
source = SourceParams.model_validate({
    "path": "orders.csv",
    "types": {
        "ordered_at": "date", "amount": "decimal", "quantity": "integer", "discount": "decimal"
    },
    "rules": {
        "code": {"check": "regexp_full_match(product_id, '[A-Z]{2}[0-9]{4}')"},
        "channel": {"check": "channel IN ('web', 'store', 'phone', 'app')"},
        "sold": {"check": "quantity > 0"},
        "discounted": {"check": "discount <= amount"},
    },
})
table = TableParams.model_validate({
    "key": ["order_id"], "limits": {"amount": [0, 5000]}, "plausible_start": date(2020, 1, 1),
    "severity": {"duplicate_row": "off"},
})
named = Named(contract("orders"), "till", 0, source, table, "benchmark")
names = ("order_id", "customer_id", "ordered_at", "amount", "quantity", "discount", "channel",
         "product_id")
def work():
    connection = connect(memory="750MB", threads=threads, temp=scratch / "spill")
    received = Received(here / "text.parquet", names, int(arguments[0]))
    frame = Frame(date(2025, 6, 30), "UTC", "", ("orders",))
    typed = write_typed(connection, named, received, frame, scratch / "typed.parquet")
    settled = settle(connection, [typed], [])
    tally = tally_source(connection, settled, typed, None)["all"]
    write_accepted(connection, settled, {}, None, None, scratch / "accepted.parquet")
    rejected = write_quarantine(connection, settled, typed, None, None, scratch)
    assert rejected == tally.quarantined, (rejected, tally.quarantined)
    return sorted((reason.code, reason.rows) for reason in tally.reasons)
"""
PANDERA = """
import polars as pl
import pandera.polars as pa
from datetime import datetime
schema = pa.DataFrameSchema(
    {
        "order_id": pa.Column(pl.String, nullable=False),
        "product_id": pa.Column(pl.String, pa.Check.str_matches(r"^[A-Z]{2}[0-9]{4}$")),
        "channel": pa.Column(pl.String, pa.Check.isin(["web", "store", "phone", "app"])),
        "ordered_at": pa.Column(
            pl.Datetime, pa.Check.in_range(datetime(2020, 1, 1), datetime(2025, 6, 30))
        ),
        "amount": pa.Column(pl.Float64, pa.Check.in_range(0, 5000)),
        "quantity": pa.Column(pl.Int64, pa.Check.gt(0)),
    },
    checks=pa.Check(lambda data: data.lazyframe.select(pl.col("discount") <= pl.col("amount"))),
    unique=["order_id"],
)
def work():
    frame = pl.read_parquet(path + "/typed.parquet")
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return len(error.failure_cases)
    raise AssertionError("nothing was found")
"""
POINTBLANK = """
import polars as pl
import pointblank as pb
from datetime import datetime
def work():
    frame = pl.read_parquet(path + "/typed.parquet")
    found = (
        pb.Validate(frame)
        .col_vals_not_null("order_id")
        .rows_distinct(["order_id"])
        .col_vals_regex("product_id", r"^[A-Z]{2}[0-9]{4}$")
        .col_vals_in_set("channel", ["web", "store", "phone", "app"])
        .col_vals_between("ordered_at", datetime(2020, 1, 1), datetime(2025, 6, 30))
        .col_vals_between("amount", 0, 5000)
        .col_vals_gt("quantity", 0)
        .col_vals_le("discount", pb.col("amount"))
        .interrogate(collect_extracts=False)
    )
    failed = found.n_failed()
    assert sum(failed.values())
    return sorted(failed.items())
"""
CONTESTANTS = {"ours": OURS, "pandera": PANDERA, "pointblank": POINTBLANK}


def generate(folder: Path, rows: int) -> None:
    """Write the table twice: as text, and typed."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    values = (
        "SELECT CASE WHEN hash(i * 3) % 400 = 0 THEN NULL WHEN hash(i * 5) % 400 = 0 "
        "THEN 'A' || (999999999 + i) ELSE 'A' || (1000000000 + i) END AS order_id, "
        "'C' || (hash(i * 7) % 1000000) AS customer_id, "
        "TIMESTAMP '2022-01-01' + to_days(CAST(hash(i * 11) % 1200 AS INTEGER)) "
        "+ CASE WHEN hash(i * 13) % 400 = 0 THEN to_days(20000) ELSE to_days(0) END AS ordered_at, "
        "CAST(round(5 + hash(i + 17) % 20000 / 100.0 + CASE WHEN hash(i * 17) % 400 = 0 "
        "THEN 90000 ELSE 0 END, 2) AS DOUBLE) AS amount, "
        "CAST(CASE WHEN hash(i * 19) % 400 = 0 THEN -1 ELSE 1 + hash(i * 23) % 5 END AS BIGINT) "
        "AS quantity, "
        "CAST(CASE WHEN hash(i * 29) % 400 = 0 THEN 300.0 ELSE hash(i * 31) % 4 END AS DOUBLE) "
        "AS discount, "
        "CASE WHEN hash(i * 37) % 400 = 0 THEN 'fax' ELSE "
        "['web', 'store', 'phone', 'app'][1 + CAST(hash(i * 41) % 4 AS INTEGER)] END AS channel, "
        "CASE WHEN hash(i * 43) % 400 = 0 THEN 'x' ELSE 'AB' END || "
        "lpad(CAST(hash(i * 47) % 10000 AS VARCHAR), 4, '0') AS product_id "
        f"FROM range({rows}) t(i)"
    )
    connection.execute(
        f"COPY ({values}) TO '{folder / 'typed.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
    )
    texts = (
        "SELECT order_id, customer_id, strftime(ordered_at, '%Y-%m-%d') AS ordered_at, "
        "printf('%.2f', amount) AS amount, CAST(quantity AS VARCHAR) AS quantity, "
        "printf('%.2f', discount) AS discount, channel, product_id "
        f"FROM read_parquet('{folder / 'typed.parquet'}')"
    )
    connection.execute(
        f"COPY ({texts}) TO '{folder / 'text.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.close()


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        generate(folder, chosen.rows)
        runs: dict[str, list[Run]] = {one: [] for one in CONTESTANTS}
        for _ in range(chosen.runs):
            for one, script in CONTESTANTS.items():
                runs[one].append(
                    run(sys.executable, script, folder, chosen.threads, str(chosen.rows))
                )
    print(f"{chosen.rows:,} rows x 8 columns, 8 rules, {chosen.threads} threads")
    ours = statistics.median(run.wall for run in runs["ours"])
    work = statistics.median(run.cpu for run in runs["ours"])
    for one, found in runs.items():
        wall = statistics.median(run.wall for run in found)
        cpu = statistics.median(run.cpu for run in found)
        spread = f"{min(run.wall for run in found):.1f} to {max(run.wall for run in found):.1f}"
        print(
            f"  {one:<11} {wall:6.1f} s ({spread})  {cpu:6.1f} CPU s  "
            f"{max(run.peak for run in found):6,.0f} MB   "
            f"{wall / ours:5.2f} times ours, {cpu / work:5.2f} in CPU"
        )
        print(f"              {found[0].said[:400]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
