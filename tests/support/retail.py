"""UCI Online Retail, cleaned as it is commonly published."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd


@cache
def online_retail(folder: Path) -> pd.DataFrame:
    """Return the order lines, with canonical names; amounts are rounded to ten-thousandths.

    Parameters
    ----------
    folder
        The folder of the public data sets: the fixture `workbench_data`.
    """
    path = folder / "online_retail" / "online_retail.csv.gz"
    lines = pd.read_csv(path, dtype=str, keep_default_na=False)
    quantity, price = lines["Quantity"].astype("int64"), lines["UnitPrice"].astype("float64")
    known = lines["CustomerID"].ne("") & ~lines["InvoiceNo"].str.startswith("C")
    kept = known & (quantity > 0) & (price > 0)
    made = pd.DataFrame(
        {
            "order_id": lines["InvoiceNo"],
            "customer_id": lines["CustomerID"],
            "ordered_at": pd.to_datetime(lines["InvoiceDate"]),
            "amount": (quantity * (price * 10_000).round().astype("int64")) / 10_000,
        }
    )
    return made[kept].reset_index(drop=True)
