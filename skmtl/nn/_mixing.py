"""Sums of arrays with learned weights: what ties columns of tasks, and shares experts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._combine import chain
from ._dense import dense
from ._layer import Layer, Run, remembered
from ._levels import Levels
from ._losses_classes import softmax

STITCH = 1 / 8


@remembered
def stitch(name: str, start: np.ndarray) -> Layer:
    """``Y_t = sum_s A_ts X_s``: m sums of n arrays of one shape, with A (m, n) first ``start``.

    ``A = start + name.W / 8``. One number of A multiplies a whole array: a penalty on the weights of dense
    layers would be evaded by small weights and a large A. With the factor it holds A to ``start`` as firmly
    as a layer of 64 numbers. A cross-stitch unit where m = n (Misra, Shrivastava, Gupta & Hebert 2016,
    eq. 1).

    Raises
    ------
    ValueError
        At ``init``, where the arrays differ in shape or in number from the columns of ``start``.
    """
    key, (m, n) = f"{name}.W", np.shape(start)

    def init(rng, shape, dtype):
        if len(shape) != n or len(set(shape)) > 1:
            raise ValueError(f"stitch {name!r} adds {n} arrays of one shape, got the shapes {shape}")
        return {key: np.zeros((m, n), dtype)}, (shape[0],) * m

    def forward(params, H, run: Run):
        A = stitching(start, params[key])

        def back(slopes, need_input=True):
            told = [(t, slope) for t, slope in enumerate(slopes) if slope is not None]
            dW = np.zeros_like(A)
            for t, slope in told:
                dW[t] = [np.vdot(slope, X) * STITCH for X in H]
            if not need_input:
                return None, {key: dW}
            return Levels(sum(A[t, s] * slope for t, slope in told) for s in range(n)), {key: dW}

        return Levels(sum(a * X for a, X in zip(row, H, strict=True)) for row in A), back

    return Layer(init, forward)


def stitching(start: np.ndarray, W: np.ndarray) -> np.ndarray:
    """The matrix A of ``stitch`` with these parameters."""
    return np.asarray(start, W.dtype) + STITCH * W


@remembered
def gate(name: str, n: int) -> Layer:
    """Shares (b, n) that are positive and sum to 1: ``softmax(X W + b)`` of samples of any shape.

    Parameters ``name.W`` and ``name.b`` begin as zeros: equal shares. Ma et al. (2018), eq. 7.
    """
    return chain(_flat_rows(), dense(name, n, gain=0.0), _shares())


def _flat_rows() -> Layer:
    """Samples as rows; rows, which may be sparse, as they are."""

    def forward(params, X, run: Run):
        def back(dY, need_input=True):
            return (dY.reshape(X.shape) if need_input else None), {}

        return (X if X.ndim == 2 else X.reshape(len(X), -1)), back

    return Layer(lambda rng, shape, dtype: ({}, (int(np.prod(shape)),)), forward)


def _shares() -> Layer:
    def forward(params, Z, run: Run):
        P, _ = softmax(Z)

        def back(dP, need_input=True):
            return P * (dP - (dP * P).sum(axis=1, keepdims=True)), {}

        return P, back

    return Layer(lambda rng, shape, dtype: ({}, shape), forward)


@remembered
def gated(gate: Layer, places: Sequence[int]) -> Layer:
    """Each of ``places`` of ``Levels``, itself n arrays, summed with the shares of a gate on place 0.

    Place 0 is passed on and the places that are not named are None. Ma et al. (2018), eq. 6.
    """

    def init(rng, shape, dtype):
        params, (n,) = gate.init(rng, shape[0], dtype)
        for i in places:
            if len(shape[i]) != n or len(set(shape[i])) > 1:
                raise ValueError(f"gated: {n} arrays of one shape are needed, got the shapes {shape[i]}")
        kept = {0: shape[0], **{i: shape[i][0] for i in places}}
        return params, tuple(kept.get(i) for i in range(len(shape)))

    def forward(params, H, run: Run):
        P, gate_back = gate.forward(params, H[0], run)

        def back(slopes, need_input=True):
            below, dP = [slopes[0], *[None] * (len(H) - 1)], np.zeros_like(P)
            for i in places:
                if slopes[i] is not None:
                    below[i] = Levels(_each(share, slopes[i]) * slopes[i] for share in P.T)
                    dP += np.stack([_inner(slopes[i], part) for part in H[i]], axis=1)
            dX, gradients = gate_back(dP, need_input=need_input)
            if not need_input:
                return None, gradients
            below[0] = dX if below[0] is None else below[0] + dX
            return Levels(below), gradients

        mixed = {i: sum(_each(p, X) * X for p, X in zip(P.T, H[i], strict=True)) for i in places}
        mixed[0] = H[0]
        return Levels(mixed.get(i) for i in range(len(H))), back

    return Layer(init, forward)


def _each(share: np.ndarray, like: np.ndarray) -> np.ndarray:
    """One number a sample, to be multiplied with arrays of any shape."""
    return share.reshape(-1, *[1] * (like.ndim - 1))


def _inner(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner product of each sample of a with that of b (n,)."""
    return (a * b).reshape(len(a), -1).sum(axis=1)
