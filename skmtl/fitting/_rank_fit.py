"""Fits with weights of a given rank: by eigenvectors, or in two factors by Newton's method."""

from __future__ import annotations

import numpy as np

from ..couplings import RankCoupling
from ..solvers import newton_cg
from ._data import DataLoss
from ._factors import FactorProblem, directions, slope_along_rank
from ._options import FitData, FitOptions, Solution
from ._quadratic_fit import check_solver, plain_ridge

USUAL_STEPS = 500
# Rounds of one factor after the other before Newton's method takes both at once.
ROUNDS = 5
# How exactly the ridge solution is found from which the factors start.
START = 1e-4


def fit_rank(data: FitData, coupling: RankCoupling, options: FitOptions) -> Solution:
    """Minimise over the weights of the coupling's rank until the gradient along them is small."""
    check_solver(data, coupling, options, "bounds the rank")
    rank = coupling.checked_rank(data.loss.shape)
    scale = _null_slope(data.loss)
    if data.plain_regression and options.solver != "newton-cg":
        W, b, n_iter = *_projected_ridge(data, rank, options), 1
        residual = slope_along_rank(data.loss, options.alpha, W, b, rank) / scale
        return _solution(data, options, W, b, residual, n_iter, converged=True)
    return _by_factors(data, rank, options, scale)


def _null_slope(loss: DataLoss) -> float:
    """The largest entry of the loss's gradient at zero."""
    nothing = np.zeros(loss.shape), np.zeros(loss.shape[1])
    G, g = loss.pull_back(loss.residual(loss.image(*nothing)))
    return max(float(np.abs(G).max()), float(np.abs(g).max()), np.finfo(float).tiny)


def _projected_ridge(data: FitData, rank: int, options: FitOptions) -> tuple[np.ndarray, np.ndarray]:
    """``W V V'`` with the ridge solution W and the leading eigenvectors V of ``W' (X'X + alpha) W``."""
    ridge = data.once(plain_ridge)
    W = ridge.solve(np.eye(data.loss.shape[1]), options.alpha)
    fitted = ridge.moment.T @ W
    V = np.linalg.eigh(0.5 * (fitted + fitted.T))[1][:, -rank:]
    return W @ V @ V.T, ridge.means


def _by_factors(data: FitData, rank: int, options: FitOptions, scale: float) -> Solution:
    """From the leading directions of the ridge solution: one factor after the other, then both, and again."""
    loss, alpha = data.loss, options.alpha
    steps = options.steps(USUAL_STEPS)
    descent = FactorDescent(loss, alpha, options.tol, scale, steps)
    W, b = descent.start(rank)
    while True:
        residual = slope_along_rank(loss, alpha, W, b, rank) / scale
        if residual <= options.tol or descent.left <= 0:
            break
        before = descent.left
        for _ in range(ROUNDS):
            W, b = descent.one(W, b, rank, "U")
            W, b = descent.one(W, b, rank, "V")
        W, b = descent.both(W, b, rank)
        if descent.left == before:  # no step decreases the objective any more
            break
    return _solution(data, options, W, b, residual, steps - descent.left, bool(residual <= options.tol))


class FactorDescent:
    """Newton's method on the factors of W, with a count of the steps that are left."""

    def __init__(self, loss: DataLoss, alpha: float, tol: float, scale: float, left: int):
        self.loss, self.alpha, self.tol, self.scale, self.left = loss, alpha, tol, scale, left

    def start(self, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """The ridge solution, roughly, along its leading directions."""
        d, P = self.loss.shape
        problem = FactorProblem(self.loss, self.alpha, np.zeros((d, P)), np.eye(P), "U")
        W, b = self._minimised(problem, np.zeros(P), START)
        U, V = directions(W, rank)
        return U @ (U.T @ W @ V) @ V.T, b

    def one(self, W: np.ndarray, b: np.ndarray, rank: int, free: str) -> tuple[np.ndarray, np.ndarray]:
        """The best U for the directions V of W, or the other way round."""
        U, V = directions(W, rank)
        U, V = (W @ V, V) if free == "U" else (U, W.T @ U)
        return self._minimised(FactorProblem(self.loss, self.alpha, U, V, free), b, 0.1 * self.tol)

    def both(self, W: np.ndarray, b: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """A few Newton steps of both factors, scaled alike."""
        U, V = directions(W, rank)
        sizes = np.sqrt(np.maximum(np.einsum("dr,dr->r", U, W @ V), 0.0))
        problem = FactorProblem(self.loss, self.alpha, U * sizes, V * sizes, "UV")
        return self._minimised(problem, b, 0.1 * self.tol, at_most=10)

    def _minimised(self, problem: FactorProblem, b: np.ndarray, tol: float, at_most: int = 100):
        result = newton_cg(
            problem,
            problem.vector(b),
            tol=tol,
            max_iter=max(min(at_most, self.left), 0),
            gradient_scale=self.scale,
        )
        self.left -= result.n_iter
        U, V, b = problem.unpack(result.x)
        return U @ V.T, b


def _solution(data: FitData, options: FitOptions, W, b, residual: float, n_iter: int, converged: bool):
    value = data.loss.value(data.loss.image(W, b)) + 0.5 * options.alpha * float(np.vdot(W, W))
    return Solution([W], b, value, residual, "gradient along the rank", n_iter, converged)
