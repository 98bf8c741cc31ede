"""Does one job: executes the notebook, renders it, writes its files, tells its entry."""

from __future__ import annotations

import platform
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from typing import Any

from workbench import __version__
from workbench.data.handed import Handed, copy_file, state_content, state_file
from workbench.data.unit import job_facts
from workbench.errors import WorkbenchError
from workbench.suite.contacts.places import CONTACTS, candidates_folder
from workbench.suite.editions import PORTAL_HREF, Stage
from workbench.suite.execute import Executed, execute
from workbench.suite.failure import Failure
from workbench.suite.kernels import Kernels
from workbench.suite.limits import Limits
from workbench.suite.manifest import Entry
from workbench.suite.normalise import to_bytes
from workbench.suite.plan import Job
from workbench.suite.render import Harvest, Renderer, ReportPage, find_renderer, harvest
from workbench.suite.watch import Watched, read_watch
from workbench.workspace import Workspace

__all__ = ["Done", "Order", "do", "provenance"]


@dataclass(frozen=True)
class Order:
    """All that is needed to do a job.

    Parameters
    ----------
    workspace
        The project.
    job
        What to do.
    actions
        The unit's owner-only folder, for its candidates.
    stage
        The edition in the making.
    renderer
        What turns the executed notebook into HTML.
    limits
        How long it may take.
    kernels
        Where its kernel comes from.
    last_good
        The edition that has the report's last good version, empty for none.
    """

    workspace: Workspace
    job: Job
    actions: Path
    stage: Stage
    renderer: Renderer
    limits: Limits
    kernels: Kernels
    last_good: str


@dataclass(frozen=True)
class Done:
    """What came of a job.

    Parameters
    ----------
    entry
        Its place in the edition.
    failure
        Why it failed, or None.
    times
        For the run log: ``seconds`` and ``start``, ``cpu`` (processor time of the kernel),
        ``render`` (that of the suite for its outputs and its page; Quarto's own is not in it),
        ``peak_mb`` (the most memory that its kernel or its renderer held), ``cells`` (seconds of
        each).
    """

    entry: Entry
    failure: Failure | None
    times: Mapping[str, Any]


def do(order: Order) -> Done:
    """Do a job; a failure of its notebook or its page is told, not raised.

    Raises
    ------
    OSError
        When its files cannot be written.
    """
    job, began = order.job, thread_time()
    executed = execute(
        order.workspace,
        job.report.path,
        # The snapshot's name is in the job's file and not in the notebook: it also changes with
        # tables that this report does not read, and then the report stays as it is.
        {"suite": job.suite, "unit": job.unit, **job.parameters},
        job_facts(
            job.facts["unit"],
            job.snapshot,
            seed=job.facts["seed"],
            min_group=job.facts["min_group"],
            actions=candidates_folder(order.actions, job.report.name),
            handed=job.handed or Handed(job.report.name),
            lists=job.lists,
        ),
        order.limits,
        order.kernels,
    )
    failure = executed.failure
    files: list[str] = []
    results: dict[str, Any] = {}
    if failure is None:
        try:
            found = harvest(executed.notebook)
            watched = read_watch(job.watch, found.metrics, job.facts["as_of"], job.history)
            _render(order, executed, None, order.renderer, found=found, watched=watched)
            files, results = _export(order, found)
            results |= watched.to_json()
        except WorkbenchError as error:
            failure = Failure(-1, "", "", type(error).__name__, str(error), "")
            files, results = [], {}
    if failure is not None:
        _render(order, executed, failure, find_renderer("embedded"))
    order.stage.write(f"{job.report.name}.ipynb", to_bytes(executed.notebook))
    if job.handed is not None:  # kept, so that it can be made again when the earlier one is gone
        given = copy_file(job.report.name)
        order.stage.write(given, job.handed.content)
        files = [*files, given]
    entry = Entry(
        report=job.report.name,
        title=job.report.title,
        order=job.report.order,
        state="failed" if failure else "ok",
        reason=failure.sentence if failure else "",
        as_of=job.facts["as_of"],
        snapshot=job.snapshot.digest,
        key=job.key,
        files=(f"{job.report.name}.html", f"{job.report.name}.ipynb", *files),
        results=results,
    )
    times = {
        "seconds": round(executed.seconds, 3),
        "start": round(executed.start_seconds, 3),
        "cpu": executed.cpu_seconds,
        "render": round(thread_time() - began, 3),
        # The kernel has ended before the page is laid out: the two are not held at once.
        "peak_mb": max(executed.peak_mb, order.renderer.peak_mb),
        "cells": dict(executed.cells),
    }
    return Done(entry, failure, times)


def _export(order: Order, found: Harvest) -> tuple[list[str], dict[str, Any]]:
    """Write tables, figures and state as files of their own; return them with what was found."""
    report = order.job.report.name
    written: dict[str, bytes] = {}
    for table in found.tables:
        written[f"tables/{report}-{table['id']}.csv"] = table["csv"].encode()
    for figure in found.figures:
        written[f"figures/{report}-{figure['id']}.svg"] = figure["svg"].encode()
        if figure.get("png"):
            written[f"figures/{report}-{figure['id']}.png"] = b64decode(figure["png"])
    if found.states:
        values = {str(item["id"]): item["value"] for item in found.states}
        written[state_file(report)] = state_content(report, order.job.facts["as_of"], values)
    for name, content in written.items():
        order.stage.write(name, content)
    results = {
        "findings": [dict(item) for item in found.findings],
        "metrics": [dict(item) for item in found.metrics],
        "actions": [dict(item) for item in found.actions],
        "breakdowns": [dict(item) for item in found.breakdowns],
    }
    return sorted(written), results


def _render(
    order: Order,
    executed: Executed,
    failure: Failure | None,
    renderer: Renderer,
    *,
    found: Harvest | None = None,
    watched: Watched | None = None,
) -> None:
    job = order.job
    unit = job.facts["unit"]
    page = ReportPage(
        title=job.report.title,
        subtitle="",
        suite=job.suite,
        unit=job.unit,
        unit_title=unit["title"],
        owner=unit["owner"],
        as_of=job.facts["as_of"],
        provenance=provenance(job),
        failure=failure,
        portal_href=PORTAL_HREF,
        last_good_href=f"../{order.last_good}/{job.report.name}.html" if order.last_good else None,
        contacts_href=f"{CONTACTS}.html" if found and found.actions else None,
        tables_href=f"tables/{job.report.name}-" if found and found.tables else None,
        watched=watched,
    )
    renderer.render(executed.notebook, page, order.stage.folder / f"{job.report.name}.html")


def provenance(job: Job) -> tuple[tuple[str, str], ...]:
    """Return what a report's result depends on, for its last lines; only what its key holds."""
    parts = job.key.parts
    data = [
        f"{name}: {table['rows']:,} rows ({table['digest'][:16]})"
        for name, table in parts["data"].items()
        if name in job.tables
    ]
    parameters = [f"{name} = {value}" for name, value in job.parameters.items()]
    renderer = parts["renderer"]
    return (
        ("As of", str(job.facts["as_of"])),
        ("Data", "; ".join(data) or "none"),
        ("Parameters", "; ".join(parameters) or "none"),
        ("Seed", str(job.facts["seed"])),
        ("Notebook", f"{job.report.path.name} ({parts['notebook']})"),
        ("Package", f"workbench {__version__} ({parts['package']})"),
        ("Python", platform.python_version()),
        ("Renderer", f"{renderer['name']} {renderer['version']}"),
        ("Key", job.key.digest),
    )
