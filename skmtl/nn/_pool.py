"""Pooling, resizing and flattening of images with the channels last."""

from __future__ import annotations

import numpy as np

from ._layer import PASS, Layer, Run, image_shape, remembered


@remembered
def max_pool(size: int = 2) -> Layer:
    """The largest of each ``size`` x ``size`` square; rows and columns that fill no square are left out.

    Among equal numbers the derivative goes to the first.
    """

    def forward(params, X, run: Run):
        from ..kernels import largest  # numba: only who has such a layer waits for it

        X, shape = np.ascontiguousarray(X), X.shape
        Y = run.empty((shape[0], shape[1] // size, shape[2] // size, shape[3]), X.dtype)
        codes = run.empty(Y.shape, np.min_scalar_type(size * size - 1))
        cost = PASS * X[:1].size
        run.share(lambda part: largest.largest(X[part], size, Y[part], codes[part]), len(X), cost)

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            dY, whole = np.ascontiguousarray(dY), shape[1] % size == shape[2] % size == 0
            dX = run.empty(shape, dY.dtype)
            if not whole:
                dX[...] = 0

            def work(part):
                largest.slopes_of_largest(dY[part], codes[part], size, dX[part])

            run.share(work, len(dX), cost)
            return dX, {}

        return Y, back

    return Layer(_pooled_shape("max_pool", size), forward)


@remembered
def mean_pool(size: int = 2) -> Layer:
    """The mean of each ``size`` x ``size`` square; rows and columns that fill no square are left out."""

    def forward(params, X, run: Run):
        squares = _squares(X, size)

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            parts = np.broadcast_to((dY / size**2)[:, :, :, None], squares.shape)
            return _unsquare(parts, X.shape, size), {}

        return squares.mean(axis=3), back

    return Layer(_pooled_shape("mean_pool", size), forward)


@remembered
def resize(height: int, width: int) -> Layer:
    """The nearest pixel of the input for each of the output: (n, h, w, c) -> (n, height, width, c)."""

    def init(rng, shape, dtype):
        return {}, (height, width, image_shape("resize", shape)[2])

    def forward(params, X, run: Run):
        rows, columns = (
            np.arange(new) * old // new for new, old in zip((height, width), X.shape[1:3], strict=True)
        )

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            return _gather(_gather(dY, rows, X.shape[1], axis=1), columns, X.shape[2], axis=2), {}

        return X[:, rows][:, :, columns], back

    return Layer(init, forward)


def _gather(Y: np.ndarray, source: np.ndarray, length: int, axis: int) -> np.ndarray:
    """The adjoint of taking ``source``, in rising order, along an axis that was ``length`` long."""
    if Y.shape[axis] % length == 0:
        times = Y.shape[axis] // length
        return Y.reshape(*Y.shape[:axis], length, times, *Y.shape[axis + 1 :]).sum(axis=axis + 1)
    used, first = np.unique(source, return_index=True)
    shape = list(Y.shape)
    shape[axis] = length
    out = np.zeros(shape, Y.dtype)
    np.moveaxis(out, axis, 0)[used] = np.moveaxis(np.add.reduceat(Y, first, axis=axis), axis, 0)
    return out


@remembered
def global_mean() -> Layer:
    """The mean over all pixels: (n, h, w, c) -> (n, c)."""

    def init(rng, shape, dtype):
        return {}, image_shape("global_mean", shape)[2:]

    def forward(params, X, run: Run):
        def back(dY, need_input=True):
            spread = dY[:, None, None] / (X.shape[1] * X.shape[2])
            return (np.broadcast_to(spread, X.shape).copy() if need_input else None), {}

        return X.mean(axis=(1, 2)), back

    return Layer(init, forward)


@remembered
def flatten() -> Layer:
    """Each sample as one row of numbers."""

    def forward(params, X, run: Run):
        return X.reshape(len(X), -1), lambda dY, need_input=True: (dY.reshape(X.shape), {})

    return Layer(lambda rng, shape, dtype: ({}, (int(np.prod(shape)),)), forward)


def _pooled_shape(name: str, size: int):
    def init(rng, shape, dtype):
        height, width, channels = image_shape(f"{name}({size})", shape)
        if min(height, width) < size:
            raise ValueError(f"{name}({size}) takes images of at least {size} x {size}, got {shape}")
        return {}, (height // size, width // size, channels)

    return init


def _squares(X: np.ndarray, size: int) -> np.ndarray:
    """X cut into squares: (n, h // size, w // size, size^2, c)."""
    n, height, width, channels = X.shape
    rows, columns = height // size, width // size
    cut = X[:, : rows * size, : columns * size].reshape(n, rows, size, columns, size, channels)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(n, rows, columns, size * size, channels)


def _unsquare(parts: np.ndarray, shape: tuple[int, ...], size: int) -> np.ndarray:
    """The adjoint of ``_squares``; 0 in what it left out."""
    n, rows, columns, _, channels = parts.shape
    whole = parts.reshape(n, rows, columns, size, size, channels).transpose(0, 1, 3, 2, 4, 5)
    out = np.zeros(shape, parts.dtype)
    out[:, : rows * size, : columns * size] = whole.reshape(n, rows * size, columns * size, channels)
    return out
