"""Findings that are new, gone, say the opposite, say something else, or hold other numbers.

Findings keep their ids from edition to edition. Whether one says the opposite is read from a few
plain signs only: it became a warning or ceased to be one, a pair of opposite words changed sides,
or the first number with a sign changed it. What turns round in another way counts as changed, and
both sentences stand side by side for the reader to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from workbench.suite.compare.model import FindingChange
from workbench.suite.compare.told import Record

__all__ = ["compare_findings", "says_the_opposite", "words_alone"]

State = Literal["new", "gone", "reversed", "changed", "updated"]
# The first side is looked for only where the second does not stand: "no effect is shown".
_OPPOSITES = (
    (r"better", r"worse"),
    (
        r"rose|risen|rises?|rising|increase[sd]?|increasing|went up",
        r"fell|fallen|falls?|falling|decrease[sd]?|decreasing|declined?|dropped|went down",
    ),
    (r"grew|grown|grows?|growing", r"shrank|shrunk|shrinks?|shrinking"),
    (r"more", r"fewer|less"),
    (r"higher|highest", r"lower|lowest"),
    (r"above", r"below"),
    (r"faster|sooner", r"slower"),
    (r"gain(?:s|ed)?", r"los(?:s|es|t)"),
    (r"an effect is shown", r"no effect is shown"),
    (r"reached|met", r"missed"),
    (r"passed", r"failed"),
    (r"keep", r"stop"),
)
_PAIRS = tuple(
    tuple(re.compile(rf"\b(?:{side})\b", re.IGNORECASE) for side in pair) for pair in _OPPOSITES
)
_SIGN = re.compile(r"(?<![\w.,%)])([+−-])(?=[£$€¥₹]?\d)")
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_NUMBER = re.compile(
    rf"\d{{1,2}} {_MONTHS} \d{{4}}|[+−-]?[<>]?[£$€¥₹]?\d(?:[\d.,:-]*\d)?%?"
    r"(?: (?:million|billion|trillion)\b)?"
)
_PLURAL = re.compile(r"# (\w+?)s?\b")
_CHANCE_KINDS = {"answer", "warning"}


def compare_findings(
    report: str, title: str, old: Sequence[Record], new: Sequence[Record]
) -> list[FindingChange]:
    """Return what is not as it was among the findings of one report.

    Parameters
    ----------
    report, title
        The report.
    old, new
        What it recorded in each edition.
    """
    before = {str(finding["id"]): finding for finding in old}
    now = {str(finding["id"]): finding for finding in new}
    return [
        change
        for name in dict.fromkeys((*now, *before))
        for change in _changes(report, title, before.get(name), now.get(name))
    ]


def _changes(
    report: str, title: str, old: Record | None, new: Record | None
) -> Iterator[FindingChange]:
    told = new if new is not None else old
    assert told is not None
    one, other = _said(old), _said(new)
    if one == other:
        return
    state, words = _state(old, new)
    yield FindingChange(
        report=report,
        report_title=title,
        id=str(told["id"]),
        kind=str(told["kind"]),
        state=state,
        old_text=one[1],
        new_text=other[1],
        old_decision=one[2],
        new_decision=other[2],
        words=words,
    )


def _state(old: Record | None, new: Record | None) -> tuple[State, str]:
    """Return how two versions that are not the same differ, and why that is said."""
    if old is None or new is None:
        return ("new" if old is None else "gone"), ""
    words = says_the_opposite(old, new)
    if words:
        return "reversed", words
    one, other = _said(old), _said(new)
    if [words_alone(text) for text in one] == [words_alone(text) for text in other]:
        return "updated", ""
    if bool(one[2]) != bool(other[2]):
        asked = "a decision is asked for now" if other[2] else "no decision is asked for any more"
        return "changed", asked
    return "changed", ""


def _said(finding: Record | None) -> tuple[str, str, str]:
    """Return a finding's kind, text and decision; empty where there is none."""
    if finding is None:
        return "", "", ""
    return str(finding["kind"]), str(finding["text"]), str(finding.get("decision") or "")


def says_the_opposite(old: Record, new: Record) -> str:
    """Return in a few words what turned round between two versions of a finding; empty if nothing.

    Parameters
    ----------
    old, new
        The records of the finding.

    Examples
    --------
    >>> old = {"kind": "answer", "text": "Newer cohorts did better.", "decision": None}
    >>> says_the_opposite(old, {**old, "text": "Newer cohorts did worse."})
    'better → worse'
    """
    kinds = {str(old["kind"]), str(new["kind"])}
    if kinds == _CHANCE_KINDS:
        return f"{old['kind']} → {new['kind']}"
    for key in ("text", "decision"):
        turned = _turned(str(old.get(key) or ""), str(new.get(key) or ""))
        if turned:
            return turned
    return ""


def _turned(old: str, new: str) -> str:
    for pair in _PAIRS:
        one, other = (_side(text, pair) for text in (old, new))
        if one and other and one[0] != other[0]:
            return f"{one[1]} → {other[1]}"
    signs = [found[1] for text in (old, new) if (found := _SIGN.search(text))]
    if len(signs) == 2 and (signs[0] == "+") != (signs[1] == "+"):
        return f"{signs[0]} → {signs[1]}".replace("-", "−")
    return ""


def _side(text: str, pair: Sequence[re.Pattern[str]]) -> tuple[int, str] | None:
    """Return which side of a pair a text takes, and the word; None when neither or both."""
    second = [found[0].lower() for found in pair[1].finditer(text)]
    first = [found[0].lower() for found in pair[0].finditer(pair[1].sub(" ", text))]
    if bool(first) == bool(second):
        return None
    return (0, first[0]) if first else (1, second[0])


def words_alone(text: str) -> str:
    """Return a text with its numbers, amounts and dates taken out.

    Examples
    --------
    >>> words_alone("788 customers bring £1.08 million (43.3%) by 30 Jun 2025")
    '# customer bring # (#) by #'
    """
    return _PLURAL.sub(r"# \1", _NUMBER.sub("#", text))
