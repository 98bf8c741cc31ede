from __future__ import annotations

import pytest

from workbench.errors import NotebookError
from workbench.report import glossary, terms
from workbench.report.words import used_terms


def test_there_are_about_forty_plain_definitions() -> None:
    words = terms()
    assert len(words) >= 40
    assert list(words) == sorted(words, key=str.lower)
    for term, meaning in words.items():
        assert meaning.endswith("."), term
        assert len(meaning) <= 200, term


@pytest.mark.parametrize("form", ["cohort", "Cohorts", "KAPLAN-MEIER", "95% interval", "p-values"])
def test_other_forms_are_known(form: str) -> None:
    assert glossary(form)


def test_an_unknown_word_names_the_nearest() -> None:
    with pytest.raises(NotebookError, match="Did you mean `cohort`"):
        glossary("cohrt")


def test_the_longest_form_is_found_and_parts_of_words_are_not() -> None:
    assert list(used_terms("The survival curve of each cohort")) == ["cohort", "survival"]
    assert list(used_terms("95% interval")) == ["confidence interval"]
    assert used_terms("meaning, controlled, resource, effective") == {}
