"""What a profile says of one column: plain facts, no values that are rarer than a group shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ColumnProfile", "Suspicion", "TextFacts"]


@dataclass(frozen=True)
class TextFacts:
    """What the texts of a column look like; rows without a value do not count.

    Parameters
    ----------
    shortest, median, longest
        Characters; the median is the lower one of an even number. None when there is no text.
    patterns
        Shapes with their rows, the most frequent first, none rarer than the smallest group shown:
        letters as ``A`` or ``a``, digits as ``9``.
    gathered
        Whether the patterns write runs of like characters as one and ``+`` (``Aa+ Aa+``), because
        the plain ones are too many to tell anything.
    numbers, dates, emails, phones
        Rows whose whole text reads as a number (``1,234.50``), a date (``2024-01-31``,
        ``31.01.2024``, ``31 Jan 2024``, with a time or not), an e-mail address, a telephone number
        (7 to 15 digits with ``+``, a leading zero or separators). A text may be of several kinds.
    """

    shortest: int | None
    median: int | None
    longest: int | None
    patterns: tuple[tuple[str, int], ...]
    gathered: bool
    numbers: int
    dates: int
    emails: int
    phones: int

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TextFacts:
        """Return the facts that ``dataclasses.asdict`` made plain."""
        return cls(**{**value, "patterns": tuple((shape, n) for shape, n in value["patterns"])})


@dataclass(frozen=True)
class Suspicion:
    """That a column holds personal data, with the evidence.

    Parameters
    ----------
    kind
        ``email``, ``phone``, ``person`` (names of people) or ``birth`` (dates of birth).
    rows
        Rows whose value matches; never 0, whatever the column's name.
    share
        The same as a share of the rows with a value (above 0, at most 1).
    within
        How many of ``rows`` hold it within a longer text.
    named
        Whether the column's name says so too.
    """

    kind: str
    rows: int
    share: float
    within: int
    named: bool

    @property
    def evidence(self) -> str:
        """Return the evidence as half a sentence."""
        what = {
            "email": "an e-mail address",
            "phone": "a telephone number",
            "person": "a person's name",
            "birth": "a date of birth",
        }[self.kind]
        place = " within a longer text" if self.within == self.rows else ""
        name = "; the column's name says so too" if self.named else ""
        rows = "row holds" if self.rows == 1 else "rows hold"
        share = f"{self.share:.1%}" if self.share >= 0.001 else "under 0.1%"
        return f"{self.rows:,} {rows} what looks like {what}{place} ({share} of the filled){name}"


@dataclass(frozen=True)
class ColumnProfile:
    """The profile of one column.

    Parameters
    ----------
    name, type
        Its name, and the engine's type.
    rows, missing
        Rows of the table, and those without a value here.
    distinct
        How many different values there are; a missing one is none.
    exact
        Whether ``distinct`` is exact, or estimated (HyperLogLog) because the table is large.
    lowest, highest
        The range of numbers (finite ones) and times, as text; None for others.
    quantiles
        Share of the values -> the least value that at least that share does not exceed, as text;
        for numbers and times.
    mean, sd, total
        As decimal text, None where they mean nothing: arithmetic mean and sample standard deviation
        of finite numbers; the sum of decimals.
    top
        The most frequent values with their rows, none rarer than the smallest group shown, and such
        that the rest is none, either; empty where there are more than 200 different ones, or a
        suspicion.
    constant
        Whether every row has the same value.
    key
        Whether every row has a value of its own; None when that is not known, as ``distinct`` is
        estimated.
    text
        What texts look like; None for other types.
    suspicions
        Which personal data it seems to hold, the most rows first.
    """

    name: str
    type: str
    rows: int
    missing: int
    distinct: int
    exact: bool
    lowest: str | None
    highest: str | None
    quantiles: tuple[tuple[float, str], ...]
    mean: str | None
    sd: str | None
    total: str | None
    top: tuple[tuple[str, int], ...]
    constant: bool
    key: bool | None
    text: TextFacts | None
    suspicions: tuple[Suspicion, ...]

    @property
    def missing_share(self) -> float | None:
        """Return the share of rows without a value (0-1), None when there are no rows."""
        return self.missing / self.rows if self.rows else None
