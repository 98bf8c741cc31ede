"""Facts to the numbers that models take, learned from the training rows alone.

Both models see the same facts. The logistic model takes them on a common scale: long tails are
shortened by ``sign(x) log(1 + |x|)``, what is not known stands at the middle (and is marked, where
that may tell something), names become marks of 0 and 1. The boosted trees take numbers as they are,
missing ones included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from workbench.errors import AnalysisError
from workbench.retention.propensity.facts import LEVEL, NOT_KNOWN, Fact, LeftOut

__all__ = ["OTHER", "SAME", "Design", "NothingTellsError", "learn_design", "level_of"]

Floats = npt.NDArray[np.float64]
MAX_LEVELS = 10
MIN_LEVEL = 20
"""So many names of a fact are told apart, each of at least so many training rows; the rest are
one."""
OTHER = "all others"
_MARKED = 0.01  # a missing value is marked where at least this share is missing
_CHANCE = float(stats.norm.isf(0.01))  # standard errors: beyond, chance is not the reason
SAME = "is the same for everybody"
"""Why a fact tells nothing."""
GIVEAWAY = 0.98
"""A fact that by itself ranks leavers above stayers so often was written after they had left."""


class NothingTellsError(AnalysisError):
    """No fact may be used: each is the same for everybody, or tells too much.

    Parameters
    ----------
    left_out
        The facts, and why.
    """

    def __init__(self, left_out: tuple[LeftOut, ...]) -> None:
        refused = "; ".join(f"{one.column} {one.why}" for one in left_out if one.why != SAME)
        super().__init__(
            "no fact that may be used differs between customers"
            + (f" ({refused})" if refused else ""),
            where="propensity",
            fix="Give more tables.",
        )


@dataclass(frozen=True)
class Design:
    """How facts become columns.

    Parameters
    ----------
    facts
        The facts that are used.
    levels
        Fact -> the names that have a column of their own.
    middle
        Fact -> the median of the training rows, for numbers.
    marked
        Numbers whose missing values have a column.
    centre, scale
        Mean and spread of each column of :meth:`scaled` in the training rows, shape (columns,).
    owner
        The place in `facts` that each column belongs to, shape (columns,); the same for both
        matrices.
    """

    facts: tuple[Fact, ...]
    levels: dict[str, tuple[str, ...]]
    middle: dict[str, float]
    marked: frozenset[str]
    centre: Floats
    scale: Floats
    owner: npt.NDArray[np.int64]

    def raw(self, rows: pd.DataFrame) -> Floats:
        """Return the columns with numbers as they are, NaN where they are not known."""
        return _matrix(self.facts, self.levels, self.marked, rows)[0]

    def scaled(self, raw: Floats) -> Floats:
        """Return the columns on a common scale, none missing.

        Parameters
        ----------
        raw
            As :meth:`raw` returns them.
        """
        made = _shortened(self.facts, self.levels, self.middle, self.owner, raw)
        ready: Floats = (made - self.centre) / self.scale
        return ready

    def columns_of(self, place: int) -> npt.NDArray[np.int64]:
        """Return the columns that belong to a fact."""
        return np.flatnonzero(self.owner == place)


def learn_design(
    rows: pd.DataFrame, facts: tuple[Fact, ...], left: Floats
) -> tuple[Design, tuple[LeftOut, ...]]:
    """Return how facts become columns, learned from rows, and the facts that tell nothing.

    Parameters
    ----------
    rows
        The training rows.
    facts
        The facts to use.
    left
        Who left, 0 or 1, shape (rows,): a fact that gives it away is refused.

    Raises
    ------
    AnalysisError
        When a number is infinite; :class:`NothingTellsError` when no fact is left.
    """
    # A customer stands in the rows of several cut-offs, and tells the same in each.
    seen = len(rows) / max(rows["customer_id"].nunique(), 1)
    kept: list[Fact] = []
    out: list[LeftOut] = []
    levels: dict[str, tuple[str, ...]] = {}
    middle: dict[str, float] = {}
    marked: set[str] = set()
    for fact in facts:
        column = rows[fact.name]
        if fact.kind == LEVEL:
            levels[fact.name] = _levels(column)
            constant = level_of(column, levels[fact.name]).nunique() < 2
        else:
            middle[fact.name], told, constant = _number(fact, column.to_numpy("float64"))
            marked.update([fact.name] * told)
        why = (
            SAME
            if constant
            else _deleted(fact, column, left, seen) or _giveaway(fact, column, levels, left)
        )
        if why:
            out.append(LeftOut("facts", fact.name, why))
            marked.discard(fact.name)
            continue
        kept.append(fact)
    if not kept:
        raise NothingTellsError(tuple(out))
    chosen = tuple(kept)
    raw, owner = _matrix(chosen, levels, frozenset(marked), rows)
    short = _shortened(chosen, levels, middle, owner, raw)
    spread = short.std(axis=0)
    design = Design(
        chosen,
        levels,
        middle,
        frozenset(marked),
        short.mean(axis=0),
        np.where(spread > 0, spread, 1.0),
        owner,
    )
    return design, tuple(out)


def _number(fact: Fact, numbers: Floats) -> tuple[float, bool, bool]:
    """Return a number's median, whether its being missing is marked, and whether it tells nothing.

    Raises
    ------
    AnalysisError
        When it is infinite.
    """
    if np.isinf(numbers).any():
        raise AnalysisError(
            f"{fact.label} is infinite for {int(np.isinf(numbers).sum()):,} rows",
            where="propensity",
            fix="Mend the source, or let triage reject such rows.",
        )
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return 0.0, False, True
    marked = fact.mark and 1 - len(known) / len(numbers) >= _MARKED
    same = bool(known.min() == known.max()) and not marked
    return float(np.median(known)), marked, same


def level_of(column: pd.Series, names: tuple[str, ...]) -> pd.Series:
    """Return a fact's names, rare ones as "all others", missing ones as "not known"."""
    text = column.astype(object)
    text = text.where(text.notna(), NOT_KNOWN).astype(str)
    return text.where(text.isin(names), OTHER)


def _levels(column: pd.Series) -> tuple[str, ...]:
    text = column.astype(object)
    counts = text.where(text.notna(), NOT_KNOWN).astype(str).value_counts()
    often = sorted(counts[counts >= MIN_LEVEL].items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(str(name) for name, _ in often[:MAX_LEVELS])


def _giveaway(
    fact: Fact, column: pd.Series, levels: dict[str, tuple[str, ...]], left: Floats
) -> str:
    """Return why a fact is refused that ranks almost all leavers above all stayers."""
    gone = left == 1
    if not gone.any() or gone.all():
        return ""
    if fact.kind == LEVEL:
        named = level_of(column, levels[fact.name])
        told = [_rate_by(named.to_numpy(), left)]
    else:
        numbers = column.to_numpy("float64")
        missing = np.isnan(numbers)
        middle = float(np.median(numbers[~missing])) if not missing.all() else 0.0
        told = [np.where(missing, middle, numbers), missing.astype("float64")]
        codes = np.where(missing, middle - 1, numbers)
        if len(np.unique(codes)) <= MAX_LEVELS:  # numbers that stand for names have no order
            told.append(_rate_by(codes, left))
    n, m = int(gone.sum()), int((~gone).sum())
    for values in told:
        above = (stats.rankdata(values)[gone].sum() - n * (n + 1) / 2) / (n * m)
        if max(above, 1 - above) >= GIVEAWAY:
            return "tells who left almost by itself, so it was probably written afterwards"
    return ""


def _deleted(fact: Fact, column: pd.Series, left: Floats, seen: float) -> str:
    """Return why a fact is refused that seems to be deleted once a customer has left."""
    if not fact.kept:
        return ""
    missing = (column.isna() | (column.astype(object) == NOT_KNOWN)).to_numpy("float64")
    gone = left == 1
    both = float(missing.mean())
    if not gone.any() or gone.all() or not 0 < both < 1:
        return ""
    apart = float(missing[gone].mean() - missing[~gone].mean())
    error = (seen * both * (1 - both) * (1 / gone.sum() + 1 / (~gone).sum())) ** 0.5
    if apart / error <= _CHANCE:
        return ""
    return "is missing more often of those who left, so it may have been deleted afterwards"


def _rate_by(names: npt.NDArray[Any], left: Floats) -> Floats:
    """Return for each row the share that left among those of the same name."""
    rate: Floats = pd.Series(left).groupby(names).transform("mean").to_numpy("float64")
    return rate


def _matrix(
    facts: tuple[Fact, ...],
    levels: dict[str, tuple[str, ...]],
    marked: frozenset[str],
    rows: pd.DataFrame,
) -> tuple[Floats, npt.NDArray[np.int64]]:
    columns: list[Any] = []
    owner: list[int] = []
    for place, fact in enumerate(facts):
        if fact.kind == LEVEL:
            named = level_of(rows[fact.name], levels[fact.name]).to_numpy()
            marks = [(named == name).astype("float64") for name in levels[fact.name]]
            columns += marks
            owner += [place] * len(marks)
            continue
        numbers = rows[fact.name].to_numpy("float64")
        columns.append(numbers)
        owner.append(place)
        if fact.name in marked:
            columns.append(np.isnan(numbers).astype("float64"))
            owner.append(place)
    return np.column_stack(columns), np.asarray(owner, dtype="int64")


def _shortened(
    facts: tuple[Fact, ...],
    levels: dict[str, tuple[str, ...]],
    middle: dict[str, float],
    owner: npt.NDArray[np.int64],
    raw: Floats,
) -> Floats:
    made = raw.copy()
    for place, fact in enumerate(facts):
        if fact.name in levels:
            continue
        column = int(np.flatnonzero(owner == place)[0])
        values = made[:, column]
        values = np.where(np.isnan(values), middle[fact.name], values)
        made[:, column] = np.sign(values) * np.log1p(np.abs(values))
    return made
