"""What a unit's file names must exist."""

from __future__ import annotations

from datetime import date

import pytest

from workbench.errors import ParameterError
from workbench.ingest.naming import name_sources
from workbench.params import EventParams, UnitParams


def test_an_event_about_a_table_that_does_not_exist() -> None:
    event = EventParams(
        title="Sale",
        start=date(2025, 1, 1),
        end=date(2025, 1, 2),
        explains=["volume"],
        tables=["order"],
    )
    unit = UnitParams(
        name="one",
        title="One",
        owner="Insight",
        currency="GBP",
        timezone="UTC",
        week_start="monday",
        fiscal_year_start=1,
        calendar={"sale": event},
        where="params/test/one.yml",
    )
    with pytest.raises(ParameterError, match="Did you mean `orders`") as caught:
        name_sources(unit)
    assert caught.value.where == "params/test/one.yml, calendar.sale.tables"
