"""Which letters are one letter to a reader: the tables behind ``normal``.

Sources: the Unicode names of the letters; the Urdu, Persian and Arabic keyboards, which put the
same letter at other code points; the usual Latin spellings of names in those languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["APOSTROPHES", "CONSONANTS", "DIGRAPHS", "FOLDED", "MARKS", "TWO_EYED_HEH"]

MARKS = tuple(
    (ord(first), ord(last))
    for first, last in (
        ("\u0300", "\u036f"),  # accents on Latin, Greek and Cyrillic letters
        ("\u0610", "\u061a"),  # honorifics over Arabic letters
        ("\u064b", "\u065f"),  # short vowels, doubling, and hamza and madda over or under a letter
        ("\u0670", "\u0670"),  # alef over a letter
        ("\u06d6", "\u06ed"),  # signs of recitation
    )
)
"""Ranges of marks that go. Marks of other scripts (vowels of Devanagari, say) stay."""

APOSTROPHES = "'\u2018\u2019\u02bc\u02bb\u02b9\u02be\u02bf`\u00b4\u2032\uff07"
"""Signs within a word: removed, where other punctuation separates words."""

FOLDED: Mapping[str, str] = MappingProxyType(
    {
        # Latin letters that Unicode does not take apart
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ı": "i",
        "ħ": "h",
        "ŋ": "n",
        # yeh: Arabic, without dots, Urdu's final one
        "\u064a": "\u06cc",
        "\u0649": "\u06cc",
        "\u06d2": "\u06cc",
        "\u06d0": "\u06cc",
        # kaf: Arabic, Sindhi
        "\u0643": "\u06a9",
        "\u06aa": "\u06a9",
        # heh: Arabic, teh marbuta, Kurdish, two-eyed
        "\u0647": "\u06c1",
        "\u0629": "\u06c1",
        "\u06c3": "\u06c1",
        "\u06d5": "\u06c1",
        "\u06be": "\u06c1",
        # alef with wasla; noon without its dot; hamza by itself and tatweel say nothing
        "\u0671": "\u0627",
        "\u06ba": "\u0646",
        "\u0621": "",
        "\u0640": "",
    }
)
"""Letter -> the letter that it is compared as; alef, waw and yeh lose hamza and madda as marks."""

DIGRAPHS: tuple[tuple[str, str], ...] = (
    ("sh", "S"),
    ("ch", "C"),
    ("kh", "k"),
    ("gh", "g"),
    ("ph", "f"),
    ("th", "t"),
    ("dh", "d"),
    ("bh", "b"),
    ("zh", "z"),
    ("ck", "k"),
    ("q", "k"),
    ("c", "k"),
    ("x", "k"),
)
"""Latin spellings -> their consonant, in this order; a capital stands for one of two letters."""

TWO_EYED_HEH = "\u06be"
"""Makes the letter before it aspirate, which Latin spells in many ways: no consonant of its own."""

_ARABIC = {
    "b": "ب",
    "p": "پ",
    "t": "تٹط",
    "s": "ثسص",
    "j": "ج",
    "C": "چ",
    "h": "حہ",
    "d": "دڈ",
    "z": "ذزضظژ",
    "r": "رڑ",
    "S": "ش",
    "f": "ف",
    "k": "خقک",
    "g": "غگ",
    "l": "ل",
    "m": "م",
    "n": "ن",
    # long vowels and ayn: what Latin spells with a, e, i, o, u, w, v or y, or leaves out
    "": "اویع",
}
CONSONANTS: Mapping[str, str] = MappingProxyType(
    {letter: sound for sound, letters in _ARABIC.items() for letter in letters}
    | dict.fromkeys("aeiouwvy", "")
)
"""Letter (folded) -> its consonant in a skeleton; letters that are not here stay as they are."""
