"""Who will leave, in one call: learned, tried, and told of each customer of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from workbench.data.frames import column_names
from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError, one_of
from workbench.retention.propensity.acting import LIST, Terms, candidates, segments_of
from workbench.retention.propensity.design import NothingTellsError
from workbench.retention.propensity.facts import LeftOut, Tables
from workbench.retention.propensity.fitting import Fit, fit_models, fit_today, score_today
from workbench.retention.propensity.held import monthly_amounts
from workbench.retention.propensity.importance import importance
from workbench.retention.propensity.leavers import expected_leavers
from workbench.retention.propensity.models import Model
from workbench.retention.propensity.panel import Panel, build_panel
from workbench.retention.propensity.quality import Figure, gains, reliability
from workbench.retention.propensity.snapshot import snapshot_panel
from workbench.retention.propensity.stakes import (
    Profit,
    check_terms,
    lift_by_segment,
    profit_of_contacting,
)

__all__ = ["Propensity", "Terms", "who_leaves"]

SEGMENTS = ["segment", "customers", "stays", "at_stake", "point"]
IMPORTANCE = ["fact", "label", "rise", "ci_lower", "ci_upper", "matters"]
GAINS = ["contacted", "captured", "ci_lower", "ci_upper", "at_random"]
RELIABILITY = ["customers", "said", "left", "ci_lower", "ci_upper"]


@dataclass(frozen=True)
class Propensity:
    """Who will leave, and how good that is.

    Parameters
    ----------
    panel
        The customers that were learned from and tried on.
    fit
        The models and their test; None where there are too few data.
    profit
        What contacting earns, on the test; None without a model that is better than the average,
        and where nothing tells what customers bring.
    importance
        Which facts the model rests on; empty without one.
    model
        The model that scores today's customers; None without one.
    today
        One row per customer of today: the facts, `probability`, `value` (of a year), `at_stake`,
        `segment`; sorted by `customer_id`; empty without a model.
    expected
        How many of today's customers are expected to leave; None without a model.
    at_risk
        Candidates for a list, most at stake first: `customer_id`, `risk` (probability),
        `year_value`, `value` (at stake), `channel`, `consent`, `reason`.
    segments
        What one point of retention is worth, by segment.
    terms
        What a contact costs and keeps.
    min_group
        The smallest group that may be shown.
    reason
        Why there is no answer, as a sentence; empty where there is one. That nobody can be told
        apart is an answer.
    """

    panel: Panel
    fit: Fit | None
    profit: Profit | None
    importance: pd.DataFrame
    model: Model | None
    today: pd.DataFrame
    expected: Figure | None
    at_risk: pd.DataFrame
    segments: pd.DataFrame
    terms: Terms
    min_group: int
    reason: str

    @property
    def useful(self) -> bool:
        """Return whether customers can be told apart."""
        return self.model is not None

    @property
    def tried(self) -> int:
        """Return how many customers the models were tried on."""
        return 0 if self.fit is None else len(self.fit.left)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Return the columns and facts that are not used, and why."""
        return self.panel.left_out + (() if self.fit is None else self.fit.left_out)

    def reliability(self) -> pd.DataFrame:
        """Return what was said and what happened, on the test; empty without a test."""
        if self.fit is None:
            return pd.DataFrame(columns=RELIABILITY)
        bins = max(min(10, len(self.fit.left) // self.min_group), 1)
        return reliability(self.fit.chosen.log_odds, self.fit.left, bins=bins)

    def calibration_drawn(self) -> pd.DataFrame:
        """Return the reliability curve beside what would be right; a point at 0 without a test.

        Returns
        -------
        pandas.DataFrame
            `group` (`happened`, `as said`), `said`, `left`, `ci_lower`, `ci_upper`.
        """
        found = self.reliability() if self.fit else pd.DataFrame([[0.0] * 5], columns=RELIABILITY)
        ends = [found["said"].min(), found["said"].max()]
        right = pd.DataFrame(dict.fromkeys(RELIABILITY[1:], ends))
        parts = [found.assign(group="happened"), right.assign(group="as said")]
        return pd.concat(parts, ignore_index=True)[["group", *RELIABILITY[1:]]]

    def gains_drawn(self) -> pd.DataFrame:
        """Return the gains curve of the test beside a choice by lot; the latter alone without one.

        Returns
        -------
        pandas.DataFrame
            `group` (`by risk`, `by lot`), `contacted`, `captured`, `ci_lower`, `ci_upper`.
        """
        names = ["group", *GAINS[:4]]
        lot = pd.DataFrame({name: [0.0, 1.0] for name in GAINS[:4]}).assign(group="by lot")
        if self.fit is None:
            return lot[names]
        found = gains(self.fit.chosen.log_odds, self.fit.left).assign(group="by risk")
        return pd.concat([found, lot], ignore_index=True)[names]

    def importance_drawn(self, limit: int = 10) -> pd.DataFrame:
        """Return the facts that matter most; one of nought where there are none.

        Parameters
        ----------
        limit
            So many at most.
        """
        if len(self.importance):
            return self.importance.head(limit)
        return pd.DataFrame([["", "", 0.0, 0.0, 0.0, False]], columns=IMPORTANCE)

    def trials(self) -> pd.DataFrame:
        """Return how both models and the average did on the test; empty without one.

        Returns
        -------
        pandas.DataFrame
            `model`, `auc`, `precision`, `lift`, `log_loss`, `brier`, `slope`, `intercept`; None
            where a measure has no meaning.
        """
        names = ["model", "auc", "precision", "lift", "log_loss", "brier", "slope", "intercept"]
        rows = []
        for trial in () if self.fit is None else self.fit.trials:
            q = trial.quality
            figures = (q.auc, q.precision, q.lift, q.log_loss, q.brier, q.slope, q.intercept)
            rows.append((trial.name, *(figure.value for figure in figures)))
        return pd.DataFrame(rows, columns=names).astype(object).where(lambda x: x.notna(), None)

    def not_used(self) -> pd.DataFrame:
        """Return the columns that are not used: `table`, `column`, `why`."""
        rows = [(one.table, one.column, one.why) for one in self.left_out]
        return pd.DataFrame(rows, columns=["table", "column", "why"])


def who_leaves(
    tables: Tables,
    *,
    as_of: date,
    days: int,
    seed: int,
    min_group: int,
    currency: str,
    terms: Terms | None = None,
    by: Sequence[str] = (),
    left: str = "",
) -> Propensity:
    """Return who will leave within some days, and how good that is.

    Parameters
    ----------
    tables
        The unit's tables. With subscriptions, leaving is the end of the last one; without, it is to
        buy nothing.
    as_of
        The last day that counts.
    days
        How far ahead leaving is looked for, at least 1.
    seed
        Of shuffles and deals.
    min_group
        Smaller segments are joined, and nothing is told of fewer customers.
    currency
        ISO code of amounts.
    terms
        What a contact costs and keeps.
    by
        Columns of subscriptions or customers: the first that is there names the segments; with
        none, all customers stand together.
    left
        The column of a snapshot without history that says who left (of subscriptions, else of
        customers); empty: days tell.

    Raises
    ------
    AnalysisError
        When tables or columns are missing or of the wrong kind, or terms cannot be.
    """
    terms = terms or Terms()
    check_terms(terms.contact_cost, terms.saved_share)
    panel = _panel(tables, as_of, days, seed, left)
    if panel.reason:
        return _nothing(panel, None, terms, min_group, panel.reason)
    try:
        fit = fit_models(panel, seed=seed)
        none_left = _too_few_today(panel, min_group)
        if none_left or not fit.better:
            return _nothing(panel, fit, terms, min_group, none_left if fit.better else "")
        model = fit_today(panel, fit.model.name, seed=seed)
        probability = score_today(panel, model, seed=seed)
    except NothingTellsError as error:
        return _nothing(panel, None, terms, min_group, f"{error.what[:1].upper()}{error.what[1:]}.")
    test = panel.part("test")
    today = panel.part("today").drop(columns=["cutoff", "part", "left"]).reset_index(drop=True)
    segment = segments_of(tables, today["customer_id"], by, as_of).to_numpy()
    at_stake = probability * today["value"]
    today = today.assign(probability=probability, at_stake=at_stake, segment=segment)
    return Propensity(
        panel,
        fit,
        _profit(fit, test, terms, min_group),
        importance(fit.model, test, fit.left, seed=seed),
        model,
        today,
        expected_leavers(panel, model, probability),
        candidates(model, today, tables, terms, as_of, currency),
        lift_by_segment(today, today["segment"], min_group=min_group),
        terms,
        min_group,
        "",
    )


def _panel(tables: Tables, as_of: date, horizon_days: int, seed: int, left: str) -> Panel:
    """Return the customers to learn from: by days, or of a snapshot where a column tells."""
    snapshot = _snapshot_table(tables, left)
    if snapshot is None:
        return build_panel(tables, as_of=as_of, horizon_days=horizon_days)
    return snapshot_panel(
        snapshot, left=left, seed=seed, monthly=monthly_amounts(tables.subscriptions)
    )


def _too_few_today(panel: Panel, min_group: int) -> str:
    """Return why nothing is told of today's customers, as a sentence; empty where it is."""
    size = len(panel.part("today"))
    if size == 0:
        return "There is no customer today who could leave."
    few = f"Fewer than {min_group} customers could leave today, too few to tell of."
    return few if is_small(size, min_group) else ""


def _profit(fit: Fit, test: pd.DataFrame, terms: Terms, min_group: int) -> Profit | None:
    """Return what contacting earns on the test; None where nobody knows what customers bring."""
    value = test["value"].to_numpy("float64")
    found = profit_of_contacting(
        fit.chosen.log_odds,
        fit.left,
        value,
        contact_cost=terms.contact_cost,
        saved_share=terms.saved_share,
        min_group=min_group,
    )
    return found if value.any() else None


def _nothing(
    panel: Panel, fit: Fit | None, terms: Terms, min_group: int, reason: str
) -> Propensity:
    """Return a study without customers of today."""
    return Propensity(
        panel,
        fit,
        None,
        pd.DataFrame(columns=IMPORTANCE),
        None,
        pd.DataFrame(columns=["customer_id", "probability", "value", "at_stake", "segment"]),
        None,
        pd.DataFrame(columns=LIST),
        pd.DataFrame(columns=SEGMENTS),
        terms,
        min_group,
        reason,
    )


def _snapshot_table(tables: Tables, left: str) -> Any:
    """Return the table of a snapshot; None where days tell who left."""
    if not left:
        return None
    for table in (tables.subscriptions, tables.customers):
        if table is not None and left in column_names(table):
            return table
    known = [
        name
        for table in (tables.subscriptions, tables.customers)
        if table is not None
        for name in column_names(table)
    ]
    raise AnalysisError(
        f"column {left} is missing from subscriptions and customers",
        where="propensity",
        fix=one_of(left, known),
    )
