"""The sentences of the propensity to leave, each from what was computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd
from scipy.special import expit

from workbench.data.phrases import counted, day, days, listed, money, share, uncapitalised
from workbench.retention.propensity.design import SAME
from workbench.retention.propensity.fitting import Fit
from workbench.retention.propensity.panel import MIN_LEAVERS
from workbench.retention.propensity.quality import Figure, Quality
from workbench.retention.propensity.stakes import Profit
from workbench.retention.propensity.study import Propensity

__all__ = [
    "Labels",
    "answer",
    "calibrated",
    "capitalised",
    "chosen",
    "drivers",
    "gains_title",
    "labels",
    "lifted",
    "not_used",
    "pausing",
    "profit",
    "profit_title",
]

_MODELS = {
    "logistic": "logistic regression",
    "boosting": "boosted trees",
    "average": "everyone's average",
}


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


def pausing(found: Propensity, said: Labels) -> str:
    """Return how many of those who bought nothing for a while came back; empty for subscribers."""
    back = found.panel.came_back()
    if back is None or back[1] < max(found.min_group, MIN_LEAVERS):
        return ""
    since = day(date.fromordinal(back[0]))
    return (
        f"Leaving here means to {said.leaves}, and some only pause: of those who "
        f"{said.left} after {since}, {share(back[2])} bought again later."
    )


def answer(found: Propensity, fit: Fit, said: Labels) -> tuple[str, str]:
    """Return whether those who leave can be told beforehand, and what is to be decided."""
    q = fit.chosen.quality
    base = share(q.leavers / q.customers)
    snapshot = found.panel.kind == "snapshot"
    tried = f"Of {counted(q.customers, 'customer')} that the model had not seen, {base} {said.left}"
    if not fit.better:
        who = (
            "Those who left cannot be told from those who stayed"
            if snapshot
            else f"Who will {said.leaves} cannot be told beforehand"
        )
        return (
            f"{who}: the best model is no better than giving everyone the average. {tried}.",
            "Whether all customers are contacted to keep them, or none; a choice by risk would be "
            "a choice by lot.",
        )
    who = (
        "Those who left can be told in part from those who stayed"
        if snapshot
        else f"Who will {said.leaves} can be told beforehand in part"
    )
    decision = "Whether the customers most likely to leave are contacted to keep them, and by whom."
    return (
        f"{who}. {tried}; of the tenth with the highest risk "
        f"{share(q.precision.value or 0.0)} did{_between(q.precision)}, "
        f"{_times(q.lift.value or 0.0)} the average{_between_times(q.lift)}.",
        decision if found.useful else f"Nothing today: {uncapitalised(found.reason)}",
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


def gains_title(q: Quality) -> str:
    """Return what the gains curve shows."""
    held = share(q.captured.value or 0.0, 0)
    return f"The tenth with the highest risk holds {held} of those who left"


def calibrated(fit: Fit) -> str:
    """Return whether the probabilities came true."""
    q = fit.chosen.quality
    slope, shift = q.slope, q.intercept
    expected = share(float(expit(fit.chosen.log_odds).mean()))
    level = f"Of the customers tried, {expected} were expected to leave and "
    level += f"{share(q.leavers / q.customers)} did."
    if slope.value is None or slope.ci_lower is None or slope.ci_upper is None:
        return f"{level} Whether high risks are overstated cannot be said: {slope.reason}."
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
        return f"{level} The probabilities came true as far as chance lets one see ({numbers})."
    return f"{level} The probabilities did not quite come true: {listed(parts)} ({numbers})."


def drivers(found: Propensity) -> tuple[str, str]:
    """Return what the model looks at, and the same as a title."""
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


def chosen(found: Propensity, fit: Fit, said: Labels) -> str:
    """Return which model was used, why, and how it was tried."""
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
    return f"The model used is {name}: {why}{numbers}. {_how(found, said)}"


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


def profit(found: Propensity, currency: str) -> str:
    """Return what contacting earns, and who is worth a contact."""
    if found.profit is None:
        return (
            "What customers bring in is not known, so nobody can say with whom a contact is worth "
            "its cost, and there is no list."
            if found.useful
            else ""
        )
    p = found.profit
    terms = (
        f"at {money(p.contact_cost, currency)} a contact, if it keeps {share(p.saved_share, 0)} of "
        "those who would leave (an assumption, not measured)"
    )
    pays = f"A contact pays for the average customer from a risk of {share(p.break_even or 0.0)} on"
    if p.break_even is None:
        pays = "A contact does not pay for the average customer, however high the risk"
    everyone = money(round(p.everyone.value or 0.0, 2), currency)
    tried = f"contacting everyone would have earned {everyone}"
    if p.rule.value is not None:
        earned = f"{money(round(p.rule.value, 2), currency)}{_money_between(p.rule, currency)}"
        tried = (
            f"contacting those for whom it pays would have earned {earned}, and contacting "
            f"everyone {everyone}"
        )
        if p.contacted == found.tried:
            tried = f"it pays for each one: contacting everyone would have earned {earned}"
        elif p.contacted == 0:
            tried = f"it pays for nobody: contacting everyone would have earned {everyone}"
    return f"{pays}, {terms}. On the customers tried, {tried}.{_hindsight(p, currency)}"


def _hindsight(p: Profit, currency: str) -> str:
    if p.best is None:
        return ""
    if p.best_share in (0.0, 1.0):
        who = "everyone" if p.best_share else "nobody"
        return f" In hindsight it would have been best to contact {who}."
    return (
        f" In hindsight the best would have been the {share(p.best_share, 0)} most at stake, with "
        f"{money(round(p.best, 2), currency)}."
    )


def profit_title(found: Propensity) -> str:
    """Return what the curve of earnings shows; empty where there is none."""
    if found.profit is None:
        return ""
    best = found.profit.best_share
    if best == 0:
        return "No contact would have earned its cost"
    if best == 1:
        return "Contacting everyone would have earned most"
    return f"Contacting the {share(best, 0)} most at stake would have earned most"


def _money_between(figure: Figure, currency: str) -> str:
    if figure.ci_lower is None or figure.ci_upper is None:
        return ""
    low, high = (money(round(end, 2), currency) for end in (figure.ci_lower, figure.ci_upper))
    return f" ({share(figure.level, 0)} interval {low} to {high})"


def lifted(found: Propensity, currency: str) -> str:
    """Return what one point of retention is worth."""
    if found.profit is None or not len(found.segments):
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
            f"{money(round(float(top['point']), 2), currency)}. The segments do not add up to the "
            "whole, as those who leave are not spread evenly over them."
        )
    return text


def not_used(found: Propensity) -> str:
    """Return which columns and facts were refused, in one sentence; not those that tell nothing."""
    labels = {fact.name: fact.label for fact in found.panel.facts}
    columns = pd.DataFrame(
        [
            (labels.get(one.column, one.column) if one.table == "facts" else one.column, one.why)
            for one in found.left_out
            if one.why != SAME
        ],
        columns=["column", "why"],
    )
    if columns.empty:
        return "No column had to be left out."
    parts = []
    for why, names in columns.groupby("why", sort=False)["column"]:
        parts.append(f"{listed(sorted(names))} ({why})")
    return f"Not used, so that nothing from later can enter: {'; '.join(parts)}."


def capitalised(text: str) -> str:
    """Return a text as the beginning of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"
