"""Heads that say something about every pixel, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..utils._parallel import run_blocks
from ._pixels import (
    context_maps,
    fit_pixels,
    image_folds,
    predict_pixels,
    refinement_pays,
    sample_pixels,
)
from ._region import region_maps

# Pixels whose dense features are held at once by one thread.
_BLOCK_PIXELS = 2**17


def image_block(shape: tuple[int, int]) -> int:
    """Images of this size to take at once."""
    return max(1, _BLOCK_PIXELS // (shape[0] * shape[1]))


def fit_dense(problem: Any, plan: Any, name: str, told: dict, frame: dict | None, reads: bool, maps: bool):
    """Fit a dense head; its state, and its cross-fitted maps (None unless ``maps``).

    The state is None where the head was told of before and this does not better it.
    """
    head, codes, images, seed = problem.heads[name], problem.encoded[name], problem.images, plan.seed
    block = image_block(images.shape)

    def dense(index: np.ndarray) -> np.ndarray:
        return _with_context(images.part(index).dense(), _rows(told, index), _rows(frame, index), reads)

    sample = sample_pixels(dense, codes, plan.n_pixels, seed, block, plan.n_jobs)
    fold = image_folds(sample, len(images), plan.n_folds, seed)
    if name in told and not refinement_pays(head, sample, problem.weight, fold, seed, told[name]):
        return None, None
    parts = [None, *(fold[sample["image"]] != k for k in range(fold.max() + 1 if maps else 0))]
    state, *fitted = run_blocks(
        lambda keep: fit_pixels(head, sample, problem.weight, seed, keep), parts, plan.n_jobs
    )
    if not maps:
        return state, None

    def judge(index: np.ndarray) -> np.ndarray:
        features = dense(index)
        out = np.empty((*features.shape[:3], len(sample["rates"])), np.float32)
        for k in np.unique(fold[index]):
            # Images outside the sample were seen by no model, so the full one may judge them.
            rows = fold[index] == k
            out[rows] = predict_pixels(fitted[k] if k >= 0 else state, features[rows])
        return out

    blocks = [np.arange(s, min(s + block, len(images))) for s in range(0, len(images), block)]
    return state, np.concatenate(run_blocks(judge, blocks, plan.n_jobs))


def predict_dense(state: dict, dense: np.ndarray, told: dict, frame: dict | None, reads: bool) -> np.ndarray:
    """(n, h, w, n_classes) probabilities from dense features and what the pass before found."""
    return predict_pixels(state, _with_context(dense, told, frame, reads))


def _with_context(dense: np.ndarray, told: dict, frame: dict | None, reads: bool) -> np.ndarray:
    extra = []
    if reads:
        extra += [context_maps(told[name]) for name in sorted(told) if told[name].ndim == 4]
    if frame is not None:
        extra.append(region_maps(frame, dense.shape[1:3]))
    return np.concatenate([dense, *extra], axis=-1) if extra else dense


def _rows(arrays: dict | None, index: np.ndarray) -> dict | None:
    return None if arrays is None else {name: values[index] for name, values in arrays.items()}
