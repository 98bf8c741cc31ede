"""Invented names in four scripts and traditions, each with the Latin form that a till can print.

Every entry is a pair: the name as its owner writes it, and as a cp1252 till spells it. Any likeness
of a combination to a living person is chance.
"""

from __future__ import annotations

__all__ = ["TRADITIONS", "Tradition"]

Tradition = tuple[float, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


def _same(names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in names.split())


_ENGLISH_GIVEN = _same(
    "Alice Amelia Anne Arthur Beatrice Benjamin Callum Catherine Charlotte Clara Daniel David "
    "Deborah Duncan Edith Edward Eleanor Ellis Emily Esther Evan Fiona Frances Frederick George "
    "Grace Gwen Hannah Harriet Harry Hazel Helen Henry Hugh Imogen Isaac Isla Jack James Jane Jean "
    "Joan Joseph Judith Julia Katherine Keith Laura Lewis Lily Lucy Malcolm Margaret Martha Mary "
    "Matthew Michael Miriam Morag Nathan Nora Oliver Olivia Owen Patricia Peter Phoebe Rachel "
    "Rebecca Rhys Robert Rosemary Rowan Ruth Samuel Sarah Simon Sophie Stella Susan Theodore "
    "Thomas Victoria Violet Walter William Winifred"
)
_ENGLISH_FAMILY = _same(
    "Abbott Ainsworth Appleby Armitage Ashworth Atkinson Bagshaw Barraclough Beaumont Birtwhistle "
    "Blackwood Booth Bradley Bramley Briggs Broadbent Burnside Butterfield Calvert Cartwright "
    "Chadwick Clegg Crabtree Dalton Denby Dewhurst Dobson Earnshaw Eastwood Eccles Fairclough "
    "Fenwick Firth Garside Gledhill Greenwood Hainsworth Hallam Hargreaves Hartley Haworth Hebden "
    "Heywood Hinchcliffe Holroyd Horsfall Illingworth Ingham Jagger Kershaw Langstaff Lockwood "
    "Lumb Marsden Metcalfe Midgley Murgatroyd Naylor Netherwood Oldroyd Ormerod Pickles Priestley "
    "Ramsden Rawnsley Redfearn Rushworth Schofield Shackleton Sutcliffe Swales Tattersall Thackray "
    "Thwaite Uttley Varley Wadsworth Walmsley Whitaker Widdop Wigglesworth Woodhead Wrigley Yardley"
)
_ACCENTED_GIVEN = (
    ("Zoë", "Zoe"),
    ("Chloé", "Chloe"),
    ("René", "Rene"),
    ("José", "José"),
    ("Søren", "Søren"),
    ("Łukasz", "Lukasz"),
    ("Agnieszka", "Agnieszka"),
    ("Małgorzata", "Malgorzata"),
    ("Jürgen", "Jürgen"),
    ("Françoise", "Françoise"),
    ("Begoña", "Begoña"),
    ("Siân", "Siân"),
    ("Željko", "Željko"),
    ("Ágnes", "Ágnes"),
    ("Đorđe", "Djordje"),
)
_ACCENTED_FAMILY = (
    ("Núñez", "Núñez"),
    ("Müller-Groß", "Mueller-Gross"),
    ("Wiśniewski", "Wisniewski"),
    ("Żuraw", "Zuraw"),
    ("Lefèvre", "Lefèvre"),
    ("Ångström", "Ångström"),
    ("O’Brádaigh", "O'Bradaigh"),
    ("García-Ibáñez", "García-Ibáñez"),
    ("Kovačević", "Kovacevic"),
    ("Sørensen", "Sørensen"),
    ("Çelik", "Çelik"),
    ("Nagyné Tóth", "Nagyné Tóth"),
)
_URDU_GIVEN = (
    ("عائشہ", "Ayesha"),
    ("فاطمہ", "Fatima"),
    ("زینب", "Zainab"),
    ("بلال", "Bilal"),
    ("حمزہ", "Hamza"),
    ("عمران", "Imran"),
    ("نادیہ", "Nadia"),
    ("صائمہ", "Saima"),
    ("کامران", "Kamran"),
    ("شازیہ", "Shazia"),
    ("فیصل", "Faisal"),
    ("مہوش", "Mehwish"),
    ("طارق", "Tariq"),
    ("رابعہ", "Rabia"),
)
_URDU_FAMILY = (
    ("قریشی", "Qureshi"),
    ("چوہدری", "Chaudhry"),
    ("بھٹی", "Bhatti"),
    ("صدیقی", "Siddiqui"),
    ("مرزا", "Mirza"),
    ("شیخ", "Sheikh"),
    ("گیلانی", "Gilani"),
    ("راجپوت", "Rajput"),
    ("ہاشمی", "Hashmi"),
    ("عباسی", "Abbasi"),
    ("کھوکھر", "Khokhar"),
)
_ARABIC_GIVEN = (
    ("ليلى", "Layla"),
    ("مريم", "Maryam"),
    ("يوسف", "Yousef"),
    ("خالد", "Khalid"),
    ("هدى", "Huda"),
    ("سلمى", "Salma"),
    ("إبراهيم", "Ibrahim"),
    ("رانيا", "Rania"),
    ("طلال", "Talal"),
    ("نور", "Noor"),
    ("عبد الرحمن", "Abdulrahman"),
)
_ARABIC_FAMILY = (
    ("الخطيب", "Al-Khatib"),
    ("الحسيني", "Al-Husseini"),
    ("النجار", "Al-Najjar"),
    ("حداد", "Haddad"),
    ("منصور", "Mansour"),
    ("درويش", "Darwish"),
    ("البغدادي", "Al-Baghdadi"),
    ("قاسم", "Qasim"),
    ("شاهين", "Shaheen"),
)

TRADITIONS: tuple[Tradition, ...] = (
    (0.70, _ENGLISH_GIVEN, _ENGLISH_FAMILY),
    (0.10, _ACCENTED_GIVEN, _ACCENTED_FAMILY),
    (0.12, _URDU_GIVEN, _URDU_FAMILY),
    (0.08, _ARABIC_GIVEN, _ARABIC_FAMILY),
)
"""Share of people, given names, family names; a pair is (own spelling, Latin spelling)."""
