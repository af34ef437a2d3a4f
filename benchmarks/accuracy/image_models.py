"""Recipes: convolutional features, what is made of them, and ridge classification from blocks of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skmtl import ConvFeatureExtractor, StreamingRidgeClassifier

BLOCK = 2000


class RadialFeatures(TransformerMixin, BaseEstimator):
    """Gaussian similarities ``exp(-width |x - c|^2 / m)`` to rows c drawn at fit; m is their median distance.

    With a linear head this is the subset-of-regressors form of a Gaussian kernel machine.
    """

    def __init__(self, n_components=8192, width=3.0, random_state=None):
        self.n_components = n_components
        self.width = width
        self.random_state = random_state

    def fit(self, X, y=None):
        drawn = np.random.default_rng(self.random_state).permutation(len(X))[: self.n_components]
        self.centres_ = X[drawn]
        self.squares_ = np.square(self.centres_).sum(axis=1)
        self.median_ = np.median(self._distances(X[:500]))
        return self

    def transform(self, X):
        D = self._distances(X)
        D *= -self.width / self.median_
        return np.exp(D, out=D)

    def _distances(self, X):
        D = X @ self.centres_.T
        D *= -2
        D += np.square(X).sum(axis=1)[:, None]
        D += self.squares_
        return np.maximum(D, 0, out=D)


@dataclass
class Streamed:
    """Features learned from some images, then all images block by block through the head.

    ``mirrored`` learns from each image and its mirror image, half a row each, and adds the scores of both.
    """

    features: object
    alphas: tuple[float, ...]
    n_learn: int = 10000
    mirrored: bool = False
    n_jobs: int | None = None

    def fit(self, X, y):
        self.features.fit(X[: self.n_learn])
        self.head = StreamingRidgeClassifier(self.alphas, n_jobs=self.n_jobs)
        classes = np.unique(y)
        for rows in blocks(len(X)):
            for images in self._views(X[rows]):
                weight = np.full(len(images), 0.5 if self.mirrored else 1.0)
                self.head.partial_fit(self.features.transform(images), y[rows], classes, weight)
        self.head.freeze()
        return self

    def predict(self, X) -> np.ndarray:
        scores = []
        for rows in blocks(len(X)):
            views = (self.features.transform(images) for images in self._views(X[rows]))
            scores.append(sum(self.head.decision_function(view) for view in views))
        return self.head.classes_[np.vstack(scores).argmax(axis=1)]

    def _views(self, images) -> list[np.ndarray]:
        return [images, np.ascontiguousarray(images[:, :, ::-1])] if self.mirrored else [images]


def blocks(n: int) -> Iterator[slice]:
    """``n`` rows, some at a time."""
    return (slice(start, start + BLOCK) for start in range(0, n, BLOCK))


def conv(seed: int, n_jobs, *, root: bool = True, **options):
    """Convolutional features, and their square roots: large ones count less."""
    options = {"kernel_size": 5, "threshold": 0.1, "random_state": seed, "n_jobs": n_jobs} | options
    extractor = ConvFeatureExtractor(**options)
    return make_pipeline(extractor, FunctionTransformer(np.sqrt)) if root else extractor


def union(*parts):
    """Features side by side."""
    return FeatureUnion([(f"part{i}", part) for i, part in enumerate(parts)])


def radial(features, seed: int, *, n_components: int, width: float = 3.0, dimensions: int = 512):
    """Gaussian similarities of the leading principal components of ``features``."""
    components = PCA(dimensions, svd_solver="randomized", iterated_power=2, random_state=seed)
    return make_pipeline(features, components, RadialFeatures(n_components, width, seed))
