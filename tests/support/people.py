"""Made customers, some there twice or more, with the truth: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

URDU = {
    "muhammad": "محمد",
    "ahmed": "احمد",
    "fatima": "فاطمہ",
    "ayesha": "عائشہ",
    "hassan": "حسن",
    "bilal": "بلال",
    "imran": "عمران",
    "nadia": "نادیہ",
    "saima": "صائمہ",
    "tariq": "طارق",
    "kamran": "کامران",
    "rashid": "راشد",
    "khan": "خان",
    "malik": "ملک",
    "qureshi": "قریشی",
    "siddiqui": "صدیقی",
    "butt": "بٹ",
    "shah": "شاہ",
    "iqbal": "اقبال",
    "rehman": "رحمان",
}
SPELT = {"muhammad": "Mohammed", "ahmed": "Ahmad", "qureshi": "Qureshy", "ayesha": "Aisha"}
GIVEN_MORE = (
    "john mary peter susan david laura michael anna george helen thomas emma robert alice william "
    "julia josé zoë"
)
FAMILY_MORE = "smith jones brown taylor"
GIVEN = [*list(URDU)[:12], *GIVEN_MORE.split()]
FAMILY = [*list(URDU)[12:], *FAMILY_MORE.split()]
_STARTS = "al bar cor dun ell far gar hol kes lang mar nor pen ros sel tor ul ver wex yar"
_ENDS = "by combe den ford gate ham ley more ness over rick stead ton ville wick worth"
_CITIES = "Lahore Karachi Multan Leeds York Bath Derby Truro Quetta Sialkot"
STARTS, ENDS, CITIES = _STARTS.split(), _ENDS.split(), _CITIES.split()
DOMAINS = ("gmail.com", "example.org", "example.net", "post.example")
COLUMNS = ("customer_id", "given_name", "family_name", "email", "phone", "birth_date", "city")


@dataclass(frozen=True)
class People:
    """Rows, in no order, and record -> person."""

    rows: tuple[tuple[str | None, ...], ...]
    person: Mapping[str, int]

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """Return the pairs of records that are one person, the lower key first."""
        members: dict[int, list[str]] = {}
        for record, person in sorted(self.person.items()):
            members.setdefault(person, []).append(record)
        return {
            (one, other)
            for group in members.values()
            for place, one in enumerate(group)
            for other in group[place + 1 :]
        }


def make_people(persons: int, seed: int, *, twice: float = 0.3, households: float = 0.0) -> People:
    """Return persons of whom a share, 0-1, has a second record and some a third.

    Another share lives with the person before: another given name, date of birth and mailbox, but
    the same family name, telephone and city.
    """
    dice = random.Random(seed)
    rows: list[tuple[str | None, ...]] = []
    person_of: dict[str, int] = {}
    numbers = list(range(10_000, 10_000 + 3 * persons))
    dice.shuffle(numbers)
    original: tuple[str | None, ...] = ()
    for person in range(persons):
        before = original if person and dice.random() < households else None
        original = _original(dice, before)
        copies = (dice.random() < twice) + (dice.random() < twice / 5)
        for copy in range(1 + copies):
            record = f"C{numbers.pop()}"
            told = original if copy == 0 else _again(original, dice)
            rows.append((record, *told))
            person_of[record] = person
    dice.shuffle(rows)
    return People(tuple(rows), person_of)


def _original(
    dice: random.Random, relative: tuple[str | None, ...] | None
) -> tuple[str | None, ...]:
    given = dice.choice([name for name in GIVEN if not relative or name.title() != relative[0]])
    family = dice.choice(FAMILY) if dice.random() < 0.4 else dice.choice(STARTS) + dice.choice(ENDS)
    if relative:
        family = (relative[1] or "").lower()
    number = dice.randrange(1, 10_000)
    email = f"{given}.{family}{number}@{dice.choice(DOMAINS)}".replace("é", "e").replace("ë", "e")
    phone = f"03{dice.randrange(10**9):09d}"
    born = f"{dice.randrange(1940, 2006)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
    city: str | None = dice.choice(CITIES)
    shared = (phone, city) if relative is None else (relative[3], relative[5])
    return given.title(), family.title(), email, shared[0], born, shared[1]


def _again(original: tuple[str | None, ...], dice: random.Random) -> tuple[str | None, ...]:
    """Return the person as another clerk, form or keyboard writes them."""
    given, family, email, phone, born, city = (text or "" for text in original)
    told: list[str | None] = [given, family, email, phone, born, city]
    way = dice.randrange(5)
    if way == 0:
        told[0], told[1] = family, given
    elif way == 1:
        told[0] = URDU.get(given.lower(), SPELT.get(given.lower(), given.upper()))
        told[1] = URDU.get(family.lower(), SPELT.get(family.lower(), family.upper()))
    elif way == 2:
        told[1] = _slip(family, dice)
    elif way == 3:
        told[0] = _slip(given, dice)
    year, month, day = born.split("-")
    forms = (
        f"+92 {phone[1:4]} {phone[4:]}",
        f"0092{phone[1:]}",
        f"({phone[:4]}) {phone[4:7]}-{phone[7:]}",
    )
    told[3] = dice.choice((phone, *forms))
    told[4] = dice.choice((born, f"{day}/{month}/{year}", f"{year}{month}{day}"))
    lost = dice.randrange(8)  # one thing is missing or another one, or a digit slipped
    if lost in (2, 3, 5):
        told[lost] = None
    elif lost == 4:
        told[2] = email.upper()
    elif lost == 6:
        told[3] = f"03{dice.randrange(10**9):09d}"
    elif lost == 7:
        told[4] = f"{year}-{month}-{(int(day) % 28) + 1:02d}"
    return tuple(told)


def _slip(text: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(text))
    return dice.choice(
        (
            text[:place] + text[place + 1 :],
            text[:place] + dice.choice("aeinrst") + text[place:],
            text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :],
        )
    )
