"""Tasks that lack some of the features: block-missing sources."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ..design import Family
from ..targets import TaskTargets


class MaskedDesign:
    """A design in which a task sees only its own features: the others' weights change no prediction.

    Parameters
    ----------
    design : SharedDesign
    mask : (d, P) bool
        True where the column has the feature.
    """

    def __init__(self, design, mask: np.ndarray):
        self.design, self.mask = design, mask
        self.groups, self.tables = design.groups, design.tables

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.design.forward(W * self.mask, b)

    def adjoint(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        G, total = self.design.adjoint(R)
        return G * self.mask, total

    def diagonal(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        D, total = self.design.diagonal(H)
        return D * self.mask, total

    def uncentered(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.design.uncentered(W * self.mask, b)


def checked_mask(feature_mask, targets: TaskTargets, n_features: int) -> np.ndarray | None:
    """``feature_mask`` as (n_tasks, n_features) bool; None where every task has every feature."""
    if feature_mask is None:
        return None
    mask = np.asarray(feature_mask)
    if mask.shape != (targets.n_tasks, n_features):
        raise ValueError(
            f"feature_mask must be (n_tasks, n_features) = ({targets.n_tasks}, {n_features}), got shape "
            f"{mask.shape}"
        )
    if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
        raise ValueError(f"feature_mask must hold True and False only, got entries of type {mask.dtype}")
    mask = mask.astype(bool)
    for name, has in zip(targets.names, mask, strict=True):
        if not has.any():
            raise ValueError(f"feature_mask leaves the task {name!r} without any feature")
    return None if mask.all() else mask


def hide_features(X, task: np.ndarray, mask: np.ndarray):
    """A copy of X (n, d), zero where the row's task lacks the feature."""
    if sp.issparse(X):
        X = X.tocsr().astype(X.dtype, copy=True)
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        X.data[~mask[task[rows], X.indices]] = 0
        X.eliminate_zeros()
        return X
    X = X.copy()
    for t, has in enumerate(mask):
        X[np.ix_(task == t, ~has)] = 0
    return X


def column_mask(mask: np.ndarray, families: list[Family]) -> np.ndarray:
    """The mask of the columns of W: (d, P) bool."""
    return np.concatenate([np.repeat(mask[f.tasks], f.n_columns, axis=0) for f in families]).T
