"""All lists of a unit, settled: candidates in, lists and what the edition tells of them out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.errors import PublishError
from workbench.suite.contacts.files import (
    ARMS,
    Archive,
    Worth,
    contacts_made,
    keys_of,
    read_candidates,
    write_list,
)
from workbench.suite.contacts.places import candidates_folder, files_of, settling_folder
from workbench.suite.contacts.policy import Policy
from workbench.suite.contacts.settling import OUTCOMES, Candidates, Outcome, SettledList, settle
from workbench.suite.contacts.told import Fates, tell_counts, tell_totals, tell_worth
from workbench.suite.manifest import Entry

__all__ = ["SCHEMA", "Settled", "settle_unit"]

SCHEMA = 1
"""The version of the form of ``contacts.json``."""


@dataclass(frozen=True)
class Settled:
    """The lists of a unit, made and not yet in their places.

    Parameters
    ----------
    document
        What ``contacts.json`` holds.
    folder
        The hidden folder that holds the files.
    """

    document: Mapping[str, Any]
    folder: Path

    def put(self, actions: Path) -> None:
        """Put the files in their places in the unit's owner-only folder, each in one step."""
        for name, _ in files_of(self.document):
            target = actions / name
            for inner in reversed(target.relative_to(actions).parents[:-1]):
                (actions / inner).mkdir(mode=0o700, exist_ok=True)
            (self.folder / name).replace(target)

    def discard(self) -> None:
        """Remove what is not in its place."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class _List:
    """One list: what its report recorded, and its candidates."""

    name: str
    report: str
    title: str
    as_of: str
    record: Mapping[str, Any]
    rows: pa.Table
    order: tuple[int, str, int]


def settle_unit(
    head: Mapping[str, Any], entries: Sequence[Entry], actions: Path, touchpoints: Path | None
) -> Settled:
    """Settle all lists of a unit, and make their files in a hidden folder.

    Parameters
    ----------
    head
        What the edition's manifest says of the whole, with ``contacts``.
    entries
        The edition's reports.
    actions
        The unit's owner-only folder, with the candidates.
    touchpoints
        The Parquet file of contacts made; None where the unit has none.

    Raises
    ------
    PublishError
        When candidates are gone, or not those that a report recorded.
    """
    asked, day = head["contacts"], str(head["as_of"])
    policy, min_group = Policy.from_json(asked["policy"]), int(asked["min_group"])
    lists = {one.name: one for one in _lists(entries, actions)}
    candidates = [
        Candidates(
            one.name,
            one.order,
            keys_of(one.rows),
            _refused(one),
            float(one.record["holdout_share"]),
        )
        for one in lists.values()
    ]
    made: dict[str, int] = {}
    if touchpoints is not None:
        everyone = sorted({key for one in candidates for key in one.customers})
        made = contacts_made(touchpoints, everyone, day, policy.period_days)
    settled = settle(candidates, policy=policy, contacts=made, seed=int(asked["seed"]))
    made_lists = [lists[one.name] for one in settled]
    counts, sums = _counts(made_lists, settled, min_group)
    folder = settling_folder(actions)
    written = []
    twice = Counter(str(one.record["id"]) for one in lists.values())
    for own, one, counted in zip(made_lists, settled, counts, strict=True):
        # Two reports may call a list the same: then each file says whose it is.
        stem = str(own.record["id"]) if twice[str(own.record["id"])] == 1 else one.name
        archive = Archive(one.name, day, None not in [counted[arm]["customers"] for arm in ARMS])
        written.append(write_list(folder, stem, own.rows, one.outcomes, own.record, archive))
    document = _document(head, policy, made_lists, settled, counts, sums, written)
    document["touchpoints"] = touchpoints is not None
    document["min_group"] = min_group
    return Settled(document, folder)


def _lists(entries: Sequence[Entry], actions: Path) -> list[_List]:
    found = []
    for entry in entries:
        folder = candidates_folder(actions, entry.report)
        for place, record in enumerate(entry.results.get("actions", ())):
            rows = read_candidates(folder / str(record["file"]), str(record["digest"]))
            found.append(
                _List(
                    f"{entry.report}.{record['id']}",
                    entry.report,
                    entry.title,
                    entry.as_of,
                    record,
                    rows,
                    (entry.order, entry.report, place),
                )
            )
    return found


def _refused(one: _List) -> int:
    """Return how many qualify and did not agree, as the candidates' file tells its owner."""
    return int((one.rows.schema.metadata or {})[b"no_consent"])


def _joint(
    customers: Sequence[Sequence[str]], outcomes: Sequence[Sequence[Outcome]]
) -> Counter[Fates]:
    """Return what became of a customer on each list -> how many customers."""
    base = len(OUTCOMES) + 1
    code = {outcome: place for place, outcome in enumerate(OUTCOMES, 1)}
    fates: Counter[str] = Counter()  # a number for each customer: a digit for each list
    for place, (keys, own) in enumerate(zip(customers, outcomes, strict=True)):
        for key, outcome in zip(keys, own, strict=True):
            fates[key] += code[outcome] * base**place
    names = (None, *OUTCOMES)
    return Counter(
        {
            tuple(names[number // base**place % base] for place in range(len(customers))): many
            for number, many in Counter(fates.values()).items()
        }
    )


def _check_sum(record: Mapping[str, Any], settled: SettledList) -> None:
    """Hold that all who qualify are contacted, held out or withheld: nobody is lost or twice."""
    told, found = record["customers"], sum(settled.counts.values())
    if found != settled.received or (told is not None and told != found):
        raise PublishError(
            f"{told} customers qualify and {found} are contacted, held out or withheld",
            where=settled.name,
            fix="Run again with --force; if it stays so, this is a fault of workbench.",
        )


def _counts(
    lists: Sequence[_List], settled: Sequence[SettledList], min_group: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the numbers of each list and their sums, as they may be shown."""
    joint = _joint([keys_of(one.rows) for one in lists], [one.outcomes for one in settled])
    records = [one.record for one in lists]
    return tell_counts([one.counts for one in settled], joint, records, min_group)


def _document(
    head: Mapping[str, Any],
    policy: Policy,
    lists: Sequence[_List],
    settled: Sequence[SettledList],
    counts: Sequence[Mapping[str, Any]],
    sums: Mapping[str, Any],
    written: Sequence[tuple[Mapping[str, Any], Worth]],
) -> dict[str, Any]:
    min_group = int(head["contacts"]["min_group"])
    told = []
    for own, one, counted, (files, worth) in zip(lists, settled, counts, written, strict=True):
        record = own.record
        _check_sum(record, one)
        told.append(
            {
                "name": one.name,
                "report": own.report,
                "report_title": own.title,
                "id": record["id"],
                "label": record["label"],
                "place": one.place,
                "as_of": own.as_of,
                "is_named": one.name in policy.priority,
                "received": record["customers"],
                "received_display": record["customers_display"],
                "counts": counted,
                **tell_worth(worth, counted["contact"], record, min_group),
                "unit": record["unit"],
                "holdout_share": record["holdout_share"],
                "consent_known": record["consent_known"],
                "key": record["key"],
                "columns": record["columns"],
                "files": dict(files),
            }
        )
    names = [one.name for one in lists]
    return {
        "schema": SCHEMA,
        "suite": head["suite"],
        "unit": head["unit"],
        "title": head["title"],
        "owner": head["owner"],
        "as_of": head["as_of"],
        "policy": policy.to_json(),
        "named_but_not_made": [name for name in policy.priority if name not in names],
        "lists": told,
        "all": tell_totals(told, sums),
    }
