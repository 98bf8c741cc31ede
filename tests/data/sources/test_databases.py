"""SQLite and PostgreSQL: read-only, streamed, null and the empty text kept apart."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest

from workbench.data.sources import probe, receive, unchanged
from workbench.errors import SourceError
from workbench.params import SourceParams


def rows(
    source: SourceParams, root: Path, engine: duckdb.DuckDBPyConnection
) -> list[tuple[str | None, ...]]:
    received = receive(
        source, name="shop", root=root, connection=engine, out=root / "out.parquet", where="w"
    )
    assert received.path.stat().st_mode & 0o777 == 0o600
    found = engine.execute(f"SELECT * FROM read_parquet('{received.path}')")
    assert tuple(column[0] for column in found.description or ()) == received.columns
    return found.fetchall()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(
            "CREATE TABLE orders (id INTEGER, note TEXT, price REAL, extra BLOB);"
            "CREATE TABLE empty (id INTEGER);"
            "INSERT INTO orders VALUES (1, '', 2.5, NULL), (2, NULL, 0.1, x'ff00'),"
            " (9223372036854775807, 'd\u00e9', 17850, x'6162');"
        )
    connection.close()
    return tmp_path


def sqlite(**keys: str) -> SourceParams:
    return SourceParams(url="sqlite:///shop.db", **keys)  # type: ignore[arg-type]


def test_a_table_of_sqlite(shop: Path, engine: duckdb.DuckDBPyConnection) -> None:
    assert rows(sqlite(table="orders"), shop, engine) == [
        ("1", "", "2.5", None),
        ("2", None, "0.1", "ff00"),
        ("9223372036854775807", "d\u00e9", "17850.0", "ab"),
    ]
    assert rows(sqlite(table="empty"), shop, engine) == []


def test_a_query_of_sqlite(shop: Path, engine: duckdb.DuckDBPyConnection) -> None:
    source = sqlite(query="SELECT id * 2 AS twice FROM orders WHERE id < 3;")
    assert rows(source, shop, engine) == [("2",), ("4",)]
    assert probe(source, root=shop, where="w") == ("twice",)


def test_a_full_path_has_four_strokes(shop: Path) -> None:
    source = SourceParams(url=f"sqlite:///{shop}/shop.db", table="orders")
    assert probe(source, root=Path("elsewhere"), where="w")[0] == "id"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"table": "order"}, "no table `order`.*Did you mean `orders`"),
        ({"query": "SELECT missing FROM orders"}, "no such column"),
        ({"query": "SELECT 1; SELECT 2"}, "one statement"),
        ({"query": "DELETE FROM orders"}, "not authorized"),
        ({"query": "ATTACH 'other.db' AS other"}, "not authorized"),
        ({"query": "PRAGMA writable_schema = 1"}, "not authorized"),
        ({"query": "SELECT 1 AS a, 2 AS A"}, "`a` and `A`"),
        ({"query": ""}, "returns no rows"),
    ],
)
def test_what_sqlite_refuses(shop: Path, keys: dict[str, str], reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        probe(sqlite(**keys), root=shop, where="w")
    assert sorted(path.name for path in shop.iterdir()) == ["shop.db"]


def test_what_is_no_sqlite_database(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        probe(sqlite(table="orders"), root=tmp_path, where="w")
    (tmp_path / "shop.db").write_text("x,y\n" * 1000)
    with pytest.raises(SourceError, match="not a database"):
        probe(sqlite(table="orders"), root=tmp_path, where="w")


def test_another_database_is_an_error(tmp_path: Path) -> None:
    source = SourceParams(url="mysql://u:secret-pw@h/db", table="orders")
    with pytest.raises(SourceError, match="no reader for the database `mysql`") as caught:
        probe(source, root=tmp_path, where="w")
    assert "secret-pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:wren/5@h/db",
        "postgresql://u:wren%zz5@h/db",
        "postgresql://u:wren@[::1/db",
        "postgresql://u@h:wren/db",
        "postgresql://u@h/db?wren=5",
    ],
)
def test_a_url_that_cannot_be_taken_apart_is_not_quoted(url: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be taken apart.*%2F") as caught:
        probe(SourceParams(url=url, table="orders"), root=tmp_path, where="w")
    assert "wren" not in str(caught.value)


def test_a_url_that_is_a_password_alone_is_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTAKEN", "Wren-5")
    source = SourceParams(url="${env:MISTAKEN}", table="orders")
    with pytest.raises(SourceError, match="no reader") as caught:
        probe(source, root=tmp_path, where="w")
    assert "wren" not in str(caught.value).lower()


def test_a_database_is_unchanged_when_its_version_is(
    shop: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    source = sqlite(table="orders", version_query="SELECT count(*), max(id) FROM orders")
    received = receive(
        source, name="shop", root=shop, connection=engine, out=shop / "out.parquet", where="w"
    )
    assert received.fingerprint["version"] == ["3", "9223372036854775807"]
    assert unchanged(source, received.fingerprint, root=shop)
    with sqlite3.connect(shop / "shop.db") as connection:
        connection.execute("INSERT INTO orders (id) VALUES (3)")
    connection.close()
    assert not unchanged(source, received.fingerprint, root=shop)
    assert not unchanged(sqlite(table="orders"), received.fingerprint, root=shop)


# PostgreSQL: a cluster of the test's own.


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _account() -> dict[str, int]:
    """Return whom the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL refuses root, and there is no user postgres")
    return {"user": account.pw_uid, "group": account.pw_gid}


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if account:
        os.chown(folder, account["user"], account["group"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command: object) -> None:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **account,  # type: ignore[call-overload]
        )

    data = folder / "data"
    (folder / "pw").write_text("s3cret-pw")
    if account:
        os.chown(folder / "pw", account["user"], account["group"])
    try:
        run(
            binaries / "initdb", "-D", data, "-U", "clerk", "-A", "scram-sha-256",
            "--pwfile", folder / "pw", "-E", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        run(binaries / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start")
        try:
            url = f"postgresql://clerk:s3cret-pw@127.0.0.1:{port}/postgres"
            with psycopg.connect(url) as connection:
                connection.execute(
                    "CREATE SCHEMA sales;"
                    "CREATE TABLE sales.orders (id bigint, note text, price numeric(12, 4),"
                    " ratio double precision, day date, at timestamp, instant timestamptz,"
                    " ok boolean, tags int[], doc jsonb, raw bytea);"
                    "INSERT INTO sales.orders VALUES"
                    " (1, '', 12.5, 0.1, '2024-01-05', '2024-01-05 10:00', '2024-01-05 10:00+02',"
                    "  true, '{1,2}', '{\"a\": 1}', 'ab'),"
                    " (2, E'tab\\t\\\\N \u00e9\\nline', NULL, 'NaN', NULL, NULL, NULL, NULL, NULL,"
                    "  NULL, NULL);"
                    'CREATE TABLE "Odd name" ("Größe" int);'
                    "CREATE TABLE big AS SELECT i FROM generate_series(1, 120000) AS i;"
                    "ALTER DATABASE postgres SET datestyle = 'German';"
                    "ALTER DATABASE postgres SET timezone = 'Asia/Karachi'"
                )
            yield url
        finally:
            run(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_table_of_postgresql(
    postgres: str, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    assert rows(SourceParams(url=postgres, table="sales.orders"), tmp_path, engine) == [
        (
            "1", "", "12.5000", "0.1", "2024-01-05", "2024-01-05 10:00:00",
            "2024-01-05 08:00:00+00", "t", "{1,2}", '{"a": 1}', "\\x6162",
        ),
        ("2", "tab\t\\N \u00e9\nline", None, "NaN", *[None] * 7),
    ]  # fmt: skip
    assert rows(SourceParams(url=postgres, table="Odd name"), tmp_path, engine) == []
    assert probe(SourceParams(url=postgres, table="Odd name"), root=tmp_path, where="w") == (
        "Größe",
    )


def test_a_query_of_postgresql(
    postgres: str, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    query = "SELECT i, '100%' AS share FROM big ORDER BY i -- all"
    source = SourceParams(url=postgres, query=query)
    found = rows(source, tmp_path, engine)
    assert found == [(str(i), "100%") for i in range(1, 120_001)]


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"table": "nothing"}, 'relation "nothing" does not exist'),
        ({"query": "DELETE FROM big RETURNING i"}, "syntax error"),
        ({"query": "WITH gone AS (DELETE FROM big RETURNING i) SELECT * FROM gone"}, "."),
        ({"query": "SELECT 1) TO PROGRAM 'true' --"}, "must have an alias"),
        ({"query": "SELECT 1; DROP TABLE big"}, "syntax error"),
        ({"query": "SELECT nextval('none')"}, "does not exist"),
        ({"query": "SELECT 1 AS a, 2 AS a"}, "two columns are called `a`"),
    ],
)
def test_what_postgresql_refuses(
    postgres: str, tmp_path: Path, keys: dict[str, str], reason: str
) -> None:
    source = SourceParams(url=postgres, **keys)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=reason):
        probe(source, root=tmp_path, where="w")
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM big").fetchall() == [(120_000,)]


def test_an_error_in_the_middle_of_postgresqls_rows(
    postgres: str, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    source = SourceParams(url=postgres, query="SELECT 1 / (i - 90000) AS x FROM big")
    with pytest.raises(SourceError, match="division by zero"):
        rows(source, tmp_path, engine)
    assert not list(tmp_path.iterdir())


def test_the_version_of_postgresqls_rows(
    postgres: str, tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    source = SourceParams(url=postgres, table="big", version_query="SELECT max(i), NULL FROM big")
    received = receive(
        source, name="shop", root=tmp_path, connection=engine, out=tmp_path / "o", where="w"
    )
    assert received.fingerprint["version"] == ["120000", None]
    assert unchanged(source, received.fingerprint, root=tmp_path)


def test_no_password_is_shown(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", postgres.replace("s3cret-pw", "wr0ng-pw"))
    source = SourceParams(url="${env:SHOP_URL}", table="big")
    with pytest.raises(SourceError, match="password authentication failed") as caught:
        probe(source, root=tmp_path, where="w")
    assert "wr0ng-pw" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = SourceParams(url=f"postgresql://u:hidden-pw@127.0.0.1:{port}/db", table="x")
    with pytest.raises(SourceError, match="the database answers") as caught:
        probe(source, root=tmp_path, where="w")
    assert "hidden-pw" not in str(caught.value)
