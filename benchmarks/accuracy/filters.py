"""Where filters come from: kinds of filters at equal number, the same linear head on their features.

cifar10_small: 6,000 colour images of 32 x 32, judged on 1,200 others, 64 filters of 6 x 6. Digits: those of
scikit-learn, 20 images a class to learn from and the rest to judge by, 64 filters of 4 x 4 (PCA: 15).
Two-sided activation, means over four quadrants: 8 features a filter. Features are standardised; a ridge
classifier has its penalty by leave-one-out. A split is a seed of the filters and, for the digits, of the
images learned from. Wavelets have a size of their own, scattering a number. cpu s: filters and features of
all images, 1 thread.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from comparison import Scores
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from skmtl import ConvFeatureExtractor
from skmtl.feature_extraction import (
    GaborFilters,
    KMeansFilters,
    PatchFilters,
    PCAFilters,
    RandomFilters,
    WaveletFilters,
    WaveletScattering,
    warmup,
)

N_FILTERS = 64
KINDS = {
    "k-means": KMeansFilters(),
    "spherical k-means": KMeansFilters(algorithm="spherical", max_iter=10),
    "patches": PatchFilters(),
    "PCA": PCAFilters(),
    "PCA, whitened": PCAFilters(whitening=0.1),
    "random, Gaussian": RandomFilters(),
    "random, ROCKET-like": RandomFilters(kind="rocket"),
    "Gabor": GaborFilters(8, (2.5, 3.5, 5, 7), sigma=0.4),
    "wavelets": WaveletFilters(2, 16),
}
ALPHAS = np.logspace(-1, 5, 13)


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Accuracy and CPU seconds of every kind, for both sets."""
    arrays = np.load(data / "cifar10_small.npz")
    photos = [arrays[name] for name in ("x_train", "y_train", "x_valid", "y_valid")]
    tables = [
        Scores("cifar10_small, 64 filters of 6 x 6"),
        Scores("digits, 20 labels a class, filters of 4 x 4"),
    ]
    warmup()
    with threadpool_limits(1):
        for seed in range(splits):
            for table, sets, size, scattering in (
                (tables[0], photos, 6, WaveletScattering(3, order=1)),
                (tables[1], _digits(seed), 4, WaveletScattering(2)),
            ):
                for name, model in _models(size, seed, scattering, sets[0]).items():
                    table.add(name, _judge(model, *sets))
    best = [max(table.values, key=lambda name: table.mean(name, "accuracy")) for table in tables]
    said = [f"{t.title}: best {b}, {t.mean(b, 'accuracy'):.1%}" for t, b in zip(tables, best, strict=True)]
    return tables, said


def _models(size: int, seed: int, scattering: WaveletScattering, images: np.ndarray) -> dict:
    """Transformers by name. Small patches have fewer principal directions than filters are asked for."""
    directions = size * size * (1 if images.ndim == 3 else images.shape[3]) - 1
    models = {"pixels": FunctionTransformer(lambda X: X.reshape(len(X), -1).astype(np.float64))}
    for name, kind in KINDS.items():
        count = min(N_FILTERS, directions) if isinstance(kind, PCAFilters) else N_FILTERS
        kernel = {"n_filters": count, "kernel_size": size}
        if isinstance(kind, WaveletFilters) and min(images.shape[1:3]) < 16:
            kind = WaveletFilters(1, 32)
        models[name] = ConvFeatureExtractor(kind, random_state=seed, **kernel)
    return models | {f"scattering, order {scattering.order}, {scattering.n_octaves} octaves": scattering}


def _digits(seed: int) -> list[np.ndarray]:
    images, y = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8).astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(y))
    train = np.concatenate([order[y[order] == label][:20] for label in range(10)])
    test = np.setdiff1d(order, train)
    return [images[train], y[train], images[test], y[test]]


def _judge(model, X, y, X_test, y_test) -> dict[str, float]:
    began = time.process_time()
    features, others = model.fit_transform(X), model.transform(X_test)
    seconds = time.process_time() - began
    head = make_pipeline(StandardScaler(), RidgeClassifierCV(ALPHAS)).fit(features, y)
    return {"accuracy": head.score(others, y_test), "cpu s": seconds}
