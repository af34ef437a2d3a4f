"""Heads that say something about every pixel, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmtl.utils._parallel import run_blocks

from ._pixels import context_maps, fit_pixels, fold_models, predict_pixels, sample_pixels
from ._region import region_maps

# Pixels whose dense features are held at once by one thread.
_BLOCK_PIXELS = 2**17


def image_block(shape: tuple[int, int]) -> int:
    """Images of this size to take at once."""
    return max(1, _BLOCK_PIXELS // (shape[0] * shape[1]))


def fit_dense(problem: Any, plan: Any, name: str, told: dict, frame: dict | None, reads: bool, alone: bool):
    """Fit a dense head; its state, and its cross-fitted maps (None when no other pass needs them)."""
    head, codes, images = problem.heads[name], problem.encoded[name], problem.images
    block = image_block(images.shape)

    def dense(index: np.ndarray) -> np.ndarray:
        return _with_context(images.part(index).dense(), _rows(told, index), _rows(frame, index), reads)

    sample = sample_pixels(dense, codes, plan.n_pixels, plan.seed, block)
    state = fit_pixels(head, sample, problem.weight)
    if alone:
        return state, None
    fold, states = fold_models(head, sample, problem.weight, len(images), plan.n_folds, plan.seed)

    def judge(index: np.ndarray) -> np.ndarray:
        features = dense(index)
        # Images outside the sample were seen by no model, so the full one may judge them.
        return np.stack(
            [
                predict_pixels(states[fold[i]] if fold[i] >= 0 else state, features[k])
                for k, i in enumerate(index)
            ]
        )

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
