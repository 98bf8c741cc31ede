"""What goes with leaving sooner, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.data.phrases import listed, pvalue, share
from workbench.retention.drivers import Drivers

__all__ = ["DriversReading", "read_drivers"]

_LEVEL = 0.05
_QUESTION = (
    "Subscriptions are compared by what was known at their start, all of it at once, so that a "
    "channel is not blamed for the plans that it sells. A ratio of 2 means: at any time twice as "
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
        What goes with leaving sooner; what is to be decided.
    stays
        What goes with staying longer; empty where nothing does.
    over_time
        Whether the ratios hold over time.
    how
        How the ratios were made, and what is left out.
    title, alt
        Message and text alternative of the figure.
    """

    question: str
    answer: str
    decision: str
    stays: str
    over_time: str
    how: str
    title: str
    alt: str


def read_drivers(found: Drivers) -> DriversReading:
    """Return the sentences of a study of drivers."""
    if found.reason:
        said = f"What goes with leaving sooner cannot be said: {found.reason}"
        left_out = " ".join(found.left_out)
        return DriversReading(_QUESTION, said, "Nothing yet.", "", "", left_out, said, said)
    clear = found.tests.loc[found.tests["pvalue_adj"] < _LEVEL, "factor"]
    table = found.table[found.table["factor"].isin(clear)]
    sooner = table[table["ci_lower"] > 1].sort_values("hazard_ratio", ascending=False)
    longer = table[table["ci_upper"] < 1].sort_values("hazard_ratio")
    answer, decision, title = _answer(found, clear, sooner, longer)
    stays = _told(longer.iloc[0], found, "stays longer") if len(longer) else ""
    over_time = ""
    if found.proportionality is not None:
        over_time = " ".join(found.proportionality.sentences())
    return DriversReading(
        question=_QUESTION,
        answer=answer,
        decision=decision,
        stays=stays if len(sooner) else "",
        over_time=over_time,
        how=_how(found),
        title=title,
        alt="One point with its interval for each value, beside the line at 1 (as likely to leave "
        f"as the value it is compared with). {answer}",
    )


def _answer(
    found: Drivers, clear: pd.Series, sooner: pd.DataFrame, longer: pd.DataFrame
) -> tuple[str, str, str]:
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
        title = (
            f"{row['factor']} {row['level']}: {row['hazard_ratio']:.2f} times as likely to leave "
            f"as {row['reference']}"
        )
        return _told(row, found, "leaves sooner"), decision, _capital(title)
    if len(longer):
        row = longer.iloc[0]
        decision = f"Whether more customers can be won for {row['factor']} {row['level']}."
        title = (
            f"{row['factor']} {row['level']}: {row['hazard_ratio']:.2f} times as likely to leave "
            f"as {row['reference']}"
        )
        return _told(row, found, "stays longer"), decision, _capital(title)
    names = listed([str(name) for name in clear])
    answer = (
        f"{_capital(names)} {'matters' if len(clear) == 1 else 'matter'} for who leaves, but no "
        "single value is clearly apart from the one that it is compared with."
    )
    return answer, "Nothing yet.", answer.rstrip(".")


def _told(row: pd.Series, found: Drivers, what: str) -> str:
    others = [name for name in found.references if name != row["factor"]]
    equal = f", {listed(others)} being equal" if others else ""
    return (
        f"Who has {row['factor']} {row['level']} {what}: at any time {row['hazard_ratio']:.2f} "
        f"times as likely to leave as with {row['reference']} ({share(found.level, 0)} interval "
        f"{row['ci_lower']:.2f} to {row['ci_upper']:.2f}){equal}."
    )


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


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
