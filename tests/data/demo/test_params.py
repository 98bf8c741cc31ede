"""The demo suite's parameter files fit the files that are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.demo import AS_OF, SEED, Demo
from workbench.data.demo import UNITS
from workbench.params import SourceParams, SuiteParams, load_suite
from workbench.workspace import Workspace

_RAW = "data/demo/raw/"


@pytest.fixture(scope="module")
def suite(project: Path) -> SuiteParams:
    return load_suite(Workspace(project), "demo")


def _file(source: SourceParams) -> str:
    place = source.path or (source.url or "").removeprefix("sqlite:///")
    assert place.startswith(_RAW)
    return place.removeprefix(_RAW)


def test_suite_is_the_one_that_the_tests_simulate(suite: SuiteParams) -> None:
    assert (suite.as_of, suite.seed) == (AS_OF, SEED)
    assert tuple(suite.units) == UNITS


def test_every_source_has_its_file_and_every_file_its_source(
    suite: SuiteParams, demo: Demo
) -> None:
    named = {
        _file(source)
        for unit in suite.units.values()
        for sources in unit.sources.values()
        for source in sources.values()
    }
    written = {
        str(path.relative_to(demo.raw))
        for unit in UNITS
        for path in (demo.raw / unit).rglob("*")
        if path.is_file()
    }
    assert named == written


def test_columns_of_types_and_expressions_exist(suite: SuiteParams, demo: Demo) -> None:
    for unit in suite.units.values():
        for table, sources in unit.sources.items():
            for source in sources.values():
                record = demo.read(_file(source), table)[0]
                columns = {str(name) for name in record if name is not None}
                assert set(source.types) <= columns
                for expression in source.columns.values():
                    bare = re.sub(r"'[^']*'|\"", " ", expression)
                    assert set(re.findall(r"[A-Za-z_]\w*", bare)) <= columns


def test_totals_name_every_source(suite: SuiteParams, demo: Demo) -> None:
    for name, unit in suite.units.items():
        declared = {f"{t}/{s}" for t, sources in unit.sources.items() for s in sources}
        assert declared == set(demo.unit(name).facts["totals"])


def test_every_kind_of_source_and_every_table_is_shown(suite: SuiteParams) -> None:
    sources = [s for u in suite.units.values() for t in u.sources.values() for s in t.values()]
    assert {source.kind for source in sources} == {"csv", "parquet", "excel", "jsonl", "sql"}
    tables = {table for unit in suite.units.values() for table in unit.sources}
    assert tables == {
        "assignments",
        "campaigns",
        "customers",
        "interactions",
        "orders",
        "subscriptions",
        "touchpoints",
    }
    assert "orders" not in suite.units["cirrus"].sources


def test_experiments_are_those_in_the_data(suite: SuiteParams, demo: Demo) -> None:
    for name, unit in suite.units.items():
        planted = demo.unit(name).facts.get("experiments", {})
        assert set(unit.experiments) == set(planted)
        for experiment, declared in unit.experiments.items():
            assert declared.shares == planted[experiment]["planned_shares"]
            assert declared.control == planted[experiment]["control"]
            # What is measured in a window of the orders is no column of the assignments.
            columns = {metric.column for metric in declared.metrics.values() if metric.column}
            assert columns
            assert columns <= set(planted[experiment]["metrics"])
