"""One spelling of what is written in many ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.triage.identity import normal
from workbench.triage.identity.letters import CONSONANTS, FOLDED
from workbench.triage.identity.phones import COUNTRIES, phone

SPELLINGS: tuple[Callable[[str | None], str | None], ...] = (
    normal.text,
    normal.name,
    normal.email,
    normal.birth_date,
    normal.birth_year,
    normal.identifier,
    normal.postcode,
    normal.address,
    phone,
)
# Any text, and texts of the letters that the spellings change.
NEAR = st.text("aA zZéßİıſﬁＡøŁ'’-._+@0123٣۴٠()أإآٱيىكڪهةھہ\u064b\u0670\u0640\u200c\u0345\u03c2ΐ")
TEXTS = st.one_of(st.text(max_size=30), NEAR)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda each: each.__name__)
@given(text=TEXTS)
def test_the_spelling_of_a_spelling_is_itself(
    spelling: Callable[[str | None], str | None], text: str
) -> None:
    once = spelling(text)
    assert once is None or (once != "" and spelling(once) == once)


@pytest.mark.parametrize("country", sorted(COUNTRIES))
@given(text=st.one_of(TEXTS, st.from_regex(r"\+?[0-9 ()-]{6,18}", fullmatch=True)))
def test_a_number_with_its_country_is_spelt_once(country: str, text: str) -> None:
    once = phone(text, country)
    assert once is None or phone(once, country) == once


@pytest.mark.parametrize("spelling", [*SPELLINGS, normal.skeleton], ids=lambda each: each.__name__)
def test_nothing_stays_nothing(spelling: Callable[[str | None], str | None]) -> None:
    assert spelling(None) is None
    assert spelling("") is None
    assert spelling(" - ") is None


@given(text=TEXTS)
def test_a_spelling_has_words_in_small_letters_and_single_spaces(text: str) -> None:
    spelt = normal.text(text)
    if spelt is not None:
        assert spelt == " ".join(spelt.split())
        assert not set(spelt) & set(FOLDED)
        assert not set(spelt) & set("ABCXYZ-_.,'’@()\u200c\u0640")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علي", "علی"),  # Arabic and Urdu yeh
        ("مصطفى", "مصطفی"),  # alef maksura
        ("كمال", "کمال"),  # Arabic and Urdu kaf
        ("فاطمة", "فاطمہ"),  # teh marbuta and heh goal
        ("فاطمه", "فاطمہ"),  # Arabic heh
        ("أحمد", "احمد"),  # hamza over alef
        ("إسلام", "اسلام"),
        ("آصف", "اصف"),
        ("مُحَمَّد", "محمد"),  # short vowels and doubling
        ("محمـــد", "محمد"),  # tatweel
        ("ﻣﺤﻤﺪ", "محمد"),  # presentation forms
        ("خاں", "خان"),  # noon ghunna
        ("می‌خواهم", "میخواهم"),  # joiner
        ("۱۲۳", "123"),
        ("٣٤", "34"),
        ("Ｊｏｓé", "jose"),
        ("STRASSE", "straße"),
        ("Søren Åberg", "soren aberg"),
        ("O'Brien", "O’BRIEN"),
        ("Smith-Jones", "smith jones"),
    ],
)
def test_variants_are_one(one: str, other: str) -> None:
    assert normal.text(one) == normal.text(other) is not None


@pytest.mark.parametrize("between", ["'", "\u0640", "\u200d"])
def test_letters_that_join_once_a_sign_between_them_is_gone_are_joined(between: str) -> None:
    assert normal.text(f"\u1100{between}\u1161") == "\uac00"  # two parts of one Korean syllable


def test_the_vowels_of_other_scripts_are_letters() -> None:
    assert normal.text("कि") != normal.text("क")


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Mr. John Smith", "john smith"),
        ("DR MISS Saima", "saima"),
        ("Dr", "dr"),
        ("12345", None),
        ("ڈاکٹر عمران", "عمران"),
    ],
)
def test_titles_go_and_numbers_are_no_names(text: str, spelt: str | None) -> None:
    assert normal.name(text) == spelt


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Anna Khan", "anna", "khan"),
        ("Dr. Muhammad Ali Khan", "muhammad ali", "khan"),
        ("Khan, Anna Maria", "anna maria", "khan"),
        ("Khan, Anna, Dr", "khan anna", "dr"),  # two commas tell nothing
        ("Anna,", "anna", None),
        ("Anna", "anna", None),
        ("42", None, None),
        (None, None, None),
    ],
)
def test_whole_names_are_taken_apart(
    whole: str | None, first: str | None, last: str | None
) -> None:
    assert normal.name_part(whole, "first words") == first
    assert normal.name_part(whole, "last word") == last


@pytest.mark.parametrize(
    ("latin", "urdu"),
    [
        ("Muhammad", "محمد"),
        ("Mohammed", "محمد"),
        ("Ahmed", "احمد"),
        ("Ayesha Siddiqui", "عائشہ صدیقی"),
        ("Fatimah", "فاطمہ"),
        ("Kamran Khan", "خان کامران"),
        ("Tariq Shah", "طارق شاہ"),
        ("Saima", "صائمہ"),
    ],
)
def test_consonants_are_the_same_in_both_scripts(latin: str, urdu: str) -> None:
    assert normal.skeleton(latin) == normal.skeleton(urdu) is not None


def test_consonants_keep_different_names_apart() -> None:
    names = ["Ahmed", "Hamid Khan", "Bilal", "Nadia", "Kamran", "Rashid", "Tariq", "Fatima"]
    assert len({normal.skeleton(name) for name in names}) == len(names)
    assert normal.skeleton("Aoi") is None, "too little is left"
    assert all(len(sound) <= 1 for sound in CONSONANTS.values())


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("A.B+x@Gmail.com", "ab@gmail.com"),
        ("A.B+x@googlemail.com", "ab@gmail.com"),
        ("a.b+x@outlook.com", "a.b@outlook.com"),
        ("a.b+x@firm.example", "a.b+x@firm.example"),
        ("mailto:a@b.example", "a@b.example"),
        (" <a@b.example>; ", "a@b.example"),
        ("+x@gmail.com", None),
        ("a@b", None),
        ("a b@c.example", None),
        ("a@@b.example", None),
        ("none", None),
    ],
)
def test_mail_addresses(text: str, spelt: str | None) -> None:
    assert normal.email(text) == spelt


@pytest.mark.parametrize(
    ("text", "country", "spelt"),
    [
        ("0300 1234567", "PK", "+923001234567"),
        ("300-123-4567", "PK", "+923001234567"),
        ("92 300 1234567", "PK", "+923001234567"),
        ("+92 (0) 300 1234567".replace("(0) ", "(0)"), "PK", "+923001234567"),
        ("٠٣٠٠١٢٣٤٥٦٧", "PK", "+923001234567"),
        ("020 7946 0018 ext. 12", "GB", "+442079460018"),
        ("+44 20 7946 0018", "PK", "+442079460018"),
        ("(212) 555-0199", "US", "+12125550199"),
        ("1-212-555-0199", "US", "+12125550199"),
        ("06 1234 5678", "IT", "+390612345678"),  # Italy keeps its zero
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("0300 1234567", None, "03001234567"),
        ("00000000", "PK", None),
        ("12", "PK", None),
        ("call me", "PK", None),
    ],
)
def test_telephone_numbers(text: str, country: str | None, spelt: str | None) -> None:
    assert phone(text, country) == spelt


@pytest.mark.parametrize(
    ("text", "day_first", "spelt"),
    [
        ("1984-02-03", True, "1984-02-03"),
        ("1984-02-03 00:00:00", True, "1984-02-03"),
        ("03/02/1984", True, "1984-02-03"),
        ("03/02/1984", False, "1984-03-02"),
        ("03/13/1984", True, "1984-03-13"),
        ("13/03/1984", False, "1984-03-13"),
        ("3.2.1984", True, "1984-02-03"),
        ("19841399", True, "1984-13-99"),  # a slip is kept: the rest of it tells
        ("84-02-03", True, None),
        ("soon", True, None),
    ],
)
def test_dates_of_birth(text: str, day_first: bool, spelt: str | None) -> None:
    assert normal.birth_date(text, day_first=day_first) == spelt
