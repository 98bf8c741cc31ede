"""The engine: bounded, repeatable, off the network."""

from __future__ import annotations

import gc
from pathlib import Path

import duckdb
import pytest

from workbench.data.engine import connect
from workbench.errors import ParameterError


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> object:
    row = connection.execute("SELECT current_setting(?)", [name]).fetchone()
    assert row is not None
    return row[0]


def test_a_connection_is_set_for_repeatable_work() -> None:
    connection = connect(memory="512MB", threads=2)
    assert setting(connection, "TimeZone") == "UTC"
    assert setting(connection, "threads") == 2
    assert setting(connection, "preserve_insertion_order") is True
    assert setting(connection, "memory_limit") == "488.2 MiB"
    for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
        assert setting(connection, name) is False
    assert setting(connection, "allow_community_extensions") is False


def test_what_the_readers_and_casts_need_is_built_in() -> None:
    rows = connect().execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded")
    assert {"icu", "json", "parquet"} <= {name for (name,) in rows.fetchall()}


def test_an_extension_is_not_fetched() -> None:
    with pytest.raises(duckdb.Error):
        connect().execute("SELECT * FROM read_xlsx('nothing.xlsx')")


def test_python_variables_cannot_be_reached_from_sql() -> None:
    hidden = [1, 2, 3]
    with pytest.raises(duckdb.CatalogException):
        connect().execute("SELECT * FROM hidden")
    assert hidden


def test_the_folder_for_spilled_data_is_private_and_goes_with_the_connection() -> None:
    connection = connect()
    folder = Path(str(setting(connection, "temp_directory")))
    assert folder.stat().st_mode & 0o777 == 0o700
    connection.close()
    del connection
    gc.collect()
    assert not folder.exists()


def test_a_folder_for_spilled_data_can_be_named(tmp_path: Path) -> None:
    connection = connect(temp=tmp_path / "spill")
    assert setting(connection, "temp_directory") == str(tmp_path / "spill")


@pytest.mark.parametrize("bad", [{"memory": "much"}, {"threads": 0}])
def test_settings_that_the_engine_refuses_are_named(bad: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="the engine refuses its settings"):
        connect(**bad)  # type: ignore[arg-type]
