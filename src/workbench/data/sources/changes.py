"""Whether a source is as it was when it was read last, told without reading it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from workbench.data.sources.files import locate, state
from workbench.errors import SourceError
from workbench.params import SourceParams

__all__ = ["unchanged"]


def unchanged(source: SourceParams, fingerprint: Mapping[str, object], *, root: Path) -> bool:
    """Tell, without reading it, whether a source is as it was when ``fingerprint`` was taken.

    A file is when size, time and inode are; a database when its ``version_query`` answers the same
    (without one: never). A source that cannot be reached is not unchanged.
    """
    try:
        if source.kind == "sql":
            # Imported only now: where no source is a database, nobody should wait for a driver.
            databases = import_module("workbench.data.sources.databases")
            known = databases.version(source, root=root, where="")
            return known is not None and bool(known == fingerprint.get("version"))
        assert source.path is not None  # held by the model
        found = state(locate(source.path, root=root, where=""))
    except (SourceError, OSError):
        return False
    return all(fingerprint.get(key) == value for key, value in found.items())
