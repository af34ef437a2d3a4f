"""Tasks that own their rows: the column of X that says which task a row belongs to."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def encode_tasks(ids: np.ndarray, known: list, name: str, unknown: str) -> np.ndarray:
    """Task number of each row, (n,) intp; -1 for an unseen task where ``unknown`` is "shared"."""
    numbers = {task: number for number, task in enumerate(known)}
    distinct, inverse = _distinct(ids)
    codes = np.array([numbers.get(task, -1) for task in distinct], dtype=np.intp)[inverse]
    if unknown == "error" and (codes < 0).any():
        strangers = list(dict.fromkeys(ids[codes < 0].tolist()))
        raise ValueError(
            f"task_feature {name}: X has unknown tasks {_some(strangers)}; fit has seen {_some(known)}. "
            "Fit with unknown_task='shared' to serve them by the shared part of the model."
        )
    return codes


def find_task_column(X, task_feature) -> tuple[int, str]:
    """Position of ``task_feature`` in X and how to name it in messages.

    A name is looked up among the columns; where a ``ColumnTransformer`` has renamed it to
    ``step__name``, the only column with that suffix is taken.
    """
    n_columns = X.shape[1]
    if not isinstance(task_feature, str):
        if not -n_columns <= task_feature < n_columns:
            raise ValueError(f"task_feature={task_feature} is out of range: X has {n_columns} columns")
        return task_feature % n_columns, str(task_feature)
    if not hasattr(X, "columns"):
        raise ValueError(
            f"task_feature={task_feature!r} is a name, but X has no column names; pass a data frame or the "
            "column's index"
        )
    names = [str(name) for name in X.columns]
    found = [i for i, name in enumerate(names) if name == task_feature]
    found = found or [i for i, name in enumerate(names) if name.endswith(f"__{task_feature}")]
    if len(found) != 1:
        many = "no column" if not found else f"{len(found)} columns"
        raise ValueError(f"task_feature={task_feature!r} fits {many} of X; the columns are {_some(names)}")
    return found[0], repr(task_feature)


def split_task_column(X, position: int, name: str):
    """X without its task column, and the ids as an array of Python scalars' dtype."""
    if sp.issparse(X):
        ids = np.asarray(X[:, [position]].todense()).ravel()
        rest = sp.hstack([X[:, :position], X[:, position + 1 :]], format="csr")
    elif hasattr(X, "iloc"):
        ids, rest = X.iloc[:, position].to_numpy(), X.drop(columns=X.columns[position])
    elif hasattr(X, "columns"):
        ids, rest = X[X.columns[position]].to_numpy(), X.drop(X.columns[position])
    else:
        X = np.asarray(X)
        ids, rest = X[:, position], _without_column(X, position)
    return rest, _checked_ids(np.asarray(ids), name)


def _without_column(X: np.ndarray, position: int) -> np.ndarray:
    """X without a column: a view where it is the first or the last one."""
    if position == 0:
        return X[:, 1:]
    return X[:, :-1] if position == X.shape[1] - 1 else np.delete(X, position, axis=1)


def distinct_tasks(ids: np.ndarray, name: str) -> list:
    """The tasks of a training set in sorted order; one task only is an error."""
    distinct = _distinct(ids)[0]
    try:
        distinct.sort()
    except TypeError:  # ids of several types
        distinct.sort(key=lambda task: (type(task).__name__, str(task)))
    if len(distinct) < 2:
        raise ValueError(
            f"task_feature {name} is constant ({distinct[0]!r} in every row): multi-task learning needs at "
            "least two tasks"
        )
    return distinct


def _distinct(ids: np.ndarray) -> tuple[list, np.ndarray]:
    """The different ids, and the place of each row's among them (n,)."""
    if ids.dtype.kind != "O":
        distinct, inverse = np.unique(ids, return_inverse=True)
        return distinct.tolist(), inverse
    places: dict = {}
    inverse = np.array([places.setdefault(task, len(places)) for task in ids.tolist()], dtype=np.intp)
    return list(places), inverse


def _checked_ids(ids: np.ndarray, name: str) -> np.ndarray:
    if ids.dtype.kind == "O":
        numbers = [isinstance(task, float) for task in ids.tolist()]
        if all(numbers):
            ids = ids.astype(float)
        elif any(task is None or task != task for task in ids.tolist()):
            raise ValueError(f"task_feature {name} has missing values: every row must name its task")
    if ids.dtype.kind == "f":
        if not np.isfinite(ids).all():
            raise ValueError(
                f"task_feature {name} has missing or infinite values: every row must name its task"
            )
        if (ids != np.round(ids)).any():
            example = ids[ids != np.round(ids)][0]
            raise ValueError(
                f"task_feature {name} is continuous ({example:.6g}): task ids are whole numbers, texts or "
                "categories. If a scaler came before, keep the column out of it with a ColumnTransformer."
            )
        ids = ids.astype(np.int64)
    return ids


def _some(values: list) -> str:
    shown = ", ".join(repr(value) for value in values[:10])
    return shown if len(values) <= 10 else f"{shown}, ... ({len(values)} in all)"
