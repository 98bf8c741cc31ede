"""The CDNOW sample as the papers use it: weeks, calibration to 30 September 1997."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

END = pd.Timestamp("1997-09-30")


@dataclass(frozen=True)
class Cdnow:
    """Customers of the calibration period, and repeat purchases by week of both periods."""

    customers: pd.DataFrame
    by_week: np.ndarray


def read_cdnow(folder: Path) -> Cdnow:
    names = ["master", "customer_id", "date", "cds", "amount"]
    path = folder / "cdnow" / "CDNOW_sample.txt.gz"
    lines = pd.read_csv(path, sep=r"\s+", header=None, names=names, dtype={"date": str})
    lines["date"] = pd.to_datetime(lines["date"], format="%Y%m%d")
    days = lines.groupby(["customer_id", "date"], as_index=False)["amount"].sum()
    days["first"] = days.groupby("customer_id")["date"].transform("min")
    repeats = days[days["date"] > days["first"]]
    week = (repeats["date"] - pd.Timestamp("1997-01-01")).dt.days // 7
    seen = days[days["date"] <= END]
    base = seen.groupby("customer_id")["date"].agg(["min", "max", "count"])
    spend = repeats[repeats["date"] <= END].groupby("customer_id")["amount"].mean()
    customers = pd.DataFrame(
        {
            "frequency": base["count"] - 1,
            "recency": (base["max"] - base["min"]).dt.days / 7,
            "T": (END - base["min"]).dt.days / 7,
            "monetary_value": spend.reindex(base.index),
        }
    )
    return Cdnow(customers, np.bincount(week))
