"""Newton steps of tasks that own their rows and are tied to no other: each is a small problem of its own."""

from __future__ import annotations

import numpy as np

from ..design import OwnRowsDesign
from ..utils._parallel import run_blocks
from ._data import DataLoss
from ._ties import Tie

# Entries of X that a thread takes at a time.
ENTRIES_A_BLOCK = 1 << 18


def tasks_are_small_problems(data: DataLoss, ties: list[Tie]) -> bool:
    """Whether each task can be solved for alone: dense rows of its own, one column, no tie."""
    design = data.design
    own = isinstance(design, OwnRowsDesign) and not design.sparse and design.n_columns == 1
    return own and all(tie.separate and bool((tie.root.diagonal() > 0).all()) for tie in ties)


class OwnRowsBend:
    """The Hessian of such tasks at raw predictions Z (n, 1), solved with task by task, in the cache.

    With ``W = U diag(root)`` the steps are taken in W, where the ridge of task t is ``alpha / root_t^2``.
    """

    def __init__(self, data: DataLoss, tie: Tie, alpha: float, Z: np.ndarray, n_jobs: int | None):
        self.design, self.intercept, self.n_jobs = data.design, data.intercept, n_jobs
        part = data.parts[0]
        self.bend = np.array(part.loss.curvature(part.y, part.raw(Z), part.w).diagonal).ravel()
        self.root = tie.root.diagonal()
        self.ridge = alpha / self.root**2

    def solve(self, gradient: np.ndarray, forcing: np.ndarray) -> np.ndarray:
        """About ``-H^-1 gradient``: each task's residual at most ``forcing`` (T,) times its gradient."""
        from ..kernels.tasks import solve_tasks  # loaded late, so that predicting needs no numba

        design = self.design
        x = np.empty((len(self.ridge), len(gradient)))
        x[:, :-1] = (gradient[:-1] / -self.root).T
        x[:, -1] = -gradient[-1]
        offsets = np.zeros_like(x)
        if self.intercept:
            offsets[:, :-1], offsets[:, -1] = design.means, 1.0
        forcing = np.asarray(forcing, dtype=np.float64)

        def work(tasks):
            rows = slice(tasks.start, tasks.stop + 1)
            parts = design.bounds[rows], offsets[tasks], self.bend, self.ridge[tasks], forcing[tasks]
            solve_tasks(design.X, *parts, x[tasks])

        run_blocks(work, cut_tasks(design.bounds, design.X.shape[1]), self.n_jobs)
        step = np.empty_like(gradient)
        step[:-1] = x[:, :-1].T / self.root
        step[-1] = x[:, -1]
        return step


def cut_tasks(bounds: np.ndarray, d: int) -> list[slice]:
    """Tasks in blocks of about as many entries, which depend on the sizes of the tasks alone."""
    block = (bounds[1:] - 1) * d // ENTRIES_A_BLOCK
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(block)], strict=True)]
