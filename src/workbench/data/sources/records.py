"""The careful reader: text -> records, each either split into fields or kept whole with a reason.

Python's own CSV parser splits; this module says what is a record when a file is broken:

- a quote that opens and is never closed, or is followed by text where it closes, spoils the line
  that it opens on, and reading goes on with the next line - not with the end of the file;
- in the lines that such a quote ran over, a quote in the middle of a field is an error too: they
  may be the inside of a cell;
- blank lines are no records.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.data.sources.text import LONGEST_LINE, not_text
from workbench.errors import ParameterError

__all__ = ["Dialect", "Record", "read_records"]

_REASONS = {
    "unexpected end of data": "a quote opens and is never closed",
    "expected after": "text follows a closing quote",
    "new-line character seen": "a carriage return stands in a field without quotes",
    "field larger": "a quote opens and is not closed within 64 million characters",
}


@dataclass(frozen=True)
class Dialect:
    """How records are written.

    Parameters
    ----------
    delimiter, quote
        One character each; an empty ``quote`` where there is none.
    spaces
        Any run of blanks is one separator; one line is one record.
    """

    delimiter: str = ","
    quote: str = '"'
    spaces: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a source.

    Parameters
    ----------
    fields
        Its fields, or None when it cannot be split.
    text
        The record as it stands; empty for a long record that could be split.
    size
        Characters of the record.
    error
        Why it cannot be split, or an empty text.
    """

    fields: list[str] | None
    text: str
    size: int
    error: str = ""


def read_records(lines: Iterator[str], dialect: Dialect, *, where: str) -> Iterator[Record]:
    """Yield the records of a text's lines, each line with its end.

    Raises
    ------
    ParameterError
        When delimiter and quote do not go together.
    """
    if dialect.spaces:
        return _by_blanks(lines, dialect)
    return _by_delimiter(_Lines(lines), dialect, where)


def _by_delimiter(lines: _Lines, dialect: Dialect, where: str) -> Iterator[Record]:
    csv.field_size_limit(LONGEST_LINE)
    if dialect.delimiter in "\r\n" or dialect.delimiter == dialect.quote:
        raise ParameterError(
            f"delimiter {dialect.delimiter!r} and quote {dialect.quote!r} cannot be used",
            where=where,
            fix="State two different characters, neither of them a line's end.",
        )
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    regular = _regular_record(dialect)
    while True:
        lines.taken.clear()
        doubtful = lines.doubtful
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = next((text for key, text in _REASONS.items() if key in str(error)), str(error))
            yield _broken(lines.taken[0], reason)
            lines.read_again(lines.taken[1:])
            continue
        if not fields:
            continue
        taken = lines.taken
        text = taken[0] if len(taken) == 1 else "".join(taken)
        error_text = not_text(text)
        if not error_text and doubtful and not regular.fullmatch(text):
            error_text = "a quote stands where the quotes before it are broken"
        if error_text:
            yield _broken(text, error_text)
        else:
            yield Record(fields, text, len(text))


def _by_blanks(lines: Iterator[str], dialect: Dialect) -> Iterator[Record]:
    quote = re.escape(dialect.quote)
    token = re.compile(rf"\s*(?:{quote}((?:[^{quote}]|{quote}{quote})*){quote}(?!\S)|(\S+))")
    for line in lines:
        fields = line.split()
        if not fields:
            continue
        error = not_text(line)
        if not error and dialect.quote and dialect.quote in line:
            found = list(token.finditer(line.rstrip()))
            bare = [match[2] for match in found if match[2] is not None]
            if any(text.startswith(dialect.quote) for text in bare):
                error = "a quote opens and is never closed, or text follows a closing quote"
            twice = dialect.quote * 2
            fields = [
                match[2] if match[1] is None else match[1].replace(twice, dialect.quote)
                for match in found
            ]
        yield _broken(line, error) if error else Record(fields, line, len(line))


class _Lines:
    """The lines of a text, with those taken for the record at hand, and those to read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    @property
    def doubtful(self) -> bool:
        """Return whether the next line may be the inside of a broken cell."""
        return bool(self._again)

    def read_again(self, lines: list[str]) -> None:
        """Put lines back that a broken record ran over."""
        self._again.extendleft(reversed(lines))

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line


def _broken(text: str, reason: str) -> Record:
    return Record(None, text.rstrip("\r\n"), len(text), reason)


def _regular_record(dialect: Dialect) -> re.Pattern[str]:
    """Return the pattern of a record whose quotes all stand where RFC 4180 has them."""
    if not dialect.quote:
        return re.compile(".*", re.DOTALL)
    quote, mark = re.escape(dialect.quote), re.escape(dialect.delimiter)
    field = rf"(?:{quote}(?:[^{quote}]|{quote}{quote})*+{quote}|[^{quote}{mark}\r\n]*+)"
    return re.compile(rf"{field}(?:{mark}{field})*+\r?\n?")
