"""What the propensity to leave says, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import counted, days, listed, money, share, uncapitalised
from workbench.retention.propensity.fitting import Fit
from workbench.retention.propensity.quality import Figure, Quality
from workbench.retention.propensity.study import AT_RISK_SHARE, Propensity

__all__ = ["Labels", "PropensityReading", "read_propensity"]

_MODELS = {
    "logistic": "logistic regression",
    "boosting": "boosted trees",
    "average": "everyone's average",
}
_NO_NUMBER = "customers could not be told apart"
_HOW_FACTS = (
    "A fact matters as much as the model does worse when that fact is dealt out anew among the "
    "customers. Where the line leaves out nought, that is no accident. Facts that say much the "
    "same share what they are worth between them."
)
_HOW_WORTH = (
    "At stake is each customer's probability to leave times what the customer brings in a year. A "
    "point of retention is one customer in a hundred who stays and would have left."
)
_HOW_LIST = (
    f"On the list stand, of the {share(AT_RISK_SHARE, 0)} of customers with the highest risk, "
    "those with whom a contact is worth its cost: most at stake first, each with what raises the "
    "risk most. Only who agreed to marketing can be contacted. Who of them is contacted, by which "
    "list, is settled for all lists of the unit together."
)
_LIMIT = (
    "A high risk is no reason to think that a contact helps: what a contact brings is seen only by "
    "those who are held out of the list."
)
_SNAPSHOT_LIMIT = (
    "The data are one snapshot: nothing shows that what is known of a customer was known before "
    "the customer left."
)


@dataclass(frozen=True)
class PropensityReading:
    """Sentences and numbers of one report, all computed.

    Parameters
    ----------
    answer, decision
        Whether those who leave can be told beforehand, and what is to be decided.
    usable
        Whether they can: only then is there a list.
    reason
        Why there are no numbers; empty where there are.
    apart
        Why there are no customers of today to tell of; empty where there are.
    calibrated
        Whether the probabilities came true.
    drivers
        What the model looks at, as a sentence.
    chosen
        Which model was used, and why; how it was tried.
    profit
        What contacting earns, and who is worth a contact.
    lifted
        What one point of retention is worth.
    not_used
        What was left out, in a sentence.
    gains_title, gains_alt, calibration_title, calibration_alt, drivers_title, drivers_alt
        Messages and text alternatives of the figures.
    how_facts, how_worth, how_list
        How to read what stands below the headings.
    limit
        What the method cannot say.
    expected_label, expected
        What the number is, in a few words; how many of today's customers are expected to leave, or
        None where nobody can say.
    no_number
        Why it is None.
    lift
        How many times as many leavers the top tenth holds; None without a test.
    lift_ci
        Its interval as the report room takes it.
    """

    answer: str
    decision: str
    usable: bool
    reason: str
    apart: str
    calibrated: str
    drivers: str
    chosen: str
    profit: str
    lifted: str
    not_used: str
    gains_title: str
    gains_alt: str
    calibration_title: str
    calibration_alt: str
    drivers_title: str
    drivers_alt: str
    how_facts: str
    how_worth: str
    how_list: str
    limit: str
    expected_label: str
    expected: float | None
    no_number: str
    lift: float | None
    lift_ci: tuple[float, float, float, str] | None


@dataclass(frozen=True)
class Labels:
    """How the report speaks of leaving.

    Parameters
    ----------
    leaves
        What a leaver does: ``buy nothing within 90 days``.
    left
        The same in the past.
    who
        Who could have left.
    """

    leaves: str
    left: str
    who: str


def labels(found: Propensity) -> Labels:
    """Return how to speak of leaving, by kind of business."""
    kind, horizon = found.panel.kind, found.panel.horizon_days
    if kind == "snapshot" or horizon is None:
        return Labels("leave", "left", "customers")
    ahead = f"within {days(horizon)}"
    if kind == "orders":
        return Labels(f"buy nothing {ahead}", f"bought nothing {ahead}", "buyers of the last year")
    return Labels(f"end their subscription {ahead}", f"left {ahead}", "subscribers")


def read_propensity(found: Propensity, *, currency: str) -> PropensityReading:
    """Return the sentences of a study.

    Parameters
    ----------
    found
        The study.
    currency
        ISO code of amounts.
    """
    said = labels(found)
    if found.fit is None:
        return _without(found, said)
    quality = found.fit.chosen.quality
    answer, decision = _answer(found, found.fit, said)
    apart = "" if found.useful else (found.reason or f"{_top(_NO_NUMBER)}.")
    drivers, drivers_title = _drivers(found)
    gains_title, calibrated = _gains_title(quality), _calibrated(quality)
    return PropensityReading(
        answer=answer,
        decision=decision,
        usable=found.useful,
        reason="",
        apart=apart,
        calibrated=calibrated,
        drivers=drivers,
        chosen=_chosen(found, found.fit, said),
        profit=_profit(found, currency),
        lifted=_lifted(found, currency),
        not_used=_not_used(found),
        gains_title=gains_title,
        gains_alt="A curve over the share of customers contacted, those with the highest risk "
        f"first, beside a straight line for contacts by lot. {gains_title}.",
        calibration_title="Probabilities and what happened",
        calibration_alt="A curve of the share that left over the probability that was said, beside "
        f"the line on which both are the same. {calibrated}",
        drivers_title=drivers_title,
        drivers_alt=f"A point with its interval for each fact. {drivers}",
        how_facts=_HOW_FACTS,
        how_worth=_HOW_WORTH,
        how_list=_HOW_LIST,
        limit=f"{_LIMIT} {_SNAPSHOT_LIMIT}" if found.panel.kind == "snapshot" else _LIMIT,
        expected_label=f"Customers expected to {said.leaves}",
        expected=round(float(found.today["probability"].sum())) if found.useful else None,
        no_number=apart.rstrip(".") or _NO_NUMBER,
        lift=quality.lift.value,
        lift_ci=quality.lift.ci,
    )


def _without(found: Propensity, said: Labels) -> PropensityReading:
    why = found.reason
    text = f"Who will {said.leaves} cannot be said. {why}"
    return PropensityReading(
        answer=text,
        decision="Nothing on these data.",
        usable=False,
        reason=why,
        apart=why,
        calibrated="",
        drivers="",
        chosen="",
        profit="",
        lifted="",
        not_used="",
        gains_title="No curve",
        gains_alt=why,
        calibration_title="No curve",
        calibration_alt=why,
        drivers_title="No facts",
        drivers_alt=why,
        how_facts=_HOW_FACTS,
        how_worth=_HOW_WORTH,
        how_list=_HOW_LIST,
        limit=f"{_LIMIT} {_SNAPSHOT_LIMIT}" if found.panel.kind == "snapshot" else _LIMIT,
        expected_label=f"Customers expected to {said.leaves}",
        expected=None,
        no_number=why.rstrip("."),
        lift=None,
        lift_ci=None,
    )


def _answer(found: Propensity, fit: Fit, said: Labels) -> tuple[str, str]:
    q = fit.chosen.quality
    base = share(q.leavers / q.customers)
    tried = f"Of {counted(q.customers, 'customer')} that the model had not seen, {base} {said.left}"
    if not fit.better:
        return (
            f"Who will {said.leaves} cannot be told beforehand: the best model is no better than "
            f"giving everyone the average. {tried}.",
            "Contact everybody or nobody; a choice by risk would be a choice by lot.",
        )
    return (
        f"Those who will {said.leaves} can be told beforehand in part. {tried}; of the tenth with "
        f"the highest risk {share(q.precision.value or 0.0)} did{_between(q.precision)}, "
        f"{_times(q.lift.value or 0.0)} the average{_between_times(q.lift)}.",
        "Whether these customers are contacted before they leave, and by whom.",
    )


def _between(figure: Figure) -> str:
    if figure.ci_lower is None or figure.ci_upper is None:
        return ""
    level = share(figure.level, 0)
    return f" ({level} interval {share(figure.ci_lower)} to {share(figure.ci_upper)})"


def _between_times(figure: Figure) -> str:
    if figure.ci_lower is None or figure.ci_upper is None:
        return ""
    return f" (interval {figure.ci_lower:.1f} to {figure.ci_upper:.1f} times)"


def _times(value: float) -> str:
    return f"{value:.1f} times"


def _gains_title(q: Quality) -> str:
    held = share(q.captured.value or 0.0, 0)
    return f"The tenth with the highest risk holds {held} of those who left"


def _calibrated(q: Quality) -> str:
    slope, shift = q.slope, q.intercept
    if slope.value is None or slope.ci_lower is None or slope.ci_upper is None:
        return f"Whether high risks are overstated cannot be said: {slope.reason}."
    numbers = (
        f"slope of calibration {slope.value:.2f}, interval {slope.ci_lower:.2f} to "
        f"{slope.ci_upper:.2f}, where 1 is right"
    )
    parts = []
    if slope.ci_upper < 1:
        parts.append("differences between customers were overstated")
    elif slope.ci_lower > 1:
        parts.append("differences between customers were understated")
    if shift.ci_lower is not None and shift.ci_lower > 0:
        parts.append("more customers left than was said")
    elif shift.ci_upper is not None and shift.ci_upper < 0:
        parts.append("fewer customers left than was said")
    if not parts:
        return f"The probabilities came true as far as chance lets one see ({numbers})."
    return f"The probabilities did not quite come true: {listed(parts)} ({numbers})."


def _drivers(found: Propensity) -> tuple[str, str]:
    if not found.useful:
        return "", "No facts"
    matters = found.importance[found.importance["matters"].astype(bool)]
    names = [str(label) for label in matters["label"].head(3)]
    if found.panel.kind != "snapshot":  # there, labels are names of columns
        names = [uncapitalised(name) for name in names]
    if not names:
        return (
            "No single fact is shown to matter by itself; together they tell something.",
            "No single fact stands out",
        )
    return (
        f"The model looks most at {listed(names)}. What it looks at need not be a cause: "
        "changing it may change nothing.",
        f"The model looks most at {names[0]}",
    )


def _chosen(found: Propensity, fit: Fit, said: Labels) -> str:
    gain = fit.boosting_gain
    name = _MODELS[fit.chosen.name]
    why = (
        "it was clearly better than logistic regression"
        if fit.chosen.name == "boosting"
        else "it is the simpler model, and boosted trees were not clearly better"
    )
    numbers = ""
    if gain.value is not None and gain.ci_lower is not None and gain.ci_upper is not None:
        numbers = (
            f" (difference in log loss {_signed(gain.value)}, interval {_signed(gain.ci_lower)} to "
            f"{_signed(gain.ci_upper)}, above nought in favour of trees)"
        )
    return f"Used is {name}: {why}{numbers}. {_how(found, said)}"


def _how(found: Propensity, said: Labels) -> str:
    if found.panel.kind == "snapshot":
        return (
            "The data are one snapshot without history, so customers were dealt by lot: 60% to "
            "learn from, 20% to set probabilities by, 20% to be tried on. How well it does on "
            "later customers is not known."
        )
    rows = found.panel.part("train")
    apart = found.panel.undecided
    failed = (
        f" Ends by a failed payment are no decision to leave and do not count ({apart:,})."
        if apart >= found.min_group
        else ""
    )
    return (
        f"It learned from {counted(rows['cutoff'].nunique(), 'earlier day')} "
        f"{days(found.panel.horizon_days or 0)} apart, its probabilities were set by a later day, "
        f"and it was tried on {said.who} of the last day of which the end is known.{failed}"
    )


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "\u2212")


def _profit(found: Propensity, currency: str) -> str:
    if found.profit is None:
        return ""
    p = found.profit
    terms = (
        f"at {money(p.contact_cost, currency)} a contact, if it keeps {share(p.saved_share, 0)} of "
        "those who would leave (an assumption, not measured)"
    )
    if p.break_even is None:
        return f"No contact pays for the average customer {terms}."
    rule, every = p.rule, p.everyone
    return (
        f"A contact pays for the average customer from a risk of {share(p.break_even)} on, "
        f"{terms}. On the customers tried, contacting whoever is worth it would have earned "
        f"{money(round(rule.value or 0.0, 2), currency)}{_money_between(rule, currency)}, and "
        f"contacting everyone {money(round(every.value or 0.0, 2), currency)}. In hindsight the "
        f"best would have been the {share(p.best_share, 0)} most at stake, with "
        f"{money(round(p.best, 2), currency)}."
    )


def _money_between(figure: Figure, currency: str) -> str:
    if figure.ci_lower is None or figure.ci_upper is None:
        return ""
    low, high = (money(round(end, 2), currency) for end in (figure.ci_lower, figure.ci_upper))
    return f" ({share(figure.level, 0)} interval {low} to {high})"


def _lifted(found: Propensity, currency: str) -> str:
    if not found.useful or not len(found.segments):
        return ""
    whole = found.segments.iloc[-1]
    worth = money(round(float(whole["point"]), 2), currency)
    text = (
        f"If one customer more in a hundred stayed, that would be worth {worth}, counted as a year "
        "of what such customers bring."
    )
    if len(found.segments) > 1:
        top = found.segments.iloc[0]
        text += (
            f" Most of it lies with {top['segment']}: "
            f"{money(round(float(top['point']), 2), currency)}."
        )
    return text


def _not_used(found: Propensity) -> str:
    """Return which columns were not used, in one sentence."""
    columns = pd.DataFrame(
        [(one.column, one.why) for one in found.left_out if one.table != "facts"],
        columns=["column", "why"],
    )
    if columns.empty:
        return "No column had to be left out."
    parts: list[Any] = []
    for why, names in columns.groupby("why", sort=False)["column"]:
        parts.append(f"{listed(sorted(names))} ({why})")
    return f"Not used, so that nothing from later can enter: {'; '.join(parts)}."


def _top(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
