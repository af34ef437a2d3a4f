"""A small deterministic trunk and small scenes for tests of heads and of estimators on images."""

import numpy as np
from numpy.testing import assert_array_equal
from scipy.ndimage import uniform_filter
from sklearn.base import BaseEstimator

from skmtl import MultiHeadEstimator, make_targets

SIDE = 12


class BlockTrunk(BaseEstimator):
    """Block means of a picture and of its steps; per pixel the picture and its surroundings."""

    def __init__(self, blocks=4, image_shape=None):
        self.blocks = blocks
        self.image_shape = image_shape

    def fit(self, X, y=None):
        self.mean_ = float(np.mean(X))
        return self

    def transform(self, X):
        maps = self.transform_dense(X)[..., [0, 3, 4]]
        n, h, w, c = maps.shape
        b = self.blocks
        return maps.reshape(n, b, h // b, b, w // b, c).mean(axis=(2, 4)).reshape(n, -1)

    def transform_dense(self, X):
        x = np.asarray(X, np.float32) - self.mean_
        if x.ndim == 2:
            x = x.reshape(len(x), *self.image_shape)
        right = np.abs(np.diff(x, axis=2, append=x[:, :, -1:]))
        down = np.abs(np.diff(x, axis=1, append=x[:, -1:]))
        wide = [uniform_filter(x, (0, s, s), mode="nearest") for s in (3, 5)]
        return np.stack([x, *wide, right, down], axis=-1)


def make_blocks(n=60, seed=0):
    """Pictures (n, 12, 12) uint8 of one bright block each, with every kind of target."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (n, SIDE, SIDE)).astype(np.uint8)
    tall = rng.integers(0, 2, n)
    box = np.zeros((n, 4), np.float32)
    mask = np.zeros((n, SIDE, SIDE), np.uint8)
    for i in range(n):
        w, h = (3, 6) if tall[i] else (6, 3)
        x, y = rng.integers(0, SIDE - w + 1), rng.integers(0, SIDE - h + 1)
        box[i] = x, y, x + w, y + h
        mask[i, y : y + h, x : x + w] = 1
        images[i][mask[i] == 1] += np.uint8(120)
    centre = (box[:, :2] + box[:, 2:]) / 2
    fields = {
        "kind": np.where(tall == 1, "tall", "wide"),
        "tags": np.stack([centre[:, 0] > 6, centre[:, 1] > 6], axis=1).astype(float),
        "size": images.mean(axis=(1, 2)).astype(float),
        "box": box,
        "points": np.stack([box[:, :2], box[:, 2:]], axis=1),
        "mask": mask,
    }
    return images, make_targets(**fields)


def make_table(n=80, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    y = make_targets(
        kind=np.where(X[:, 0] + X[:, 1] > 0, "up", "down"),
        tags=(X[:, :2] > 0).astype(float),
        size=X @ np.arange(5.0) + 0.1 * rng.normal(size=n),
        pair=X[:, :2] + 0.1 * rng.normal(size=(n, 2)),
    )
    return X, y


def holed(y, field, rows, value):
    y = y.copy()
    y[field][rows] = value
    return y


def assert_same_fields(a, b, fields):
    for name in fields:
        assert_array_equal(a[name], b[name], err_msg=name)


def image_model(**parameters):
    return MultiHeadEstimator(trunk=BlockTrunk(), n_pixels=2000, random_state=0, **parameters)
