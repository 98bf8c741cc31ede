"""Lifts: the numbers against a Poisson regression, the intervals and the false alarms by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

from support.shop import AS_OF, atlas, brook
from workbench.segmentation.assigned import assigned_by
from workbench.segmentation.profiles.behaviour import Usage, behaviour
from workbench.segmentation.profiles.lifts import MIN_BUYERS, Lifts, lifts
from workbench.segmentation.study import segment

LEVELS = ("app", "shop", "web", "phone")
SEGMENTS = ("one", "two", "three")


def draw(
    rng: np.random.Generator, sizes: tuple[int, ...], shares: np.ndarray
) -> tuple[Usage, np.ndarray]:
    """Return purchases of customers who buy unequally often, each with leanings of their own."""
    segments = np.repeat(np.array(SEGMENTS, dtype=object), sizes)
    often = 1 + rng.negative_binomial(0.7, 0.7 / 4.7, len(segments))
    own = rng.gamma(3 * np.repeat(shares, sizes, axis=0))
    days = rng.multinomial(often, own / own.sum(axis=1, keepdims=True))
    return Usage("channel", LEVELS, days, int(days.sum()), 0), segments


ALIKE = np.tile([0.4, 0.3, 0.2, 0.1], (3, 1))
APART = np.array([[0.6, 0.2, 0.15, 0.05], [0.4, 0.3, 0.2, 0.1], [0.4, 0.3, 0.1, 0.2]])


@pytest.fixture(scope="module")
def found() -> tuple[Lifts, Usage, np.ndarray]:
    usage, segments = draw(np.random.default_rng(5), (400, 300, 200), APART)
    return lifts([usage], segments, SEGMENTS), usage, segments


def test_equals_a_poisson_regression_with_the_errors_of_customers(
    found: tuple[Lifts, Usage, np.ndarray],
) -> None:
    """The log lift is its coefficient, the sandwich error that of the delta method, but n - 1."""
    made, usage, segments = found
    frame = made.frame.set_index(["segment", "level"])
    total = usage.days.sum(axis=1)
    for name in SEGMENTS:
        inside = segments == name
        for place, level in enumerate(LEVELS):
            y = usage.days[:, place]
            fitted = sm.GLM(
                y,
                sm.add_constant(inside.astype(float)),
                family=sm.families.Poisson(),
                offset=np.log(total),
            ).fit(cov_type="HC0")
            row = frame.loc[(name, level)]
            assert row["lift"] == pytest.approx(np.exp(fitted.params[1]), rel=1e-6)
            assert row["share"] == pytest.approx(y[inside].sum() / total[inside].sum())
            parts = []
            for group in (inside, ~inside):
                p = y[group].sum() / total[group].sum()
                rest = ((y[group] - p * total[group]) ** 2).sum() / y[group].sum() ** 2
                parts.append((rest, group.sum(), (y[group] > 0).sum()))
            assert sum(part for part, _, _ in parts) == pytest.approx(fitted.cov_params()[1, 1])
            error = np.sqrt(sum(part * n / (n - 1) for part, n, _ in parts))
            spread = sum((part * n / (n - 1)) ** 2 / (b - 1) for part, n, b in parts)
            df = error**4 / spread
            pvalue = 2 * stats.t.sf(abs(np.log(row["lift"])) / error, df)
            assert row["pvalue"] == pytest.approx(pvalue, rel=1e-9)
            reach = stats.t.ppf((1 + made.level) / 2, df) * error
            assert row["ci_lower"] == pytest.approx(row["lift"] * np.exp(-reach), rel=1e-9)
            assert row["ci_upper"] == pytest.approx(row["lift"] * np.exp(reach), rel=1e-9)


def test_the_false_discovery_rate_is_held_over_all_and_intervals_agree(
    found: tuple[Lifts, Usage, np.ndarray],
) -> None:
    made = found[0]
    frame = made.frame
    chosen, adjusted, _, _ = multipletests(
        frame["pvalue"].astype(float), alpha=0.05, method="fdr_bh"
    )
    np.testing.assert_allclose(frame["pvalue_adj"].astype(float), adjusted)
    assert frame["stands_out"].tolist() == chosen.tolist()
    assert 0 < made.standing_out == chosen.sum() < made.tested == 12
    assert made.level == pytest.approx(1 - chosen.sum() * 0.05 / 12)  # Benjamini & Yekutieli 2005
    out = (frame["ci_lower"] > 1) | (frame["ci_upper"] < 1)
    assert out.tolist() == chosen.tolist()


def test_row_order_changes_nothing(found: tuple[Lifts, Usage, np.ndarray]) -> None:
    made, usage, segments = found
    order = np.random.default_rng(1).permutation(len(segments))
    mixed = Usage("channel", LEVELS, usage.days[order], usage.lines, 0)
    pd.testing.assert_frame_equal(lifts([mixed], segments[order], SEGMENTS).frame, made.frame)


def test_many_purchases_of_one_customer_are_one_observation() -> None:
    """Forty purchases each in one channel or the other say no more than one purchase each."""
    rng = np.random.default_rng(2)
    once = rng.multinomial(1, [0.5, 0.5], 400)
    segments = np.repeat(np.array(["one", "two"], dtype=object), 200)
    made = [
        lifts([Usage("channel", ("a", "b"), once * k, 400 * k, 0)], segments, ("one", "two"))
        for k in (1, 40)
    ]
    columns = ["lift", "ci_lower", "ci_upper", "pvalue"]
    one, forty = (m.frame[columns].astype(float) for m in made)
    pd.testing.assert_frame_equal(one, forty)


def test_intervals_cover_and_false_alarms_are_rare_by_simulation() -> None:
    """Not one segment differs in half of the draws; the false discovery rate is then that share."""
    rng, draws = np.random.default_rng(11), 80
    inside, shown, alarms = 0, 0, 0
    false, fcr, wanted = [], [], []
    for turn in range(draws):
        shares = ALIKE if turn % 2 else APART
        sizes = (250, 180, 120)
        usage, segments = draw(rng, sizes, shares)
        made = lifts([usage], segments, SEGMENTS)
        frame = made.frame
        # How often customers buy is independent of where, so shares of all are shares by size.
        truth = {}
        for place, name in enumerate(SEGMENTS):
            others = [k for k in range(3) if k != place]
            weights = np.array([sizes[k] for k in others])
            elsewhere = weights @ shares[others] / weights.sum()
            for at, level in enumerate(LEVELS):
                truth[name, level] = shares[place][at] / elsewhere[at]
        told = frame[frame["reason"] == ""]
        true = np.array([truth[key] for key in zip(told["segment"], told["level"], strict=True)])
        misses = (told["ci_lower"] > true) | (told["ci_upper"] < true)
        out = told["stands_out"].astype(bool)
        if turn % 2:
            alarms += bool(out.any())
        else:
            inside += int((~misses).sum())
            shown += len(told)
            wanted.append(made.level)
            false.append((out & np.isclose(true, 1)).sum() / max(out.sum(), 1))
            fcr.append((misses & out).sum() / max(out.sum(), 1))
    # Nothing differs: an alarm is false, and is held at 5% (4 sd of 40 draws are 14 points).
    assert alarms / (draws / 2) < 0.19
    assert np.mean(false) < 0.07
    assert np.mean(fcr) < 0.08
    assert inside / shown > np.mean(wanted) - 0.02


def test_a_lift_needs_buyers_on_both_sides() -> None:
    days = np.zeros((200, 3), dtype="int64")
    days[:, 0] = 1
    days[: MIN_BUYERS - 1, 1] = 1
    days[100:150, 2] = 1
    segments = np.repeat(np.array(["one", "two"], dtype=object), 100)
    usage = Usage("channel", ("all", "few", "elsewhere"), days, 0, 0)
    frame = lifts([usage], segments, ("one", "two")).frame.set_index(["segment", "level"])
    assert "customers of the segment bought there" in frame.loc[("one", "few"), "reason"]
    assert "other customers bought there" in frame.loc[("two", "elsewhere"), "reason"]
    assert "customers of the segment bought there" in frame.loc[("one", "elsewhere"), "reason"]
    row = frame.loc[("one", "few")]
    assert row[["share", "other_share", "lift", "ci_lower", "pvalue", "pvalue_adj"]].isna().all()
    assert not row["stands_out"]


def test_one_channel_for_all_is_no_preference() -> None:
    segments = np.repeat(np.array(["one", "two"], dtype=object), 50)
    single = Usage("channel", ("web",), np.ones((100, 1), dtype="int64"), 100, 0)
    made = lifts([single], segments, ("one", "two"))
    assert (len(made.frame), made.tested, made.standing_out) == (0, 0, 0)
    alike = Usage("channel", ("a", "b"), np.ones((100, 2), dtype="int64"), 100, 0)
    made = lifts([alike], segments, ("one", "two"))
    assert set(made.frame["reason"]) == {"all of them buy there alike, so chance cannot be judged"}


def test_the_planted_groups_prefer_the_planted_channels() -> None:
    """Each planted group has a channel in which it places most of its orders."""
    shop = atlas()
    base = behaviour(shop.orders, as_of=AS_OF)
    groups = shop.groups.reindex(base.customers["customer_id"]).to_numpy(dtype=object)
    order = tuple(sorted(set(groups)))
    frame = lifts(base.usage, groups, order).frame
    own = frame[(frame["what"] == "channel") & frame["stands_out"].astype(bool)]
    strongest = own.loc[own.groupby("segment")["lift"].idxmax()].set_index("segment")["level"]
    assert strongest.to_dict() == {
        "regulars": "app",
        "gift_season": "web",
        "big_ticket": "store",
        "discount_hunters": "outlet",
        "tried_and_left": "marketplace",
    }


def test_a_unit_without_preferences_shows_none() -> None:
    shop = brook()
    base = behaviour(shop.orders, as_of=AS_OF)
    assigned = assigned_by(segment(shop.orders, as_of=AS_OF, min_group=5))
    whose = assigned.customers.set_index("customer_id")["segment"]
    segments = whose.reindex(base.customers["customer_id"]).to_numpy(dtype=object)
    made = lifts(base.usage, segments, assigned.order)
    assert made.tested > 50
    assert made.standing_out == 0
