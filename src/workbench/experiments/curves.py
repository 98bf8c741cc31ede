"""Curves of a plan: units against effects, power against units, and what was declared, reviewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from workbench.data.phrases import share
from workbench.errors import AnalysisError
from workbench.experiments.design import duration_days, mde, n_obs, power
from workbench.experiments.plan import Metric, Plan, absolute_size
from workbench.experiments.setting import Baseline, Sample, Setting

__all__ = [
    "Curves",
    "Review",
    "declared_curves",
    "n_obs_curve",
    "power_curve",
    "review",
    "review_frame",
    "signed_effect",
]


def signed_effect(metric: Metric, size: float) -> float:
    """Return an improvement as a difference: below 0 where down is better."""
    return size if metric.direction == "up" else -size


def n_obs_curve(
    baseline: Baseline,
    effects: Sequence[float],
    setting: Setting,
    *,
    power: float = 0.8,
    per_day: float | None = None,
    window_days: int = 0,
) -> pd.DataFrame:
    """Return how many units, and how many days, each effect needs.

    Parameters
    ----------
    baseline, setting, power
        As :func:`workbench.experiments.design.n_obs` takes them.
    effects
        Differences in the metric's own unit, none of them 0.
    per_day
        Units that come each day; None: no days are given.
    window_days
        How long after its assignment a unit's outcome is known.

    Returns
    -------
    pandas.DataFrame
        `effect`, `rel_effect` (of the control's value; None for a value of 0), `n_obs` (all
        variants), `days` (from first assignment to last outcome; None without `per_day`).
    """
    rows = []
    for effect in effects:
        total = n_obs(baseline, effect, setting, power=power).total
        days = None if per_day is None else duration_days(total, per_day, window_days=window_days)
        rows.append((effect, effect / baseline.value if baseline.value else None, total, days))
    return pd.DataFrame(rows, columns=["effect", "rel_effect", "n_obs", "days"]).astype(
        {"days": "Int64"}
    )


def power_curve(
    baseline: Baseline, effects: Sequence[float], sizes: Sequence[int], setting: Setting
) -> pd.DataFrame:
    """Return the chance that each effect is shown with each number of units.

    Parameters
    ----------
    baseline, setting
        As :func:`workbench.experiments.design.power` takes them.
    effects
        Differences in the metric's own unit.
    sizes
        Units in all variants together.

    Returns
    -------
    pandas.DataFrame
        `effect`, `n_obs`, `power`.
    """
    rows = [
        (effect, size, power(baseline, effect, size, setting))
        for effect in effects
        for size in sizes
    ]
    return pd.DataFrame(rows, columns=["effect", "n_obs", "power"])


@dataclass(frozen=True)
class Curves:
    """The curves of one declared metric, ready to draw.

    Parameters
    ----------
    n_obs
        As :func:`n_obs_curve` gives it, for half to twice the smallest effect worth having.
    power
        As :func:`power_curve` gives it, with `label`: the effect in words.
    by_size
        Power of the smallest effect worth having, by units as multiples of those who took part:
        `times`, `n_obs`, `power`; empty where these are not given.
    """

    n_obs: pd.DataFrame
    power: pd.DataFrame
    by_size: pd.DataFrame


_MULTIPLES = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_DRAWN = (0.5, 1.0, 2.0)
_STEPS = 16
_TIMES = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)


def declared_curves(
    plan: Plan,
    metric: Metric,
    baseline: Baseline,
    *,
    per_day: float | None = None,
    units: int | None = None,
) -> Curves | None:
    """Return the curves of a declared metric; None without a smallest effect worth having.

    Parameters
    ----------
    plan, metric
        What was declared, and which metric of it.
    baseline
        The control's outcome.
    per_day
        Units that come each day.
    units
        Units that took part, in all variants; None where that is not told.
    """
    said = metric.min_effect
    size = None if said is None else absolute_size(said, baseline.value)
    if size is None:
        return None
    setting = Setting.of(plan)
    room = (1 - baseline.value if metric.direction == "up" else baseline.value) * 0.999
    sizes = [size * part for part in _MULTIPLES]
    sizes = [one for one in sizes if not baseline.is_share or one < room]
    if not sizes:
        return None
    needs = n_obs_curve(
        baseline,
        [signed_effect(metric, one) for one in sizes],
        setting,
        power=plan.power,
        per_day=per_day,
        window_days=metric.window_days,
    )
    most = int(needs["n_obs"].max())
    steps = [max(most * (k + 1) // _STEPS, 2 * len(plan.shares)) for k in range(_STEPS)]
    drawn = {signed_effect(metric, one): one / size for one in sizes if one / size in _DRAWN}
    rows = power_curve(baseline, list(drawn), steps, setting)
    words = {0.5: "half of it", 1.0: "the smallest effect worth having", 2.0: "twice it"}
    rows = rows.assign(label=[words[drawn[effect]] for effect in rows["effect"]])
    return Curves(
        needs, rows, _by_size(baseline, signed_effect(metric, size), setting, plan, units)
    )


def _by_size(
    baseline: Baseline, effect: float, setting: Setting, plan: Plan, units: int | None
) -> pd.DataFrame:
    """Return the power of one effect with a part, or a multiple, of the units."""
    least = 2 * len(plan.shares)
    sizes = [] if units is None else [(t, round(t * units)) for t in _TIMES]
    rows = [(t, n, power(baseline, effect, n, setting)) for t, n in sizes if n >= least]
    return pd.DataFrame(rows, columns=["times", "n_obs", "power"])


@dataclass(frozen=True)
class Review:
    """What a declared plan can show of one metric.

    Parameters
    ----------
    metric
        The metric's label.
    role
        `primary`, `guardrail` or `secondary`.
    needed
        Units for the declared effect or margin at the declared power; None where none is declared
        or it cannot be computed.
    planned
        Units that were planned; None where that is not said.
    power
        Chance of showing the declared effect (of a guardrail: that it holds when nothing changes)
        with the planned units; None where either is missing.
    mde
        Smallest effect that the planned units show at the declared power, in the metric's own unit;
        None for a guardrail, or without planned units.
    text
        It in a sentence.
    """

    metric: str
    role: str
    needed: Sample | None
    planned: int | None
    power: float | None
    mde: float | None
    text: str


def review(
    plan: Plan, baselines: Mapping[str, Baseline], *, n_planned: int | None = None
) -> tuple[Review, ...]:
    """Return what a declared plan can show of each metric whose baseline is known.

    Parameters
    ----------
    plan
        What was declared.
    baselines
        Metric name -> the control's outcome, from before the experiment or from its control group.
    n_planned
        Units, planned or there; those of the plan unless given.
    """
    size = n_planned if n_planned is not None else plan.n_obs
    return tuple(
        _review(plan, metric, baselines[metric.name], size)
        for metric in plan.metrics
        if metric.name in baselines
    )


def _review(plan: Plan, metric: Metric, baseline: Baseline, planned: int | None) -> Review:
    held = metric.role == "guardrail"
    said = metric.margin if held else metric.min_effect
    size = None if said is None else absolute_size(said, baseline.value)
    setting = Setting.of(plan, metric, margin=size) if held else Setting.of(plan)
    effect = 0.0 if held else signed_effect(metric, size or 0.0)
    needed = chance = least = None
    why = ""
    try:
        if size is not None:
            needed = n_obs(baseline, effect, setting, power=plan.power)
            chance = None if planned is None else power(baseline, effect, planned, setting)
        if planned is not None and not held:
            least = mde(baseline, planned, setting, power=plan.power, direction=metric.direction)
    except AnalysisError as error:
        why = f" {error.what[:1].upper()}{error.what[1:]}."
    words = "are planned" if plan.n_obs == planned else "took part"
    text = _sentence(plan, metric, needed, planned, chance, words) + why
    return Review(metric.label, metric.role, needed, planned, chance, least, text)


def _sentence(
    plan: Plan,
    metric: Metric,
    needed: Sample | None,
    planned: int | None,
    chance: float | None,
    words: str,
) -> str:
    held = metric.role == "guardrail"
    what = "that it holds" if held else "the smallest effect worth having"
    if (metric.margin if held else metric.min_effect) is None:
        return f"{metric.label}: no smallest effect worth having was declared."
    if needed is None:
        return f"{metric.label}: the plan cannot be computed."
    chance_of = f"with a chance of {share(plan.power, 0)}"
    text = f"{metric.label}: {needed.total:,} units show {what} {chance_of}"
    if planned is None or chance is None:
        return f"{text}; how many are planned is not said."
    verdict = "enough" if planned >= needed.total else "too few"
    return f"{text}; {planned:,} {words} ({verdict}: a chance of {share(chance, 0)})."


def review_frame(reviews: Sequence[Review]) -> pd.DataFrame:
    """Return reviews as a frame: `metric`, `role`, `needed`, `planned`, `power`, `mde`, `text`."""
    rows = [
        (
            one.metric, one.role, one.needed.total if one.needed else None, one.planned,
            one.power, one.mde, one.text,
        )
        for one in reviews
    ]  # fmt: skip
    names = ["metric", "role", "needed", "planned", "power", "mde", "text"]
    return pd.DataFrame(rows, columns=names).astype({"needed": "Int64", "planned": "Int64"})
