"""A report that does not exist is refused with the nearest name."""

from __future__ import annotations

import pytest

from workbench.errors import ParameterError
from workbench.suite.known import require_report


def test_a_report_that_is_not_there_is_refused() -> None:
    require_report("triage", ["triage", "retention"], where="demo.yml, plans.x")
    with pytest.raises(ParameterError, match="there is no report `retension`") as caught:
        require_report("retension", ["triage", "retention"], where="demo.yml, plans.x")
    assert "retention" in str(caught.value)
    assert "demo.yml, plans.x" in str(caught.value)
