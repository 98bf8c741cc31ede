"""Whether the experiments were large enough, in words, a table and a figure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.data.phrases import counted, share
from workbench.experiments.curves import Review
from workbench.experiments.plan import Metric
from workbench.experiments.result import ExperimentResult, Experiments
from workbench.experiments.wording import Form

__all__ = ["PowerWords", "read_power"]

_MOST_LINES = 6


@dataclass(frozen=True)
class PowerWords:
    """What the plans can show, ready to be shown.

    Parameters
    ----------
    table
        One row per experiment and outcome: `experiment`, `outcome`, `units`, `needed` (units for
        the smallest effect worth having, of a guardrail for its margin), `days` (in which so many
        come, to the last outcome), `power`, `mde` (the smallest effect that the units show, as
        text).
    drawn
        The curve of each experiment that declares an effect worth having, six at most:
        `experiment`, `times` (units as multiples of those who took part), `n_obs`, `power`.
    title, alt
        The figure's message, and its text alternative.
    note
        How it was computed.
    reason
        Why there is nothing; empty where there is.
    """

    table: pd.DataFrame
    drawn: pd.DataFrame
    title: str
    alt: str
    note: str
    reason: str


def read_power(found: Experiments) -> PowerWords:
    """Return what the declared plans can show.

    Parameters
    ----------
    found
        All experiments.
    """
    rows = [
        (
            r.plan.title, one.metric, one.planned, one.needed.total if one.needed else None,
            _days(r, one), one.power, _least(r, one),
        )
        for r in found.results
        for one in r.reviews
        if one.role != "secondary"
    ]  # fmt: skip
    names = ["experiment", "outcome", "units", "needed", "days", "power", "mde"]
    table = pd.DataFrame(rows, columns=names, dtype=object)
    drawn, title = _drawn(found), _title(found)
    reason = "" if rows else "No outcome's spread is known, so no plan can be reviewed."
    return PowerWords(
        table,
        drawn,
        title,
        _alt(drawn, title),
        "Computed from the control group's outcomes, at the declared power and error, without "
        "adjustment for covariates; several variants and outcomes share the error.",
        reason,
    )


def _metric(result: ExperimentResult, label: str) -> Metric:
    return next(one for one in result.plan.metrics if one.label == label)


def _days(result: ExperimentResult, one: Review) -> int | None:
    """Return the days that the needed units take to come, as they came so far."""
    curves = result.curves.get(_metric(result, one.metric).name)
    if curves is None or one.needed is None:
        return None
    same = curves.n_obs[curves.n_obs["n_obs"] == one.needed.total]
    found = same["days"].dropna()
    return int(found.iloc[0]) if len(found) else None


def _least(result: ExperimentResult, one: Review) -> str | None:
    if one.mde is None:
        return None
    form = Form.of(_metric(result, one.metric), 1.0)
    return form.difference(one.mde)


def _drawn(found: Experiments) -> pd.DataFrame:
    parts = [
        curves.by_size.assign(experiment=result.plan.title)
        for result in found.results[:_MOST_LINES]
        for curves in list(result.curves.values())[:1]
        if len(curves.by_size)
    ]
    names = ["experiment", "times", "n_obs", "power"]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def _title(found: Experiments) -> str:
    reviews = [
        (result.plan, one)
        for result in found.results
        for one in result.reviews
        if one.role == "primary" and one.power is not None
    ]
    enough = sum(one.power >= plan.power for plan, one in reviews if one.power is not None)
    many = counted(len(reviews), "outcome")
    if len(reviews) == 1:
        return "The experiment was large enough" if enough else "The experiment was too small"
    return f"For {enough or 'none'} of {many} that decide, the experiment was large enough"


def _alt(drawn: pd.DataFrame, title: str) -> str:
    if drawn.empty:
        return title
    parts = [
        f"{row['experiment']} {share(row['power'], 0)} with the {row['n_obs']:,} who took part"
        for row in drawn[drawn["times"] == 1].to_dict("records")
    ]
    return f"Lines that rise with the number of customers. {title}. {'; '.join(parts)}."
