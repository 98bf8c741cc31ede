"""A list of an earlier day, as a notebook is given it: who was contacted, and who was held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.archived import Archived
from workbench.errors import SnapshotError
from workbench.params import parse_as_of

__all__ = ["EarlierList", "read_list"]


@dataclass(frozen=True)
class EarlierList:
    """Who was to be contacted, and who was held out by chance, on an earlier day.

    Parameters
    ----------
    day
        The day that the list was made as of.
    customers
        One row for each customer: ``customer_id``; ``arm``, ``contact`` or ``held out``; where the
        list told them also ``value`` and ``margin``. Empty where there is a `problem`.
    is_shown
        Whether that day's edition shows how many were contacted and how many held out. Where it
        hides one of them, no report may show it: a small group could be computed from it.
    problem
        Why it cannot be read, in words; else empty.
    """

    day: date
    customers: pd.DataFrame
    is_shown: bool = True
    problem: str = ""


def read_list(home: Path, archived: Archived) -> EarlierList:
    """Return a list of an earlier day.

    A file that is no list gives an empty one that says so: the same for the same bytes.

    Parameters
    ----------
    home
        The unit's folder of data.
    archived
        The list.

    Raises
    ------
    SnapshotError
        When the file is gone, or is another one than the report's key tells.
    """
    day = parse_as_of(archived.day)
    try:
        content = (home / archived.file).read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != archived.digest:
        raise SnapshotError(
            f"the list `{archived.id}` of {archived.day} is no longer here, or was changed since",
            where=f"{home.parent.name}/{home.name}/{archived.file}",
            fix="Run again: the report is then given what is there.",
        )
    try:
        customers = pq.read_table(pa.BufferReader(content)).to_pandas()
    except (pa.ArrowException, OSError):
        customers = pd.DataFrame()
    if not {"customer_id", "arm", "shown"} <= set(customers.columns):
        nobody = pd.DataFrame({"customer_id": [], "arm": []}, dtype="str")
        return EarlierList(day, nobody, problem="its file is damaged")
    return EarlierList(day, customers.drop(columns="shown"), bool(customers["shown"].all()))
