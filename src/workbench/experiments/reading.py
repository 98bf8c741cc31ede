"""What the experiments say, in sentences to decide on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import counted, listed, share, signed
from workbench.experiments.study import Effect, ExperimentResult, Experiments

__all__ = ["Reading", "read"]

_NAMED = 3  # titles that a sentence can hold
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_ID = 80


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
        How many experiments show what; then one record per primary comparison: `id`, `value`
        (relative effect), `label`, `unit`, `ci`, `reason`, `headline` (an effect is shown).
    comparisons
        All comparisons: the columns of :meth:`Experiments.effects`, and as texts to read `name` (of
        the experiment, with a mark on those that may not be relied on), `outcome` (with a mark on
        those that decide), `mean_control`, `mean_variant`, `change`, `interval`.
    primary, others
        Comparisons to draw, of primary and of other outcomes: `label`, `rel_effect_size`,
        `rel_effect_size_ci_lower`, `rel_effect_size_ci_upper`; those without a relative effect are
        left out.
    primary_title, primary_how, primary_alt, others_title, others_how, others_alt
        Messages of the two figures, how to read them, and their text alternatives.
    method
        How the intervals and the adjusted p-values were made.
    undeclared
        What is in the assignments but was not declared.
    """

    overview: str
    findings: tuple[Mapping[str, Any], ...]
    metrics: tuple[Mapping[str, Any], ...]
    comparisons: pd.DataFrame
    primary: pd.DataFrame
    others: pd.DataFrame
    primary_title: str
    primary_how: str
    primary_alt: str
    others_title: str
    others_how: str
    others_alt: str
    method: str
    undeclared: str


def read(found: Experiments) -> Reading:
    """Return the sentences of a unit's experiments."""
    primary, others = _drawn(found, primary=True), _drawn(found, primary=False)
    head, other_head = _title(primary, "primary"), _title(others, "other")
    return Reading(
        overview=_overview(found),
        findings=tuple(_finding(result) for result in found.results),
        metrics=(
            *_counts(found),
            *(
                _metric(result, effect)
                for result in found.results
                for effect in result.effects
                if effect.metric.primary
            ),
        ),
        comparisons=_comparisons(found),
        primary=primary,
        others=others,
        primary_title=head,
        primary_how=_how(primary, "Outcomes that decide"),
        primary_alt=_alt(primary, head),
        others_title=other_head,
        others_how=_how(others, "Other outcomes (hints, not proof)"),
        others_alt=_alt(others, other_head),
        method=_method(found),
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
    titles: dict[str, list[str]] = {}
    for result in found.results:
        titles.setdefault(result.decision.verdict, []).append(result.plan.title)
    words = {
        "effect shown": "an effect is shown for",
        "effect not shown": "no effect is shown for",
        "do not decide": "nothing may be decided for",
    }
    parts = [f"{words[name]} {_some(titles[name])}" for name in words if name in titles]
    return f"{counted(len(found.results), 'experiment')}: {'; '.join(parts)}."


def _some(titles: Sequence[str]) -> str:
    """Return the titles, or how many they are when a sentence cannot hold them."""
    return listed(titles) if len(titles) <= _NAMED else f"{len(titles)} of them"


def _plain(variant: str) -> str:
    """Return a variant's name as words."""
    return variant.replace("_", " ")


def _slug(*parts: str) -> str:
    """Return an id made of names; a variant may be called anything, and two never get one id."""
    name = "-".join(parts).lower().replace("_", "-").replace(" ", "-")
    if _ID.fullmatch(name) and len(name) <= _LONGEST_ID:
        return name
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:8]
    words = "-".join(re.findall(r"[a-z0-9]+", name))[: _LONGEST_ID - 9].strip("-")
    return f"{words}-{digest}" if words else digest


def _finding(result: ExperimentResult) -> Mapping[str, Any]:
    decision = result.decision
    unread = decision.verdict == "do not decide"
    title = result.plan.title
    planned = f"{title}, as planned: {decision.planned}" if decision.planned else None
    mend = f"{title}, nothing yet: find out what went wrong, mend it, and run it again."
    return {
        "id": _slug(result.plan.id),
        "text": f"{title}: {_said(result)}",
        "kind": "warning" if unread else "answer",
        "decision": mend if unread else planned,
    }


def _said(result: ExperimentResult) -> str:
    """Return what a manager needs to know of an experiment; the numbers stand in the tables."""
    control, decision = _plain(result.plan.control), result.decision
    if decision.verdict == "do not decide":
        failed = [f"“{check.label}”" for check in result.checks if check.status == "failed"]
        if not failed:
            return f"{decision.text} {' '.join(decision.reasons)}"
        head = "this check" if len(failed) == 1 else "these checks"
        return f"do not decide on these data, {head} failed: {listed(failed)}."
    primary = [effect for effect in result.effects if effect.metric.primary]
    shown = [e for e in primary if e.pvalue_adj is not None and e.pvalue_adj < result.plan.alpha]
    if shown:
        return " ".join(sentence(effect, result) for effect in shown)
    labels = listed(list(dict.fromkeys(effect.metric.label for effect in primary)))
    variants = list(dict.fromkeys(_plain(effect.variant) for effect in primary))
    who = f"{variants[0]} does not differ"
    if len(variants) == 2:
        who = f"neither {variants[0]} nor {variants[1]} differs"
    elif len(variants) > 2:
        who = f"none of {listed(variants)} differs"
    return f"{who} clearly from {control} ({labels})."


def sentence(effect: Effect, result: ExperimentResult) -> str:
    """Return one comparison as a sentence.

    Parameters
    ----------
    effect
        The comparison.
    result
        Its experiment.
    """
    d, control, variant = effect.difference, _plain(result.plan.control), _plain(effect.variant)
    if d.control is None or d.treatment is None or d.effect_size is None:
        return f"{effect.metric.label}, {variant} against {control}: no number. {d.reason}"
    form = _Form.of(effect)
    means = f"{form.mean(d.treatment)} with {variant}, {form.mean(d.control)} with {control}"
    head = f"{effect.metric.label} is {means}, {form.difference(d.effect_size)}"
    if d.effect_size_ci_lower is None or d.effect_size_ci_upper is None:
        return f"{head}. {d.reason}"
    ends = form.interval(d.effect_size_ci_lower, d.effect_size_ci_upper)
    return f"{head} ({share(d.level, 0)} interval {ends})."


@dataclass(frozen=True)
class _Form:
    """How the numbers of one comparison are written: shares as percentages, others as they are."""

    scale: float
    digits: int
    is_share: bool

    @classmethod
    def of(cls, effect: Effect) -> _Form:
        d = effect.difference
        if effect.metric.kind == "proportion":
            return cls(100.0, 1, True)
        largest = max(abs(d.treatment or 0.0), abs(d.control or 0.0))
        return cls(1.0, 2 if largest < 1000 else 0, False)

    def mean(self, value: float) -> str:
        return share(value, self.digits) if self.is_share else f"{value:,.{self.digits}f}"

    def difference(self, value: float) -> str:
        return f"{signed(self.scale * value, self.digits)}{' points' if self.is_share else ''}"

    def interval(self, low: float, high: float) -> str:
        ends = (signed(self.scale * end, self.digits) for end in (low, high))
        return " to ".join(ends)


def _counts(found: Experiments) -> Iterator[Mapping[str, Any]]:
    """Yield how many experiments there are, how many show an effect, how many may not be read."""
    verdicts = [result.decision.verdict for result in found.results]
    for name, label, count in (
        ("experiments", "Experiments", len(verdicts)),
        ("shown", "Experiments with an effect shown", verdicts.count("effect shown")),
        ("not-decided", "Experiments not to be decided on", verdicts.count("do not decide")),
    ):
        yield {"id": name, "value": count, "label": label, "unit": "experiments"}


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
        "label": f"{result.plan.title}: {effect.metric.label}, {_plain(effect.variant)} against "
        f"{_plain(result.plan.control)}",
        "unit": "share",
        "ci": ends,
        "reason": None if value is not None else reason,
        # A card is read as a fact: it is for effects that were shown.
        "headline": value is not None
        and effect.pvalue_adj is not None
        and effect.pvalue_adj < result.plan.alpha,
    }


def _comparisons(found: Experiments) -> pd.DataFrame:
    rows = found.effects()
    texts = [_texts(effect, result) for result in found.results for effect in result.effects]
    names = ["name", "outcome", "mean_control", "mean_variant", "change", "interval"]
    return pd.concat([rows, pd.DataFrame(texts, columns=names, dtype=object)], axis=1)


def _method(found: Experiments) -> str:
    rows = found.effects()
    if rows.empty:
        return ""
    levels = " and ".join(share(level, 0) for level in sorted(set(rows["level"])))
    methods = sorted({name for name in rows["method"] if name})
    adjusted = list(dict.fromkeys(name.split(",")[0] for name in rows["adjustment"] if name))
    return (
        f"Intervals: {levels}, {'; '.join(methods) or 'none could be made'}. "
        f"p-values adjusted by {listed(adjusted)}."
    )


def _texts(effect: Effect, result: ExperimentResult) -> tuple[str | None, ...]:
    d, form = effect.difference, _Form.of(effect)
    low, high = d.effect_size_ci_lower, d.effect_size_ci_upper
    unread = result.decision.verdict == "do not decide"
    return (
        f"{result.plan.title} (do not rely on it)" if unread else result.plan.title,
        f"{effect.metric.label} (decides)" if effect.metric.primary else effect.metric.label,
        None if d.control is None else form.mean(d.control),
        None if d.treatment is None else form.mean(d.treatment),
        None if d.effect_size is None else form.difference(d.effect_size),
        d.reason or None if low is None or high is None else form.interval(low, high),
    )


def _drawn(found: Experiments, *, primary: bool) -> pd.DataFrame:
    """Return what can be drawn: trusted comparisons with a relative effect and its interval."""
    ends = ["rel_effect_size", "rel_effect_size_ci_lower", "rel_effect_size_ci_upper"]
    rows = found.effects()
    rows = rows[(rows["primary"] == primary) & (rows["verdict"] != "do not decide")]
    rows = rows[rows[ends].notna().all(axis=1)].reset_index(drop=True)
    labels = rows["variant"].astype(str) + " (" + rows["experiment"].astype(str) + ")"
    if rows["label"].nunique() > 1:
        labels = rows["label"].astype(str) + ": " + labels
    return (
        rows[ends]
        .astype("float64")
        .assign(
            label=labels, experiment=rows["experiment"], outcome=rows["label"], level=rows["level"]
        )
    )


def _title(drawn: pd.DataFrame, which: str) -> str:
    if drawn.empty:
        return f"No relative effect on {which} outcomes can be shown"
    clear = (drawn["rel_effect_size_ci_lower"] > 0) | (drawn["rel_effect_size_ci_upper"] < 0)
    count = int(clear.sum())
    return (
        f"{count or 'None'} of {counted(len(drawn), 'interval')} on {which} outcomes "
        f"{'lies' if count == 1 else 'lie'} clear of zero"
    )


def _how(drawn: pd.DataFrame, which: str) -> str:
    """Return how to read the figure: what is drawn, and of which outcomes."""
    names = drawn["outcome"].drop_duplicates().tolist()
    what = str(names[0]) if len(names) == 1 else which
    levels = " or ".join(share(level, 0) for level in sorted(set(drawn["level"])))
    return f"{what}: difference to control, in percent of control, with {levels} intervals"


def _alt(drawn: pd.DataFrame, title: str) -> str:
    rows = [
        f"{row['label']} {signed(100 * row['rel_effect_size'], 1)}% "
        f"({signed(100 * row['rel_effect_size_ci_lower'], 1)} to "
        f"{signed(100 * row['rel_effect_size_ci_upper'], 1)})"
        for row in drawn.to_dict("records")
    ]
    return f"Points with intervals beside a line at zero. {title}. {'; '.join(rows)}".strip()
