"""The trunk of convolutions on images."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ..nn import (
    Layer,
    batch_norm,
    chain,
    conv,
    conv_pool,
    flatten,
    global_mean,
    max_pool,
    mean_pool,
    norm_pool,
    relu,
    residual,
)
from ._architecture import activated, dense_layers, followed, layer_sizes
from ._trunks import Trunk, check_options, hidden_sizes


class ConvTrunk(Trunk):
    """Blocks of a convolution, an activation and pooling, then dense layers.

    Parameters
    ----------
    channels : sequence of int, default (32, 64, 64)
        Filters of each block.
    hidden_layer_sizes : int or sequence of int, default (128,)
        Dense layers on what the last block leaves.
    size : int, default 3
        Height and width of the filters of each block.
    stride : int, default 1
        A block looks at every ``stride``-th pixel alone.
    pooling : {"max", "mean", None}, default "max"
        What each block makes of squares of 2 x 2 pixels, which halves height and width.
    residuals : int, default 0
        So many pairs of 3 x 3 convolutions at the end of each block, each of which adds what it makes to what
        it is given (He, Zhang, Ren & Sun 2016).
    mean : bool, default False
        Give the dense layers the mean of each filter over the image, not every pixel: fewer parameters,
        and places in the image are forgotten. Not for boxes and points.
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
        size=3,
        stride=1,
        pooling="max",
        residuals=0,
        mean=False,
        activation="relu",
        dropout=0.0,
        batch_norm=False,
        image_shape=None,
    ):
        self.channels = channels
        self.hidden_layer_sizes = hidden_layer_sizes
        self.size = size
        self.stride = stride
        self.pooling = pooling
        self.residuals = residuals
        self.mean = mean
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.image_shape = image_shape

    @classmethod
    def for_images(cls, height: int, width: int) -> ConvTrunk:
        """As many blocks as leave 4 to 7 pixels of the shorter side: 32 filters, then 64 each."""
        n_blocks = max(int(min(height, width)).bit_length() - 3, 1)
        return cls((32, *[64] * (n_blocks - 1)))

    def check(self):
        check_options(self)
        self._channels()
        for name, least in (("size", 1), ("stride", 1), ("residuals", 0)):
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < least:
                raise ValueError(f"ConvTrunk: {name} must be a whole number >= {least}, got {value!r}")
        if self.pooling not in ("max", "mean", None):
            raise ValueError(f"ConvTrunk: pooling is 'max', 'mean' or None, got {self.pooling!r}")

    def n_maps(self):
        return len(self._channels()) + 1

    def stages(self, name="trunk"):
        blocks = [self._block(f"{name}.conv{i}", k) for i, k in enumerate(self._channels())]
        hidden = dense_layers(f"{name}.dense", hidden_sizes(self), vars(self))
        rows = global_mean() if self.mean else flatten()
        return [*blocks, chain(rows, *hidden[:1]), *hidden[1:]]

    def _block(self, name: str, n_filters: int) -> Layer:
        if self.fuses():
            return conv_pool(name, n_filters)
        parts = [conv(name, n_filters, size=self.size, stride=self.stride), *self._pooled(name)]
        for r in range(self.residuals):
            parts += self._residual(f"{name}.residual{r}", n_filters)
        return chain(*parts)

    def _pooled(self, name: str) -> list[Layer]:
        """What follows a convolution; where ReLU has only the largest pixels to look at, they come first."""
        if (self.pooling, self.activation) == ("max", "relu"):
            return [norm_pool(f"{name}.norm")] if self.batch_norm else [max_pool(2), relu()]
        then = {"max": [max_pool(2)], "mean": [mean_pool(2)], None: []}[self.pooling]
        return self._followed(name) + then

    def _residual(self, name: str, n_filters: int) -> list[Layer]:
        first, second = f"{name}.a", f"{name}.b"
        change = [conv(first, n_filters), *self._followed(first), conv(second, n_filters)]
        if self.batch_norm:
            change.append(batch_norm(f"{second}.norm"))
        if self.activation == "relu":
            return [residual(chain(*change), rectified=True)]
        return [residual(chain(*change)), activated(self.activation)]

    def _followed(self, name: str) -> list[Layer]:
        return followed(name, self.activation, self.batch_norm)

    def fuses(self) -> bool:
        """Whether a block is nothing but 3 x 3 filters, ReLU and the largest of 2 x 2."""
        plain = not self.batch_norm and self.residuals == 0
        return plain and (self.size, self.stride, self.pooling, self.activation) == (3, 1, "max", "relu")

    def _channels(self) -> list[int]:
        return layer_sizes(self.channels, "ConvTrunk: channels")

    def _left(self, side: int) -> int:
        """Pixels that the blocks leave of an image's side; 0 where it is too small."""
        for _ in self._channels():
            side = (side + 2 * (self.size // 2) - self.size) // self.stride + 1
            side //= 1 if self.pooling is None else 2
        return max(side, 0)

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
        if not self._left(min(X.shape[1:3])):
            raise ValueError(
                f"ConvTrunk: {len(self._channels())} blocks leave nothing of images of {X.shape[1]} x "
                f"{X.shape[2]} pixels; give fewer channels"
            )
        return X
