"""6,000 images of CIFAR-10 to learn from and 1,200 to be judged on, both of its training part.

Filter kinds, counts and layers.
"""

from __future__ import annotations

import numpy as np
from image_data import cifar as load  # noqa: F401 - images.py asks each study for it
from image_models import Streamed, conv, radial, union
from sklearn.preprocessing import FunctionTransformer

from skmtl.feature_extraction import ConvLayer, KMeansFilters, RandomFilters

NOTES = """
Filters are 6 x 6 (3 x 3 in the second layer), cells 2 x 2, roots are taken of the features, responses below
0.1 count as 0, unless a row says otherwise. "Gaussian" are similarities to 5000 training images in 512
principal components of the features; the head is StreamingRidgeClassifier in every row and picks
its strength. The standard error of an accuracy is 1.4 points.
"""

ALPHAS = tuple(np.logspace(-3, 0, 4))


def _conv(**options):
    options = {"kernel_size": 6, "grid": 2} | options
    return lambda seed, n_jobs: Streamed(conv(seed, n_jobs, **options), ALPHAS)


def _radial(**options):
    options = {"kernel_size": 6, "grid": 4} | options
    return lambda seed, n_jobs: Streamed(
        radial(conv(seed, n_jobs, **options), seed, n_components=5000), (1e-5, 1e-4, 1e-3)
    )


def _both_layers(seed, n_jobs):
    first = ConvLayer(n_filters=64, kernel_size=5, threshold=0.1, activation="two-sided", pooling="mean")
    deep = conv(seed, n_jobs, hidden_layers=(first,), n_filters=256, kernel_size=3, grid=2)
    return Streamed(union(conv(seed, n_jobs, n_filters=256, kernel_size=6, grid=2), deep), ALPHAS)


ROWS = {
    "pixels": lambda seed, n_jobs: Streamed(
        FunctionTransformer(lambda images: images.reshape(len(images), -1).astype(np.float32)), (0.1, 1, 10.0)
    ),
    "64 random": _conv(n_filters=64, filters=RandomFilters()),
    "256 random": _conv(n_filters=256, filters=RandomFilters()),
    "64 k-means": _conv(n_filters=64),
    "256 k-means": _conv(n_filters=256),
    "1024 k-means": _conv(n_filters=1024),
    "256 k-means, no roots": _conv(n_filters=256, root=False),
    "256 k-means, threshold 0.5": _conv(n_filters=256, threshold=0.5),
    "256 k-means, whitening 0.01": _conv(n_filters=256, filters=KMeansFilters(whitening=0.01)),
    "256 k-means, one sign": _conv(n_filters=256, activation="relu"),
    "256 k-means, triangle": _conv(n_filters=256, activation="triangle", root=False),
    "256 k-means, 3 x 3 cells": _conv(n_filters=256, grid=3),
    "256 k-means and 256 of a second layer": _both_layers,
    "256 k-means, mirrored": lambda seed, n_jobs: Streamed(
        conv(seed, n_jobs, n_filters=256, kernel_size=6, grid=2), ALPHAS, mirrored=True
    ),
    "128 k-means, 4 x 4 cells, Gaussian": _radial(n_filters=128),
}
