"""What the profiles of segments say, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import counted, day, listed, money, share
from workbench.data.small_groups import fewer_than
from workbench.segmentation.profiles.study import Profiles
from workbench.segmentation.segments import MERGED, RETURNS_ONLY

__all__ = ["ProfileReading", "read_profiles"]

_WORDS = {"channel": "channels", "category": "categories"}


@dataclass(frozen=True)
class ProfileReading:
    """Sentences of one report; every number in them is computed.

    Parameters
    ----------
    margin
        Which segment leaves the most, or why no margin is known.
    returns
        Which segment sends the most back.
    preference, preference_decision
        What sets a segment apart most surely, and what is to be decided.
    tested
        How many lifts were looked at, how many stand out, and how sure that is.
    support
        Which segment turns to support most, per year and per purchase.
    satisfaction
        Which segment is the least satisfied, or that none can be told apart.
    how
        How to read a lift, in plain words.
    missing
        What the data did not say.
    preference_title, preference_alt
        Message and text alternative of the figure of preferences.
    support_title, support_alt
        The same of the figure of support.
    no_lift, no_margin, no_care
        Why a number is missing in the tables.
    """

    margin: str
    returns: str
    preference: str
    preference_decision: str
    tested: str
    support: str
    satisfaction: str
    how: str
    missing: str
    preference_title: str
    preference_alt: str
    support_title: str
    support_alt: str
    no_lift: str
    no_margin: str
    no_care: str


def read_profiles(result: Profiles, *, currency: str) -> ProfileReading:
    """Return the sentences of the profiles of segments.

    Parameters
    ----------
    result
        The profiles.
    currency
        ISO code of the amounts.
    """
    preference, decision, title = _preference(result)
    shown = len(result.drawn())
    support, support_title = _support(result)
    return ProfileReading(
        margin=_margin(result, currency),
        returns=_returns(result),
        preference=preference,
        preference_decision=decision,
        tested=_tested(result),
        support=support,
        satisfaction=_satisfaction(result),
        how="A lift of 2 means: twice the share of purchases that it has among all other "
        "customers. A purchase is a day on which the customer bought there. Each customer counts "
        "as one observation, however much they bought. Intervals are at "
        f"{share(result.lifts.level)}: wide enough for lifts that were picked for standing out.",
        missing=_missing(result),
        preference_title=title,
        preference_alt=f"A point with its interval for each of {counted(shown, 'preference')}, "
        f"beside a line at 1, where there is no preference. {preference}",
        support_title=support_title,
        support_alt="A point with its interval for each segment: contacts with support per "
        f"customer and year. {support}",
        no_lift="too few customers bought there, or it does not stand out",
        no_margin="too little cost is known"
        if result.money.has_cost
        else "the orders have no cost",
        no_care=result.care.reason or "too few customers",
    )


def _named(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the named segments that have a number in a column, the highest first."""
    kept = frame[~frame["segment"].isin([MERGED, RETURNS_ONLY]) & frame[column].notna()]
    order = kept[column].astype("float64").sort_values(ascending=False, kind="stable").index
    return kept.loc[order]


def _margin(result: Profiles, currency: str) -> str:
    found = result.money
    if not found.has_cost:
        return "The orders state no cost, so no margin can be said."
    known = _named(found.frame, "margin")
    gap = (
        f" {share(found.lines_without_cost / found.lines)} of the order lines have no cost, and "
        "are left out of it."
        if found.lines_without_cost
        else ""
    )
    if known.empty:
        return f"No segment's margin can be said: too little cost is known.{gap}"
    top: dict[Any, Any] = known.iloc[0].to_dict()
    whole = "" if found.margin is None else f" of {money(found.margin, currency)}"
    rate = "" if top["margin_rate"] is None else f", {share(top['margin_rate'])} of their revenue"
    said = f"{top['segment']} leave the most: {money(top['margin'], currency)}{whole}{rate}."
    rates = _named(found.frame, "margin_rate")
    if len(rates) > 1 and rates["margin_rate"].iloc[0] > 0:
        first, last = rates.iloc[0], rates.iloc[-1]
        said += (
            f" Margins run from {share(last['margin_rate'])} ({last['segment']}) to "
            f"{share(first['margin_rate'])} ({first['segment']})."
        )
    tax = " Amounts are what customers pay, tax included." if found.has_tax else ""
    return f"{said}{gap}{tax}"


def _returns(result: Profiles) -> str:
    known = _named(result.money.frame, "returns_share")
    if known.empty or known["returns_share"].iloc[0] == 0:
        return "No returns are seen."
    first, last = known.iloc[0], known.iloc[-1]
    said = f"{first['segment']} send back {share(first['returns_share'])} of what they buy"
    if len(known) == 1:
        return f"{said}."
    return f"{said}, the most; {last['segment']} {share(last['returns_share'])}, the least."


def _preference(result: Profiles) -> tuple[str, str, str]:
    chosen = result.preferences(len(result.lifts.frame))
    # What a segment is fond of can be acted on; what it avoids comes second.
    fond = chosen[chosen["lift"].astype("float64") > 1]
    best = fond if len(fond) else chosen
    if not result.usage:
        said = "The orders name neither channel nor category, so no preference can be said."
        return said, "Nothing on these data.", "No preference can be said"
    if best.empty:
        said = "No segment prefers a channel or a category by more than chance explains."
        decision = "Nothing: one message and one range for all segments will do."
        return said, decision, "No segment has a preference of its own"
    row: dict[Any, Any] = best.iloc[0].to_dict()
    where = f"{'through' if row['what'] == 'channel' else 'from'} {row['level']}"
    often = times_as_often(row["lift"])
    said = (
        f"{row['segment']} buy {often} {where} as all other customers do: "
        f"{share(row['share'])} of their purchases against {share(row['other_share'])} "
        f"(lift {row['lift']:.2f}, interval {row['ci_lower']:.2f} to {row['ci_upper']:.2f})."
    )
    more, less = (
        (f"meet them {where} first", f"stop looking for them {where}")
        if row["what"] == "channel"
        else (f"make {row['level']} the reason to come back", f"stop offering them {row['level']}")
    )
    decision = f"{row['segment']}: whether to {more if row['lift'] > 1 else less}."
    return said, decision, f"{row['segment']} buy {often} {where} as others"


def times_as_often(lift: float) -> str:
    """Return a lift in words.

    Examples
    --------
    >>> times_as_often(2.31), times_as_often(0.25)
    ('2.3 times as often', 'only 0.25 times as often')
    """
    return f"{lift:.1f} times as often" if lift >= 1 else f"only {lift:.2f} times as often"


def _tested(result: Profiles) -> str:
    found = result.lifts
    if not found.tested:
        return "" if not result.usage else "No preference could be tested: too few customers."
    out = f"{found.standing_out:,} stand out" if found.standing_out else "none stands out"
    said = f"Of {counted(found.tested, 'preference')} that could be tested, {out}."
    if not found.standing_out:
        return said
    return f"{said} At most {share(found.alpha, 0)} of those are expected to be chance."


def _support(result: Profiles) -> tuple[str, str]:
    found = result.care
    if found.reason:
        return f"Support load cannot be said: {found.reason}.", "Support load cannot be said"
    known = _named(found.frame, "contacts_ci_lower")
    if len(known) < 2:
        return "Too few contacts to compare the segments.", "Too few contacts to compare"
    first, last = known.iloc[0], known.iloc[-1]
    said = (
        f"{first['segment']} turn to support {first['contacts_per_year']:.1f} times per customer "
        f"and year ({first['contacts_ci_lower']:.1f} to {first['contacts_ci_upper']:.1f}), "
        f"{last['segment']} {last['contacts_per_year']:.1f} times."
    )
    per = _named(found.frame, "per_100_ci_lower")
    most, least = per.iloc[0], per.iloc[-1]
    alike = most["per_100_ci_lower"] <= least["per_100_ci_upper"]
    said += (
        f" Per 100 purchases it is {per['contacts_per_100'].min():.0f} to "
        f"{per['contacts_per_100'].max():.0f} contacts, no more than chance apart: who buys more "
        "asks more."
        if alike
        else f" Per 100 purchases {most['segment']} ask most ({most['contacts_per_100']:.0f} "
        f"contacts), {least['segment']} least ({least['contacts_per_100']:.0f})."
    )
    return said, f"{first['segment']} turn to support most"


def _satisfaction(result: Profiles) -> str:
    found = result.care
    if found.reason:
        return f"Satisfaction cannot be said: {found.reason}."
    known = _named(found.frame, "satisfaction_ci_lower")
    if len(known) < 2:
        return "Too few scores to compare the satisfaction of segments."
    first, last = known.iloc[0], known.iloc[-1]
    scored = f"{share(found.scored_share or 0.0, 0)} of the contacts have a score."
    if last["satisfaction_ci_upper"] >= first["satisfaction_ci_lower"]:
        return (
            f"Mean scores run from {known['satisfaction'].min():.1f} to "
            f"{known['satisfaction'].max():.1f}; no segment is surely less satisfied than another. "
            f"{scored}"
        )
    return (
        f"{last['segment']} are the least satisfied: {last['satisfaction']:.1f} on average "
        f"({last['satisfaction_ci_lower']:.1f} to {last['satisfaction_ci_upper']:.1f}), "
        f"{first['segment']} the most ({first['satisfaction']:.1f}). {scored}"
    )


def _missing(result: Profiles) -> str:
    parts = [
        f"{counted(one.lines_without, 'order line')} name no {one.what}."
        for one in result.usage
        if one.lines_without
    ]
    lacking = [_WORDS[w] for w in _WORDS if w not in {one.what for one in result.usage}]
    if lacking:
        parts.append(f"The orders have no {listed(lacking)}.")
    if result.unassigned:
        who = fewer_than(result.unassigned, result.assigned.min_group)
        parts.append(f"Customers with orders who are in no segment: {who}.")
    care = result.care
    if care.reason:
        parts.append(f"How often they need support cannot be said: {care.reason}.")
    if care.since is not None:
        parts.append(f"Contacts are known from {day(care.since)} on.")
    if care.left_out:
        parts.append(
            f"{counted(care.left_out, 'contact')} of nobody known, or from before the first "
            f"purchase, {'is' if care.left_out == 1 else 'are'} not counted."
        )
    return " ".join(parts) or "Nothing that was looked for is missing."
