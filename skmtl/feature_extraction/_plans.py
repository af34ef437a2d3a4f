"""What ``transform`` computes with, kept from call to call: planning takes longer than a small image."""

from __future__ import annotations

from operator import attrgetter

from skmtl.utils._kept import KEPT_PIXELS, Kept

from ._bytes import check_pixels
from ._images import feature_type, shapes
from ._pooled import Pooled, PooledFeatures, Run, pool_images, pool_sparse

# What ``_layers`` of an extractor reads beside arrays and hidden layers, and how the last layer is pooled.
_VALUES = attrgetter(
    *("activation", "threshold", "per_channel", "stride", "dilation", "padding"),
    *("pooling", "power", "grid_", "contrast_", "image_shape_", "arithmetic"),
)
_ARRAYS = attrgetter("filters_", "bias_", "_coordinates")

_kept = Kept()


def pooled(estimator, images):
    """The features of ``images`` that ``transform`` of ``estimator`` gives."""
    run = Run(estimator._bytes(), estimator.n_jobs, bool(estimator.verbose))
    pool = pool_sparse if estimator.sparse_output else pool_images
    return pool(images, features_of(estimator, images), run)


def features_of(estimator, images) -> PooledFeatures:
    """The features of ``images`` by ``estimator`` as it is now."""
    check_pixels(estimator.arithmetic, images)
    every, dtype = shapes(images), feature_type(images)
    values, arrays = _sources(estimator)
    values += (every, dtype)
    features = _kept.get(estimator, values, arrays)
    if features is None:
        layers = [layer.kept() for layer in estimator._layers()]
        pooling = Pooled(estimator.pooling, estimator.power, estimator.grid_)
        features = PooledFeatures(layers, pooling, every, dtype)
        if sum(rows * columns for rows, columns, _ in every) <= KEPT_PIXELS:
            _kept.put(estimator, values, arrays, features)
    return features


def _sources(estimator) -> tuple[tuple, tuple]:
    """All that features depend on: values, and arrays that may be written into."""
    filters, bias, coordinates = _ARRAYS(estimator)
    values, arrays = _VALUES(estimator), (filters, bias, *(coordinates or ()))
    for layer in estimator.hidden_layers_:
        more = layer.sources()
        values, arrays = values + more[0], arrays + more[1]
    return values, arrays
