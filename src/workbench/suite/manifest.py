"""What an edition says of itself: ``manifest.json`` and ``results.json``.

There is no clock in either. Each report's entry stands on its own - as of which day, on which
data, with which parameters - because a report that did not change is carried over from the edition
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from workbench.files import digest_of
from workbench.suite.contacts.places import wrong_candidates
from workbench.suite.keys import JobKey

__all__ = [
    "SCHEMA",
    "Entry",
    "State",
    "data_of",
    "key_parts",
    "make_manifest",
    "make_results",
    "measured_in",
    "missing_lists",
    "read_entries",
]

SCHEMA = 1
State = Literal["ok", "failed", "stopped", "not_applicable", "not_run"]
_SHARED = ("versions", "engine")


@dataclass(frozen=True)
class Entry:
    """One report of an edition.

    Parameters
    ----------
    report, title, order
        Its name, its title for people, its place among the reports.
    state
        ``ok``, ``failed``, ``stopped`` (the unit's gate holds it back), ``not_applicable`` or
        ``not_run`` (not asked for so far).
    reason
        Why it failed, is held back or is not applicable, in words; else empty.
    as_of
        The day that it looks back from.
    snapshot
        The digest of the data that it read; empty when it read none.
    key
        What its result depends on; None when it did not run.
    files
        Its files in the edition, relative, with ``/``. Of one that is not good, or not made, also
        what it handed on when it last was.
    results
        What it recorded: ``findings``, ``metrics``, ``actions``, ``breakdowns``; and how it stands
        against what is watched: ``goals``, ``alerts``, ``plans``, ``unread``.
    last_good
        The edition that holds its last good version, when this one does not.
    """

    report: str
    title: str
    order: int
    state: State
    reason: str = ""
    as_of: str = ""
    snapshot: str = ""
    key: JobKey | None = None
    files: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    last_good: str = ""

    @property
    def has_page(self) -> bool:
        """Tell whether its page is in the edition: it was good, or failed and says so."""
        return f"{self.report}.html" in self.files


def make_manifest(
    head: Mapping[str, Any], entries: Iterable[Entry], digests: Mapping[str, str]
) -> dict[str, Any]:
    """Return an edition's manifest.

    Parameters
    ----------
    head
        What it says of the whole: suite, unit, title, owner, as_of, data, renderer, and ``prior``,
        the edition before, unless it is the first.
    entries
        Its reports.
    digests
        The SHA-256 of each file of the edition but the manifest.
    """
    environments: dict[str, Any] = {}
    reports: dict[str, Any] = {}
    for entry in entries:
        told: dict[str, Any] = {
            "title": entry.title,
            "order": entry.order,
            "state": entry.state,
            "files": sorted(entry.files),
        }
        if entry.reason:
            told["reason"] = entry.reason
        if entry.last_good:
            told["last_good"] = entry.last_good
        if entry.key is not None:
            shared = {name: entry.key.parts[name] for name in _SHARED}
            environment = digest_of(shared)
            environments[environment] = shared
            parts = {k: v for k, v in entry.key.parts.items() if k not in _SHARED}
            told |= {
                "as_of": entry.as_of,
                "snapshot": entry.snapshot,
                "key": entry.key.digest,
                "parts": {**parts, "environment": environment},
            }
        reports[entry.report] = told
    return {
        "schema": SCHEMA,
        **head,
        "reports": reports,
        "environments": environments,
        "files": dict(digests),
    }


def key_parts(manifest: Mapping[str, Any], report: str) -> dict[str, Any] | None:
    """Return the parts of a report's key as a manifest tells them, or None when it did not run."""
    told = manifest.get("reports", {}).get(report, {})
    if "parts" not in told:
        return None
    parts = dict(told["parts"])
    shared = manifest["environments"][parts.pop("environment")]
    return {**parts, **shared}


def read_entries(manifest: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Entry]:
    """Return the entries that a manifest tells, by report: the opposite of `make_manifest`."""
    entries = {}
    for name, told in manifest["reports"].items():
        parts = key_parts(manifest, name)
        entries[name] = Entry(
            report=name,
            title=told["title"],
            order=told["order"],
            state=told["state"],
            reason=told.get("reason", ""),
            as_of=told.get("as_of", ""),
            snapshot=told.get("snapshot", ""),
            key=JobKey(told["key"], parts) if parts is not None else None,
            files=tuple(told["files"]),
            results=results.get(name, {}),
            last_good=told.get("last_good", ""),
        )
    return entries


def data_of(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Return the digests of the snapshots that an edition was made from, as its manifest tells."""
    own = (str(told.get("snapshot", "")) for told in manifest["reports"].values())
    return frozenset({str(manifest["data"]["snapshot"]), *own} - {""})


def measured_in(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Return the days of the earlier lists that reports of an edition were given to measure."""
    priors = (told.get("parts", {}).get("prior", {}) for told in manifest["reports"].values())
    return frozenset(one["day"] for prior in priors for one in prior.get("lists", {}).values())


def missing_lists(entry: Entry, folder: Path) -> list[str]:
    """Return the lists whose candidates are gone, or not those that the report recorded.

    Parameters
    ----------
    entry
        The report's place in the served edition.
    folder
        The unit's folder of action lists.
    """
    return wrong_candidates(folder, entry.report, entry.results.get("actions", ()))


def make_results(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return what the reports of an edition recorded, by report."""
    return {
        "schema": SCHEMA,
        "reports": {entry.report: dict(entry.results) for entry in entries if entry.results},
    }
