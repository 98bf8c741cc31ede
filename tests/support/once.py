"""What is dear to make is made once for all workers of a test run, and read by all of them."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

__all__ = ["made_once"]

T = TypeVar("T")


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]
) -> tuple[Path, T]:
    """Return a folder and what `make` told of it, from whichever worker was there first.

    Parameters
    ----------
    factory
        Where this session keeps its folders; those of all workers stand side by side.
    name
        What is made; the same name is the same thing.
    make
        Fills the folder, which is empty and new, and returns what is to be known of it: a value
        that can be pickled. Where it fails, it is tried again by the next who asks.

    Returns
    -------
    tuple
        The folder, which others read too: whoever changes files copies it first; and the value.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, told = base / f"once-{name}", base / f"once-{name}.pickle"
    with (base / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            value = make(folder)
            told.write_bytes(pickle.dumps(value))
        found: T = pickle.loads(told.read_bytes())
    return folder, found
