"""What the profiles say: numbers that are there, and reasons where they are not."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache

import pandas as pd
import pytest

from support.shop import AS_OF, atlas, brook
from workbench.errors import AnalysisError
from workbench.segmentation.assigned import assign, assigned_by
from workbench.segmentation.profiles.reading import read_profiles
from workbench.segmentation.profiles.study import Profiles, profile_segments
from workbench.segmentation.study import segment


@cache
def profiles(unit: str) -> Profiles:
    shop = atlas() if unit == "atlas" else brook()
    base = segment(shop.orders, as_of=AS_OF, min_group=5)
    contacts = shop.interactions if unit == "atlas" else None
    return profile_segments(shop.orders, assigned_by(base), as_of=AS_OF, interactions=contacts)


def test_sentences_say_what_the_tables_hold() -> None:
    found = profiles("atlas")
    said = read_profiles(found, currency="GBP")
    best = found.preferences(1000)
    best = best[best["lift"].astype(float) > 1].iloc[0]
    assert best["segment"] in said.preference
    assert f"lift {best['lift']:.2f}" in said.preference
    assert f"{found.lifts.standing_out} stand out" in said.tested
    margins = found.money.frame.set_index("segment")["margin"].astype(float)
    assert said.margin.startswith(f"{margins.idxmax()} leave the most")
    loads = found.care.frame.set_index("segment")["contacts_per_year"].astype(float)
    assert said.support.startswith(loads.idxmax())
    assert "who buys more asks more" in said.support


def test_a_unit_without_preferences_and_contacts_says_so() -> None:
    said = read_profiles(profiles("brook"), currency="GBP")
    assert said.preference == (
        "No segment prefers a channel or a category by more than chance explains."
    )
    assert "none stands out" in said.tested
    assert said.support == "Support load cannot be said: the unit has no table of contacts."
    assert said.no_care == "the unit has no table of contacts"


@pytest.mark.parametrize("unit", ["atlas", "brook"])
def test_nothing_shown_is_not_a_number(unit: str) -> None:
    found = profiles(unit)
    said = " ".join(asdict(read_profiles(found, currency="GBP")).values())
    assert "nan" not in said.lower().split()
    assert "None" not in said
    for frame in (found.money.frame, found.lifts.frame, found.care.frame):
        for value in frame.to_numpy(dtype=object).ravel():
            assert value == value  # only what is no number is not itself


def test_the_figure_always_has_a_row() -> None:
    assert len(profiles("atlas").drawn(8)) == 8
    nearest = profiles("brook").drawn()
    assert ((nearest["ci_lower"] < 1) & (nearest["ci_upper"] > 1)).all()
    lines = atlas().orders.drop(columns=["channel", "category"])
    assigned = assigned_by(segment(lines, as_of=AS_OF, min_group=5))
    bare = profile_segments(lines, assigned, as_of=AS_OF)
    assert bare.drawn()["lift"].isna().all()
    assert len(bare.drawn()) == 1
    said = read_profiles(bare, currency="GBP")
    assert "name neither channel nor category" in said.preference
    assert "The orders have no channels and categories." in said.missing


def test_lifts_as_a_grid() -> None:
    found = profiles("atlas")
    grid = found.lift_grid("channel").set_index("segment")
    frame = found.lifts.frame[found.lifts.frame["what"] == "channel"]
    for row in frame.to_dict("records"):
        shown = grid.loc[row["segment"], row["level"]]
        assert shown == row["lift"] if row["stands_out"] else pd.isna(shown)


def test_customers_in_no_segment_are_counted_but_not_told_apart() -> None:
    lines = atlas().orders
    names = sorted(lines["customer_id"].unique())
    who = pd.DataFrame({"customer_id": names[3:], "segment": "all"})
    found = profile_segments(lines, assign(who, ["all"], min_group=5), as_of=AS_OF)
    assert found.unassigned == 3
    assert "in no segment: fewer than 5." in read_profiles(found, currency="GBP").missing
    assert found.money.customers == len(names) - 3


def test_alpha_is_checked() -> None:
    with pytest.raises(AnalysisError, match=r"alpha == 1\.5"):
        profile_segments(atlas().orders, profiles("atlas").assigned, as_of=AS_OF, alpha=1.5)
