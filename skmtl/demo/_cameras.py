"""Cameras as tasks that own their rows, with few labels each: where sharing should pay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.decomposition import PCA

from ..baseline import PooledTasks
from ..couplings import Independent, LearnedRelation
from ..datasets import make_digit_scenes
from ..feature_extraction import ConvFeatureExtractor
from ..inspection import SharingReport, compare_sharing, draw_matrix
from ..linear_model import MultiTaskLinearRegressor, MultiTaskLogisticRegression

REPEATS, PER_CAMERA, N_TEST = 5, 40, 1500

# Strengths were chosen for each model by itself, on scenes of another seed.
DIGIT_ALPHAS = {"separate": 1e-3, "pooled": 2e-4, "joint": 1e-3}
PLACE_ALPHAS = {"separate": 1e-3, "pooled": 2e-3, "joint": 3e-3}


def learn_cameras(seed: int, step: Callable) -> tuple[SharingReport, SharingReport, object]:
    """The digit, and where its top end is, for each camera from 40 labelled scenes of its own.

    Separate models, one pooled model, and a joint one that learns how the cameras are related. Each
    repeat has training and test scenes of its own. Returns both reports and the relation's picture.
    """
    train = make_digit_scenes(REPEATS * PER_CAMERA * 6 + 400, split="train", random_state=seed + 1)
    test = make_digit_scenes(N_TEST, split="test", random_state=seed + 1)
    features = _features(train.images, test.images, seed)
    camera = np.concatenate([train.camera, test.camera])
    X = np.column_stack([features, camera])
    splits = _splits(camera, len(train.images), seed)
    digits = np.concatenate([train.label, test.label])
    tops = np.concatenate([train.points, test.points])[:, 0, 0] / train.images.shape[2]
    names = train.camera_names
    by_digit = compare_sharing(
        _models(MultiTaskLogisticRegression, DIGIT_ALPHAS), X, digits, joint="joint", cv=splits, step=step
    )
    by_place = compare_sharing(
        _models(MultiTaskLinearRegressor, PLACE_ALPHAS), X, tops, joint="joint", cv=splits, step=step
    )
    picture = _relation_picture(X[splits[0][0]], digits[splits[0][0]], names)
    return by_digit.renamed(names), by_place.renamed(names), picture


def _features(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """Convolutional features of all scenes in 300 principal directions of mean square 1 in all.

    Filters and directions are learned from 600 training scenes, without their labels.
    """
    trunk = ConvFeatureExtractor(n_filters=32, grid=5, random_state=seed, n_jobs=2).fit(train[:600])
    raw = trunk.transform(np.concatenate([train, test]))
    directions = PCA(300, random_state=seed).fit(raw[:600])
    return directions.transform(raw) / np.sqrt(directions.explained_variance_.sum())


def _splits(camera: np.ndarray, n_train: int, seed: int) -> list:
    """Disjoint training and test rows for each repeat, the same number from every camera."""
    rng = np.random.default_rng(seed)
    n_cameras = camera.max() + 1
    pools = [rng.permutation(np.flatnonzero(camera[:n_train] == c)) for c in range(n_cameras)]
    tests = [n_train + rng.permutation(np.flatnonzero(camera[n_train:] == c)) for c in range(n_cameras)]
    size = min(len(rows) for rows in tests) // REPEATS
    few = min(PER_CAMERA, min(len(rows) for rows in pools) // REPEATS)
    return [(_part(pools, r, few), _part(tests, r, size)) for r in range(REPEATS)]


def _part(pools: list, r: int, size: int) -> np.ndarray:
    return np.concatenate([rows[r * size : (r + 1) * size] for rows in pools])


def _models(cls, alphas: dict) -> dict:
    options = {"task_feature": -1, "tol": 1e-4}
    return {
        "separate": cls(alphas["separate"], coupling=Independent(), **options),
        "pooled": PooledTasks(cls(alphas["pooled"], coupling=Independent(), tol=1e-4), task_feature=-1),
        "joint": cls(alphas["joint"], coupling=LearnedRelation(0.5), **options),
    }


def _relation_picture(X: np.ndarray, y: np.ndarray, names: list):
    model = _models(MultiTaskLogisticRegression, DIGIT_ALPHAS)["joint"].fit(X, y)
    deviation = np.sqrt(np.diag(model.task_covariance_))
    correlation = model.task_covariance_ / np.outer(deviation, deviation)
    return draw_matrix(correlation, names, title="How the cameras' models are related, as learned", limit=1)
