"""One step of training: from a batch to the next parameters."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from ..nn import JointNetwork, JointPass, Labels, Optimiser, Room, Run, add_penalty
from ._parts import part_ends, step
from ._settings import Settings
from ._state import TrainingState


class Stepper:
    """Takes steps of a joint network; knows how to train, but holds no state of the run."""

    def __init__(self, network: JointNetwork, settings: Settings, state: TrainingState):
        self.network, self.settings, self.balancer = network, settings, settings.balancer
        self.decay, self._ends = settings.penalty(state.vector), None
        self._room, self._slopes = Room(), np.empty_like(state.vector.array)  # kept from step to step
        self.penalty = self.decay if settings.alpha > 0 and settings.solver != "adamw" else None

    def __call__(self, state: TrainingState, X, labels: Sequence[Labels], rate: float):
        """Step once, in place; the batch's losses (T,) and weights (T,).

        The head of a task without a label in the batch stays as it is: neither momentum nor a penalty moves
        it.
        """
        rng_before = copy.deepcopy(state.rng) if self.balancer.looks_again else None
        run = self._run(state.rng, state)
        done = self.network.joint(state.vector.views, X, labels, run)
        seen = np.array([label.w.any() for label in labels])
        gradient, weights = self._gradient(done, seen, state)
        if self.penalty is not None:
            add_penalty(gradient, self.penalty, state.vector.array)
        self._move(state, done, gradient, seen, rate)
        if self.balancer.looks_again:
            again = self.network.joint(state.vector.views, X, labels, self._run(rng_before, state))
            state.balancer = self.balancer.after_step(np.where(seen, again.losses, np.nan), state.balancer)
        state.statistics = state.statistics | run.gathered
        return done.losses, weights

    def _run(self, rng: np.random.Generator, state: TrainingState) -> Run:
        return Run(rng, state.statistics, self.settings.n_jobs, self._room)

    def _move(self, state: TrainingState, done: JointPass, gradient, seen, rate: float) -> None:
        if self._ends is None:
            self._ends = part_ends(state.vector, done.head_names())
        theta, remembered = state.vector.array, state.optimiser
        step(self._optimiser, self._ends, [True, *seen.tolist()], theta, gradient, remembered, rate)

    def _optimiser(self, place: slice) -> Optimiser:
        return self.settings.optimiser(self.decay[place])

    def _gradient(self, done: JointPass, seen: np.ndarray, state: TrainingState):
        losses = np.where(seen, done.losses, np.nan)  # NaN for tasks that have no label in the batch
        if not self.balancer.needs_gradients:
            weights, state.balancer = self.balancer.weigh(losses, None, state.balancer)
            return state.vector.gather(done.gradient(weights), self._slopes), weights
        J, heads = self.task_gradients(done, state)
        gramian = J.astype(np.float64) @ J.T.astype(np.float64)
        weights, state.balancer = self.balancer.weigh(losses, gramian, state.balancer)
        heads[: J.shape[1]] = weights.astype(J.dtype) @ J
        return heads, weights

    def task_gradients(self, done: JointPass, state: TrainingState) -> tuple[np.ndarray, np.ndarray]:
        """The tasks' gradients in the shared parameters (T, n), and a vector with the heads' own."""
        trunk, heads = done.task_gradients()
        n_shared = len(state.vector.array) - state.vector.length(heads)  # the trunk's stand first
        J = np.stack([state.vector.gather(gradients)[:n_shared] for gradients in trunk])
        return J, state.vector.gather(heads)

    def gramian(self, state: TrainingState, X, labels: Sequence[Labels]) -> np.ndarray:
        """Inner products of the tasks' gradients (T, T) for a batch, without a step or a trace."""
        run = self._run(copy.deepcopy(state.rng), state)
        done = self.network.joint(state.vector.views, X, labels, run)
        J = self.task_gradients(done, state)[0].astype(np.float64)
        return J @ J.T


def cosines(gramian: np.ndarray) -> np.ndarray:
    """Cosines of the angles between gradients (T, T); NaN for a task without a gradient."""
    norms = np.sqrt(np.diag(gramian))
    norms = np.where(norms > 0, norms, np.nan)
    return gramian / np.outer(norms, norms)
