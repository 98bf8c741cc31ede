"""How one report of one unit stands, in few words: a cell of the table of all reports."""

from __future__ import annotations

from datetime import date

from workbench.files import read_json
from workbench.suite.editions import MANIFEST
from workbench.suite.portal.age import age_in_words
from workbench.suite.portal.views import Cell, Link
from workbench.suite.status import Status

__all__ = ["CHANGES", "CONTACTS", "cell_of"]

CHANGES = "changes.html"
CONTACTS = "contacts.html"
_WORDS = {
    "fresh": ("ok", "Ready"),
    "stale": ("stale", "Out of date"),
    "failed": ("failed", "Failed"),
    "stopped": ("stopped", "Held back"),
    "not_applicable": ("none", "Not applicable"),
    "never_run": ("none", "Not run yet"),
}


def cell_of(row: Status, suite: date, most: int) -> Cell:
    """Return how a report of a unit stands.

    Parameters
    ----------
    row
        What `suite_status` says of it.
    suite
        The suite's day.
    most
        At most so many reasons.
    """
    entry, edition = row.entry, row.edition
    look, word = _WORDS[row.condition]
    as_of = entry.as_of if entry is not None and entry.state == "ok" else ""
    # The day stands beside them already.
    reasons = [words for words in row.reasons if not words.startswith("as_of ")]
    page = ""
    if edition is not None and entry is not None and entry.has_page:
        page = f"{row.unit.name}/{edition.id}/{row.report.name}.html"
    return Cell(
        report=row.report.name,
        title=row.report.title,
        condition=row.condition,
        look=look,
        word=word,
        as_of=as_of,
        age=age_in_words(as_of, suite),
        reasons=reasons[:most],
        more=max(0, len(reasons) - most),
        href=page,
        last_good=_last_good(row),
    )


def _last_good(row: Status) -> Link | None:
    """Return the last good version of a report that failed or is held back, if it is there."""
    if row.entry is None or row.edition is None or not row.entry.last_good:
        return None
    unit, name, edition = row.unit.name, row.report.name, row.entry.last_good
    try:
        told = read_json(row.edition.folder.parent / edition / MANIFEST)
    except (OSError, ValueError):
        return None
    if told is None:
        return None
    return Link(f"{unit}/{edition}/{name}.html", str(told["reports"][name]["as_of"]))
