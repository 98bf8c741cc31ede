"""What the experiments say, in sentences and tables to decide on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import counted, day, listed, money, share, signed
from workbench.experiments.answers import VERDICTS, finding_of, metrics_of, overview_of
from workbench.experiments.comparing import Comparison
from workbench.experiments.declared import readings_in_words
from workbench.experiments.evidence import plain
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.result import ExperimentResult, Experiments
from workbench.experiments.wording import Form, chance_of, slug_of

__all__ = ["Reading", "read"]

_ROLES = {"primary": "decides", "guardrail": "guardrail", "secondary": ""}


@dataclass(frozen=True)
class Reading:
    """Sentences and numbers of one report, all computed.

    Parameters
    ----------
    overview
        How many experiments say what.
    findings
        One record per experiment, ready for the report room: `id`, `text`, `kind`, `decision`.
    warnings
        One record per change of a declaration after its first reading.
    metrics
        How many experiments say what; then one record per primary comparison: `id`, `value`
        (relative effect), `label`, `unit`, `ci`, `reason`, `headline`; and yearly values.
    decisions
        One row per experiment: `experiment`, `customers`, `verdict`, `text`, `planned`.
    variants
        One row per variant that may be read: `experiment`, `variant`, `harm`, `worth`,
        `loss_ship`, `loss_keep`, all as texts.
    checks
        Checks that failed or noted something, each in a row; all that passed in one row for each
        experiment: `experiment`, `check`, `status`, `text`, `advice`.
    comparisons
        All comparisons: the columns of :meth:`Experiments.effects`, and as texts to read `name` (of
        the experiment, with a mark on those that may not be relied on), `outcome` (with its part in
        the decision), `mean_control`, `mean_variant`, `change`, `interval`.
    adjusted
        Adjusted comparisons beside the same without covariates, as texts: `name`, `outcome`,
        `variant`, `without`, `with`, `saved` (share of the variance).
    adjusted_note
        Which comparisons are not adjusted, and why.
    plans
        One row per experiment, what was declared: `experiment`, `hypothesis`, `time`, `decides`,
        `holds`, `read`.
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
    warnings: tuple[Mapping[str, Any], ...]
    metrics: tuple[Mapping[str, Any], ...]
    decisions: pd.DataFrame
    variants: pd.DataFrame
    checks: pd.DataFrame
    comparisons: pd.DataFrame
    adjusted: pd.DataFrame
    adjusted_note: str
    plans: pd.DataFrame
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


def read(found: Experiments, *, currency: str) -> Reading:
    """Return the sentences of a unit's experiments.

    Parameters
    ----------
    found
        All experiments.
    currency
        ISO code, of yearly values.
    """
    primary, others = _drawn(found, primary=True), _drawn(found, primary=False)
    head, other_head = _title(primary, "primary"), _title(others, "other")
    adjusted, adjusted_note = _adjusted(found)
    return Reading(
        overview=overview_of(found),
        findings=tuple(
            finding_of(result, currency)
            for verdict in VERDICTS
            for result in found.results
            if result.decision.verdict == verdict
        ),
        warnings=tuple(_changes(found)),
        metrics=tuple(metrics_of(found, currency)),
        decisions=_decisions(found),
        variants=_variants(found, currency),
        checks=_checks(found),
        comparisons=_comparisons(found),
        adjusted=adjusted,
        adjusted_note=adjusted_note,
        plans=_plans(found),
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


def _changes(found: Experiments) -> list[Mapping[str, Any]]:
    return [
        {
            "id": slug_of(result.plan.id, "changed", str(number)),
            "text": f"{result.plan.title}: the declaration was changed. {text}",
            "kind": "warning",
            "decision": None,
        }
        for result in found.results
        for number, text in enumerate(result.changes, start=1)
    ]


def _decisions(found: Experiments) -> pd.DataFrame:
    rows = found.decisions()
    order = {name: place for place, name in enumerate(VERDICTS)}
    rows = rows.sort_values(
        "verdict", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )
    why = rows["reasons"].where(rows["verdict"].eq("ship"), "")
    overridden = rows["final"].ne(rows["verdict"])
    said = rows["verdict"].where(~overridden, rows["verdict"] + "; overridden: " + rows["final"])
    text = (rows["text"] + " " + why + " " + rows["override"]).str.split().str.join(" ")
    planned = rows["planned"].where(rows["planned"].ne(""), None)
    return rows.assign(verdict=said, text=text, planned=planned.astype(object))


def _variants(found: Experiments, currency: str) -> pd.DataFrame:
    rows = found.variants()

    def amount(value: float | None) -> str | None:
        return None if value is None else money(round(value), currency)

    made = []
    for row in rows.to_dict("records"):
        worth = amount(row["value"])
        if worth is not None:
            low, high = amount(row["value_ci_lower"]), amount(row["value_ci_upper"])
            worth = f"{worth} ({low} to {high})"
        harm = row["probability_harm"]
        made.append(
            (
                row["experiment"],
                row["variant"],
                None if harm is None else chance_of(harm),
                worth,
                amount(row["loss_ship"]),
                amount(row["loss_keep"]),
            )
        )
    names = ["experiment", "variant", "harm", "worth", "loss_ship", "loss_keep"]
    return pd.DataFrame(made, columns=names, dtype=object)


_TOLD = ("variants", "sample-ratio")  # what these found is worth reading when they passed, too


def _checks(found: Experiments) -> pd.DataFrame:
    rows = []
    for result in found.results:
        title = result.plan.title
        passed = [check for check in result.checks if check.status == "passed"]
        others = sorted(
            (check for check in result.checks if check.status != "passed"),
            key=lambda check: check.status != "failed",
        )
        rows += [(title, c.label, c.status, c.text, c.advice or None) for c in others]
        if passed:
            told = " ".join(check.text for check in passed if check.name in _TOLD)
            head = f"{counted(len(passed), 'check')} passed"
            rows.append((title, head, "passed", told or "Nothing is wrong there.", None))
    names = ["experiment", "check", "status", "text", "advice"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def _comparisons(found: Experiments) -> pd.DataFrame:
    texts = [_texts(effect, result) for result, effect in found.comparisons()]
    names = ["name", "outcome", "mean_control", "mean_variant", "change", "interval"]
    return pd.concat([found.effects(), pd.DataFrame(texts, columns=names, dtype=object)], axis=1)


def _texts(effect: Comparison, result: ExperimentResult) -> tuple[str | None, ...]:
    d, as_is, form = effect.difference, effect.unadjusted, Form.of_comparison(effect)
    low, high = d.effect_size_ci_lower, d.effect_size_ci_upper
    unread = result.decision.verdict == "do not decide"
    return (
        f"{result.plan.title} (do not rely on it)" if unread else result.plan.title,
        _outcome(effect.metric),
        None if as_is.control is None else form.mean(as_is.control),
        None if as_is.treatment is None else form.mean(as_is.treatment),
        None if d.effect_size is None else form.difference(d.effect_size),
        d.reason or None if low is None or high is None else form.interval(low, high),
    )


def _outcome(metric: Metric) -> str:
    """Return an outcome with its cap and its part in the decision."""
    cap = "" if metric.cap is None else f", at most {metric.cap:,.6g} each"
    role = _ROLES[metric.role]
    return f"{metric.label}{cap} ({role})" if role else f"{metric.label}{cap}"


def _adjusted(found: Experiments) -> tuple[pd.DataFrame, str]:
    rows, left = [], []
    for result, one in found.comparisons():
        if not result.plan.covariates or not result.is_trusted:
            continue
        if not one.is_adjusted:
            if one.note:
                left.append(f"{result.plan.title}, {one.metric.label}: {one.note}")
            continue
        form = Form.of_comparison(one)
        rows.append(
            (
                result.plan.title,
                one.metric.label,
                plain(one.variant),
                *(_with_interval(d, form) for d in (one.unadjusted, one.difference)),
                one.variance_reduction,
            )
        )
    names = ["name", "outcome", "variant", "without", "with", "saved"]
    note = f"Not adjusted: {' '.join(dict.fromkeys(left))}" if left else ""
    return pd.DataFrame(rows, columns=names, dtype=object), note


def _with_interval(d: Any, form: Form) -> str | None:
    if d.effect_size is None or d.effect_size_ci_lower is None or d.effect_size_ci_upper is None:
        return None
    ends = form.interval(d.effect_size_ci_lower, d.effect_size_ci_upper)
    return f"{form.difference(d.effect_size)} ({ends})"


def _plans(found: Experiments) -> pd.DataFrame:
    rows = [
        (
            r.plan.title,
            r.plan.hypothesis or None,
            _time(r.plan),
            listed([m.label for m in r.plan.metrics if m.role == "primary"]),
            listed([m.label for m in r.plan.metrics if m.role == "guardrail"]) or None,
            readings_in_words(r.plan.readings),
        )
        for r in found.results
    ]
    names = ["experiment", "hypothesis", "time", "decides", "holds", "read"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def _time(plan: Plan) -> str | None:
    if plan.start is None and plan.end is None:
        return None
    start = "" if plan.start is None else f"from {day(plan.start)} "
    return f"{start}to {day(plan.end)}" if plan.end else start.strip()


def _method(found: Experiments) -> str:
    rows = found.effects()
    if rows.empty:
        return ""
    levels = " and ".join(share(level, 0) for level in sorted(set(rows["level"])))
    methods = sorted({name for name in rows["method"] if name})
    adjusted = list(dict.fromkeys(name.split(",")[0] for name in rows["adjustment"] if name))
    said = f" p-values adjusted by {listed(adjusted)}." if adjusted else ""
    beside = (
        " Groups are shown as they are; differences are adjusted for what was known before."
        if any(one.is_adjusted for _, one in found.comparisons())
        else ""
    )
    return f"Intervals: {levels}, {'; '.join(methods) or 'none could be made'}.{said}{beside}"


def _drawn(found: Experiments, *, primary: bool) -> pd.DataFrame:
    """Return what can be drawn: trusted comparisons with a relative effect and its interval."""
    ends = ["rel_effect_size", "rel_effect_size_ci_lower", "rel_effect_size_ci_upper"]
    rows = found.effects()
    rows = rows[(rows["primary"] == primary) & rows["trusted"].astype(bool)]
    rows = rows[rows[ends].notna().all(axis=1)].reset_index(drop=True)
    labels = rows["variant"].astype(str) + " (" + rows["experiment"].astype(str) + ")"
    if rows["label"].nunique() > 1:
        labels = rows["label"].astype(str) + ": " + labels
    return (
        rows[ends]
        .astype("float64")
        .assign(
            label=labels,
            experiment=rows["experiment"],
            outcome=rows["label"],
            level=rows["level"],
            adjusted=rows["adjusted"].astype(bool),
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
    adjusted = ", adjusted for what was known before" if drawn["adjusted"].any() else ""
    return f"{what}: difference to control in percent of it, with {levels} intervals{adjusted}"


def _alt(drawn: pd.DataFrame, title: str) -> str:
    rows = [
        f"{row['label']} {signed(100 * row['rel_effect_size'], 1)}% "
        f"({signed(100 * row['rel_effect_size_ci_lower'], 1)} to "
        f"{signed(100 * row['rel_effect_size_ci_upper'], 1)})"
        for row in drawn.to_dict("records")
    ]
    return f"Points with intervals beside a line at zero. {title}. {'; '.join(rows)}".strip()
