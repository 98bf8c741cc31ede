"""A small project with a real ingest: two days, two snapshots, two editions, one customer to go."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from support.project import Project
from workbench.data.snapshots import current_snapshot, read_snapshot, verify_snapshot
from workbench.files import files_below
from workbench.suite.editions import list_editions, served
from workbench.suite.forget import Forgotten, forget
from workbench.suite.marks import marks_of
from workbench.suite.run import Choice, run
from workbench.workspace import Workspace

from ..conftest import write_notebook

QUICK = Choice(renderer="embedded")
ANN, BEN, CAT = "C-0012", "C-0013", "C-0014"
"""Ann is to be forgotten."""
CUSTOMERS = """\
customer_id,joined_at,name
C-0012,2024-01-01,Ann
C-0013,2024-01-02,Ben
C-0014,2024-01-03,Cat
"""
# The till knows the digits of a card alone; its last lines are one field too long.
TILL = """\
receipt,card,sold,total
T1,0012,2025-01-01,10
T2,0013,2025-01-02,20
T3,0012,2025-01-03,ten
T4,0013,2025-01-04,ten
T5,0014,2025-01-05,30
T6,C-0012,2025-01-06,10,see over
T7,C-0013,2025-01-06,10,see over
"""
WEB = """\
order_id,customer_id,ordered_at,amount,note
W1,C-0012,2025-02-01,1,
W2,C-0013,2025-02-02,2,
W3,C-0012,2025-02-03,never,
W4,C-0014,2025-02-04,never,
W5,,2025-02-05,5,for a guest
"""
LIST = """\
from workbench.data import open_unit
from workbench.report import action_list, finding, metric, table"""
READ = """\
handle = open_unit(suite, unit, snapshot)
rows = handle.table("orders").df().dropna(subset="customer_id")
people = rows.groupby("customer_id", as_index=False)["amount"].sum()
people["agreed"] = True"""
TELL = """\
action_list(people, id="call", label="Call", key="customer_id", folder=handle.actions,
            columns=["amount"], consent="agreed", holdout_share=0.5)
metric("customers", len(people), label="Customers", unit="customers")
finding(f"{shown or len(people)} bought." , id="bought")"""


def build(root: Path, *, shown: str = "") -> Workspace:
    """Write the project's sources, notebook and parameters."""
    project = Project(root)
    project.table("customers", CUSTOMERS, "types: {joined_at: timestamp}", name="crm")
    project.table(
        "orders",
        TILL,
        "types: {sold: timestamp, total: decimal}\n"
        "columns: {order_id: receipt, customer_id: \"'C-' || card\", ordered_at: sold, "
        "amount: total}",
        name="till",
    )
    project.table("orders", WEB, "types: {ordered_at: timestamp, amount: decimal}", name="web")
    project.more = f"reports: {json.dumps({'people': {'shown': shown}})}\n"
    workspace = project.save()
    write_notebook(
        workspace.notebooks / "people.ipynb",
        LIST,
        READ,
        TELL,
        title="People",
        parameters='shown: str = ""  # what the finding tells\n',
        tables=("orders",),
        order=1,
    )
    return workspace


def dated(workspace: Workspace, as_of: str) -> None:
    """Give the suite another day."""
    path = workspace.params / "test" / "suite.yml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("as_of")]
    path.write_text("\n".join([*lines, f"as_of: {as_of}"]) + "\n")


@dataclass(frozen=True)
class World:
    """The project, or a copy of it for one test."""

    workspace: Workspace

    @property
    def home(self) -> Path:
        return self.workspace.unit_data("test", "one")

    @property
    def editions(self) -> Path:
        return self.workspace.unit_reports("test", "one")

    def copy(self, root: Path) -> World:
        shutil.copytree(self.workspace.root, root)
        # A copy has other inodes: the sources' states are told anew.
        world = World(Workspace(root))
        for path in sorted((world.home / "received").glob("*.json")):
            entry = json.loads(path.read_text())
            table, name = path.stem.split(".")
            stat = (root / "raw" / f"{table}.{name}.csv").stat()
            state = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "inode": stat.st_ino}
            path.write_text(json.dumps(entry | {"fingerprint": entry["fingerprint"] | state}))
        return world

    def run(self, **choice) -> None:
        run(self.workspace, "test", replace(QUICK, **choice))

    def forget(self, customer: str = ANN, **options) -> Forgotten:
        return forget(self.workspace, "test", customer, **options)

    def snapshots(self) -> set[str]:
        return {path.name for path in (self.home / "snapshots").iterdir()}

    def holders(self, *words: str) -> set[str]:
        """Return the files of the workbench that hold a whole word, Parquet files decoded."""
        found = set()
        for folder in (self.workspace.data, self.workspace.reports):
            for path in files_below(folder):
                text = path.read_bytes().decode(errors="replace")
                if path.suffix == ".parquet":
                    text = str(duckdb.sql(f"SELECT * FROM '{path}'").fetchall())
                if any(re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text) for word in words):
                    found.add(path.relative_to(self.workspace.root).as_posix())
        return found

    def check(self) -> None:
        """Hold that all that is published is whole, or noted as changed on purpose."""
        for digest in self.snapshots():
            verify_snapshot(read_snapshot(self.home, digest))
        if (self.home / "current.json").exists():
            verify_snapshot(current_snapshot(self.home))
        for edition in list_editions(self.editions):
            assert marks_of(edition).damaged == ()
        assert served(self.editions) is not None


def make_world(root: Path) -> World:
    """Run the suite for two days, the second with a row more."""
    workspace = build(root)
    world = World(workspace)
    dated(workspace, "2025-05-31")
    world.run()
    with (root / "raw" / "orders.web.csv").open("a") as file:
        file.write("W6,C-0013,2025-06-01,7,\n")
    dated(workspace, "2025-06-30")
    world.run()
    return world
