"""Newton's method on logarithms: quadratic bowls, edges, flat and broken likelihoods."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats, in_logs, maximise, parameters_of, products, total

WIDE = {"lower": np.full(2, -9.0), "upper": np.full(2, 9.0), "at_edge": {}, "names": ("a", "b")}


def gamma_likelihood(theta: Floats) -> tuple[float, Floats, Floats]:
    """Independent normals on the logarithms, with means 1 and -2, deviations 0.5 and 2."""
    weight = np.array([4.0, 0.25])
    away = theta - np.array([1.0, -2.0])
    return -float(weight @ away**2) / 2, -weight * away, -np.diag(weight)


def test_the_maximum_and_its_intervals() -> None:
    found = maximise(gamma_likelihood, [np.array([-5.0, 6.0])], **WIDE)
    assert found.converged
    np.testing.assert_allclose(found.log_params, [1, -2], atol=1e-6)
    np.testing.assert_allclose(found.cov, [[0.25, 0], [0, 4]], atol=1e-12)
    one, other = parameters_of(found, ("a", "b"))
    assert one.value == pytest.approx(np.e)
    assert one.std_error == pytest.approx(np.e / 2)
    assert other.ci_upper == pytest.approx(np.exp(-2 + 1.959964 * 2), rel=1e-6)


def test_a_saddle_is_no_maximum() -> None:
    def saddle(theta: Floats) -> tuple[float, Floats, Floats]:
        value = theta[0] ** 2 / 2 - theta[1] ** 2 / 2
        return float(value), theta * np.array([1.0, -1.0]), np.diag([1.0, -1.0])

    found = maximise(saddle, [np.array([0.1, 0.1])], **{**WIDE, "at_edge": {(0, 1): "It grows."}})
    assert not found.converged
    assert found.reason == "It grows."
    assert parameters_of(found, ("a", "b")) == ()
    assert found.value is None
    stuck = maximise(saddle, [np.zeros(2)], **WIDE)
    assert "flat" in stuck.reason


def test_an_edge_without_words_of_its_own_is_named() -> None:
    def rises(theta: Floats) -> tuple[float, Floats, Floats]:
        value = -np.exp(theta[0]) - theta[1] ** 2
        slope = np.array([-np.exp(theta[0]), -2 * theta[1]])
        return float(value), slope, np.diag([-np.exp(theta[0]), -2.0])

    found = maximise(rises, [np.array([0.0, 0.5])], **WIDE)
    assert found.reason == "The likelihood rises on as a falls without end."


def test_what_the_data_do_not_tell_is_no_number() -> None:
    def loose(theta: Floats) -> tuple[float, Floats, Floats]:
        weight = np.array([1.0, 0.01])
        return -float(weight @ theta**2) / 2, -weight * theta, -np.diag(weight)

    found = maximise(loose, [np.ones(2)], **WIDE)
    assert found.reason.startswith("The data do not tell b")


def test_a_likelihood_that_breaks_is_no_number() -> None:
    def broken(theta: Floats) -> tuple[float, Floats, Floats]:
        return float("nan"), theta, -np.eye(2)

    found = maximise(broken, [np.ones(2)], **WIDE)
    assert "cannot be computed" in found.reason
    with pytest.raises(AnalysisError, match="no start is given"):
        maximise(broken, [], **WIDE)


def test_a_later_start_is_tried_where_an_earlier_one_leads_nowhere() -> None:
    def two_sided(theta: Floats) -> tuple[float, Floats, Floats]:
        if theta[0] < -4:
            return float("nan"), theta, -np.eye(2)
        return gamma_likelihood(theta)

    found = maximise(two_sided, [np.array([-5.0, 0.0]), np.array([0.0, 0.0])], **WIDE)
    assert found.converged


def test_sums_and_chain_rule() -> None:
    rng = np.random.default_rng(1)
    rows, n = rng.normal(size=(3, 50)), rng.random(50)
    np.testing.assert_allclose(products(rows, n), (rows * n) @ rows.T)
    assert total(n, rows[0]) == pytest.approx(n @ rows[0])
    # f = x^2 y at (3, 2): in logs f is exp(2 u + v), whose derivatives are multiples of f.
    x, y = 3.0, 2.0
    slope, curve = in_logs(
        np.array([x, y]), np.array([2 * x * y, x**2]), np.array([[2 * y, 2 * x], [2 * x, 0]])
    )
    np.testing.assert_allclose(slope, [36, 18])
    np.testing.assert_allclose(curve, [[72, 36], [36, 18]])


def test_a_level_ridge_ends_the_search_soon() -> None:
    """Along it, slope and curvature are noise of the sum: no step adds anything."""
    calls = []

    def ridge(at: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        calls.append(at)
        apart = at[0] - at[1]
        wobble = 1e-2 * np.sign(np.sin(1e3 * at.sum()))
        slope = np.array([-2 * apart, 2 * apart]) + 4e-5
        return -(apart**2), slope, np.array([[-2.0, 2.0], [2.0, -2.0]]) + wobble

    found = maximise(
        ridge,
        [np.array([0.3, 0.1])],
        lower=np.full(2, -50.0),
        upper=np.full(2, 50.0),
        at_edge={},
        names=("one", "other"),
    )
    assert found.reason == "The likelihood is flat: the data do not tell the parameters."
    assert len(calls) < 40
