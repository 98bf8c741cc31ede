"""A check of an experiment: what was looked at, what was found, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

__all__ = ["CHECK_ALPHA", "LEFT_OUT_SHARE", "Check", "Status", "check_frame", "shown_p"]

Status = Literal["passed", "noted", "failed"]

CHECK_ALPHA = 0.001
"""A check fails below this p-value: rarely by chance, so that an alarm is worth a look."""

LEFT_OUT_SHARE = 0.01
"""A check fails when more than this share of customers is left out, or out of place."""


@dataclass(frozen=True)
class Check:
    """One reason to trust the data, or not.

    Parameters
    ----------
    name
        Slug: `sample-ratio`, `variants`, `two-variants`, `conflicts`, `missing-<metric>`, `days`,
        `segment-<n>`, `period`, `balance-<covariate>`, `covariate-<covariate>`.
    label
        What was checked, in plain words.
    status
        `passed`; `noted`, which does not stand in the way of a decision; or `failed`, which does.
    text
        What was found, with the numbers.
    statistic, pvalue
        Of the test behind it; None where it is a plain count, or may not be shown.
    advice
        What to do; empty where nothing is to be done.
    """

    name: str
    label: str
    status: Status
    text: str
    statistic: float | None = None
    pvalue: float | None = None
    advice: str = ""


def check_frame(checks: Sequence[Check]) -> pd.DataFrame:
    """Return checks as a frame: `check`, `status`, `text`, `advice`, failed ones first."""
    rank = {"failed": 0, "noted": 1, "passed": 2}
    ordered = sorted(checks, key=lambda check: rank[check.status])
    rows = [(check.label, check.status, check.text, check.advice) for check in ordered]
    return pd.DataFrame(rows, columns=["check", "status", "text", "advice"])


def shown_p(value: float) -> str:
    """Return a p-value as the checks write it.

    Examples
    --------
    >>> shown_p(0.9036), shown_p(1e-9)
    ('p 0.904', 'p <0.001')
    """
    return "p <0.001" if value < 0.0005 else f"p {value:.3f}"
