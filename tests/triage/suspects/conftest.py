"""Clean tables like those of the demo suite, and a short way to look for suspects in a table."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from workbench.data.engine import connect
from workbench.triage.suspects import Suspects, find_suspects

Rows = list[dict[str, Any]]
CITIES = {
    "Leeds": "Yorkshire", "York": "Yorkshire", "Norwich": "Norfolk", "Exeter": "Devon",
    "Truro": "Cornwall", "Derby": "Derbyshire", "Oxford": "Oxfordshire", "Lewes": "Sussex",
    "Dover": "Kent", "Durham": "Durham", "Preston": "Lancashire", "Ipswich": "Suffolk",
}  # fmt: skip
START = datetime(2024, 1, 1, 9)


def orders(count: int = 1_200, seed: int = 7) -> Rows:
    """Return clean orders as text, with two zip codes a city, and codes with leading zeros."""
    draw, places = random.Random(seed), sorted(CITIES)
    rows = []
    for number in range(count):
        zip_code = draw.randrange(2 * len(places))
        city = places[zip_code // 2]
        born = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1940, 1999)
        opened = START + timedelta(hours=number * 6, minutes=draw.randrange(300))
        rows.append(
            {
                "order": f"A-{10_000 + number // 2}",
                "zip": f"{1_000 + 37 * zip_code:05d}",
                "city": city,
                "county": CITIES[city],
                "channel": draw.choice(("web", "shop", "phone")),
                "amount": f"{draw.lognormvariate(3.2, 0.8):.2f}",
                "quantity": str(draw.randint(1, 9)),
                "tax": draw.choice(("5%", "10%", "20%", "0%")),
                "opened_at": f"{opened:%Y-%m-%d %H:%M}",
                "resolved_at": f"{opened + timedelta(hours=draw.randint(1, 90)):%Y-%m-%d %H:%M}",
                "born": "{:02d}/{:02d}/{}".format(*born),
                "note": " ".join(draw.sample(("late", "gift", "call", "twice", "box"), 3)),
            }
        )
    return rows


@pytest.fixture
def clean() -> Rows:
    return orders()


def suspects(
    rows: Rows, *, places: Sequence[int] | None = None, threads: int | None = None, **options: Any
) -> Suspects:
    """Return the suspects of rows that are held in a table, the n-th row as place n."""
    frame = pd.DataFrame(rows)
    frame.insert(0, "_row", range(1, len(rows) + 1) if places is None else list(places))
    connection = connect(threads=threads)
    connection.register("given", frame)
    connection.execute("CREATE TABLE held AS SELECT * FROM given")
    return find_suspects(connection, "SELECT * FROM held", table="orders", **options)


@pytest.fixture
def look() -> Callable[..., Suspects]:
    return suspects


@pytest.fixture
def make_orders() -> Callable[..., Rows]:
    return orders
