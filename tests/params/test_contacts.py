"""The contact policy in the parameter files: merged, checked, refused; and the house's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.errors import ParameterError
from workbench.params import UnitParams
from workbench.suite.contacts.policy import Policy, check_contacts, policy_of

SUITE = """
contacts: {priority: [segmentation.win-back], cap: 2, control_share: 0.1}
"""
Load = Callable[..., UnitParams]


def test_the_suite_speaks_for_its_units(load: Load) -> None:
    found = policy_of(load())
    assert found == Policy(("segmentation.win-back",), 2, 30, 0.1, is_declared=True)
    assert Policy.from_json(found.to_json()) == found


def test_a_units_policy_takes_the_place_of_the_suites(load: Load) -> None:
    found = policy_of(load("contacts: {period_days: 14, control_share: 0}\n"))
    assert found == Policy((), 1, 14, 0.0, is_declared=True)


def test_where_nothing_is_declared_the_houses_policy_holds(load: Load) -> None:
    assert policy_of(load(suite="")) == Policy((), 1, 30, 0.0, is_declared=False)


def test_a_policy_is_no_part_of_what_reports_see(load: Load) -> None:
    assert "contacts" not in load().facts(), "another policy runs no report"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("contacts: {period: 3}", "Did you mean `period_days`"),
        ("contacts: {cap: 0}", "cap"),
        ("contacts: {cap: 1.5}", "cap"),
        ("contacts: {period_days: 0}", "period_days"),
        ("contacts: {control_share: 1}", "control_share"),
        ("contacts: {control_share: -0.1}", "control_share"),
        ("contacts: {priority: [win-back]}", "report.list"),
        ("contacts: {priority: [a.b, a.b]}", "each list once"),
    ],
)
def test_what_is_refused(load: Load, said: str, told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        load(said)
    assert told in str(caught.value)
    assert "params/demo/atlas.yml" in str(caught.value)


def test_a_report_that_is_not_there_is_told_with_the_nearest_name(load: Load) -> None:
    unit = load("contacts: {priority: [segmentation.win-back, retentoin.leavers]}\n")
    with pytest.raises(ParameterError, match="Did you mean `retention`") as caught:
        check_contacts([unit], ["segmentation", "retention"])
    assert "contacts.priority, retentoin.leavers" in str(caught.value)
    check_contacts([unit], ["segmentation", "retentoin"])
