"""A digest of the package's own sources: what a cached result was computed with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench.files import digest_of, digest_of_file, files_below

__all__ = ["package_digest"]


@cache
def package_digest(*parts: str) -> str:
    """Return a digest of the package's own files, templates and styles included.

    Parameters
    ----------
    parts
        Modules or subpackages below ``workbench``; the whole package when none is named. The files
        are read once in a process: what is running is what was imported.

    Examples
    --------
    >>> len(package_digest("errors"))
    16
    """
    root = Path(__file__).resolve().parents[1]
    files = []
    for part in parts or ("",):
        place = root / part
        files += list(files_below(place)) if place.is_dir() else [place.with_suffix(".py")]
    return digest_of(
        {
            path.relative_to(root).as_posix(): digest_of_file(path)
            for path in files
            if "__pycache__" not in path.parts and path.suffix != ".pyc"
        }
    )
