"""Pixels from few labelled ones: nuclei (dsb2018) and neuron membranes, against the background.

200 or 2,000 labelled pixels of each class, at random in the training images; mean IoU of the two classes, an
image at a time, on images held out. scikit-image's TrainableSegmenter with its own features (per channel) and
its own random forest; the same with logistic regression; and ours: Gaussian derivatives at five scales by
ConvFeatureExtractor, their magnitudes, and logistic regression or a small network. What is ours was chosen on
other images than those of the tests. CPU seconds: fit, and predict for one image.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
from comparison import Scores
from skimage.feature import multiscale_basic_features
from skimage.future import TrainableSegmenter
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import ConvFeatureExtractor
from skmtl.feature_extraction import FixedFilters

LABELLED = (200, 2000)
SCALES, SIZE = (1, 2, 4, 8, 16), 7
TRAIN, TEST = {"dsb2018": 30, "membrane": 10}, {"dsb2018": 16, "membrane": 6}


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores for each set and number of labelled pixels, and what they say."""
    tables, said = [], []
    for name in TRAIN:
        images, masks = _load(data, name)
        for labelled in LABELLED:
            scores = Scores(f"{name}, {labelled} labelled pixels of each class")
            for seed in range(splits):
                for model, found in _one_split(name, images, masks, labelled, seed).items():
                    scores.add(model, found)
            tables.append(scores)
            for model in scores.values:
                gap, half = scores.difference(model, "TrainableSegmenter", "mean IoU")
                cost = [
                    scores.mean("TrainableSegmenter", what) / scores.mean(model, what)
                    for what in ("fit s", "predict s")
                ]
                said.append(
                    f"{scores.title}: {model} {gap:+.3f} ± {half:.3f} mean IoU against TrainableSegmenter, "
                    f"fit {cost[0]:.1f} and predict {cost[1]:.1f} times as fast"
                )
    return tables, said


def _load(data: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    arrays = np.load(data / f"{name}.npz")
    if name == "membrane":
        return arrays["images"][..., None], (arrays["membrane"] > 0).astype(np.uint8)
    return arrays["images"], (arrays["instances"] > 0).astype(np.uint8)


def _split(name: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the training and the test images, which are none of those that anything was chosen on.

    Membranes are consecutive slices: 0 to 19 are for training, as usual, and 20 to 29 for tests.
    """
    rng = np.random.default_rng(seed)
    if name == "membrane":
        return rng.permutation(20)[: TRAIN[name]], 20 + rng.permutation(n - 20)[: TEST[name]]
    seen = np.concatenate([np.random.RandomState(s).permutation(n)[:100] for s in (100, 101)])
    order = rng.permutation(n)
    test = order[~np.isin(order, seen)][: TEST[name]]
    return order[~np.isin(order, test)][: TRAIN[name]], test


def _one_split(name, images, masks, labelled: int, seed: int) -> dict[str, dict[str, float]]:
    train, test = _split(name, len(images), seed)
    labels = _labels(masks[train], labelled, np.random.default_rng(seed))
    models = {
        "TrainableSegmenter": _Theirs(RandomForestClassifier(n_estimators=100, random_state=seed)),
        "TrainableSegmenter, logistic": _Theirs(_logistic()),
        "ours, logistic": _Ours(_logistic(), images.shape[3]),
        "ours, network": _Ours(_network(2 * labelled, seed), images.shape[3]),
    }
    return {who: _judge(model, images, masks, (train, test, labels)) for who, model in models.items()}


def _labels(masks: np.ndarray, labelled: int, rng: np.random.Generator) -> np.ndarray:
    """0 for pixels without a label, 1 for the background and 2 for the rest."""
    labels = np.zeros(masks.shape, np.uint8)
    for c in (0, 1):
        labels.flat[rng.choice(np.flatnonzero(masks == c), labelled, replace=False)] = c + 1
    return labels


def _judge(model, images, masks, parts) -> dict[str, float]:
    train, test, labels = parts
    start = time.process_time()
    model.fit(images[train], labels)
    middle = time.process_time()
    found = [model.predict(images[i]) - 1 for i in test]
    seconds = middle - start, (time.process_time() - middle) / len(test)
    told = [_mean_iou(truth, mask) for truth, mask in zip(masks[test], found, strict=True)]
    return {"mean IoU": np.mean(told), "fit s": seconds[0], "predict s": seconds[1]}


def _mean_iou(truth: np.ndarray, found: np.ndarray) -> float:
    """Over the classes that are in either mask."""
    pairs = [(truth == c, found == c) for c in (0, 1)]
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in pairs if (a | b).any()]))


def _logistic():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))


def _network(n: int, seed: int):
    """A pass over few pixels is few steps, so there are more passes; the tolerance stops nothing."""
    few = n <= 1000
    network = MLPClassifier(
        (48, 24),
        batch_size=100 if few else 400,
        alpha=1e-2 if few else 1e-3,
        learning_rate_init=1e-3 if few else 6e-3,
        n_iter_no_change=30 if few else 6,
        tol=1e6,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), network)


class _Theirs:
    """TrainableSegmenter, which takes one image and its labels, on a stack of images."""

    def __init__(self, classifier):
        features = partial(multiscale_basic_features, channel_axis=-1)
        self.segmenter = TrainableSegmenter(
            classifier, lambda stack: np.stack([features(image) for image in stack])
        )

    def fit(self, images, labels) -> None:
        self.segmenter.fit(images, labels)

    def predict(self, image):
        return self.segmenter.predict(image[None])[0]


class _Ours:
    """Dense features of the labelled pixels alone, a classifier on them; then all pixels of an image."""

    def __init__(self, classifier, channels: int):
        self.classifier, self.channels = classifier, channels
        self.extractor = ConvFeatureExtractor(
            FixedFilters(gaussian_derivatives(channels)), activation="linear", scales=SCALES, grid=1
        )

    def fit(self, images, labels) -> None:
        at = np.nonzero(labels)
        rows = self.extractor.fit(images).transform_dense(images, at=at)
        self.classifier.fit(magnitudes(rows, self.channels), labels[at])

    def predict(self, image):
        rows = self.extractor.transform_dense(image[None])[0]
        told = self.classifier.predict(magnitudes(rows.reshape(-1, rows.shape[-1]), self.channels))
        return told.reshape(image.shape[:2])


def magnitudes(rows: np.ndarray, channels: int) -> np.ndarray:
    """Of maps (n, scales * 6 * channels) the first two kinds, and the lengths of the other two pairs."""
    kinds = rows.reshape(len(rows), -1, 6, channels)
    lengths = np.hypot(kinds[:, :, 2::2], kinds[:, :, 3::2])
    return np.concatenate([kinds[:, :, :2], lengths], axis=2).reshape(len(rows), -1)


def gaussian_derivatives(channels: int) -> np.ndarray:
    """Filters (6 channels, SIZE, SIZE, channels), for each channel: a Gaussian, its Laplacian, its two first
    derivatives, and the two parts of its second derivatives that turn with the image."""
    x = np.arange(SIZE) - SIZE // 2
    g = np.exp(-(x**2) / 2)
    g /= g.sum()
    first, second = x * g, (x**2 - 1) * g
    second -= g * second.sum()
    along, down = np.outer(g, second), np.outer(second, g)
    kinds = [np.outer(g, g), along + down, np.outer(g, first), np.outer(first, g)]
    kinds += [(along - down) / 2, np.outer(first, first)]
    return np.einsum("kyx,cd->kcyxd", kinds, np.eye(channels)).reshape(-1, SIZE, SIZE, channels)
