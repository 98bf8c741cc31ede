"""Secrets that sing where they are seen: real runs, then a search of all that they left.

What is searched is the whole project, the folder of temporary files, and what the commands said.
Two things hold a canary by design and are left out: the parameter file or the source that the test
itself wrote it into, and the rows of a source that holds one, as they were received (readable by
their owner only, which is checked here) and as they were accepted into a snapshot.
"""

from __future__ import annotations

import base64
import html
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from workbench.suite.editions import served

from .conftest import write_notebook

SUITE = """\
title: Canaries
as_of: 2025-06-30
owner: Customer insight
currency: GBP
timezone: Europe/London
"""
# Each way in which a source can name a secret, and each way in which it can then fail.
UNITS = {
    "calm": """\
title: Calm
sources:
  orders:
    till:
      url: sqlite:///${env:CANARY_FILE}
      table: orders
      columns: {channel: "concat(channel, '${env:CANARY_WORD}')"}
      rules: {unseen: "channel <> '${env:CANARY_WORD}'"}
    file: {path: "${env:CANARY_FOLDER}/orders.csv"}
""",
    "row": "title: Row\nsources: {orders: {file: {path: raw/row.csv}}}\n",
    "closed": """\
title: Closed
sources:
  orders: {crm: {url: "postgresql://reader:${env:CANARY_WORD}@127.0.0.1:PORT/crm", table: orders}}
""",
    "whole": "title: W\nsources: {orders: {crm: {url: '${env:CANARY_URL}', table: orders}}}\n",
    "odd": """\
title: Odd
sources:
  orders: {crm: {url: "postgresql://reader:${env:CANARY_ODD}@127.0.0.1:PORT/crm", table: orders}}
""",
    "none": "title: N\nsources: {orders: {crm: {url: '${env:CANARY_WORD}', table: orders}}}\n",
    "lost": "title: L\nsources: {orders: {file: {path: '${env:CANARY_FOLDER}/none.csv'}}}\n",
}
FAILING = ("closed", "whole", "odd", "none", "lost")
ROWS = "order_id,ordered_at,amount,channel\nA1,2025-05-01,5.00,web\n"
# All that a notebook can see without going through the memory of another process.
LOOK = """\
import os
from pathlib import Path
from workbench.data import open_unit
from workbench.report import finding
handle = open_unit(suite, unit, snapshot)
seen = [dict(os.environ), Path("/proc/self/environ").read_bytes(), vars(handle)]
seen += [Path(os.environ["WORKBENCH_JOB"]).read_text(), os.listdir()]"""
SHOW = """\
channels = sorted(set(handle.table("orders").df()["channel"]))
finding(f"The channels are {channels}.", id="channels")
print(seen, channels)"""


def port() -> int:
    """Return a port of this machine on which nobody listens."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        found: int = one.getsockname()[1]
        return found


def forms(secret: str) -> set[bytes]:
    """Return how a secret may be written; made apart from what the suite itself searches for."""
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    texts |= {html.escape(text) for text in texts} | {secret.replace('"', '""')}
    texts |= {json.dumps(text)[1:-1] for text in texts}
    found = {text.encode() for text in texts} | {secret.lower().encode()}
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret.encode())
        found.add(whole[4 * (before > 0) : -4])
    return found


@dataclass
class World:
    """A project with canaries, and the environment that holds them."""

    root: Path
    secrets: dict[str, str]
    own: set[Path] = field(default_factory=set)  # what the test itself wrote a secret into
    said: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def call(self, *arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
        """Call a command as a process of its own, and keep what it said."""
        start = f"{code}\nfrom workbench.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", start, *arguments],
            cwd=self.root,
            env={**os.environ, **self.secrets, "TMPDIR": str(self.root / "tmp"), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        self.said += [done.stdout, done.stderr]
        return done

    def leaks(self, names: Iterator[str] | None = None) -> list[str]:
        """Return where a canary stands, with its name."""
        texts = {f"said {nth}": text.encode() for nth, text in enumerate(self.said)}
        files = [path for path in self.root.rglob("*") if path.is_file() and path not in self.own]
        assert len(files) > 10
        texts |= {str(path.relative_to(self.root)): path.read_bytes() for path in files}
        wanted = {name: forms(self.secrets[name]) for name in (names or self.secrets)}
        return [
            f"{name} in {place}"
            for place, content in texts.items()
            for name, ways in wanted.items()
            if any(way in content or way in place.encode() for way in ways)
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a project that ran once: two units are good, each of the others fails in its way."""
    base = tmp_path_factory.mktemp("canary")
    vault = base / "Vault-Linnet-81"  # outside of the project: the folder's name is no leak
    vault.mkdir()
    closed = port()
    word = "Kestrel&7<'\"Finch\\9"
    found = World(
        base / "project",
        {
            "CANARY_WORD": word,
            "CANARY_FILE": "../Vault-Linnet-81/Dunnock-44.db",
            "CANARY_FOLDER": str(vault),
            "CANARY_URL": f"postgresql://reader:Siskin-{closed}x@127.0.0.1:{closed}/Wheatear",
            "CANARY_ODD": "Bunting/3:Serin@%zzRedpoll#1",
        },
    )
    (found.root / "tmp").mkdir(parents=True)
    with closing(sqlite3.connect(vault / "Dunnock-44.db")) as database:
        database.executescript(
            "CREATE TABLE orders (order_id, ordered_at, amount, channel);"
            "INSERT INTO orders VALUES ('S1', '2025-05-01', '5.00', 'shop');"
        )
    (vault / "orders.csv").write_text(ROWS)
    found.write("raw/row.csv", ROWS)
    found.write("params/birds/suite.yml", SUITE)
    for name, text in UNITS.items():
        found.write(f"params/birds/{name}.yml", text.replace("PORT", str(closed)))
    notebooks = found.root / "notebooks"
    write_notebook(notebooks / "look.ipynb", LOOK, SHOW, title="Look", tables=("orders",), order=1)
    write_notebook(
        notebooks / "fall.ipynb",
        LOOK,
        SHOW,
        'raise ValueError(f"{seen} {channels}")',
        title="Fall",
        tables=("orders",),
        order=2,
    )
    done = found.call("run", "birds", "--renderer", "embedded")
    assert done.returncode == 1, done.stdout + done.stderr
    return found


def said_of(world: World, unit: str) -> str:
    (line,) = [line for line in world.said[0].splitlines() if line.startswith(f"{unit}: ")]
    return line


def test_the_search_finds_a_canary(world: World) -> None:
    """Prove the search: each secret, put where a leak would stand."""
    assert world.leaks() == []
    for name, secret in world.secrets.items():
        for text in (
            secret,
            f"<p>{html.escape(secret)}</p>",
            json.dumps({"a": secret}),
            repr(secret),
        ):
            world.write("reports/leak.html", text)
            assert f"{name} in reports/leak.html" in world.leaks()
        world.write("reports/leak.html", base64.b64encode(f"see {secret}, there".encode()).decode())
        assert f"{name} in reports/leak.html" in world.leaks()
    (world.root / "reports/leak.html").unlink()


def test_no_canary_is_left_by_a_run_with_failures_of_all_kinds(world: World) -> None:
    assert world.leaks() == []
    assert "Connection refused" in said_of(world, "closed")
    assert "Connection refused" in said_of(world, "whole")
    assert "cannot be taken apart" in said_of(world, "odd")
    assert "no reader for the database" in said_of(world, "none")
    assert "${env:CANARY_FOLDER}/none.csv" in said_of(world, "lost")


def test_the_notebooks_looked_and_saw_no_canary(world: World) -> None:
    """Both ran on what they could reach; the one that fell has its page, with its trace."""
    for unit in ("calm", "row"):
        edition = served(world.root / "reports/birds" / unit)
        assert edition is not None
        told = {name: one["state"] for name, one in edition.manifest["reports"].items()}
        assert told == {"look": "ok", "fall": "failed"}
        for name in ("look.ipynb", "fall.ipynb", "fall.html"):
            content = (edition.folder / name).read_text(encoding="utf-8")
            assert "OPENBLAS_NUM_THREADS" in content, "it saw its own environment"
            assert "CANARY_URL=" not in content
            assert "CANARY_ODD" not in content
    assert "ValueError" in world.said[0]


def test_a_reference_in_an_expression_is_no_more_than_its_text(world: World) -> None:
    edition = served(world.root / "reports/birds/calm")
    assert edition is not None
    assert "shop${env:CANARY_WORD}" in (edition.folder / "look.ipynb").read_text(encoding="utf-8")


def test_a_check_leaves_no_canary(world: World) -> None:
    done = world.call("check", "birds")
    assert done.returncode != 0
    assert "cannot be taken apart" in done.stdout + done.stderr
    assert world.leaks() == []


def test_a_rule_that_holds_the_secret_itself_is_told_without_it(world: World) -> None:
    """Whoever writes the value into a rule has leaked it; no message spreads it further."""
    word = world.secrets["CANARY_WORD"].replace("'", "''")
    text = UNITS["row"].replace(
        "row.csv}", f"row.csv, rules: {{bad: {json.dumps(word + ' AND')}}}}}"
    )
    path = world.root / "params/birds/row.yml"
    world.own.add(path)
    path.write_text(text, encoding="utf-8")
    try:
        done = world.call("run", "birds", "--unit", "row")
    finally:
        path.write_text(UNITS["row"], encoding="utf-8")
    assert done.returncode == 2
    assert "***" in done.stderr
    assert world.leaks() == []


def test_a_trace_that_nobody_foresaw_is_told_without_the_secret(world: World) -> None:
    code = """
import os
from workbench.suite import run
def fall(*_):
    raise RuntimeError("lost: " + os.environ["CANARY_WORD"] + " and " + os.environ["CANARY_URL"])
run.load_suite = fall"""
    done = world.call("run", "birds", code=code)
    assert done.returncode == 1
    assert "RuntimeError: lost: *** and ***" in done.stderr
    assert world.leaks() == []


def test_a_row_that_holds_a_secret_stops_publishing(world: World) -> None:
    before = served(world.root / "reports/birds/row")
    assert before is not None
    word = world.secrets["CANARY_WORD"].replace('"', '""')
    source = world.root / "raw/row.csv"
    world.own.add(source)
    source.write_text(f'{ROWS}A2,2025-05-02,5.00,"{word}"\n', encoding="utf-8")
    done = world.call("run", "birds", "--unit", "row", "--renderer", "embedded")
    assert done.returncode == 1
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("row: ")]
    assert "a secret of a source stands in " in line
    assert ".html" in line or ".ipynb" in line or ".json" in line
    after = served(world.root / "reports/birds/row")
    assert after == before
    home = world.root / "reports/birds/row"
    assert sorted(path.name for path in home.iterdir()) == sorted([before.id, "served.json"])
    assert "a secret of a source stands in " in (home.parent / "index.html").read_text()
    data = world.root / "data/birds/row"
    received = {path for path in (data / "received").rglob("*") if path.is_file()}
    assert received
    assert [path for path in received if path.stat().st_mode & 0o077] == []
    world.own |= received | set((data / "snapshots").rglob("*.parquet"))
    assert world.leaks() == []
