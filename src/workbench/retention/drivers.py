"""What goes with leaving sooner: a Cox regression over what is known at the start.

Plan, channel, country and the like enter as categories, each level beside a reference, the largest
one; levels of few stand together. A subscription that ended by no decision to leave, such as a
failed payment, counts as followed until then. Subscriptions of one customer go together, so the
errors are clustered by customer. All this describes who leaves; it does not say what would happen
to a customer with another plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import stats

from workbench.data.frames import collect, column_names, day_number, lazy
from workbench.retention.cox.fit import CoxFit, fit_cox
from workbench.retention.cox.proportionality import Proportionality, check_proportionality, holm
from workbench.retention.drivers_over_time import OverTime, effects_over_time
from workbench.retention.durations import NOT_STATED, join_spells
from workbench.retention.times import Floats

__all__ = ["COLUMNS", "MIN_EVENTS", "OTHERS", "Drivers", "find_drivers"]

COLUMNS = ("plan", "channel", "country", "region", "department")
"""Looked for by default, in the subscriptions first, then in the customers."""
MIN_EVENTS = 10
"""So many must have left for each level that is compared."""
MAX_LEVELS = 6
OTHERS = "all others"
_TABLE = [
    *("factor", "level", "reference", "subscriptions", "hazard_ratio"),
    *("ci_lower", "ci_upper", "pvalue"),
]
_TESTS = ["factor", "statistic", "degrees", "pvalue", "pvalue_adj"]


@dataclass(frozen=True)
class Drivers:
    """What goes with leaving sooner, or why that cannot be said.

    Parameters
    ----------
    table
        One row per level that is compared: `factor` (the column), `level`, `reference` (what it is
        compared with), `subscriptions` (of the level), `hazard_ratio` (how many times as likely to
        leave at any time, all other factors being equal), `ci_lower`, `ci_upper`, `pvalue`. Empty
        where nothing can be said.
    references
        Factor -> its reference level.
    tests
        One row per factor, all its levels together: `factor`, `statistic` (Wald), `degrees`,
        `pvalue` (by an F distribution, as customers are few or many), `pvalue_adj` (Holm, over the
        factors).
    proportionality
        Whether the ratios hold over time; None where nothing can be said.
    over_time
        How the ratios of factors that change differ early and late; None where none may change.
    subscriptions
        How many were followed.
    level, method
        Of the intervals.
    left_out
        Sentences on columns that are there, but not compared.
    undecided
        Reasons of an end that are no decision to leave, as far as they are known here.
    reason
        Why nothing can be said; empty otherwise.
    """

    table: pd.DataFrame
    references: dict[str, str]
    tests: pd.DataFrame
    proportionality: Proportionality | None
    over_time: OverTime | None
    subscriptions: int
    level: float
    method: str
    left_out: tuple[str, ...]
    undecided: tuple[str, ...]
    reason: str

    @property
    def digits(self) -> int:
        """Return with how many digits ratios are shown: more where one is near nought."""
        return 3 if len(self.table) and float(self.table["hazard_ratio"].min()) < 0.1 else 2

    @property
    def changing(self) -> tuple[str, ...]:
        """Return the factors whose effect changes over time, as far as that could be told."""
        if self.proportionality is None:
            return ()
        if self.over_time is not None and not self.over_time.reason:
            return tuple(self.over_time.pvalues)
        found = {name.split(": ")[0] for name in self.proportionality.changing}
        return tuple(name for name in self.references if name in found)

    def drawn(self) -> pd.DataFrame:
        """Return the ratios for one figure, never without a row.

        Returns
        -------
        pandas.DataFrame
            `name`, `hazard_ratio`, `ci_lower`, `ci_upper`; one row without a number where nothing
            can be said.
        """
        names = [
            f"{row['level']} (than {row['reference']})" for row in self.table.to_dict("records")
        ]
        made = self.table[["hazard_ratio", "ci_lower", "ci_upper"]].assign(name=names)
        if len(made):
            return made
        columns = ["name", "hazard_ratio", "ci_lower", "ci_upper"]
        return pd.DataFrame([("nothing compared", None, None, None)], columns=columns)


def find_drivers(
    subscriptions: Any,
    customers: Any = None,
    *,
    as_of: date,
    min_group: int,
    columns: Sequence[str] = COLUMNS,
    undecided: Sequence[str] = ("payment_failed",),
    alpha: float = 0.05,
) -> Drivers:
    """Return what goes with leaving sooner.

    Parameters
    ----------
    subscriptions
        `subscription_id`, `customer_id`, `started_at`, `ended_at` (missing: it runs) and, where
        known, `end_reason`; spells of one subscription are joined, and it is what it was at its
        start. None: there are none, and the result says so.
    customers
        `customer_id` and further columns; None where there is no such table.
    as_of
        The last day that counts.
    min_group
        The smallest group that may be shown.
    columns
        What may go with leaving, the most important first; those that are in neither table are
        passed over.
    undecided
        Values of `end_reason` that are no decision to leave.
    alpha
        One minus the level of the intervals.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    if subscriptions is None:
        return _nothing(0, alpha, (), "There are no subscriptions, so nobody is seen to leave.")
    own = [name for name in columns if name in column_names(subscriptions)]
    there = [] if customers is None else column_names(customers)
    theirs = [name for name in columns if name in there and name not in own]
    rows = _rows(subscriptions, customers, as_of, own, theirs, tuple(undecided))
    known = tuple(undecided) if "end_reason" in column_names(subscriptions) else ()
    chosen = [name for name in columns if name in own or name in theirs]
    left = int(rows["event"].sum())
    if rows["customer"].nunique() < max(min_group, 1):
        why = f"Fewer than {min_group} customers subscribe."
        return _nothing(0, alpha, known, why)
    if left < 2 * MIN_EVENTS:
        why = f"Fewer than {2 * MIN_EVENTS} subscriptions have ended by a decision to leave."
        return _nothing(len(rows), alpha, known, why)
    design, shown, left_out = _design(rows, chosen, max(min_group, 1), left)
    if design.shape[1] == 0:
        why = "No column is there whose values can be compared."
        return _nothing(len(rows), alpha, known, why, tuple(left_out))
    found = fit_cox(rows["durations"], rows["event"], design, cluster=rows["customer"], alpha=alpha)
    if not found.converged:
        return _nothing(len(rows), alpha, known, found.reason, tuple(left_out))
    if found.robust_degrees is None:  # errors that take each subscription for a customer mislead
        why = f"{found.clusters} customers are too few to compare so many values."
        return _nothing(len(rows), alpha, known, why, tuple(left_out))
    checked = check_proportionality(found)
    over_time = effects_over_time(
        rows,
        design,
        [one[:3] for one in shown],
        checked.changing,
        min_group=max(min_group, 1),
        alpha=alpha,
    )
    return Drivers(
        table=_table(found, shown),
        references={factor: reference for factor, _, reference, _ in shown},
        tests=_tests(found, shown),
        proportionality=checked,
        over_time=over_time,
        subscriptions=len(rows),
        level=1 - alpha,
        method=f"{found.method()} (customers)",
        left_out=tuple(left_out),
        undecided=known,
        reason="",
    )


def _rows(
    subscriptions: Any,
    customers: Any,
    as_of: date,
    own: list[str],
    theirs: list[str],
    undecided: tuple[str, ...],
) -> pd.DataFrame:
    """Return one row per subscription: `durations`, `event`, `customer`, and what it was."""
    plain = {name: f"factor_{place}" for place, name in enumerate([*own, *theirs])}
    named = {name: plain[name] for name in own}
    needs = ("subscription_id", "customer_id", "started_at", "ended_at")
    frame = lazy(subscriptions, where="subscriptions", needs=needs, named=named or None)
    reasons = "end_reason" in frame.collect_schema().names()
    texts = {new: nw.col(new).cast(nw.String) for new in named.values()}
    reason = nw.col("end_reason").cast(nw.String) if reasons else nw.lit(None, dtype=nw.String)
    spells = frame.with_columns(
        start=day_number("started_at"), stop=day_number("ended_at"), reason=reason, **texts
    )
    kept = ["customer_id", *named.values()]
    firsts = spells.select("subscription_id", "start", *kept)
    firsts = firsts.group_by("subscription_id", "start").agg(*(nw.col(k).min() for k in kept))
    lasts = spells.select("subscription_id", "reason", end=nw.col("stop"))
    lasts = lasts.group_by("subscription_id", "end").agg(nw.col("reason").min())
    joined = join_spells(subscriptions, as_of=as_of)
    joined = joined.join(firsts, on=["subscription_id", "start"], how="inner")
    joined = joined.join(lasts, on=["subscription_id", "end"], how="left")
    if theirs:
        people = lazy(
            customers,
            where="customers",
            needs=("customer_id",),
            named={name: plain[name] for name in theirs},
        )
        further = [plain[name] for name in theirs]
        people = people.select("customer_id", *(nw.col(k).cast(nw.String) for k in further))
        people = people.group_by("customer_id").agg(*(nw.col(k).min() for k in further))
        joined = joined.join(people, on="customer_id", how="left")
    found = collect(joined)
    ended = (found["ended"] == 1) & ~found["reason"].isin([*undecided])
    alone = "subscription " + found["subscription_id"].astype(str)
    made = pd.DataFrame(
        {
            "durations": (found["end"] - found["start"]).astype("int64"),
            "event": ended.astype("int64"),
            "customer": found["customer_id"]
            .astype(object)
            .where(found["customer_id"].notna(), alone),
        }
    )
    made["customer"] = made["customer"].astype(str)
    for name, new in plain.items():
        made[name] = found[new].astype(object).where(found[new].notna(), NOT_STATED).astype(str)
    return made


def _design(
    rows: pd.DataFrame, columns: list[str], min_group: int, left: int
) -> tuple[pd.DataFrame, list[tuple[str, str, str, int]], list[str]]:
    """Return the covariates, (factor, level, reference, subscriptions) of each, what is left out.

    A column is left out where it has one level only, where it follows from those before it, or
    where too few have left for so many levels.
    """
    made: dict[str, Floats] = {}
    shown: list[tuple[str, str, str, int]] = []
    left_out: list[str] = []
    for column in columns:
        levels = _joined_levels(rows, column, min_group)
        sizes = levels.value_counts()
        order = sorted(sizes.index, key=lambda name: (name == OTHERS, -int(sizes[name]), name))
        if len(order) < 2:
            left_out.append(f"{column} is left out: only one of its values is common enough.")
            continue
        if left < MIN_EVENTS * (len(made) + len(order) - 1):
            left_out.append(f"{column} is left out: too few have left to compare its values.")
            continue
        new = {f"{column}: {level}": (levels == level).to_numpy("float64") for level in order[1:]}
        if _follows([*made.values(), *new.values()]):
            left_out.append(f"{column} is left out: it follows from what is compared already.")
            continue
        made |= new
        shown += [(column, str(level), str(order[0]), int(sizes[level])) for level in order[1:]]
    return pd.DataFrame(made, index=rows.index), shown, left_out


def _joined_levels(rows: pd.DataFrame, column: str, min_group: int) -> pd.Series:
    """Return values with those of few customers, or of which few have left, as one."""
    values = rows[column]
    # A customer counts once, at one value, so that numbers of customers add up.
    firsts = values.groupby(rows["customer"]).min()
    left = rows["event"].groupby(values).sum()
    counts = pd.DataFrame({"n": firsts.value_counts(), "left": left}).fillna(0).astype("int64")
    order = sorted(counts.index, key=lambda name: (-int(counts["n"][name]), str(name)))
    own = [
        name
        for name in order[:MAX_LEVELS]
        if counts["n"][name] >= min_group and counts["left"][name] >= MIN_EVENTS
    ]
    rest = counts.drop(own).sum()
    # What is left must be enough by itself; else the smallest that is shown joins it.
    while own and len(own) < len(order) and (rest["n"] < min_group or rest["left"] < MIN_EVENTS):
        rest = rest + counts.loc[own.pop()]
    return values.where(values.isin(own), OTHERS)


def _follows(columns: list[Floats]) -> bool:
    """Tell whether one of several columns, or a constant, follows from the others."""
    wide = np.stack([np.ones_like(columns[0]), *columns])
    inner = np.einsum("in,jn->ij", wide, wide)
    spread = np.sqrt(np.diag(inner))
    return bool(np.linalg.eigvalsh(inner / np.outer(spread, spread))[0] < 1e-9)


def _table(found: CoxFit, shown: list[tuple[str, str, str, int]]) -> pd.DataFrame:
    # Levels of one size stand in the order of their names, and so do the sums behind them: what
    # follows the twelfth digit is rounding.
    names = ["hazard_ratio", "ci_lower", "ci_upper", "pvalue"]
    effects = found.effects()[names].map(lambda value: float(f"{value:.12g}"))
    who = pd.DataFrame(shown, columns=["factor", "level", "reference", "subscriptions"])
    return pd.concat([who, effects], axis=1)[_TABLE]


def _tests(found: CoxFit, shown: list[tuple[str, str, str, int]]) -> pd.DataFrame:
    cov = found.robust_cov if found.robust_cov.size else found.cov
    degrees = found.robust_degrees
    rows = []
    for factor in dict.fromkeys(factor for factor, *_ in shown):
        own = [place for place, one in enumerate(shown) if one[0] == factor]
        values = found.coefficients[own]
        statistic = float(values @ np.linalg.solve(cov[np.ix_(own, own)], values))
        law = stats.chi2(len(own)) if degrees is None else stats.f(len(own), degrees)
        scaled = statistic if degrees is None else statistic / len(own)
        rows.append((factor, statistic, len(own), float(law.sf(scaled))))
    adjusted = holm(np.array([row[-1] for row in rows]))
    return pd.DataFrame([(*row, p) for row, p in zip(rows, adjusted, strict=True)], columns=_TESTS)


def _nothing(
    subscriptions: int,
    alpha: float,
    undecided: tuple[str, ...],
    reason: str,
    left_out: tuple[str, ...] = (),
) -> Drivers:
    return Drivers(
        table=pd.DataFrame(columns=_TABLE),
        references={},
        tests=pd.DataFrame(columns=_TESTS),
        proportionality=None,
        over_time=None,
        subscriptions=subscriptions,
        level=1 - alpha,
        method="",
        left_out=left_out,
        undecided=undecided,
        reason=reason,
    )
