"""Solvers on functions whose minimum is known."""

import numpy as np
import pytest
from _asserts import SOLVED, Tolerance, assert_close

from skmtl.solvers import Blocks, block_newton, conjugate_gradients

EXACT = Tolerance("two direct solutions", rtol=1e-9, atol=1e-10)


class Bowl:
    """``x_k' A_k x_k / 2 - b_k' x_k`` summed over the columns k of x, with ``quartic`` also ``sum(x^4) / 4``.

    Each column is a block where ``blocks`` says so, else all of them are one.
    """

    def __init__(self, A, B, quartic=0.0, separate=True):
        self.A, self.B, self.quartic = A, B, quartic
        self.quadratic = quartic == 0
        self.blocks = Blocks(np.arange(B.shape[1]) * separate)
        self.asked = []

    def _times(self, x):
        return np.stack([A @ column for A, column in zip(self.A, x.T, strict=True)], axis=1)

    def value_gradient(self, x):
        value = 0.5 * np.vdot(x, self._times(x)) - np.vdot(self.B, x) + self.quartic * (x**4).sum() / 4
        return value, self._times(x) - self.B + self.quartic * x**3

    def hessian(self, x, *, coarse):
        self.asked.append(coarse)
        return Bend(self, 3 * self.quartic * x**2)


class Bend:
    def __init__(self, bowl, bend):
        self.bowl, self.bend = bowl, bend

    def solve(self, gradient, forcing):
        diagonal = np.stack([np.diag(A) for A in self.bowl.A], axis=1) + self.bend
        return conjugate_gradients(
            lambda v: self.bowl._times(v) + self.bend * v,
            lambda r: r / diagonal,
            gradient,
            forcing,
            self.bowl.blocks,
        )


def spd(rng, n):
    root = rng.normal(size=(n, n))
    return root @ root.T + 0.1 * np.eye(n)


@pytest.mark.parametrize("separate", [False, True])
def test_a_quadratic_takes_one_newton_step(separate, rng):
    A, B = [spd(rng, 8), 5 * spd(rng, 8), spd(rng, 8)], rng.normal(size=(8, 3)) * [1, 100, 0.1]
    bowl = Bowl(A, B, separate=separate)
    scale = bowl.blocks.norms(B)
    result = block_newton(bowl, np.zeros((8, 3)), tol=1e-9, max_iter=10, gradient_scale=scale)
    assert result.converged and result.n_iter == 1
    expected = np.stack([np.linalg.solve(a, b) for a, b in zip(A, B.T, strict=True)], axis=1)
    assert_close(result.x, expected, SOLVED)


def test_the_residual_is_that_of_the_worst_block(rng):
    """A block a million times smaller than the other one is solved as exactly."""
    bowl = Bowl([spd(rng, 6), spd(rng, 6)], rng.normal(size=(6, 2)) * [1.0, 1e-6], quartic=0.3)
    scale = bowl.blocks.norms(bowl.B)
    result = block_newton(bowl, np.zeros((6, 2)), tol=1e-8, max_iter=50, gradient_scale=scale)
    residuals = bowl.blocks.norms(bowl.value_gradient(result.x)[1]) / scale
    assert result.converged and residuals.max() <= 1e-8
    assert_close(result.residual, residuals.max(), EXACT)


@pytest.mark.parametrize("separate", [False, True])
def test_a_quartic_reaches_the_stationary_point(separate, rng):
    """From far away, so that full steps would overshoot in some blocks and not in others."""
    bowl = Bowl([spd(rng, 8), spd(rng, 8)], 50 * rng.normal(size=(8, 2)) * [1, 1e-3], 1.0, separate)
    start = np.full((8, 2), 30.0) * [1.0, 0.0]
    result = block_newton(bowl, start, tol=1e-10, max_iter=100, gradient_scale=np.ones(bowl.blocks.n))
    assert result.converged
    assert np.linalg.norm(bowl.value_gradient(result.x)[1]) <= 2e-10


def test_an_overshooting_block_is_shortened_alone(rng):
    """``log cosh`` from far outside: Newton's full step goes past the minimum and uphill."""
    values = []

    class Steep(Bowl):
        def value_gradient(self, x):
            size = np.abs(x)
            value = float((size + np.log1p(np.exp(-2 * size))).sum())
            values.append(value)
            return value, np.tanh(x)

        def hessian(self, x, *, coarse):
            bend = 1.0 / np.cosh(x) ** 2
            return type("", (), {"solve": lambda self, gradient, forcing: -gradient / bend})()

    bowl = Steep([np.eye(1)] * 2, np.zeros((1, 2)), quartic=1.0)
    result = block_newton(bowl, np.array([[3.0, 0.1]]), tol=1e-12, max_iter=30, gradient_scale=1.0)
    assert result.converged and result.n_iter < 12
    assert values[1] > values[0]  # the full step


def test_double_precision_is_asked_for_where_single_finds_no_descent(rng):
    class Coarse(Bowl):
        def hessian(self, x, *, coarse):
            bend = super().hessian(x, coarse=coarse)
            return type("", (), {"solve": lambda self, g, forcing: g})() if coarse else bend

    bowl = Coarse([spd(rng, 5)], rng.normal(size=(5, 1)))
    result = block_newton(bowl, np.zeros((5, 1)), tol=1e-9, max_iter=10, gradient_scale=1.0)
    assert result.converged and bowl.asked == [True, False]


def test_a_short_run_says_that_it_has_not_converged(rng):
    bowl = Bowl([spd(rng, 8)], 50 * rng.normal(size=(8, 1)), quartic=1.0)
    result = block_newton(bowl, np.zeros((8, 1)), tol=1e-12, max_iter=1, gradient_scale=1.0)
    assert not result.converged and result.n_iter == 1 and result.residual > 1e-12


def test_a_flat_direction_is_left_alone():
    """A redundant intercept has no curvature: the solver must neither move along it nor fail."""
    bowl = Bowl([np.array([[1.0, -1.0], [-1.0, 1.0]])], np.array([[1.0], [-1.0]]))
    result = block_newton(bowl, np.zeros((2, 1)), tol=1e-9, max_iter=5, gradient_scale=1.0)
    assert result.converged
    assert_close(result.x, [[0.5], [-0.5]], SOLVED)


def test_an_infinite_objective_is_refused():
    class Broken(Bowl):
        def value_gradient(self, x):
            return np.nan, np.full((2, 1), np.nan)

    with pytest.raises(FloatingPointError, match="not finite"):
        bowl = Broken([np.eye(2)], np.ones((2, 1)))
        block_newton(bowl, np.zeros((2, 1)), tol=1e-6, max_iter=3, gradient_scale=1.0)


def test_blocks_sum_over_their_columns(rng):
    a, b = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    blocks = Blocks(np.array([0, 1, 1, 0, 2]))
    expected = [sum(a[:, j] @ b[:, j] for j in columns) for columns in ([0, 3], [1, 2], [4])]
    assert_close(blocks.dots(a, b), expected, EXACT)
    assert_close(blocks.spread(np.array([7, 8, 9])), [7, 8, 8, 7, 9], EXACT)
