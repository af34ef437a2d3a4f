"""A fitted ``ConvFeatureExtractor`` as layers of a network."""

from __future__ import annotations

import numpy as np

from ..nn import Layer, branches, chain, joined, max_pool, mean_pool
from ._foreign_layers import contrast_conv, grid_means, padded_conv, rectified
from ._origin import Origin

ACTIVATIONS = ("two-sided", "relu", "abs", "linear")


def origin_of_extractor(extractor) -> Origin:
    """Its filters as convolutions, and behind them the means over its grids: what ``transform`` gives.

    Raises
    ------
    ValueError
        Images of different sizes, or a setting that has no layer here, by its name.
    """
    shape = tuple(extractor.image_shape_)
    if None in shape:
        raise ValueError("PretrainedTrunk: the extractor takes images of any size; give it image_shape")
    if extractor.pooling != "mean":
        raise ValueError(f"PretrainedTrunk: the extractor has pooling={extractor.pooling!r}; 'mean' is taken")
    stages, params = [], {}
    for i, layer in enumerate(extractor._layers()):
        name = f"trunk.filters{i}"
        stages.append(_stage(name, layer))
        params[f"{name}.W"] = layer.learned.filters.transpose(1, 2, 3, 0).astype(np.float64)
        params[f"{name}.b"] = layer.learned.bias.astype(np.float64)
    means = [grid_means(cells) for cells in extractor.grid_]
    stages.append(means[0] if len(means) == 1 else chain(branches(means), joined()))
    scaling = {"shift": np.zeros(shape[2]), "scale": np.ones(shape[2])}
    return Origin(stages, len(stages), params, {}, scaling, shape)


def _stage(name: str, layer) -> Layer:
    """A convolution, what becomes of its responses, and its pooling."""
    learned, geometry, settings = layer.learned, layer.geometry, layer.settings
    window, (size, width) = geometry.window, learned.filters.shape[1:3]
    refused = {
        "kernel_size": size != width,
        "stride": len(set(window.stride)) > 1,
        "dilation": set(window.dilation) != {1},
        "padding": geometry.padding == "reflect" or (geometry.padding == "same" and size % 2 == 0),
        "activation": settings.activation not in ACTIVATIONS,
        "per_channel": settings.per_channel,
    }
    for key, wrong in refused.items():
        if wrong:
            given = (size, width) if key == "kernel_size" else getattr(settings, key)
            raise ValueError(f"PretrainedTrunk: an extractor's {geometry.name}{key}={given!r} is not taken")
    place = (size, window.stride[0], 0 if geometry.padding == "valid" else size // 2)
    n_filters = len(learned.filters)
    if learned.contrast is None:
        parts = [padded_conv(name, n_filters, *place)]
    else:
        parts = [contrast_conv(name, n_filters, *place, float(learned.contrast))]
    if settings.activation != "linear":
        parts.append(rectified(settings.activation, float(settings.threshold)))
    if geometry.pool_size > 1:
        parts.append((max_pool if settings.pooling == "max" else mean_pool)(geometry.pool_size))
    return chain(*parts)
