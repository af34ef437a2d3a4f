"""Fits with a latent basis: from the singular vectors of separate models to a stationary point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.optimize import Bounds, minimize

from ..couplings import Independent, LatentBasis
from ..solvers import newton_cg
from ._latent_problem import Factors, LatentProblem, SplitProblem, SupportProblem
from ._options import FitData, FitOptions, Solution
from ._quadratic_fit import fit_quadratic
from ._summary import summarise

USUAL_STEPS = 5000
# Where Newton's method takes over: the signs of the weights are settled, almost always.
ROUGH = 1e-4
ROUNDS = 12
POLISH = 10


def fit_latent(data: FitData, coupling: LatentBasis, options: FitOptions) -> Solution:
    """Minimise from both starts until the stationarity residual is at most ``tol``; keep the better end."""
    if options.solver != "auto":
        raise ValueError(f"solver={options.solver!r} cannot fit {coupling!r}, which has its own; use 'auto'")
    k, sparsity = coupling.checked(data.loss.shape)
    summary = data.once(summarise)
    apart = fit_quadratic(data, Independent(), replace(options, tol=1e-4, max_iter=None))
    loss = data.loss if summary is None else summary
    b = apart.b if summary is None else np.zeros(loss.shape[1])
    problem = LatentProblem(loss, k, options.alpha, options.alpha * sparsity)
    ends = [solve(problem, start, options) for start in starts(problem, apart.parts[0], b)]
    best = min(ends, key=lambda end: end.objective)
    return best if summary is None else replace(best, b=summary.intercepts(best.parts[0]))


def solve(problem: LatentProblem, start: Factors, options: FitOptions) -> Solution:
    """From one start: L-BFGS with bounds until the signs of S settle, then Newton's method.

    The objective falls from step to step. ``residual`` is the largest slope left in each block over what it
    is made of.
    """
    x, n_iter, rough = start, 0, max(ROUGH, options.tol)
    most = options.steps(USUAL_STEPS)
    for _ in range(ROUNDS):
        x, steps = _descend(problem, x, rough, most - n_iter)
        n_iter += steps
        if problem.residual(x) > options.tol and n_iter < most:
            x, steps = _polish(problem, x, options.tol, most - n_iter)
            n_iter += steps
        residual = problem.residual(x)
        if residual <= options.tol or n_iter >= most:
            break
        rough = max(0.1 * min(rough, residual), 0.1 * options.tol)
    x = _in_order(x)
    return Solution(
        [x.L @ x.S],
        x.b,
        problem.value(x),
        residual,
        "stationarity residual",
        n_iter,
        residual <= options.tol,
        factors=(x.L, x.S),
    )


def starts(problem: LatentProblem, W: np.ndarray, b: np.ndarray) -> Iterator[Factors]:
    """``L S`` close to W, by its singular vectors as they are, and rotated for few large weights."""
    left, values, right = np.linalg.svd(W, full_matrices=False)
    k = problem.k
    L, S = left[:, :k] * np.sqrt(values[:k]), np.sqrt(values[:k])[:, None] * right[:k]
    turns = np.eye(k), few_large(S)
    for turn in turns:
        yield balanced(Factors(L @ turn, turn.T @ S, b), problem.price / problem.ridge)


def balanced(x: Factors, sparsity: float) -> Factors:
    """The scales of basis and weights that cost the least: ``|l_k|^2 = sparsity * |s_k|_1``."""
    squares, sums = np.einsum("dk,dk->k", x.L, x.L), np.abs(x.S).sum(axis=1)
    used = (squares > 0) & (sums > 0)
    scale = np.cbrt(np.where(used, sparsity * sums, 0.0) / np.where(used, squares, 1.0))
    return Factors(x.L * scale, x.S / np.where(used, scale, 1.0)[:, None], x.b)


def few_large(S: np.ndarray, rounds: int = 50) -> np.ndarray:
    """A rotation (k, k) after which the columns of ``turn' S`` have few large entries.

    Varimax (Kaiser 1958), which makes the sum of the fourth powers large.
    """
    turn = np.eye(len(S))
    for _ in range(rounds):
        rotated = turn.T @ S
        excess = rotated**3 - rotated * (rotated**2).mean(axis=1, keepdims=True)
        left, _, right = np.linalg.svd(S @ excess.T)
        turn = left @ right
    return turn


def _descend(problem: LatentProblem, x: Factors, tol: float, max_iter: int) -> tuple[Factors, int]:
    sizes = float(np.abs(x.L).max()), float(np.abs(x.S).max())
    split = SplitProblem(problem, sizes[1] / sizes[0] if min(sizes) > 0 else 1.0)
    in_L, in_S = problem.null_slopes(x)
    smallest = min(in_L, split.unit * in_S)
    found = minimize(
        split.value_gradient,
        split.vector(x),
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(*split.bounds()),
        options={
            "maxiter": max_iter,
            "maxfun": 2 * max_iter,
            "maxcor": 10,
            "ftol": 0,
            "gtol": tol * smallest,
        },
    )
    return _pruned(split.factors(found.x)), int(found.nit)


def _pruned(x: Factors) -> Factors:
    """Without the predictors that no task uses: they cost their ridge for nothing."""
    used = x.S.any(axis=1) & x.L.any(axis=0)
    return Factors(x.L * used, x.S * used[:, None], x.b)


def _polish(problem: LatentProblem, x: Factors, tol: float, max_iter: int) -> tuple[Factors, int]:
    """Newton's method with the signs of S kept; its end is taken only where it is better."""
    support = SupportProblem(problem, np.sign(x.S))
    scale = min(problem.null_slopes(x))
    result = newton_cg(
        support, x.vector(), tol=0.1 * tol, max_iter=min(max_iter, POLISH), gradient_scale=scale
    )
    y = problem.unpack(result.x)
    lower = problem.value(y) <= problem.value(x) and problem.residual(y) < problem.residual(x)
    better = bool(lower and (y.S * x.S >= 0).all())
    return (y if better else x), result.n_iter


def _in_order(x: Factors) -> Factors:
    """Components by falling size, each with the sign that makes its largest weight positive."""
    size = np.linalg.norm(x.L, axis=0) * np.linalg.norm(x.S, axis=1)
    order = np.argsort(-size, kind="stable")
    L, S = x.L[:, order], x.S[order]
    largest = np.take_along_axis(S, np.abs(S).argmax(axis=1)[:, None], axis=1)[:, 0]
    sign = np.where(largest < 0, -1.0, 1.0)
    return Factors(L * sign, S * sign[:, None], x.b)
