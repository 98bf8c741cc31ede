"""Who is the same customer: precision, recall and F1 of pairs, seconds and peak memory.

    WORKBENCH_DATA=/where/the/data/is python benchmarks/identity.py [--persons 75000] [--threads 2]

Two sets of made person records with known duplicates (Febrl datasets 1 and 3), and made customers
in the number of a large business unit. The truth is used for scoring alone: nothing is set or
learned from it, and nothing is set for one of these sets. Each case runs in a process of its own;
its peak memory is what the operating system accounts to it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.people import COLUMNS, make_people

from workbench.triage.identity import LINKED, Linking, join, lasting, link_records

SETS = {"febrl 1": ("dataset1.csv", 0.97), "febrl 3": ("dataset3.csv.gz", 0.95)}
"""Name -> its file, and the F1 that is aimed at."""


def febrl(path: Path) -> tuple[duckdb.DuckDBPyConnection, str, dict[str, str]]:
    """Return the records as they stand, their key, and record -> person."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE customers AS FROM read_csv(?, all_varchar => true, delim => ',')", [str(path)]
    )
    for (name,) in connection.execute("SELECT column_name FROM (DESCRIBE customers)").fetchall():
        if name != name.strip():
            connection.execute(f'ALTER TABLE customers RENAME "{name}" TO "{name.strip()}"')
    keys = connection.execute("SELECT rec_id FROM customers").fetchall()
    return connection, "rec_id", {key: key.split("-")[1] for (key,) in keys}


def made(persons: int) -> tuple[duckdb.DuckDBPyConnection, str, Mapping[str, int]]:
    """Return made customers, their key, and record -> person."""
    people = make_people(persons, seed=3, households=0.1)
    connection = duckdb.connect()
    columns = map(list, zip(*people.rows, strict=True))
    connection.register("people", pa.table(dict(zip(COLUMNS, columns, strict=True))))
    connection.execute("CREATE TABLE customers AS FROM people")
    return connection, "customer_id", people.person


def pairs_in(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def scores(good: int, found: int, true: int) -> dict[str, float]:
    return {
        "precision": good / found if found else 0.0,
        "recall": good / true if true else 0.0,
        "f1": 2 * good / (found + true) if found + true else 0.0,
    }


def score(
    found: Linking, of: Mapping[str, str], person: Mapping[str, object]
) -> dict[str, dict[str, float]]:
    """Return the scores of linked pairs, and of pairs within one customer after joining."""
    true = pairs_in(Counter(person.values()).values())
    linked = [each for each in found.links if each.probability >= LINKED and not each.household]
    good = sum(person[each.one] == person[each.other] for each in linked)
    joint = Counter((of[record], person[record]) for record in person)
    return {
        "links": scores(good, len(linked), true),
        "customers": scores(
            pairs_in(joint.values()), pairs_in(Counter(of.values()).values()), true
        ),
    }


def run(case: str, persons: int, threads: int) -> dict[str, object]:
    """Link one set and return what was measured."""
    if case in SETS:
        folder = Path(os.environ["WORKBENCH_DATA"]) / "febrl"
        connection, key, person = febrl(folder / SETS[case][0])
        country = None
    else:
        connection, key, person = made(persons)
        country = "PK"
    begun = time.perf_counter()
    found = link_records(connection, "customers", key, country=country, seed=1, threads=threads)
    linked_in = time.perf_counter() - begun
    customers = lasting(join(person, found.links, [], LINKED, found.telling).groups, {})
    return {
        "records": found.records,
        "seconds": linked_in,
        "joining_seconds": time.perf_counter() - begun - linked_in,
        "cpu_seconds": sum(os.times()[:2]),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "compared": found.compared_pairs,
        "why_not": found.unlinked_because,
        **score(found, customers.of, person),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--persons",
        type=int,
        default=75_000,
        help="made persons; a third twice, a tenth with a relative",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case:
        print(json.dumps(run(chosen.case, chosen.persons, chosen.threads)))
        return
    cases = [*(SETS if "WORKBENCH_DATA" in os.environ else ()), "made"]
    if len(cases) == 1:
        print("WORKBENCH_DATA does not say where the data sets are: made customers only")
    for case in cases:
        command = [sys.executable, __file__, "--case", case, "--persons", str(chosen.persons)]
        command += ["--threads", str(chosen.threads)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        got = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{case}: {got['records']:,} records, {got['compared']:,} pairs compared, "
            f"{got['seconds']:.1f} s + {got['joining_seconds']:.1f} s of joining "
            f"({got['cpu_seconds']:.1f} s of processor, start included), {got['peak_mb']} MB peak"
        )
        if got["why_not"]:
            print(f"  nothing linked: {got['why_not']}")
        for what in ("links", "customers"):
            told = ", ".join(f"{name} {value:.4f}" for name, value in got[what].items())
            print(f"  {what}: {told}")
        if case in SETS:
            aim = SETS[case][1]
            print(f"  aim F1 >= {aim}: {'reached' if got['links']['f1'] >= aim else 'MISSED'}")


if __name__ == "__main__":
    main()
