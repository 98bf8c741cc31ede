"""Silhouette and adjusted Rand index are scikit-learn's; k-means is as good as its."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from workbench.segmentation.clusters.agreement import adjusted_rand
from workbench.segmentation.clusters.kmeans import kmeans, nearest
from workbench.segmentation.clusters.silhouette import silhouettes

pairs_of_labels = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4), min_size=n, max_size=n),
        st.lists(st.integers(0, 4), min_size=n, max_size=n),
    )
)


@given(pairs_of_labels)
def test_adjusted_rand_equals_scikit_learns(labels: tuple[list[int], list[int]]) -> None:
    assert adjusted_rand(*labels) == pytest.approx(adjusted_rand_score(*labels), abs=1e-12)


@given(st.integers(0, 10_000), st.integers(6, 90), st.integers(1, 6), st.integers(2, 5))
def test_silhouette_equals_scikit_learns(seed: int, n: int, measures: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(10, 2, (n, measures)).round(1)  # rounded: some points fall together
    groupings = [
        np.append(np.arange(width), rng.integers(width, size=n - width)) for width in (2, k)
    ]
    expected = [silhouette_score(points, labels) for labels in groupings]
    assert silhouettes(points, groupings) == pytest.approx(expected, abs=2e-5)


def test_silhouette_of_many_blocks_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    points, labels = rng.random((300, 3)), rng.integers(4, size=300)
    whole = silhouettes(points, [labels])
    monkeypatch.setattr("workbench.segmentation.clusters.silhouette._BLOCK", 7_000)
    assert silhouettes(points, [labels]) == pytest.approx(whole, abs=1e-6)
    assert silhouettes(points, [np.zeros(300, dtype="int64")]) == [0.0]


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_kmeans_is_as_good_as_scikit_learns(seed: int, k: int) -> None:
    points = np.random.default_rng(seed).random((120, 2))
    centres = kmeans(points, k, np.random.default_rng(seed))
    ours = ((points - centres[nearest(points, centres)]) ** 2).sum()
    theirs = KMeans(k, n_init=4, random_state=seed).fit(points).inertia_
    assert ours <= 1.03 * theirs


def test_kmeans_takes_points_that_fall_together() -> None:
    points = np.repeat([[0.0, 0.0], [1.0, 1.0]], 20, axis=0)
    labels = nearest(points, kmeans(points, 3, np.random.default_rng(0)))
    assert len(set(labels[:20])) == len(set(labels[20:])) == 1
    assert labels[0] != labels[-1]
