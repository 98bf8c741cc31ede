"""What the forecasts say, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.data.phrases import counted, day, listed, money, share, uncapitalised
from workbench.data.small_groups import hidden_words
from workbench.retention.forecast_shown import NUMBERS
from workbench.retention.forecasts import Forecast, Forecasts
from workbench.retention.recurring_shown import ShownWaterfall
from workbench.retention.worth import LIKELY

__all__ = ["ForecastReading", "read_forecasts"]

_NAIVE = {
    "last period": "every {grain} is like the last one",
    "same season": "every {grain} is like the same one a year ago",
    "cohort average": "customers of an age do what earlier ones did at that age",
    "past frequency": "every customer goes on buying as often as so far",
    "past rate": "the share that ended in a {grain} so far ends in each",
}


_HARDLY = 0.1  # times as many as usual: in words
_MOVED_HOW = (
    "What customers pay a month is compared from the first day of a period to that of the next. "
    "Kept is what is left of the revenue before after what became less or was lost; net adds what "
    "the same customers added. New and won-back customers count in neither."
)
_SCORES_HOW = (
    "Mean error: mean absolute error of a period's number. MASE: the same, 1 being as wrong as one "
    "period differs from the next. Pinball: the error of nine quantiles, for a rule without ranges "
    "half its mean error. In range: how often the 95% range held what came. Brier: the mean "
    "squared error of each customer's chance, 0 is perfect."
)


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
    moved
        What is left of recurring revenue, and why it went; empty for orders.
    label, unit, value, ci, reason
        The main number of the whole time for a card: what it is, its unit, the number or None and
        why, its interval or None.
    stake_label, stake_value, stake_reason
        The same of what is at stake.
    kept_label, kept, kept_reason
        The same of the revenue that was kept; the label is empty for orders.
    main, second
        Names of the numbers that figures show: how many, and how much money.
    names
        Number -> what it is, as a heading.
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
    moved: str
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
    stake, stake_reason = _stake(found, currency)
    tried, latest = _tried(found), _latest(found, number, main)
    kept = found.moved.year if found.moved else None
    return ForecastReading(
        headline=headline,
        headline_decision=_decision(buys, published, span),
        further=_further(found, currency, [name for name in found.numbers if name != main]),
        stake=stake,
        stake_decision=_stake_decision(found),
        tried=tried,
        why=_whys(found),
        latest=latest,
        events=_events(found),
        moved=_moved(found, currency),
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
        kept_reason=None if kept and kept.gross is not None else _no_kept(found),
        main=main,
        second=second if second in found.numbers else main,
        names=names,
        title=title,
        alt=f"A line of what was counted, and the forecast with its range. {headline}",
        trial_title=_trial_title(found, number, main),
        trial_alt="Two lines: what came, and what had been forecast on an earlier day, with its "
        f"range. {latest}",
        how=_how(found),
        unless=found.reason,
        unless_tried="" if found.numbers else found.reason,
        no_events="" if found.events else "none",
        no_worth="" if found.worth and not found.worth.reason else "withheld",
        no_moves="" if _waterfall(found) else "none",
        no_money="" if "revenue" in found.numbers else "none",
        no_reasons="" if (moves := _waterfall(found)) and len(moves.reasons) else "none",
        waterfall_note=moves.note if (moves := _waterfall(found)) else "",
        moved_how=_MOVED_HOW,
        scores_how=_SCORES_HOW,
        worth_how=_worth_how(found),
        models_how=_models_how(found),
        relation=_relation(found),
        hidden=hidden_words(found.min_group),
        expected_label="Purchases expected" if buys else "Payments expected",
    )


def _waterfall(found: Forecasts) -> ShownWaterfall | None:
    waterfall = found.moved.waterfall if found.moved else None
    return waterfall if waterfall is not None and not waterfall.reason else None


def _worth_how(found: Forecasts) -> str:
    worth = found.worth
    if worth is None:
        return ""
    said = (
        f"Expected over {worth.years:g} year{'' if worth.years == 1 else 's'}, discounted by "
        f"{share(worth.discount, 0)} a year, of "
        f"{'revenue' if worth.margin == 1 else f'a margin of {share(worth.margin, 0)}'}."
    )
    if found.kind == "orders":
        said += (
            f" Most likely still customers: a chance of {share(LIKELY[0], 0)} or more to buy again "
            f"some day; most likely gone: less than {share(LIKELY[1], 0)}."
        )
    if worth.left_out:
        said += (
            f" {counted(worth.left_out, 'customer')} whose purchases brought nothing "
            f"{'is' if worth.left_out == 1 else 'are'} taken to go on so."
        )
    return said


def _models_how(found: Forecasts) -> str:
    if found.kind == "orders":
        return (
            "BG/NBD lets a customer leave after a purchase, Pareto/NBD at any moment; nobody sees "
            "which is right, so the forecast takes both alike. Gamma-Gamma describes what a "
            "purchase brings."
        )
    return (
        "Each subscription has its own chance to end at a renewal (beta distributed, "
        "shifted-beta-geometric): those likely to leave go first."
    )


def _relation(found: Forecasts) -> str:
    if found.kind == "subscriptions":
        return "Values take today's prices for granted: no change of plan or price is in them."
    relation = found.worth.relation if found.worth else None
    if relation is None:
        return "Whether customers who buy more often also spend more was not asked."
    return relation.sentence


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


def _stake(found: Forecasts, currency: str) -> tuple[str, str]:
    worth = found.worth
    if worth is None:
        why = found.reason
        return f"What today's customers are worth cannot be said: {why}", why
    if worth.reason or worth.total is None:
        said = f"What today's customers are worth is not said: {uncapitalised(worth.reason)}"
        said = _sentence(said)
        return said, worth.reason
    noun = "customers" if found.kind == "orders" else "subscriptions"
    what = "revenue" if worth.margin == 1 else f"a margin of {share(worth.margin, 0)}"
    said = (
        f"Today's {noun} are worth {money(worth.total, currency)} over the next year "
        f"({what}, {share(worth.discount, 0)} discount a year)"
    )
    if worth.at_stake is not None:
        place = f"with {noun} who {worth.stake_group}"
        if found.kind == "subscriptions":
            place = f"with {noun} in their {worth.stake_group}"
        said += f"; {money(worth.at_stake, currency)} of it {place}"
    if worth.one_point is not None:
        said += (
            f". If one in a hundred more stayed each {found.grain}, it would be "
            f"{money(worth.one_point, currency)} more"
        )
    return f"{said}.", ""


def _stake_decision(found: Forecasts) -> str | None:
    if found.worth is None or found.worth.reason:
        return None
    return "How much may be spent on keeping them: never more than what is at stake there."


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


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


def _events(found: Forecasts) -> str:
    if not found.events:
        return "The calendar names no event in the time to come that changes how much is bought."
    told = [event for event in found.events if event.factor is not None]
    said = []
    for event in told:
        if event.factor is None or event.ci_lower is None or event.ci_upper is None:
            continue
        much = f"{event.factor:.1f} times as many purchases as usual"
        ends = f" ({event.ci_lower:.1f} to {event.ci_upper:.1f})"
        if event.factor < _HARDLY:
            much, ends = "next to no purchases", ""
        said.append(f"{event.title}: its days have {much}{ends}, which is in the forecast.")
    rest = [event.title for event in found.events if event.factor is None]
    if rest:
        be = "is" if len(rest) == 1 else "are"
        said.append(
            f"Not in the forecast, for the past does not tell what they do, {be} {listed(rest)}."
        )
    return " ".join(said)


def _moved(found: Forecasts, currency: str) -> str:
    moved = found.moved
    if moved is None:
        return ""
    if moved.waterfall is None:
        return f"How recurring revenue moved cannot be said: {_sentence(moved.reason)}"
    said = "There is no year of recurring revenue yet to compare with."
    year = moved.year
    if year is not None and year.gross is not None and year.net is not None:
        said = (
            f"Of the recurring revenue on {day(year.start)}, {share(year.gross)} was left on "
            f"{day(year.end)} (gross), and {share(year.net)} with what these customers added (net)."
        )
    reasons = moved.waterfall.reasons
    undecided = reasons[reasons["decided"].eq(False)] if len(reasons) else reasons
    if len(undecided):
        lost = float(undecided["share"].sum())
        said += (
            f" {share(lost)} of the revenue that was lost went for reasons that are no decision to "
            f"leave ({listed([str(name) for name in undecided['reason']])})."
        )
    return said


def _no_kept(found: Forecasts) -> str:
    if found.moved is None:
        return "There is no recurring revenue."
    return found.moved.reason or "There is no year of recurring revenue yet."


def _how(found: Forecasts) -> str:
    what = (
        "Purchase days of customers known so far; customers who are yet to come are not in it"
        if found.kind == "orders"
        else "Subscriptions that run today, at today's prices; those yet to come are not in it"
    )
    return (
        f"{what}. In 95 of 100 cases the number should lie between the ends; where there are none, "
        "the forecast is withheld and a simple rule stands in its place."
    )
