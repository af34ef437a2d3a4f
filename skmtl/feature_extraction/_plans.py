"""What ``transform`` computes with, kept from one call to the next: planning takes longer than a small image.

It is kept apart from the estimator, so that neither its attributes nor its pickles and clones know of it.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ._images import feature_type, shapes
from ._pooled import Pooled, PooledFeatures, Run, pool_images, pool_sparse

# Of images whose plan is kept: that of larger ones takes memory, and little of their time.
KEPT_PIXELS = 2**16

_kept: WeakKeyDictionary = WeakKeyDictionary()


def pooled(estimator, images):
    """The features of ``images`` that ``transform`` of ``estimator`` gives."""
    run = Run(estimator._bytes(), estimator.n_jobs, bool(estimator.verbose))
    pool = pool_sparse if estimator.sparse_output else pool_images
    return pool(images, features_of(estimator, images), run)


def features_of(estimator, images) -> PooledFeatures:
    """The features of ``images`` by ``estimator`` as it is now.

    What is kept serves as long as nothing differs that it was planned from: parameters may have been set, and
    arrays written into.
    """
    layers, pooling = estimator._layers(), Pooled(estimator.pooling, estimator.power, estimator.grid_)
    every, dtype = shapes(images), feature_type(images)
    wanted = every, dtype, pooling, [layer.contents() for layer in layers]
    planned, features = _kept.get(estimator, (None, None))
    if planned != wanted:
        features = PooledFeatures([layer.kept() for layer in layers], pooling, every, dtype)
        if sum(rows * columns for rows, columns, _ in every) <= KEPT_PIXELS:
            _kept[estimator] = wanted, features
    return features
