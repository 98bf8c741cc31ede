"""Is a CSV file regular, and how many records does it hold? Answered without splitting any field.

A file is regular when every quote opens right after a delimiter or a line's start, closes right
before a delimiter or a line's end, or is doubled inside (RFC 4180); all lines end alike; and no
NUL byte is in it. All CSV readers agree about such a file, so the engine's parallel reader may read
it, and the count of records made here checks the engine's. Any other file goes to the careful
reader (`records`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["LINE_FEED", "Structure", "scan", "segments"]

_CHUNK = 8 << 20
_LONGEST_LINE = 64 << 20
LINE_FEED = 10
_CR = 13
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Structure:
    """What a file looks like from afar.

    Parameters
    ----------
    regular
        Whether every CSV reader would split it into the same records.
    records
        Number of records, the header among them, blank lines not; only for a regular file.
    longest
        Bytes of the longest record.
    """

    regular: bool
    records: int = 0
    longest: int = 0


_IRREGULAR = Structure(regular=False)


def scan(
    stream: BinaryIO,
    *,
    delimiter: str,
    quote: str,
    skip_rows: int = 0,
    on_bytes: Callable[[int], None] | None = None,
) -> Structure:
    """Return the structure of a UTF-8 (or any ASCII-compatible) file of delimited records.

    Parameters
    ----------
    stream
        The file's bytes, not compressed.
    delimiter, quote
        One character each; an empty ``quote`` where the file has none.
    skip_rows
        Lines to leave out at the start.
    on_bytes
        Called with the number of bytes that were read since the last call.
    """
    if not delimiter.isascii() or not quote.isascii():
        return _IRREGULAR
    for _ in range(skip_rows):
        stream.readline(_LONGEST_LINE)
    state = _State(ord(delimiter), ord(quote) if quote else -1)
    for segment in segments(stream, on_bytes):
        if not state.take(segment):
            return _IRREGULAR
    return state.finish()


def segments(stream: BinaryIO, on_bytes: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield the file in pieces that end with a line feed, all but perhaps the last."""
    rest = stream.read(3)
    rest = b"" if rest == _BOM else rest
    while chunk := stream.read(_CHUNK):
        if on_bytes is not None:
            on_bytes(len(chunk))
        rest += chunk
        cut = rest.rfind(b"\n") + 1
        if cut == 0 and len(rest) > _LONGEST_LINE:
            break
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


class _State:
    """The running count, from segment to segment."""

    def __init__(self, delimiter: int, quote: int) -> None:
        self.delimiter = delimiter
        self.quote = quote
        self.quoted = 0  # 1 inside a quoted field
        self.open = 0  # bytes of the record that is not finished yet
        self.records = self.longest = self.lines = self.crlf_lines = 0

    def take(self, segment: bytes) -> bool:
        """Count a segment; False when it is not regular."""
        if b"\0" in segment or segment.count(b"\r") != segment.count(b"\r\n"):
            return False
        data = np.frombuffer(segment, dtype=np.uint8)
        ends = np.flatnonzero(data == LINE_FEED)
        if self.quote >= 0 and (self.quoted or bytes([self.quote]) in segment):
            quotes = np.flatnonzero(data == self.quote)
            if not self._quotes_are_regular(data, quotes):
                return False
            # A line feed ends a record where the quotes before it are even in number.
            ends = ends[(np.searchsorted(quotes, ends) + self.quoted) % 2 == 0]
            self.quoted = (self.quoted + len(quotes)) % 2
        self._count(data, ends)
        return max(self.longest, self.open) <= _LONGEST_LINE

    def _quotes_are_regular(self, data: NDArray[np.uint8], quotes: NDArray[np.int64]) -> bool:
        opening = (np.arange(len(quotes)) + self.quoted) % 2 == 0
        before = np.where(quotes > 0, data[quotes - 1], LINE_FEED)
        after = np.where(
            quotes + 1 < len(data), data[np.minimum(quotes + 1, len(data) - 1)], LINE_FEED
        )
        opens = (before == self.delimiter) | (before == LINE_FEED) | (before == self.quote)
        closes = (
            (after == self.delimiter)
            | (after == LINE_FEED)
            | (after == _CR)
            | (after == self.quote)
        )
        return bool(np.where(opening, opens, closes).all())

    def _count(self, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        if len(ends) == 0:
            self.open += len(data)
            return
        sizes = np.diff(ends, prepend=-1) - 1
        sizes[0] += self.open
        crlf = (data[ends - 1] == _CR) & (ends > 0)
        self.records += int(np.count_nonzero(sizes - crlf > 0))
        self.longest = max(self.longest, int(sizes.max()))
        self.lines += len(ends)
        self.crlf_lines += int(np.count_nonzero(crlf))
        self.open = len(data) - int(ends[-1]) - 1

    def finish(self) -> Structure:
        """Return the whole file's structure."""
        if self.quoted or self.crlf_lines not in (0, self.lines):
            return _IRREGULAR
        return Structure(
            regular=True,
            records=self.records + (self.open > 0),
            longest=max(self.longest, self.open),
        )
