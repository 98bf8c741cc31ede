"""What a notebook shows of an earlier list: also of none, a hidden, an empty and a damaged one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from workbench.data.earlier_list import EarlierList
from workbench.segmentation.outcome import outcome_of_list
from workbench.segmentation.outcome_earlier import Brought, outcome_of_earlier, outcomes_table

from .test_outcome import AS_OF, SINCE, world

NOBODY = pd.DataFrame({"customer_id": [], "arm": []}, dtype="str")


def brought(earlier: EarlierList | None, orders: Any, min_group: int = 5) -> Brought:
    return outcome_of_earlier(
        earlier, orders, as_of=AS_OF, min_group=min_group, label="To win back", currency="GBP"
    )


def test_it_tells_what_the_analysis_found() -> None:
    customers, orders = world(4000, 1000, buys=(0.4, 0.25))
    found = brought(EarlierList(SINCE, customers), orders)
    outcome = outcome_of_list(customers, orders, since=SINCE, as_of=AS_OF, min_group=5)
    assert found.outcome == outcome
    assert (found.kind, found.reason, found.points_reason) == ("answer", "", "")
    assert found.answer.startswith("To win back, list of 31 May 2025: The list raised revenue")
    assert "of the contacted customers bought" in found.answer
    assert found.decision is not None
    assert "earlier contacts" in found.how
    assert found.total == outcome.total.value
    total, share = outcome.total, outcome.share
    assert found.total_ci == (total.ci_lower, total.ci_upper, 0.95, total.method)
    assert share.value is not None
    assert share.ci_lower is not None
    assert share.ci_upper is not None
    assert found.points == 100 * share.value
    assert found.points_ci == (100 * share.ci_lower, 100 * share.ci_upper, 0.95, share.method)


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        (None, "No list is 28 days old yet"),
        (EarlierList(SINCE, NOBODY), "The list of 31 May 2025 was empty"),
        (
            EarlierList(SINCE, NOBODY, problem="its file is damaged"),
            "The list of 31 May 2025 is no longer here to be measured: its file is damaged.",
        ),
    ],
)
def test_without_a_list_it_says_why(earlier: EarlierList | None, words: str) -> None:
    found = brought(earlier, world(10, 10)[1])
    assert found.answer == f"To win back: {found.reason[0].lower()}{found.reason[1:]}"
    assert words in found.reason
    assert words in found.points_reason
    assert (found.kind, found.decision, found.total, found.points) == ("limit", None, None, None)
    assert found.outcome is None
    assert outcomes_table(found).empty


def test_a_list_whose_size_is_hidden_tells_no_number() -> None:
    customers, orders = world(4000, 1000, buys=(0.4, 0.25))
    shown = EarlierList(SINCE, customers)
    found = brought(replace(shown, is_shown=False), orders)
    assert "hidden" in found.answer
    assert (found.total, found.points, found.outcome) == (None, None, None)


def test_too_few_are_a_limit_with_a_decision() -> None:
    customers, orders = world(300, 30)
    found = brought(EarlierList(SINCE, customers), orders)
    assert (found.kind, found.total) == ("limit", None)
    assert found.reason.startswith("Fewer than 20 of the customers who were held out bought")
    assert found.decision is not None


def test_where_all_spent_the_same_there_is_a_number_without_interval() -> None:
    customers, _ = world(40, 40)
    orders = pd.DataFrame(
        {"customer_id": customers["customer_id"], "ordered_at": pd.Timestamp("2025-06-10")}
    ).assign(amount=5.0)
    found = brought(EarlierList(SINCE, customers), orders)
    assert (found.total, found.total_ci) == (0.0, None)


def test_the_table_has_both_arms_of_the_measured_lists() -> None:
    customers, orders = world(4000, 1000)
    one = brought(EarlierList(SINCE, customers), orders)
    none = brought(None, orders)
    frame = outcomes_table(one, none, one)
    assert frame.columns.tolist() == outcomes_table().columns.tolist()
    assert frame["arm"].tolist() == ["Contacted", "Held out"] * 2
    assert frame["customers"].tolist() == [4000, 1000] * 2
    assert frame["day"].tolist() == [date(2025, 5, 31)] * 4
    hidden = brought(EarlierList(SINCE, world(4000, 3)[0]), orders)
    assert outcomes_table(hidden)["customers"].tolist() == [None, None]
