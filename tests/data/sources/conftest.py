"""What the readers' tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from workbench.data.engine import connect
from workbench.data.sources import Received, receive
from workbench.params import SourceParams

Read = Callable[..., "Result"]


class Result:
    """A received source, with its rows and their numbers in the source."""

    def __init__(self, received: Received, connection: duckdb.DuckDBPyConnection) -> None:
        self.received = received
        table = pq.read_table(received.path)
        numbers = connection.execute(
            f"SELECT ({received.row_sql})::BIGINT"
            f" FROM read_parquet('{received.path}', file_row_number = true)"
        ).fetchall()
        self.numbers = [number for (number,) in numbers]
        self.rows = list(zip(*(table[name].to_pylist() for name in received.columns), strict=True))
        self.broken = [
            (line.record, line.text, line.error) for line in received.unreadable_lines(10**6)
        ]
        schema = pq.read_schema(received.path)
        assert all(str(schema.field(name).type) == "string" for name in received.columns)
        assert len(self.rows) == received.rows
        assert len(self.broken) == received.unreadable_rows
        assert received.path.stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="session")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(memory="512MB", threads=2)


@pytest.fixture(scope="session")
def read(engine: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Write bytes to a file where given, receive it, and return what came."""
    root = tmp_path_factory.mktemp("sources")

    def go(content: bytes | None = None, path: str = "source.csv", **options: Any) -> Result:
        if content is not None:
            (root / path).write_bytes(content)
        source = SourceParams.model_validate({"path": path, "read": options})
        received = receive(
            source, name="till", root=root, connection=engine, out=root / "out.parquet", where="w"
        )
        assert not [left for left in root.iterdir() if left.name.startswith(".")]
        return Result(received, engine)

    go.root = root  # type: ignore[attr-defined]
    return go
