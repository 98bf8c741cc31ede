"""Suspected cell errors against truth: precision, recall and F1 cell by cell, and false alarms.

    WORKBENCH_DATA=/somewhere python benchmarks/suspects.py [--rows 1000000] [--without-speed]

Two published sets with truth (hospital, beers: a cell is wrong where dirty and clean differ), read
as text; ``clean.csv`` is looked at for scoring alone. Then public tables without known errors, with
errors planted here (seeded): typed letters, a value swapped for another of its column, emptied
cells, numbers a hundred times too large, units, wrong case, words for nothing. What is found on
the table as it came is a false alarm, or an error that nobody knows of; both are printed.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd

from workbench.data.engine import connect
from workbench.triage.suspects import Suspects, find_suspects

Cell = tuple[int, str]
PLANTED = {
    "telco_churn": ("telco_churn/Telco-Customer-Churn.csv.gz", ",", 7_043),
    "bank_marketing": ("bank_marketing/bank-full.csv.gz", ";", 20_000),
    "hillstrom": ("hillstrom/hillstrom.csv.gz", ",", 20_000),
    "online_retail": ("online_retail/online_retail.csv.gz", ",", 20_000),
    "incident_log": ("incident_log/incident_event_log.csv.gz", ",", 20_000),
}
SHARE = 0.002
"""Share of a column's cells that get an error of one kind."""


def main() -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--without-speed", action="store_true")
    parser.add_argument("--seed", type=int, default=20_250_630)
    chosen = parser.parse_args()
    data = Path(os.environ["WORKBENCH_DATA"])
    for name, aim in (("hospital", 0.75), ("beers", 0.90)):
        _published(data / f"dirty_{name}", name, aim)
    for name, (path, delimiter, rows) in PLANTED.items():
        table = pd.read_csv(
            data / path, sep=delimiter, dtype=str, keep_default_na=False, nrows=rows
        )
        _planted(name, table, random.Random(chosen.seed))
    if not chosen.without_speed:
        _speed(chosen.rows)
    return 0


def _published(folder: Path, name: str, aim: float) -> None:
    dirty, clean = (
        pd.read_csv(folder / f"{one}.csv", dtype=str, keep_default_na=False)
        for one in ("dirty", "clean")
    )
    found, seconds = _suspects(dirty, name)
    clean.columns = dirty.columns
    truth = {
        (row, column): "error"
        for column in dirty
        for row, (a, b) in enumerate(zip(dirty[column], clean[column], strict=True))
        if a != b
    }
    print(f"\n{name}: {len(dirty):,} rows x {dirty.shape[1]}, {len(truth):,} wrong cells")
    print(f"  {_scores(_cells(found), set(truth))}   aim F1 >= {aim}   {seconds:.1f} s")
    _per_kind(found, set(truth))
    missed = Counter(column for _, column in set(truth) - _cells(found))
    print(f"  missed by column: {dict(sorted(missed.items()))}")
    mended = found.findings.set_index(["row", "column"])["suggestion"]
    right = sum(
        clean[cell[1]][cell[0]] == (mended[cell] if isinstance(mended[cell], str) else "")
        for cell in _cells(found) & set(truth)
    )
    print(f"  suggestions equal to the truth: {right:,} of {len(_cells(found) & set(truth)):,}")
    found, _ = _suspects(clean, name)
    print(f"  the same, clean: {len(found.findings):,} cells suspected of {clean.size:,}")


def _planted(name: str, table: pd.DataFrame, draw: random.Random) -> None:
    found, seconds = _suspects(table, name)
    before = _cells(found)
    print(f"\n{name}: {len(table):,} rows x {table.shape[1]}   {seconds:.1f} s")
    share = len(before) / table.size
    print(f"  as it came: {len(before):,} cells suspected of {table.size:,} ({share:.3%})")
    for column, kind, cells in found.counts[["column", "kind", "cells"]].itertuples(index=False):
        shown = found.findings.query("column == @column and kind == @kind")["value"]
        print(f"    {column} {kind}: {cells:,}, such as {shown.value_counts().index[:4].tolist()}")
    wrong, truth = plant(table, draw, before)
    found, _ = _suspects(wrong, name)
    cells = _cells(found)
    print(f"  with {len(truth):,} errors planted: {_scores(cells - before, set(truth))}")
    for kind in sorted(set(truth.values())):
        planted = {cell for cell, one in truth.items() if one == kind}
        print(f"    {kind:12} {len(planted & cells):5,} of {len(planted):5,} found")
    alarms = Counter(
        (row.kind, row.column)
        for row in found.findings.itertuples(index=False)
        if (row.row, row.column) not in truth and (row.row, row.column) not in before
    )
    print(f"    false: {dict(alarms.most_common(6))}")


def plant(
    table: pd.DataFrame, draw: random.Random, taken: set[Cell]
) -> tuple[pd.DataFrame, dict[Cell, str]]:
    """Return a copy of a table with errors, and the kind of each wrong cell."""
    wrong, truth = table.copy(), {}
    for column in table:
        values = table[column].tolist()
        kinds = sorted(set(values))
        number = sum(_is_number(one) for one in values) >= 0.9 * len(values)
        makers = {"typo": _typed, "swapped": lambda one, kinds=kinds: draw.choice(kinds)}
        if number:
            makers = {"times 100": _larger, "with unit": lambda one: f"{one} kg", "typo": _typed}
        else:
            makers["other case"] = str.swapcase
        makers["n/a"] = lambda one: "N/A"
        for kind, make in makers.items():
            for row in draw.sample(range(len(values)), max(3, int(SHARE * len(values)))):
                cell = (row, str(column))
                if cell in truth or cell in taken or not values[row].strip():
                    continue
                made = make(values[row]) if kind != "typo" else _typed(values[row], draw)
                if made != values[row]:
                    wrong.loc[row, column] = made
                    truth[cell] = kind
    return wrong, truth


def _typed(text: str, draw: random.Random) -> str:
    """Return a text with one letter typed wrongly: another, one too many, one too few, or two."""
    place = draw.randrange(len(text))
    letter = draw.choice("abcdefghijklmnopqrstuvwxyz")
    head, tail = text[:place], text[place + 1 :]
    return draw.choice(
        (head + letter + tail, head + letter + text[place:], head + tail or letter,
         head + tail[:1] + text[place] + tail[1:])
    )  # fmt: skip


def _larger(text: str) -> str:
    return f"{float(text) * 100:.10g}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _suspects(table: pd.DataFrame, name: str) -> tuple[Suspects, float]:
    engine = connect()
    rows = table.copy()
    rows.insert(0, "_row", range(len(rows)))
    engine.register("received", rows)
    engine.execute("CREATE TABLE held AS SELECT * FROM received")
    begun = time.perf_counter()
    found = find_suspects(engine, "SELECT * FROM held", table=name, most_cells=1_000_000)
    return found, time.perf_counter() - begun


def _cells(found: Suspects) -> set[Cell]:
    return set(zip(found.findings["row"], found.findings["column"], strict=True))


def _scores(found: set[Cell], truth: set[Cell]) -> str:
    hits = len(found & truth)
    precision = hits / len(found) if found else 0.0
    recall = hits / len(truth) if truth else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return f"precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}"


def _per_kind(found: Suspects, truth: set[Cell]) -> None:
    for kind, part in found.findings.groupby("kind"):
        right = sum(cell in truth for cell in zip(part["row"], part["column"], strict=True))
        share = right / len(truth)
        print(
            f"    {kind:20} {len(part):5,} cells, precision {right / len(part):.3f}, "
            f"{share:.3f} of all errors"
        )


def _speed(rows: int) -> None:
    """Time a generated table of twelve columns, in Parquet."""
    folder = tempfile.TemporaryDirectory(prefix="workbench-bench-")
    path = Path(folder.name) / "orders.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT i AS _row, 'O' || (i // 3) AS order_id, 'C' || (hash(i // 3) % {rows // 20})"
        " AS customer_id, TIMESTAMP '2022-01-01' + INTERVAL (hash(i // 3) % 94000000) SECOND "
        "AS ordered_at, printf('%d.%02d', hash(i) % 200, hash(i + 1) % 100) AS amount, "
        "printf('P-%05d', hash(i + 2) % 20000) AS product_id, "
        "'Category ' || chr(65 + ((hash(i + 2) % 20000) % 24)::INTEGER) AS category, "
        "1 + hash(i + 3) % 9 AS quantity, ['web', 'shop', 'phone'][1 + (hash(i + 4) % 3)::INTEGER] "
        "AS channel, printf('%05d', hash(i // 3) % 5000) AS zip, "
        "CASE WHEN i % 5003 = 0 THEN 'Lodnon' ELSE 'City ' || (hash(i // 3) % 5000 % 900) END "
        "AS city, (hash(i + 5) % 10000) / 100 AS discount, 'mail' || i || '@example.org' AS email "
        f"FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"
    )
    try:
        begun, used = time.perf_counter(), time.process_time()
        found = find_suspects(connect(), f"SELECT * FROM read_parquet('{path}')", table="orders")
        seconds, used = time.perf_counter() - begun, time.process_time() - used
    finally:
        folder.cleanup()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"\nspeed: {rows:,} rows x 12: {seconds:.1f} s ({used:.1f} s of processor), "
        f"peak memory {peak:.2f} GB"
    )
    print(f"  {found.counts.to_dict('records')}")
    print(f"  not tried: {found.not_tried}")


if __name__ == "__main__":
    sys.exit(main())
