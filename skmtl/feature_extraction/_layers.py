"""``ConvLayer``: one layer of convolution as a value, and the same with the filters that it has learned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy, deepcopy
from numbers import Integral, Real
from operator import attrgetter
from typing import NamedTuple

from skmtl.component import Component
from skmtl.kernels.windows import Window
from skmtl.utils._sklearn import Interval, StrOptions

from ._geometry import padded_shape
from ._shapes import pair
from .filters import Filters, LearnedFilters

# What the channels of an activation are called. "modulus" makes one channel of two filters.
SIGNS = {
    "two-sided": ("pos", "neg"),
    "relu": ("pos",),
    "abs": ("abs",),
    "linear": ("lin",),
    "modulus": ("mod",),
    "triangle": ("tri",),
}
FUSED = ("two-sided", "relu", "abs", "linear")  # of these no more than the pooled maps go to memory
PADDINGS = ("valid", "same", "reflect")

CONVOLUTION_CONSTRAINTS = {
    "filters": [Filters, None],
    "n_filters": [Interval(Integral, 1, None, closed="left")],
    "kernel_size": [Interval(Integral, 1, None, closed="left"), tuple, list],
    "stride": [Interval(Integral, 1, None, closed="left")],
    "dilation": [Interval(Integral, 1, None, closed="left")],
    "padding": [StrOptions(set(PADDINGS))],
    "activation": [StrOptions(set(SIGNS))],
    "threshold": [Interval(Real, 0, None, closed="left")],
    "per_channel": ["boolean"],
}


class ConvLayer(Component):
    """A layer of convolution, activation and pooling, for ``ConvFeatureExtractor(hidden_layers=...)``.

    Its filters are learned from patches of the maps of the layer before, of the images for the first one.

    Parameters
    ----------
    filters : component, default=None
        Where filters come from; None is `KMeansFilters`.
    n_filters : int, default=32
        Number of filters.
    kernel_size : int or (int, int), default=3
        Rows and columns of a filter, in pixels of the layer's input.
    stride : int, default=1
        Pixels from one patch to the next.
    dilation : int, default=1
        Pixels from one value of a patch to the next; 1 takes neighbours.
    padding : {"valid", "same", "reflect"}, default="same"
        What lies around the input: nothing ("valid": only patches within it), zeros ("same"), or its mirror
        image without the edge ("reflect"); with the latter two every pixel is the middle of a patch.
    activation : {"two-sided", "relu", "abs", "linear", "modulus", "triangle"}, default="relu"
        As in `ConvFeatureExtractor`.
    threshold : float, default=0.0
        Responses smaller than this become 0, in the first three activations.
    pooling : {"max", "mean", None}, default="max"
        What is taken of each ``pool_size`` x ``pool_size`` pixels of the maps; None keeps them all.
    pool_size : int, default=2
        Rows and columns pooled to one; those left over at the lower and right edges are dropped. It does
        not apply without ``pooling``.
    per_channel : bool, default=False
        Whether the filters have one channel and are all applied to each channel of the input, which makes
        ``channels x n_filters`` maps: the second layer of PCANet and of scattering.

    References
    ----------
    T.-H. Chan, K. Jia, S. Gao, J. Lu, Z. Zeng, Y. Ma, "PCANet: A Simple Deep Learning Baseline for Image
    Classification?", IEEE Transactions on Image Processing 2015, section II-B (``per_channel``).

    Examples
    --------
    >>> from skmtl.feature_extraction import ConvFeatureExtractor, ConvLayer
    >>> ConvFeatureExtractor(hidden_layers=[ConvLayer(n_filters=16)], kernel_size=3).hidden_layers[0].pooling
    'max'
    """

    _parameter_constraints = {
        **CONVOLUTION_CONSTRAINTS,
        "pooling": [StrOptions({"max", "mean"}), None],
        "pool_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        filters=None,
        *,
        n_filters=32,
        kernel_size=3,
        stride=1,
        dilation=1,
        padding="same",
        activation="relu",
        threshold=0.0,
        pooling="max",
        pool_size=2,
        per_channel=False,
    ):
        self.filters = filters
        self.n_filters = n_filters
        self.kernel_size = kernel_size
        self.stride = stride
        self.dilation = dilation
        self.padding = padding
        self.activation = activation
        self.threshold = threshold
        self.pooling = pooling
        self.pool_size = pool_size
        self.per_channel = per_channel


class Geometry(NamedTuple):
    """Where a layer looks: its window, what lies around its input, and how its maps are pooled.

    Messages begin with ``name``, such as ``"hidden_layers[0]: "``.
    """

    window: Window
    padding: str
    pool_size: int
    name: str

    def check(self, shape) -> None:
        """Refuse an input (h, w, ...) into which no filter fits, or of which pooling leaves nothing."""
        size, reach = tuple(self.window.size), self.window.reach()
        room = padded_shape(shape, reach, self.padding)
        if room[0] < reach[0] or room[1] < reach[1]:
            raise ValueError(
                f"{self.name}filters of {_times(size)} pixels (kernel_size or filters)"
                f"{'' if reach == size else f', which reach over {_times(reach)},'} are larger than the "
                f'images of {_times(shape)}; give smaller ones, or padding="same" or "reflect"'
            )
        rows, columns = self.grid(shape)
        if min(rows, columns) < self.pool_size:
            raise ValueError(
                f"{self.name}pool_size={self.pool_size} leaves nothing of maps of {rows} x {columns}; give a "
                "smaller one, a smaller stride, or pooling=None"
            )

    def grid(self, shape) -> tuple[int, int]:
        """Rows and columns of patches in an input of ``shape``."""
        return self.window.grid(padded_shape(shape, self.window.reach(), self.padding))

    def pooled(self, shape) -> tuple[int, int]:
        """Rows and columns of the layer's maps."""
        rows, columns = self.grid(shape)
        return rows // self.pool_size, columns // self.pool_size


# The settings that a fitted layer is computed with.
_SETTINGS = attrgetter("activation", "threshold", "per_channel", "pooling")


class FittedLayer(NamedTuple):
    """What a layer has learned, its geometry, and from its settings what becomes of the responses.

    ``in_bytes``: its filters are rounded to integers, for images of bytes.
    """

    learned: LearnedFilters
    geometry: Geometry
    settings: ConvLayer
    in_bytes: bool = False

    def sources(self) -> tuple[tuple, tuple]:
        """All that its maps depend on: values, and arrays that may be written into."""
        filters, bias, contrast, coordinates, _ = self.learned
        values = self.geometry, _SETTINGS(self.settings), contrast, self.in_bytes
        return values, (filters, bias, *(coordinates or ()))

    def kept(self) -> FittedLayer:
        """The same layer, whatever becomes of this one's arrays and settings; without patterns."""
        learned = deepcopy(self.learned._replace(patterns=None))
        return self._replace(learned=learned, settings=copy(self.settings))

    def n_channels(self, channels: int) -> int:
        """Channels of its maps for an input of ``channels``."""
        settings, count = self.settings, len(self.learned.filters)
        count = count // 2 if settings.activation == "modulus" else count * len(SIGNS[settings.activation])
        return count * (channels if settings.per_channel else 1)

    def shape(self, shape) -> tuple[int, int, int]:
        """The shape (h, w, c) of its maps for an input of ``shape``."""
        return (*self.geometry.pooled(shape), self.n_channels(shape[2]))

    def seen(self, shape) -> tuple[int, int, int]:
        """The shape of an input of ``shape`` as the filters see it: with what lies around it, and of one
        channel where they are applied to each."""
        around = padded_shape(shape, self.geometry.window.reach(), self.geometry.padding)
        return (*around, 1 if self.settings.per_channel else shape[2])


def channels_after(layers: Sequence[FittedLayer], channels: int) -> int:
    """The channels of what ``layers`` make of an image of ``channels``."""
    for layer in layers:
        channels = layer.n_channels(channels)
    return channels


def shape_after(layers: Sequence[FittedLayer], shape) -> tuple[int, int, int]:
    """The shape (h, w, c) of what ``layers`` make of an image of ``shape``."""
    for layer in layers:
        layer.geometry.check(shape)
        shape = layer.shape(shape)
    return shape


def positions_of(layers: Sequence[FittedLayer], shape) -> tuple[int, int]:
    """Rows and columns of the patches that the last of ``layers`` finds in an image of ``shape``."""
    shape = shape_after(layers[:-1], shape)
    layers[-1].geometry.check(shape)
    return layers[-1].geometry.grid(shape)


def check_layers(layers: Sequence[FittedLayer], channels: int) -> None:
    """The kernels read without bounds checks: arrays that were tampered with must not reach them."""
    for layer in layers:
        filters, bias = layer.learned.filters, layer.learned.bias
        seen = 1 if layer.settings.per_channel else channels
        fits = filters.ndim == 4 and filters.shape[3] == seen and bias.shape == (len(filters),)
        if not fits or 0 in filters.shape or filters.shape[1:3] != tuple(layer.geometry.window.size):
            raise ValueError(
                f"{layer.geometry.name}filters_ {filters.shape}, bias_ {bias.shape} and an input of {seen} "
                "channels do not belong together"
            )
        channels = layer.n_channels(channels)


def scratch(layers: Sequence[FittedLayer], shape, *, keep_last: bool) -> int:
    """Values held at once for one image of ``shape`` (h, w, c), at the layer that needs most.

    It counts the layer's input, the same with what lies around it, the contrast of its patches and its maps,
    those of the last layer with ``keep_last`` alone.
    """
    most = 0
    for layer in layers:
        rows, columns = layer.geometry.grid(shape)
        copies = shape[2] if layer.settings.per_channel else 1
        values = math.prod(shape) + copies * (math.prod(layer.seen(shape)) + rows * columns)
        before, shape = shape[2], layer.shape(shape)
        if keep_last or layer is not layers[-1]:
            fused = layer.settings.activation in FUSED
            values += math.prod(shape) if fused else rows * columns * layer.n_channels(before)
        most = max(most, values)
    return most


def geometry_of(layer: ConvLayer, kernel: tuple[int, int], name: str) -> Geometry:
    """The geometry of ``layer`` with filters of ``kernel`` rows and columns."""
    steps = pair(layer.stride, "stride"), pair(layer.dilation, "dilation")
    return Geometry(Window(kernel, *steps), layer.padding, layer.pool_size if layer.pooling else 1, name)


def _times(shape) -> str:
    return f"{shape[0]} x {shape[1]}"
