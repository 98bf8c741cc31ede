"""The language of rules: what it reads, what it refuses, and that it never guesses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.params.rules import FEWEST, MOST, Rule, parse_rule

IDS = st.from_regex(r"[a-z][a-z0-9]{0,4}([-_][a-z0-9]{1,4}){0,2}", fullmatch=True).filter(
    lambda name: name not in {"change", "rise", "fall"}
)
NAMES = st.builds(
    lambda report, one: f"{report}.{one}" if report else one, st.one_of(st.just(""), IDS), IDS
)
AMOUNTS = st.from_regex(r"-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,4})?", fullmatch=True)
SIGNS = st.sampled_from([">", ">=", "<", "<="])


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    move = draw(st.sampled_from(["", "change", "rise", "fall"]))
    measure = draw(st.sampled_from(["", "%", "points", "sigma"] if move else ["", "%"]))
    one_way = measure == "sigma" or move in {"rise", "fall"}
    amount = draw(AMOUNTS)
    if one_way:
        amount = amount.lstrip("-")
    if measure == "sigma" and float(amount) == 0:
        amount = "3"
    return Rule(
        metric=draw(st.one_of(st.just(""), NAMES)),
        move=move,  # type: ignore[arg-type]
        sign=draw(st.sampled_from([">", ">="])) if one_way else draw(SIGNS),  # type: ignore[arg-type]
        amount=amount,
        measure=measure,  # type: ignore[arg-type]
        last=draw(st.integers(FEWEST, MOST)) if measure == "sigma" else 0,
    )


@given(rules())
def test_a_rule_is_read_as_it_is_written(rule: Rule) -> None:
    assert parse_rule(rule.text) == rule
    squeezed = rule.text.replace("> ", ">").replace(" >", ">").replace("%", " % ")
    assert parse_rule(f"  {squeezed} ") == rule


@given(st.text(max_size=60) | st.text("<>=%.0123456789 changeriseoflstdm-_*", max_size=60))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    try:
        rule = parse_rule(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"\Amust "):
            parse_rule(text)
    else:
        assert parse_rule(rule.text) == rule


@pytest.mark.parametrize(
    ("text", "number", "measure"),
    [
        ("churn_rate > 0.3", 0.3, ""),
        ("churn-rate>30%", 0.3, "%"),
        ("change < -10%", -0.1, "%"),
        ("change < −10%", -0.1, "%"),
        ("fall > 2 points", 0.02, "points"),
        ("change of retention.rate > 3 sigma of the last 8 editions", 3.0, "sigma"),
        (">=1200", 1200.0, ""),
    ],
)
def test_numbers_are_what_they_say(text: str, number: float, measure: str) -> None:
    rule = parse_rule(text)
    assert (rule.number, rule.measure) == (pytest.approx(number), measure)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("> 1,200", "`1200` for `1,200`"),
        ("> 1_200_000.5", "`1200000.5`"),
        ("> 0,3", "`0,3`"),
        ("> .3", "`.3`"),
        ("> 1e5", "`1e5`"),
        ("> three", "`three`"),
        (">", "the end"),
        ("", "the end"),
        ("churn", "`>`, `>=`, `<` or `<=`"),
        ("churn == 0.3", "`>`, `>=`, `<` or `<=`"),
        ("churn > 0.3 or 1", "nothing more"),
        ("Churn > 0.3", "the name of a metric"),
        ("a.b.c > 0.3", "the name of a metric"),
        ("__import__('os') > 1", "the name of a metric"),
        ("> 3 points", "nothing more"),
        ("> 3 sigma of the last 8 editions", "nothing more"),
        ("change > 3 sigma", "of the last"),
        ("change > 3 sigma of the last 4 editions", "from 5 to 59"),
        ("change > 3 sigma of the last 60 editions", "from 5 to 59"),
        ("change > 3 sigma of the last ² editions", "from 5 to 59"),
        ("change > 3 sigma of the last 8 weeks", "`editions`"),
        ("change < -3 sigma of the last 8 editions", "`fall > 3 sigma ...`"),
        ("change < 3 sigma of the last 8 editions", "more than some sigma"),
        ("rise < 3", "rise of more than"),
        ("fall > -3", "fall of more than"),
        ("x" * 300, "at most 200"),
    ],
)
def test_what_is_refused_is_explained(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="must ") as caught:
        parse_rule(text)
    assert said in str(caught.value)
