"""What is said of forecasts besides the headline: stakes, events, revenue, how to read it."""

from __future__ import annotations

import numpy as np

from workbench.data.phrases import MONTH_NAMES, day, listed, money, share, uncapitalised
from workbench.data.small_groups import fewer_than
from workbench.retention.forecast_results import Forecasts
from workbench.retention.recurring_shown import ShownWaterfall
from workbench.retention.worth import LIKELY

__all__ = [
    "MOVED_HOW",
    "SCORES_HOW",
    "event_words",
    "how_to_read",
    "models_how",
    "moved_words",
    "no_kept",
    "relation_words",
    "season_words",
    "stake_decision",
    "stake_words",
    "waterfall_of",
    "worth_how",
    "year_words",
]

_BOTH = (
    "BG/NBD lets a customer leave after a purchase, Pareto/NBD at any moment; nobody sees which is "
    "right, so the forecast takes both alike."
)
_ALONE = (
    "Models in which customers leave could not be fitted, so NBD stands in their place: all buy "
    "on, each at a rate of their own."
)
_HARDLY = 0.1  # times as many as usual: in words
MOVED_HOW = (
    "What customers pay a month is compared from the first day of a period to that of the next. "
    "Kept is what is left of the revenue before after what became less or was lost; net adds what "
    "the same customers added. New and won-back customers count in neither."
)
SCORES_HOW = (
    "Mean error: mean absolute error of a period's number. MASE: the same, 1 being as wrong as one "
    "period differs from the next. Pinball: the error of nine quantiles, for a rule without ranges "
    "half its mean error. In range: how often the 95% range held what came. Brier: the mean "
    "squared error of each customer's chance, 0 is perfect."
)


def waterfall_of(found: Forecasts) -> ShownWaterfall | None:
    """Return the waterfall where there is one to show."""
    waterfall = found.moved.waterfall if found.moved else None
    return waterfall if waterfall is not None and not waterfall.reason else None


def worth_how(found: Forecasts) -> str:
    """Return how to read what customers are worth."""
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
        what = " Customers whose purchases brought nothing are taken to go on so"
        if found.kind == "subscriptions":
            what = " Subscriptions that do not state what they pay count as paying nothing"
        said += f"{what} ({fewer_than(worth.left_out, found.min_group)} of them)."
    return said


def models_how(found: Forecasts) -> str:
    """Return what the models assume, in a few sentences."""
    if found.kind == "subscriptions":
        return (
            "Each subscription has its own chance to end at a renewal (beta distributed, "
            "shifted-beta-geometric): those likely to leave go first."
        )
    said = [_BOTH]
    if [fit.name for fit in found.fits] == ["NBD"]:
        said = [_ALONE]
    said.append("Gamma-Gamma describes what a purchase brings.")
    tried = dict.fromkeys(trial.chosen for trial in found.trials if trial.chosen != found.model)
    if found.model and any(tried):
        names = listed([_named(name) for name in tried if name])
        every = all(trial.chosen != found.model for trial in found.trials)
        which = "The" if every else "Some"
        said.append(f"{which} trials rest on {names}, as the data were then.")
    season = found.season
    if season is not None and not season.even:
        said.append("Their time is that of a clock that runs faster in strong months.")
    elif season is not None:
        said.append(f"No season is in the forecast. {season.reason}")
    return " ".join(said)


def _named(model: str) -> str:
    return "NBD, in which nobody leaves" if model == "NBD" else model


def relation_words(found: Forecasts) -> str:
    """Return whether spend and frequency are unrelated, or what else a value rests on."""
    if found.kind == "subscriptions":
        return "Values take today's prices for granted: no change of plan or price is in them."
    relation = found.worth.relation if found.worth else None
    if relation is None:
        return "Whether customers who buy more often also spend more was not asked."
    return relation.sentence


def stake_words(found: Forecasts, currency: str) -> tuple[str, str]:
    """Return what is at stake, and why it is not told; the latter is empty where it is."""
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


def stake_decision(found: Forecasts) -> str | None:
    """Return what is to be decided about it."""
    if found.worth is None or found.worth.reason:
        return None
    who = "customers" if found.kind == "orders" else "subscriptions"
    return f"How much may be spent on keeping {who}: never more than what is at stake there."


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def event_words(found: Forecasts) -> str:
    """Return what known events to come do; nothing where there is none."""
    if not found.events:
        return ""
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


def season_words(found: Forecasts) -> tuple[str, str]:
    """Return in which months customers buy more, as a sentence and a title; or nothing."""
    season = found.season
    if season is None or season.even:
        return "", ""
    factor = np.exp(season.logs)
    low, high = season.ends(0.05)
    most, least = int(factor.argmax()), int(factor.argmin())
    clear = ((low > 1) | (high < 1)).any()
    most_of, least_of = MONTH_NAMES[most], MONTH_NAMES[least]
    title = f"Customers buy most in {most_of}, least in {least_of}"
    if not clear:
        title = f"Customers seem to buy most in {most_of}, but no month surely differs from usual"
    said = (
        f"Known customers buy most in {most_of}, {factor[most]:.2f} times as often as in an "
        f"average month (95% interval for the next one {low[most]:.2f} to {high[most]:.2f}), and "
        f"least in {least_of}, {factor[least]:.2f} times ({low[least]:.2f} to {high[least]:.2f}). "
        "The forecast holds this season, as far as it is sure."
    )
    return said, title


def moved_words(found: Forecasts, currency: str) -> str:
    """Return how recurring revenue moved; nothing for orders."""
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


def year_words(found: Forecasts, currency: str) -> tuple[str, str]:
    """Return how recurring revenue moved in all, as a title, and what its figure shows in words."""
    whole = found.moved.whole if found.moved else None
    if whole is None:
        return "No movement can be shown", "There is no figure."
    row = whole.table.iloc[0]
    before, after = (money(float(row[name]), currency) for name in ("opening", "closing"))
    verb = "grew" if row["closing"] > row["opening"] else "went"
    title = f"Recurring revenue {verb} from {before} to {after} a month"
    return title, f"Bars from one total to the other, one for each kind of movement. {title}."


def no_kept(found: Forecasts) -> str:
    """Return why no kept revenue can be told."""
    if found.moved is None:
        return "There is no recurring revenue."
    return found.moved.reason or "There is no year of recurring revenue yet."


def how_to_read(found: Forecasts) -> str:
    """Return how to read the forecast tables."""
    what = (
        "Purchase days of customers known so far; customers who are yet to come are not in it"
        if found.kind == "orders"
        else "Subscriptions that run today, at today's prices; those yet to come are not in it"
    )
    return (
        f"{what}. In 95 of 100 cases the number should lie between the ends; where there are none, "
        "the forecast is withheld and a simple rule stands in its place."
    )
