"""Accelerated proximal gradient on lasso problems whose solution is known or checked by its slopes."""

import numpy as np
import pytest
from _asserts import SOLVED, Tolerance, assert_close

from skmtl.solvers import Certificate, proximal_gradient

KINKS = Tolerance("slopes of a lasso solution", atol=1e-7)


class Lasso:
    """``||A x - y||^2 / 2 + amount * sum |x|``; the certificate is the length of a unit step."""

    def __init__(self, A, y, amount, lipschitz=1e-6):
        self.A, self.y, self.amount, self.lipschitz = A, y, amount, lipschitz

    def image(self, x):
        return self.A @ x

    def residual(self, image):
        return image - self.y

    def pull_back(self, residual):
        return self.A.T @ residual

    def slope(self, x):
        return self.pull_back(self.residual(self.image(x)))

    def prox(self, x, step):
        return np.sign(x) * np.maximum(np.abs(x) - step * self.amount, 0.0)

    def certificate(self, x, image):
        return Certificate(np.abs(self.prox(x - self.slope(x), 1.0) - x).max(), None)


def test_an_orthogonal_design_is_soft_thresholding(rng):
    y = rng.normal(size=6)
    problem = Lasso(np.eye(6), y, 0.4, lipschitz=1.0)
    result = proximal_gradient(problem, np.zeros(6), tol=1e-12, max_iter=100)
    assert result.converged
    assert_close(result.x, problem.prox(y, 1.0), SOLVED)


@pytest.mark.parametrize("guess", [1e-6, 1e3])
def test_the_slopes_fit_whatever_the_first_step(guess, rng):
    A = rng.normal(size=(30, 12)) * np.geomspace(1, 10, 12)
    problem = Lasso(A, A[:, 0] + rng.normal(size=30), 5.0, guess)
    result = proximal_gradient(problem, np.zeros(12), tol=1e-9, max_iter=20_000)
    slope = problem.slope(result.x)
    used = result.x != 0
    assert result.converged and 0 < used.sum() < 12
    assert_close(slope[used], -5.0 * np.sign(result.x[used]), KINKS)
    assert (np.abs(slope[~used]) <= 5.0).all()


def test_the_momentum_pays(rng):
    """Badly scaled, it needs a fraction of the steps of plain proximal gradient (condition number 1e4)."""
    A = np.diag(np.geomspace(1, 100, 20))
    problem = Lasso(A, A @ np.ones(20), 1e-3, lipschitz=1e4)
    result = proximal_gradient(problem, np.zeros(20), tol=1e-8, max_iter=20_000)
    assert result.converged and result.n_iter < 4000


def test_a_start_at_the_minimum_takes_no_step():
    problem = Lasso(np.eye(3), np.full(3, 0.1), 1.0)
    result = proximal_gradient(problem, np.zeros(3), tol=1e-12, max_iter=5)
    assert result.converged and result.n_iter == 0


def test_a_short_run_says_that_it_has_not_converged(rng):
    problem = Lasso(rng.normal(size=(9, 9)), rng.normal(size=9), 0.1)
    result = proximal_gradient(problem, np.zeros(9), tol=1e-14, max_iter=3)
    assert not result.converged and result.n_iter == 3 and result.certificate.residual > 1e-14


def test_an_infinite_objective_is_refused():
    class Broken(Lasso):
        def residual(self, image):
            return np.full(2, np.nan)

    with pytest.raises(FloatingPointError, match="not finite"):
        proximal_gradient(Broken(np.eye(2), np.ones(2), 1.0), np.ones(2), tol=0.0, max_iter=3)


def test_a_function_without_a_bound_is_refused():
    class Broken(Lasso):
        def residual(self, image):
            return 1e60 * np.sign(image - self.y)

    with pytest.raises(FloatingPointError, match="no step length"):
        proximal_gradient(Broken(np.eye(2), np.ones(2), 0.1), np.zeros(2), tol=1e-9, max_iter=3)
