"""Each number's forecast as it passes the rule, with its latest trial, or the naive one instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.small_groups import hide_parts, is_small
from workbench.retention.backtest.scores import score_table
from workbench.retention.backtest.trials import Trial
from workbench.retention.backtest.verdict import Verdict, judge
from workbench.retention.forecast_results import Forecast, Terms
from workbench.retention.futures import Futures, listed_periods, summed_up
from workbench.retention.maximise import Floats
from workbench.retention.spans import PER_YEAR

__all__ = ["judged"]


def judged(
    trials: tuple[Trial, ...],
    futures: Futures | None,
    names: tuple[str, ...],
    naive: Mapping[str, Mapping[str, Floats]],
    history: Callable[[int], tuple[Any, dict[str, Floats]]],
    terms: Terms,
    reason: str,
) -> dict[str, Forecast]:
    """Return each number's forecast, or the naive one where there is none or it is withheld.

    Parameters
    ----------
    trials
        The trials from earlier days, at least one.
    futures
        What is forecast now; None where no model could be fitted.
    names
        The numbers.
    naive
        Method -> number -> the naive forecast by period.
    history
        Day number -> the periods before it, and the numbers in them.
    terms
        What is asked for.
    reason
        Why no model could be fitted; read only then.
    """
    now, then = (history(int(edge)) for edge in (terms.edges[0], trials[-1].bounds[0]))
    made = {}
    for name in names:
        verdict = judge(trials, name, seed=terms.seed)
        whole = len(trials[-1].actual[name]) > terms.ahead
        if futures is None:
            why = f"no model could be fitted. {reason}".removesuffix(".")
            verdict = replace(verdict, published=False, reason=why)
            table = listed_periods(terms.edges, whole=whole)
        else:
            table = summed_up(futures, name)
        if not verdict.published:
            instead = naive.get(verdict.naive, {}).get(name)
            table = _instead(table, instead, terms, adds_up=name != "active")
        made[name] = _with_trial(
            name, verdict, table, trials, _before(*_one(now, name), terms), _one(then, name), terms
        )
    return made


def _one(history: tuple[Any, dict[str, Floats]], name: str) -> tuple[Any, Floats | None]:
    return history[0], history[1].get(name)


def _with_trial(
    name: str,
    verdict: Verdict,
    table: pd.DataFrame,
    trials: tuple[Trial, ...],
    past: pd.DataFrame,
    then: tuple[Any, Floats | None],
    terms: Terms,
) -> Forecast:
    """Return a number's forecast with what its latest trial forecast, and what came."""
    trial = trials[-1]
    ahead = trial.futures.get(trial.chosen)
    told = None if ahead is None else summed_up(ahead, name).iloc[-1]
    return Forecast(
        name=name,
        verdict=verdict,
        table=table,
        past=past,
        tracked=_tracked(trial, name, _before(*then, terms), terms),
        scores=score_table(trials, name),
        actual_total=_shown(float(trial.actual[name][-1]), terms),
        expected_total=None if told is None else float(told["expected"]),
        total_lower=None if told is None else float(told["ci_lower"]),
        total_upper=None if told is None else float(told["ci_upper"]),
    )


def _shown(value: float, terms: Terms) -> float | None:
    return None if is_small(int(value), terms.min_group) else value


def _instead(
    table: pd.DataFrame, naive: Floats | None, terms: Terms, *, adds_up: bool
) -> pd.DataFrame:
    """Return a forecast's table with the naive one in its place; None where there is none."""
    values: list[float | None] = [None] * len(table)
    if naive is not None:
        # The simple rule tells what was counted, which may be of too few.
        few = [is_small(round(value), terms.min_group) for value in naive]
        values[: terms.ahead] = [
            None if out else float(value) for out, value in zip(few, naive, strict=True)
        ]
        if len(table) > terms.ahead and adds_up and not any(few):
            values[-1] = float(naive.sum())
    nothing = pd.Series([None] * len(table), dtype=object)
    expected = pd.Series(values, dtype=object)
    return table.assign(expected=expected, ci_lower=nothing, ci_upper=nothing)


def _before(edges: Any, past: Floats | None, terms: Terms) -> pd.DataFrame:
    """Return the last whole periods before a day, as many as a figure shows."""
    known = np.empty(0) if past is None else past
    shown = min(len(known), max(2 * terms.ahead, PER_YEAR[terms.grain]))
    values = [
        None if is_small(int(value), terms.min_group) else float(value)
        for value in known[len(known) - shown :]
    ]
    return pd.DataFrame(
        {
            "first_day": edges[len(edges) - 1 - shown : -1] + 1,
            "last_day": edges[len(edges) - shown :],
            "actual": pd.Series(values, dtype=object),
        }
    )


def _tracked(trial: Trial, name: str, before: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """Return what came before and after a trial's day, and what had been forecast on it."""
    size, shown = trial.periods, len(before)
    came = trial.actual[name][:size]
    # A period with few active customers tells of too few; a second one is hidden with it.
    people = trial.actual["active"][:size] if "ended" not in trial.actual else came
    away = hide_parts([int(count) for count in people], min_group=terms.min_group)
    later = [None if out else float(value) for out, value in zip(away, came, strict=True)]
    futures = trial.futures.get(trial.chosen)
    told: dict[str, list[Any]] = {}
    for column in ("expected", "ci_lower", "ci_upper"):
        values = [None] * size if futures is None else summed_up(futures, name)[column][:size]
        told[column] = [*[None] * shown, *(None if v is None else float(v) for v in values)]
    return pd.DataFrame(
        {
            "first_day": np.concatenate([before["first_day"], trial.bounds[:-1] + 1]),
            "last_day": np.concatenate([before["last_day"], trial.bounds[1:]]),
            "after": [False] * shown + [True] * size,
            "actual": pd.Series([*before["actual"], *later], dtype=object),
            **{column: pd.Series(values, dtype=object) for column, values in told.items()},
        }
    )
