"""Which list of an earlier day a report is given, so that it can say what the list brought.

The suite keeps who was to be contacted and who was held out, day by day:
``actions/earlier/<as_of>/<report>.<list>.parquet`` in the unit's folder of data. Of each of its
lists a report is given the newest that is `LIST_DAYS` old, and no other one: what is removed
before or after it does not matter then, and a run on the same day is given the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from workbench.data.gone import EARLIER_LISTS
from workbench.files import digest_of_file

__all__ = ["LIST_DAYS", "Archived", "days_needed", "lists_to_measure"]

LIST_DAYS = 28
"""How many days after its day a list is measured, at least: four whole weeks, and any month."""


@dataclass(frozen=True)
class Archived:
    """A list of an earlier day.

    Parameters
    ----------
    report, id
        Whose list, and which.
    day
        The day that it was made as of, ``YYYY-MM-DD``.
    digest
        SHA-256 of its file, in hexadecimal.
    """

    report: str
    id: str
    day: str
    digest: str

    @property
    def file(self) -> str:
        """Return its file in the unit's folder of data."""
        return f"{EARLIER_LISTS}/{self.day}/{self.report}.{self.id}.parquet"

    @property
    def told(self) -> dict[str, str]:
        """Return it as a job's key and a job's file tell it, under its id."""
        return {"day": self.day, "digest": self.digest}

    def is_here(self, home: Path) -> bool:
        """Tell whether its file is in the unit's folder of data, with the same bytes."""
        path = home / self.file
        return path.is_file() and digest_of_file(path) == self.digest


def lists_to_measure(home: Path, as_of: date) -> dict[str, dict[str, Archived]]:
    """Return what each report is given: report -> list -> the newest that is old enough.

    Parameters
    ----------
    home
        The unit's folder of data.
    as_of
        The day of the new edition.
    """
    newest: dict[str, Path] = {}
    for folder in _days(home):
        if folder.name <= _last(as_of):
            newest |= {path.stem: path for path in folder.glob("[!.]*.*.parquet")}
    found: dict[str, dict[str, Archived]] = {}
    for name, path in sorted(newest.items()):
        report, _, id = name.partition(".")
        archived = Archived(report, id, path.parent.name, digest_of_file(path))
        found.setdefault(report, {})[id] = archived
    return found


def days_needed(home: Path, as_of: date) -> set[str]:
    """Return the days whose lists an edition of a day, or of any after it, may be given.

    Parameters
    ----------
    home
        The unit's folder of data.
    as_of
        The day.
    """
    days = [folder.name for folder in _days(home)]
    old = [day for day in days if day <= _last(as_of)]
    return {*days[len(old) :], *old[-1:]}


def _last(as_of: date) -> str:
    return (as_of - timedelta(days=LIST_DAYS)).isoformat()


def _days(home: Path) -> Iterable[Path]:
    """Return the folders of earlier lists, the oldest first."""
    return sorted(path for path in (home / EARLIER_LISTS).glob("[!.]*") if path.is_dir())
