"""Weights and a learned relation in turn, with a look ahead every few rounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..couplings import QuadraticCoupling
from ..solvers import Anderson
from ._block_problem import BlockwiseProblem
from ._options import FitOptions, Start
from ._problem import JointProblem

# Rounds, each moved as the one before, from which is guessed where they lead: without it the alternation
# creeps, some hundreds of rounds long, where weights and relation grow together.
ROUNDS_AHEAD = 5


class Solved(NamedTuple):
    """The best weights under given covariances, as a solver left them; ``gap`` where it is known."""

    x: np.ndarray
    value: float
    residual: float
    n_iter: int
    converged: bool
    gap: float | None = None


class Alternation:
    """The weights under a relation, then the relation for these weights: the objective falls at every step.

    Parameters
    ----------
    problem : JointProblem or BlockwiseProblem
    coupling : QuadraticCoupling
        Learned or not; it is asked for covariances from ``first`` on, one for each family of the problem.
    options : FitOptions
    solve : function of covariances and a starting point x or None
        The best weights under these covariances, which the problem has been given.
    start : Start or None
        Weights from which the first relation is learned.
    """

    def __init__(
        self,
        problem: JointProblem | BlockwiseProblem,
        coupling: QuadraticCoupling,
        options: FitOptions,
        first: list[np.ndarray],
        solve: Callable[[list[np.ndarray], np.ndarray | None], Solved],
        start: Start | None,
    ):
        self.problem, self.coupling, self.alpha, self.solve = problem, coupling, options.alpha, solve
        self.tol, self.enough = options.tol, 1e-3 * np.sqrt(options.tol)
        self.n_iter, self.decrease, self._noted = 0, 0.0, first
        if start is None:
            self._turn(first, lambda: None)
        else:
            self.move(start.W, start.b)

    def run(self, rounds: int) -> None:
        """Take turns, ``rounds`` at most, until one lowers the objective by no more than is ``enough``."""
        memory = Anderson(ROUNDS_AHEAD)
        self.decrease = np.inf
        for _ in range(rounds - 1):
            if not self.solved.converged:
                break
            before = self.objective
            memory.note(self)
            if memory.full:
                memory.advance(self, lambda: self.objective)
                continue
            self.move(*self.where())
            self.decrease = (before - self.objective) / max(abs(self.objective), np.finfo(float).tiny)
            if self.settled:
                break

    @property
    def settled(self) -> bool:
        """Whether the last round lowered the objective by a share of it that is small enough."""
        return self.decrease <= self.enough

    @property
    def message(self) -> str:
        """What has not settled, and what to do about it, once a run has ended."""
        last = (
            f"the last round of both lowered the objective by a share of {self.decrease:.2g}, where "
            f"{self.enough:.2g} is small enough (tol={self.tol:g})"
        )
        return (
            f"the task relation of {self.coupling!r} and the weights had not settled after {self.n_iter} "
            f"iterations: {last if np.isfinite(self.decrease) else 'there was no second round'}; raise "
            "max_iter, tol, alpha or the smoothing of the coupling"
        )

    def where(self) -> tuple[np.ndarray, np.ndarray]:
        """The weights W (d, P) and the intercepts b (P,)."""
        self._noted = self.covariances
        return self.problem.weights(self.solved.x)

    def move(self, W: np.ndarray, b: np.ndarray) -> None:
        """The relation for these weights, and then the best weights for that relation.

        The relation is learned from the one that ``where`` was asked under, not from that of a look ahead
        which was of no use.
        """
        pairs = zip(self.problem.families, self._noted, strict=True)
        covariances = [
            self.coupling.relearn(family.stacked(W).astype(np.float64, copy=False), C) for family, C in pairs
        ]
        self._turn(covariances, lambda: self.problem.vector(W, b))

    def _turn(self, covariances: list[np.ndarray], first: Callable[[], np.ndarray | None]) -> None:
        self.problem.set_covariances(covariances)
        self.covariances, self.solved = covariances, self.solve(covariances, first())
        self.n_iter += self.solved.n_iter
        constant = sum(self.coupling.constant(C) for C in covariances)
        self.objective = self.solved.value + self.alpha * constant
