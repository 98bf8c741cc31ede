"""Gate, identity, retention and waivers in the parameter files: merged, checked, refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.errors import ParameterError
from workbench.params import UnitParams

SUITE = """
gate: {max_quarantine_share: 0.05}
retain: {quarantine_days: 90}
"""
Load = Callable[..., UnitParams]


def test_the_suite_speaks_for_its_units(load: Load) -> None:
    unit = load()
    assert unit.gate is not None
    assert unit.gate.max_quarantine_share == 0.05
    assert unit.retain is not None
    assert (unit.retain.quarantine_days, unit.retain.snapshots_days) == (90, None)
    assert unit.identity is None


def test_a_unit_speaks_for_itself(load: Load) -> None:
    unit = load(
        "gate: {max_age_days: 35, tables: {orders: {min_rows: 1000}}}\n"
        "identity: {country: GB}\n"
        "tables: {orders: {waive: {note: only order codes}}}\n"
    )
    assert unit.gate is not None
    assert unit.gate.max_quarantine_share is None
    assert unit.gate.max_age_days == 35
    assert unit.gate.tables["orders"].min_rows == 1000
    assert unit.identity is not None
    assert unit.identity.country == "GB"
    assert unit.tables["orders"].waive == {"note": "only order codes"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("gate: {max_quarantine_share: 1.5}", "max_quarantine_share"),
        ("gate: {max_age_day: 3}", "max_age_days"),
        ("gate: {min_rows: 0}", "min_rows"),
        ("identity: {country: gb}", "ISO 3166"),
        ("retain: {}", "neither"),
        ("retain: {snapshots_days: 0}", "snapshots_days"),
        ("tables: {orders: {waive: {note: ''}}}", "waive"),
        ("tables: {orders: {waive: {note: why}, personal: {note: drop}}}", "state one"),
    ],
)
def test_what_is_refused(load: Load, said: str, told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        load(said)
    assert told in str(caught.value)
    assert "params/demo/atlas.yml" in str(caught.value)
