"""The trunk of convolutions on images."""

from __future__ import annotations

import numpy as np

from ..nn import Layer, batch_norm, chain, conv, flatten, max_pool
from ._architecture import activated, dense_layers, layer_sizes
from ._trunks import Trunk, check_options, hidden_sizes


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

    def check(self):
        check_options(self)
        self._channels()

    def n_maps(self):
        return len(self._channels()) + 1

    def stages(self, name="trunk"):
        blocks = [self._block(f"{name}.conv{i}", k) for i, k in enumerate(self._channels())]
        hidden = dense_layers(f"{name}.dense", hidden_sizes(self), vars(self))
        return [*blocks, chain(flatten(), *hidden[:1]), *hidden[1:]]

    def _block(self, name: str, n_filters: int) -> Layer:
        parts = [conv(name, n_filters)]
        if self.batch_norm:
            parts.append(batch_norm(f"{name}.norm"))
        parts.append(activated(self.activation))
        # The largest is the largest after a ReLU too, which then has a quarter of the work.
        parts.insert(-1 if self.activation == "relu" else len(parts), max_pool(2))
        return chain(*parts)

    def _channels(self) -> list[int]:
        return layer_sizes(self.channels, "ConvTrunk: channels")

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
        least = 2 ** len(self._channels())
        if min(X.shape[1:3]) < least:
            raise ValueError(
                f"ConvTrunk: {len(self._channels())} blocks need images of at least {least} x {least} pixels, "
                f"got {X.shape[1]} x {X.shape[2]}; give fewer channels"
            )
        return X
