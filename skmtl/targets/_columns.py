"""From whatever the user calls ``y`` to one array per task."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def task_columns(y) -> tuple[list[np.ndarray], list[str] | None, bool]:
    """Split ``y`` into one 1-D array per task, the tasks' names (if ``y`` has any), and whether it is 1-D."""
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    if sp.issparse(y):
        raise ValueError("y is a sparse matrix; pass a dense array, y.toarray()")
    if hasattr(y, "columns") and hasattr(y, "to_numpy"):  # pandas or polars data frame
        names = [str(name) for name in y.columns]
        return [_plain(y[column]) for column in y.columns], names, False
    y = _plain(y)
    if y.dtype.names is not None:
        return _fields(y), list(y.dtype.names), False
    if y.ndim == 1:
        return [y], None, True
    if y.ndim == 2:
        return list(y.T), None, False
    raise ValueError(f"y must be 1-D or (n_samples, n_tasks), got an array of shape {y.shape}")


def observed_labels(column: np.ndarray, missing_label) -> np.ndarray:
    """Boolean mask of the entries that are labels: not NaN, None or NA, and not ``missing_label``."""
    if column.dtype.kind == "f":
        seen = ~np.isnan(column)
    elif column.dtype.kind == "O":
        seen = np.array([not _is_missing(value) for value in column], dtype=bool)
    else:
        seen = np.ones(len(column), dtype=bool)
    if not _is_missing(missing_label):
        seen[seen] = _differs(column[seen], missing_label)
    return seen


def _differs(values: np.ndarray, missing_label) -> np.ndarray:
    if isinstance(missing_label, str) != (values.dtype.kind in "US") and values.dtype.kind != "O":
        return np.ones(len(values), dtype=bool)  # a text never equals a number
    return np.array(values != missing_label, dtype=bool)


def _is_missing(value) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and value != value


def _plain(y) -> np.ndarray:
    """An array without pandas' or polars' own dtypes, without a copy where none is needed."""
    if hasattr(y, "to_numpy"):
        y = y.to_numpy()
    if isinstance(y, np.recarray):
        y = y.view(np.ndarray)
    y = np.asarray(y)
    if y.dtype.kind == "c":
        raise ValueError("Complex data not supported in y")
    if y.ndim == 0:
        raise ValueError(f"y must hold one entry per sample, got the single value {y!r}")
    return y


def _fields(y: np.ndarray) -> list[np.ndarray]:
    for name in y.dtype.names:
        if y.dtype[name].shape:
            raise ValueError(
                f"field {name!r} of y holds arrays of shape {y.dtype[name].shape} per sample; this "
                "estimator learns one number or label per task: use skmtl.MultiHeadEstimator for "
                "boxes, points and masks"
            )
    return [np.ascontiguousarray(y[name]) for name in y.dtype.names]


def join_labels(columns: list[np.ndarray]) -> np.ndarray:
    """One array (n, T) of predicted labels; of objects where the tasks' labels are of different kinds."""
    kinds = {"text" if column.dtype.kind in "US" else "number" for column in columns}
    if len(kinds) == 1:
        return np.column_stack(columns)
    joined = np.empty((len(columns[0]), len(columns)), dtype=object)
    for t, column in enumerate(columns):
        joined[:, t] = column
    return joined
