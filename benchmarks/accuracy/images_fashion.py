"""Fashion-MNIST, 60,000 images to learn from and 10,000 to be judged on, 28 x 28 pixels."""

from __future__ import annotations

from image_data import fashion as load  # noqa: F401 - images.py asks each study for it
from image_models import Streamed, conv, radial

NOTES = ""

LINEAR = (1e-3, 1e-2)
# Chosen on the validation images. Smaller ones, from 1e-6 on for 8192 similarities, drown in the rounding of
# their float32 products.
GAUSSIAN = (1e-5,)


def _conv(alphas=LINEAR, **options):
    return lambda seed, n_jobs: Streamed(conv(seed, n_jobs, **options), alphas, n_jobs=n_jobs)


def _radial(n_components: int, alphas=GAUSSIAN, **options):
    def recipe(seed, n_jobs):
        features = radial(conv(seed, n_jobs, **options), seed, n_components=n_components)
        return Streamed(features, alphas, n_learn=max(n_components, 10000), n_jobs=n_jobs)

    return recipe


ROWS = {
    "256 k-means, 4 x 4 cells, no roots, threshold 0.25": _conv(
        n_filters=256, grid=4, root=False, threshold=0.25
    ),
    "256 k-means, 4 x 4 cells": _conv(n_filters=256, grid=4),
    "64 k-means, 6 x 6 cells, 2048 Gaussians": _radial(2048, n_filters=64, grid=6),
    "64 k-means, 6 x 6 cells, 8192 Gaussians": _radial(8192, n_filters=64, grid=6),
    "128 k-means, 6 x 6 cells, 16384 Gaussians": _radial(16384, (2e-5,), n_filters=128, grid=6),
}
