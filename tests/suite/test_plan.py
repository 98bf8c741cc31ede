from __future__ import annotations

import pytest

from workbench.errors import ParameterError
from workbench.params import load_suite
from workbench.suite.keys import differences
from workbench.suite.notebook import find_reports
from workbench.suite.plan import Plan, check_overrides, make_plan

from .conftest import Project, write_notebook, write_params, write_snapshot

RENDERER = {"name": "embedded", "version": "1"}


def plan_of(project: Project) -> Plan:
    params = load_suite(project.workspace, "mini")
    snapshots = {
        name: write_snapshot(project.workspace, params, name, rows)[0]
        for name, rows in project.ingest.rows.items()
        if rows
    }
    reports = find_reports(project.workspace.notebooks)
    return make_plan(params, params.units.values(), reports, snapshots, RENDERER)


def test_units_times_reports_in_their_order(project: Project) -> None:
    plan = plan_of(project)
    assert [(job.unit, job.report.name) for job in plan.jobs] == [
        ("atlas", "good"),
        ("atlas", "shaky"),
        ("brook", "good"),
        ("brook", "shaky"),
    ]
    assert [(item.unit, item.reason) for item in plan.not_applicable] == [
        ("atlas", "The unit has no interactions."),
        ("brook", "The unit has no interactions."),
    ]
    job = plan.jobs[0]
    assert job.tables == ("orders",)
    assert job.key.parts["data"]["orders"]["rows"] == 12
    assert job.facts["unit"]["title"] == "Atlas Outfitters"


def test_no_data_and_empty_tables_are_not_applicable(project: Project) -> None:
    project.ingest.rows = {"atlas": {}, "brook": {"orders": 0}}
    plan = plan_of(project)
    assert plan.jobs == ()
    reasons = {(item.unit, item.report.name): item.reason for item in plan.not_applicable}
    assert reasons["atlas", "good"] == "No data of this unit have been ingested."
    assert reasons["brook", "good"] == "The unit has no orders."


def test_one_of_several_ways_is_enough(project: Project) -> None:
    path = project.workspace.notebooks / "ways.ipynb"
    write_notebook(path, order=0, any_of=[["orders", "campaigns"], "subscriptions"])
    rest = {item.report.name: item.reason for item in plan_of(project).not_applicable}
    assert rest["ways"] == "The unit has neither orders with campaigns nor subscriptions."
    project.ingest.rows["atlas"] = {"orders": 1, "campaigns": 1}
    assert plan_of(project).jobs[0].report.name == "ways"


def test_a_table_that_a_report_does_not_read_is_not_in_its_key(project: Project) -> None:
    before = plan_of(project).jobs[0]
    project.ingest.rows["atlas"] = {"orders": 12, "customers": 3}
    after = plan_of(project).jobs[0]
    assert after.snapshot.digest != before.snapshot.digest
    assert differences(before.key.parts, after.key.parts) == []
    assert after.key == before.key


def test_a_report_that_reads_everything_changes_with_everything(project: Project) -> None:
    path = project.workspace.notebooks / "whole.ipynb"
    write_notebook(path, "data = open_unit(suite, unit)\ndata.snapshot.folder", order=0)
    before = plan_of(project).jobs[0]
    assert set(before.key.parts["data"]) == {"orders", "triage"}
    project.ingest.rows["atlas"] = {"orders": 12, "customers": 3}
    assert plan_of(project).jobs[0].key != before.key


def test_overrides_are_checked_before_anything_runs(project: Project) -> None:
    reports = find_reports(project.workspace.notebooks)
    for overrides, said in (
        ({"shakey": {}}, "there is no report `shakey`. Did you mean `shaky`?"),
        ({"shaky": {"brocken": 1}}, "Did you mean `broken`?"),
        ({"shaky": {"broken": "yes"}}, "must be of type int"),
    ):
        write_params(project.workspace, atlas=overrides)
        params = load_suite(project.workspace, "mini")
        with pytest.raises(ParameterError) as caught:
            check_overrides(params.units.values(), reports)
        assert said in str(caught.value)
        assert "params/mini/atlas.yml" in str(caught.value)
