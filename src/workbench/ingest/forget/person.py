"""Whether a cell, a line or a text is about the customer who is to be forgotten."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from workbench.ingest.forget.tombstones import Tombstones

__all__ = ["GONE", "Person", "is_telling", "names_in_line"]

GONE = "[erased]"
"""What stands in a text where an identifier stood."""

_CELLS = re.compile(r"[,;|\t\"'\s]+")
_WORDS = re.compile(r"[^\w]+|_")


def is_telling(identifier: str) -> bool:
    """Tell whether an identifier is unlikely to stand in a text by chance.

    A short number or a plain word is not: ``12`` in a report is a count, ``rest`` a word.

    Examples
    --------
    >>> [is_telling(one) for one in ("C-0012", "12346", "12", "rest", "Q1", "a@b.example")]
    [True, True, False, False, False, True]
    """
    digits = any(one.isdigit() for one in identifier)
    letters = any(one.isalpha() for one in identifier)
    if "@" in identifier:
        return True
    return digits and (len(identifier) >= 5 or (letters and len(identifier) >= 3))


def names_in_line(line: str) -> Iterator[str]:
    """Yield what may be an identifier in a line that could not be split into columns.

    Examples
    --------
    >>> list(names_in_line('"C-1";Ann'))
    ['C-1', 'Ann', 'C', '1', 'Ann']
    """
    yield from (one for one in _CELLS.split(line) if one)
    yield from (one for one in _WORDS.split(line) if one)


@dataclass(frozen=True)
class Person:
    """The customer who is to be forgotten.

    Parameters
    ----------
    ids
        All identifiers that are known: of the customer's records, and the tokens in their place.
    stones
        The unit's tombstones, this customer's among them: also identifiers that are only known as
        hashes, because a run that was killed erased them already.
    """

    ids: frozenset[str]
    stones: Tombstones

    def is_named(self, cell: object) -> bool:
        """Tell whether a whole cell is one of the customer's identifiers."""
        if not isinstance(cell, str) or not cell:
            return False
        # An apostrophe is put before what a spreadsheet would take for a formula.
        forms = {cell, cell.strip(), cell.strip().removeprefix("'")}
        return not self.ids.isdisjoint(forms) or any(self.stones.holds(one) for one in forms)

    def is_in_line(self, line: str) -> bool:
        """Tell whether a line without columns names the customer."""
        found = set(names_in_line(line))
        return not self.ids.isdisjoint(found) or any(self.stones.holds(one) for one in found)

    def is_told(self, cells: Iterable[str]) -> bool:
        """Tell whether a whole cell is an identifier that is unlikely to stand there by chance."""
        return any(one.strip().removeprefix("'") in self.telling for one in cells if one)

    @cached_property
    def telling(self) -> frozenset[str]:
        """Return the identifiers that are unlikely to stand in a text by chance."""
        return frozenset(one for one in self.ids if is_telling(one))

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Return a pattern of the telling identifiers as whole words, None where there are none."""
        forms = {form for one in self.telling for form in _forms(one)}
        if not forms:
            return None
        longest_first = sorted(forms, key=lambda one: (-len(one), one))
        return re.compile("|".join(f"(?:{_whole(one)})" for one in longest_first))

    def without(self, text: str) -> tuple[str, int]:
        """Return a text without the customer's telling identifiers, and in how many places."""
        return self.pattern.subn(GONE, text) if self.pattern is not None else (text, 0)


def _forms(identifier: str) -> set[str]:
    """Return how a text's file may spell an identifier."""
    return {
        identifier,
        html.escape(identifier),
        html.escape(identifier, quote=False),
        json.dumps(identifier)[1:-1],
        json.dumps(identifier, ensure_ascii=False)[1:-1],
        quote(identifier, safe=""),
    }


def _whole(form: str) -> str:
    """Return the pattern of a form that is no part of a longer word or number."""
    pattern = rf"(?<![^\W_]){re.escape(form)}(?![^\W_])"
    if form.isdigit():  # nor the decimals of a number
        pattern = rf"(?<!\d\.){pattern}(?!\.\d)"
    return pattern
