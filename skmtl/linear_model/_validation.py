"""Loss of held-out labels, task by task, for every candidate of a search."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..couplings import Coupling, QuadraticCoupling
from ..fitting._fit import FitProblem, FittedWeights
from ..fitting._options import FitData, FitOptions
from ..fitting._quadratic_fit import plain_ridge
from ..solvers import generalised_errors, left_out_errors
from ..targets import TaskTargets
from ._path import follow_path

# Fits of folds stop here: what is left moves a validation loss less than other folds would.
FOLD_TOL = 1e-4


@dataclass(frozen=True)
class Labelled:
    """Features and targets with the raw weights of the labels, and the losses of tasks of given classes."""

    X: np.ndarray
    targets: TaskTargets
    weight: np.ndarray
    losses: object

    def part(self, rows: np.ndarray) -> Labelled:
        """Some of the rows."""
        t = self.targets
        task = None if t.task is None else t.task[rows]
        targets = TaskTargets(t.form, t.names, t.values[rows], t.observed[rows], t.classes, task)
        return Labelled(self.X[rows], targets, self.weight[rows], self.losses)

    def problem(self, options: FitOptions) -> FitProblem:
        """The fit of these data."""
        return FitProblem(self.X, self.targets, self.weight, self.losses, options)

    def without_labels(self) -> list:
        """Names of the tasks without a label."""
        if self.targets.form == "rows":
            sums = np.bincount(self.targets.task, self.weight[:, 0], minlength=self.targets.n_tasks)
        else:
            sums = self.weight.sum(axis=0)
        return [self.targets.names[t] for t in np.flatnonzero(sums == 0)]


class HeldOut:
    """Labels that a fit has not seen: the mean loss of each task on them."""

    def __init__(self, held_out: Labelled, options: FitOptions):
        # nothing is centred, as weights are of the user's features; all labels keep their weights
        raw = replace(options, fit_intercept=False, loss_average="sample", intercept_penalty=0.0)
        self._data = held_out.problem(raw).raw_data()
        self._rows = held_out.targets.form == "rows"

    def losses(self, fitted: FittedWeights) -> np.ndarray:
        """(n_tasks,); NaN for tasks without a label."""
        data = self._data.loss
        Z, out = self._image(sum(fitted.seen_parts), fitted.b), np.full(self._data.targets.n_tasks, np.nan)
        for family, part in zip(self._data.families, data.parts, strict=True):
            raw = part.raw(Z)
            for place, t in enumerate(family.tasks):
                rows, j = (data.design.groups[t], 0) if self._rows else (slice(None), place)
                w = part.w[rows, j : j + 1]
                if w.any():
                    y, z = part.y[rows, j : j + 1], raw[rows, j : j + 1]
                    out[t] = part.loss.value(y, z, w) / w.sum()
        return out

    def _image(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Raw predictions; features that no task uses are left out where that saves half of the work."""
        used = W.any(axis=1)
        if self._rows or 2 * np.count_nonzero(used) > len(W):
            return self._data.loss.image(W, b)
        return self._data.X[:, used] @ W[used] + b


def fold_losses(train: Labelled, test: Labelled, options: FitOptions, candidates, look=None):
    """Losses (n_candidates, n_tasks) on ``test`` of fits to ``train``, and what ``look`` says of each.

    ``candidates`` are pairs of a coupling and its falling alphas; ``look(fitted, coupling)`` is called for
    each fit. Third, how many of the fits stopped short.
    """
    options = replace(options, tol=max(options.tol, FOLD_TOL))
    problem, held_out = train.problem(options), HeldOut(test, options)
    losses, seen, short = [], [], 0
    for coupling, alphas in candidates:
        for solution in follow_path(problem, coupling, alphas):
            fitted = problem.outside(coupling, solution)
            losses.append(held_out.losses(fitted))
            short += not solution.converged
            if look is not None:
                seen.append(look(fitted, coupling))
    return np.array(losses), seen, short


def left_out_losses(problem: FitProblem, candidates, *, exact: bool) -> np.ndarray:
    """Leave-one-out losses (n_candidates, n_tasks) of plain regressions, without fitting any."""
    return 0.5 * np.vstack([_left_out(problem, *candidate, exact) for candidate in candidates])


def _left_out(problem: FitProblem, coupling: Coupling, alphas: np.ndarray, exact: bool) -> np.ndarray:
    data = problem.data(coupling)[0]
    _check_left_out(data, coupling, "loo" if exact else "gcv")
    ridge, C = data.once(plain_ridge), coupling.covariance(data.targets.n_tasks)
    if not exact:
        return generalised_errors(ridge, C, alphas)
    X = data.X if data.loss.design.mean is None else data.X - data.loss.design.mean
    return left_out_errors(X, ridge, C, alphas)


def _check_left_out(data: FitData, coupling: Coupling, name: str) -> None:
    if not data.plain_regression:
        raise ValueError(
            f"cv={name!r} needs the squared loss on an X that is not sparse and that all tasks share, "
            "complete and equally weighted; use a number of folds"
        )
    if data.loss.shrinkage is not None:
        raise ValueError(f"cv={name!r} has no formula for shrunk intercepts; use a number of folds")
    if not isinstance(coupling, QuadraticCoupling) or coupling.learned:
        raise ValueError(
            f"cv={name!r} needs quadratic couplings that are not learned, got {coupling!r}; use a number of "
            "folds"
        )
