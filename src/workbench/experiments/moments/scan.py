"""The one scan: sums of limbs and of products of limbs, per variant and segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import mul
from typing import Any

import narwhals as nw

from workbench.data.frames import collect
from workbench.experiments.moments.steps import LIMB_BITS, Step

__all__ = ["Cell", "Part", "Scan"]

_ROOM = 62  # bits of a sum in engines that add up 64-bit integers


@dataclass(frozen=True, order=True)
class Part:
    """A column of whole numbers in the scan.

    Parameters
    ----------
    source
        The column it is made of.
    mask
        Other columns that must be there: where one is missing, this one is 0.
    absent
        Whether it tells (1 or 0) that `source` is missing, instead of its value.
    """

    source: str
    mask: tuple[str, ...] = ()
    absent: bool = False


@dataclass
class Cell:
    """Raw sums of one variant and segment.

    Parameters
    ----------
    rows
        How many customers.
    there
        Columns that must all be there -> customers who have them.
    infinite
        Column -> customers with an infinite value.
    first
        Part -> sum of whole numbers.
    second
        Pair of parts -> sum of products.
    """

    rows: int = 0
    there: dict[tuple[str, ...], int] = field(default_factory=dict)
    infinite: dict[str, int] = field(default_factory=dict)
    first: dict[Part, int] = field(default_factory=dict)
    second: dict[tuple[Part, Part], int] = field(default_factory=dict)

    def add(self, other: Cell) -> None:
        """Add the sums of another cell."""
        self.rows += other.rows
        for what in ("there", "infinite", "first", "second"):
            mine: dict[Any, int] = getattr(self, what)
            for key, value in getattr(other, what).items():
                mine[key] = mine.get(key, 0) + value


class Scan:
    """What is to be summed, and the expressions for it.

    Parameters
    ----------
    steps
        Column -> how it becomes whole numbers.
    rows
        How many rows are read.
    """

    def __init__(self, steps: Mapping[str, Step], rows: int) -> None:
        self.steps = steps
        self.row_bits = max(rows, 1).bit_length()
        self.parts: dict[Part, int] = {}
        self.pairs: dict[tuple[Part, Part], None] = {}
        self.masks: dict[tuple[str, ...], None] = {}

    def mask(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return those of the columns that are not there in all rows."""
        found = tuple(sorted({name for name in columns if self.steps[name].missing}))
        if found:
            self.masks.setdefault(found)
        return found

    def part(self, source: str, mask: Sequence[str] = (), *, absent: bool = False) -> Part:
        """Return a part, which is summed from now on; a value needs no mask of its own."""
        others = tuple(name for name in mask if absent or name != source)
        part = Part(source, others, absent)
        self.parts.setdefault(part, len(self.parts))
        return part

    def pair(self, a: Part, b: Part) -> None:
        """Sum the products of two parts, too."""
        self.pairs.setdefault((a, b) if a <= b else (b, a))

    def limbs(self, part: Part) -> int:
        """Return how many limbs a part has."""
        return 1 if part.absent else self.steps[part.source].limbs

    def run(self, frame: nw.LazyFrame[Any], keys: Sequence[str]) -> dict[tuple[Any, ...], Cell]:
        """Return the raw sums per group.

        Parameters
        ----------
        frame
            One row per unit: the keys and all columns.
        keys
            Columns to group by.
        """
        native = frame.implementation.is_duckdb()
        ready, totals = self._ready(frame, keys, native)
        names = list(totals)
        found = ready.group_by(*keys).agg(
            nw.len().alias("rows"), *[nw.col(name).sum() for name in names]
        )
        if native and names:  # its sums have 128 bits, which a frame would make floats of
            found = found.with_columns(nw.col(*names).cast(nw.String))
        cells = {}
        for row in collect(found).to_dict("records"):
            cell = Cell(int(row["rows"]))
            for name, (what, key, shift) in totals.items():
                if what == "packed":  # the sum below, the sum of squares above
                    cell.second[key, key], cell.first[key] = divmod(int(row[name]), 2**shift)
                    continue
                kept: dict[Any, int] = getattr(cell, what)
                kept[key] = kept.get(key, 0) + (int(row[name]) << shift)
            cells[tuple(row[key] for key in keys)] = cell
        return cells

    def _ready(
        self, frame: nw.LazyFrame[Any], keys: Sequence[str], native: bool
    ) -> tuple[nw.LazyFrame[Any], dict[str, tuple[str, Any, int]]]:
        """Return a frame with a column for each sum, and what each is: its table, key and shift."""
        frame = self._wholes(frame, keys)
        frame, there = self._masked(frame)
        totals: dict[str, tuple[str, Any, int]] = {
            name: ("there", mask, 0) for mask, name in there.items()
        }
        for name, step in self.steps.items():
            if step.infinite:
                totals[f"infinite {name}"] = ("infinite", name, 0)
        frame, limbs = self._cut(frame)
        packed = self._packed(native)
        for part, at in packed.items():
            totals[f"q{self.parts[part]}"] = ("packed", part, at)
        for part, names in limbs.items():
            if part in packed:
                continue
            totals |= {name: ("first", part, LIMB_BITS * k) for k, name in enumerate(names)}
        products: dict[str, nw.Expr] = {
            f"q{self.parts[part]}": nw.col(limbs[part][0]) * (nw.col(limbs[part][0]) * 2**at + 1)
            for part, at in packed.items()
        }
        split: dict[str, tuple[tuple[Part, Part], int]] = {}
        for pair in self.pairs:
            a, b = (self.parts[part] for part in pair)
            for i, left in enumerate(limbs[pair[0]]):
                for j, right in enumerate(limbs[pair[1]]):
                    if pair[0] == pair[1] and (j < i or pair[0] in packed):
                        continue
                    name = f"p{a}_{i}_{b}_{j}"
                    products[name] = nw.col(left) * nw.col(right)
                    double = pair[0] == pair[1] and i != j
                    shift = LIMB_BITS * (i + j) + double
                    totals[name] = ("second", pair, shift)
                    if not native and self._bits(pair[0]) + self._bits(pair[1]) > (
                        _ROOM - self.row_bits
                    ):
                        split[name] = (pair, shift)
        if products:
            frame = frame.with_columns(**products)
        if split:
            high = {f"h{name}": nw.col(name) // 2**LIMB_BITS for name in split}
            frame = frame.with_columns(**high).with_columns(
                **{name: nw.col(name) - nw.col(f"h{name}") * 2**LIMB_BITS for name in split}
            )
            totals |= {
                f"h{name}": ("second", pair, shift + LIMB_BITS)
                for name, (pair, shift) in split.items()
            }
        return frame, totals

    def _packed(self, native: bool) -> dict[Part, int]:
        """Return small parts whose sum and sum of squares fit one sum, and where the latter begins.

        Each sum per group costs more than the arithmetic to put two into one.
        """
        found = {}
        for part in self.parts:
            bits = 1 if part.absent else self.steps[part.source].bits
            if native and (part, part) in self.pairs and 3 * bits + self.row_bits <= _ROOM:
                found[part] = bits + self.row_bits
        return found

    def _bits(self, part: Part) -> int:
        """Return how many bits the largest limb of a part may have."""
        return 1 if part.absent else LIMB_BITS

    def _wholes(self, frame: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.LazyFrame[Any]:
        """Return the columns as whole numbers, 0 where one is missing, and who misses one."""
        made: dict[str, nw.Expr] = {key: nw.col(key) for key in keys}
        schema = frame.collect_schema()
        for place, (name, step) in enumerate(self.steps.items()):
            value, whole = nw.col(name), step.whole(name)
            if step.missing:
                there = ~value.is_null()
                if schema[name].is_float():
                    there = there & value.is_finite()
                    safe = nw.when(there).then(value).otherwise(0.0)
                    made[f"v{place}"] = safe
                else:
                    made[f"v{place}"] = nw.when(there).then(value)
                made[f"t{place}"] = nw.when(there).then(1).otherwise(0)
            if step.infinite:
                infinite = ~value.is_null() & ~value.is_nan() & ~value.is_finite()
                made[f"infinite {name}"] = nw.when(infinite).then(1).otherwise(0)
            if not step.missing:
                made[f"u{place}"] = whole
        frame = frame.select(**made)
        held = {
            f"u{place}": nw.when(nw.col(f"t{place}") == 1)
            .then(step.whole(f"v{place}").fill_null(0))
            .otherwise(0)
            for place, step in enumerate(self.steps.values())
            if step.missing
        }
        return frame.with_columns(**held) if held else frame

    def _masked(
        self, frame: nw.LazyFrame[Any]
    ) -> tuple[nw.LazyFrame[Any], dict[tuple[str, ...], str]]:
        """Return the frame with a column per part and per mask, and the names of the masks."""
        places = {name: place for place, name in enumerate(self.steps)}
        needed = dict.fromkeys([*self.masks, *(part.mask for part in self.parts if part.mask)])
        names = {mask: f"m{k}" for k, mask in enumerate(needed)}
        if needed:
            frame = frame.with_columns(
                **{
                    names[mask]: reduce(mul, (nw.col(f"t{places[name]}") for name in mask))
                    for mask in needed
                }
            )
        made = {}
        for part, k in self.parts.items():
            place = places[part.source]
            value = 1 - nw.col(f"t{place}") if part.absent else nw.col(f"u{place}")
            made[f"x{k}"] = value * nw.col(names[part.mask]) if part.mask else value
        return (frame.with_columns(**made) if made else frame), names

    def _cut(self, frame: nw.LazyFrame[Any]) -> tuple[nw.LazyFrame[Any], dict[Part, list[str]]]:
        """Return the frame with a column per limb, and their names, lowest limb first."""
        made, names = {}, {}
        for part, k in self.parts.items():
            count = self.limbs(part)
            if count == 1:
                names[part] = [f"x{k}"]
                continue
            names[part] = [f"l{k}_{i}" for i in range(count)]
            for i in range(count):
                limb = nw.col(f"x{k}") // 2 ** (LIMB_BITS * i) if i else nw.col(f"x{k}")
                if i < count - 1:
                    above = nw.col(f"x{k}") // 2 ** (LIMB_BITS * (i + 1))
                    limb = limb - above * 2 ** (LIMB_BITS)
                made[f"l{k}_{i}"] = limb
        return (frame.with_columns(**made) if made else frame), names
