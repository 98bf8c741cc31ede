from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.compare.findings import compare_findings, says_the_opposite, words_alone

from .conftest import finding


def states(old: list[dict], new: list[dict]) -> dict[str, str]:
    return {one.id: one.state for one in compare_findings("r", "R", old, new)}


def test_new_gone_changed_and_updated_are_told_apart() -> None:
    old = [
        finding("same", "All is well."),
        finding("gone", "Something."),
        finding("numbers", "788 customers bring £1.08 million (43.3%) by 30 Jun 2025."),
        finding("other", "Champions bring most."),
    ]
    new = [
        finding("same", "All is well."),
        finding("numbers", "1 customer brings £0.5 (3%) by 31 Jul 2025."),
        finding("other", "Loyal customers bring most."),
        finding("new", "Something else."),
    ]
    assert states(old, new) == {
        "numbers": "changed",
        "other": "changed",
        "new": "new",
        "gone": "gone",
    }
    new[1] = finding("numbers", "1,001 customers bring £2 million (>99.9%) by 1 Jul 2025.")
    assert states(old, new)["numbers"] == "updated"
    assert states(new, old)["gone"] == "new"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("They did better.", "They did worse.", "better → worse"),
        ("Churn fell to 3%.", "Churn rose to 4%.", "fell → rose"),
        ("Loyal customers grew.", "Loyal customers shrank.", "grew → shrank"),
        ("Spend is +4.72 higher", "Spend is −4.72 lower", "higher → lower"),
        ("Lift +3.7 points (+2.1 to +5.4)", "Lift −1.0 points (−2.1 to +0.4)", "+ → −"),
        ("The gap is -£3", "The gap is +£3", "− → +"),
        ("X: an effect is shown.", "X: no effect is shown.", "an effect is shown → no effect"),
        ("They did better.", "They did about as well.", ""),
        ("Better, and worse elsewhere.", "Worse.", ""),
        ("Of 2024-12 to 2025-02", "Of 2024-12 to 2025-03", ""),
        ("It rests on -", "It rests on +", ""),
        ("Moreover it fell.", "It fell.", ""),
    ],
)
def test_the_opposite_is_read_from_plain_signs_only(old: str, new: str, words: str) -> None:
    found = says_the_opposite(finding("a", old), finding("a", new))
    assert found.startswith(words)
    assert bool(found) == bool(words)
    assert bool(says_the_opposite(finding("a", new), finding("a", old))) == bool(words)


def test_an_answer_that_becomes_a_warning_is_reversed() -> None:
    old, new = finding("a", "It works."), finding("a", "It works.", "warning")
    (found,) = compare_findings("r", "R", [old], [new])
    assert (found.state, found.words, found.kind) == ("reversed", "answer → warning", "warning")


def test_a_decision_turns_round_appears_or_goes() -> None:
    keep = finding("a", "Costs 3.", decision="Keep the voucher.")
    stop = finding("a", "Costs 5.", decision="Stop the voucher.")
    none = finding("a", "Costs 5.")
    (turned,) = compare_findings("r", "R", [keep], [stop])
    assert (turned.state, turned.words) == ("reversed", "keep → stop")
    (gone,) = compare_findings("r", "R", [keep], [none])
    assert (gone.state, gone.words) == ("changed", "no decision is asked for any more")
    (asked,) = compare_findings("r", "R", [none], [keep])
    assert (asked.state, asked.words) == ("changed", "a decision is asked for now")


texts = st.text(st.characters(codec="utf-8"), max_size=40)
some = st.lists(
    st.builds(
        finding,
        st.sampled_from("abcdef"),
        texts,
        st.sampled_from(["answer", "warning", "limit", "action"]),
        st.none() | texts,
    ),
    unique_by=lambda one: one["id"],
    max_size=5,
)


@given(some, some)
def test_both_ways_tell_the_same(old: list[dict], new: list[dict]) -> None:
    there, back = states(old, new), states(new, old)
    turned = {"new": "gone", "gone": "new"}
    assert {name: turned.get(state, state) for name, state in there.items()} == back
    assert states(old, old) == {}


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_alone_never_change_the_words(one: int, other: int) -> None:
    text = "{:,} customers bring £{:,} ({:.1f}%), −{} and +{} points"
    first, second = (text.format(n, n, n / 7, n, n) for n in (one, other))
    assert words_alone(first) == words_alone(second)
