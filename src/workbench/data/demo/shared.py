"""What all parts of the simulation use: streams of chance, arrays of text, stable formats."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Bools",
    "Floats",
    "Ints",
    "Texts",
    "Times",
    "choose",
    "day_text",
    "fixed",
    "money",
    "numbered",
    "pick",
    "stream",
    "texts",
    "time_text",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of one named part, so that parts do not disturb each other.

    Parameters
    ----------
    seed
        The suite's seed.
    names
        The part: ``"atlas", "purchases"``.
    """
    return np.random.default_rng([seed, zlib.crc32("/".join(names).encode())])


def texts(values: Iterable[Any]) -> Texts:
    """Return values as an array of objects, one element each."""
    held = list(values)
    out = np.empty(len(held), dtype=object)
    out[:] = held
    return out


def choose(rng: np.random.Generator, shares: Floats, size: int) -> Ints:
    """Return indices drawn with the given probabilities."""
    edges = np.cumsum(shares) / np.sum(shares)
    edges[-1] = 1.0
    return np.searchsorted(edges, rng.random(size), side="right").astype(np.int64)


def pick(rng: np.random.Generator, values: Iterable[tuple[str, float]], size: int) -> Texts:
    """Return texts drawn from pairs of text and weight."""
    held = list(values)
    return texts([v for v, _ in held])[choose(rng, np.array([w for _, w in held]), size)]


def numbered(prefix: str, numbers: Iterable[int], digits: int) -> Texts:
    """Return keys such as ``C000123``."""
    return texts([f"{prefix}{n:0{digits}d}" for n in numbers])


def money(pence: Ints) -> Texts:
    """Return whole pence as pounds with two decimals, exactly."""
    return texts(
        [f"{'-' if p < 0 else ''}{abs(p) // 100}.{abs(p) % 100:02d}" for p in pence.tolist()]
    )


def fixed(values: Floats, digits: int) -> Texts:
    """Return numbers with a fixed count of decimals."""
    return texts([f"{v:.{digits}f}" for v in values.tolist()])


def time_text(times: Times, *, style: str = "iso", separator: str = " ") -> Texts:
    """Return times to the minute as text; not-a-time becomes an empty text.

    Parameters
    ----------
    times
        Times of any unit.
    style
        ``"iso"`` (2025-06-30 14:05) or ``"british"`` (30/06/2025 14:05).
    separator
        What stands between day and time in the iso style.
    """
    raw = np.datetime_as_string(times.astype("datetime64[m]"), unit="m").tolist()
    if style == "british":
        made = [f"{t[8:10]}/{t[5:7]}/{t[:4]} {t[11:16]}" if t != "NaT" else "" for t in raw]
    else:
        made = [f"{t[:10]}{separator}{t[11:16]}" if t != "NaT" else "" for t in raw]
    return texts(made)


def day_text(times: Times, *, style: str = "iso") -> Texts:
    """Return the days of times as text: ``2025-06-30``, or ``30/06/2025`` in the British style."""
    return texts([t[:10] for t in time_text(times, style=style).tolist()])
