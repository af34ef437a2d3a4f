"""One step of training: from a batch to the next parameters."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from ..nn import JointNetwork, JointPass, Labels, Run
from ._settings import Settings
from ._state import TrainingState


class Stepper:
    """Takes steps of a joint network; knows how to train, but holds no state of the run."""

    def __init__(self, network: JointNetwork, settings: Settings, state: TrainingState):
        self.network, self.settings, self.balancer = network, settings, settings.balancer
        self.optimiser = settings.optimiser(state.vector)
        l2 = settings.alpha > 0 and settings.solver != "adamw"
        self.penalty = settings.penalty(state.vector) if l2 else None

    def __call__(self, state: TrainingState, X, labels: Sequence[Labels], rate: float):
        """Step once, in place; the batch's losses (T,) and weights (T,)."""
        rng_before = copy.deepcopy(state.rng) if self.balancer.looks_again else None
        run = Run(state.rng, state.statistics)
        done = self.network.joint(state.vector.views, X, labels, run)
        gradient, weights = self._gradient(done, labels, state)
        if self.penalty is not None:
            gradient += self.penalty * state.vector.array
        self.optimiser.step(state.vector.array, gradient, state.optimiser, rate)
        if self.balancer.looks_again:
            again = self.network.joint(state.vector.views, X, labels, Run(rng_before, state.statistics))
            state.balancer = self.balancer.after_step(observed(again.losses, labels), state.balancer)
        state.statistics = state.statistics | run.gathered
        return done.losses, weights

    def _gradient(self, done: JointPass, labels, state: TrainingState):
        losses = observed(done.losses, labels)
        if not self.balancer.needs_gradients:
            weights, state.balancer = self.balancer.weigh(losses, None, state.balancer)
            return state.vector.gather(done.gradient(weights)), weights
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
        run = Run(copy.deepcopy(state.rng), state.statistics)
        done = self.network.joint(state.vector.views, X, labels, run)
        J = self.task_gradients(done, state)[0].astype(np.float64)
        return J @ J.T


def observed(losses: np.ndarray, labels: Sequence[Labels]) -> np.ndarray:
    """The losses with NaN for tasks that have no label in the batch."""
    return np.where([label.w.any() for label in labels], losses, np.nan)


def cosines(gramian: np.ndarray) -> np.ndarray:
    """Cosines of the angles between gradients (T, T); NaN for a task without a gradient."""
    norms = np.sqrt(np.diag(gramian))
    norms = np.where(norms > 0, norms, np.nan)
    return gramian / np.outer(norms, norms)
