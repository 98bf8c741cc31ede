"""Order lines to customers, beside pandas, Polars and the same query written by hand in SQL.

    python benchmarks/rfm.py [--rows 10000000 50000000] [--customers 1000000] [--runs 3]

A seeded table of order lines as a snapshot holds it (texts for keys, a timestamp, DECIMAL(18,4)) is
written as Parquet; that is not timed. About 2.5 lines make an order, one line in twenty is a
return. Then, in turns, each contestant works in a process of its own, on two threads, from the file
to a pandas or Polars frame of one row per customer:

- ``ours``: :func:`workbench.segmentation.rfm.rfm` on a DuckDB relation;
- ``sql``: the same measures in one plain DuckDB query, with the same limit of memory;
- ``pandas``: read_parquet and groupby, amounts as doubles;
- ``polars``: a lazy scan and group_by, collected by the streaming engine, amounts as doubles.

All merge the orders of a day to one purchase, count orders and lines, and net returns. What is
found is compared: customers, purchase days, orders, and revenue to the penny. Wall and CPU time are
those of the work, without starting Python; the peak is the whole process's.
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
from workbench.data.engine import connect
from workbench.segmentation.rfm import rfm
def work():
    connection = connect(threads=threads)
    found = rfm(connection.sql(f"SELECT * FROM read_parquet('{path}')"), as_of=date(2025, 6, 30))
    made = found.customers
    return (len(made), int(made["purchase_days"].sum()), int(made["orders"].sum()),
            round(float(made["revenue"].sum()), 2), int(made["days_since_last_purchase"].sum()),
            round(float(made["monetary_value"].sum()), 2))
"""
SQL = """
import duckdb
query = f'''
WITH orders AS (
    SELECT customer_id, CAST(ordered_at AS DATE) AS day, order_id, sum(amount) AS net,
        sum(CASE WHEN amount < 0 THEN -amount ELSE 0 END) AS returned, count(*) AS lines,
        max(CASE WHEN amount >= 0 THEN 1 ELSE 0 END) AS bought
    FROM read_parquet('{path}') WHERE ordered_at < TIMESTAMP '2025-07-01' GROUP BY ALL
), days AS (
    SELECT customer_id, day, sum(net) AS net, sum(returned) AS returned, sum(lines) AS lines,
        sum(bought) AS orders
    FROM orders GROUP BY ALL
), customers AS (
    SELECT customer_id, sum(lines) AS lines, sum(orders) AS orders,
        count(*) FILTER (orders > 0) AS purchase_days, sum(net) AS revenue,
        sum(returned) AS returned, min(day) FILTER (orders > 0) AS first_day,
        max(day) FILTER (orders > 0) AS last_day, arg_min(net, day) FILTER (orders > 0) AS first_net
    FROM days GROUP BY customer_id
)
SELECT customer_id, lines, orders, purchase_days, purchase_days - 1 AS frequency,
    last_day - first_day AS recency, DATE '2025-06-30' - first_day AS T,
    DATE '2025-06-30' - last_day AS days_since,
    CAST(revenue - first_net AS DOUBLE) / nullif(purchase_days - 1, 0) AS monetary_value,
    CAST(revenue AS DOUBLE) AS revenue, CAST(returned AS DOUBLE) AS returned, first_day, last_day
FROM customers WHERE purchase_days > 0 ORDER BY customer_id
'''
def work():
    connection = duckdb.connect(config={"threads": threads, "memory_limit": "2GB"})
    made = connection.sql(query).df()
    return (len(made), int(made["purchase_days"].sum()), int(made["orders"].sum()),
            round(float(made["revenue"].sum()), 2), int(made["days_since"].sum()),
            round(float(made["monetary_value"].sum()), 2))
"""
PANDAS = """
import pandas as pd
import numpy as np
def work():
    lines = pd.read_parquet(path, columns=["customer_id", "order_id", "ordered_at", "amount"])
    lines["amount"] = lines["amount"].astype("float64")
    lines["day"] = lines.pop("ordered_at").dt.floor("D")
    lines["returned"] = np.where(lines["amount"] < 0, -lines["amount"], 0.0)
    lines["bought"] = lines["amount"] >= 0
    orders = lines.groupby(["customer_id", "day", "order_id"], sort=False).agg(
        net=("amount", "sum"), returned=("returned", "sum"), bought=("bought", "max"),
        lines=("amount", "size"))
    del lines
    days = orders.groupby(level=["customer_id", "day"], sort=True).agg(
        net=("net", "sum"), returned=("returned", "sum"), orders=("bought", "sum"),
        lines=("lines", "sum")).reset_index()
    del orders
    whole = days.groupby("customer_id").agg(
        lines=("lines", "sum"), orders=("orders", "sum"), revenue=("net", "sum"),
        returned=("returned", "sum"))
    bought = days[days["orders"] > 0].groupby("customer_id").agg(
        purchase_days=("day", "size"), first_day=("day", "first"), last_day=("day", "last"),
        first_net=("net", "first"))
    made = bought.join(whole)
    as_of = pd.Timestamp("2025-06-30")
    made["days_since"] = (as_of - made["last_day"]).dt.days
    made["T"] = (as_of - made["first_day"]).dt.days
    made["recency"] = made["T"] - made["days_since"]
    made["frequency"] = made["purchase_days"] - 1
    made["monetary_value"] = (made["revenue"] - made["first_net"]) / made["frequency"].where(
        made["frequency"] > 0)
    return (len(made), int(made["purchase_days"].sum()), int(made["orders"].sum()),
            round(float(made["revenue"].sum()), 2), int(made["days_since"].sum()),
            round(float(made["monetary_value"].sum()), 2))
"""
POLARS = """
import polars as pl
from datetime import date, datetime
def work():
    lines = pl.scan_parquet(path).filter(pl.col("ordered_at") < datetime(2025, 7, 1)).select(
        "customer_id", "order_id", pl.col("ordered_at").dt.date().alias("day"),
        pl.col("amount").cast(pl.Float64))
    orders = lines.group_by("customer_id", "day", "order_id").agg(
        net=pl.col("amount").sum(), returned=(-pl.col("amount")).clip(0).sum(),
        bought=(pl.col("amount") >= 0).max(), lines=pl.len())
    days = orders.group_by("customer_id", "day").agg(
        pl.col("net").sum(), pl.col("returned").sum(), pl.col("lines").sum(),
        orders=pl.col("bought").sum())
    bought = pl.col("orders") > 0
    made = days.group_by("customer_id").agg(
        pl.col("lines").sum(), pl.col("orders").sum(), revenue=pl.col("net").sum(),
        returned=pl.col("returned").sum(), purchase_days=bought.sum(),
        first_day=pl.col("day").filter(bought).min(), last_day=pl.col("day").filter(bought).max(),
        first_net=pl.col("net").filter(bought).sort_by(pl.col("day").filter(bought)).first(),
    ).filter(pl.col("purchase_days") > 0).with_columns(
        days_since=(pl.lit(date(2025, 6, 30)) - pl.col("last_day")).dt.total_days(),
        T=(pl.lit(date(2025, 6, 30)) - pl.col("first_day")).dt.total_days(),
        monetary_value=pl.when(pl.col("purchase_days") > 1).then(
            (pl.col("revenue") - pl.col("first_net")) / (pl.col("purchase_days") - 1)),
    ).sort("customer_id").collect(engine="streaming")
    return (len(made), int(made["purchase_days"].sum()), int(made["orders"].sum()),
            round(float(made["revenue"].sum()), 2), int(made["days_since"].sum()),
            round(float(made["monetary_value"].sum()), 2))
"""
CONTESTANTS = {"ours": OURS, "sql": SQL, "pandas": PANDAS, "polars": POLARS}


def generate(path: Path, rows: int, customers: int) -> None:
    """Write order lines: whoever buys more has a smaller number, as in real customer bases."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    # An order has one customer and one time; its lines share both.
    order = "(i * 2 // 5)"
    lines = (
        f"SELECT 'A' || (1000000000 + {order}) AS order_id, "
        f"'C' || (1000000 + CAST({customers} * pow(hash({order} * 7) % 1000003 / 1000003.0, 1.5) "
        f"AS BIGINT)) AS customer_id, "
        f"TIMESTAMP '2022-01-01' + to_seconds(CAST(hash({order} * 11) % 110000000 AS BIGINT)) "
        "AS ordered_at, "
        "CAST(CASE WHEN hash(i * 13) % 20 = 0 THEN -1 ELSE 1 END * (100 + hash(i * 17) % 20000) "
        "/ 100.0 AS DECIMAL(18,4)) AS amount "
        f"FROM range({rows}) t(i)"
    )
    connection.execute(f"COPY ({lines}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    connection.close()


def contest(path: Path, rows: int, runs: int, threads: int, names: list[str]) -> None:
    """Let the contestants work in turns, and print their figures."""
    found: dict[str, list[Run]] = {one: [] for one in names}
    for _ in range(runs):
        for one in names:
            found[one].append(run(sys.executable, CONTESTANTS[one], path, threads))
    print(f"{rows:,} order lines, {threads} threads, {runs} runs in turns (median)")
    ours = found.get("ours", found[names[0]])
    wall = statistics.median(one.wall for one in ours)
    peak = max(one.peak for one in ours)
    for name, done in found.items():
        took = statistics.median(one.wall for one in done)
        spread = f"{min(one.wall for one in done):.1f} to {max(one.wall for one in done):.1f}"
        most = max(one.peak for one in done)
        print(
            f"  {name:<7} {took:6.1f} s ({spread})  "
            f"{statistics.median(one.cpu for one in done):6.1f} CPU s  {most:7,.0f} MB   "
            f"ours takes {wall / took:5.2f} of its time, {peak / most:5.2f} of its memory"
        )
        print(f"          {done[0].said}")


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000, 50_000_000])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=[*CONTESTANTS], default=[*CONTESTANTS])
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    for rows in chosen.rows:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
            path = Path(name) / "lines.parquet"
            generate(path, rows, chosen.customers)
            contest(path, rows, chosen.runs, chosen.threads, chosen.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
