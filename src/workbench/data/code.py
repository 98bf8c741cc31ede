"""A digest of the package's own sources: what a cached result was computed with."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["package_digest"]


@cache
def package_digest(*parts: str) -> str:
    """Return the SHA-256 of the package's Python sources, in hexadecimal.

    Parameters
    ----------
    parts
        Modules or subpackages below ``workbench``; the whole package when none is named. The
        sources are read once in a process: what is running is what was imported.

    Examples
    --------
    >>> len(package_digest("errors"))
    64
    """
    root = Path(__file__).resolve().parent.parent
    files: list[Path] = []
    for part in parts or ("",):
        place = root / part
        files += place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(path.relative_to(root).as_posix().encode() + b"\0")
        found.update(path.read_bytes() + b"\0")
    return found.hexdigest()
