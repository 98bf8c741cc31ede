"""No table of a segmentation gives a small group of another one away: asked of a solver."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize

from workbench.segmentation.reading import read
from workbench.segmentation.segments import MERGED, RETURNS_ONLY
from workbench.segmentation.study import Segmentation, segment

AS_OF = date(2025, 6, 30)
BINS = 3
# A customer: days since the last purchase, days with a purchase (none: returns only), amount.
PEOPLE = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 4), st.integers(1, 60)), min_size=6, max_size=50
)


def lines_of(people: list[tuple[int, int, int]]) -> pd.DataFrame:
    rows = []
    for number, (since, days, amount) in enumerate(people):
        for day in range(max(days, 1)):
            rows.append(
                {
                    "order_id": f"o{number}-{day}",
                    "customer_id": f"c{number:03d}",
                    "ordered_at": pd.Timestamp(AS_OF - timedelta(days=since + 7 * day)),
                    "amount": float(amount if days else -amount),
                }
            )
    return pd.DataFrame(rows)


class Reader:
    """What a reader knows: the rules, and every number that is shown.

    The unknowns are how many customers have each combination of scores, and how many have returns
    only, last.
    """

    def __init__(self, found: Segmentation) -> None:
        scores = list(product(range(1, BINS + 1), repeat=3))
        every = pd.DataFrame(scores, columns=["r_score", "f_score", "m_score"])
        self.names = np.array([*found.grid.assign(every), RETURNS_ONLY])
        self.scores = np.array([*scores, (0, 0, 0)])
        rows, values = [np.ones(len(self.names))], [found.segments.customers]
        for one in found.segments.frame.to_dict("records"):
            name = one["segment"]
            own = [found.segments.merged if name == MERGED else (name,)][0]
            rows.append(np.isin(self.names, own))
            values.append(one["customers"])
        for name in found.segments.empty:
            rows.append(self.names == name)
            values.append(0)
        cuts = found.cut_table()
        for place, part in enumerate(found.cuts):
            told = cuts[cuts["measure"] == part.measure.label]
            for score, count in zip(told["score"], told["customers"], strict=True):
                if count is not None:
                    rows.append(self.scores[:, place] == score)
                    values.append(count)
        pairs = found.score_map()
        for r, f, count in zip(pairs["r_score"], pairs["f_score"], pairs["customers"], strict=True):
            rows.append((self.scores[:, 0] == r) & (self.scores[:, 1] == f))
            values.append(count)
        self.listed = np.isin(self.names, found.grid.at_risk)
        if found.shown.act_on:
            rows.append(self.listed)
            values.append(len(found.at_risk()))
        self.known, self.told = np.array(rows, dtype=float), np.array(values, dtype=float)

    def extent(self, group: np.ndarray) -> tuple[int, int]:
        """Return the fewest and the most customers that a group may have."""
        wanted = group.astype(float)
        fit = optimize.LinearConstraint(self.known, self.told, self.told)
        ends = [
            optimize.milp(sign * wanted, integrality=np.ones(len(wanted)), constraints=fit)
            for sign in (1, -1)
        ]
        assert all(end.success for end in ends), "what is true fits what is shown"
        return round(ends[0].fun), round(-ends[1].fun)


def groups(reader: Reader, found: Segmentation) -> list[tuple[np.ndarray, int]]:
    """Return each group that a table counts, with its true number of customers."""
    truth = found.customers
    made = [
        (reader.names == name, int((truth["segment"] == name).sum())) for name in found.grid.names
    ]
    made.append((reader.names == RETURNS_ONLY, len(found.base.returns_only)))
    made.append((reader.listed, len(found.at_risk())))
    for place, column in enumerate(("r_score", "f_score", "m_score")):
        made += [
            (reader.scores[:, place] == score, int((truth[column] == score).sum()))
            for score in range(1, BINS + 1)
        ]
    for r, f in product(range(1, BINS + 1), repeat=2):
        count = int(((truth["r_score"] == r) & (truth["f_score"] == f)).sum())
        made.append(((reader.scores[:, 0] == r) & (reader.scores[:, 1] == f), count))
    return made


@settings(max_examples=20)
@given(PEOPLE, st.integers(3, 6))
def test_no_small_group_can_be_solved(people: list[tuple[int, int, int]], min_group: int) -> None:
    assume(sum(days > 0 for _, days, _ in people) >= min_group)
    found = segment(lines_of(people), as_of=AS_OF, min_group=min_group, n_bins=BINS)
    reader = Reader(found)
    for group, count in groups(reader, found):
        if 0 < count < min_group:
            low, high = reader.extent(group)
            assert low <= count <= high
            assert low < high, (group, count)


def planted(*, returns_only: int = 0) -> Segmentation:
    """Return customers of whom two, who bought long ago and on many days, stand alone."""
    people = [(10 + i % 5, 4, 50 + i % 3) for i in range(30)]
    people += [(150, 2, 20 + i % 3) for i in range(20)]
    people += [(290, 2, 60)] * 7 + [(291, 4, 1)] * 2 + [(280, 1, 5)] * 8
    people += [(5, 0, 3)] * returns_only
    return segment(lines_of(people), as_of=AS_OF, min_group=5, n_bins=BINS)


@pytest.mark.parametrize("returns_only", [0, 2])
def test_planted_small_groups_stay_unseen(returns_only: int) -> None:
    found = planted(returns_only=returns_only)
    reader = Reader(found)
    small = [(group, n) for group, n in groups(reader, found) if 0 < n < 5]
    assert small
    for group, _ in small:
        low, high = reader.extent(group)
        assert low < high


def test_few_returns_are_not_all_less_the_scored() -> None:
    told, alone = planted(returns_only=2).cut_table(), planted().cut_table()
    hidden = told.groupby("measure")["customers"].apply(lambda counts: counts.isna().sum())
    assert (hidden >= 1).all(), "else all less the sum of one score's customers would be two"
    assert alone["customers"].notna().sum() > told["customers"].notna().sum()


def test_large_groups_are_all_shown() -> None:
    people = [
        (300 * r, 1 + f, 10 * m)
        for r, f, m in product(range(3), range(3), range(1, 4))
        for _ in range(6)
    ]
    found = segment(lines_of(people), as_of=AS_OF, min_group=5, n_bins=BINS)
    assert found.shown.act_on
    assert found.cut_table()["customers"].notna().all()
    assert found.score_map()["customers"].sum() == len(people)


def test_a_list_of_nobody_says_so() -> None:
    found = segment(
        lines_of([(n, 1, 10) for n in range(30)]), as_of=AS_OF, min_group=5, n_bins=BINS
    )
    assert found.at_risk().empty
    assert found.shown.act_on, "nobody is no small group"
    assert read(found, currency="GBP").risk == "Nobody is in At risk, high value."


def test_a_list_that_gives_a_segment_away_is_hidden_in_every_place() -> None:
    # Six at risk of value; two champions: the two stand together, the list of six would tell them.
    people = [(200, 1, 5 + i % 4) for i in range(20)] + [(10, 4, 90)] * 2 + [(250, 4, 80)] * 6
    rules = [
        {"name": "Best", "r": [3, 3], "f": [1, 3], "m": [1, 3]},
        {"name": "Slipping", "r": [1, 2], "f": [3, 3], "m": [1, 3], "valuable_at_risk": True},
        {"name": "Rest", "r": [1, 2], "f": [1, 2], "m": [1, 3]},
    ]
    cuts = {"recency": [50, 220], "frequency": [2, 3], "money": [50, 200]}
    found = segment(lines_of(people), as_of=AS_OF, min_group=5, n_bins=BINS, rules=rules, cuts=cuts)
    assert found.segments.merged == ("Best", "Slipping")
    assert len(found.at_risk()) == 6
    assert not found.shown.act_on
    said = read(found, currency="GBP")
    assert said.risk == (
        "Slipping: how many they are is hidden, so that no smaller group can be computed."
    )
    assert "6" not in said.risk_decision
    assert "with others where their total would tell" in said.left_apart
