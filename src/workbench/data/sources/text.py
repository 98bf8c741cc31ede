"""Files as text: decoded, line by line, with broken bytes kept rather than lost."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.data.sources.files import open_bytes
from workbench.errors import SourceError

__all__ = [
    "BAD_BYTES",
    "LONGEST_LINE",
    "Lines",
    "escaped",
    "is_utf8",
    "not_text",
    "open_text",
    "wide_encoding",
    "write_utf8",
]

LONGEST_LINE = 64 << 20
"""Characters that one line may hold at most."""

BAD_BYTES = "it holds bytes that are no text in the source's encoding"


class Lines:
    """The lines of a text, each of bounded length, counted as they are read."""

    def __init__(self, text: io.TextIOWrapper, where: str) -> None:
        self._readline = text.readline
        self._where = where
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line with its end.

        Raises
        ------
        SourceError
            When it has no end within `LONGEST_LINE` characters.
        """
        line = self._readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) >= LONGEST_LINE:
            raise SourceError(
                f"line {self.count + 1:,} does not end within {LONGEST_LINE:,} characters",
                where=self._where,
                fix="This is no text table; check `format:` and the file.",
            )
        self.count += 1
        return line


@contextmanager
def open_text(path: Path, encoding: str, skip_rows: int, where: str) -> Iterator[Lines]:
    r"""Open a file, compressed or not, as lines of text past those to skip.

    A byte that is no text in the encoding becomes a lone surrogate, which `not_text` finds; in
    encodings of two or four bytes a unit nothing after it could be trusted, and it is an error.

    Raises
    ------
    SourceError
        When such an encoding is broken; the message says near which line.
    """
    name = codecs.lookup(encoding).name
    wide = name.startswith(("utf-16", "utf-32", "utf-7"))
    errors = "strict" if wide else "surrogateescape"
    name = "utf-8-sig" if is_utf8(encoding) else name
    with open_bytes(path) as stream:
        newline = _line_end(stream)
        with io.TextIOWrapper(stream, name, errors=errors, newline=newline) as text:
            lines = Lines(text, where)
            try:
                for _ in range(skip_rows):
                    next(lines, None)
                yield lines
            except UnicodeError as error:
                raise SourceError(
                    f"the text after line {lines.count:,} is no {encoding}: {error}",
                    where=where,
                    fix="State the file's `encoding:` under `read:`; UTF-16 without a mark at its "
                    "beginning is utf-16-le or utf-16-be. Or the file was cut off.",
                ) from error


def is_utf8(encoding: str) -> bool:
    """Tell whether an encoding is UTF-8, with a byte order mark or without."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def not_text(text: str) -> str:
    """Return why a text cannot be kept as it is (a NUL, or bytes of no character), or nothing."""
    if "\0" in text:
        return "it holds a NUL byte"
    if text.isascii():
        return ""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return BAD_BYTES
    return ""


def escaped(text: str) -> str:
    r"""Return a text with its broken bytes written ``\xff``, its other characters unchanged."""
    if text.isascii():
        return text
    return "".join(
        f"\\x{ord(char) - 0xDC00:02x}"
        if "\udc80" <= char <= "\udcff"
        else f"\\u{ord(char):04x}"
        if "\ud800" <= char <= "\udfff"
        else char
        for char in text
    )


def wide_encoding(path: Path) -> str:
    """Return the two-byte encoding that a file seems to be in, or nothing.

    Told by its mark, or by NUL bytes in every other place, as texts in Latin letters have them.
    """
    with open_bytes(path) as stream:
        start = stream.peek(1 << 12)[: 1 << 12]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    pairs = len(start) // 2
    for name, second in (("utf-16-le", 1), ("utf-16-be", 0)):
        others = start[1 - second :: 2].count(0)
        if pairs and start[second::2].count(0) > 0.6 * pairs and others < 0.1 * pairs:
            return name
    return ""


def write_utf8(path: Path, encoding: str, copy: Path) -> bool:
    """Write a file's text as UTF-8; False when it cannot be decoded throughout."""
    try:
        with (
            open_bytes(path) as stream,
            io.TextIOWrapper(stream, encoding=encoding, newline="") as text,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            while chunk := text.read(1 << 20):
                target.write(chunk)
    except UnicodeError:
        return False
    return True


def _line_end(stream: io.BufferedReader[Any]) -> str:
    r"""Return ``\r`` for a file whose beginning has no line feed but carriage returns."""
    start = stream.peek(1 << 16)
    return "\r" if b"\r" in start and b"\n" not in start else "\n"
