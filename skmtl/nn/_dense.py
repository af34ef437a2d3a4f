"""Dense layers."""

from __future__ import annotations

import numpy as np

from ._layer import Layer, Run, remembered


@remembered
def dense(name: str, n_outputs: int, *, gain: float = 2.0) -> Layer:
    """``Y = X W + b`` of X (n, d), dense or sparse rows; parameters ``name.W`` (d, k) and ``name.b`` (k,).

    W starts normal with variance ``gain / d``: 2 before a ReLU (He et al. 2015, eq. 10), 1 before an output.
    """
    weight, bias = f"{name}.W", f"{name}.b"

    def init(rng, shape, dtype):
        if len(shape) != 1:
            raise ValueError(f"dense layer {name!r} takes rows of numbers, got samples of shape {shape}")
        W = rng.standard_normal((shape[0], n_outputs)) * np.sqrt(gain / shape[0])
        return {weight: W.astype(dtype), bias: np.zeros(n_outputs, dtype)}, (n_outputs,)

    def forward(params, X, run: Run):
        W = params[weight]
        Y = _product(X, W, run)
        Y += params[bias]

        def back(dY, need_input=True):
            gradients = {weight: _product(X.T, dY, run), bias: dY.sum(axis=0)}
            if not need_input:
                return None, gradients
            # a product with one row is no work for BLAS, and slow without it
            return (dY * W.T if n_outputs == 1 else _product(dY, W.T, run)), gradients

        return Y, back

    return Layer(init, forward)


def _product(A, B: np.ndarray, run: Run) -> np.ndarray:
    """``A B`` in the room of ``run``; A may be sparse."""
    if run.room is None or not isinstance(A, np.ndarray):
        return A @ B
    return np.matmul(A, B, out=run.empty((A.shape[0], B.shape[1]), np.result_type(A, B)))


@remembered
def ordered_biases(name: str, n_outputs: int) -> Layer:
    """One score a sample (n, 1) and k biases: ``Y = X + b``, (n, k); parameter ``name.b``.

    With the ordinal loss this is the output layer of CORAL (Cao, Mirjalili & Raschka 2020): all
    thresholds share the score, and at the optimum the biases do not increase.
    """
    bias = f"{name}.b"

    def init(rng, shape, dtype):
        if shape != (1,):
            raise ValueError(f"ordered_biases {name!r} takes one score a sample, got shape {shape}")
        return {bias: np.zeros(n_outputs, dtype)}, (n_outputs,)

    def forward(params, X, run: Run):
        def back(dY, need_input=True):
            dX = dY.sum(axis=1, keepdims=True) if need_input else None
            return dX, {bias: dY.sum(axis=0)}

        return X + params[bias], back

    return Layer(init, forward)
