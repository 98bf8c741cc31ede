"""What an earlier action list brought, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.data.phrases import counted, day, days, money, share, signed
from workbench.segmentation.contrast import Effect
from workbench.segmentation.outcome import Outcome

__all__ = ["OutcomeReading", "read_outcome"]

_HEADS = {
    "raised": "The list raised revenue",
    "lowered": "The list lowered revenue",
    "cannot tell": "Whether the list raised revenue cannot be told",
    "too few to tell": "Too few customers to tell what the list brought",
}
_FEW = 100  # with fewer buyers in an arm the ends of the interval are said to be rough


@dataclass(frozen=True)
class OutcomeReading:
    """Sentences about one list.

    Parameters
    ----------
    answer
        The verdict, with the number behind it or why there is none.
    decision
        What is to be decided.
    buyers
        What the list did to the share who bought.
    how
        Who was compared, over which days, and by which methods.
    limits
        What this cannot say.
    """

    answer: str
    decision: str
    buyers: str
    how: str
    limits: tuple[str, ...]


def read_outcome(outcome: Outcome, *, label: str, currency: str) -> OutcomeReading:
    """Return the sentences about what a list brought.

    Parameters
    ----------
    outcome
        What `outcome_of_list` found.
    label
        What was to be done with the customers: ``Customers to win back``.
    currency
        ISO code of the amounts.
    """
    return OutcomeReading(
        answer=f"{label}, list of {day(outcome.since)}: {_answer(outcome, currency)}",
        decision=_decision(outcome, label),
        buyers=_buyers(outcome),
        how=_how(outcome),
        limits=tuple(_limits(outcome)),
    )


def _answer(outcome: Outcome, currency: str) -> str:
    head = _HEADS[outcome.verdict]
    effect, total = outcome.revenue, outcome.total
    if effect.value is None or effect.ci_lower is None or total.value is None:
        return f"{head}. {outcome.reason}"
    told = (
        f"{head}: contacted customers brought {_more(effect.value, currency)} each than those held "
        f"out ({_between(effect, currency, outcome.level)}), {money(total.value, currency)} in all "
        f"({_between(total, currency, outcome.level)}), in {days(outcome.days)}."
    )
    return f"{told} {outcome.reason}".rstrip()


def _more(value: float, currency: str) -> str:
    return f"{money(abs(value), currency)} {'less' if value < 0 else 'more'}"


def _between(effect: Effect, currency: str, level: float) -> str:
    assert effect.ci_lower is not None
    assert effect.ci_upper is not None
    ends = " to ".join(money(end, currency) for end in (effect.ci_lower, effect.ci_upper))
    return f"{share(level, 0)} interval {ends}"


def _decision(outcome: Outcome, label: str) -> str:
    if outcome.verdict == "raised":
        return f"{label}: go on, and does what it brought exceed what the contacts cost?"
    if outcome.verdict == "lowered":
        return f"{label}: stop these contacts, or change what is said in them?"
    if outcome.verdict == "cannot tell":
        return f"{label}: hold out more customers or wait longer, before it counts as a success."
    return f"{label}: hold out more customers next time, so that its effect can be seen."


def _buyers(outcome: Outcome) -> str:
    effect = outcome.share
    one, other = outcome.contact.share, outcome.held_out.share
    if effect.value is None or effect.ci_lower is None or one is None or other is None:
        return effect.reason
    assert effect.ci_upper is not None
    told = (
        f"{share(one)} of the contacted customers bought, {share(other)} of those held out: a "
        f"difference of {signed(100 * effect.value, 1)} points ({share(outcome.level, 0)} interval "
        f"{signed(100 * effect.ci_lower, 1)} to {signed(100 * effect.ci_upper, 1)})."
    )
    low, high = outcome.number_needed_ci_lower, outcome.number_needed_ci_upper
    if outcome.number_needed is None or low is None or high is None:
        return told
    return (
        f"{told} One more buyer for every {outcome.number_needed:,.0f} contacts "
        f"({share(outcome.level, 0)} interval {low:,.0f} to {high:,.0f})."
    )


def _how(outcome: Outcome) -> str:
    sizes = [
        "not shown" if arm.customers is None else counted(arm.customers, "customer")
        for arm in (outcome.contact, outcome.held_out)
    ]
    methods = [one.method for one in (outcome.revenue, outcome.share) if one.method]
    told = (
        f"Contacted: {sizes[0]}; held out at random: {sizes[1]}. Everybody counts in the "
        "group that chance put them in, whether they were reached or not. Revenue is net of "
        f"returns, after {day(outcome.since)} and up to {day(outcome.as_of)}."
    )
    return f"{told} Intervals: {'; '.join(methods)}." if methods else told


def _limits(outcome: Outcome) -> list[str]:
    said = [
        "What it brought is counted without what the contacts cost, and up to this day only.",
    ]
    if outcome.unlike:
        said.insert(
            0,
            "The two groups differed already on the day of the list, more than chance explains: "
            "find out how customers were held out before you rely on the difference.",
        )
    buyers = [arm.buyers for arm in (outcome.contact, outcome.held_out)]
    if (
        outcome.revenue.ci_lower is not None
        and min(b if b is not None else _FEW for b in buyers) < _FEW
    ):
        said.append(
            "Few customers of one group bought, and a few large orders weigh much: the ends of the "
            "interval of revenue are rough, and lie somewhat too close together."
        )
    return said
