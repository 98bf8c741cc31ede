"""Adjusted p-values beside statsmodels."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from workbench.experiments.multiplicity import benjamini_hochberg, holm

pvalues = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@settings(max_examples=15)
@given(pvalues)
def test_adjustments_equal_statsmodels(values: list[float]) -> None:
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1])
    assert benjamini_hochberg(values) == pytest.approx(multipletests(values, method="fdr_bh")[1])
