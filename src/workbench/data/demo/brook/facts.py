"""What is planted in Brook & Daughters: process, seasons, catalogue, service desk."""

from __future__ import annotations

from workbench.data.demo.baskets import Group
from workbench.data.demo.purchases import Process
from workbench.data.demo.support import Desk

__all__ = ["BUYERS", "CLOSED", "DAYS", "DESK", "MONTHS", "PROCESS", "RANGES", "SERIES", "WEEKDAYS"]

PROCESS = Process(r=0.6, alpha=9.0, a=0.7, b=3.5, spend_p=4.0, spend_q=4.5, spend_gamma=36.0)
DAYS = 910
SERIES = ("Plain", "Cottage", "Country", "Manor", "Heirloom", "Studio")
RANGES: dict[str, tuple[float, tuple[str, ...]]] = {
    "Garden": (0.48, ("Seeds", "Bulbs", "Trowel", "Pot", "Spade", "Bench", "Mower", "Shed")),
    "Kitchen": (0.50, ("Spoon", "Cloth", "Jug", "Pan", "Knife set", "Mixer", "Stove top", "Range")),
    "Bedroom": (0.54, ("Sachet", "Slip", "Cushion", "Sheet", "Quilt", "Lamp", "Chest", "Bed")),
    "Bathroom": (0.52, ("Soap", "Mat", "Towel", "Rail", "Mirror", "Cabinet", "Basin", "Bath")),
    "Lighting": (0.47, ("Bulb", "Shade", "Candle", "Lamp", "Lantern", "Pendant", "Sconce", "Arc")),
    "Decorating": (0.45, ("Brush", "Roller", "Paint", "Tiles", "Paper", "Rug", "Panel", "Floor")),
}
BUYERS = Group(
    "all",
    {
        "Garden": 0.3,
        "Kitchen": 0.22,
        "Bedroom": 0.14,
        "Bathroom": 0.1,
        "Lighting": 0.1,
        "Decorating": 0.14,
    },
    {"store": 0.7, "web": 0.3},
    extra_lines=0.9,
    returned=0.05,
)
DESK = Desk(
    topics={
        "delivery": (0.35, "Dispatch", 26.0),
        "damaged goods": (0.25, "Aftercare", 40.0),
        "opening hours": (0.15, "Shop", 2.0),
        "refund": (0.25, "Aftercare", 30.0),
    },
    vias=(("phone", 0.5), ("email", 0.35), ("counter", 0.15)),
    agents=4,
)

MONTHS = (0.85, 0.88, 0.98, 1.1, 1.15, 1.08, 1.0, 0.96, 0.95, 0.97, 1.02, 1.06)
WEEKDAYS = (0.8, 0.85, 0.9, 0.95, 1.05, 1.45, 1.0)
CLOSED = ((12, 25), (12, 26), (1, 1))
