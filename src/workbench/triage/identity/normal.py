"""The one spelling of a name, an e-mail address, a telephone number, a date: pure functions.

Each takes a text (or None) and returns the spelling that is compared, or None when the text holds
no such thing. Each is idempotent: the spelling of a spelling is itself. The original is never
changed: these spellings live only while records are compared.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from workbench.triage.identity.letters import (
    APOSTROPHES,
    CONSONANTS,
    DIGRAPHS,
    FOLDED,
    MARKS,
    TWO_EYED_HEH,
)

__all__ = [
    "NamePart",
    "address",
    "birth_date",
    "birth_year",
    "email",
    "identifier",
    "name",
    "name_part",
    "postcode",
    "skeleton",
    "text",
]

NamePart = Literal["first words", "last word"]

TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "mister", "sir", "madam", "dr", "prof", "professor", "herr"}
    | {"frau", "جناب", "ڈاکٹر", "محترم", "محترمہ"}
)
"""Words before a name that are no part of it."""

JOINED = frozenset({"al", "el", "abd", "abdul", "abdel", "abdal", "عبد", "ال"})
"""Words that are one with the next: Latin writes apart what Arabic joins, and the other way."""

PLUS_TAGS = frozenset(
    {"gmail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com"}
    | {"fastmail.com", "proton.me", "protonmail.com"}
)
"""Providers who say that ``name+anything`` is the mailbox ``name``."""

SAME_DOMAIN = {"googlemail.com": "gmail.com"}
"""Two domains of one mailbox."""

_EMAIL = re.compile(r"[^\s@,;<>()\"]+@(?:[^\s@.,;<>()\"]+\.)+[^\s@.,;<>()\"\d]{2,}")
_YEAR_FIRST = re.compile(r"([12]\d{3})[-/. ]?(\d{2})[-/. ]?(\d{2})(?:[T ].*)?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ]([12]\d{3})(?:[T ].*)?")
_APOSTROPHES = str.maketrans("", "", APOSTROPHES)
_FOLDED = str.maketrans(dict(FOLDED))


def text(value: str | None) -> str | None:
    """Return the words of a text in one spelling, or None when it has none.

    Unicode's compatible forms are one (NFKC), case and accents go, digits are ASCII, the forms of
    yeh, kaf, heh and alef are one each, short vowels of Arabic script go, apostrophes join and
    other punctuation separates, one space stands between words.

    Examples
    --------
    >>> text("  O’Brien-MÜLLER ")
    'obrien muller'
    >>> text("علي") == text("علی")
    True
    """
    if value is None:
        return None
    if value.isascii():
        return _words(value.lower().translate(_APOSTROPHES))
    before, spelt = None, value
    while spelt != before:  # one fold may make what another one takes apart
        before, spelt = spelt, _folded(spelt)
    return _words(spelt)


def _folded(value: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", value).casefold())
    kept = "".join(letter for letter in apart if not _is_mark(letter))
    joined = unicodedata.normalize("NFKC", kept).translate(_FOLDED).translate(_APOSTROPHES)
    return "".join(_digit(letter) for letter in joined)


def _is_mark(letter: str) -> bool:
    place = ord(letter)
    if any(first <= place <= last for first, last in MARKS):
        return True
    return unicodedata.category(letter) == "Cf"  # joiners and marks of direction


def _digit(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if unicodedata.category(letter) == "Nd" else letter


def _words(value: str) -> str | None:
    kept = "".join(
        letter if letter.isalnum() or unicodedata.category(letter)[0] in "LNM" else " "
        for letter in value
    )
    return " ".join(kept.split()) or None


def name(value: str | None) -> str | None:
    """Return a person's name in one spelling, without the titles before it.

    An article, and the first half of Abd al-Rahman, is one with the next word; but the last two
    words of a name stay two where they are all there is.

    Examples
    --------
    >>> name("Dr. José  Álvarez"), name("Maryam Al-Najjar"), name("Abdul Rahman")
    ('jose alvarez', 'maryam alnajjar', 'abdul rahman')
    """
    spelt = text(value)
    if spelt is None or not any(letter.isalpha() for letter in spelt):
        return None
    words = spelt.split()
    while len(words) > 1 and words[0] in TITLES:
        words = words[1:]
    return " ".join(_one_word(words, least=2))


def _one_word(words: list[str], least: int) -> list[str]:
    """Join the words that are one with the next, as long as so many words are left."""
    joined: list[str] = []
    left = list(words)
    while left:
        last = word = left.pop(0)
        while left and last in JOINED and len(joined) + len(left) >= least:
            last = left.pop(0)
            word += last
        joined.append(word)
    return joined


def name_part(value: str | None, part: NamePart) -> str | None:
    """Return the last word of a whole name, or those before it.

    A name with one comma has its last word first. One word alone is a first word. A whole name is
    compared in parts because relatives share one of them: taken together, two different people of
    one family name look much alike.

    Examples
    --------
    >>> name_part("Dr Muhammad Ali Khan", "first words"), name_part("Khan, Anna", "last word")
    ('muhammad ali', 'khan')
    """
    last, comma, first = (value or "").partition(",")
    if comma and "," not in first and (family := name(last)) and (given := name(first)):
        return given if part == "first words" else family
    words = (name(value) or "").split()
    if len(words) < 2:
        return words[0] if words and part == "first words" else None
    return " ".join(words[:-1]) if part == "first words" else words[-1]


def skeleton(value: str | None) -> str | None:
    """Return the consonants of a name, the same in Latin and in Arabic script; None without any.

    Vowels, w, v, y, and h at the end of a word go; what two scripts or two spellings write
    differently (q, k and kh, th and t) is one. It is a coarse key, for a first look and for an
    agreement that is weaker than the same letters: different names can share it.

    Examples
    --------
    >>> skeleton("Muhammad Khan"), skeleton("محمد خان")
    ('kn mhmd', 'kn mhmd')
    >>> skeleton("Mohammed Khan"), skeleton("Fatima"), skeleton("فاطمہ")
    ('kn mhmd', 'ftm', 'ftm')
    >>> skeleton("Abd al-Rahman"), skeleton("عبد الرحمن")
    ('bdlrhmn', 'bdlrhmn')
    """
    spelt = name(None if value is None else value.replace(TWO_EYED_HEH, ""))
    if spelt is None:
        return None
    words = sorted(filter(None, map(_consonants, _one_word(spelt.split(), least=1))))
    return " ".join(words) or None


def _consonants(word: str) -> str:
    for spelling, sound in DIGRAPHS:
        word = word.replace(spelling, sound)
    # A doubled consonant is one: before the vowels go, so that "mm" is m but "mam" stays two.
    word = re.sub(r"(.)\1+", r"\1", word)
    if word.endswith(("h", "ہ", "ح")):
        word = word[:-1]
    return "".join(CONSONANTS.get(letter, letter) for letter in word)


def email(value: str | None) -> str | None:
    """Return an e-mail address in one spelling, or None when the text is none.

    Lower case throughout (the part before @ may by the standard mind its case; no large provider
    does). For the providers in ``PLUS_TAGS`` what follows a plus goes; for Gmail also the dots. No
    other address loses anything: elsewhere a dot or a plus may make another mailbox.

    Examples
    --------
    >>> email("Ayesha.Khan+shop@GoogleMail.com")
    'ayeshakhan@gmail.com'
    >>> email("ayesha.khan+shop@example.org")
    'ayesha.khan+shop@example.org'
    """
    if value is None:
        return None
    spelt = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).strip()
    spelt = spelt.removeprefix("mailto:").strip(" <>.;,")
    if not _EMAIL.fullmatch(spelt):
        return None
    local, _, domain = spelt.rpartition("@")
    domain = SAME_DOMAIN.get(domain, domain)
    if domain in PLUS_TAGS:
        local = local.partition("+")[0]
        if domain == "gmail.com":
            local = local.replace(".", "")
    return f"{local}@{domain}" if local else None


def birth_date(value: str | None, *, day_first: bool = True) -> str | None:
    """Return a date as ``YYYY-MM-DD``, or None when the text has not the form of one.

    A month or day that cannot be is kept as it stands: it is a slip, and all but a digit of it
    still tells who somebody is.

    Parameters
    ----------
    value
        Year first (with or without separators, with or without a time), or year last.
    day_first
        Whether the day comes before the month where the year is last; a number above 12 decides.

    Examples
    --------
    >>> birth_date("19840203"), birth_date("03/02/1984"), birth_date("1984-02-03 00:00:00")
    ('1984-02-03', '1984-02-03', '1984-02-03')
    """
    if value is None:
        return None
    spelt = "".join(map(_digit, unicodedata.normalize("NFKC", value))).strip()
    if found := _YEAR_FIRST.fullmatch(spelt):
        return "-".join(found.groups())
    if found := _YEAR_LAST.fullmatch(spelt):
        first, second, year = found.groups()
        swap = int(second) > 12 >= int(first) if day_first else not int(first) > 12 >= int(second)
        day, month = (second, first) if swap else (first, second)
        return f"{year}-{month:0>2}-{day:0>2}"
    return None


def birth_year(value: str | None) -> str | None:
    """Return a year of four digits, or None.

    Examples
    --------
    >>> birth_year("1984.0"), birth_year("84")
    ('1984', None)
    """
    spelt = "".join(map(_digit, value)).strip().removesuffix(".0") if value else ""
    return spelt if re.fullmatch(r"(?:18|19|20)\d{2}", spelt, flags=re.ASCII) else None


def identifier(value: str | None) -> str | None:
    """Return the letters and digits of a number that a person has; None where one sign is repeated.

    Examples
    --------
    >>> identifier("35202-1234567-1"), identifier("000-00-0000")
    ('3520212345671', None)
    """
    joined = (text(value) or "").replace(" ", "")
    return joined if len(set(joined)) > 1 else None


def postcode(value: str | None) -> str | None:
    """Return a postcode without spaces or signs.

    Examples
    --------
    >>> postcode("SW1A 1AA")
    'sw1a1aa'
    """
    return (text(value) or "").replace(" ", "") or None


def address(value: str | None) -> str | None:
    """Return a line of an address, a place or a region in one spelling.

    Examples
    --------
    >>> address("12, High-Street.")
    '12 high street'
    """
    return text(value)
