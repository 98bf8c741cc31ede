"""Faults tried and survived: a run killed at its steps, and bits flipped in what it left.

    python benchmarks/faults.py [--faults 500] [--seed 1]

After each fault a reader must see the last good edition or the new one, whole, and nothing else;
and the next plain run must come to the same editions as one that was never disturbed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.faults import FIRST, SECOND, World, flip

KINDS = ("killed in the second day's run", "killed twice", "bit flipped", "killed, bit flipped")


def one(world: World, kind: str, steps: int, chance: random.Random) -> str:
    """Do one fault to a copy of the world, and return what went wrong; empty for nothing."""
    damaged = ""
    try:
        if kind == "bit flipped":
            _flip(world, chance)
            world.result(FIRST)
            world.check_visible(days=(FIRST,))
        else:
            for _ in range(2 if kind == "killed twice" else 1):
                world.killed_at(chance.randint(1, steps), SECOND)
                world.check_visible()
            if kind == "killed, bit flipped":
                damaged = _flip(world, chance)
        world.check_recovers(damaged=damaged)
    except Exception as error:  # noqa: BLE001 - whatever it is, the fault was not survived
        return f"{type(error).__name__}: {error}"
    return ""


def _flip(world: World, chance: random.Random) -> str:
    """Flip a bit of a file of an edition, a snapshot, or a pointer; return which edition's.

    That edition cannot be made again by a run for a later day. It must not be served then, and what
    follows it is no longer what would have followed it undamaged.
    """
    found = [
        path
        for place in ("reports/faults/*/*/**/*", "reports/faults/*/served.json")
        for path in world.root.glob(place)
        if path.is_file()
    ]
    found += [path for path in world.root.glob("data/faults/*/snapshots/**/*") if path.is_file()]
    found += list(world.root.glob("data/faults/*/current.json"))
    path = chance.choice(sorted(found))
    flip(path, chance)
    _, _, unit, *rest = path.relative_to(world.root).parts
    return f"{unit}/{rest[0]}" if path.is_relative_to(world.root / "reports") and rest[1:] else ""


def main() -> None:
    """Try the faults, print each that was not survived, and how many there were of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="workbench-faults-") as made:
        folder = Path(made).resolve()
        world = World.make(folder / "project")
        with world.copy(folder / "count") as copy:
            steps = int(copy.killed_at(0).stdout)
        print(f"{steps} steps in a run", flush=True)
        for number in range(asked.faults):
            kind = KINDS[number % len(KINDS)]
            with world.copy(folder / f"copy-{number}") as copy:
                wrong = one(copy, kind, steps, chance)
            tried[kind] += 1
            survived[kind] += not wrong
            if wrong:
                print(f"{kind}, fault {number}: {wrong}", flush=True)
    for kind in KINDS:
        print(f"{kind:32} tried {tried[kind]:4}, survived {survived[kind]:4}")
    total, good = sum(tried.values()), sum(survived.values())
    print(f"{'in all':32} tried {total:4}, survived {good:4}, {time.perf_counter() - began:.0f} s")
    sys.exit(0 if total == good else 1)


if __name__ == "__main__":
    main()
