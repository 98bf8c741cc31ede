"""What the forecasts say, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.data.phrases import counted, day, listed, money
from workbench.data.small_groups import hidden_words
from workbench.retention.forecast_results import Forecast, Forecasts
from workbench.retention.forecast_shown import NUMBERS
from workbench.retention.forecast_words import (
    MOVED_HOW,
    SCORES_HOW,
    event_words,
    how_to_read,
    models_how,
    moved_words,
    no_kept,
    relation_words,
    season_words,
    stake_decision,
    stake_words,
    waterfall_of,
    worth_how,
    year_words,
)

__all__ = ["ForecastReading", "read_forecasts"]

_NAIVE = {
    "last period": "every {grain} is like the last one",
    "same season": "every {grain} is like the same one a year ago",
    "cohort average": "customers of an age do what earlier ones did at that age",
    "past frequency": "every customer goes on buying as often as so far",
    "past rate": "the share that ended in a {grain} so far ends in each",
}


@dataclass(frozen=True)
class ForecastReading:
    """Sentences and numbers of the forecasts, all computed.

    Parameters
    ----------
    headline, headline_decision
        What the next periods bring, with its range, or why that is not said; what is to be decided.
    further
        What else they bring: who is active, and the money.
    stake, stake_decision
        What is at stake, or why that is not said; what is to be decided.
    tried
        How the forecasts did from earlier days.
    why
        Why forecasts are withheld, number by number.
    latest
        What had been forecast on the latest of these days, and what came.
    events
        What known events do.
    season, season_title
        In which months customers buy more, as a sentence and a title; empty where it is not told.
    moved
        What is left of recurring revenue, and why it went; empty for orders.
    year_title, year_alt, no_year
        Message and text alternative of the figure of its movements; why there is none.
    label, unit, value, ci, reason
        The main number of the whole time for a card: what it is, its unit, the number or None and
        why, its interval or None.
    stake_label, stake_value, stake_reason
        The same of what is at stake.
    kept_label, kept, kept_reason
        The same of the revenue that was kept; the label is empty for orders.
    main, second
        Names of the numbers that figures show: how many, and how much money.
    names, captions
        Number -> what it is, as a heading; and what its table holds.
    title, alt, trial_title, trial_alt
        Messages and text alternatives of the figures.
    how
        How to read the forecast tables.
    unless
        Why there is no forecast to show at all; empty otherwise.
    unless_tried
        Why there is nothing that was tried.
    no_events, no_worth, no_moves
        Why there is nothing of these to show; empty otherwise.
    no_money, no_reasons
        The same of the forecast of money, and of the reasons of churn.
    waterfall_note
        What is joined or hidden in the waterfall.
    moved_how, scores_how, worth_how, models_how
        How to read these.
    relation
        Whether spend and frequency are unrelated, or what else a value rests on.
    hidden
        Why a number may be hidden.
    expected_label
        What customers are expected to do in the time that they are valued for, as a heading.
    """

    headline: str
    headline_decision: str
    further: str
    stake: str
    stake_decision: str | None
    tried: str
    why: str
    latest: str
    events: str
    season: str
    season_title: str
    moved: str
    year_title: str
    year_alt: str
    no_year: str
    label: str
    unit: str
    value: float | None
    ci: tuple[float, float, float, str] | None
    reason: str | None
    stake_label: str
    stake_value: float | None
    stake_reason: str | None
    kept_label: str
    kept: float | None
    kept_reason: str | None
    main: str
    second: str
    names: dict[str, str]
    captions: dict[str, str]
    title: str
    alt: str
    trial_title: str
    trial_alt: str
    how: str
    unless: str
    unless_tried: str
    no_events: str
    no_worth: str
    no_moves: str
    no_money: str
    no_reasons: str
    waterfall_note: str
    moved_how: str
    scores_how: str
    worth_how: str
    models_how: str
    relation: str
    hidden: str
    expected_label: str


def read_forecasts(found: Forecasts, *, currency: str) -> ForecastReading:
    """Return the sentences of the forecasts.

    Parameters
    ----------
    found
        The forecasts of a unit.
    currency
        ISO 4217 code.
    """
    buys = found.kind == "orders"
    main, second = ("orders", "revenue") if buys else ("ended", "revenue")
    names = {name: words.capitalize() for name, words in NUMBERS[found.kind].items()}
    number = found.numbers.get(main)
    span = _ahead(found)
    headline, title = _headline(found, number, main, span)
    published = number is not None and number.verdict.published
    value, ci = _card(number)
    stake, stake_reason = stake_words(found, currency)
    tried, latest = _tried(found), _latest(found, number, main)
    season, season_title = season_words(found)
    year_title, year_alt = year_words(found, currency)
    kept = found.moved.year if found.moved else None
    moves = waterfall_of(found)
    return ForecastReading(
        headline=headline,
        headline_decision=_decision(buys, published, span),
        further=_further(found, currency, [name for name in found.numbers if name != main]),
        stake=stake,
        stake_decision=stake_decision(found),
        tried=tried,
        why=_whys(found),
        latest=latest,
        events=event_words(found),
        season=season,
        season_title=season_title,
        moved=moved_words(found, currency),
        year_title=year_title,
        year_alt=year_alt,
        no_year="" if found.moved and found.moved.whole else "none",
        label=f"{names[main]}, {span}" + ("" if published else ", by a simple rule"),
        unit="orders" if buys else "subscriptions",
        value=value,
        ci=ci,
        reason=None if value is not None else found.reason or _why(number),
        stake_label="What today's customers are worth over a year",
        stake_value=found.worth.total if found.worth else None,
        stake_reason=stake_reason or None,
        kept_label="" if buys else "Recurring revenue kept of a year ago, gross",
        kept=kept.gross if kept else None,
        kept_reason=None if kept and kept.gross is not None else no_kept(found),
        main=main,
        second=second if second in found.numbers else main,
        names=names,
        captions={name: _caption(found, name) for name in names},
        title=title,
        alt=f"A line of what was counted, and the forecast with its range. {headline}",
        trial_title=_trial_title(found, number, main),
        trial_alt="Two lines: what came, and what had been forecast on an earlier day, with its "
        f"range. {latest}",
        how=how_to_read(found),
        unless=found.reason,
        unless_tried="" if found.numbers else found.reason,
        no_events="" if found.events else "none",
        no_worth="" if found.worth and not found.worth.reason else "withheld",
        no_moves="" if moves else "none",
        no_money="" if "revenue" in found.numbers else "none",
        no_reasons="" if moves and len(moves.reasons) else "none",
        waterfall_note=(moves.note if moves else "") or "No period and no movement is hidden.",
        moved_how=MOVED_HOW,
        scores_how=SCORES_HOW,
        worth_how=worth_how(found),
        models_how=models_how(found),
        relation=relation_words(found),
        hidden=hidden_words(found.min_group),
        expected_label="Purchases expected" if buys else "Payments expected",
    )


def _caption(found: Forecasts, name: str) -> str:
    words = NUMBERS[found.kind][name]
    number = found.numbers.get(name)
    if number is not None and not number.verdict.published:
        return f"{words.capitalize()} by a simple rule, as the forecast is withheld"
    return f"Forecast: {words}"


def _ahead(found: Forecasts) -> str:
    if found.ahead == 1:
        return f"the next {found.grain}"
    return f"the next {counted(found.ahead, found.grain)}"


def _until(found: Forecasts, number: Forecast) -> str:
    return day(date.fromordinal(int(number.table["last_day"].iloc[-1])))


def _ends(low: Any, high: Any, currency: str = "") -> str:
    if currency:
        return f"{money(float(low), currency)} to {money(float(high), currency)}"
    return f"{float(low):,.0f} to {float(high):,.0f}"


def _base(found: Forecasts) -> str:
    noun = "customer" if found.kind == "orders" else "subscription"
    runs = " known so far" if found.kind == "orders" else " that run"
    return f"{counted(found.customers, noun)}{runs}"


def _headline(found: Forecasts, number: Forecast | None, main: str, span: str) -> tuple[str, str]:
    words = NUMBERS[found.kind][main]
    if number is None:
        return f"What {span} bring cannot be forecast: {found.reason}", "No forecast"
    until = _until(found, number)
    row = number.total
    if not number.verdict.published:
        said = f"The forecast of {words} is withheld: {number.verdict.reason}."
        if row["expected"] is not None:
            count, base = f"{float(row['expected']):,.0f}", _base(found)
            rule = f" If {_rule(number.verdict.naive, found)},"
            if found.kind == "orders":
                said += f"{rule} the {base} bring {count} {words} by {until}."
            else:
                said += f"{rule} {count} of the {base} end by {until}."
        return said, f"No forecast of {words} that has proved itself"
    told = f"{float(row['expected']):,.0f} {words}"
    ends = _ends(row["ci_lower"], row["ci_upper"])
    said = f"Expected of the {_base(found)}: {told} by {until} (95% interval {ends})."
    if found.kind == "subscriptions":
        said = (
            f"Of the {_base(found)}, {float(row['expected']):,.0f} are expected to end by {until} "
            f"(95% interval {ends})."
        )
        return said, f"{float(row['expected']):,.0f} subscriptions expected to end in {span}"
    return said, f"{told} expected in {span}"


def _rule(naive: str, found: Forecasts) -> str:
    return _NAIVE.get(naive, naive).format(grain=found.grain)


def _decision(buys: bool, published: bool, span: str) -> str:
    if not published:
        return f"Whether {span} can be planned on a simple rule, with a reserve on both sides."
    if buys:
        return f"Whether stock, staff and budget of {span} fit both ends of this range."
    return f"Which loss in {span} the budget can bear, and who answers for keeping it there."


def _further(found: Forecasts, currency: str, names: list[str]) -> str:
    said, away = [], []
    for name in names:
        number = found.numbers[name]
        words, row, paid = NUMBERS[found.kind][name], number.total, name == "revenue"
        if not number.verdict.published:
            away.append(words)
            continue
        told = money(float(row["expected"]), currency) if paid else f"{row['expected']:,.0f}"
        ends = _ends(row["ci_lower"], row["ci_upper"], currency if paid else "")
        said.append(f"{words.capitalize()}, by {_until(found, number)}: {told} ({ends}).")
    if away:
        said.append(f"Withheld: {listed(away)}; the table of verdicts says why.")
    return " ".join(said) or "Nothing else is forecast."


def _why(number: Forecast | None) -> str:
    return f"Withheld: {number.verdict.reason}." if number else "There is no forecast."


def _card(
    number: Forecast | None,
) -> tuple[float | None, tuple[float, float, float, str] | None]:
    if number is None:
        return None, None
    row = number.total
    if row["expected"] is None:
        return None, None
    value = float(round(row["expected"]))
    if row["ci_lower"] is None:
        return value, None
    method = "predictive, from drawn futures"
    return value, (float(row["ci_lower"]), float(row["ci_upper"]), 0.95, method)


def _tried(found: Forecasts) -> str:
    if not found.numbers:
        return f"No forecast was tried: {found.reason}"
    first = date.fromordinal(int(found.trials[0].bounds[0]))
    last = date.fromordinal(int(found.trials[-1].bounds[0]))
    kept = [name for name, number in found.numbers.items() if number.verdict.published]
    words = NUMBERS[found.kind]
    said = (
        f"Each forecast was tried from {counted(len(found.trials), 'earlier day')} "
        f"({day(first)} to {day(last)}), with what was known on it."
    )
    if kept:
        said += f" It proved itself for {listed([words[name] for name in kept])}."
    if len(kept) < len(found.numbers):
        away = [words[name] for name in found.numbers if name not in kept]
        said += f" It did not for {listed(away)}, so a simple rule is shown instead."
    return said


def _whys(found: Forecasts) -> str:
    if not found.numbers:
        return found.reason
    said = [
        f"{NUMBERS[found.kind][name].capitalize()}: {number.verdict.reason}."
        for name, number in found.numbers.items()
        if not number.verdict.published
    ]
    return " ".join(said) or "Each was closer than every simple rule, and its ranges held."


def _latest(found: Forecasts, number: Forecast | None, main: str) -> str:
    if number is None or not found.trials or number.expected_total is None:
        return "There is no earlier forecast to hold against what came."
    trial = found.trials[-1]
    then = day(date.fromordinal(int(trial.bounds[0])))
    span = counted(found.ahead, found.grain)
    words = NUMBERS[found.kind][main]
    said = (
        f"On {then}, {number.expected_total:,.0f} {words} had been forecast for the {span} after "
        f"it (95% interval {_ends(number.total_lower, number.total_upper)})"
    )
    if number.actual_total is None:
        return f"{said}; too few came to be shown."
    return f"{said}; {number.actual_total:,.0f} {_did(found)}."


def _did(found: Forecasts) -> str:
    return "came" if found.kind == "orders" else "ended"


def _trial_title(found: Forecasts, number: Forecast | None, main: str) -> str:
    if number is None or number.actual_total is None or number.expected_total is None:
        return "No forecast was tried"
    low, high = number.total_lower, number.total_upper
    inside = low is not None and high is not None and low <= number.actual_total <= high
    where = "within" if inside else "outside"
    words = NUMBERS[found.kind][main].removesuffix(" that end")
    told = f"{number.actual_total:,.0f} {words} {_did(found)}"
    return f"{told}, {where} the range that had been forecast"
