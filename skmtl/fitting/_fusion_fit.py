"""Fits with a fusion coupling: quadratic couplings that tighten where tasks meet, to a duality gap."""

from __future__ import annotations

import numpy as np

from ..couplings import FusionCoupling
from ..solvers import newton_cg
from ._merged import MergedProblem
from ._options import FitData, FitOptions, Solution
from ._problem import JointProblem
from ._proximal_fit import null_intercepts
from ._quadratic_fit import check_solver, plain_ridge
from ._springs import Ties

USUAL_STEPS = 1000
NEWTON_STEPS = 100
# What smoothing may cost, as a share of the gap.
SMOOTHING = 1e-2
# How much closer than the gap the weights of a graph are solved for, and at most so at the start.
INNER, START = 1e-3, 1e-6
STEPS_BETWEEN_MERGES = 10
# How many steps at most go to the weights of supposed groups.
POLISH_STEPS = 5
# Lengths, over the longest task's, up to which tasks are made equal: the largest that the gap allows.
# No difference is longer than twice the longest task.
MERGES = (3.0, *10.0 ** -np.arange(2, 10))
TINY = np.finfo(float).tiny


def fit_fusion(data: FitData, coupling: FusionCoupling, options: FitOptions) -> Solution:
    """Minimise until the duality gap, relative to the model without features, is at most ``tol``."""
    check_solver(data, coupling, options, "has no proximal map in closed form")
    ridge = coupling.checked_ridge()
    inner = GraphRidge(data, options)
    near = inner.solve([np.eye(len(family.tasks)) for family in data.families], START)[0]
    ties = [Ties(coupling.edges(family.stacked(near)), family) for family in data.families]
    search = FusionSearch(data, ties, options.alpha, ridge, _null_value(data))
    n_iter, goal = 0, START
    while search.gap > options.tol * search.null and n_iter < options.steps(USUAL_STEPS):
        goal = INNER * search.tighten(options.tol) if n_iter else goal
        search.consider(*inner.solve([tie.covariance(ridge) for tie in ties], goal))
        n_iter += 1
        if n_iter % STEPS_BETWEEN_MERGES == 0:
            search.polish(goal)
    search.merge(max(search.gap, options.tol * search.null))
    residual = search.gap / search.null
    converged = bool(residual <= options.tol)
    return Solution(
        [search.W], search.b, search.value, residual, "duality gap", n_iter, converged, search.gap
    )


def _null_value(data: FitData) -> float:
    """The loss of the best intercepts alone."""
    nothing, b = np.zeros(data.null.shape), data.once(null_intercepts)
    rounding = 1e-14 * data.null.value(data.null.image(nothing, np.zeros_like(b)))
    return max(data.null.value(data.null.image(nothing, b)), rounding, TINY)


class GraphRidge:
    """The weights under one quadratic coupling after the other."""

    def __init__(self, data: FitData, options: FitOptions):
        self.data, self.alpha = data, options.alpha
        self.problem = JointProblem(data.loss, data.families, options.alpha)
        self.weights = np.zeros(data.loss.shape), np.zeros(data.loss.shape[1])
        self.closed = None
        if data.plain_regression and options.solver != "newton-cg":
            self.closed = data.once(plain_ridge)

    def solve(self, covariances: list[np.ndarray], tol: float) -> tuple[np.ndarray, np.ndarray]:
        """W (d, P) and b (P,), from those of the last call; ``tol`` bounds the relative gradient."""
        if self.closed is not None:
            return self.closed.solve(covariances[0], self.alpha), self.closed.means
        problem = self.problem
        problem.set_covariances(covariances)
        scale = float(np.abs(problem.value_gradient(problem.start())[1]).max())
        result = newton_cg(
            problem, problem.vector(*self.weights), tol=tol, max_iter=NEWTON_STEPS, gradient_scale=scale
        )
        self.weights = problem.weights(result.x)
        return self.weights


class FusionSearch:
    """The best weights and the best lower bound of the minimum so far.

    With forces f along the differences d, none longer than its edge's weight u, and G the slope of the loss
    over alpha and of the ridge plus these forces, the minimum is at least

        objective - alpha * (sum_e (u_e |d_e| - <f_e, d_e>) + |G|^2 / (2 ridge))

    as the ridge makes the objective strongly convex: the value of the dual problem at the forces, with the
    intercepts at their best.
    """

    def __init__(self, data: FitData, ties: list[Ties], alpha: float, ridge: float, null: float):
        self.data, self.ties, self.alpha, self.ridge, self.null = data, ties, alpha, ridge, null
        self.prices = max(alpha * sum(float(tie.weights.sum()) for tie in ties), TINY)
        self.value, self.bound = np.inf, -np.inf
        self.W, self.b = np.zeros(data.loss.shape), np.zeros(data.loss.shape[1])
        self.last, self.guide = (self.W, self.b), None

    @property
    def gap(self) -> float:
        return max(self.value - self.bound, 0.0)

    def consider(self, W: np.ndarray, b: np.ndarray) -> None:
        """Take the weights of the present graph where they are better, and their lower bound."""
        value = self._objective(W, b)
        self.bound = max(self.bound, value - self._slack(W, b))
        self.last = W, b
        if value < self.value:
            self.value, self.W, self.b = value, W, b

    def tighten(self, tol: float) -> float:
        """Sizes of the edges as their lengths are, up to a smoothing; returns what it allows, relatively."""
        share = max(self.gap / self.null, tol)
        for tie in self.ties:
            tie.set_sizes(self.last[0], SMOOTHING * share * self.null / self.prices, self.guide)
        self.guide = None
        return min(share, START / INNER)

    def merge(self, allowed: float) -> list[np.ndarray] | None:
        """Make tasks equal that almost are, as many as a gap of ``allowed`` permits; returns the groups.

        The graphs go on from the weights as they are: tasks that are equal by mistake would not part.
        """
        for length in MERGES:
            W, b = self.last[0].copy(), self.last[1]
            labels = [tie.merge(W, length) for tie in self.ties]
            value = self._objective(W, b)
            if value - self.bound <= allowed:
                self.value, self.W, self.b = value, W, b
                return labels
        return None

    def polish(self, tol: float) -> None:
        """Newton's method on the groups that lower the objective; their distances guide the next graph.

        Where groups are near to each other but apart, graphs alone would come to rest slowly.
        """
        labels = self.merge(self.gap)
        if labels is None:
            return
        problem = MergedProblem(self.data.loss, self.ties, labels, self.alpha, self.ridge)
        x = problem.vector(self.W, self.b)
        scale = float(np.abs(problem.value_gradient(np.zeros_like(x))[1]).max())
        result = newton_cg(problem, x, tol=tol, max_iter=POLISH_STEPS, gradient_scale=scale)
        if result.value < self.value:
            self.value, (self.W, self.b) = result.value, problem.unpack(result.x)
            self.guide = self.W

    def _objective(self, W: np.ndarray, b: np.ndarray) -> float:
        coupling = sum(tie.price(W) for tie in self.ties) + 0.5 * self.ridge * float(np.vdot(W, W))
        return self.data.loss.value(self.data.loss.image(W, b)) + self.alpha * coupling

    def _slack(self, W: np.ndarray, b: np.ndarray) -> float:
        """How far the minimum can be below the objective at W and the best b."""
        loss, alpha = self.data.loss, self.alpha
        G = loss.pull_back(loss.residual(loss.image(W, b)))[0] / alpha + self.ridge * W
        slack = sum(tie.push(W, G, self.ridge) for tie in self.ties)
        return alpha * (slack + float(np.vdot(G, G)) / (2.0 * self.ridge))
