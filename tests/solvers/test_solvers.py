"""Solvers on functions whose minimum is known."""

import numpy as np
import pytest
from _asserts import SOLVED, Tolerance, assert_close

from skmtl.solvers import KroneckerRidge, newton_cg

EXACT = Tolerance("two direct solutions", rtol=1e-9, atol=1e-10)


class Bowl:
    """``x' A x / 2 - b' x``, or with ``quartic`` also ``sum(x^4) / 4``."""

    def __init__(self, A, b, quartic=0.0):
        self.A, self.b, self.quartic = A, b, quartic
        self.quadratic = quartic == 0

    def value_gradient(self, x):
        value = 0.5 * x @ self.A @ x - self.b @ x + self.quartic * (x**4).sum() / 4
        return value, self.A @ x - self.b + self.quartic * x**3

    def hessian(self, x):
        bend = 3 * self.quartic * x**2
        return (lambda v: self.A @ v + bend * v), np.diag(self.A) + bend


def spd(rng, n):
    root = rng.normal(size=(n, n))
    return root @ root.T + 0.1 * np.eye(n)


def test_a_quadratic_takes_one_newton_step(rng):
    A, b = spd(rng, 8), rng.normal(size=8)
    result = newton_cg(Bowl(A, b), np.zeros(8), tol=1e-9, max_iter=10, gradient_scale=np.abs(b).max())
    assert result.converged and result.n_iter == 1
    assert_close(result.x, np.linalg.solve(A, b), SOLVED)


def test_a_quartic_reaches_the_stationary_point(rng):
    A, b = spd(rng, 8), 50 * rng.normal(size=8)
    bowl = Bowl(A, b, quartic=1.0)
    result = newton_cg(bowl, np.zeros(8), tol=1e-10, max_iter=100, gradient_scale=1.0)
    assert result.converged
    assert np.abs(bowl.value_gradient(result.x)[1]).max() <= 1e-10


def test_a_short_run_says_that_it_has_not_converged(rng):
    bowl = Bowl(spd(rng, 8), 50 * rng.normal(size=8), quartic=1.0)
    result = newton_cg(bowl, np.zeros(8), tol=1e-12, max_iter=1, gradient_scale=1.0)
    assert not result.converged and result.n_iter == 1 and result.residual > 1e-12


def test_a_flat_direction_is_left_alone():
    """A redundant intercept has no curvature: the solver must neither move along it nor fail."""
    A = np.array([[1.0, -1.0], [-1.0, 1.0]])
    result = newton_cg(Bowl(A, np.array([1.0, -1.0])), np.zeros(2), tol=1e-9, max_iter=5, gradient_scale=1.0)
    assert result.converged
    assert_close(result.x, [0.5, -0.5], SOLVED)


def test_an_infinite_objective_is_refused():
    class Broken(Bowl):
        def value_gradient(self, x):
            return np.nan, np.full(2, np.nan)

    with pytest.raises(FloatingPointError, match="not finite"):
        newton_cg(Broken(np.eye(2), np.ones(2)), np.zeros(2), tol=1e-6, max_iter=3, gradient_scale=1.0)


@pytest.mark.parametrize("singular", [False, True])
def test_kronecker_ridge_solves_the_normal_equations(singular, rng):
    X, Y, w, alpha = rng.normal(size=(9, 4)), rng.normal(size=(9, 3)), rng.random(9), 0.3
    C = np.ones((3, 3)) + (0 if singular else 1) * np.eye(3)
    W = KroneckerRidge(X, Y, w).solve(C, alpha)
    gradient = X.T @ (w[:, None] * (X @ W - Y)) @ C + alpha * W  # times C: the optimality of W = U C^(1/2)
    assert_close(gradient, np.zeros((4, 3)), EXACT)


def test_kronecker_ridge_without_coupling(rng):
    X, Y = rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
    W = KroneckerRidge(X, Y, np.ones(9)).solve(2.0 * np.eye(3), 0.5)
    assert_close(W, np.linalg.solve(X.T @ X + 0.25 * np.eye(4), X.T @ Y), EXACT)


@pytest.mark.parametrize("offset", [0.0, 3.0, 1e4])
@pytest.mark.parametrize("even", [True, False])
def test_kronecker_ridge_centres_products(offset, even, rng):
    """Products are centred in place of X; large means, which would cost digits, are taken out first."""
    X, Y = rng.normal(size=(12, 4)) + offset, rng.normal(size=(12, 3)) - offset
    w = np.full(12, 0.5) if even else rng.random(12)
    mean = w @ X / w.sum()
    ridge = KroneckerRidge(X, Y, w, mean)
    A, B = X - mean, Y - w @ Y / w.sum()
    for C in (np.eye(3), np.ones((3, 3)) + np.eye(3)):
        W = ridge.solve(C, 0.3)
        assert_close(W, KroneckerRidge(A, B, w).solve(C, 0.3), EXACT)
        slopes = A.T @ (w[:, None] * (B - A @ W))
        assert_close(ridge.slopes(W), slopes, Tolerance("differences of products", atol=1e-8))
        left = (w[:, None] * (B - A @ W) ** 2).sum()
        assert_close(ridge.squares_left(W, ridge.slopes(W)), left, EXACT)


def test_the_eigenbasis_gives_the_same_ridge(rng):
    X, Y = rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
    factored, rotated = (KroneckerRidge(X, Y, np.ones(9)) for _ in range(2))
    assert (rotated.basis[0] >= 0).all()
    assert_close(rotated.solve(np.eye(3), 0.5), factored.solve(np.eye(3), 0.5), EXACT)


def test_squares_lost_in_rounding_are_not_told(rng):
    X, W = rng.normal(size=(9, 4)), rng.normal(size=(4, 3))
    ridge = KroneckerRidge(X, X @ W, np.ones(9))
    assert ridge.squares_left(W, ridge.slopes(W)) is None
