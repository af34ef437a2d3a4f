"""Fitted layers, ready for the convolution kernels in one dtype.

The extractor imports this and its users inside the methods that compute: they alone in this package import
compiled kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skmtl.kernels import conv, encode
from skmtl.kernels.byte_filters import ByteWindow, Rounded, round_filters
from skmtl.kernels.images import patch_scales
from skmtl.kernels.layers import Form, Layer, plan_layer, run_layer
from skmtl.kernels.shares import share_filters

from ._geometry import around, pad_images, slices
from ._layers import FUSED, FittedLayer

_FUSED = dict(zip(FUSED, (conv.TWO_SIDED, conv.RELU, conv.ABSOLUTE, conv.LINEAR), strict=True))
_CODES = {
    "two-sided": encode.TWO_SIDED,
    "relu": encode.RELU,
    "abs": encode.ABSOLUTE,
    "linear": encode.LINEAR,
    "modulus": encode.MODULUS,
    "triangle": encode.TRIANGLE,
}
_POOLINGS = {"max": encode.MAXIMUM, "power": encode.POWER, "ppv": encode.POSITIVE}  # others add up
BUFFER_VALUES = 2**16  # of responses on their way to codes: they stay in the cache


class Part(NamedTuple):
    """Some of the patches of an image: ``rows`` among all of them, ``owner`` (m,) of each, and ``sites``."""

    rows: slice
    owner: np.ndarray
    sites: conv.Sites


class Convolution:
    """One layer: its input, its filters laid out for the kernels, and its activation.

    ``n_channels`` counts the channels of what the kernels write, for one channel of the input with
    ``per_channel``.
    """

    def __init__(self, layer: FittedLayer, dtype):
        self.layer, self.dtype = layer, np.dtype(dtype)
        self.window, self.contrast = layer.geometry.window, layer.learned.contrast
        self.reach = self.window.reach()
        # Where the processor has no tile for bytes, the same filters give the same bits as floats.
        self.in_bytes = layer.in_bytes and conv.BYTES
        self.looks = ByteWindow(*self.window) if self.in_bytes else self.window
        self.activation = layer.settings.activation
        self.threshold = 0.0 if self.activation == "linear" else float(layer.settings.threshold)
        self.n_channels = layer.n_channels(1)
        self._plans: dict[tuple, Layer] = {}

    @cached_property
    def filters(self) -> np.ndarray | Rounded:
        """The filters as they are applied: `Rounded` to images of bytes."""
        filters = self.layer.learned.filters
        if not self.layer.in_bytes:
            return filters
        rounded = round_filters(filters, ByteWindow(*self.window))
        return rounded if self.in_bytes else rounded.values()

    @cached_property
    def bank(self) -> conv.Bank | conv.ByteBank:
        """The filters of rectified responses, with the threshold."""
        bias = self.layer.learned.bias
        return conv.pack_bank(self.filters, bias, self.threshold, self.looks, self.dtype)

    @cached_property
    def codes(self) -> tuple[conv.Bank | conv.ByteBank, np.ndarray]:
        """The filters of responses that become codes, without it, and the lengths that go with them."""
        filters, bias = self.filters, self.layer.learned.bias
        lengths = np.zeros(len(bias), self.dtype)
        if self.activation == "triangle":
            filters, bias, lengths = _with_coordinates(self.layer.learned, self.dtype)
        return conv.pack_bank(filters, bias, 0.0, self.looks, self.dtype), lengths

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """Images (n, h, w, c) as the kernels take them, of this dtype or bytes, with what lies around them.

        With ``per_channel`` each channel is an image of its own, (n * c, h, w, 1).
        """
        if self.layer.settings.per_channel:
            images = images.transpose(0, 3, 1, 2).reshape(-1, *images.shape[1:3], 1)
        dtype = np.uint8 if self.in_bytes else self.dtype
        return pad_images(images, self.reach, self.layer.geometry.padding, dtype)

    def scales(self, images: np.ndarray) -> np.ndarray:
        """What the responses of every patch of images (n, h, w, c) are multiplied by, (n, places).

        Without a contrast all patches share the one of (n, 1).
        """
        if self.contrast is None:
            return np.ones((len(images), 1), self.dtype)
        scales = np.empty((len(images), *self.window.grid(images.shape[1:])), self.dtype)
        patch_scales(images, self.contrast, self.window, scales)
        return scales.reshape(len(images), -1)

    def sites(self, cells: list[np.ndarray], shape, how: str = "sum") -> conv.Sites | list[Part]:
        """Where ``write`` and ``pool`` look: cells of places in the grid of ``inputs`` of ``shape``.

        Where ``how`` to pool takes codes, these are parts whose responses stay in the cache.
        """
        if self.activation in _FUSED and how in ("mean", "sum", "max"):
            return self._grouped(cells, shape)
        places = np.concatenate(cells)
        owner = np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
        cut = slices(len(places), BUFFER_VALUES // (2 * self.codes[0].n_filters))
        return [Part(rows, owner[rows], self._grouped([places[rows]], shape)) for rows in cut]

    def _grouped(self, cells: list[np.ndarray], shape) -> conv.Sites:
        sites = conv.group_sites(cells, self.looks, shape, self.dtype)
        return sites if self.contrast is not None else sites._replace(index=np.zeros_like(sites.index))

    def write(self, image, scales, sites, out, column: int = 0) -> None:
        """Put the activations of one of ``inputs``, flat, at ``sites`` into ``out`` (m, width).

        They begin at ``column``.
        """
        if isinstance(sites, conv.Sites):
            rule = conv.Rule(_FUSED[self.activation], False)
            conv.map_block(image, scales, sites, self.bank, rule, out, column)
            return
        encoding = self._encoding("sum", 1.0)
        for part in sites:
            encode.encode_rows(self._sides(image, scales, part), encoding, out[part.rows], column)

    def pool(self, images, sites, how: str, power: float, out, n_jobs=None) -> None:
        """Activations of ``inputs`` (n, h, w, c), pooled over the cells of ``sites``: ``out`` (n * cells, k).

        "mean" gives sums, "power" sums of powers and "ppv" counts: what a part of a cell adds to it. Threads
        share the filters, where the activation is one that the kernels rectify.
        """
        flat, scales = conv.flat_images(images), self.scales(images)
        if isinstance(sites, conv.Sites):
            rule = conv.Rule(_FUSED[self.activation], how == "max")
            places = len(images) * sites.offset.size
            share_filters(
                lambda bank: conv.pool_block(flat, scales, sites, bank, rule, out), self.bank, places, n_jobs
            )
            return
        encoding = self._encoding(how, power)
        out[:] = -np.inf if how == "max" else 0
        for image, scale, cells in zip(flat, scales, out.reshape(len(images), -1, out.shape[1]), strict=True):
            for part in sites:
                encode.pool_rows(self._sides(image, scale, part), part.owner, encoding, cells)

    def _sides(self, image, scales, part: Part) -> np.ndarray:
        """Both sides of all responses of the patches of a part, (patches, 2 n)."""
        bank, _ = self.codes
        sides = np.empty((len(part.owner), 2 * bank.n_filters), self.dtype)
        conv.map_block(image, scales, part.sites, bank, conv.Rule(conv.TWO_SIDED, False), sides, 0)
        return sides

    def _encoding(self, how: str, power: float) -> encode.Encoding:
        pooling, lengths = _POOLINGS.get(how, encode.SUM), self.codes[1]
        return encode.Encoding(_CODES[self.activation], self.threshold, lengths, pooling, float(power))

    def maps(self, inputs: np.ndarray, n_images: int, n_jobs=None) -> np.ndarray:
        """The layer's maps (n_images, h, w, c), of its ``inputs``."""
        out = self._fused(inputs, n_jobs) if self.activation in _FUSED else self._coded(inputs)
        if self.layer.settings.per_channel:
            out = out.reshape(n_images, -1, *out.shape[1:]).transpose(0, 2, 3, 1, 4)
            out = out.reshape(*out.shape[:3], -1)
        return out

    def inputs_of(self, following: Convolution, inputs: np.ndarray, n_images: int, n_jobs) -> np.ndarray:
        """What the ``following`` layer takes: this one's maps, and zeros around them written at once."""
        geometry, reach = following.layer.geometry, following.reach
        apart = self.layer.settings.per_channel or following.layer.settings.per_channel
        if apart or self.activation not in _FUSED or geometry.padding != "same" or reach[0] != reach[1]:
            return following.inputs(self.maps(inputs, n_images, n_jobs))
        return self._fused(inputs, n_jobs, around(reach[0]))

    def _fused(self, inputs: np.ndarray, n_jobs, border: tuple[int, int] = (0, 0)) -> np.ndarray:
        """Maps of ``inputs`` that are pooled before they leave the registers, in a ``border`` of zeros."""
        scales = None if self.contrast is None else self.scales(inputs)
        return run_layer(self._plan(inputs.shape[1:], border), inputs, scales, n_jobs)

    def _plan(self, shape, border: tuple[int, int]) -> Layer:
        plan = self._plans.get((shape, border))
        if plan is None:
            rule = conv.Rule(_FUSED[self.activation], self.layer.settings.pooling == "max")
            form = Form(self.looks, self.layer.geometry.pool_size, border, self.threshold)
            bias, scaled = self.layer.learned.bias, self.contrast is not None
            plan = plan_layer(self.filters, bias, rule, form, shape, self.dtype, scaled)
            self._plans[shape, border] = plan
        return plan

    def _coded(self, inputs: np.ndarray) -> np.ndarray:
        """Maps of ``inputs`` whose activation looks at all filters of a patch at once."""
        shape = inputs.shape[1:]
        rows, columns = self.window.grid(shape)
        sites, scales = self.sites([np.arange(rows * columns)], shape), self.scales(inputs)
        out = np.empty((len(inputs), rows * columns, self.n_channels), self.dtype)
        for image, scale, maps in zip(conv.flat_images(inputs), scales, out, strict=True):
            self.write(image, scale, sites, maps)
        return _pooled(out.reshape(len(inputs), rows, columns, -1), self.layer)


def _pooled(maps: np.ndarray, layer: FittedLayer) -> np.ndarray:
    """The maximum or the mean of every pool_size x pool_size pixels of ``maps`` (n, h, w, c)."""
    size = layer.geometry.pool_size
    if size == 1:
        return maps
    rows, columns = (length // size * size for length in maps.shape[1:3])
    corners = [(i, j) for i in range(size) for j in range(size)]
    parts = [maps[:, i:rows:size, j:columns:size] for i, j in corners]
    out = parts[0].copy()
    join = np.maximum if layer.settings.pooling == "max" else np.add
    for part in parts[1:]:
        join(out, part, out=out)
    if layer.settings.pooling == "mean":
        out /= size * size
    return out


def _with_coordinates(learned, dtype):
    """Filters and biases, those of the coordinates of a patch behind them, and the squared lengths
    of the centroids.

    Filter k is a combination of the coordinates' filters, ``f_k = c_k @ F``; c_k is its centroid.
    """
    filters, bias = learned.filters, learned.bias
    shape = filters.shape[1:]
    if learned.coordinates is None:
        every = np.eye(filters[0].size)
        coordinates, shift = every - every.mean() * (learned.contrast is not None), np.zeros(len(every))
    else:
        coordinates, shift = learned.coordinates[0].reshape(-1, filters[0].size), learned.coordinates[1]
    centroids = np.linalg.lstsq(coordinates.T, filters.reshape(len(filters), -1).T)[0]
    together = np.concatenate([filters, coordinates.reshape(-1, *shape)])
    lengths = np.square(centroids).sum(axis=0).astype(dtype)
    return together, np.concatenate([bias, shift]), lengths


def inputs_behind(images: np.ndarray, before: Sequence[Convolution], last: Convolution, n_jobs=None):
    """What ``last`` takes of images (n, h, w, c) that the layers ``before`` it were shown, one by one."""
    chain = [*before, last]
    inputs = chain[0].inputs(images)
    for layer, following in pairwise(chain):
        inputs = layer.inputs_of(following, inputs, len(images), n_jobs)
    return inputs


def maps_of(images: np.ndarray, convolutions: Sequence[Convolution], n_jobs=None) -> np.ndarray:
    """What the layers make of images (n, h, w, c), one after the other; the images where there are none."""
    if not convolutions:
        return images
    *before, last = convolutions
    return last.maps(inputs_behind(images, before, last, n_jobs), len(images), n_jobs)
