"""Checks, decisions, and the published figures of the Hillstrom e-mail test."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from workbench.errors import AnalysisError
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.power_reading import read_power
from workbench.experiments.reading import Reading
from workbench.experiments.reading import read as read_in
from workbench.experiments.result import ExperimentResult, Experiments
from workbench.experiments.sample_ratio import sample_ratio
from workbench.experiments.segment_reading import read_by_segment
from workbench.experiments.study import analyse as analyse_on
from workbench.experiments.study import analyse_all as analyse_all_on
from workbench.params import ExperimentParams, MetricParams

analyse = partial(analyse_on, as_of=date(2025, 6, 30))
analyse_all = partial(analyse_all_on, as_of=date(2025, 6, 30))


def read(found: Experiments) -> Reading:
    return read_in(found, currency="EUR")


MEN, WOMEN, NONE = "Mens E-Mail", "Womens E-Mail", "No E-Mail"


def plan(*metrics: Metric, shares: dict[str, float] | None = None, **options: Any) -> Plan:
    given: dict[str, Any] = {
        "id": "offer",
        "title": "Offer",
        "hypothesis": "",
        "control": "a",
        "shares": shares or {"a": 0.5, "b": 0.5},
        "metrics": metrics or (Metric("x", "x", "mean", "Spend", True),),
        "alpha": 0.05,
        "decision": "Ship it.",
        **options,
    }
    return Plan(**given)


def assigned(count: int = 400, effect: float = 0.0, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    variant = np.where(np.arange(count) % 2 == 0, "a", "b")
    return pd.DataFrame(
        {
            "experiment_id": "offer",
            "customer_id": [f"c{i}" for i in range(count)],
            "variant": variant,
            "x": random.normal(10, 1, count) + effect * (variant == "b"),
        }
    )


def status(result: ExperimentResult, name: str) -> str:
    return next(check.status for check in result.checks if check.name == name)


@pytest.fixture(scope="module")
def hillstrom(workbench_data: Path) -> ExperimentResult:
    """Return the test analysed: 64,000 customers in three groups."""
    connection = duckdb.connect()
    path = workbench_data / "hillstrom" / "hillstrom.csv.gz"
    table = connection.sql(
        'SELECT row_number() OVER () AS customer_id, segment AS variant, visit, "conversion", '
        f"spend::DECIMAL(18,4) AS spend FROM read_csv('{path}')"
    )
    third = {MEN: 1 / 3, WOMEN: 1 / 3, NONE: 1 / 3}
    metrics = (
        Metric("visit", "visit", "proportion", "Visit", True),
        Metric("conversion", "conversion", "proportion", "Conversion", False),
        Metric("spend", "spend", "mean", "Spend", True),
    )
    return analyse(table, plan(*metrics, shares=third, control=NONE), min_group=5)


def test_hillstrom_groups_and_sample_ratio(hillstrom: ExperimentResult) -> None:
    assert hillstrom.units == {MEN: 21_307, WOMEN: 21_387, NONE: 21_306}
    ratio = next(c for c in hillstrom.checks if c.name == "sample-ratio")
    assert (f"{ratio.statistic:.3f}", f"{ratio.pvalue:.3f}") == ("0.203", "0.904")
    assert {check.status for check in hillstrom.checks} == {"passed"}
    assert (hillstrom.decision.verdict, hillstrom.decision.variant) == ("ship", MEN)


@pytest.mark.parametrize(
    ("metric", "variant", "mean", "effect", "statistic"),
    [
        ("visit", MEN, "18.276", "7.659", "22.49"),
        ("visit", WOMEN, "15.140", "4.523", "13.95"),
        ("conversion", MEN, "1.253", "0.681", "7.39"),  # DATA.md prints +0.680, cut off
        ("conversion", WOMEN, "0.884", "0.311", "3.78"),
        ("spend", MEN, "1.42262", "0.7698", "5.30"),
        ("spend", WOMEN, "1.07720", "0.4244", "3.26"),
    ],
)
def test_hillstrom_effects_to_the_last_printed_digit(
    hillstrom: ExperimentResult, metric: str, variant: str, mean: str, effect: str, statistic: str
) -> None:
    found = next(
        e.difference for e in hillstrom.effects if e.metric.name == metric and e.variant == variant
    )
    scale = 1 if metric == "spend" else 100
    for value, shown in ((found.treatment, mean), (found.effect_size, effect)):
        assert value is not None
        assert f"{scale * value:.{len(shown.partition('.')[2])}f}" == shown
    assert f"{found.statistic:.2f}" == statistic
    if metric == "spend":
        assert found.pvalue == pytest.approx(1.2e-7 if variant == MEN else 0.0011, rel=0.05)


def test_hillstrom_is_told_in_sentences(hillstrom: ExperimentResult) -> None:
    said = read(Experiments((hillstrom,), ()))
    text = said.findings[0]["text"]
    assert "18.3% with" in text
    assert "10.6% with" in text
    assert "The chance that it does harm is below 0.1%." in text
    assert "+7.7 points (95% interval +7.0 to +8.3)" in text
    assert said.findings[0]["decision"].endswith(", as planned: Ship it.")
    assert [metric["value"] for metric in said.metrics[:4]] == [1, 1, 0, 0]
    assert [metric["headline"] for metric in said.metrics[4:]] == [True, False, True, False]
    assert len(said.comparisons) == len(Experiments((hillstrom,), ()).effects())
    assert said.primary_title == "4 of 4 intervals on primary outcomes lie clear of zero"


def test_the_sample_ratio_test_equals_scipy_for_unequal_plans() -> None:
    seen, shares = [520, 260, 190], [0.5, 0.3, 0.2]
    expected = [s * sum(seen) for s in shares]
    assert sample_ratio(seen, shares) == pytest.approx(tuple(stats.chisquare(seen, expected)))
    # An intended unequal split raises no alarm.
    frame = assigned(1000)
    frame["variant"] = np.where(np.arange(1000) % 10 == 0, "b", "a")
    result = analyse(frame, plan(shares={"a": 0.9, "b": 0.1}), min_group=5)
    assert status(result, "sample-ratio") == "passed"


def test_an_effect_is_shown_and_none_is_not() -> None:
    shown = analyse(assigned(effect=1.0), plan(), min_group=5)
    assert (shown.decision.verdict, shown.decision.text) == ("ship", "Ship b.")
    assert "an improvement is shown" in shown.decision.reasons[0]
    missing = analyse(assigned(), plan(), min_group=5)
    assert missing.decision.verdict == "do not ship"
    assert "Not shown is not the same as no effect" in missing.decision.text


def broken(kind: str) -> pd.DataFrame:
    frame = assigned(effect=5.0)
    if kind == "sample-ratio":
        return frame[(frame["variant"] == "a") | (frame.index % 3 == 0)]
    if kind == "two-variants":
        return pd.concat([frame, frame.head(20).assign(variant="b")])
    if kind == "conflicts":
        return pd.concat([frame, frame.head(20).assign(x=0.0)])
    if kind == "missing-x":
        return frame.assign(x=frame["x"].where((frame["variant"] == "a") | (frame.index % 4 > 1)))
    if kind == "variants":
        return pd.concat([frame, frame.head(9).assign(variant="c", customer_id=list("ABCDEFGHI"))])
    return frame[frame["variant"] == "a"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sample-ratio", "This is no chance"),
        ("two-variants", "10 customers (2.50%) in two variants: left out"),
        ("conflicts", "contradict each other: left out"),
        ("missing-x", "not alike in all groups"),
        ("variants", "variant c was not declared, but 9 customers are in it"),
        ("one variant", "no customer is in the declared variant b"),
    ],
)
def test_a_failed_check_stops_the_decision(kind: str, words: str) -> None:
    result = analyse(broken(kind), plan(), min_group=5)
    name = "variants" if kind == "one variant" else kind
    assert status(result, name) == "failed"
    assert result.decision.verdict == "do not decide"
    assert words.lower() in " ".join(result.decision.reasons).lower()
    said = read(Experiments((result,), ()))
    assert said.findings[0]["kind"] == "warning"
    assert "check" in said.findings[0]["text"]
    assert said.metrics[4]["value"] is None
    assert said.metrics[4]["reason"]
    assert not said.metrics[4]["headline"]
    assert said.primary.empty


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pd.Series([np.nan] * 400), "No customer has an outcome"),
        (pd.Series([1.0] * 399 + [np.inf]), "infinite"),
        (pd.Series([3.0] * 400), "same outcome"),
        (None, "have no column x"),
    ],
)
def test_bad_outcomes_are_statements_never_nan(column: pd.Series | None, words: str) -> None:
    frame = assigned().drop(columns="x") if column is None else assigned().assign(x=column)
    result = analyse(frame, plan(), min_group=5)
    assert result.decision.verdict == "do not decide"
    assert words in " ".join(result.decision.reasons)
    effects = Experiments((result,), ()).effects()
    for value in effects.iloc[0]:
        assert value is None or value == value, effects.T


def test_few_customers_show_no_number() -> None:
    result = analyse(assigned(8), plan(), min_group=5)
    found = result.effects[0].difference
    assert (found.control, found.effect_size, found.n_obs) == (None, None, None)
    assert result.decision.verdict == "do not decide"


def some(counts: dict[str, int], lost: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Return customers by variant, of whom some have no outcome."""
    rows = [
        {"customer_id": f"{name}{i}", "variant": name, "x": np.nan if i < missing else i % 7 + 1.0}
        for name, n in counts.items()
        for missing in [(lost or {}).get(name, 0)]
        for i in range(n)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("frame", "secrets"),
    [
        # A small variant beside two large ones: as a count, a share of all, what is left of all.
        (some({"a": 97, "b": 101, "c": 3}), {"3", "201"}),
        # Three outcomes in a large group: as a count, and as the share that is missing.
        (some({"a": 97, "b": 101, "c": 89}, {"c": 86}), {"3", "86", "96.63"}),
        (
            pd.concat([some({"a": 97, "b": 101, "c": 89}), some({"a": 3}).assign(variant="b")]),
            {"3", "1.05"},
        ),
    ],
    ids=["variant", "outcomes", "two variants"],
)
def test_few_customers_cannot_be_computed(frame: pd.DataFrame, secrets: set[str]) -> None:
    shares = {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}
    found = Experiments((analyse(frame, plan(shares=shares), min_group=5),), ())
    said = read(found)
    page = [found.decisions(), found.checks(), said.comparisons.drop(columns=["level"])]
    page += [said.decisions, said.checks, said.variants, read_power(found).table]
    texts = " ".join(one.to_csv(index=False) for one in page)
    texts += " ".join([said.overview, said.primary_alt, said.others_alt, said.method])
    texts += " ".join(str(one) for one in (*said.findings, *said.metrics))
    texts = re.sub(r"\d+ checks? passed", "", texts)
    numbers = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", texts.replace("fewer than 5", "few")))
    assert not numbers & secrets
    assert "ewer than 5" in texts
    assert {"97", "101"} & numbers, "large groups are shown"


@pytest.mark.parametrize(
    ("frame", "check", "words"),
    [
        (
            some({"a": 97, "b": 101, "d": 2}),
            "variants",
            "Variant d was not declared, but fewer than 5 customers are in it.",
        ),
        (
            some({"a": 9, "b": 9}).replace({"x": {1.0: np.inf}}),
            "missing-x",
            "Fewer than 5 customers have an infinite outcome.",
        ),
    ],
)
def test_few_customers_are_not_counted_in_a_check(
    frame: pd.DataFrame, check: str, words: str
) -> None:
    result = analyse(frame, plan(), min_group=5)
    assert next(one.text for one in result.checks if one.name == check) == words


def test_the_statistic_beside_a_small_group_is_hidden() -> None:
    shares = {"a": 0.5, "b": 0.49, "c": 0.01}
    result = analyse(some({"a": 97, "b": 101, "c": 3}), plan(shares=shares), min_group=5)
    ratio = next(check for check in result.checks if check.name == "sample-ratio")
    assert (ratio.status, ratio.statistic, ratio.pvalue) == ("passed", None, None)
    assert "chi-square" not in ratio.text
    assert "%" not in ratio.text
    assert Experiments((result,), ()).decisions()["customers"].isna().all()
    large = analyse(some({"a": 97, "b": 101, "c": 30}), plan(shares=shares), min_group=5)
    assert Experiments((large,), ()).decisions()["customers"].tolist() == [228]


def test_all_comparisons_of_primaries_share_the_error_rate() -> None:
    frame = assigned(900)
    frame["variant"] = np.array(list("abc"))[np.arange(900) % 3]
    frame["y"] = frame["x"] ** 2
    metrics = (
        Metric("x", "x", "mean", "X", True),
        Metric("y", "y", "mean", "Y", False),
    )
    shares = {"a": 1.0, "b": 1.0, "c": 1.0}
    result = analyse(frame, plan(*metrics, shares=shares), min_group=5)
    assert [e.adjustment for e in result.effects] == ["Holm, 2 comparisons"] * 2 + [
        "Benjamini-Hochberg, 2 comparisons"
    ] * 2
    for effect in result.effects:
        assert effect.pvalue_adj is not None
        assert effect.difference.pvalue is not None
        assert effect.pvalue_adj >= effect.difference.pvalue


def declared() -> ExperimentParams:
    metric = MetricParams(column="x", kind="mean")
    shares = {"a": 0.5, "b": 0.5}
    return ExperimentParams(title="Offer", control="a", shares=shares, metrics={"spend": metric})


def test_all_experiments_of_a_unit_at_once() -> None:
    frame = pd.concat([assigned(effect=1.0), assigned().assign(experiment_id="stray")])
    found = analyse_all(frame, {"offer": declared(), "later": declared()}, min_group=5)
    assert found.undeclared == ("stray",)
    assert found.decisions()["verdict"].tolist() == ["ship", "do not decide"]
    assert found.results[0].plan.metrics[0].primary  # none was declared primary, so all are
    assert found.results[0].plan.metrics[0].label == "spend"
    assert len(found.effects()) == 2
    assert found.checks()["status"].iloc[0] == "passed"
    said = read(found)
    assert said.overview == ("2 experiments: ship Offer; decide nothing on Offer.")
    assert "stray" in said.undeclared
    none = analyse_all(frame, {}, min_group=5)
    assert read(none).overview == "No experiment is declared for this unit."
    assert none.effects().empty
    assert none.checks().empty


def test_a_plan_that_cannot_be_is_refused() -> None:
    with pytest.raises(AnalysisError, match=r"alpha == 1\.5, must lie between 0 and 1"):
        plan(alpha=1.5)
    with pytest.raises(AnalysisError, match="control z has no planned share"):
        plan(control="z")
    with pytest.raises(AnalysisError, match="Give at least two variants"):
        plan(shares={"a": 1.5, "b": -0.5})


def test_variants_and_outcomes_may_be_called_anything() -> None:
    rows = [
        {
            "experiment_id": "t",
            "customer_id": f"c{n}",
            "variant": ("<b>A.1</b>", 'the "new" one; ' + "x" * 90)[n % 2],
            "avg. spend": float(n % 7),
            'odd"': n,
        }
        for n in range(60)
    ]
    declared = ExperimentParams(
        title="Trial",
        control="<b>A.1</b>",
        shares={"<b>A.1</b>": 0.5, 'the "new" one; ' + "x" * 90: 0.5},
        metrics={"spend": MetricParams(column="avg. spend", kind="mean", primary=True)},
    )
    frame = pd.DataFrame(rows)
    for table in (frame, duckdb.from_df(frame)):
        found = analyse_all(table, {"t": declared}, min_group=5)
        (metric,) = [m for m in read(found).metrics if m["id"].startswith("t-spend-")]
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", metric["id"])
        assert len(metric["id"]) <= 80
        assert found.results[0].effects[0].difference.effect_size is not None


def said(**more: Any) -> ExperimentParams:
    """Return a declaration with all that a report shows."""
    given = {
        "title": "Offer", "control": "a", "shares": {"a": 0.5, "b": 0.5},
        "metrics": {
            "spend": {"kind": "mean", "column": "x", "primary": True,
                      "min_effect": {"absolute": 0.2},
                      "value": {"per_unit": 2, "customers": 10_000, "cost": 1_000}},
            "left": {"kind": "proportion", "column": "left", "direction": "down",
                     "margin": {"absolute": 0.2}},
        },
        "covariates": {"before": {"column": "before"}},
        "segments": ["region"],
        "then": {"ship": "Send it.", "do_not_ship": "Do not."},
        **more,
    }  # fmt: skip
    return ExperimentParams.model_validate(given)


def offered(effect: float = 1.0, south: float = 0.0) -> pd.DataFrame:
    frame = assigned(900)
    random = np.random.default_rng(8)
    frame["before"] = frame["x"] + random.normal(0, 1, 900)
    frame["x"] += effect * (frame["variant"] == "b")
    frame["region"] = random.choice(["north", "south", "east"], 900)
    frame["left"] = (random.random(900) < 0.1).astype(int)
    frame.loc[frame["region"].eq("south") & frame["variant"].eq("b"), "x"] += south
    return frame


def test_a_full_declaration_is_read_in_full() -> None:
    found = analyse_all(offered(), {"offer": said()}, min_group=5)
    (result,) = found.results
    assert (result.decision.verdict, result.decision.planned) == ("ship", "Send it.")
    told = read(found)
    text = told.findings[0]["text"]
    assert "once adjusted for what was known before" in text
    assert re.search(r"it is worth about €1\d,\d00 a year \(€1\d,\d00 to €\d\d,\d00\)", text)
    assert told.variants.iloc[0]["harm"] == "below 0.1%"
    (row,) = told.adjusted[told.adjusted["outcome"] == "spend"].to_dict("records")
    assert row["saved"] > 0.3
    assert "Fewer than 50" in told.adjusted_note
    assert [one["id"] for one in told.metrics][-1] == "offer-b-yearly-value"
    assert told.metrics[-1]["value"] == round(
        20_000 * result.effects[0].difference.effect_size - 1_000  # type: ignore[operator]
    )
    assert told.plans.iloc[0]["holds"] == "left"
    words = told.checks[told.checks["status"] == "passed"]["text"].iloc[0]
    assert words.startswith("Customers: a 450, b 450.")


def test_effects_by_segment_are_read_and_told() -> None:
    alike = read_by_segment(analyse_all(offered(), {"offer": said()}, min_group=5))
    assert "not shown that any effect differs" in alike.answer
    assert len(alike.table) == 3
    assert alike.table["best_guess"].notna().all()
    apart = read_by_segment(analyse_all(offered(south=3.0), {"offer": said()}, min_group=5))
    assert "spend with b by region (Offer)" in apart.answer
    assert apart.title == "The effect differs by region"
    assert apart.drawn["label"].tolist() == ["region: east", "region: north", "region: south"]
    none = read_by_segment(analyse_all(offered(), {"offer": said(segments=[])}, min_group=5))
    assert none.table.empty
    assert "No experiment declares segments" in none.reason
    assert (alike.kind, none.kind) == ("answer", "limit")


def test_a_column_with_many_values_is_no_segment() -> None:
    frame = offered().assign(region=[f"r{i // 2 % 40}" for i in range(900)])
    parts = read_by_segment(analyse_all(frame, {"offer": said()}, min_group=5))
    assert "region has 40 values, more than 12" in parts.reason


def test_the_plan_is_reviewed() -> None:
    power = read_power(analyse_all(offered(), {"offer": said()}, min_group=5))
    (spend, left) = power.table.to_dict("records")
    assert (spend["units"], left["mde"]) == (900, None)
    assert spend["power"] == pytest.approx(0.85, abs=0.05)
    assert spend["needed"] == pytest.approx(785, abs=60)
    assert power.title == "The experiment was large enough"
    assert power.drawn["power"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("x", "a lot", "column x is String, not a number"),
        ("before", "much", "column before is String, not a number"),
        ("x", 1e305, "measurement"),
    ],
)
def test_an_experiment_that_cannot_be_read_is_told_and_the_others_are_read(
    column: str, value: object, words: str
) -> None:
    good = offered().assign(experiment_id="good")
    bad = offered().astype({column: object})
    bad[column] = [value if isinstance(value, str) else value * (-1) ** i for i in range(900)]
    bad = bad.astype({column: "str" if isinstance(value, str) else float})
    found = analyse_all(bad, {"offer": said()}, min_group=5)
    assert found.results[0].decision.verdict == "do not decide"
    (check,) = [c for c in found.results[0].checks if c.status == "failed"]
    assert words.lower() in f"{check.text} {check.advice}".lower()
    parts = {"offer": said(metrics={"gone": {"kind": "mean", "from": "orders", "what": "amount",
             "days": 7}}), "good": said()}  # fmt: skip
    found = analyse_all(pd.concat([good, offered()]), parts, min_group=5)
    assert [r.decision.verdict for r in found.results] == ["do not decide", "ship"]
    assert "assigned_at is missing" in found.results[0].checks[0].text
    told = read(found)
    assert told.metrics[4]["value"] is None
    assert not told.comparisons.map(lambda v: isinstance(v, float) and v != v).to_numpy().any()


def test_one_customer_is_a_statement() -> None:
    found = analyse_all(offered().head(1), {"offer": said()}, min_group=5)
    assert found.results[0].decision.verdict == "do not decide"
    told = read(found)
    assert "no customer is in the declared variant b" in str(told.checks["text"].tolist()).lower()
    assert read_power(found).table.empty
    assert read_by_segment(found).table.empty


def test_an_override_stands_beside_the_verdict() -> None:
    override = {"decision": "do not ship", "reason": "No printer.", "author": "M. Lee",
                "on": "2025-06-02"}  # fmt: skip
    found = analyse_all(offered(), {"offer": said(override=override)}, min_group=5)
    told = read(found)
    assert told.decisions.iloc[0]["verdict"] == "ship; overridden: do not ship"
    assert "M. Lee decided on 2 Jun 2025, against the rule" in told.findings[0]["decision"]


def test_a_changed_declaration_is_told_in_the_next_edition() -> None:
    first = analyse_all(offered(), {"offer": said()}, min_group=5)
    assert read(first).warnings == ()
    handed = json.loads(json.dumps(first.handed_on))
    changed = said(alpha=0.1)
    later = analyse_all(offered(), {"offer": changed}, min_group=5, earlier=handed)
    (warning,) = read(later).warnings
    assert "Alpha was 0.05, is 0.1; changed after the first reading" in warning["text"]
    back = analyse_all(offered(), {"offer": said()}, min_group=5, earlier=later.handed_on)
    assert len(read(back).warnings) == 2


def test_what_was_assigned_later_is_not_read() -> None:
    frame = offered().assign(assigned_at=pd.Timestamp("2025-06-30 10:00"))
    frame.loc[:99, "assigned_at"] = pd.Timestamp("2025-07-02")
    found = analyse_all(frame, {"offer": said()}, min_group=5)
    assert found.results[0].customers == 800
