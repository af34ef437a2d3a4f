"""Models for heads that say something about every pixel: a classifier on a bounded sample of pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl.heads import Head

from ._columns import folds

_IGNORE = 255
# Fewer pixels of an image than this are not worth computing its dense features for.
_PIXELS_PER_IMAGE = 64
# Widths in pixels of the box means through which a refined mask sees the first one's surroundings.
CONTEXT = (1, 3, 7, 13)

Dense = Callable[[np.ndarray], np.ndarray]


def sample_pixels(dense: Dense, codes: np.ndarray, n_pixels: int, seed: int, block: int) -> dict:
    """Draw at most about ``n_pixels`` observed pixels, as many of every class as there are.

    ``dense`` maps image numbers to (b, h, w, c) features; at most ``block`` images are held at once.
    Returns features ``x``, class codes ``y``, image numbers ``image``, flat positions ``place`` and
    ``rates``: the share of each class's pixels that was drawn, with which probabilities are set right.
    """
    rng = np.random.default_rng(seed)
    images = np.flatnonzero((codes != _IGNORE).any(axis=(1, 2)))
    images = np.sort(rng.permutation(images)[: max(n_pixels // _PIXELS_PER_IMAGE, 1)])
    n_classes = int(codes[codes != _IGNORE].max()) + 1
    quota = max(n_pixels // (len(images) * n_classes), 1)
    chosen = [_draw(codes[i].ravel(), n_classes, quota, rng) for i in images]
    x = []
    for start in range(0, len(images), block):
        part = dense(images[start : start + block])
        flat = part.reshape(len(part), -1, part.shape[-1])
        x += [flat[k, chosen[start + k]] for k in range(len(part))]
    image = np.repeat(images, [len(c) for c in chosen])
    place = np.concatenate(chosen)
    y = codes.reshape(len(codes), -1)[image, place].astype(int)
    there = np.bincount(codes[images][codes[images] != _IGNORE], minlength=n_classes)
    rates = np.bincount(y, minlength=n_classes) / np.maximum(there, 1)
    return {"x": np.concatenate(x), "y": y, "image": image, "place": place, "rates": rates}


def _draw(codes: np.ndarray, n_classes: int, quota: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of up to ``quota`` random pixels of each class."""
    return np.concatenate([rng.permutation(np.flatnonzero(codes == c))[:quota] for c in range(n_classes)])


def fit_pixels(head: Head, sample: dict, weight: np.ndarray | None, keep: np.ndarray | None = None) -> dict:
    """Fit the head's classifier, or logistic regression on standardised features, to a pixel sample."""
    keep = slice(None) if keep is None else keep
    # The penalty hardly matters with a hundred pixels per coefficient.
    classifier = LogisticRegression(C=0.1, tol=1e-3) if head.estimator is None else clone(head.estimator)
    model = make_pipeline(StandardScaler(), classifier)
    extra = {}
    if weight is not None:
        extra[f"{model.steps[-1][0]}__sample_weight"] = weight[sample["image"][keep]]
    model.fit(sample["x"][keep], sample["y"][keep], **extra)
    return {"model": model, "rates": sample["rates"]}


def predict_pixels(state: dict, features: np.ndarray) -> np.ndarray:
    """(..., c) features to (..., n_classes) float32 probabilities under the true class shares."""
    probability = state["model"].predict_proba(features.reshape(-1, features.shape[-1]))
    codes = state["model"].classes_.astype(int)
    out = np.zeros((len(probability), len(state["rates"])), np.float32)
    out[:, codes] = probability / np.maximum(state["rates"][codes], 1e-12)
    out /= out.sum(axis=1, keepdims=True)
    return out.reshape(*features.shape[:-1], -1)


def fold_models(head: Head, sample: dict, weight: Any, n_images: int, cv: int, seed: int) -> tuple:
    """A fold number per image and a model per fold that saw none of the fold's images.

    Fold -1 marks images that are not in the sample at all; any of the models may judge them.
    """
    inside = np.zeros(n_images, bool)
    inside[sample["image"]] = True
    fold = folds(inside, cv, seed)
    states = []
    for k in range(fold.max() + 1):
        keep = fold[sample["image"]] != k
        if len(np.unique(sample["y"][keep])) < 2:
            return np.full(n_images, -1), []
        states.append(fit_pixels(head, sample, weight, keep))
    return fold, states


def context_maps(probability: np.ndarray) -> np.ndarray:
    """(n, h, w, C) probabilities of another mask model as (n, h, w, k) inputs: auto-context.

    Log odds and their box means over growing windows, class by class (all but the background).
    """
    told = np.clip(probability[..., 1:], 1e-3, 1 - 1e-3)
    odds = np.log(told / (1 - told)).astype(np.float32)
    return np.concatenate([uniform_filter(odds, (0, s, s, 0), mode="nearest") for s in CONTEXT], axis=-1)
