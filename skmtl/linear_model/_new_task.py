"""A further task with few rows, solved in the geometry that the tasks of the fit have taught."""

from __future__ import annotations

import warnings
from copy import copy
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from ..losses import Loss
from ..solvers import newton_cg


class FrozenTask(NamedTuple):
    """What a new task is fitted to: rows X (n, d), targets y (n, 1), their weights (n, 1).

    ``origin`` (d, C) is the shared part of the weights, ``factor`` (d, r) a root of their covariance.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    loss: Loss
    origin: np.ndarray
    factor: np.ndarray


class FrozenProblem:
    r"""``sum_i w_i l(y_i, z_i) + alpha / 2 |u|^2 + shrink / 2 |b + m'W - level|^2`` for ``newton_cg``.

    ``z = X W + b`` with ``W = w_0 + F u``; the vector x holds u (r, C), then b (C,) of the centred X.
    """

    def __init__(self, task: FrozenTask, alpha: float, *, intercept: bool, shrink: float = 0.0, level=0.0):
        self.task, self.alpha, self.intercept = task, alpha, intercept
        self.shrink, self.level = shrink, level
        self.quadratic = task.loss.quadratic
        self.A, self.offset = task.X @ task.factor, task.X @ task.origin
        self.shape = self.A.shape[1], task.origin.shape[1]

    def start(self) -> np.ndarray:
        return np.zeros((self.shape[0] + 1) * self.shape[1], self.offset.dtype)

    def weights(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (d, C) and b (C,)."""
        u, b = self.unpack(x)
        return self.task.origin + self.task.factor @ u, b

    def value_gradient(self, x):
        u, b = self.unpack(x)
        Z = self._image(u, b) + self.offset[:, None, :]
        task, away = self.task, b - self.level
        value = task.loss.value(task.y, Z, task.weight) + 0.5 * self.alpha * float(np.vdot(u, u))
        value += 0.5 * self.shrink * float(np.vdot(away, away))
        return value, self._pull_back(task.loss.gradient(task.y, Z, task.weight), u, away)

    def hessian(self, x):
        u, b = self.unpack(x)
        Z = self._image(u, b) + self.offset[:, None, :]
        bend = self.task.loss.curvature(self.task.y, Z, self.task.weight)

        def product(v: np.ndarray) -> np.ndarray:
            du, db = self.unpack(v)
            return self._pull_back(bend.apply(self._image(du, db)), du, db)

        H = np.asarray(bend.diagonal)[:, 0, :]
        squares = self.A.multiply(self.A) if sp.issparse(self.A) else self.A**2
        levels = H.sum(axis=0) + self.shrink if self.intercept else np.ones(self.shape[1], H.dtype)
        return product, np.concatenate([(squares.T @ H + self.alpha).ravel(), levels])

    def _image(self, u: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (self.A @ u + b)[:, None, :]

    def _pull_back(self, R: np.ndarray, u: np.ndarray, away: np.ndarray) -> np.ndarray:
        R = R[:, 0, :]
        levels = R.sum(axis=0) + self.shrink * away if self.intercept else np.zeros_like(away)
        return np.concatenate([(self.A.T @ R + self.alpha * u).ravel(), levels])

    def unpack(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r, C = self.shape
        return x[: r * C].reshape(r, C), x[r * C :]


def solve_frozen(problem: FrozenProblem, tol: float, max_iter: int) -> tuple[np.ndarray, np.ndarray]:
    """W (d, C) and b (C,) of the new task; a warning where Newton's method stops short."""
    x = problem.start()
    scale = float(np.abs(problem.value_gradient(x)[1]).max())
    result = newton_cg(problem, x, tol=tol, max_iter=max_iter, gradient_scale=scale)
    if not result.converged:
        warnings.warn(
            f"fit_new_task stopped after {result.n_iter} iterations with a relative gradient of "
            f"{result.residual:.2g} (tol={tol:g}): raise max_iter or alpha, or standardise the features",
            ConvergenceWarning,
            stacklevel=4,
        )
    return problem.weights(result.x)


def with_task(model, place: int, name, columns: np.ndarray, b: np.ndarray):
    """A copy of a fitted model with a further task in family ``place``; the model is left as it is."""
    new = copy(model)
    start = model._families[place].columns.stop
    zeros = np.zeros_like(columns)
    if model._parts is not None:
        added = [columns, *[zeros] * (len(model._parts) - 1)]
        pairs = zip(model._parts, added, strict=True)
        new._parts = [_inserted(part, start, more) for part, more in pairs]
    new._W = _inserted(model._W, start, columns)
    new._b = np.concatenate([model._b[:start], b, model._b[start:]])
    new._layout = [
        (tasks if i != place else np.append(tasks, model.n_tasks_), first + len(b) * (i > place), width)
        for i, (tasks, first, width) in enumerate(model._layout)
    ]
    new.n_tasks_ = model.n_tasks_ + 1
    names = [*model.task_names_in_.tolist(), name]
    new.task_names_in_ = np.array(names)
    if model._task_ids is not None:
        new._task_ids = names
    elif model._classify:
        new.classes_ = [*model.classes_, model.classes_[int(model._layout[place][0][0])]]
    return new


def _inserted(W: np.ndarray, start: int, columns: np.ndarray) -> np.ndarray:
    return np.hstack([W[:, :start], columns, W[:, start:]])
