"""The one spelling of a telephone number: international where its country is known."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from workbench.errors import ParameterError, one_of

__all__ = ["COUNTRIES", "Dialling", "phone"]


@dataclass(frozen=True)
class Dialling:
    """How numbers of a country are dialled (ITU-T E.164 and the national plans).

    Parameters
    ----------
    code
        The country's calling code.
    trunk
        What is dialled before a national number within the country, and falls away from abroad.
    shortest, longest
        Digits of a national number without its trunk prefix.
    """

    code: str
    trunk: str
    shortest: int
    longest: int


COUNTRIES = {
    "AE": Dialling("971", "0", 8, 9),
    "AT": Dialling("43", "0", 7, 13),
    "AU": Dialling("61", "0", 9, 9),
    "BD": Dialling("880", "0", 8, 10),
    "BE": Dialling("32", "0", 8, 9),
    "CA": Dialling("1", "1", 10, 10),
    "CH": Dialling("41", "0", 9, 9),
    "CN": Dialling("86", "0", 9, 11),
    "DE": Dialling("49", "0", 7, 11),
    "DK": Dialling("45", "", 8, 8),
    "EG": Dialling("20", "0", 8, 10),
    "ES": Dialling("34", "", 9, 9),
    "FI": Dialling("358", "0", 6, 11),
    "FR": Dialling("33", "0", 9, 9),
    "GB": Dialling("44", "0", 9, 10),
    "ID": Dialling("62", "0", 8, 12),
    "IE": Dialling("353", "0", 7, 9),
    "IN": Dialling("91", "0", 10, 10),
    "IR": Dialling("98", "0", 10, 10),
    "IT": Dialling("39", "", 8, 11),
    "JP": Dialling("81", "0", 9, 10),
    "KE": Dialling("254", "0", 9, 9),
    "MY": Dialling("60", "0", 8, 10),
    "NG": Dialling("234", "0", 8, 10),
    "NL": Dialling("31", "0", 9, 9),
    "NO": Dialling("47", "", 8, 8),
    "NZ": Dialling("64", "0", 8, 10),
    "PK": Dialling("92", "0", 9, 10),
    "PL": Dialling("48", "", 9, 9),
    "PT": Dialling("351", "", 9, 9),
    "RU": Dialling("7", "8", 10, 10),
    "SA": Dialling("966", "0", 8, 9),
    "SE": Dialling("46", "0", 7, 10),
    "TR": Dialling("90", "0", 10, 10),
    "US": Dialling("1", "1", 10, 10),
    "ZA": Dialling("27", "0", 9, 9),
}
"""ISO 3166 code -> dialling. A country that is not here leaves national numbers as they are."""

_EXTENSION = re.compile(r"(?:ext\.?|extension|x|#)\s*\d{1,6}\s*$")
_FORM = re.compile(r"\+?[\d\s().\-/\u2010-\u2015]+")


def phone(value: str | None, country: str | None = None) -> str | None:
    """Return a number as ``+`` and digits where its country is known, else its digits; or None.

    ``+``, ``00`` and ``(0)`` are understood, an extension goes, and one digit repeated is no
    number.

    Parameters
    ----------
    value
        A number in any punctuation and any script's digits.
    country
        ISO 3166 code of the country whose national numbers these are; None when it is not known.

    Raises
    ------
    ParameterError
        When the country's dialling is not known.

    Examples
    --------
    >>> phone("0300-123 4567", "PK"), phone("+92 (0)300 1234567"), phone("0092 300 1234567")
    ('+923001234567', '+923001234567', '+923001234567')
    >>> phone("0300-123 4567"), phone("ask")
    ('03001234567', None)
    """
    if country is not None and country not in COUNTRIES:
        raise ParameterError(
            f"how numbers of `{country}` are dialled is not known", fix=one_of(country, COUNTRIES)
        )
    if value is None:
        return None
    spelt = "".join(
        str(unicodedata.decimal(letter)) if unicodedata.category(letter) == "Nd" else letter
        for letter in unicodedata.normalize("NFKC", value).casefold()
    ).strip()
    spelt = _EXTENSION.sub("", spelt).removeprefix("tel:").strip()
    if not _FORM.fullmatch(spelt):
        return None
    digits = re.sub(r"\D", "", spelt)
    abroad = spelt.startswith("+") or digits.startswith("00")
    if abroad:  # no country's code begins with a zero
        digits = re.sub(r"\D", "", spelt.replace("(0)", "")).lstrip("0")
    if not 6 <= len(digits) <= 15 or len(set(digits)) < 2:
        return None
    if abroad:
        return f"+{digits}"
    return _international(digits, COUNTRIES[country]) if country else digits


def _international(digits: str, dialling: Dialling) -> str:
    fits = range(dialling.shortest, dialling.longest + 1)
    trunk = dialling.trunk
    if trunk and digits.startswith(trunk) and len(digits) - len(trunk) in fits:
        return f"+{dialling.code}{digits.removeprefix(trunk)}"
    if digits.startswith(dialling.code) and len(digits) - len(dialling.code) in fits:
        return f"+{digits}"
    return f"+{dialling.code}{digits}" if len(digits) in fits else digits
