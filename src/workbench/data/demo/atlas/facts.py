"""What is planted in Atlas Outfitters: process, seasons, groups, catalogue, experiments, desk."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.data.demo.baskets import Group
from workbench.data.demo.purchases import Process
from workbench.data.demo.support import Desk

__all__ = [
    "CHANNELS",
    "CLOSED",
    "DAYS",
    "DESK",
    "EXPERIMENTS",
    "GIFT_MONTHS",
    "GROUPS",
    "MONTHS",
    "PROCESS",
    "SERIES",
    "WEEKDAYS",
    "Experiment",
    "ranges",
]

DAYS = 910  # 130 weeks
MONTHS = (0.92, 0.90, 0.95, 1.0, 1.04, 1.05, 1.02, 0.98, 0.98, 1.0, 1.06, 1.10)
GIFT_MONTHS = (0.10, 0.25, 0.35, 0.30, 0.55, 0.30, 0.10, 0.10, 0.20, 0.60, 3.55, 5.60)
WEEKDAYS = (0.85, 0.85, 0.90, 0.95, 1.10, 1.35, 1.0)
CLOSED = ((12, 25), (1, 1))

PROCESS = Process(r=0.75, alpha=9.0, a=0.8, b=3.2, spend_p=5.0, spend_q=4.2, spend_gamma=42.0)

SERIES = ("Basic", "Fell", "Ridge", "Tarn", "Summit", "Explorer", "Expedition", "Heritage")

GROUPS = (
    Group(
        "regulars",
        {"Nutrition": 0.62, "Accessories": 0.38},
        {"app": 0.85, "store": 0.15},
        extra_lines=2.2,
    ),
    Group(
        "gift_season",
        {"Gifts": 0.68, "Books and maps": 0.32},
        {"web": 0.92, "store": 0.08},
        extra_lines=1.2,
        returned=0.07,
    ),
    Group(
        "big_ticket",
        {"Camping": 0.58, "Snow sports": 0.42},
        {"store": 0.90, "phone": 0.10},
        extra_lines=0.6,
        discounted=0.05,
    ),
    Group(
        "discount_hunters",
        {"Clothing": 0.72, "Accessories": 0.28},
        {"outlet": 0.92, "web": 0.08},
        extra_lines=1.4,
        discounted=0.85,
        discount=(0.20, 0.50),
        returned=0.11,
    ),
    Group(
        "tried_and_left",
        {"Footwear": 0.80, "Clothing": 0.20},
        {"marketplace": 0.92, "web": 0.08},
        extra_lines=0.5,
        returned=0.13,
    ),
)

CHANNELS = tuple(dict.fromkeys(channel for group in GROUPS for channel in group.channels))
"""Every channel of the groups, once."""


def ranges() -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return category -> (margin, products from cheap to dear)."""
    return {
        "Accessories": (0.58, ("Laces", "Socks", "Bottle", "Cap", "Gloves", "Head torch", "Watch")),
        "Nutrition": (
            0.34,
            ("Bar", "Gel pack", "Trail mix", "Meal", "Hamper", "Stock box", "Crate"),
        ),
        "Gifts": (0.55, ("Card", "Mug", "Flask", "Lantern", "Blanket", "Gift set", "Day out")),
        "Books and maps": (
            0.42,
            ("Leaflet", "Map", "Guide", "Atlas", "Box set", "Wall map", "Globe"),
        ),
        "Camping": (0.46, ("Peg set", "Cup", "Lamp", "Mat", "Stove", "Sleeping bag", "Tent")),
        "Snow sports": (0.44, ("Wax", "Strap", "Goggles", "Mittens", "Helmet", "Boots", "Skis")),
        "Clothing": (0.52, ("Patch", "Scarf", "Tee", "Shirt", "Fleece", "Jacket", "Down suit")),
        "Footwear": (
            0.50,
            ("Polish", "Insoles", "Sandals", "Trainers", "Shoes", "Boots", "Waders"),
        ),
    }


DESK = Desk(
    topics={
        "late delivery": (0.30, "Logistics", 20.0),
        "return or exchange": (0.28, "Returns", 30.0),
        "size and fit": (0.16, "Advice", 6.0),
        "payment": (0.12, "Accounts", 12.0),
        "faulty product": (0.14, "Returns", 48.0),
    },
    vias=(("email", 0.45), ("phone", 0.30), ("chat", 0.25)),
)


@dataclass(frozen=True)
class Experiment:
    """How one experiment was run.

    Parameters
    ----------
    variants, shares
        Names, the control first, and the planned shares.
    actual_shares
        The shares that were really assigned: other than planned where the assignment is broken.
    days_ago, days
        How many days before ``as_of`` assigning began, and over how many days it ran.
    share_of_known
        Share of the customers known by then that took part.
    window
        Days after assignment in which outcomes are counted.
    chance_of_order
        Probability that a customer of the second variant places one order more; 0: no effect.
    in_both
        Share of customers that were assigned to a second variant as well.
    """

    variants: tuple[str, ...]
    shares: tuple[float, ...]
    actual_shares: tuple[float, ...]
    days_ago: int
    days: int
    share_of_known: float
    window: int = 28
    chance_of_order: float = 0.0
    in_both: float = 0.0


EXPERIMENTS: dict[str, Experiment] = {
    "winback_voucher": Experiment(
        ("none", "voucher"), (0.5, 0.5), (0.5, 0.5), 160, 14, 0.95, chance_of_order=0.10
    ),
    "subject_line": Experiment(
        ("plain", "question", "emoji"), (0.34, 0.33, 0.33), (0.34, 0.33, 0.33), 100, 10, 0.90
    ),
    "new_checkout": Experiment(
        ("old", "new"), (0.5, 0.5), (0.545, 0.455), 62, 21, 0.85, in_both=0.015
    ),
}
