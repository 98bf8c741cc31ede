"""What an edition tells beside its reports: what changed, its numbers by day, its alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.files import canonical
from workbench.suite.compare import Told, changes_json, changes_page, compare
from workbench.suite.contacts.page import contacts_page
from workbench.suite.contacts.places import CONTACTS
from workbench.suite.editions import (
    ALERTS,
    CHANGES,
    PORTAL_HREF,
    RESULTS,
    Edition,
    Stage,
    list_editions,
)
from workbench.suite.history import HISTORY, history_json, own_point, with_own
from workbench.suite.manifest import Entry, make_manifest, make_results
from workbench.suite.prior import Prior, base_of, own_prior, prior_of
from workbench.suite.watch import alerts_document

__all__ = ["compose", "core", "followed"]

MOST_LOOKED_AT = 12
"""How many editions are looked through for one that is the same as the new one."""


def core(manifest: Mapping[str, Any]) -> bytes:
    """Return what an edition tells by itself, whatever came before it, as canonical bytes.

    Parameters
    ----------
    manifest
        Its manifest. Left out are the edition before, and the files made by comparing with it.
    """
    own = {name for told in manifest["reports"].values() for name in told["files"]}
    told = {name: value for name, value in manifest.items() if name not in {"files", "prior"}}
    return canonical({**told, "files": {k: v for k, v in manifest["files"].items() if k in own}})


def followed(folder: Path, shown: Edition | None, manifest: Mapping[str, Any]) -> Prior | None:
    """Return the edition that a new one follows; None for a unit's first.

    When the same was published before, it is what that one followed, so that the same inputs
    give the same edition whatever was published in between.

    Parameters
    ----------
    folder
        The unit's folder of editions.
    shown
        The served edition.
    manifest
        What the new edition tells of its reports.
    """
    base = base_of(folder, str(manifest["as_of"]), shown)
    mine = core(manifest)
    for edition in (base, *list_editions(folder, MOST_LOOKED_AT)):
        if edition is not None and core(edition.manifest) == mine:
            return own_prior(edition)
    return prior_of(base)


def compose(
    stage: Stage,
    head: Mapping[str, Any],
    entries: Sequence[Entry],
    prior: Prior | None,
    contacts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write what an edition tells beside its reports, and return what its manifest says on top.

    Parameters
    ----------
    stage
        The edition in the making, with the files of its reports.
    head
        What its manifest says of the whole, without ``prior``.
    entries
        Its reports, in their order.
    prior
        The edition that it follows; None for a unit's first.
    contacts
        Who is contacted and who is not, of all lists together; None where it has no lists.
    """
    as_of = str(head["as_of"])
    points = with_own(prior.points if prior else (), own_point(entries, as_of))
    results = make_results(entries)
    stage.write(RESULTS, canonical(results))
    stage.write(HISTORY, canonical(history_json(points)))
    raised = [alert for entry in entries for alert in entry.results.get("alerts", ())]
    alerts = alerts_document(str(head["suite"]), str(head["unit"]), as_of, raised)
    stage.write(ALERTS, canonical(alerts))
    if contacts is not None:
        stage.write(f"{CONTACTS}.json", canonical(contacts))
        stage.write(f"{CONTACTS}.html", contacts_page(contacts, portal_href=PORTAL_HREF))
    for name, content in (prior.files if prior else {}).items():
        stage.write(name, content)
    # The name of an edition is not known before all of its files are: here its day stands for it.
    new = Told(as_of, make_manifest(head, entries, stage.digests()), results["reports"])
    old = Told(prior.id, prior.manifest, prior.results) if prior else None
    changes = compare(old, new, points)
    stage.write(f"{CHANGES}.json", canonical(changes_json(changes)))
    stage.write(f"{CHANGES}.html", changes_page(changes, portal_href=PORTAL_HREF))
    return {**head, "prior": prior.told} if prior else dict(head)
