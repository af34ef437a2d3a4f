"""The coordinates in which the models of all heads are fitted: standardised, rotated, cut off."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh
from sklearn.utils.extmath import randomized_svd

# Beyond this many rows and columns an exact decomposition takes longer than all the models.
_EXACT = 2000


def fit_basis(block: np.ndarray, weight: np.ndarray, n_components: int | None, by_column: bool) -> dict:
    """Learn the coordinates of one block of inputs, (n, p).

    ``by_column`` divides each column by its standard deviation, so that the block's total variance is
    its number of varying columns; otherwise the whole block is divided by one number and has total
    variance 1. A penalty on squared coefficients does not notice a rotation; where p is above
    ``n_components``, only the leading principal directions are kept.
    """
    share = weight / weight.sum()
    mean = share @ block
    centred = block - mean
    variance = share @ centred**2
    # Rounding leaves a constant column a variance near 1e-32 of its square, never more.
    varies = variance > 1e-20 * (mean**2 + variance)
    if by_column:
        scale = np.where(varies, np.sqrt(np.where(varies, variance, 1.0)), 1.0)
        total = float(varies.sum())
    else:
        scale, total = np.full(len(mean), np.sqrt(variance.sum()) or 1.0), 1.0
    basis = {"mean": mean, "scale": scale, "total": max(total, 1.0), "rotation": None}
    if n_components is not None and block.shape[1] > n_components:
        basis["rotation"] = _directions(centred / scale * np.sqrt(share)[:, None], n_components)
    return basis


def apply_basis(basis: dict, block: np.ndarray) -> np.ndarray:
    """(n, p) inputs in the coordinates of ``basis``, float64."""
    z = (block - basis["mean"]) / basis["scale"]
    return z if basis["rotation"] is None else z @ basis["rotation"]


def _directions(a: np.ndarray, r: int) -> np.ndarray:
    """The leading right singular vectors of ``a``, (p, at most r), signs fixed by their largest entry."""
    n, p = a.shape
    r = min(r, n, p)
    if min(n, p) > _EXACT:
        v = randomized_svd(a, r, n_iter=4, random_state=0)[2].T
    elif p <= n:
        v = eigh(a.T @ a, subset_by_index=(p - r, p - 1))[1]
    else:
        values, u = eigh(a @ a.T, subset_by_index=(n - r, n - 1))
        solid = values > 1e-12 * values[-1]
        v = a.T @ (u[:, solid] / np.sqrt(values[solid]))
    return v * np.sign(v[np.abs(v).argmax(axis=0), np.arange(v.shape[1])])
