"""What the experiments say, in sentences to decide on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import counted, listed, pvalue, share, signed
from workbench.experiments.study import Effect, ExperimentResult, Experiments

__all__ = ["Reading", "read"]


@dataclass(frozen=True)
class Reading:
    """Sentences and numbers of one report, all computed.

    Parameters
    ----------
    overview
        How many experiments show what.
    findings
        One record per experiment, ready for the report room: `id`, `text`, `kind`, `decision`.
    metrics
        One record per primary comparison: `id`, `value` (relative effect), `label`, `unit`, `ci`,
        `reason`.
    primary, others
        Comparisons to draw, of primary and of other outcomes: `label`, `rel_effect_size`,
        `rel_effect_size_ci_lower`, `rel_effect_size_ci_upper`; those without a relative effect are
        left out.
    primary_title, primary_alt, others_title, others_alt
        Messages and text alternatives of the two figures.
    undeclared
        What is in the assignments but was not declared.
    """

    overview: str
    findings: tuple[Mapping[str, Any], ...]
    metrics: tuple[Mapping[str, Any], ...]
    primary: pd.DataFrame
    others: pd.DataFrame
    primary_title: str
    primary_alt: str
    others_title: str
    others_alt: str
    undeclared: str


def read(found: Experiments) -> Reading:
    """Return the sentences of a unit's experiments."""
    primary, others = _drawn(found, primary=True), _drawn(found, primary=False)
    head, other_head = _title(primary, "primary"), _title(others, "other")
    return Reading(
        overview=_overview(found),
        findings=tuple(_finding(result) for result in found.results),
        metrics=tuple(
            _metric(result, effect)
            for result in found.results
            for effect in result.effects
            if effect.metric.primary
        ),
        primary=primary,
        others=others,
        primary_title=head,
        primary_alt=_alt(primary, head),
        others_title=other_head,
        others_alt=_alt(others, other_head),
        undeclared=(
            f"The assignments hold experiments that were not declared, so they are not read: "
            f"{listed(found.undeclared)}."
            if found.undeclared
            else "Every experiment in the assignments was declared."
        ),
    )


def _overview(found: Experiments) -> str:
    if not found.results:
        return "No experiment is declared for this unit."
    counts = pd.Series([r.decision.verdict for r in found.results]).value_counts()
    words = {
        "effect shown": "an effect is shown",
        "effect not shown": "no effect is shown",
        "do not decide": "nothing may be decided",
    }
    parts = [f"{words[name]} in {counts[name]}" for name in words if name in counts]
    return f"{counted(len(found.results), 'experiment')}: {listed(parts)}."


def _slug(*parts: str) -> str:
    return "-".join(parts).lower().replace("_", "-").replace(" ", "-")


def _finding(result: ExperimentResult) -> Mapping[str, Any]:
    decision = result.decision
    if decision.verdict == "do not decide":
        said = f"{decision.text} {' '.join(decision.reasons)}"
    else:
        primary = [effect for effect in result.effects if effect.metric.primary]
        head = decision.verdict[0].upper() + decision.verdict[1:]
        said = f"{head}. {' '.join(sentence(effect, result) for effect in primary)}"
    unread = decision.verdict == "do not decide"
    planned = f"As planned: {decision.planned}" if decision.planned else None
    mend = "Nothing yet: find out what went wrong, mend it, and run the experiment again."
    return {
        "id": _slug(result.plan.id),
        "text": f"{result.plan.title}: {said}",
        "kind": "warning" if unread else "answer",
        "decision": mend if unread else planned,
    }


def sentence(effect: Effect, result: ExperimentResult) -> str:
    """Return one comparison as a sentence.

    Parameters
    ----------
    effect
        The comparison.
    result
        Its experiment.
    """
    d = effect.difference
    what = f"{effect.metric.label}, {effect.variant} against {result.plan.control}"
    if d.control is None or d.treatment is None or d.effect_size is None:
        return f"{what}: no number. {d.reason}"
    if effect.metric.kind == "proportion":
        means = f"{share(d.treatment, 2)} against {share(d.control, 2)}"
        scale, digits, unit = 100.0, 2, " points"
    else:
        digits = 2 if max(abs(d.treatment), abs(d.control)) < 1000 else 0
        means = f"{d.treatment:,.{digits}f} against {d.control:,.{digits}f}"
        scale, unit = 1.0, ""
    head = f"{what}: {means}, {signed(scale * d.effect_size, digits)}{unit}"
    low, high, adjusted = d.effect_size_ci_lower, d.effect_size_ci_upper, effect.pvalue_adj
    if low is None or high is None or adjusted is None:
        return f"{head}. {d.reason}"
    interval = f"{signed(scale * low, digits)} to {signed(scale * high, digits)}"
    return f"{head} ({share(d.level, 0)} interval {interval}; adjusted {pvalue(adjusted)})."


def _metric(result: ExperimentResult, effect: Effect) -> Mapping[str, Any]:
    d = effect.difference
    # Data that may not be read give no number, not even one with a warning beside it.
    untrusted = result.decision.verdict == "do not decide"
    value = None if untrusted else d.rel_effect_size
    low, high = d.rel_effect_size_ci_lower, d.rel_effect_size_ci_upper
    ends = None
    if value is not None and low is not None and high is not None:
        ends = (low, high, d.level, d.rel_method)
    reason = "a check failed, or a comparison could not be made" if untrusted else d.rel_reason
    return {
        "id": _slug(result.plan.id, effect.metric.name, effect.variant, "lift"),
        "value": value,
        "label": f"{result.plan.title}: {effect.metric.label}, {effect.variant}",
        "unit": "share",
        "ci": ends,
        "reason": None if value is not None else reason,
    }


def _drawn(found: Experiments, *, primary: bool) -> pd.DataFrame:
    """Return what can be drawn: trusted comparisons with a relative effect and its interval."""
    ends = ["rel_effect_size", "rel_effect_size_ci_lower", "rel_effect_size_ci_upper"]
    rows = found.effects()
    rows = rows[(rows["primary"] == primary) & (rows["verdict"] != "do not decide")]
    rows = rows[rows[ends].notna().all(axis=1)].reset_index(drop=True)
    labels = rows["label"].astype(str) + ", " + rows["variant"].astype(str)
    return rows[ends].astype("float64").assign(label=labels, experiment=rows["experiment"])


def _title(drawn: pd.DataFrame, which: str) -> str:
    if drawn.empty:
        return f"No relative effect on {which} outcomes can be shown"
    clear = (drawn["rel_effect_size_ci_lower"] > 0) | (drawn["rel_effect_size_ci_upper"] < 0)
    return (
        f"{int(clear.sum())} of {counted(len(drawn), 'interval')} on {which} outcomes "
        f"{'excludes' if clear.sum() == 1 else 'exclude'} zero"
    )


def _alt(drawn: pd.DataFrame, title: str) -> str:
    rows = [
        f"{row['label']} {signed(100 * row['rel_effect_size'], 1)}% "
        f"({signed(100 * row['rel_effect_size_ci_lower'], 1)} to "
        f"{signed(100 * row['rel_effect_size_ci_upper'], 1)})"
        for row in drawn.to_dict("records")
    ]
    return f"Points with intervals beside a line at zero. {title}. {'; '.join(rows)}".strip()
