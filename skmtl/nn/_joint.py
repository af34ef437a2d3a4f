"""One trunk, one head a task: the joint network, and what one pass over a batch knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._layer import Backward, Layer, Params, Run, merge
from ._losses import Loss


class Task(NamedTuple):
    """A task's name, its own layers on top of the trunk, and its loss."""

    name: str
    head: Layer
    loss: Loss


class Labels(NamedTuple):
    """Targets and weights of one task, samples along the first axis, in the shapes its loss takes."""

    y: np.ndarray
    w: np.ndarray


class JointNetwork:
    """A shared trunk and the tasks' heads on it (hard parameter sharing; Caruana 1997).

    The layers must not use a parameter name twice. ``trunk_names`` are the names that tasks share.
    """

    def __init__(self, trunk: Layer, tasks: Sequence[Task]):
        self.trunk, self.tasks = trunk, tuple(tasks)

    def init(self, rng: np.random.Generator, shape: tuple[int, ...], dtype) -> Params:
        """First parameters, the trunk's before the heads', for samples of the given shape."""
        params, hidden = self.trunk.init(rng, shape, dtype)
        for task in self.tasks:
            params = merge(params, task.head.init(rng, hidden, dtype)[0])
        return params

    def outputs(self, params: Params, X, run: Run | None = None) -> list[np.ndarray]:
        """Every head's raw output for a batch."""
        run = Run() if run is None else run
        H, _ = self.trunk.forward(params, X, run)
        return [task.head.forward(params, H, run)[0] for task in self.tasks]

    def joint(self, params: Params, X, labels: Sequence[Labels], run: Run) -> JointPass:
        """Losses of a batch, each divided by its number of samples, with the way back."""
        H, trunk_back = self.trunk.forward(params, X, run)
        losses, head_backs, slopes = [], [], []
        for task, (y, w) in zip(self.tasks, labels, strict=True):
            Z, back = task.head.forward(params, H, run)
            value, dZ = task.loss(Z, y, w)
            losses.append(value / len(Z))
            head_backs.append(back)
            slopes.append(dZ / len(Z))
        return JointPass(np.array(losses), trunk_back, head_backs, slopes)


class JointPass(NamedTuple):
    """One batch's losses (T,), and the functions that go back from them."""

    losses: np.ndarray
    trunk_back: Backward
    head_backs: list[Backward]
    slopes: list[np.ndarray]

    def gradient(self, weights: np.ndarray) -> Params:
        """Gradient of ``sum_t weights_t loss_t`` in all parameters: one way back through the trunk."""
        total, gradients = None, {}
        for back, slope, weight in zip(self.head_backs, self.slopes, weights.tolist(), strict=True):
            dH, more = back(slope if weight == 1 else slope * weight)
            gradients |= more
            total = dH if total is None else total + dH
        return self.trunk_back(total, need_input=False)[1] | gradients

    def head_names(self) -> list[list[str]]:
        """The names of each head's own parameters."""
        return [list(back(slope)[1]) for back, slope in zip(self.head_backs, self.slopes, strict=True)]

    def task_gradients(self) -> tuple[list[Params], Params]:
        """Each task's gradient in the trunk's parameters, and the heads' gradients of their own losses."""
        trunk, heads = [], {}
        for back, slope in zip(self.head_backs, self.slopes, strict=True):
            dH, more = back(slope)
            heads |= more
            trunk.append(self.trunk_back(dH, need_input=False)[1])
        return trunk, heads
