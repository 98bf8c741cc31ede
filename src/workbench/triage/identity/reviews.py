"""The review file: pairs that only the owner can tell apart, asked in words, and the answers.

A CSV with one row for each pair. The owner writes ``same`` or ``different`` into ``answer``; an
empty one stays open. An answered row stays in the file: the answer holds for every later load.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, one_of
from workbench.files import digest_of, replace_file
from workbench.triage.answered import answered_text, records
from workbench.triage.identity.clusters import Answer, LeftOut

if TYPE_CHECKING:  # it waits for the engine
    from workbench.triage.identity.reasons import Link

__all__ = [
    "COLUMNS",
    "Review",
    "answers_digest",
    "read_answers",
    "read_reviews",
    "to_review",
    "write_reviews",
]

COLUMNS = ("record_a", "record_b", "answer", "probability", "in_words", "reasons")
"""The columns of the file; what the records say follows, one column for each of the table's."""

ANSWERS = {"same": True, "different": False}


@dataclass(frozen=True)
class Review:
    """A row of the file.

    Parameters
    ----------
    one, other
        The records' keys, the lower text first.
    answer
        ``same``, ``different``, or empty while it is open.
    probability, in_words, reasons
        As of the load that asked, as texts.
    """

    one: str
    other: str
    answer: str = ""
    probability: str = ""
    in_words: str = ""
    reasons: str = ""


def to_review(
    links: Iterable[Link],
    of: Mapping[str, str],
    earlier: Sequence[Review],
    linked: float,
    left_out: Iterable[LeftOut] = (),
) -> tuple[Review, ...]:
    """Return the rows to write: open pairs, likeliest first, then those that are answered.

    Parameters
    ----------
    links
        Pairs from the lower threshold on (``linking.REVIEWED``).
    of
        Record -> customer: a pair that other links have joined is no question any more.
    earlier
        The rows of the file as it is, of which the answered ones stay.
    linked
        The upper threshold: pairs from it on are joined without asking. Of pairs that agree only in
        what a household shares it is the other way round: those from it on are asked, for each
        household has some, and the rest is taken for different people - as are relatives,
        whose given names or dates of birth differ.
    left_out
        Links that were not joined: those that contradict without an answer are asked too.
    """
    contradict = {(each.link.one, each.link.other) for each in left_out if each.answer is None}
    answered = {(row.one, row.other): row for row in earlier if row.answer}
    open_pairs = [
        Review(link.one, link.other, "", f"{link.probability:.4f}", link.words, link.reasons)
        for link in links
        if ((link.probability >= linked) == link.household or (link.one, link.other) in contradict)
        and not link.relatives
        and (link.one, link.other) not in answered
        and of.get(link.one, link.one) != of.get(link.other, link.other)
    ]
    open_pairs.sort(key=lambda row: (-float(row.probability), row.one, row.other))
    return (*open_pairs, *sorted(answered.values(), key=lambda row: (row.one, row.other)))


def write_reviews(
    path: Path,
    rows: Sequence[Review],
    values: Mapping[str, Mapping[str, str | None]] | None = None,
) -> None:
    """Write the review file, readable by its owner only: it holds personal data.

    Parameters
    ----------
    path, rows
        The file, and its rows.
    values
        Record -> column -> what the record says: shown as ``one | other``, in the order of the
        first record's columns.
    """
    values = values or {}
    shown = list(dict.fromkeys(name for row in rows for name in values.get(row.one, {})))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"{name} (a | b)" for name in shown)])
    for row in rows:
        both = [values.get(row.one, {}), values.get(row.other, {})]
        cells = [row.one, row.other, row.answer, row.probability, row.in_words, row.reasons]
        cells += [" | ".join(_line(record.get(name)) for record in both) for name in shown]
        writer.writerow([_harmless(cell) for cell in cells])
    replace_file(path, stream.getvalue().encode(), mode=0o600)


def read_answers(path: Path) -> tuple[Answer, ...]:
    """Return what the owner answered, in the order of the lines; nothing when there is no file.

    Raises
    ------
    ParameterError
        When the file cannot be understood; the message says line and column.
    """
    return tuple(
        Answer(row.one, row.other, ANSWERS[row.answer], f"{path}:{line}")
        for line, row in _read(path)
        if row.answer
    )


def answers_digest(path: Path) -> str:
    """Return a digest of what the owner answered; without a file, that of no answer.

    Raises
    ------
    ParameterError
        As for ``read_answers``.
    """
    return digest_of([[one.one, one.other, one.same] for one in read_answers(path)])


def read_reviews(path: Path) -> tuple[Review, ...]:
    """Return the rows of the review file; nothing when there is no file.

    Raises
    ------
    ParameterError
        As for ``read_answers``.
    """
    return tuple(row for _, row in _read(path))


def _read(path: Path) -> list[tuple[int, Review]]:
    content = answered_text(path)
    if content is None:
        return []
    found = records(path, content, ",;")
    _, _, head = next(found, (1, 1, []))
    places = _header(path, head)
    seen: dict[tuple[str, str], int] = {}
    return [
        (line, _row(path, line, cells, places, seen))
        for _, line, cells in found
        if any(cell.strip() for cell in cells)
    ]


def _header(path: Path, cells: Sequence[str]) -> dict[str, int]:
    places = {name.strip(): place for place, name in enumerate(cells)}
    for name in ("record_a", "record_b", "answer"):
        if name not in places:
            raise ParameterError(
                f"the column `{name}` is missing",
                where=f"{path}:1",
                fix="Keep the columns that the workbench wrote; only `answer` is to be filled in.",
            )
    return places


def _row(
    path: Path,
    line: int,
    cells: Sequence[str],
    places: Mapping[str, int],
    seen: dict[tuple[str, str], int],
) -> Review:
    def cell(name: str) -> str:
        place = places.get(name)
        return _plain(cells[place]) if place is not None and place < len(cells) else ""

    def refuse(name: str, what: str, fix: str) -> ParameterError:
        return ParameterError(
            what, where=f"{path}:{line}, column {places[name] + 1} (`{name}`)", fix=fix
        )

    answer = cell("answer").strip().lower()
    if answer and answer not in ANSWERS:
        raise refuse(
            "answer", f"`{answer}` is no answer", f"{one_of(answer, ANSWERS)} Or leave it empty."
        )
    for name in ("record_a", "record_b"):
        if not cell(name):
            raise refuse(
                name, "the record's key is missing", "Keep the keys as the workbench wrote them."
            )
    one, other = sorted((cell("record_a"), cell("record_b")))
    if one == other:
        raise refuse(
            "record_b", f"`{one}` stands beside itself", "Keep the keys as they were written."
        )
    before = seen.setdefault((one, other), line)
    if before != line:
        raise refuse(
            "record_b",
            f"the pair `{one}`, `{other}` stands in line {before} too",
            "Keep one of the two.",
        )
    return Review(one, other, answer, cell("probability"), cell("in_words"), cell("reasons"))


def _line(text: str | None) -> str:
    return " ".join(text.split()) if text else ""


def _harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; ``_plain`` undoes it."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r'") else text


def _plain(text: str) -> str:
    return text.removeprefix("'")
