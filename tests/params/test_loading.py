"""Parameter files: what is merged, and what each mistake is answered with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from workbench.errors import ParameterError
from workbench.params import list_suites, load_suite, parse_as_of
from workbench.workspace import Workspace

SUITE = """
title: Demo
as_of: 2025-06-30
currency: GBP
timezone: Europe/London
owner: Insight
reports: {segmentation: {n_bins: 5, seed: 1}}
"""
UNIT = """
title: Atlas
sources:
  orders:
    till:
      path: orders.csv.gz
      columns: {amount: Quantity * UnitPrice}
      read: {delimiter: ";"}
"""

Write = Callable[..., Workspace]


@pytest.fixture
def project(tmp_path: Path) -> Write:
    def write(suite: str = SUITE, **units: str) -> Workspace:
        folder = tmp_path / "params" / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        (folder / "suite.yml").write_text(suite, encoding="utf-8")
        for name, text in (units or {"atlas": UNIT}).items():
            (folder / f"{name}.yml").write_text(text, encoding="utf-8")
        return Workspace(tmp_path)

    return write


def test_a_units_file_lies_over_the_suites(project: Write) -> None:
    unit = UNIT + "reports: {segmentation: {n_bins: 7}, retention: {}}\ncurrency: EUR\n"
    suite = load_suite(project(atlas=unit), "demo")
    atlas = suite.unit("atlas")
    assert suite.as_of == date(2025, 6, 30)
    assert (atlas.title, atlas.owner, atlas.currency) == ("Atlas", "Insight", "EUR")
    assert atlas.reports == {"segmentation": {"n_bins": 7, "seed": 1}, "retention": {}}
    assert (atlas.week_start, atlas.fiscal_year_start) == ("monday", 1)
    source = atlas.sources["orders"]["till"]
    assert (source.kind, source.read.delimiter, source.read.encoding) == ("csv", ";", "utf-8")


def test_as_of_of_the_command_line_wins(project: Write) -> None:
    assert load_suite(project(), "demo", as_of=parse_as_of("2024-01-31")).as_of.year == 2024


def test_suites_are_listed(project: Write) -> None:
    assert list_suites(project()) == ["demo"]


@pytest.mark.parametrize("text", ["2025-6-30", "30/06/2025", "2025-02-30", "today", "20250630"])
def test_as_of_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ParameterError, match="YYYY-MM-DD"):
        parse_as_of(text)


def broken(old: str, new: str) -> str:
    assert old in UNIT
    return UNIT.replace(old, new)


@pytest.mark.parametrize(
    ("unit", "where", "fix"),
    [
        (broken("delimiter", "delimeter"), "sources.orders.till.read.delimeter", "`delimiter`"),
        (broken("title", "titel"), "titel", "`title`"),
        (broken('read: {delimiter: ";"}', "types: {a: int}"), "till.types.a", "`integer`"),
        (broken('read: {delimiter: ";"}', "read: {header: 1}"), "read.header", "boolean"),
        (broken('read: {delimiter: ";"}', "read: {encoding: utf-9}"), "encoding", "utf-8"),
        (broken('read: {delimiter: ";"}', "read: {header: false}"), "till.read", "`names`"),
        (broken("orders.csv.gz", "orders.dat"), "till", "state `format`"),
        (broken("path: orders.csv.gz", "query: select 1"), "till", "`path`"),
        (broken("path: orders.csv.gz", "url: sqlite:///a.db"), "till", "`table` or `query`"),
        (broken('read: {delimiter: ";"}', "rules: {a: {check: x, severity: warm}}"), "a", "`warn`"),
        (broken('read: {delimiter: ";"}', "like: till"), "", "another source"),
        (broken("title: Atlas", "title: Atlas\ntimezone: Mars/City"), "timezone", "IANA"),
        (broken("title: Atlas", "title: Atlas\ncurrency: gbp"), "currency", "ISO 4217"),
        (broken("title: Atlas", "title: Atlas\nfiscal_year_start: 13"), "fiscal", "12"),
        (broken("title: Atlas", "title: Atlas\ntitle: Other"), "line 3", ""),
        (broken("title: Atlas", "title: [Atlas"), "line", ""),
        ("just a text", "atlas.yml", "Allowed keys"),
        ("title: Atlas", "atlas.yml", "at least one"),
    ],
)
def test_each_mistake_names_file_key_and_remedy(
    project: Write, unit: str, where: str, fix: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        load_suite(project(atlas=unit), "demo")
    assert caught.value.where.startswith("params/demo/atlas.yml")
    assert where in caught.value.where
    assert fix in caught.value.fix


@pytest.mark.parametrize("name", ["UPPER", "a b", "a.b", "-x"])
def test_a_units_name_is_a_plain_name(project: Write, name: str) -> None:
    with pytest.raises(ParameterError, match="no name for a unit"):
        load_suite(project(**{name: UNIT}), "demo")


@pytest.mark.parametrize("name", ["../atlas", "atlas/../../etc", "atlsa", ""])
def test_a_unit_is_asked_for_by_its_name_alone(project: Write, name: str) -> None:
    with pytest.raises(ParameterError, match="Allowed: atlas"):
        load_suite(project(), "demo").unit(name)


@pytest.mark.parametrize("name", ["../demo", "dmo", "", "demo/../demo"])
def test_a_suite_is_asked_for_by_its_name_alone(project: Write, name: str) -> None:
    with pytest.raises(ParameterError, match="Allowed: demo"):
        load_suite(project(), name)


def test_as_of_is_never_taken_from_elsewhere(project: Write) -> None:
    suite = SUITE.replace("as_of: 2025-06-30\n", "")
    with pytest.raises(ParameterError, match="never taken from the data or the clock"):
        load_suite(project(suite), "demo")


def test_what_neither_file_says_is_missed(project: Write) -> None:
    suite = SUITE.replace("currency: GBP\n", "")
    with pytest.raises(ParameterError, match="`currency` is missing"):
        load_suite(project(suite), "demo")


def test_a_country_code_is_no_truth_value(project: Write) -> None:
    assert load_suite(project(atlas=broken("Atlas", "NO")), "demo").unit("atlas").title == "NO"


def test_a_split_suite_states_its_sources_and_has_the_whole(project: Write) -> None:
    sources = UNIT.replace("title: Atlas\n", "")
    suite = load_suite(
        project(
            SUITE + "split: {by: country, min_customers: 20}\n" + sources, fr="title: France\n"
        ),
        "demo",
    )
    assert list(suite.units) == ["all", "fr"]
    assert suite.unit("all").title == "Demo"
    assert suite.unit("fr", "FRANCE").title == "France"
    assert suite.unit("germany", "Germany").sources == suite.unit("all").sources
    with pytest.raises(ParameterError):
        suite.unit("../germany")


def test_sources_stand_in_one_place(project: Write) -> None:
    split = SUITE + "split: {by: country}\n"
    with pytest.raises(ParameterError, match="states its `sources` here"):
        load_suite(project(split), "demo")
    with pytest.raises(ParameterError, match="no `sources` of its own"):
        load_suite(project(split + UNIT.replace("title: Atlas\n", ""), atlas=UNIT), "demo")
    with pytest.raises(ParameterError, match="stand in the units' files"):
        load_suite(project(SUITE + UNIT.replace("title: Atlas\n", "")), "demo")


def test_a_mended_source_takes_over_what_its_model_says(project: Write) -> None:
    unit = UNIT + "    mended: {path: mended.csv, like: till}\n".replace("    ", "    ", 1)
    atlas = load_suite(project(atlas=unit), "demo").unit("atlas")
    mended = atlas.sources["orders"]["mended"]
    assert mended.columns == {"amount": "Quantity * UnitPrice"}
    # A quarantine file is a plain CSV, whatever its source was.
    assert mended.read.delimiter == ","


EXPERIMENT = """
experiments:
  offer:
    title: Offer
    control: control
    shares: {control: 0.5, offer: 0.5}
    metrics: {spend: {column: spend_28d, kind: mean}}
"""


def test_an_experiment_is_declared(project: Write) -> None:
    atlas = load_suite(project(atlas=UNIT + EXPERIMENT), "demo").unit("atlas")
    assert atlas.facts()["experiments"]["offer"]["shares"] == {"control": 0.5, "offer": 0.5}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("control: control", "control: contrl", "must be one of the variants"),
        ("offer: 0.5", "offer: 0.4", "add up to 1"),
        ("{control: 0.5, offer: 0.5}", "{control: 0.999}", "at least two"),
        ("kind: mean", "kind: men", "Did you mean `mean`"),
        ("title: Offer", "title: Offer\n    alpha: 1.5", "less than 1"),
        ("{spend: {column: spend_28d, kind: mean}}", "{}", "at least 1"),
    ],
)
def test_a_wrong_experiment_is_refused(project: Write, old: str, new: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        load_suite(project(atlas=UNIT + EXPERIMENT.replace(old, new)), "demo")
