"""Products of features with each other, under weights of the rows that differ between columns of W."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

TINY = np.finfo(float).tiny


class RowTable(NamedTuple):
    """Groups of rows, about equally large, side by side: row numbers (k, m), and which are no padding."""

    rows: np.ndarray
    real: np.ndarray


def row_tables(bounds: np.ndarray) -> list[RowTable]:
    """The groups ``bounds[g]`` to ``bounds[g + 1]`` in tables that are more than half full."""
    sizes = np.diff(bounds)
    places = np.frexp(sizes)[1]  # groups whose sizes have as many binary digits stand in one table
    tables = []
    for place in np.unique(places[sizes > 0]):
        groups = np.flatnonzero(places == place)
        offset = np.arange(sizes[groups].max())[:, None]
        real = offset < sizes[groups]
        tables.append(RowTable(np.where(real, bounds[groups] + offset, bounds[groups]), real))
    return tables


class WeightedProducts(NamedTuple):
    """Second derivative in W and b: ``grams`` (P, d, d) as if b were at its best, ``cross`` (d, P) between
    W and b, and ``totals`` (P,) in b. Without intercepts ``cross`` is meaningless."""

    grams: np.ndarray
    cross: np.ndarray
    totals: np.ndarray


def weighted_products(X, mean: np.ndarray | None, H: np.ndarray) -> WeightedProducts:
    """``sum_i H_ip (x_i - m_p)(x_i - m_p)'`` (P, d, d) with the weighted means m, or 0 without ``mean``.

    Centring by the weights is what a free intercept does to the curvature in the weights. ``mean`` is any
    first guess of the means: it saves digits where they are large.

    Parameters
    ----------
    X : (n, d) float array or sparse matrix
        A sparse one is made dense: take few features at a time.
    mean : (d,) float or None
    H : (n, P) float, not negative
    """
    X = X.toarray() if sp.issparse(X) else X
    X = X if mean is None else X - mean
    out = np.empty((H.shape[1], X.shape[1], X.shape[1]))
    cross, totals = X.T @ H, H.sum(axis=0)
    for p, root in enumerate(np.sqrt(H.T)):
        rooted = X * root[:, None]
        np.dot(rooted.T, rooted, out=out[p])
    if mean is not None:
        out -= cross.T[:, :, None] * (cross / np.maximum(totals, TINY)).T[:, None, :]
    return WeightedProducts(out, cross, totals)
