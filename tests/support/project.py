"""A project of one unit, built from rows and a few lines of YAML."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from workbench.ingest import IngestSummary, ingest_suite
from workbench.params import load_suite
from workbench.workspace import Workspace

SUITE = """
title: Test
as_of: 2025-06-30
currency: GBP
timezone: Europe/London
owner: Insight
"""


@dataclass
class Project:
    """A folder with one suite `test`; its unit `one` is built up by the test."""

    root: Path
    suite: str = SUITE
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    more: str = ""

    def table(
        self,
        table: str,
        rows: Sequence[Mapping[str, Any]] | str,
        options: str = "",
        name: str = "main",
    ) -> Project:
        """Add a CSV source to a table; `options` is YAML of its other keys, one a line."""
        path = self.root / "raw" / f"{table}.{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(rows, str):
            path.write_text(rows, encoding="utf-8")
        else:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        lines = [f"path: raw/{path.name}", *options.strip().splitlines()]
        self.sources.setdefault(table, {})[name] = "\n".join(f"      {line}" for line in lines)
        return self

    def save(self) -> Workspace:
        """Write the parameter files."""
        folder = self.root / "params" / "test"
        folder.mkdir(parents=True, exist_ok=True)
        (self.root / "notebooks").mkdir(exist_ok=True)
        text = "sources:\n"
        for table, named in self.sources.items():
            text += f"  {table}:\n"
            text += "".join(f"    {name}:\n{lines}\n" for name, lines in named.items())
        split = "\nsplit:" in self.suite
        (folder / "suite.yml").write_text(self.suite + (text + self.more if split else ""))
        if not split:
            (folder / "one.yml").write_text("title: One\n" + text + self.more)
        return Workspace(self.root)

    def ingest_all(self, **options: Any) -> dict[str, IngestSummary]:
        """Ingest every unit."""
        workspace = self.save()
        return ingest_suite(workspace, load_suite(workspace, "test"), **options)

    def ingest(self, **options: Any) -> IngestSummary:
        """Ingest the one unit."""
        return self.ingest_all(**options)["one"]

    def quarantine(self, summary: IngestSummary, table: str, name: str = "main") -> list[dict]:
        """Return the rows of a quarantine file, read by Python's own reader."""
        path = (
            self.root
            / "data/test"
            / summary.unit.name
            / "quarantine"
            / summary.snapshot.digest
            / f"{table}.{name}.csv"
        )
        if not path.exists():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def accepted(summary: IngestSummary, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return a snapshot's rows."""
    path = summary.snapshot.path(table)
    return duckdb.sql(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()


def reasons(summary: IngestSummary, table: str) -> dict[str, int]:
    """Return reason -> rows of a table."""
    found: dict[str, int] = {}
    for source in summary.record.table(table).sources:
        for reason in source.reasons:
            found[reason.code] = found.get(reason.code, 0) + reason.rows
    return found
