"""Small images of squares with everything known about them, and annotators small enough for them."""

import numpy as np
from sklearn.base import BaseEstimator

from skmtl import ConvFeatureExtractor
from skmtl.annotation._rows import cell_means

SMALL = {"hidden_layer_sizes": (16,), "max_samples": 1500, "random_state": 0}


def small_trunk():
    return ConvFeatureExtractor(
        n_filters=6, kernel_size=3, scales=(1, 2), grid=2, image_shape=(None, None, 1), random_state=0
    )


def squares(n=16, shape=(30, 34), seed=0):
    """Images (n, h, w) with one or two bright squares, and the box of each, as a list of (m, 4) arrays."""
    rng = np.random.default_rng(seed)
    images, boxes = rng.normal(100, 4, (n, *shape)), []
    for image in images:
        halves = rng.permutation([0, shape[1] // 2])[: rng.integers(1, 3)]
        own = []
        for left in halves:
            side = rng.integers(7, 12)
            x, y = left + rng.integers(1, 5), rng.integers(2, shape[0] - side - 1)
            image[y : y + side, x : x + side] += 60
            own.append([x, y, x + side, y + side])
        boxes.append(np.array(own, dtype=float))
    return images, boxes


def numbered(boxes, shape=(30, 34)):
    """The map (h, w) of a list of boxes: 1 in the first, 2 in the second, 0 outside."""
    out = np.zeros(shape, int)
    for i, (x0, y0, x1, y1) in enumerate(boxes.astype(int), start=1):
        out[y0:y1, x0:x1] = i
    return out


def records(boxes):
    return [{"boxes": one, "labels": np.array(["square"] * len(one))} for one in boxes]


class Shown(BaseEstimator):
    """A trunk whose maps are the image, its square, and where a pixel lies; by tiles as well."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X, dtype=float).reshape(len(X), -1)[:, :3]

    def transform_dense(self, X, at=None):
        maps = np.stack([self._maps(image) for image in X])
        return maps if at is None else maps[at]

    def _maps(self, image):
        row, column = np.indices(image.shape)
        return np.stack([image, image**2 / 100, row, column], axis=-1).astype(np.float32)


class Tiled(Shown):
    def iter_dense(self, X, *, tile, cell):
        for i, image in enumerate(X):
            maps = cell_means(self._maps(image).transpose(2, 0, 1), cell).transpose(1, 2, 0)
            for top in range(0, maps.shape[0], tile):
                for left in range(0, maps.shape[1], tile):
                    part = maps[top : top + tile, left : left + tile]
                    yield i, slice(top, top + len(part)), slice(left, left + part.shape[1]), part


def few_steps(patch, n=3):
    """Let networks learn in n steps, by a ``monkeypatch``: what they learn does not matter."""
    for level in ("_levels", "_looks"):
        patch.setattr(f"skmtl.annotation.{level}.STEPS", n)
