"""One number for many tasks: the relative gain over single-task baselines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ._observed import checked_average, mean_observed


def relative_gain(scores, baseline, *, lower_is_better=False, average: str | None = "macro"):
    """Mean over tasks of the relative gain over the tasks' own models.

    ``Delta_m = 1/T sum_t (-1)^(l_t) (M_t - B_t) / B_t`` with l_t = 1 where less is better.

    Parameters
    ----------
    scores : (n_tasks,) array-like, or dict of task -> score
        M_t, of the multi-task model.
    baseline : the same form, and for a dict the same tasks
        B_t, of a separate model per task; B_t > 0.
    lower_is_better : bool, (n_tasks,) array-like of bool, or dict of task -> bool
        Which scores are errors or losses.
    average : {"macro", "worst"} or None
        The mean over tasks, the worst task, or None for an array over tasks.

    Returns
    -------
    float, or (n_tasks,) float64
        A share: 0.05 is 5 % better. A task that is NaN on either side is left out.

    Raises
    ------
    ValueError
        For different tasks, infinite scores, a baseline that is not positive.

    References
    ----------
    Maninis, Radosavovic & Kokkinos (2019), "Attentive single-tasking of multiple tasks", eq. 4.

    Examples
    --------
    >>> relative_gain([0.9, 2.0], [0.75, 2.5], lower_is_better=[False, True])
    0.2
    """
    checked_average(average, ("macro", "worst", None))
    names = list(baseline) if isinstance(baseline, Mapping) else None
    model, single = _values(scores, names, "scores"), _values(baseline, names, "baseline")
    if model.shape != single.shape:
        raise ValueError(f"scores has {len(model)} tasks, baseline {len(single)}")
    if (single <= 0).any():
        raise ValueError(
            f"baseline must be > 0 for every task: a gain relative to {single.min():g} says nothing"
        )
    lower = lower_is_better if np.ndim(lower_is_better) or isinstance(lower_is_better, Mapping) else None
    lower = (
        np.full(len(model), bool(lower_is_better))
        if lower is None
        else _values(lower, names, "lower_is_better")
    )
    if lower.shape != model.shape:
        raise ValueError(f"lower_is_better has {len(lower)} entries, but there are {len(model)} tasks")
    gain = np.where(lower, -1.0, 1.0) * (model - single) / single
    if average is None:
        return gain
    seen = gain[~np.isnan(gain)]
    return mean_observed(gain) if average == "macro" or not len(seen) else float(seen.min())


def _values(given, names: list | None, what: str) -> np.ndarray:
    if isinstance(given, Mapping) != (names is not None):
        raise ValueError(f"{what} and baseline must both be dicts of task -> value, or both arrays")
    if names is not None:
        if set(given) != set(names):
            raise ValueError(f"{what} has the tasks {list(given)}, baseline {names}")
        given = [given[name] for name in names]
    values = np.asarray(given, dtype=np.float64)
    if values.ndim != 1 or np.isinf(values).any():
        raise ValueError(f"{what} must be one finite number (or NaN) per task, got {values}")
    return values
