"""The earlier rule is kept while the new clustering agrees with it, and only then."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from support.atlas_groups import atlas_groups
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.agreement import adjusted_rand
from workbench.segmentation.clusters.continuing import keep_or_renew
from workbench.segmentation.clusters.matching import NamedGroup
from workbench.segmentation.clusters.naming import name_groups
from workbench.segmentation.clusters.tree import find_rules

NAMES = (("Campers",), ("Readers",), ("Sleepers",))
THEN = np.repeat([0, 1, 2], [30, 50, 40])


def test_a_first_edition_has_its_groups_by_size_and_nothing_to_tell() -> None:
    first = keep_or_renew(THEN, NAMES, stability_lower=0.8, min_group=5)
    assert not first.kept
    assert first.names == ("Readers", "Sleepers", "Campers")
    assert [group.colour for group in first.groups] == [0, 1, 2]
    assert first.order == (1, 2, 0)
    assert np.bincount(first.labels).tolist() == [50, 40, 30]
    assert (first.agreement, first.needed, first.sentences) == (None, None, ())
    ranked = keep_or_renew(THEN, NAMES, stability_lower=0.8, min_group=5, rank_by=(9.5, -2.0, 3.0))
    assert ranked.names == ("Campers", "Sleepers", "Readers")
    assert (ranked.labels == np.array([0, 2, 1])[THEN]).all()


@pytest.mark.parametrize("moved", [0, 3, 20])
def test_the_earlier_rule_is_kept_where_it_agrees_enough(moved: int) -> None:
    earlier = keep_or_renew(THEN, NAMES, stability_lower=0.8, min_group=5)
    now = THEN.copy()
    now[:moved] = 1
    later = keep_or_renew(
        now,
        NAMES,
        stability_lower=0.8,
        min_group=5,
        earlier=earlier.groups,
        earlier_labels=earlier.labels,
    )
    agreement = adjusted_rand_score(earlier.labels, now)
    assert later.agreement == pytest.approx(agreement, abs=1e-12)
    assert later.kept == (agreement >= 0.8) == (moved < 20)
    if later.kept:
        assert later.groups == earlier.groups
        assert (later.labels == earlier.labels).all()
        assert later.sentences[0].startswith("The earlier groups stay.")
    else:
        # A third of the campers is another group than the campers were, so it has another name.
        assert later.names == ("Readers", "Sleepers", "Campers (2)")
        assert later.matching.vanished == ("Campers",)
        assert np.bincount(later.labels).tolist() == np.bincount(now)[list(later.order)].tolist()
        assert later.sentences[0].startswith("The groups were made anew.")
        assert "0.80 would be needed" in later.sentences[0]


def test_agreement_exactly_as_asked_keeps_the_rule_and_is_told_so() -> None:
    now = np.where(np.arange(120) < 4, 1, THEN)
    agreement = adjusted_rand(THEN, now)
    groups = [NamedGroup(name, k) for k, (name,) in enumerate(NAMES)]
    for asked, kept in ((agreement, True), (np.nextafter(agreement, 1), False)):
        later = keep_or_renew(
            now, NAMES, stability_lower=asked, min_group=5, earlier=groups, earlier_labels=THEN
        )
        assert later.kept == kept


@pytest.mark.parametrize("gap", [-0.02, -0.004, -0.001, 0.0, 1e-6, 0.001, 0.004, 0.02])
def test_the_numbers_told_do_not_contradict_what_was_decided(gap: float) -> None:
    groups = [NamedGroup(name, k) for k, (name,) in enumerate(NAMES)]
    for moved in range(1, 12):
        now = np.where(np.arange(120) < moved, 1, THEN)
        later = keep_or_renew(
            now,
            NAMES,
            stability_lower=min(adjusted_rand(THEN, now) + gap, 1.0),
            min_group=5,
            earlier=groups,
            earlier_labels=THEN,
        )
        agrees, asked = map(float, re.findall(r"\b[01]\.\d\d\b", later.sentences[0]))
        assert (agrees >= asked) == later.kept
        assert later.agreement is not None
        assert agrees <= later.agreement < agrees + 0.01 + 1e-9


def test_the_rule_is_not_kept_for_a_group_too_small_to_show() -> None:
    then = np.repeat([0, 1, 2], [3, 60, 57])
    now = np.repeat([0, 1], [60, 60])
    groups = [NamedGroup(name, k) for k, (name,) in enumerate(NAMES)]
    later = keep_or_renew(
        now, NAMES[:2], stability_lower=0.5, min_group=5, earlier=groups, earlier_labels=then
    )
    assert not later.kept
    assert "too few customers today" in later.sentences[0]
    assert not any("3" in said for said in later.sentences)


def test_another_number_of_groups_is_told_where_the_rule_is_kept() -> None:
    now = THEN.copy()
    now[:6] = 3
    groups = [NamedGroup(name, k) for k, (name,) in enumerate(NAMES)]
    later = keep_or_renew(
        now,
        (*NAMES, ("Others",)),
        stability_lower=0.8,
        min_group=5,
        earlier=groups,
        earlier_labels=THEN,
    )
    assert later.kept
    assert later.sentences[0].endswith("Made anew, there would be 4 groups in place of 3.")


def test_the_demo_s_groups_keep_their_names_by_the_published_rule() -> None:
    """An edition publishes the tree; the next one groups other customers of the same business."""
    first = atlas_groups(seed=20250630, scale=0.2)
    named = name_groups(first.measures, first.traits, first.labels, min_group=5)
    published = keep_or_renew(first.labels, named.candidates, stability_lower=0.7, min_group=5)
    numbered = published.matching.reorder(first.labels)
    rules = find_rules(first.measures, first.traits, numbered, min_group=5, seed=1)
    next_one = atlas_groups(seed=7, scale=0.2)
    candidates = name_groups(
        next_one.measures, next_one.traits, next_one.labels, min_group=5
    ).candidates
    for asked, kept in ((0.7, True), (0.99, False)):
        later = keep_or_renew(
            next_one.labels,
            candidates,
            stability_lower=asked,
            min_group=5,
            earlier=published.groups,
            earlier_labels=rules.assign(next_one.measures),
        )
        assert later.kept == kept
        assert later.groups == published.groups
        assert later.matching.vanished == ()


def test_a_bound_that_is_no_agreement_is_an_error() -> None:
    for bound in (1.2, float("nan")):
        with pytest.raises(AnalysisError, match="stability_lower"):
            keep_or_renew(THEN, NAMES, stability_lower=bound, min_group=5)
