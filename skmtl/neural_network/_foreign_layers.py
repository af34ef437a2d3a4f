"""Layers of networks from elsewhere, besides those of ``nn``: other paddings, pools and orders."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..nn import Layer, Run, conv, remembered


def _n_windows(shape, size: int, stride: int, pad: int, shown: str) -> tuple[int, int]:
    rows, columns = ((side + 2 * pad - size) // stride + 1 for side in shape[:2])
    if len(shape) != 3 or min(rows, columns) < 1:
        raise ValueError(f"{shown}: windows of {size} x {size} do not fit samples of shape {shape}")
    return rows, columns


def _framed(X: np.ndarray, pad: int, value: float = 0.0) -> np.ndarray:
    """Images (n, h, w, c) with ``pad`` pixels of one value on each side."""
    if pad == 0:
        return X
    n, height, width, channels = X.shape
    out = np.full((n, height + 2 * pad, width + 2 * pad, channels), value, X.dtype)
    out[:, pad : pad + height, pad : pad + width] = X
    return out


def _unframed(X: np.ndarray, pad: int) -> np.ndarray:
    return X[:, pad : X.shape[1] - pad, pad : X.shape[2] - pad]


@remembered
def padded_conv(name: str, n_filters: int, size: int, stride: int, pad: int) -> Layer:
    """``nn.conv`` with ``pad`` zeros on each side, not ``size // 2``.

    That of ``nn.conv`` on a frame of more zeros, without what the filters say of windows that begin beyond
    ``pad``.
    """
    inner, own = conv(name, n_filters, size=size, stride=stride), size // 2
    more = max(pad - own, 0)
    more += (pad - own - more) % stride  # so that the first window is among those of the frame
    skip = (own + more - pad) // stride

    def init(rng, shape, dtype):
        grid = _n_windows(shape, size, stride, pad, f"convolution {name!r}")
        params, _ = inner.init(rng, (shape[0] + 2 * more, shape[1] + 2 * more, shape[2]), dtype)
        return params, (*grid, n_filters)

    def forward(params, X, run: Run):
        rows, columns = _n_windows(X.shape[1:], size, stride, pad, name)
        Y, back = inner.forward(params, _framed(X, more), run)
        seen = np.s_[:, skip : skip + rows, skip : skip + columns]

        def go_back(dY, need_input=True):
            whole = np.zeros(Y.shape, dY.dtype)
            whole[seen] = dY
            dX, gradients = back(whole, need_input=need_input)
            return (_unframed(dX, more) if need_input else None), gradients

        return np.ascontiguousarray(Y[seen]), go_back

    return Layer(init, forward)


@remembered
def max_windows(size: int, stride: int, pad: int) -> Layer:
    """The largest pixel of windows that may overlap; what is outside the image is not looked at.

    Among equal numbers the derivative goes to the first.
    """

    def init(rng, shape, dtype):
        if 2 * pad > size:
            raise ValueError(f"max_windows: pad={pad} is more than half of size={size}")
        return {}, (*_n_windows(shape, size, stride, pad, "MaxPool"), shape[2])

    def forward(params, X, run: Run):
        frame = _framed(X, pad, -np.inf)
        windows = sliding_window_view(frame, (size, size), axis=(1, 2))[:, ::stride, ::stride]
        flat = windows.reshape(*windows.shape[:4], -1)
        first = flat.argmax(axis=4)

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            dX = np.zeros(frame.shape, dY.dtype)
            for place in range(size * size):
                top, left = divmod(place, size)
                _each_window(dX, top, left, stride, dY.shape)[...] += dY * (first == place)
            return _unframed(dX, pad), {}

        return np.take_along_axis(flat, first[..., None], axis=4)[..., 0], back

    return Layer(init, forward)


def _each_window(X: np.ndarray, top: int, left: int, stride: int, shape) -> np.ndarray:
    """The pixel ``top``, ``left`` of each of the windows, which are (n, rows, columns, ...)."""
    rows, columns = shape[1:3]
    return X[:, top : top + stride * rows : stride, left : left + stride * columns : stride]


@remembered
def contrast_conv(name: str, n_filters: int, size: int, stride: int, pad: int, contrast: float) -> Layer:
    """``f . p / sqrt(v + contrast) + b`` of every patch p, with its variance v over pixels and channels.

    Parameters as of ``padded_conv``. The way back goes through the variance too.
    """
    inner, bias = padded_conv(name, n_filters, size, stride, pad), f"{name}.b"
    places = [divmod(place, size) for place in range(size * size)]

    def forward(params, X, run: Run):
        Y, inner_back = inner.forward(params, X, run)
        Y -= params[bias]
        frame = _framed(X, pad).astype(np.float64)  # in float32 a bright patch's variance is rounding error
        patches = [_each_window(frame, *place, stride, Y.shape) for place in places]
        count = len(places) * X.shape[3]
        mean = sum(part.sum(axis=3, keepdims=True) for part in patches) / count
        variance = sum((part**2).sum(axis=3, keepdims=True) for part in patches) / count - mean**2
        scale = 1 / np.sqrt(np.maximum(variance, 0) + contrast)

        def back(dY, need_input=True):
            dX, gradients = inner_back((dY * scale).astype(Y.dtype), need_input=need_input)
            gradients = gradients | {bias: dY.sum(axis=(0, 1, 2))}
            if not need_input:
                return None, gradients
            pull = -(dY * Y).sum(axis=3, keepdims=True) * scale**3 / count * (variance > 0)
            around = np.zeros(frame.shape)
            for place, part in zip(places, patches, strict=True):
                _each_window(around, *place, stride, Y.shape)[...] += pull * (part - mean)
            return dX + _unframed(around, pad).astype(X.dtype), gradients

        return (Y * scale).astype(Y.dtype) + params[bias], back

    return Layer(inner.init, forward)


@remembered
def rectified(activation: str, threshold: float) -> Layer:
    """Both sides of ``z``, ``max(z - t, 0)`` and ``max(-z - t, 0)``, as channels; the first; or their sum."""
    sides = {"two-sided": 2, "relu": 1, "abs": 1}[activation]

    def forward(params, Z, run: Run):
        above = np.maximum(Z - Z.dtype.type(threshold), 0)
        below = np.maximum(-Z - Z.dtype.type(threshold), 0)

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            up, down = np.split(dY, 2, axis=-1) if sides == 2 else (dY, dY)
            return up * (above > 0) - (down * (below > 0) if activation != "relu" else 0), {}

        if sides == 2:
            return np.concatenate([above, below], axis=-1), back
        return (above if activation == "relu" else above + below), back

    return Layer(lambda rng, shape, dtype: ({}, (*shape[:-1], sides * shape[-1])), forward)


@remembered
def grid_means(cells: int) -> Layer:
    """Means over ``cells`` x ``cells`` parts of an image, (n, h, w, c) -> (n, cells * cells * c)."""

    def init(rng, shape, dtype):
        if min(shape[:2]) < cells:
            raise ValueError(f"grid: {cells} x {cells} cells do not fit maps of {shape[0]} x {shape[1]}")
        return {}, (cells * cells * shape[2],)

    def forward(params, X, run: Run):
        edges = [np.arange(cells + 1) * side // cells for side in X.shape[1:3]]
        parts = [
            np.s_[:, edges[0][i] : edges[0][i + 1], edges[1][j] : edges[1][j + 1]]
            for i in range(cells)
            for j in range(cells)
        ]

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            dX = np.empty(X.shape, dY.dtype)
            for part, slope in zip(parts, np.split(dY, len(parts), axis=1), strict=True):
                dX[part] = slope[:, None, None] / math.prod(X[part].shape[1:3])
            return dX, {}

        return np.concatenate([X[part].mean(axis=(1, 2)) for part in parts], axis=1), back

    return Layer(init, forward)
