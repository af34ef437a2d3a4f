"""Couplings: the task covariance against the written-out penalty, and what a bad one says."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close
from scipy.optimize import minimize
from sklearn.base import clone

from skmtl.couplings import GivenRelation, Independent, LearnedRelation, SharedParameters

ALL = [Independent(), SharedParameters(0.3), GivenRelation([[2.0, -1.0], [-1.0, 1.0]]), LearnedRelation()]


def penalty(coupling, W):
    return naive.relation_penalty(W, coupling.covariance(W.shape[1]))


def test_independent_is_ridge(rng):
    W = rng.normal(size=(4, 3))
    assert_close(penalty(Independent(), W), 0.5 * (W**2).sum(), ROUNDING)


@pytest.mark.parametrize("sharing", [0.1, 0.5, 0.9])
def test_shared_parameters_is_its_formula(sharing, rng):
    W = rng.normal(size=(4, 5))
    expected = naive.shared_parameters_penalty(W, sharing)
    assert_close(penalty(SharedParameters(sharing), W), expected, ROUNDING)


@pytest.mark.parametrize("sharing", [0.1, 0.5, 0.9])
def test_shared_part_minimises_the_formula(sharing, rng):
    W, s = rng.normal(size=(4, 5)), sharing
    coupling = SharedParameters(s)
    w0 = coupling.shared(W, coupling.covariance(5))
    gradient = w0 / s - (W - w0[:, None]).sum(axis=1) / (1 - s)
    assert_close(gradient, np.zeros(4), ROUNDING)


def test_a_learned_relation_minimises_its_formula(rng):
    """No relation of the same trace, found by a general optimiser, is better for given weights."""
    coupling = LearnedRelation(sharing=0.25, smoothing=1e-2)
    W, T = rng.normal(size=(6, 3)), 3
    C0 = coupling.covariance(T)
    V = naive_specific_part(W, C0, 0.25)
    budget = (1 - 0.25) * T

    def value(omega):
        P = np.linalg.inv(omega)
        return 0.5 * np.trace(V @ P @ V.T) + 0.5 * 1e-2 * np.trace(P)

    def from_factor(f):
        root = f.reshape(T, T)
        omega = root @ root.T + 1e-9 * np.eye(T)
        return omega * budget / np.trace(omega)

    found = minimize(lambda f: value(from_factor(f)), np.eye(T).ravel(), method="BFGS", tol=1e-10)
    relearned = coupling.relearn(W, C0) - 0.25
    assert_close(np.trace(relearned), budget, ROUNDING)
    assert_close(value(relearned), found.fun, Tolerance("a general optimiser without derivatives", rtol=1e-5))


def naive_specific_part(W, C, s):
    """V of ``W = w_0 1' + V`` with w_0 the minimiser of ``|w_0|^2 / s + tr(V Omega^-1 V')``."""
    P = np.linalg.inv(C - s)
    w0 = (W @ P.sum(axis=1)) / (1 / s + P.sum())
    return W - w0[:, None]


def test_a_covariance_symmetric_up_to_rounding_is_taken():
    C = np.array([[1.0, 0.3], [0.3 + 1e-15, 1.0]])
    assert_close(GivenRelation(C).covariance(2), [[1.0, 0.3], [0.3, 1.0]], ROUNDING)


@pytest.mark.parametrize("coupling", ALL, ids=repr)
def test_a_component_is_a_value(coupling):
    again = clone(coupling)
    assert_close(again.covariance(2), coupling.covariance(2), ROUNDING)
    assert repr(again) == repr(coupling)


@pytest.mark.parametrize("coupling", ALL, ids=repr)
def test_covariance_is_symmetric_and_positive(coupling):
    C = coupling.covariance(2)
    assert_close(C, C.T, ROUNDING)
    assert np.linalg.eigvalsh(C)[0] > 0


@pytest.mark.parametrize(
    "coupling, message",
    [
        (SharedParameters(1.5), r"sharing must be a number in \[0, 1\], got 1.5"),
        (SharedParameters("much"), "sharing must be a number"),
        (LearnedRelation(sharing=1), "sharing must be below 1"),
        (LearnedRelation(smoothing=-1), r"LearnedRelation.smoothing must be a number in \[0, inf\), got -1"),
        (GivenRelation(np.eye(3)), r"must be \(2, 2\), got shape \(3, 3\)"),
        (GivenRelation([[1, 2], [0, 1]]), "symmetric"),
        (GivenRelation([[1, np.nan], [np.nan, 1]]), "finite"),
        (GivenRelation([[1, 2], [2, 1]]), "positive semi-definite.*-1"),
        (GivenRelation([[0, 0], [0, 0]]), "not zero"),
    ],
    ids=repr,
)
def test_bad_parameters_say_what_is_wrong(coupling, message):
    with pytest.raises(ValueError, match=message):
        coupling.covariance(2)
