"""What a job's result depends on, part by part, and the digest over it.

Two jobs with the same key give the same bytes. The parts are kept apart in the manifest, so that
the reason why a report is stale can be said in words: ``orders changed: +1,204 rows; parameter
k_max 8 -> 6``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench.data.code import package_digest
from workbench.files import digest_of
from workbench.suite.cells import Cell, load
from workbench.suite.environment import engine_facts

__all__ = [
    "JobKey",
    "differences",
    "installed_versions",
    "job_key",
    "notebook_digest",
]

PROJECT = "workbench"
# The editor and the command line shape no report.
_NOT_IN_A_REPORT = {"jupyterlab", "typer", "rich"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class JobKey:
    """A job's key.

    Parameters
    ----------
    digest
        16 hex digits over the parts.
    parts
        ``notebook`` and ``package`` (digests), ``versions`` and ``engine`` (name -> text),
        ``parameters`` (name -> value), ``unit`` (the facts that a report sees), ``data``
        (table -> rows and digest), ``renderer`` (name and version), ``watch`` (its goals, alerts
        and plans), ``prior`` (what it is given of earlier editions, empty when nothing:
        ``history``, the numbers that its rules read; ``state``, what the report handed on;
        ``lists``, day and digest of each of its earlier lists that it measures).
    """

    digest: str
    parts: Mapping[str, Any]


def job_key(
    notebook: Path,
    parameters: Mapping[str, Any],
    facts: Mapping[str, Any],
    data: Mapping[str, Mapping[str, Any]],
    renderer: Mapping[str, str],
    *,
    watch: Mapping[str, Any] | None = None,
    prior: Mapping[str, Any] | None = None,
) -> JobKey:
    """Return the key of a job.

    Parameters
    ----------
    notebook
        The report's notebook.
    parameters
        The report's own resolved parameters.
    facts
        What the report sees of its suite and unit, as plain JSON values.
    data
        Table -> ``rows`` and ``digest``, of the tables that the report reads.
    renderer
        ``name`` and ``version``.
    watch
        Its goals, alerts and plans, as plain JSON values; none unless told.
    prior
        Digests of what it is given of earlier editions; nothing unless told.
    """
    parts = {
        "notebook": notebook_digest(notebook),
        "package": package_digest(),
        "versions": installed_versions(),
        "engine": engine_facts(),
        "parameters": dict(parameters),
        "unit": dict(facts),
        "data": {name: dict(table) for name, table in data.items()},
        "renderer": dict(renderer),
        "watch": dict(watch or {}),
        "prior": dict(prior or {}),
    }
    return JobKey(digest_of(parts), parts)


def notebook_digest(path: Path) -> str:
    """Return the digest of a notebook's cells and of what it says about itself.

    Saving it again in JupyterLab, which may touch only metadata, does not change the digest.
    """
    return _notebook_digest(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _notebook_digest(path: Path, changed: int) -> str:
    """Digest a notebook once for all units of a run; ``changed`` tells when it is another."""
    notebook = load(path)
    return digest_of({"cells": [_cell(cell) for cell in notebook.cells], "says": notebook.said})


def _cell(cell: Cell) -> list[Any]:
    return [cell.cell_type, cell.id, cell.source, sorted(cell.tags)]


@cache
def installed_versions() -> dict[str, str]:
    """Return the versions of the package's dependencies, theirs included, as installed here."""
    found: dict[str, str] = {}
    waiting = [*_requires(PROJECT)]
    while waiting:
        name = waiting.pop()
        if name in found or name in _NOT_IN_A_REPORT:
            continue
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # wanted on another system or Python only
        waiting.extend(_requires(name))
    return dict(sorted(found.items()))


def _requires(name: str) -> Iterator[str]:
    """Yield the names that a package needs, without those of its extras."""
    for line in metadata.requires(name) or ():
        wanted, _, marker = line.partition(";")
        matched = _NAME.match(wanted.strip())
        if matched and "extra" not in marker:
            yield re.sub(r"[-_.]+", "-", matched[0]).lower()


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return in words what differs between the parts of two keys, the likeliest cause first.

    Parameters
    ----------
    old, new
        The parts of two keys.

    Examples
    --------
    >>> differences({"parameters": {"k_max": 8}}, {"parameters": {"k_max": 6}})
    ['parameter k_max 8 -> 6']
    """
    words = [
        *_data(old.get("data", {}), new.get("data", {})),
        *_changed("parameter ", old.get("parameters", {}), new.get("parameters", {})),
        *_changed("", _flat(old.get("unit", {})), _flat(new.get("unit", {}))),
    ]
    if old.get("watch", {}) != new.get("watch", {}):
        words.append("goals, alerts or plans changed")
    if old.get("notebook") != new.get("notebook"):
        words.append("notebook changed")
    if old.get("package") != new.get("package"):
        words.append("package code changed")
    words += _several("package versions", old.get("versions", {}), new.get("versions", {}))
    words += _several("engine settings", old.get("engine", {}), new.get("engine", {}))
    if old.get("renderer") != new.get("renderer"):
        words.append(f"renderer {_named(old)} -> {_named(new)}")
    same_day = old.get("unit", {}).get("as_of") == new.get("unit", {}).get("as_of")
    if same_day:  # another day has another one anyway
        words += _prior(old.get("prior", {}), new.get("prior", {}))
    return words


def _prior(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old.get("state") != new.get("state"):
        yield "what the earlier edition handed on changed"
    rest = {"state": None, "lists": None}  # told apart
    if {**old, **rest} != {**new, **rest}:
        yield "the numbers of earlier editions changed"
    before, now = old.get("lists", {}), new.get("lists", {})
    for id in sorted({*before, *now}):
        one, other = before.get(id), now.get(id)
        if one != other:
            yield f"its earlier list {id}: {_list_words(one, other)}"


def _list_words(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> str:
    if old is None:
        return f"that of {new['day']} is new" if new else ""
    if new is None:
        return f"that of {old['day']} is no longer here"
    if old["day"] == new["day"]:
        return f"that of {old['day']} changed"
    return f"{old['day']} -> {new['day']}"


def _named(parts: Mapping[str, Any]) -> str:
    renderer = parts.get("renderer", {})
    return f"{renderer.get('name', 'none')} {renderer.get('version', '')}".strip()


def _data(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for table in sorted({*old, *new}):
        if table not in old:
            yield f"{table} is new: {new[table].get('rows', 0):,} rows"
        elif table not in new:
            yield f"{table} is gone"
        elif old[table].get("digest") != new[table].get("digest"):
            more = new[table].get("rows", 0) - old[table].get("rows", 0)
            yield f"{table} changed: " + (f"{more:+,} rows" if more else "other values, same rows")


def _changed(before: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield f"{before}{name} is new: {new[name]}"
        elif name not in new:
            yield f"{before}{name} is gone"
        elif old[name] != new[name]:
            yield f"{before}{name} {old[name]} -> {new[name]}"


def _several(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Name up to three changes, and count more than that."""
    words = list(_changed("", old, new))
    return words if len(words) <= 3 else [f"{len(words)} {what} changed"]


def _flat(facts: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping) and value:
            flat.update(_flat(value, f"{before}{name}."))
        else:
            flat[f"{before}{name}"] = value
    return flat
