"""Files as sources: where they are, whether they changed, and their bytes without compression."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.data.sources.secrets import resolve_secrets
from workbench.errors import SourceError

__all__ = ["explained", "is_gzip", "locate", "open_bytes", "state"]

_GZIP = b"\x1f\x8b"


def locate(path: str, *, root: Path, where: str) -> Path:
    """Return the file that ``path:`` names, relative to the project's folder.

    Raises
    ------
    SourceError
        When it is not there or is no file.
    """
    found = root / resolve_secrets(path, f"{where}.path", secret=False)
    if found.is_dir():
        raise SourceError(f"`{path}` is a folder", where=where, fix="Name one file in it.")
    if not found.exists():
        raise SourceError(
            f"the file `{path}` is not there",
            where=where,
            fix="`path:` is relative to the project's folder, the one that holds params/.",
        )
    return found


def state(path: Path) -> dict[str, object]:
    """Return what tells, without reading, whether a file is the one that was read before."""
    stat = path.stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "inode": stat.st_ino}


def is_gzip(path: Path) -> bool:
    """Tell by the first bytes whether a file is compressed with gzip; its name may lie."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedReader[Any]]:
    """Open a file for reading, decompressing it where it is gzip."""
    with (
        gzip.open(path, "rb") if is_gzip(path) else path.open("rb", buffering=0) as raw,
        io.BufferedReader(raw, 1 << 20) as stream,
    ):
        yield stream


@contextmanager
def explained(path: str, where: str) -> Iterator[None]:
    """Turn what the operating system or gzip says about a file into a SourceError."""
    try:
        yield
    except EOFError as error:
        raise SourceError(
            f"the compressed file `{path}` ends in the middle",
            where=where,
            fix="It was cut off while it was copied or written: get it again from its owner.",
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            f"the compressed file `{path}` is damaged ({error})",
            where=where,
            fix="Get it again from its owner.",
        ) from error
    except OSError as error:
        raise SourceError(
            f"`{path}` cannot be read: {error.strerror or error}",
            where=where,
            fix="Check that the file is there and that this user may read it.",
        ) from error
