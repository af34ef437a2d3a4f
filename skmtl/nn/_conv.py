"""Convolution over images with the channels last, as one product with the patches of a batch."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._layer import Layer, Run, image_shape


def conv(name: str, n_filters: int, *, size: int = 3, stride: int = 1) -> Layer:
    """Cross-correlation of X (n, h, w, c) with ``name.W`` (size, size, c, k) plus ``name.b`` (k,).

    Zeros are added at the borders, ``size // 2`` on each side, so that with stride 1 and an odd size the
    output is (n, h, w, k); else the height is ``(h + 2 (size // 2) - size) // stride + 1``, the width alike.
    W starts normal with variance ``2 / (size^2 c)``.
    """
    weight, bias, pad = f"{name}.W", f"{name}.b", size // 2

    def init(rng, shape, dtype):
        height, width, channels = image_shape(f"conv layer {name!r}", shape)
        rows, columns = ((side + 2 * pad - size) // stride + 1 for side in (height, width))
        W = rng.standard_normal((size, size, channels, n_filters)) * np.sqrt(2 / (size * size * channels))
        return {weight: W.astype(dtype), bias: np.zeros(n_filters, dtype)}, (rows, columns, n_filters)

    def forward(params, X, run: Run):
        W = params[weight]
        flat = W.reshape(-1, n_filters)
        patches, made = _patches(X, size, stride, pad)
        Y = patches @ flat
        Y += params[bias]

        def back(dY, need_input=True):
            rows = dY.reshape(-1, n_filters)
            gradients = {weight: (patches.T @ rows).reshape(W.shape), bias: rows.sum(axis=0)}
            if not need_input:
                return None, gradients
            columns = (rows @ flat.T).reshape(*made, size, size, X.shape[3])
            return _scatter(columns, X.shape, stride, pad), gradients

        return Y.reshape(*made, n_filters), back

    return Layer(init, forward)


def _patches(X: np.ndarray, size: int, stride: int, pad: int) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Every patch as a row (rows, columns, channels flattened), and (n, output rows, output columns)."""
    if pad:
        X = np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = sliding_window_view(X, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    made = windows.shape[:3]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(np.prod(made), -1), made


def _scatter(columns: np.ndarray, shape: tuple[int, ...], stride: int, pad: int) -> np.ndarray:
    """The adjoint of ``_patches``: add every patch (n, rows, columns, size, size, c) back where it was."""
    n, height, width, channels = shape
    rows, across, size = columns.shape[1:4]
    out = np.zeros((n, height + 2 * pad, width + 2 * pad, channels), columns.dtype)
    for i in range(size):
        for j in range(size):
            down = slice(i, i + stride * rows, stride)
            out[:, down, j : j + stride * across : stride] += columns[:, :, :, i, j]
    return out[:, pad : pad + height, pad : pad + width]
