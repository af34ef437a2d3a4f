"""Fits with a quadratic coupling: pick the solver, alternate over a learned relation."""

from __future__ import annotations

import numpy as np

from ..couplings import Coupling, QuadraticCoupling
from ..solvers import KroneckerRidge, block_newton, newton_cg
from ._alternation import Alternation, Solved
from ._block_problem import BlockwiseProblem
from ._intercepts import joint_problem, shrunk_means
from ._options import FitData, FitOptions, Solution, Start
from ._problem import JointProblem
from ._relation_fit import fit_relation, minimises_out
from ._smoothing import newton_by_smoothing
from ._summary import SquaredSummary, summarise

SOLVERS = ("newton-cg", "closed-form")
USUAL_STEPS = 200
SMOOTHED_STEPS = 1000


def fit_quadratic(
    data: FitData, coupling: QuadraticCoupling, options: FitOptions, start: Start | None = None
) -> Solution:
    """Solve for the weights; where the relation is learned, minimise it out or solve for it in turn.

    In turn, the objective falls at every step.
    """
    if minimises_out(coupling, options):
        return fit_relation(data, coupling, options, start)
    exact = _exact_solver(data, coupling, options)
    summary = data.once(summarise) if exact is None else None
    problem = _problem(data, options, exact, summary)

    def solve(covariances, x):
        return _solve_weights(problem, exact, covariances, x, options)

    turns = Alternation(problem, coupling, options, _first(data, coupling), solve, start)
    if coupling.learned:
        turns.run(options.steps(USUAL_STEPS))
    return _solution(turns, summary)


def _first(data: FitData, coupling: QuadraticCoupling) -> list[np.ndarray]:
    """The covariances that a fit starts from, family by family."""
    C = coupling.covariance(data.targets.n_tasks)
    whole = len(data.families) == 1
    return [C if whole else C[np.ix_(family.tasks, family.tasks)] for family in data.families]


def _solution(turns: Alternation, summary: SquaredSummary | None) -> Solution:
    W, b = turns.problem.weights(turns.solved.x)
    b = b if summary is None else summary.intercepts(W)
    _, _, residual, _, converged, gap = turns.solved
    measure = "gradient" if gap is None else "duality gap"
    ended = residual, measure, turns.n_iter, turns.settled and converged, gap
    unsettled = "" if turns.settled or not converged else turns.message
    return Solution([W], b, turns.objective, *ended, covariances=turns.covariances, unsettled=unsettled)


def _problem(data: FitData, options: FitOptions, exact, summary) -> JointProblem | BlockwiseProblem:
    """The function to minimise, in the form that is the fastest to solve."""
    loss = data.loss
    general = loss.flat or loss.kinked or loss.shrinkage is not None or data.mask is not None
    if exact is None and summary is None and not general and loss.dtype == np.float64:
        return BlockwiseProblem(loss, data.families, options.alpha, options.n_jobs)
    return joint_problem(loss if summary is None else summary, data.families, options.alpha)


def _exact_solver(data: FitData, coupling: QuadraticCoupling, options: FitOptions) -> KroneckerRidge | None:
    """The closed form where it applies: squared loss, dense shared X, the same weights for every task."""
    check_solver(data, coupling, options, "is quadratic")
    if options.solver == "newton-cg" or not data.plain_regression:
        return None
    return data.once(plain_ridge)


def check_solver(data: FitData, coupling: Coupling, options: FitOptions, why: str) -> None:
    """Refuse a solver that cannot serve the coupling, which has no proximal map: it ``why``."""
    if options.solver not in ("auto", *SOLVERS):
        raise ValueError(
            f"solver={options.solver!r} needs a coupling with a proximal map, but {coupling!r} {why}; "
            "use solver='newton-cg', 'closed-form' or 'auto'"
        )
    if options.solver == "closed-form" and not data.plain_regression:
        raise ValueError(
            "solver='closed-form' needs the squared loss on a dense X that all tasks share, complete, "
            "equally weighted and without feature_mask; use solver='newton-cg' or 'auto'"
        )


def plain_ridge(data: FitData) -> KroneckerRidge:
    """The products of a plain regression, which all its quadratic fits share."""
    return KroneckerRidge(data.X, data.targets.values, data.weight[:, 0], data.loss.design.mean)


def _solve_weights(problem, exact, covariances, x, options: FitOptions) -> Solved:
    if exact is not None:
        return _solve_exactly(problem, exact, covariances[0])
    origin = problem.start()
    first = problem.start(problem.data.start()) if x is None else x
    limits = {"tol": options.tol, "max_iter": options.steps(USUAL_STEPS)}
    if isinstance(problem, BlockwiseProblem):
        with problem.one_blas_thread():
            result = block_newton(problem, first, **limits, gradient_scale=problem.gradient_scale(origin))
        return Solved(*result)
    if problem.data.flat:
        result = newton_by_smoothing(problem, first, tol=options.tol, max_iter=options.steps(SMOOTHED_STEPS))
        return Solved(result.x, result.value, result.residual, result.n_iter, result.converged, result.gap)
    scale = float(np.abs(problem.value_gradient(origin)[1]).max())
    result = newton_cg(problem, first, **limits, gradient_scale=scale)
    return Solved(*result)


def _solve_exactly(problem: JointProblem, ridge: KroneckerRidge, C: np.ndarray) -> Solved:
    """The weights and their certificate, from products alone: the rows are not seen again."""
    shrinkage = problem.data.shrinkage
    W, b = ridge.solve(C, problem.alpha), shrunk_means(ridge.means, ridge.total, shrinkage)
    x, slopes = problem.vector(W, b), ridge.slopes(W)
    U, _ = problem.unpack(x)
    left = ridge.squares_left(W, slopes)
    if left is None:
        value = problem.data.value(problem.data.image(W, b))
    else:
        value = 0.5 * (left + ridge.total * float(((b - ridge.means) ** 2).sum()))
    value += 0.5 * problem.alpha * float(np.vdot(U, U)) + (shrinkage.value(b) if shrinkage else 0.0)
    gradient = problem.alpha * U - problem.tie(slopes)
    at_zero = np.abs(problem.tie(ridge.moment)).max(), np.abs(ridge.total * ridge.means).max()
    residual = np.abs(gradient).max() / max(*at_zero, float(np.finfo(float).tiny))
    return Solved(x, value, float(residual), 1, True)
