"""Ingest a suite: read what changed, let every row pass the gate, publish snapshots."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from workbench.data.sources.secrets import resolve_secrets
from workbench.errors import ParameterError, one_of
from workbench.files import PRUNED
from workbench.ingest.expiry import expire
from workbench.ingest.forget.tombstones import read_tombstones
from workbench.ingest.inbox import Inbox, Progress
from workbench.ingest.ledger import (
    IngestSummary,
    agreed_repairs,
    inputs_digest,
    read_ledger,
    reusable,
)
from workbench.ingest.naming import name_sources
from workbench.params import WHOLE, SuiteParams, UnitParams
from workbench.triage.named import Named
from workbench.workspace import Workspace

__all__ = [
    "TOKEN_KEY",
    "IngestSummary",
    "clean_home",
    "ingest_suite",
    "ingested_units",
    "token_key_of",
]

TOKEN_KEY = "WORKBENCH_TOKEN_KEY"
"""The environment variable with the secret of the keyed hash that turns a column into tokens."""
MEMORY = "2GB"
ENGINE_SHARE = 0.8
"""The engine's part of the memory: the interpreter, the readers and their buffers need the rest."""


def ingest_suite(
    workspace: Workspace,
    suite: SuiteParams,
    units: Iterable[str] | None = None,
    *,
    rehash: bool = False,
    memory: str = MEMORY,
    progress: Callable[[str, float | None], None] | None = None,
) -> dict[str, IngestSummary]:
    """Bring the snapshots of a suite's units up to date.

    Parameters
    ----------
    workspace
        The project.
    suite
        The suite's parameters.
    units
        The units to ingest; all when not given. A suite with ``split`` reads its sources once and
        always ingests all of its units.
    rehash
        Read every source again, even one whose size and time are unchanged.
    memory
        The most memory that the ingest should hold, such as ``2GB`` or ``512MB``; what does not fit
        is spilled to the disk.
    progress
        Called with what is being done and the share that is done (0-1, None if unknown).

    Returns
    -------
    dict
        Unit -> summary.

    Raises
    ------
    ParameterError, ContractError, SourceError
        Before anything is published.
    """
    told = progress or (lambda message, share: None)
    if suite.whole is not None:
        found = _ingest(workspace, suite, suite.whole, rehash, memory, told)
        _known(suite, units or (), found)
        return {name: found[name] for name in (units or found)}
    wanted = list(units) if units is not None else list(suite.units)
    _known(suite, wanted, suite.units)
    summaries: dict[str, IngestSummary] = {}
    for name in wanted:
        summaries |= _ingest(workspace, suite, suite.unit(name), rehash, memory, told)
    return summaries


def _known(suite: SuiteParams, names: Iterable[str], known: Iterable[str]) -> None:
    every = set(known)
    for name in names:
        if name not in every:
            raise ParameterError(
                f"no unit `{name}` in suite `{suite.name}`",
                where=suite.where,
                fix=one_of(name, every),
            )


def ingested_units(workspace: Workspace, suite: SuiteParams) -> dict[str, UnitParams]:
    """Return the units that are known without reading any source.

    For a suite with ``split`` these are the ones that its last ingest made.
    """
    if suite.whole is None:
        return dict(suite.units)
    ledger = read_ledger(workspace.unit_data(suite.name, WHOLE))
    if ledger is None or not ledger["units"]:
        return dict(suite.units)
    return {name: suite.unit(name, entry["title"]) for name, entry in ledger["units"].items()}


def _ingest(
    workspace: Workspace,
    suite: SuiteParams,
    unit: UnitParams,
    rehash: bool,
    memory: str,
    progress: Progress,
) -> dict[str, IngestSummary]:
    home = workspace.unit_data(suite.name, unit.name)
    home.mkdir(parents=True, exist_ok=True)
    clean_home(home)
    named = name_sources(unit)
    token_key = token_key_of(unit)
    engine_memory = _engine_memory(memory)
    inbox = Inbox(home / "received", workspace.root, rehash)
    summaries = _nothing_new(workspace, suite, unit, named, inbox, token_key, home)
    if summaries is not None:
        for one in named:
            progress(f"{one.contract.name}.{one.name}: unchanged", 1.0)
        return _expired(summaries, suite, progress)
    # Imported only now: where nothing changed, nobody should wait for the engine and the readers.
    making = import_module("workbench.ingest.making")
    summaries = making.make(
        making.Order(workspace, suite, unit, named, inbox, token_key, engine_memory, progress)
    )
    return _expired(summaries, suite, progress)


def _expired(
    summaries: dict[str, IngestSummary], suite: SuiteParams, progress: Progress
) -> dict[str, IngestSummary]:
    """Remove the data whose time under ``retain:`` is over, and return what the ingest came to."""
    for name, one in summaries.items():
        home = one.snapshot.folder.parent.parent
        if gone := expire(home, one.unit.retain, suite.as_of):
            progress(f"{name}: {len(gone)} folders of old data expired under retain:", None)
    return summaries


def _nothing_new(
    workspace: Workspace,
    suite: SuiteParams,
    unit: UnitParams,
    named: Iterable[Named],
    inbox: Inbox,
    token_key: str | None,
    home: Path,
) -> dict[str, IngestSummary] | None:
    """Return the last ingest's summaries if no source and nothing else changed since."""
    received = []
    for one in named:
        kept = inbox.kept(one)
        if kept is None:
            return None
        received.append((one, kept))
    erased, repairs = read_tombstones(home).digest, agreed_repairs(home, unit)
    inputs = inputs_digest(suite, unit, received, token_key, home, erased, repairs)
    return reusable(workspace, suite, unit, inputs)


def _engine_memory(memory: str) -> str:
    """Return the engine's part of a size such as ``2GB``."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B)\s*", memory, re.IGNORECASE)
    if found is None:
        raise ParameterError(
            f"`{memory}` is no size of memory", where="memory", fix="Write it as 2GB or 512MB."
        )
    return f"{float(found[1]) * ENGINE_SHARE:g}{found[2]}"


def token_key_of(unit: UnitParams) -> str | None:
    """Return the secret for personal columns that become tokens; None where there are none."""
    wanted = any("token" in table.personal.values() for table in unit.tables.values())
    if not wanted:
        return None
    return resolve_secrets(f"${{env:{TOKEN_KEY}}}", f"{unit.where}, tables.*.personal")


def clean_home(home: Path) -> None:
    """Remove what a run that was killed left behind."""
    for leftover in (*home.glob(".work-*"), *home.glob(".draft-*"), *home.glob(f"{PRUNED}*")):
        shutil.rmtree(leftover, ignore_errors=True)
