"""Numbers in another unit than their like."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from workbench.triage.suspects import Suspects

Look = Callable[..., Suspects]


def prices(count: int = 900, seed: int = 3, spread: float = 0.05) -> list[dict[str, Any]]:
    """Return the prices of thirty articles, from pence to hundreds of pounds."""
    draw = random.Random(seed)
    base = {f"X{number:03d}": round(0.4 * 1.27**number, 2) for number in range(30)}
    rows = []
    for _ in range(count):
        article = draw.choice(sorted(base))
        price = base[article] * (1 + draw.uniform(-spread, spread))
        rows.append({"article": article, "price": f"{price:.2f}", "till": draw.choice("ABC")})
    return rows


@pytest.mark.parametrize("factor", [100, 0.01, 1000])
def test_another_unit_is_found_and_undone(look: Look, factor: float) -> None:
    rows = prices()
    places = [number for number, row in enumerate(rows) if row["article"] in {"X020", "X024"}][:4]
    was = {place + 1: float(rows[place]["price"]) for place in places}
    for place in places:
        rows[place]["price"] = f"{float(rows[place]['price']) * factor:.4f}"
    found = look(rows).findings
    units = found[(found["column"] == "price") & (found["kind"] == "unit")]
    assert set(units["row"]) == set(was)
    for row, suggestion in zip(units["row"], units["suggestion"], strict=True):
        assert float(suggestion) == pytest.approx(was[row], rel=1e-3)


def test_a_wide_range_alone_is_no_suspect(look: Look) -> None:
    found = look(prices(spread=0.2)).findings
    assert found[found["kind"] == "unit"].empty


def test_without_a_column_that_tells_the_size_nothing_is_said(look: Look) -> None:
    rows = prices()
    draw = random.Random(5)
    for row in rows:
        row["article"] = f"X{draw.randrange(30):03d}"
    rows[10]["price"] = f"{float(rows[10]['price']) * 100:.2f}"
    found = look(rows).findings
    assert found[found["kind"] == "unit"].empty


def test_many_in_the_other_unit_are_two_units_and_no_error(look: Look) -> None:
    rows = prices()
    for row in rows[::4]:
        row["price"] = f"{float(row['price']) * 100:.2f}"
    found = look(rows).findings
    assert found[found["kind"] == "unit"].empty
