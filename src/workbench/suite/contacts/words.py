"""Who is contacted, and who is not, in plain sentences for those who decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.data.phrases import counted, listed
from workbench.report.formats import format_share

__all__ = ["MEANINGS", "REASONS", "policy_words", "summary"]

Json = Mapping[str, Any]

REASONS: Mapping[str, str] = {
    "contact": "Contacted",
    "held_out": "Held out to measure",
    "no_consent": "No consent",
    "control_group": "Control group",
    "contacted_lately": "Contacted lately",
    "higher_priority": "On another list",
}
"""Outcome -> the heading over its numbers."""

_WHY: Mapping[str, str] = {
    "no_consent": "did not agree to marketing",
    "control_group": "in the control group",
    "contacted_lately": "contacted lately",
}
MEANINGS: Mapping[str, str] = {
    "contact": "They stand in the list's file, the most urgent first, each with the reason.",
    "held_out": "Drawn by chance from those who would be contacted, and left alone. What they buy "
    "without the contact shows what the contact brings. They are on no other list in their place.",
    "no_consent": "They did not agree to marketing, or nobody knows whether they did. No file "
    "holds them.",
    "control_group": "Drawn once by chance from all customers. No list of the unit ever touches "
    "them, so that all contacts together can be measured.",
    "contacted_lately": "They were contacted as often as the policy allows before these lists were "
    "made.",
    "higher_priority": "A list that comes first has them, and the policy allows no more contacts.",
}
"""Outcome -> what it means."""


def summary(document: Json) -> Iterator[str]:
    """Yield the answer: how many are contacted, worth what, and how many are kept back, and why.

    Parameters
    ----------
    document
        What ``contacts.json`` holds.
    """
    whole, lists = document["all"], document["lists"]
    many = whole["counts"]["contact"]["customers"]
    by = f"by {counted(whole['lists'], 'list')}"
    worth = f"; the reports value them at {whole['display']}" if whole["display"] and many else ""
    if whole["received"] is None:
        yield f"How many are contacted {by} is hidden: they are too few to be shown."
    elif many is None:
        yield f"How many are contacted {by} is hidden, so that no small group can be computed."
    elif document["policy"]["cap"] == 1:
        one = many == 1
        yield f"{counted(many, 'customer')} {'is' if one else 'are'} contacted {by}{worth}."
    else:
        yield f"{counted(many, 'contact')} {'is' if many == 1 else 'are'} made {by}{worth}."
    if len(lists) > 1:
        for one in lists:
            yield _list(one)
    yield from _kept_back(document)
    held = whole["counts"]["held_out"]
    if any(one["holdout_share"] > 0 for one in lists):
        yield (
            f"Held out by chance, to measure what the contacts bring: {held['display']}."
            if held["customers"] is None
            else f"{held['display']} more would be contacted and are held out by chance, to "
            "measure what the contacts bring."
        )
    unknown = [str(one["label"]) for one in lists if not one["consent_known"]]
    if unknown:
        yield (
            f"{listed(unknown)}: the data do not say who agreed to marketing, so nobody is "
            "contacted. Declare `marketing_consent` in the table of customers."
        )


def _list(one: Json) -> str:
    found = one["counts"]["contact"]
    if found["customers"] is None:
        return f"{one['label']}: how many are contacted is {_hidden(found)}."
    text = f"{one['label']}: {found['display']} of {one['received_display']} who qualify"
    if found["customers"] and one["display"]:
        text += f", worth {one['display']}"
        if one["margin_display"]:
            text += f" (margin {one['margin_display']}{_incomplete(one)})"
    return f"{text}."


def _hidden(cell: Json) -> str:
    said = str(cell["display"])
    return said if said == "hidden" else f"hidden ({said})"


def _incomplete(one: Json) -> str:
    missing = one["margin_missing"]
    if missing == 0:
        return ""
    return ", not known for a few" if missing is None else f", not known for {missing:,}"


def _kept_back(document: Json) -> Iterator[str]:
    """Yield how many who qualify are not contacted, by reason."""
    counts = document["all"]["counts"]
    reasons = [reason for reason in _WHY if counts[reason]["customers"] != 0]
    parts = [f"{_many(counts[reason])} {_WHY[reason]}" for reason in reasons]
    known = [counts[reason]["customers"] for reason in _WHY]
    if not parts:
        yield "Nobody who qualifies is kept back."
    elif None in known:
        yield f"Kept back: {listed(parts)}."
    else:
        total = sum(known)
        verb = "qualifies and is" if total == 1 else "qualify and are"
        yield f"{total:,} {verb} kept back: {listed(parts)}."
    other = counts["higher_priority"]
    if other["customers"] != 0:
        go = "goes" if other["customers"] == 1 else "go"
        yield f"{_many(other)} more {go} to a list of higher priority.".capitalize()


def _many(cell: Json) -> str:
    return "an undisclosed number" if cell["customers"] is None else str(cell["display"])


def policy_words(document: Json) -> Iterator[str]:
    """Yield the policy in force, rule by rule.

    Parameters
    ----------
    document
        What ``contacts.json`` holds.
    """
    policy = document["policy"]
    days = counted(policy["period_days"], "day")
    yield (
        f"Each customer is contacted at most {_times(policy['cap'])} in {days}, all lists taken "
        "together."
    )
    yield (
        f"Contacts made in the {days} up to the day of this edition count, as the table of "
        "touchpoints holds them."
        if document["touchpoints"]
        else "This unit has no table of touchpoints: contacts that were made before are not known, "
        "and do not count."
    )
    share = policy["control_share"]
    yield (
        f"A control group of {format_share(share)} of all customers, drawn once by chance, is on "
        "no list."
        if share
        else "There is no control group: what all contacts together bring cannot be measured."
    )
    first = [str(one["label"]) for one in document["lists"] if one["is_named"]]
    rest = [str(one["label"]) for one in document["lists"] if not one["is_named"]]
    if len(document["lists"]) > 1:
        order = first + rest
        how = "" if not rest else " (those that the policy does not name follow by their reports)"
        yield f"Who is on several lists goes to the first of: {', then '.join(order)}{how}."
    if not policy["declared"]:
        yield "No policy is declared for this unit, so the house's own holds."
    missing = document["named_but_not_made"]
    if missing:
        yield (
            f"The policy also names {listed([f'`{name}`' for name in missing])}: no such list was "
            "made in this edition."
        )


def _times(cap: int) -> str:
    return {1: "once", 2: "twice"}.get(cap, f"{cap} times")
