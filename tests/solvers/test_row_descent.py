"""Block coordinate descent over rows: slopes at the solution, in every form of the problem."""

import naive
import numpy as np
import pytest
from _asserts import Tolerance, assert_close

from skmtl.solvers import _row_descent, _row_states, row_descent, row_problem

SLOPES = Tolerance("slopes at a duality gap of 1e-12", rtol=1e-5, atol=1e-5)
VALUE = Tolerance("one function, summed in two ways", rtol=1e-9)
SHAPES = {"tall": (40, 10), "wide": (12, 30), "wider than a working set": (12, 60)}


@pytest.fixture(autouse=True)
def small_sets(monkeypatch):
    monkeypatch.setattr(_row_descent, "BESIDES", 20)


def table(rng, n, d, T=3):
    """Correlated features, of which a few make the targets."""
    X = rng.normal(size=(n, d))
    X[:, 1:] += X[:, :-1]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X, 2 * X[:, :3] @ rng.normal(size=(3, T)) + rng.normal(size=(n, T))


def largest_slope(X, Y):
    return np.sqrt(((X.T @ Y) ** 2).sum(axis=1)).max()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share, ridge", [(0.5, 0.0), (0.2, 0.0), (0.2, 0.5), (0.1, 3.0)])
def test_the_slopes_fit(shape, share, ridge, rng):
    X, Y = table(rng, *SHAPES[shape])
    weight = share * largest_slope(X, Y)
    result = row_descent(X, Y, weight, ridge, tol=1e-12, max_iter=20_000)
    assert result.converged and result.residual <= 1e-12
    W = result.W
    slope = (X.T @ (Y - X @ W) - ridge * W) / weight
    used = W.any(axis=1)
    assert 0 < used.sum()
    assert naive.row_norm_dual(slope) <= 1 + 1e-5
    lengths = np.sqrt((W[used] ** 2).sum(axis=1, keepdims=True))
    assert_close(slope[used], W[used] / lengths, SLOPES)
    value = 0.5 * ((Y - X @ W) ** 2).sum() + weight * naive.row_norm(W) + 0.5 * ridge * (W**2).sum()
    assert_close(result.value, value, VALUE)


@pytest.mark.parametrize("ridge", [0.0, 2.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_gap_bounds_the_distance_to_the_minimum(shape, ridge, rng):
    X, Y = table(rng, *SHAPES[shape])
    weight = 0.1 * largest_slope(X, Y)
    best = row_descent(X, Y, weight, ridge, tol=1e-12, max_iter=20_000).value
    for sweeps in (1, 4, 12):
        short = row_descent(X, Y, weight, ridge, tol=1e-12, max_iter=sweeps)
        assert not short.converged and short.n_iter == sweeps
        assert -1e-9 * best <= short.value - best <= short.gap + 1e-9 * best


def test_without_the_norm_it_is_ridge_regression(rng):
    X, Y = table(rng, 40, 10)
    W = row_descent(X, Y, 0.0, 1.5, tol=1e-14, max_iter=20_000).W
    assert_close(W, np.linalg.solve(X.T @ X + 1.5 * np.eye(10), X.T @ Y), SLOPES)


def test_a_large_weight_leaves_nothing_and_takes_no_sweep(rng):
    X, Y = table(rng, 30, 50)
    result = row_descent(X, Y, 1.01 * largest_slope(X, Y), 0.0, tol=1e-12, max_iter=10)
    assert result.converged and result.n_iter == 0 and not result.W.any()


@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_targets_of_zero_and_constant_features(shape, rng):
    X, Y = table(rng, *SHAPES[shape])
    assert not row_descent(X, 0 * Y, 1.0, 0.0, tol=1e-9, max_iter=10).W.any()
    X[:, 4] = 0.0
    result = row_descent(X, Y, 0.1 * largest_slope(X, Y), 0.0, tol=1e-10, max_iter=5000)
    assert result.converged and not result.W[4].any()


def test_the_size_of_a_block_does_not_matter(rng, monkeypatch):
    X, Y = table(rng, 40, 30)
    weight = 0.1 * largest_slope(X, Y)
    expected = row_descent(X, Y, weight, 0.0, tol=1e-14, max_iter=5000).W
    monkeypatch.setattr(_row_states, "BLOCK", 7)
    found = row_descent(X, Y, weight, 0.0, tol=1e-14, max_iter=5000).W
    assert_close(found, expected, Tolerance("weights at a gap of 1e-14", rtol=1e-4, atol=1e-6))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_start_and_a_prepared_problem_give_the_same_minimum(shape, rng):
    """From the solution of another weight, in a problem that has been used before, and left as it was."""
    X, Y = table(rng, *SHAPES[shape])
    weight, prepared = 0.2 * largest_slope(X, Y), row_problem(X, Y)
    cold = row_descent(X, Y, weight, 0.1, tol=1e-12, max_iter=20_000)
    near = row_descent(X, Y, 1.1 * weight, 0.1, tol=1e-6, max_iter=20_000, prepared=prepared)
    start = near.W.copy()
    warm = row_descent(X, Y, weight, 0.1, tol=1e-12, max_iter=20_000, start=near.W, prepared=prepared)
    assert_close(near.W, start, Tolerance("nothing is written into the start"))
    assert warm.converged and warm.n_iter <= cold.n_iter
    assert_close(warm.value, cold.value, VALUE)
    there = row_descent(X, Y, weight, 0.1, tol=1e-11, max_iter=9, start=warm.W, prepared=prepared)
    assert there.converged and there.n_iter == 0
