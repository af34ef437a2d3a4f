"""Pooling, up-sampling and flattening of images with the channels last."""

from __future__ import annotations

import numpy as np

from ._layer import Layer, Run, image_shape


def max_pool(size: int = 2) -> Layer:
    """The largest of each ``size`` x ``size`` square; rows and columns that fill no square are left out.

    Among equal numbers the derivative goes to the first.
    """

    def forward(params, X, run: Run):
        squares = _squares(X, size)
        where = squares.argmax(axis=3)[:, :, :, None]

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            parts = np.zeros(squares.shape, dY.dtype)
            np.put_along_axis(parts, where, dY[:, :, :, None], axis=3)
            return _unsquare(parts, X.shape, size), {}

        return np.take_along_axis(squares, where, axis=3)[:, :, :, 0], back

    return Layer(_pooled_shape("max_pool", size), forward)


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


def up_sample(size: int = 2) -> Layer:
    """Each pixel becomes a ``size`` x ``size`` square: (n, h, w, c) -> (n, size h, size w, c)."""

    def init(rng, shape, dtype):
        height, width, channels = image_shape(f"up_sample({size})", shape)
        return {}, (size * height, size * width, channels)

    def forward(params, X, run: Run):
        def back(dY, need_input=True):
            return (_squares(dY, size).sum(axis=3) if need_input else None), {}

        return X.repeat(size, axis=1).repeat(size, axis=2), back

    return Layer(init, forward)


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
