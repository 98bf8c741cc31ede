"""Wilson's interval beside statsmodels."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from workbench.data.intervals import wilson


@pytest.mark.parametrize(("right", "of"), [(0, 5), (5, 5), (81, 263), (1, 29)])
def test_wilson_equals_statsmodels(right: int, of: int) -> None:
    wanted = proportion_confint(right, of, alpha=0.1, method="wilson")
    assert wilson(right, of, level=0.9) == pytest.approx(wanted, abs=1e-12)
    assert wilson(0, of)[0] == 0.0
    assert wilson(of, of)[1] == 1.0
