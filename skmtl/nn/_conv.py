"""Convolution over images with the channels last, as one product with the patches of a batch."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._layer import Layer, Run, image_shape, remembered

#: Bytes of patches that are made at a time.
PATCH_BYTES = 2**21


@remembered
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
        blocks = _blocks(X, size)
        Y = np.concatenate([_product(X[block], flat, size, stride) for block in blocks])
        Y += params[bias]

        def back(dY, need_input=True):
            dW = np.zeros_like(flat)
            parts = []
            for block in blocks:
                slope = dY[block]
                rows = slope.reshape(-1, n_filters)
                dW += _patches(X[block], size, stride).reshape(len(rows), -1).T @ rows
                if need_input:
                    columns = (rows @ flat.T).reshape(*slope.shape[:3], size, size, X.shape[3])
                    parts.append(_scatter(columns, X[block].shape, stride))
            gradients = {weight: dW.reshape(W.shape), bias: dY.reshape(-1, n_filters).sum(axis=0)}
            return (np.concatenate(parts) if need_input else None), gradients

        return Y, back

    return Layer(init, forward)


def _blocks(X: np.ndarray, size: int) -> list[slice]:
    """Images of a batch in blocks whose patches fit into the cache; the way back makes them anew."""
    patches = X[:1].nbytes * size * size
    step = max(PATCH_BYTES // patches, 1)
    return [slice(first, first + step) for first in range(0, len(X), step)]


def _product(X: np.ndarray, flat: np.ndarray, size: int, stride: int) -> np.ndarray:
    patches = _patches(X, size, stride)
    return (patches.reshape(-1, len(flat)) @ flat).reshape(*patches.shape[:3], -1)


def _patches(X: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Every patch of the padded images: (n, rows, columns, size, size, c), contiguous."""
    pad = size // 2
    n, height, width, channels = X.shape
    padded = np.zeros((n, height + 2 * pad, width + 2 * pad, channels), X.dtype)
    padded[:, pad : pad + height, pad : pad + width] = X
    windows = sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    return np.ascontiguousarray(windows.transpose(0, 1, 2, 4, 5, 3))


def _scatter(columns: np.ndarray, shape: tuple[int, ...], stride: int) -> np.ndarray:
    """The adjoint of ``_patches``: add every patch (n, rows, columns, size, size, c) back where it was."""
    n, height, width, channels = shape
    pad = columns.shape[3] // 2
    rows, across, size = columns.shape[1:4]
    out = np.zeros((n, height + 2 * pad, width + 2 * pad, channels), columns.dtype)
    for i in range(size):
        for j in range(size):
            down = slice(i, i + stride * rows, stride)
            out[:, down, j : j + stride * across : stride] += columns[:, :, :, i, j]
    return out[:, pad : pad + height, pad : pad + width]
