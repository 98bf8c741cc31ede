"""People who do not exist: names, addresses, e-mails of example.org, telephone numbers for drama.

A postcode decides its town, a town its county and region: dependencies that a dirty source breaks.
Telephone numbers lie in the ranges that the British regulator keeps free for film and television.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields

import numpy as np

from workbench.data.demo.names import TRADITIONS
from workbench.data.demo.shared import Floats, Ints, Texts, choose, texts

__all__ = [
    "POSTCODES",
    "TOWNS",
    "People",
    "full_names",
    "invent_people",
    "person_of",
    "phone_numbers",
    "plain",
]

# Town, county, region, postcode area, weight (roughly the size).
TOWNS: tuple[tuple[str, str, str, str, float], ...] = (
    ("York", "North Yorkshire", "Yorkshire", "YO", 6),
    ("Leeds", "West Yorkshire", "Yorkshire", "LS", 9),
    ("Bradford", "West Yorkshire", "Yorkshire", "BD", 6),
    ("Halifax", "West Yorkshire", "Yorkshire", "HX", 3),
    ("Sheffield", "South Yorkshire", "Yorkshire", "S", 7),
    ("Hull", "East Riding", "Yorkshire", "HU", 4),
    ("Harrogate", "North Yorkshire", "Yorkshire", "HG", 3),
    ("Manchester", "Greater Manchester", "North West", "M", 9),
    ("Oldham", "Greater Manchester", "North West", "OL", 3),
    ("Bolton", "Greater Manchester", "North West", "BL", 3),
    ("Blackburn", "Lancashire", "North West", "BB", 2),
    ("Preston", "Lancashire", "North West", "PR", 3),
    ("Lancaster", "Lancashire", "North West", "LA", 2),
    ("Carlisle", "Cumbria", "North West", "CA", 2),
    ("Newcastle", "Tyne and Wear", "North East", "NE", 5),
    ("Sunderland", "Tyne and Wear", "North East", "SR", 3),
    ("Durham", "County Durham", "North East", "DH", 2),
    ("Nottingham", "Nottinghamshire", "Midlands", "NG", 5),
    ("Leicester", "Leicestershire", "Midlands", "LE", 5),
    ("Derby", "Derbyshire", "Midlands", "DE", 3),
    ("Birmingham", "West Midlands", "Midlands", "B", 9),
    ("Cardiff", "South Glamorgan", "Wales", "CF", 4),
    ("Swansea", "West Glamorgan", "Wales", "SA", 2),
    ("Edinburgh", "Midlothian", "Scotland", "EH", 5),
    ("Glasgow", "Lanarkshire", "Scotland", "G", 6),
    ("Bristol", "Avon", "South West", "BS", 4),
    ("Exeter", "Devon", "South West", "EX", 2),
    ("London", "Greater London", "South East", "SE", 14),
    ("Brighton", "East Sussex", "South East", "BN", 3),
    ("Oxford", "Oxfordshire", "South East", "OX", 2),
)
_PER_TOWN = 8
_INWARD = ("AA", "BD", "EF", "GH", "JL", "NP", "QR", "TW")
POSTCODES: tuple[str, ...] = tuple(
    f"{town[3]}{k + 1} {(k * 3) % 9 + 1}{_INWARD[k]}" for town in TOWNS for k in range(_PER_TOWN)
)
"""Eight postcodes for each town, in the order of :data:`TOWNS`."""

# Kept free for drama by Ofcom, a thousand numbers each.
_DRAMA = (
    "07700 900",
    "01632 960",
    "0113 496 0",
    "0114 496 0",
    "0115 496 0",
    "0116 496 0",
    "0117 496 0",
    "0118 496 0",
    "0121 496 0",
    "0131 496 0",
    "0141 496 0",
    "0151 496 0",
    "0161 496 0",
    "0191 498 0",
    "020 7946 0",
    "029 2018 0",
)


@dataclass(frozen=True)
class People:
    """People, one element per person in every array.

    Parameters
    ----------
    given, family
        The name as its owner writes it; may be Urdu or Arabic.
    given_latin, family_latin
        The same name in letters that cp1252 holds.
    email, phone
        Contact, unique per person up to 16,000 people.
    birth_year
        Whole years, 1940 to 2006.
    postcode_index
        Index into :data:`POSTCODES`.
    postcode, town, county, region
        The address, consistent.
    """

    given: Texts
    family: Texts
    given_latin: Texts
    family_latin: Texts
    email: Texts
    phone: Texts
    birth_year: Ints
    postcode_index: Ints
    postcode: Texts
    town: Texts
    county: Texts
    region: Texts


def plain(text: str) -> str:
    """Return a text in lower-case ASCII letters only, as for an e-mail address.

    Examples
    --------
    >>> plain("García-Ibáñez")
    'garciaibanez'
    """
    folded = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("ß", "ss"))
    return "".join(c for c in folded.lower() if c.isascii() and c.isalpha())


def full_names(people: People) -> Texts:
    """Return given and family name, as their owners write them."""
    pairs = zip(people.given.tolist(), people.family.tolist(), strict=True)
    return texts([f"{given} {family}" for given, family in pairs])


def person_of(people: People, index: Ints) -> People:
    """Return the people at some indices, in that order; an index may come twice."""
    return People(**{part.name: getattr(people, part.name)[index] for part in fields(People)})


def phone_numbers(rng: np.random.Generator, size: int) -> Texts:
    """Return telephone numbers of the drama ranges, without repeats up to 16,000."""
    pool = len(_DRAMA) * 1000
    drawn = np.concatenate([rng.permutation(pool) for _ in range(size // pool + 1)])[:size]
    return texts([f"{_DRAMA[n // 1000]}{n % 1000:03d}" for n in drawn.tolist()])


def invent_people(rng: np.random.Generator, size: int) -> People:
    """Return ``size`` invented people.

    Parameters
    ----------
    rng
        Where all chance comes from.
    size
        How many; at least 1.
    """
    shares = np.array([share for share, _, _ in TRADITIONS])
    tradition = choose(rng, shares, size).tolist()
    luck = rng.random((size, 2)).tolist()
    given, family = [], []
    for k, (first, last) in zip(tradition, luck, strict=True):
        _, givens, families = TRADITIONS[k]
        given.append(givens[int(first * len(givens))])
        family.append(families[int(last * len(families))])
    hosts = ("example.org", "mail.example.org", "post.example.org")
    host = choose(rng, np.array([0.7, 0.2, 0.1]), size).tolist()
    email = [
        f"{plain(g[1])}.{plain(f[1])}{n}@{hosts[h]}"
        for n, (g, f, h) in enumerate(zip(given, family, host, strict=True), start=10)
    ]
    weights: Floats = np.array([town[4] for town in TOWNS], dtype=np.float64)
    town = choose(rng, weights / weights.sum(), size)
    postcode = town * _PER_TOWN + rng.integers(0, _PER_TOWN, size)
    return People(
        given=texts([g[0] for g in given]),
        family=texts([f[0] for f in family]),
        given_latin=texts([g[1] for g in given]),
        family_latin=texts([f[1] for f in family]),
        email=texts(email),
        phone=phone_numbers(rng, size),
        birth_year=1940 + (rng.beta(2.2, 2.0, size) * 67).astype(np.int64),
        postcode_index=postcode,
        postcode=texts(POSTCODES)[postcode],
        town=texts([t[0] for t in TOWNS])[town],
        county=texts([t[1] for t in TOWNS])[town],
        region=texts([t[2] for t in TOWNS])[town],
    )
