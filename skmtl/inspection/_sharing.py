"""Does learning together pay? A joint model against separate and pooled ones, task by task."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.stats import t as student
from sklearn.base import clone
from sklearn.model_selection import check_cv

from ..utils._sklearn import rows_of
from ..utils._table import text_table


@dataclass(frozen=True)
class Gain:
    """Paired difference of a model and the better baseline on one task.

    ``half_width`` is half the 95 % confidence interval of the mean difference over splits.
    """

    task: str
    baseline: str
    mean: float
    half_width: float

    @property
    def verdict(self) -> str:
        """ "helps", "hurts", or "cannot tell" where the interval holds zero."""
        if self.mean - self.half_width > 0:
            return "helps"
        return "hurts" if self.mean + self.half_width < 0 else "cannot tell"


@dataclass(frozen=True)
class SharingReport:
    """Scores of several models on the same splits; ``print`` it for the table.

    Attributes
    ----------
    task_names : list of str
    scores : dict of model -> (n_splits, n_tasks) array, larger is better
    seconds : dict of model -> mean seconds of one fit
    joint : list of str
        The models that share, each compared with the better of the other ones (the baselines).
    variance_factor : float
        ``1 / k`` where the k splits are disjoint; ``1 / k + n_test / n_train`` where they overlap, as
        they are then not independent (Nadeau & Bengio 2003, "Inference for the generalization error").
    """

    task_names: list
    scores: dict
    seconds: dict
    joint: list
    variance_factor: float

    def gain(self, model: str, task: str | None = None) -> Gain:
        """Gain of ``model`` on one task, or on the mean over tasks."""
        baselines = [name for name in self.scores if name not in self.joint]
        best = max(baselines, key=lambda name: self.mean(name, task))
        difference = self._of(model, task) - self._of(best, task)
        difference = difference[np.isfinite(difference)]
        if len(difference) < 2:
            return Gain(task or "all tasks", best, float(np.mean(difference)), float("inf"))
        spread = np.sqrt(self.variance_factor * difference.var(ddof=1))
        quantile = student.ppf(0.975, len(difference) - 1)
        return Gain(task or "all tasks", best, float(difference.mean()), float(quantile * spread))

    def mean(self, model: str, task: str | None = None) -> float:
        """Mean score of ``model`` over the splits, on one task or over all."""
        return float(np.nanmean(self._of(model, task)))

    def renamed(self, names: list) -> SharingReport:
        """The same report with other names for its tasks, in their order."""
        return replace(self, task_names=list(names))

    def rows(self) -> list[list[str]]:
        """The table's cells: a row per task, the mean over tasks last."""
        return [self._row(task) for task in [*self.task_names, None]]

    def __str__(self) -> str:
        gains = [f"{column} {model}" for model in self.joint for column in ("gain of", "verdict on")]
        table = text_table(["task", *self.scores, *gains], self.rows())
        seconds = ", ".join(f"{name} {value:.2f} s" for name, value in self.seconds.items())
        return f"{table}\nmean time of one fit: {seconds}"

    def _row(self, task: str | None) -> list[str]:
        cells = [f"{self.mean(name, task):.3f}" for name in self.scores]
        for model in self.joint:
            gain = self.gain(model, task)
            cells += [f"{gain.mean:+.3f} ± {gain.half_width:.3f} vs {gain.baseline}", gain.verdict]
        return [str(task) if task is not None else "all tasks", *cells]

    def _of(self, model: str, task: str | None) -> np.ndarray:
        scores = self.scores[model]
        return np.nanmean(scores, axis=1) if task is None else scores[:, self.task_names.index(task)]


def compare_sharing(
    models: Mapping[str, object],
    X,
    y,
    *,
    joint,
    cv=5,
    scores: Callable | None = None,
    step: Callable[[str], object] | None = None,
) -> SharingReport:
    """Fit every model on every split and compare the joint ones with the better baseline.

    Parameters
    ----------
    models : dict of name -> estimator
        Usually separate, pooled and joint models of the same tasks.
    X, y : as the models' ``fit`` takes them
    joint : str or list of str
        Which of the models share between tasks; the others are the baselines.
    cv : int, splitter, or list of (train, test) index pairs
    scores : callable (estimator, X, y) -> dict of task -> score, optional
        Larger is better; the estimator's own ``score_tasks`` by default.
    step : callable, optional
        Called with the model's name after each fit, for a progress bar.

    Returns
    -------
    SharingReport

    Raises
    ------
    ValueError
        Where ``joint`` names no model, all of them, or the models score different tasks.
    """
    joint = [joint] if isinstance(joint, str) else list(joint)
    if not joint or not set(joint) < set(models):
        raise ValueError(f"joint={joint} must name some but not all of the models {list(models)}")
    scores = scores or (lambda model, X, y: model.score_tasks(X, y))
    splits = list(check_cv(cv).split(X, y))
    results, seconds = {name: [] for name in models}, {name: [] for name in models}
    for train, test in splits:
        for name, model in models.items():
            began = time.perf_counter()
            fitted = clone(model).fit(rows_of(X, train), rows_of(y, train))
            seconds[name].append(time.perf_counter() - began)
            results[name].append(scores(fitted, rows_of(X, test), rows_of(y, test)))
            if step is not None:
                step(name)
    tasks = _common_tasks(results)
    return SharingReport(
        tasks,
        {
            name: np.array([[split[task] for task in tasks] for split in rows])
            for name, rows in results.items()
        },
        {name: float(np.mean(values)) for name, values in seconds.items()},
        joint,
        _variance_factor(splits),
    )


def _common_tasks(results: dict) -> list:
    tasks = list(next(iter(results.values()))[0])
    for name, rows in results.items():
        for split in rows:
            if list(split) != tasks:
                raise ValueError(f"model {name!r} scores the tasks {list(split)}, others {tasks}")
    return tasks


def _variance_factor(splits: list) -> float:
    sets = [(set(np.asarray(train).tolist()), set(np.asarray(test).tolist())) for train, test in splits]
    overlap = any((a[0] | a[1]) & (b[0] | b[1]) for a, b in combinations(sets, 2))
    sizes = np.mean([(len(train), len(test)) for train, test in sets], axis=0)
    return 1 / len(splits) + (sizes[1] / sizes[0] if overlap else 0.0)
