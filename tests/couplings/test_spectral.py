"""Penalties of singular values: value, prox and conjugate against the formula and a general optimiser."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close
from scipy.optimize import minimize

from skmtl.couplings._spectral import ClusterNorm, CommonColumn, SmoothedTraceNorm

ROOT = Tolerance("a root found by iteration", rtol=1e-9, atol=1e-10)
GENERAL = Tolerance("a general optimiser with numerical derivatives", rtol=1e-4, atol=1e-4)

TWINS = {
    "smoothed": (SmoothedTraceNorm(3.0, 1e-2), lambda W: naive.smoothed_trace_norm(W, 3.0, 1e-2)),
    "hardly smoothed": (SmoothedTraceNorm(2.0, 1e-10), lambda W: naive.smoothed_trace_norm(W, 2.0, 1e-10)),
    "not smoothed": (SmoothedTraceNorm(3.0, 0.0), lambda W: 0.5 * naive.trace_norm(W) ** 2 / 3.0),
    "one group": (ClusterNorm(1, 0.2), lambda W: naive.cluster_norm(W, 1, 0.2)),
    "two groups": (ClusterNorm(2, 0.05), lambda W: naive.cluster_norm(W, 2, 0.05)),
}
ALL = [*(penalty for penalty, _ in TWINS.values()), CommonColumn(0.3)]


@pytest.fixture(params=[(6, 4), (3, 5), (1, 4), (4, 1)], ids=str)
def matrix(request, rng):
    return rng.normal(size=request.param)


@pytest.mark.parametrize("name", TWINS)
def test_the_value_is_the_formula_s(name, matrix):
    penalty, twin = TWINS[name]
    k = getattr(penalty, "k", 1)
    if k <= matrix.shape[1]:
        assert_close(penalty.value(matrix), twin(matrix), Tolerance("square roots of rounding", rtol=1e-6))


@pytest.mark.parametrize("step", [1e-3, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("penalty", ALL, ids=lambda p: f"{type(p).__name__} {list(vars(p).values())}")
def test_prox_and_conjugate_meet(penalty, step, matrix):
    P = penalty.prox(matrix, step)
    G = (matrix - P) / step
    assert_close(penalty.value(P) + penalty.conjugate(G), np.vdot(G, P), ROOT)


@pytest.mark.parametrize("penalty", ALL, ids=lambda p: f"{type(p).__name__} {list(vars(p).values())}")
def test_no_matrix_beats_the_conjugate(penalty, matrix, rng):
    G = 2 * matrix
    for _ in range(50):
        W = rng.normal(size=matrix.shape) * rng.exponential()
        if isinstance(penalty, CommonColumn):
            W[:] = W[:, :1]
        assert np.vdot(G, W) - penalty.value(W) <= penalty.conjugate(G) + 1e-9


@pytest.mark.parametrize("name", ["smoothed", "two groups"])
def test_the_prox_is_a_general_optimiser_s(name, rng):
    penalty, twin = TWINS[name]
    V = rng.normal(size=(3, 4))
    found = minimize(lambda x: 0.5 * ((x - V.ravel()) ** 2).sum() + 0.4 * twin(x.reshape(3, 4)), V.ravel())
    assert_close(penalty.prox(V, 0.4), found.x.reshape(3, 4), GENERAL)


@pytest.mark.parametrize("penalty", ALL, ids=lambda p: f"{type(p).__name__} {list(vars(p).values())}")
def test_zero_is_left_at_zero(penalty):
    assert_close(penalty.prox(np.zeros((3, 4)), 1.0), np.zeros((3, 4)), ROUNDING)
    assert np.isfinite(penalty.conjugate(np.zeros((3, 4))))
