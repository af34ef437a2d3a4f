"""Trunks: what the tasks of a network share, as values with parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ..component import Component
from ..nn import Layer, batch_norm, chain, conv, dense, dropout, flatten, gelu, max_pool, pyramid, relu
from ._architecture import layer_sizes


class Trunk(Component, ABC):
    """Makes the shared layers; their output is a pyramid whose last level is a vector for each sample."""

    @abstractmethod
    def stages(self) -> list[Layer]:
        """The stages of the pyramid."""

    def layers(self) -> Layer:
        """The shared layers, as functions."""
        self._check()
        return pyramid(self.stages())

    def samples(self, X: np.ndarray) -> np.ndarray:
        """X as the layers take it, samples along the first axis, without a copy where none is needed."""
        return X

    def _check(self) -> None:
        if self.activation not in ("relu", "gelu"):
            raise ValueError(
                f"{type(self).__name__}: activation is 'relu' or 'gelu', got {self.activation!r}"
            )

    def _hidden(self) -> list[Layer]:
        sizes = layer_sizes(self.hidden_layer_sizes, f"{type(self).__name__}: hidden_layer_sizes")
        return [self._activated(dense(f"trunk.dense{i}", size), i) for i, size in enumerate(sizes)]

    def _activated(self, layer: Layer, i: int, kind: str = "dense") -> Layer:
        """The layer with what follows it; a convolution is pooled too."""
        parts = [layer]
        if self.batch_norm:
            parts.append(batch_norm(f"trunk.{kind}{i}.norm"))
        parts.append(relu() if self.activation == "relu" else gelu())
        if kind == "conv":
            # The largest is the largest after a ReLU too, which then has a quarter of the work.
            parts.insert(-1 if self.activation == "relu" else len(parts), max_pool(2))
        elif self.dropout:
            parts.append(dropout(self.dropout))
        return chain(*parts)


class DenseTrunk(Trunk):
    """Dense layers on rows of numbers.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (128,)
    activation : {"relu", "gelu"}, default "relu"
    dropout : float in [0, 1), default 0
        Share of numbers after each activation that are set to 0 while learning.
    batch_norm : bool, default False
    """

    def __init__(self, hidden_layer_sizes=(128,), *, activation="relu", dropout=0.0, batch_norm=False):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm

    def stages(self):
        return [chain(*self._hidden())]

    def samples(self, X):
        if X.ndim != 2:
            raise ValueError(f"DenseTrunk takes rows of numbers, X of shape (n, p); got {X.shape}")
        return X


class ConvTrunk(Trunk):
    """Blocks of a 3 x 3 convolution, an activation and 2 x 2 max pooling, then dense layers.

    Parameters
    ----------
    channels : sequence of int, default (32, 64, 64)
        Filters of each block; a block halves height and width.
    hidden_layer_sizes : int or sequence of int, default (128,)
        Dense layers on what the last block leaves.
    activation : {"relu", "gelu"}, default "relu"
    dropout : float in [0, 1), default 0
        For the dense layers.
    batch_norm : bool, default False
        Normalise every layer before its activation.
    image_shape : (height, width) or (height, width, channels), optional
        The shape of the images where X holds them as flat rows.
    """

    def __init__(
        self,
        channels=(32, 64, 64),
        hidden_layer_sizes=(128,),
        *,
        activation="relu",
        dropout=0.0,
        batch_norm=False,
        image_shape=None,
    ):
        self.channels = channels
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.image_shape = image_shape

    def stages(self):
        channels = layer_sizes(self.channels, "ConvTrunk: channels")
        blocks = [self._activated(conv(f"trunk.conv{i}", k), i, "conv") for i, k in enumerate(channels)]
        return [*blocks, chain(flatten(), *self._hidden())]

    def samples(self, X):
        if X.ndim == 2:
            if self.image_shape is None:
                raise ValueError(
                    "ConvTrunk takes images (n, h, w) or (n, h, w, c); flat rows need image_shape"
                )
            if int(np.prod(self.image_shape)) != X.shape[1]:
                raise ValueError(
                    f"ConvTrunk: image_shape={self.image_shape} does not fit rows of {X.shape[1]} numbers"
                )
            X = X.reshape(len(X), *self.image_shape)
        if X.ndim == 3:
            X = X[..., None]
        if X.ndim != 4:
            raise ValueError(f"ConvTrunk takes images (n, h, w[, c]), got X of shape {X.shape}")
        n_blocks = len(layer_sizes(self.channels, "ConvTrunk: channels"))
        least = 2**n_blocks
        if min(X.shape[1:3]) < least:
            raise ValueError(
                f"ConvTrunk: {n_blocks} blocks need images of at least {least} x {least} pixels, "
                f"got {X.shape[1]} x {X.shape[2]}; give fewer channels"
            )
        return X
