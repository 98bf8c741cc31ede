"""The three units of the demo suite, written in one go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from workbench.data.demo.atlas import write_atlas
from workbench.data.demo.brook import write_brook
from workbench.data.demo.cirrus import write_cirrus
from workbench.data.demo.truth import DemoTruth, read_truth, write_truth
from workbench.errors import ParameterError

__all__ = ["UNITS", "Progress", "write_demo"]

Progress = Callable[[str, int, int], None]
"""Called with the name of the unit that is done, how many are done, and how many there are."""

_WRITERS = {"atlas": write_atlas, "brook": write_brook, "cirrus": write_cirrus}

UNITS: tuple[str, ...] = tuple(_WRITERS)
"""The units' names, in order."""


def write_demo(
    folder: Path,
    *,
    seed: int,
    as_of: date,
    scale: float = 1.0,
    progress: Progress | None = None,
) -> DemoTruth:
    """Write the raw files of all three units, and return what was planted in them.

    The same arguments give the same bytes on every run. A file whose content would not change is
    not touched; a changed one is replaced in one step.

    Parameters
    ----------
    folder
        Where to write: ``<folder>/<unit>/...`` and ``<folder>/truth/<unit>/...``; made if missing.
    seed
        Where all chance comes from; 0 or more.
    as_of
        The last day of the data; histories begin about two and a half years before it.
    scale
        Multiplies the number of customers (5,000 to 6,000 a unit at 1); 0.02 to 100.
    progress
        Called after each unit.

    Returns
    -------
    DemoTruth
        What :func:`read_truth` reads back later, unit by unit.

    Raises
    ------
    ParameterError
        When ``scale`` or ``seed`` is out of range.
    """
    if not 0.02 <= scale <= 100:
        raise ParameterError(f"scale == {scale:g}, must be between 0.02 and 100", where="demo")
    if seed < 0:
        raise ParameterError(f"seed == {seed}, must be 0 or more", where="demo")
    units = {}
    for done, (name, write) in enumerate(_WRITERS.items(), start=1):
        write_truth(folder, write(folder, seed=seed, as_of=as_of, scale=scale))
        units[name] = read_truth(folder, name)
        if progress is not None:
            progress(name, done, len(_WRITERS))
    return DemoTruth(units)
