"""What each experiment says, as a finding and as numbers to follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.data.phrases import counted, listed, money
from workbench.experiments.comparing import Comparison
from workbench.experiments.evidence import VariantDecision, plain
from workbench.experiments.result import ExperimentResult, Experiments
from workbench.experiments.wording import chance_of, sentence, slug_of

__all__ = ["VERDICTS", "finding_of", "metrics_of", "overview_of"]

VERDICTS = ("ship", "do not ship", "keep running", "do not decide")
"""What may be concluded, in the order to say it."""

_OVERVIEW = {
    "ship": "ship {}",
    "do not ship": "do not ship {}",
    "keep running": "keep running {}",
    "do not decide": "decide nothing on {}",
}
_NAMED = 3  # titles that a sentence can hold


def overview_of(found: Experiments) -> str:
    """Return what all experiments say, in a sentence."""
    if not found.results:
        return "No experiment is declared for this unit."
    titles: dict[str, list[str]] = {}
    for result in found.results:
        titles.setdefault(result.decision.verdict, []).append(result.plan.title)
    parts = [_OVERVIEW[name].format(_some(titles[name])) for name in VERDICTS if name in titles]
    return f"{counted(len(found.results), 'experiment')}: {'; '.join(parts)}."


def _some(titles: Sequence[str]) -> str:
    """Return the titles, or how many they are when a sentence cannot hold them."""
    return listed(titles) if len(titles) <= _NAMED else f"{len(titles)} of them"


def finding_of(result: ExperimentResult, currency: str) -> Mapping[str, Any]:
    """Return what one experiment says, ready to be shown as a finding.

    Parameters
    ----------
    result
        The experiment.
    currency
        Of its yearly value.
    """
    decision, title = result.decision, result.plan.title
    unread = decision.verdict == "do not decide"
    asked = f"{title}, as planned: {decision.planned}" if decision.planned else None
    if unread:
        asked = f"{title}, nothing yet: find out what went wrong, mend it, and run it again."
    if decision.override_text:
        asked = f"{title}: {decision.override_text}"
    return {
        "id": slug_of(result.plan.id),
        "text": f"{title}: {_said(result, currency)}",
        "kind": "warning" if unread else "answer",
        "decision": asked,
    }


def _said(result: ExperimentResult, currency: str) -> str:
    """Return what a manager needs to know of an experiment; the numbers stand in the tables."""
    decision = result.decision
    if decision.verdict == "do not decide":
        failed = [f"“{check.label}”" for check in result.checks if check.status == "failed"]
        if not failed:
            return _lower(f"{decision.text} {' '.join(decision.reasons)}")
        head = "this check" if len(failed) == 1 else "these checks"
        return f"do not decide on these data, {head} failed: {listed(failed)}."
    if not result.is_trusted:
        return _lower(decision.text)
    shown = [e for e in result.effects if e.metric.primary]
    if decision.variant is not None:
        shown = [e for e in shown if e.variant == decision.variant]
        parts = [decision.text, *(sentence(e, result) for e in shown)]
        (one,) = [v for v in decision.variants if v.variant == decision.variant]
        return _lower(" ".join([*parts, *_worth(one, currency)]))
    return _lower(" ".join([decision.text, *_largest(shown, result)]))


def _largest(effects: Sequence[Comparison], result: ExperimentResult) -> list[str]:
    """Return the one comparison of several that a reader wants to know first."""
    usable = [e for e in effects if e.difference.effect_size is not None]
    if not usable:
        return []
    if len(usable) == 1:
        return [sentence(usable[0], result)]
    best = min(usable, key=lambda e: 1.0 if e.pvalue_adj is None else e.pvalue_adj)
    return [f"The clearest: {sentence(best, result)}"]


def _worth(one: VariantDecision, currency: str) -> list[str]:
    """Return what a variant is worth, and how likely it does harm, as sentences."""
    said = []
    if one.worth is not None:
        value, low, high = (
            money(_rounded(amount), currency)
            for amount in (one.worth.value, one.worth.ci_lower, one.worth.ci_upper)
        )
        said.append(f"If it stays, it is worth about {value} a year ({low} to {high}).")
    if one.belief is not None:
        said.append(f"The chance that it does harm is {chance_of(one.belief.probability_harm)}.")
    return said


def _rounded(amount: float) -> int:
    """Return an amount to three digits: an estimate is not known to the last pound."""
    digits = 3 - len(str(abs(round(amount))))
    return int(round(amount, digits)) if digits < 0 else round(amount)


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def metrics_of(found: Experiments, currency: str) -> Iterator[Mapping[str, Any]]:
    """Yield how many experiments say what; then each primary comparison and yearly value.

    Parameters
    ----------
    found
        All experiments.
    currency
        Of yearly values.
    """
    verdicts = [result.decision.verdict for result in found.results]
    for name, label, count in (
        ("experiments", "Experiments", len(verdicts)),
        ("to-ship", "Experiments to ship", verdicts.count("ship")),
        ("running", "Experiments still running", verdicts.count("keep running")),
        ("not-decided", "Experiments not to be decided on", verdicts.count("do not decide")),
    ):
        told = count > 0 or name in ("experiments", "to-ship")
        yield {
            "id": name, "value": count, "label": label, "unit": "experiments", "headline": told,
        }  # fmt: skip
    for result in found.results:
        for effect in result.effects:
            if effect.metric.primary:
                yield _lift(result, effect)
        yield from _values(result, currency)


def _lift(result: ExperimentResult, effect: Comparison) -> Mapping[str, Any]:
    d = effect.difference
    # Data that may not be read give no number, not even one with a warning beside it.
    value = d.rel_effect_size if result.is_trusted else None
    low, high = d.rel_effect_size_ci_lower, d.rel_effect_size_ci_upper
    ends = None
    if value is not None and low is not None and high is not None:
        ends = (low, high, d.level, d.rel_method)
    reason = d.rel_reason or "there is no relative effect"
    if not result.is_trusted and result.decision.verdict == "do not decide":
        reason = "a check failed, or a comparison could not be made"
    return {
        "id": slug_of(result.plan.id, effect.metric.name, effect.variant, "lift"),
        "value": value,
        "label": f"{result.plan.title}: {effect.metric.label}, {plain(effect.variant)} against "
        f"{plain(result.plan.control)}",
        "unit": "share",
        "ci": ends,
        "reason": None if value is not None else reason,
        # A card is read as a fact: it is for the effects of what is to be shipped.
        "headline": value is not None and effect.variant == result.decision.variant,
    }


def _values(result: ExperimentResult, currency: str) -> Iterator[Mapping[str, Any]]:
    for one in result.decision.variants:
        if not any(m.value is not None for m in result.plan.metrics):
            continue
        worth = one.worth if result.is_trusted else None
        yield {
            "id": slug_of(result.plan.id, one.variant, "yearly-value"),
            "value": None if worth is None else round(worth.value),
            "label": f"{result.plan.title}: worth a year, {plain(one.variant)}",
            "unit": currency,
            "ci": None
            if worth is None
            else (
                round(worth.ci_lower), round(worth.ci_upper), worth.level,
                "the effect's interval times what one unit is worth",
            ),
            "reason": None if worth is not None else "there is no effect that may be read",
            "headline": worth is not None and one.variant == result.decision.variant,
        }  # fmt: skip
