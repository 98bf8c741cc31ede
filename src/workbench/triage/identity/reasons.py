"""Why two records are taken for one customer, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.triage.identity.model import LASTING, PERSONAL, SWAPPED, TELLING, Comparison, Grade

__all__ = [
    "Agreement",
    "Link",
    "agreements",
    "household_only",
    "in_words",
    "relatives",
    "sentence",
    "telling",
]

WORDS = (
    (0.99, "almost certain"),
    (0.95, "very likely"),
    (0.8, "likely"),
    (0.5, "more likely than not"),
    (0.2, "doubtful"),
    (0.0, "unlikely"),
)
"""The least probability of each word, highest first."""


@dataclass(frozen=True)
class Agreement:
    """How two records agree in one column.

    Parameters
    ----------
    column
        The table's column, and its part where a name is taken apart.
    grade
        ``exactly``, ``nearly``, ``differ``, or ``missing`` in at least one of the two.
    how
        For ``nearly``: in which way.
    """

    column: str
    grade: Grade
    how: str = ""


@dataclass(frozen=True)
class Link:
    """Two records that may be one customer.

    Parameters
    ----------
    one, other
        The records' keys, the lower text first.
    probability
        That they are one customer, 0-1, to six places.
    agreements
        How they agree, column by column.
    household
        Whether nothing agrees but what a household shares (a family name, a telephone, an address):
        such a pair is never joined without the owner's answer, however likely it seems.
    relatives
        Whether it is a household's pair of which what one person has alone differs, such as the
        given name: no question either.
    telling
        Whether something agrees that tells a person by itself (an e-mail address, a telephone, a
        date of birth, a number); else the two are likely by name and place alone.
    """

    one: str
    other: str
    probability: float
    agreements: tuple[Agreement, ...]
    household: bool = False
    relatives: bool = False
    telling: bool = True

    @property
    def words(self) -> str:
        """Return the probability in words."""
        return in_words(self.probability)

    @property
    def reasons(self) -> str:
        """Return how the two agree, as a sentence or two."""
        told = sentence(self.agreements)
        return f"{told} Only what a household shares agrees." if self.household else told


def in_words(probability: float) -> str:
    """Return a probability in words.

    Examples
    --------
    >>> in_words(0.995), in_words(0.6), in_words(0.01)
    ('almost certain', 'more likely than not', 'unlikely')
    """
    return next(word for least, word in WORDS if probability >= least)


def agreements(chosen: Sequence[Comparison], gammas: Sequence[int]) -> tuple[Agreement, ...]:
    """Return how two records agree, from the level of each comparison."""
    found = []
    for comparison, gamma in zip(chosen, gammas, strict=True):
        level = comparison.level(gamma)
        found.append(Agreement(comparison.column, level.grade, level.how))
    swapped = next((each for each in found if each.how == SWAPPED), None)
    if swapped is not None:  # the family name's part of it was counted with the given name's
        return tuple(
            replace(swapped, column=each.column) if comparison.role == "family_name" else each
            for comparison, each in zip(chosen, found, strict=True)
        )
    return tuple(found)


def household_only(chosen: Sequence[Comparison], found: Sequence[Agreement]) -> bool:
    """Return whether nothing of one person alone agrees, exactly or nearly."""
    return not any(
        comparison.role in PERSONAL and each.grade in ("exactly", "nearly")
        for comparison, each in zip(chosen, found, strict=True)
    )


def relatives(chosen: Sequence[Comparison], found: Sequence[Agreement]) -> bool:
    """Return whether a household's pair differs in what one person has alone and always."""
    return household_only(chosen, found) and any(
        comparison.role in LASTING and each.grade == "differ"
        for comparison, each in zip(chosen, found, strict=True)
    )


def telling(chosen: Sequence[Comparison], found: Sequence[Agreement]) -> bool:
    """Return whether something agrees, exactly or nearly, that tells a person by itself."""
    return any(
        comparison.role in TELLING and each.grade in ("exactly", "nearly")
        for comparison, each in zip(chosen, found, strict=True)
    )


def sentence(found: Sequence[Agreement]) -> str:
    """Return agreements as one sentence.

    Examples
    --------
    >>> sentence([Agreement("email", "exactly"), Agreement("name", "nearly", "one sign apart"),
    ...           Agreement("city", "differ"), Agreement("phone", "missing")])
    'email agrees exactly; name agrees nearly (one sign apart); city differs; phone is missing.'
    """
    parts = []
    for grade, one, several in (
        ("exactly", "agrees exactly", "agree exactly"),
        ("nearly", "agrees nearly", ""),
        ("differ", "differs", "differ"),
        ("missing", "is missing", "are missing"),
    ):
        these = [each for each in found if each.grade == grade]
        if grade == "nearly":
            parts += [f"{each.column} {one} ({each.how})" for each in these]
        elif these:
            names = _listed([each.column for each in these])
            parts.append(f"{names} {one if len(these) == 1 else several}")
    return "; ".join(parts) + "."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
