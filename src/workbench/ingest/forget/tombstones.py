"""Who is forgotten, as salted hashes, in ``tombstones.json`` of a unit's data folder.

A tombstone holds no personal data: a number, a day, hashes of the identifiers, and what went.
``sha256(salt || identifier)`` is the same text in SQL and here, so that a source that still
delivers the person is recognised at each ingest.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

from workbench.data.quoting import literal
from workbench.errors import SnapshotError
from workbench.files import canonical, digest_of, read_json, replace_file

__all__ = ["TOMBSTONES", "Tombstone", "Tombstones", "read_tombstones", "write_tombstones"]

TOMBSTONES = "tombstones.json"
_SCHEMA = 1


@dataclass(frozen=True)
class Tombstone:
    """One customer who is forgotten.

    Parameters
    ----------
    number
        From 1, in the order of forgetting.
    as_of
        The day of the suite when it was done (ISO).
    hashes
        Of each identifier that the customer had: SHA-256 of salt and identifier, in hexadecimal.
    is_complete
        Whether all that was to be erased is erased; false while it is done, and after a crash.
    rows
        What was erased, by place: ``received``, ``quarantine``, ``snapshots`` and so on -> how many
        rows, or places in a text. After a crash some may be missing in the count.
    editions
        Edition that can no longer be verified -> why, in words.
    """

    number: int
    as_of: str
    hashes: tuple[str, ...]
    is_complete: bool = False
    rows: Mapping[str, int] = field(default_factory=dict)
    editions: Mapping[str, str] = field(default_factory=dict)

    def with_more(self, rows: Mapping[str, int], editions: Mapping[str, str]) -> Tombstone:
        """Return it with more that was erased."""
        counts = Counter(self.rows) + Counter(rows)
        return replace(
            self, rows=dict(sorted(counts.items())), editions={**self.editions, **editions}
        )


@dataclass(frozen=True)
class Tombstones:
    """All customers of a unit who are forgotten.

    Parameters
    ----------
    salt
        Made at random once for a unit.
    stones
        One for each customer.
    """

    salt: str
    stones: tuple[Tombstone, ...] = ()

    @cached_property
    def hashes(self) -> frozenset[str]:
        """Return the hashes of all identifiers."""
        return frozenset(one for stone in self.stones for one in stone.hashes)

    @property
    def digest(self) -> str:
        """Return a digest of who is forgotten; empty where nobody is."""
        return digest_of([self.salt, sorted(self.hashes)]) if self.stones else ""

    def hash_of(self, identifier: str) -> str:
        """Return the hash of an identifier."""
        # What is no text cannot be hashed as it is; SQL never has such an identifier.
        return hashlib.sha256(
            (self.salt + identifier).encode(errors="backslashreplace")
        ).hexdigest()

    def holds(self, identifier: str) -> bool:
        """Tell whether an identifier is one of a customer who is forgotten."""
        return bool(self.stones) and self.hash_of(identifier) in self.hashes

    def of(self, identifier: str) -> Tombstone | None:
        """Return the tombstone of a customer, or None."""
        wanted = self.hash_of(identifier)
        return next((stone for stone in self.stones if wanted in stone.hashes), None)

    def matches(self, column: str) -> str:
        """Return SQL that is true where a column's text is the identifier of one of them.

        Parameters
        ----------
        column
            SQL of a value.
        """
        if not self.stones:
            return "false"
        hashed = f"sha256({literal(self.salt)} || CAST({column} AS VARCHAR))"
        return f"coalesce({hashed} IN ({', '.join(map(literal, sorted(self.hashes)))}), false)"

    def only(self, stone: Tombstone) -> Tombstones:
        """Return one tombstone alone, with the salt of all."""
        return replace(self, stones=(stone,))

    def put(self, stone: Tombstone) -> Tombstones:
        """Return them with a tombstone, in the place of the one with its number."""
        others = {one.number: one for one in self.stones}
        others[stone.number] = stone
        return replace(self, stones=tuple(others[number] for number in sorted(others)))

    def new(self, as_of: str, identifiers: Iterable[str]) -> Tombstone:
        """Return a tombstone with the next number; it is not among them yet."""
        number = 1 + max((stone.number for stone in self.stones), default=0)
        return Tombstone(number, as_of, tuple(sorted(self.hash_of(one) for one in identifiers)))


def read_tombstones(home: Path) -> Tombstones:
    """Return a unit's tombstones; none, with a fresh salt, where nobody is forgotten.

    Parameters
    ----------
    home
        The unit's data folder; of a split suite that of the whole.

    Raises
    ------
    SnapshotError
        When the file is damaged: then nobody can tell who must be left out.
    """
    try:
        told = read_json(home / TOMBSTONES)
        if told is None:
            return Tombstones(secrets.token_hex(16))
        return Tombstones(
            str(told["salt"]),
            tuple(Tombstone(**{**one, "hashes": tuple(one["hashes"])}) for one in told["stones"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(
            f"the tombstones of forgotten customers cannot be read ({error})",
            where=f"{home.parent.name}/{home.name}/{TOMBSTONES}",
            fix="Put the file back from a copy. Without it nobody can tell who must be left out; "
            "remove it only to forget each of them again.",
        ) from None


def write_tombstones(home: Path, stones: Tombstones) -> None:
    """Write a unit's tombstones in one step, readable by their owner only."""
    told = {
        "schema": _SCHEMA,
        "salt": stones.salt,
        "stones": [asdict(stone) for stone in stones.stones],
    }
    replace_file(home / TOMBSTONES, canonical(told), mode=0o600)
