"""Forecasts as a report draws and lists them: what is shown, and how its columns are called."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.frames import days_to_dates
from workbench.data.phrases import MONTH_NAMES, counted
from workbench.data.phrases import day as as_words
from workbench.retention.backtest.scores import MODEL
from workbench.retention.forecast_results import Forecasts
from workbench.retention.purchases.season import EVEN
from workbench.retention.spans import named

__all__ = [
    "NUMBERS",
    "drawn_outlook",
    "drawn_season",
    "drawn_trial",
    "drawn_year",
    "listed_events",
    "listed_forecast",
    "listed_moves",
    "listed_parameters",
    "listed_reasons",
    "listed_scores",
    "listed_verdicts",
    "listed_worth",
]

NUMBERS = {
    "orders": {
        "orders": "repeat orders",
        "active": "customers who buy",
        "revenue": "revenue from repeat orders",
    },
    "subscriptions": {
        "ended": "subscriptions that end",
        "active": "subscriptions that still run",
        "revenue": "monthly revenue of those that still run",
    },
}
"""What each number is, in words."""
COUNTED, FORECAST, NAIVE = "counted", "forecast", "simple rule"
_STEPS = {
    "new": "New customers",
    "won_back": "Won back",
    "expansion": "Paying more",
    "contraction": "Paying less",
    "churned": "Left",
}
_LINES = ["day", "value", "low", "high", "line"]


def drawn_outlook(found: Forecasts, name: str) -> pd.DataFrame:
    """Return a number's past and forecast as lines; a line at nought where there is no forecast.

    Parameters
    ----------
    found
        The forecasts.
    name
        The number.

    Returns
    -------
    pandas.DataFrame
        `day` (the period's last), `value`, `low`, `high`, `line`.
    """
    if name not in found.numbers:
        return _flat(found)
    number = found.numbers[name]
    ahead = number.table[number.table["period"] > 0]
    label = FORECAST if number.verdict.published else NAIVE
    parts = [_line(number.past, "actual", COUNTED), _line(ahead, "expected", label)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def drawn_trial(found: Forecasts, name: str) -> pd.DataFrame:
    """Return what came and what had been forecast on the latest trial's day, as lines."""
    if name not in found.numbers:
        return _flat(found)
    tracked = found.numbers[name].tracked
    parts = [
        _line(tracked, "actual", COUNTED),
        _line(tracked[tracked["after"]], "expected", FORECAST),
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def drawn_season(found: Forecasts) -> pd.DataFrame:
    """Return the factor of each month: `month`, `factor`, `ci_lower`, `ci_upper`, 12 rows.

    Factors are 1 and have no interval where there is no season.
    """
    season = found.season or EVEN
    low, high = season.ends(0.05)
    told = [None] * len(low), [None] * len(high)
    ends = told if season.even else (low.tolist(), high.tolist())
    made = {"month": MONTH_NAMES, "factor": np.exp(season.logs)}
    drawn = {"ci_lower": ends[0], "ci_upper": ends[1]}
    return pd.DataFrame({**made, **{k: pd.Series(v, dtype=object) for k, v in drawn.items()}})


def _line(frame: pd.DataFrame, column: str, label: str) -> pd.DataFrame:
    banded = column == "expected" and "ci_lower" in frame.columns
    nothing = pd.Series([None] * len(frame), dtype=object)
    ends = [
        frame[end].reset_index(drop=True) if banded else nothing for end in ("ci_lower", "ci_upper")
    ]
    return pd.DataFrame(
        {
            "day": days_to_dates(frame["last_day"]),
            "value": frame[column].reset_index(drop=True).astype("float64"),
            "low": ends[0].astype("float64"),
            "high": ends[1].astype("float64"),
            "line": label,
        },
        columns=_LINES,
    )


def _flat(found: Forecasts) -> pd.DataFrame:
    days = [found.as_of.toordinal(), found.as_of.toordinal() + 1]
    frame = pd.DataFrame({"last_day": days, "actual": [0.0, 0.0]})
    return _line(frame, "actual", COUNTED)


def listed_forecast(found: Forecasts, name: str) -> pd.DataFrame:
    """Return a number's forecast as a table: `period`, `expected`, `ci_lower`, `ci_upper`."""
    columns = ["period", "expected", "ci_lower", "ci_upper"]
    if name not in found.numbers:
        return pd.DataFrame(columns=columns)
    rows = []
    for row in found.numbers[name].table.to_dict("records"):
        label = named(row["first_day"], row["last_day"])
        label = label if row["period"] else f"All: {label}"
        rows.append((label, *(_whole(row[column]) for column in columns[1:])))
    return pd.DataFrame(rows, columns=columns, dtype=object)


def listed_verdicts(found: Forecasts) -> pd.DataFrame:
    """Return one row per number: how it did from earlier days, and whether it is published.

    Returns
    -------
    pandas.DataFrame
        `number`, `published` (words), `error`, `naive`, `naive_error`, `outside` (words).
    """
    rows: list[tuple[Any, ...]] = []
    for name, number in found.numbers.items():
        verdict = number.verdict
        rows.append(
            (
                NUMBERS[found.kind][name].capitalize(),
                "published" if verdict.published else "withheld",
                verdict.error,
                verdict.naive or None,
                verdict.naive_error,
                f"{verdict.outside} of {verdict.numbers}" if verdict.numbers else None,
            )
        )
    names = ["number", "published", "error", "naive", "naive_error", "outside"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def listed_scores(found: Forecasts) -> pd.DataFrame:
    """Return the errors of all methods: `number`, the columns of the score tables, `brier`.

    Where not the same model was in use in each trial, whatever was in use stands as "the model".
    """
    chances = dict(zip(found.brier["method"], found.brier["brier"], strict=True))
    parts = []
    for name, number in found.numbers.items():
        scores, named = number.scores, ~number.scores["naive"].astype(bool)
        if named.sum() > 1:  # the one in use has a name of its own
            scores = scores[scores["method"] != MODEL]
        parts.append(scores.assign(number=NUMBERS[found.kind][name].capitalize()))
    names = ["number", "method", "mae", "mase", "pinball", "coverage", "brier"]
    if not parts:
        return pd.DataFrame(columns=names)
    whole = pd.concat(parts, ignore_index=True)
    brier = [chances.get(method) for method in whole["method"]]
    return whole.assign(brier=pd.Series(brier, dtype=object))[names]


def listed_events(found: Forecasts) -> pd.DataFrame:
    """Return known events to come: `event`, `days`, `factor`, `ci_lower`, `ci_upper`, `told`."""
    rows = [
        (
            event.title,
            named(*span),
            event.factor,
            event.ci_lower,
            event.ci_upper,
            event.reason or f"seen {counted(event.seen, 'time')} before",
        )
        for event in found.events
        for span in event.ahead
    ]
    names = ["event", "days", "factor", "ci_lower", "ci_upper", "told"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def listed_parameters(found: Forecasts) -> pd.DataFrame:
    """Return the models' estimates, as of the latest trial's day and of now.

    Returns
    -------
    pandas.DataFrame
        `day`, `model`, `loglik`, `parameter`, `value`, `ci_lower`, `ci_upper`.
    """
    rows: list[tuple[Any, ...]] = []
    spend = found.worth.spend if found.worth else None
    now = (*found.fits, *([spend] if spend else []))
    then = found.trials[-1].fits if found.trials else ()
    last = date.fromordinal(int(found.trials[-1].bounds[0])) if found.trials else found.as_of
    for day, fits in ((last, then), (found.as_of, now)):
        for fit in fits:
            for one in fit.parameters:
                rows.append(
                    (day, fit.name, fit.loglik, one.name, one.value, one.ci_lower, one.ci_upper)
                )
    names = ["day", "model", "loglik", "parameter", "value", "ci_lower", "ci_upper"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def listed_worth(found: Forecasts) -> pd.DataFrame:
    """Return what customers are worth, by group; no row where that is withheld."""
    columns = ["group", "customers", "expected", "value", "each"]
    return found.worth.table if found.worth else pd.DataFrame(columns=columns)


def listed_moves(found: Forecasts) -> pd.DataFrame:
    """Return how recurring revenue moved, by period; no row where that is not known."""
    waterfall = found.moved.waterfall if found.moved else None
    return waterfall.table if waterfall else pd.DataFrame()


def drawn_year(found: Forecasts) -> pd.DataFrame:
    """Return how recurring revenue moved over all periods shown, as steps: `step`, `amount`.

    Movements of few customers are one step, with what is hidden with them. One step of nought
    where there is nothing to show.
    """
    moved = found.moved
    whole = moved.whole if moved else None
    if moved is None or whole is None or moved.end is None:
        return pd.DataFrame({"step": ["nothing", "nothing"], "amount": [0.0, 0.0]})
    row = whole.table.iloc[0]
    steps = [(f"On {as_words(row['period'].date())}", float(row["opening"]))]
    left = float(row["closing"]) - float(row["opening"])
    for name, words in _STEPS.items():
        if row[name] is None:
            continue
        change = float(row[name]) * (-1 if name in ("contraction", "churned") else 1)
        left -= change
        if change:
            steps.append((words, change))
    if any(row[name] is None for name in _STEPS):
        steps.append(("All other movements", left))
    steps.append((f"On {as_words(moved.end)}", float(row["closing"])))
    return pd.DataFrame(steps, columns=["step", "amount"])


def listed_reasons(found: Forecasts) -> pd.DataFrame:
    """Return why recurring revenue was lost; `decided` in words."""
    waterfall = found.moved.waterfall if found.moved else None
    if waterfall is None:
        return pd.DataFrame()
    words = {True: "yes", False: "no", None: "some"}
    decided = [words[value] for value in waterfall.reasons["decided"]]
    return waterfall.reasons.assign(decided=pd.Series(decided, dtype=object))


def _whole(value: Any) -> float | None:
    return None if value is None else float(value)
