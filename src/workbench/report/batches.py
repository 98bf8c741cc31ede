"""Several findings or metrics at once, for reports whose number of results is not known before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.report.findings import finding, metric

__all__ = ["findings", "metrics"]


def findings(records: Iterable[Mapping[str, Any]]) -> None:
    """Record and show a finding for each record.

    Parameters
    ----------
    records
        The arguments of `finding` by name: `id`, `text`, and if wanted `kind`, `decision`, `order`.
    """
    for record in records:
        finding(**record)


def metrics(records: Iterable[Mapping[str, Any]]) -> None:
    """Record and show a metric for each record.

    Parameters
    ----------
    records
        The arguments of `metric` by name: `id`, `value`, `label`, `unit`, and if wanted `good`,
        `ci`, `reason`, `headline`.
    """
    for record in records:
        metric(**record)
