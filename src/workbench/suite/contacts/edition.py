"""The lists of an edition in the making: settled, told, and put in their places once it is out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.snapshots import Snapshot
from workbench.errors import PublishError
from workbench.files import read_object
from workbench.params import SuiteParams, UnitParams
from workbench.suite.contacts.places import CONTACTS, clean_settling, files_of, missing_files, tidy
from workbench.suite.contacts.policy import policy_of
from workbench.suite.editions import Edition
from workbench.suite.late import import_contacts
from workbench.suite.manifest import Entry

if TYPE_CHECKING:
    from workbench.suite.contacts.unit import Settled

__all__ = ["TOUCHPOINTS", "Lists", "contacts_head", "settled_lists", "touchpoints_of", "unsettled"]

TOUCHPOINTS = "touchpoints"


def contacts_head(
    params: SuiteParams, unit: UnitParams, entries: Sequence[Entry]
) -> dict[str, Any]:
    """Return what an edition's manifest says of contacts: the policy in force; nothing of no lists.

    Parameters
    ----------
    params, unit
        The suite and the unit.
    entries
        The edition's reports.
    """
    if not any(entry.results.get("actions") for entry in entries):
        return {}
    policy = policy_of(unit).to_json()
    return {
        CONTACTS: {"policy": policy, "seed": params.seed, "min_group": params.min_group},
    }


def unsettled(
    params: SuiteParams, unit: UnitParams, edition: Edition | None, actions: Path
) -> dict[str, tuple[str, ...]]:
    """Return the reports whose lists the next run settles anew -> why, in words.

    Their candidates are as they were; it is the lists that are gone, or the policy that changed.

    Parameters
    ----------
    params, unit
        The suite and the unit.
    edition
        The served edition, or None.
    actions
        The unit's owner-only folder.
    """
    document = read_object(edition.folder / f"{CONTACTS}.json") if edition else {}
    if edition is None or not document:
        return {}
    wrong = set(missing_files(actions, edition.folder))
    same = document.get("policy") == policy_of(unit).to_json()
    found: dict[str, tuple[str, ...]] = {}
    for one in document["lists"]:
        own = [str(told["file"]) for told in one["files"].values() if told is not None]
        why = [] if same else ["the contact policy changed"]
        if gone := [name for name in own if name in wrong]:
            why.append(f"its list {', '.join(gone)} is gone, or not the one of the edition")
        if why:
            found[str(one["report"])] = (*found.get(str(one["report"]), ()), *why)
    return {report: tuple(dict.fromkeys(why)) for report, why in found.items()}


def touchpoints_of(snapshot: Snapshot) -> Path | None:
    """Return the file of contacts made; None where the unit has none."""
    table = snapshot.tables.get(TOUCHPOINTS)
    return snapshot.path(TOUCHPOINTS) if table is not None and table.rows > 0 else None


@dataclass(frozen=True)
class Lists:
    """The lists of an edition in the making.

    Parameters
    ----------
    actions
        The unit's owner-only folder.
    as_of
        The edition's day.
    entries
        Its reports.
    settled
        The lists; None where it has none.
    """

    actions: Path
    as_of: str
    entries: Sequence[Entry]
    settled: Settled | None

    @property
    def document(self) -> Mapping[str, Any] | None:
        """Return what the edition's ``contacts.json`` holds; None where it has no lists."""
        return None if self.settled is None else self.settled.document

    def put(self, before: Edition | None) -> None:
        """Put the lists in their places, and remove those of the edition before that are no more.

        Raises
        ------
        PublishError
            When the disk refuses; the edition is out, and the next run writes its lists again.
        """
        try:
            if self.settled is not None:
                self.settled.put(self.actions)
            if self.actions.is_dir():
                told = read_object(before.folder / f"{CONTACTS}.json") if before else {}
                kept = {name for name, _ in files_of(self.document or {})}
                own = {
                    (entry.report, str(record["file"]))
                    for entry in self.entries
                    for record in entry.results.get("actions", ())
                }
                tidy(self.actions, kept, told, own, self.as_of)
                clean_settling(self.actions)
        except OSError as error:
            raise _unwritten(self.actions, error) from error


@contextmanager
def settled_lists(
    head: Mapping[str, Any], entries: Sequence[Entry], actions: Path, touchpoints: Path | None
) -> Iterator[Lists]:
    """Settle all lists of an edition in the making; what is not put in its place is removed.

    Parameters
    ----------
    head
        What its manifest says of the whole, with `contacts_head`.
    entries
        Its reports.
    actions
        The unit's owner-only folder, with the candidates.
    touchpoints
        The file of contacts made; None where the unit has none.

    Raises
    ------
    PublishError
        When candidates are gone or not those that a report recorded, or the disk refuses.
    """
    settled: Settled | None = None
    try:
        if CONTACTS in head:
            settled = import_contacts().settle_unit(head, entries, actions, touchpoints)
    except BaseException as error:
        clean_settling(actions)
        if isinstance(error, OSError):
            raise _unwritten(actions, error) from error
        raise
    try:
        yield Lists(actions, str(head["as_of"]), entries, settled)
    finally:
        if settled is not None:
            settled.discard()


def _unwritten(folder: Path, error: OSError) -> PublishError:
    return PublishError(
        f"the lists of customers could not be written ({error.strerror or error})",
        where=str(folder),
        fix="Free some disk space or mend the folder's permissions, and run again.",
    )
