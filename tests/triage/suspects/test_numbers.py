"""The distance of an outlier is that of its definition, however often numbers repeat."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.triage.suspects import Suspects


@pytest.mark.parametrize("count", [400, 401])
@pytest.mark.parametrize("text", [False, True])
def test_the_distance_is_that_of_the_definition(
    look: Callable[..., Suspects], count: int, text: bool
) -> None:
    draw = random.Random(count)
    paid = [round(draw.gauss(0, 5) + draw.choice((0.0, 8.5))) + 0.5 for _ in range(count)]
    paid[9] = 400.5
    rows: list[dict[str, Any]] = [{"paid": str(one) if text else one} for one in paid]
    found = look(rows).findings
    assert found[["row", "kind"]].values.tolist() == [[10, "outlier"]]
    middle = np.median(paid)
    z = 0.6745 * abs(400.5 - middle) / np.median(np.abs(np.array(paid) - middle))
    assert found["confidence"][0] == pytest.approx(0.9 - 20 / count - 2 / z, abs=0.0006)
