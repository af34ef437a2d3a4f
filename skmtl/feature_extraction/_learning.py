"""Filters of every layer, learned from patches of what the layers before it make of images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.base import clone

from skmtl.utils._callbacks import FitSteps
from skmtl.utils._parallel import run_blocks

from ._images import block_of, blocks, feature_type, sizes
from ._layers import ConvLayer, FittedLayer, Geometry, geometry_of, scratch, shape_after
from ._sampling import Places, Sample, draw_places, gather, merge
from ._shapes import pair
from .filters import Filters, KMeansFilters


class Source:
    """Images, an array (n, h, w, c) or a list of arrays (h, w, c), as the layers ``before`` show them."""

    def __init__(self, images, before: Sequence[FittedLayer], memory: float, n_jobs):
        self.images, self.before = images, before
        self.memory, self.n_jobs = memory, n_jobs

    def after(self, layer: FittedLayer) -> Source:
        """The same images behind one more layer."""
        return Source(self.images, [*self.before, layer], self.memory, self.n_jobs)

    def shapes(self) -> np.ndarray:
        """Rows, columns and channels of the maps of every image, (n, 3)."""
        every, which = np.unique(sizes(self.images), axis=0, return_inverse=True)
        channels = self.images[0].shape[2]
        maps = [shape_after(self.before, (rows, columns, channels)) for rows, columns in every.tolist()]
        return np.array(maps)[which.ravel()]

    def patches(self, at: Places, geometry: Geometry) -> np.ndarray:
        """The patches ``at`` places of the maps, float64 (m, kh, kw, c)."""
        if not self.before and not isinstance(self.images, list):
            return gather(self.images, at, geometry)
        from ._convolution import Convolution, maps_of

        dtype = feature_type(self.images)
        convolutions = [Convolution(layer, dtype) for layer in self.before]
        order = np.argsort(at.image, kind="stable")
        image = at.image[order]

        def work(numbers):
            first, last = np.searchsorted(image, numbers), np.searchsorted(image, numbers, side="right")
            chosen = order[np.concatenate([np.arange(i, j) for i, j in zip(first, last, strict=True)])]
            local = np.repeat(np.arange(len(numbers)), last - first)
            maps = maps_of(block_of(self.images, numbers), convolutions)
            return chosen, gather(maps, at.take(chosen)._replace(image=local), geometry)

        todo = blocks(self.images, self._block_size(dtype), np.unique(image))
        parts = run_blocks(work, todo, self.n_jobs)
        patches = np.concatenate([part for _, part in parts])
        return patches[np.argsort(np.concatenate([chosen for chosen, _ in parts]))]

    def _block_size(self, dtype):
        def images_at_once(shape) -> int:
            values = scratch(self.before, shape, keep_last=True) if self.before else math.prod(shape)
            return int(self.memory // (values * dtype.itemsize))

        return images_at_once


def learn_layer(
    source: Source, settings: ConvLayer, geometry: Geometry, rng, *, stream=(None, None), shrink=False
):
    """A layer with filters learned from patches of ``source``, and the sample of patches it was learned from.

    ``stream``: a sample of earlier images, which the new patches join, and what was learned from it.
    ``shrink`` makes fewer filters where there are not enough patches for all.
    """
    sample, previous = stream
    component = filters_of(settings)
    count = pair(component.n_patches, "n_patches of filters")[0]
    shapes = source.shapes()
    for shape in np.unique(shapes, axis=0).tolist():
        geometry.check(shape)
    channels = int(shapes[0, 2]) if settings.per_channel else None
    at, keys = draw_places(shapes[:, :2], geometry, count, channels, rng)
    if sample is not None and len(sample.keys) >= count:
        stays = keys < sample.keys.max()
        at, keys = at.take(stays), keys[stays]
    new = Sample(source.patches(at, geometry), keys)
    sample = new if sample is None else merge(sample, new, count)
    n_filters = settings.n_filters if previous is None else len(previous.filters)
    if shrink:
        n_filters = min(n_filters, component.n_available(sample.patches) or n_filters)
    learned = component.learn(sample.patches, n_filters, rng, previous)
    if settings.activation == "modulus" and len(learned.filters) % 2:
        raise ValueError(
            f"{geometry.name}activation='modulus' makes one feature of filters i and i + n/2, so it needs an "
            f"even number of filters; {type(component).__name__} gave {len(learned.filters)}"
        )
    return FittedLayer(learned, geometry, settings), sample


def filters_of(settings: ConvLayer) -> Filters:
    return KMeansFilters() if settings.filters is None else settings.filters


def learn_layers(
    source: Source, settings: Sequence[ConvLayer], shrink: bool, rng, steps: FitSteps, first: Callable
):
    """All layers, one after the other, and the sample of patches that the last one was learned from.

    ``shrink`` takes smaller and fewer filters where the images do not hold those asked for. What ``first``
    makes of the first layer takes its place.
    """
    for i, one in enumerate(settings):
        name = "" if i == len(settings) - 1 else f"hidden_layers[{i}]: "
        steps.begin(f"layer {i + 1}")
        kernel = pair(one.kernel_size, f"{name}kernel_size")
        if shrink:
            kernel = min(kernel[0], source.shapes()[0, 0]), min(kernel[1], source.shapes()[0, 1])
        geometry = geometry_of(one, filters_of(one).kernel_shape(kernel), name)
        layer, sample = learn_layer(source, one, geometry, rng, shrink=shrink)
        source = source.after(layer if source.before else first(layer))
        steps.end()
    return source.before, sample


def settings_of(hidden_layers, last: ConvLayer) -> list[ConvLayer]:
    """Copies of all layers' settings, checked, so that later changes to the parameters do not reach them."""
    for i, layer in enumerate(hidden_layers):
        if not isinstance(layer, ConvLayer):
            raise ValueError(f"hidden_layers must be a sequence of ConvLayer; number {i} is {layer!r}")
        layer._validate_params()
    return [clone(layer) for layer in hidden_layers] + [last]
