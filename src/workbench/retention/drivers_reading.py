"""What goes with leaving sooner, in sentences to decide on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import days, listed, pvalue, share
from workbench.retention.drivers import Drivers
from workbench.retention.drivers_over_time import as_times

__all__ = ["DriversReading", "read_drivers"]

_LEVEL = 0.05
_ALWAYS, _ON_AVERAGE = "at any time", "over all the time that was seen"
_QUESTION = (
    "Subscriptions are compared by what they were at their start and by what is known of their "
    "customers, all of it at once, so that a channel is not blamed for the plans that it sells. "
    "A ratio of 2 means: at any time twice as "
    "likely to leave as the value that it is compared with; below 1 means less likely. Where the "
    "line leaves out 1, chance does not explain it. It tells who leaves, not why."
)


@dataclass(frozen=True)
class DriversReading:
    """Sentences of the report, all computed.

    Parameters
    ----------
    question
        How to read what follows, as a paragraph.
    answer, decision
        What goes with leaving sooner; what is to be decided, None for nothing.
    stays
        What goes with staying longer; empty where nothing does.
    over_time
        Whether the ratios hold over time, and how they differ where not.
    parts
        Why there is no table of the first days and afterwards; empty where there is one.
    parts_caption, parts_first, parts_note
        Of that table: its caption, the heading of its first part, and how it was made.
    how
        How the ratios were made, and what is left out.
    title, subtitle, alt
        Message of the figure, how to read it, and its text alternative.
    """

    question: str
    answer: str
    decision: str | None
    stays: str
    over_time: str
    parts: str
    parts_caption: str
    parts_first: str
    parts_note: str
    how: str
    title: str
    subtitle: str
    alt: str


def read_drivers(found: Drivers) -> DriversReading:
    """Return the sentences of a study of drivers."""
    if found.reason:
        said = f"What goes with leaving sooner cannot be said: {found.reason}"
        left_out = " ".join(found.left_out)
        parts = _parts(found)
        return DriversReading(_QUESTION, said, None, "", "", *parts, left_out, said, "", said)
    clear = found.tests.loc[found.tests["pvalue_adj"] < _LEVEL, "factor"]
    table = found.table[found.table["factor"].isin(clear)]
    sooner = table[table["ci_lower"] > 1].sort_values("hazard_ratio", ascending=False)
    longer = table[table["ci_upper"] < 1].sort_values("hazard_ratio")
    answer, decision, title = _answer(found, clear, sooner, longer)
    stays = _told(longer.iloc[0], found, "stays longer") if len(longer) else ""
    why, caption, first, note = _parts(found)
    when = _ON_AVERAGE if found.changing else _ALWAYS
    return DriversReading(
        question=_QUESTION,
        answer=answer,
        decision=decision,
        stays=stays if len(sooner) else "",
        over_time=_over_time(found),
        parts=why,
        parts_caption=caption,
        parts_first=first,
        parts_note=note,
        how=_how(found),
        title=title,
        subtitle=f"How many times as likely to leave, {when}, as the value in brackets",
        alt="One point with its interval for each value, beside the line at 1 (as likely to leave "
        f"as the value it is compared with). {answer}",
    )


def _answer(
    found: Drivers, clear: pd.Series, sooner: pd.DataFrame, longer: pd.DataFrame
) -> tuple[str, str | None, str]:
    """Return answer, decision and title."""
    if not len(clear):
        best = float(found.tests["pvalue_adj"].min())
        tried = listed([str(name) for name in found.tests["factor"]])
        answer = (
            f"Nothing that is known at the start clearly goes with leaving sooner: {tried} "
            f"{'was' if len(found.tests) == 1 else 'were'} compared ({pvalue(best)})."
        )
        decision = (
            "Whether to look for other reasons, such as support, before treating groups apart."
        )
        return answer, decision, "No group of customers clearly leaves sooner than others"
    if len(sooner):
        row = sooner.iloc[0]
        decision = (
            f"Whether new customers with {row['factor']} {row['level']} are won and looked after "
            "in another way."
        )
        return _told(row, found, "leaves sooner"), decision, _title(row)
    if len(longer):
        row = longer.iloc[0]
        decision = f"Whether more customers can be won for {row['factor']} {row['level']}."
        return _told(row, found, "stays longer"), decision, _title(row)
    names = listed([str(name) for name in clear])
    answer = (
        f"{_capital(names)} {_verb(len(clear), 'matters')} for who leaves, but no "
        "single value is clearly apart from the one that it is compared with."
    )
    return answer, None, answer.rstrip(".")


def _title(row: pd.Series) -> str:
    return _capital(
        f"{row['factor']} {row['level']}: {as_times(row['hazard_ratio'])} times as likely to "
        f"leave as {row['reference']}"
    )


def _told(row: pd.Series, found: Drivers, what: str) -> str:
    others = [name for name in found.references if name != row["factor"]]
    equal = f", {listed(others)} being equal" if others else ""
    when = _ON_AVERAGE if row["factor"] in found.changing else _ALWAYS
    ratio, low, high = (as_times(row[n]) for n in ("hazard_ratio", "ci_lower", "ci_upper"))
    few = ""
    if row["hazard_ratio"] < 0.1:
        few = f"{_of_hundred(float(row['hazard_ratio']))} for every 100 of those; "
    return (
        f"Who has {row['factor']} {row['level']} {what}: {when} {ratio} "
        f"times as likely to leave as with {row['reference']} ({few}{share(found.level, 0)} "
        f"interval {low} to {high}){equal}."
    )


def _over_time(found: Drivers) -> str:
    """Return whether ratios hold over time; where not, how they differ early and late."""
    tested, parts = found.proportionality, found.over_time
    if tested is None:
        return ""
    if parts is None:
        return " ".join(tested.sentences())
    if parts.reason:
        least = float(tested.table["pvalue_adj"].min())
        return (
            f"How much {listed(found.changing)} {_verb(len(found.changing), 'matters')} seems to "
            f"change over time ({pvalue(least)}). {parts.reason} The ratios are averages."
        )
    said = []
    for factor, p in parts.pvalues.items():
        own = parts.table[parts.table["factor"] == factor]
        own = own[own["changes"]] if own["changes"].any() else own
        said.append(
            f"How much {factor} matters changes over time ({pvalue(p)}): one ratio is an average "
            "of times that differ."
        )
        said += [_changed(row, parts.days) for row in own.to_dict("records")]
    if (parts.table["changes"] & parts.table["way"].isin(["shrinks", "first"])).any():
        said.append(
            "Part of why differences shrink may be that those most inclined to leave have gone by "
            "then."
        )
    return " ".join(said)


_WAYS = {
    "shrinks": "the difference shrinks",
    "grows": "the difference grows",
    "turns": "it turns round",
    "first": "which no longer is a clear difference",
    "later": "only the latter is a clear difference",
    "neither": "neither is a clear difference by itself",
}


def _changed(row: dict[Hashable, Any], until: int) -> str:
    """Return how the effect of one value changes."""
    name = _capital(f"{row['factor']} {row['level']}")
    if not row["way"]:
        return f"{name}: too few left early, or later, to say how much it changes."
    if row["early"] < 1 and row["late"] < 1:
        early, late = (_of_hundred(float(row[part])) for part in ("early", "late"))
        leave = "leaves" if early == "nobody" else "leave"
        return (
            f"{name}: for every 100 who leave with {row['reference']}, of as many customers "
            f"{early} {leave} in the first {days(until)}, and {late} afterwards; "
            f"{_WAYS[row['way']]}."
        )
    return (
        f"{name}: {as_times(row['early'])} times as likely to leave as {row['reference']} in the "
        f"first {days(until)}, {as_times(row['late'])} times afterwards; {_WAYS[row['way']]}."
    )


def _of_hundred(ratio: float) -> str:
    return "nobody" if not ratio else f"{100 * ratio:.{0 if ratio >= 0.0995 else 1}f}"


def _parts(found: Drivers) -> tuple[str, str, str, str]:
    """Return why there is no table of two parts, and its caption, first heading and note."""
    parts = found.over_time
    if parts is None or parts.reason:
        why = (
            found.reason or "No ratio is seen to change over time."
            if parts is None
            else parts.reason
        )
        return why, "", "", ""
    until = days(parts.days)
    note = (
        f"Time is cut at day {parts.days:,}, by which half of those who left had left. 0: nobody "
        f"left. Intervals: {parts.method} by customer."
    )
    caption = f"How many times as likely to leave in the first {until}, and afterwards"
    return "", caption, f"First {until}", note


def _how(found: Drivers) -> str:
    said = [
        f"Each value stands beside the most common one. Intervals: {found.method}.",
        *found.left_out,
    ]
    if found.undecided:
        said.append(
            f"An end by {listed([name.replace('_', ' ') for name in found.undecided])} is no "
            "decision to leave and is not counted as one."
        )
    return " ".join(said)


def _verb(count: int, single: str) -> str:
    return single if count == 1 else single.removesuffix("s")


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
