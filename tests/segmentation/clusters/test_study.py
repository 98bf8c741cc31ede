"""From order lines to named groups, and from one edition to the next."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from workbench.segmentation.clusters.reading import read_groups
from workbench.segmentation.clusters.study import NamedGroups, group_customers
from workbench.segmentation.rfm import rfm

AS_OF = date(2025, 6, 30)


def lines_of(seed: int, sizes: dict[str, int], *, returns_only: int = 0) -> pd.DataFrame:
    """Return order lines of two kinds of customers: campers in the store, readers on the web."""
    rng = np.random.default_rng(seed)
    kinds = {"camper": ("store", "Camping", 120.0, 3), "reader": ("web", "Books", 15.0, 9)}
    rows = []
    for kind, size in sizes.items():
        channel, category, price, often = kinds[kind]
        for number in range(size):
            for _ in range(1 + rng.poisson(often)):
                day = AS_OF - timedelta(days=int(rng.integers(0, 400)))
                amount = round(float(price * rng.lognormal(0, 0.2)), 2)
                rows.append((f"{kind}-{number:04d}", day, amount, channel, category))
    for number in range(returns_only):
        rows.append((f"back-{number}", AS_OF, -5.0, "web", "Books"))
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount", "channel", "category"])
    frame["ordered_at"] = pd.to_datetime(frame.pop("day"))
    return frame.assign(order_id=[f"o{n}" for n in range(len(frame))])


def grouped(lines: pd.DataFrame, earlier: object = None, seed: int = 1) -> NamedGroups:
    held = json.loads(json.dumps(earlier)) if earlier else {}  # as an edition keeps it
    return group_customers(
        lines,
        rfm(lines, as_of=AS_OF),
        seed=seed,
        min_group=5,
        currency="GBP",
        earlier=held,
        k_max=4,
    )


@pytest.fixture(scope="module")
def first() -> NamedGroups:
    return grouped(lines_of(3, {"camper": 300, "reader": 300}))


def test_planted_kinds_become_named_groups(first: NamedGroups) -> None:
    published = first.published
    assert published is not None
    assert published.names == ("Camping through store", "Books through web")
    found = published.customers
    kinds = found["customer_id"].str.startswith("camper")
    named = found["segment"] == "Camping through store"
    assert (kinds == named).mean() > 0.99
    assert first.frame()["customers"].sum() == 600
    assert sum(first.frame()["revenue"]) == published.table.revenue
    said = read_groups(first, currency="GBP")
    assert said.answer.startswith("Customers fall into 2 groups who behave alike: Camping")
    assert said.continued == ""
    assert first.tried()["chosen"].tolist() == ["chosen", "", ""]


def test_the_next_edition_keeps_rule_names_and_colours(first: NamedGroups) -> None:
    later = lines_of(3, {"camper": 300, "reader": 300})
    new = lines_of(8, {"reader": 80}).assign(
        customer_id=lambda d: d["customer_id"] + "-new", order_id=lambda d: "n" + d["order_id"]
    )
    second = grouped(pd.concat([later, new]), first.handed_on, seed=77)
    assert second.published is not None
    assert first.published is not None
    assert second.published.continuation.kept
    assert second.published.groups == first.published.groups
    assert second.handed_on == first.handed_on, "the rule in force is handed on as it was"
    whose = second.published.customers
    fresh = whose[whose["customer_id"].str.endswith("-new")]
    assert (fresh["segment"] == "Books through web").mean() > 0.95
    # Who did nothing new stays where they were, though the groups were looked for anew.
    before = first.published.customers.set_index("customer_id")["segment"]
    now = whose.set_index("customer_id")["segment"].reindex(before.index)
    assert (before == now).all()
    said = read_groups(second, currency="GBP")
    assert said.continued.startswith("The earlier groups stay.")


def test_what_is_handed_on_names_no_customer(first: NamedGroups) -> None:
    text = json.dumps(first.handed_on)
    assert "camper-" not in text
    assert len(text) < 20_000


def test_groups_that_cannot_be_read_are_said_and_made_anew(first: NamedGroups) -> None:
    lines = lines_of(3, {"camper": 300, "reader": 300})
    for held in ({"grouping": {"format": 99}, "groups": []}, {"groups": [{"name": "x"}]}):
        again = grouped(lines, held)
        assert "could not be read" in again.unreadable
        assert again.published is not None
        assert first.published is not None
        assert again.published.names == first.published.names
        assert "could not be read" in read_groups(again, currency="GBP").continued


def test_where_there_are_no_groups_the_earlier_ones_wait(first: NamedGroups) -> None:
    alike = grouped(lines_of(5, {"reader": 400}), first.handed_on)
    assert alike.published is None
    assert alike.handed_on == first.handed_on
    said = read_groups(alike, currency="GBP")
    assert said.answer.startswith("There are no groups")
    assert said.continued == (
        "The groups of the edition before are no longer found: Camping through store and Books "
        "through web."
    )
    assert said.told["told"].tolist() == [alike.found.reason]
    row = alike.frame().iloc[0].to_dict()
    assert row["segment"] == "No groups"
    assert row["customers"] is None
    assert alike.rule_frame(currency="GBP").empty


def test_few_with_returns_only_are_not_all_less_the_groups() -> None:
    lines = lines_of(3, {"camper": 300, "reader": 300}, returns_only=2)
    found = grouped(lines)
    assert not found.counts_shown
    assert found.frame()["customers"].isna().all()
    assert set(found.frame()["customer_share"]) == {0.5}
    assert found.rule_frame(currency="GBP")["customers"].isna().all()
    assert found.published is not None
    assert all(
        "customers" not in one.sentence.split(".")[0].replace("of customers", "")
        for one in found.published.naming.groups
    )
    many = grouped(lines_of(3, {"camper": 300, "reader": 300}, returns_only=6))
    assert many.counts_shown


def test_too_few_customers_are_no_groups() -> None:
    few = grouped(lines_of(3, {"reader": 20}))
    assert few.published is None
    assert few.tried().empty
    assert "too few" in read_groups(few, currency="GBP").answer
    assert few.handed_on == {}
