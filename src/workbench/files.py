"""Small, careful file operations: canonical JSON, digests, and writes that survive a crash.

A file that others read is written to a temporary sibling, flushed to the disk and renamed over the
old one, so that a reader sees either the old bytes or the new ones.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = [
    "PRUNED",
    "canonical",
    "digest_of",
    "digest_of_file",
    "files_below",
    "flush_folder",
    "read_json",
    "read_object",
    "replace_file",
    "write_file",
]

DIGEST_LENGTH = 16
PRUNED = ".pruned-"
"""How the name of a folder begins that is being deleted; the next run deletes what is left."""


def canonical(value: Any) -> bytes:
    r"""Return the one JSON text of a value: sorted keys, two spaces, UTF-8, a final newline.

    Parameters
    ----------
    value
        Anything that JSON can hold. ``nan`` and infinities are refused: they are no JSON.

    Examples
    --------
    >>> canonical({"b": 1, "a": "é"}).decode()
    '{\n  "a": "é",\n  "b": 1\n}\n'
    """
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def digest_of(content: bytes | Any) -> str:
    """Return the first 16 hex digits of the SHA-256 of bytes, or of a value's canonical JSON."""
    blob = content if isinstance(content, bytes) else canonical(content)
    return hashlib.sha256(blob).hexdigest()[:DIGEST_LENGTH]


def digest_of_file(path: Path) -> str:
    """Return the full SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_json(path: Path) -> Any:
    """Return what a JSON file holds, or None when there is no such file.

    Raises
    ------
    ValueError
        When the file is there but is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one where there is none that can be read."""
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_file(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write a new file and flush it to the disk, making its folders as needed.

    Parameters
    ----------
    path, content
        The file, and all of its bytes.
    mode
        Who may read and write it, before the user's mask is applied: ``0o600`` for the owner only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def replace_file(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones, never a part."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    write_file(fresh, content, mode=mode)
    fresh.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a rename in it survives a power cut."""
    if os.name != "posix":  # other systems give no handle on a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, in the order of their paths."""
    yield from sorted(path for path in folder.rglob("*") if path.is_file())
