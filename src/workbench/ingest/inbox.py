"""The received rows of each source, kept so that an unchanged source is not read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.code import package_digest
from workbench.data.sources import Received, unchanged
from workbench.files import canonical, digest_of, replace_file
from workbench.params import SourceParams
from workbench.triage.named import Named

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Inbox", "Progress"]

Progress = Callable[[str, float | None], None]
_READER_KEYS = {"path", "url", "table", "query", "version_query", "format", "read"}


@dataclass(frozen=True)
class Inbox:
    """A unit's folder of received rows, readable by its owner only.

    Parameters
    ----------
    folder
        ``data/<suite>/<unit>/received``.
    root
        The project's folder, which relative paths start from.
    rehash
        Read every source again, whatever its size and time.
    """

    folder: Path
    root: Path
    rehash: bool

    def kept(self, named: Named) -> Received | None:
        """Return a source's received rows as kept from before, None if it is to be read."""
        out, ledger = self._places(named)
        kept = None if self.rehash else _kept(ledger, out, _reader_digest(named.params))
        if kept is None or not unchanged(named.params, kept.fingerprint, root=self.root):
            return None
        return kept

    def last(self, named: Named) -> Received | None:
        """Return a source's received rows as they were read last, None if they are not here."""
        out, ledger = self._places(named)
        return _kept(ledger, out, _reader_digest(named.params))

    def receive(self, connection: DuckDBPyConnection, named: Named, progress: Progress) -> Received:
        """Return a source's received rows, read now or kept from before."""
        kept = self.kept(named)
        out, ledger = self._places(named)
        if kept is not None:
            progress(f"{out.stem}: unchanged", 1.0)
            return kept
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A half-written pair is not taken for a whole one: the ledger goes first and comes last.
        ledger.unlink(missing_ok=True)
        # Imported only now: the readers wait for their libraries.
        reading = import_module("workbench.data.sources.reading")
        received: Received = reading.receive(
            named.params,
            name=named.name,
            root=self.root,
            connection=connection,
            out=out,
            where=named.where,
            progress=lambda share: progress(f"{out.stem}: reading", share),
        )
        replace_file(ledger, canonical(_entry(received, _reader_digest(named.params))), mode=0o600)
        return received

    def _places(self, named: Named) -> tuple[Path, Path]:
        """Return where a source's rows are kept, and what is said of them."""
        stem = f"{named.contract.name}.{named.name}"
        return self.folder / f"{stem}.parquet", self.folder / f"{stem}.json"


def _reader_digest(source: SourceParams) -> str:
    options = source.model_dump(mode="json", include=_READER_KEYS)
    return digest_of([options, package_digest("data/sources")])


def _entry(received: Received, reader: str) -> dict[str, Any]:
    return {
        "reader": reader,
        "columns": list(received.columns),
        "rows": received.rows,
        "row_sql": received.row_sql,
        "unreadable": received.unreadable.name if received.unreadable else None,
        "unreadable_rows": received.unreadable_rows,
        "fingerprint": dict(received.fingerprint),
    }


def _kept(ledger: Path, out: Path, reader: str) -> Received | None:
    try:
        entry = json.loads(ledger.read_text(encoding="utf-8"))
        if entry["reader"] != reader or not out.is_file():
            return None
        unreadable = out.with_name(entry["unreadable"]) if entry["unreadable"] else None
        if unreadable is not None and not unreadable.is_file():
            return None
        return Received(
            path=out,
            columns=tuple(entry["columns"]),
            rows=entry["rows"],
            row_sql=entry["row_sql"],
            unreadable=unreadable,
            unreadable_rows=entry["unreadable_rows"],
            fingerprint=entry["fingerprint"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        # No ledger, or one that is not whole: the source is read again.
        return None
