"""The shape of a text: letters as ``A`` or ``a``, digits as ``9``, so that no value is shown."""

from __future__ import annotations

__all__ = ["PATTERN_LENGTH", "masked", "shape_letter", "shown"]

PATTERN_LENGTH = 40
"""Characters of a shape that are shown."""

_EMPTY = "(empty)"


def masked(text: str | None) -> str:
    """Return the shape of a text: letters as ``A`` or ``a``, digits as ``9``.

    Examples
    --------
    >>> masked("C536379")
    'A999999'
    >>> masked(None)
    '(empty)'
    """
    if text is None:
        return _EMPTY
    return shown("".join(shape_letter(letter) for letter in text[: PATTERN_LENGTH + 1]))


def shown(shape: str) -> str:
    """Return a shape as it is shown: cut after 40 characters, a blank one as ``(empty)``.

    Examples
    --------
    >>> shown("  ")
    '(empty)'
    """
    if not shape.strip():
        return _EMPTY
    return shape if len(shape) <= PATTERN_LENGTH else shape[:PATTERN_LENGTH] + "…"


def shape_letter(letter: str) -> str:
    """Return the shape of one character; one that cannot be printed is ``·``.

    Examples
    --------
    >>> "".join(map(shape_letter, "Ü7 é-ع"))
    'A9 a-a'
    """
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    if letter.isalnum():
        return "9"
    return letter if letter.isprintable() else "·"
