"""Every public estimator, found by looking, and the instances of it that the suite tests.

A new estimator needs a line in ``VARIANTS``; whatever it cannot promise goes to ``EXPECTED_FAILURES``
with its reason; where it needs its own kind of data, a line in ``DATA``.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module

import numpy as np
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression, Ridge

import skmtl
from skmtl.annotation import PixelsHead, PoseHead
from skmtl.balancers import FAMO, CAGrad
from skmtl.component import Component
from skmtl.couplings import (
    ConcaveJointSparsity,
    FusedSparsity,
    Independent,
    JointSparsity,
    LearnedRelation,
    OutlierTasks,
    ReducedRank,
    SharedParameters,
    SparseRelation,
    TaskFusion,
)
from skmtl.heads import LabelHead
from skmtl.losses import PoissonLoss, QuantileLoss

# Parts without estimators of their own: kernels are functions, the rest are programs.
NOT_SEARCHED = {"kernels", "cli", "demo", "__main__"}

_TRUNK = skmtl.ConvFeatureExtractor(
    n_filters=3, kernel_size=3, scales=(1, 2), image_shape=(None, None, 1), random_state=0
)
_ANNOTATOR = {"trunk": _TRUNK, "hidden_layer_sizes": (8,), "max_samples": 400, "random_state": 0}
_SHORT = {"learning_rate": 0.01, "max_iter": 50, "random_state": 0}

VARIANTS: dict[str, Callable[[type], list]] = {
    "ConvFeatureExtractor": lambda cls: [
        cls(n_filters=4, kernel_size=3, random_state=0),
        cls(skmtl.feature_extraction.RandomFilters(contrast=None), n_filters=3, grid=(1, 2), random_state=0),
        cls(
            hidden_layers=[skmtl.feature_extraction.ConvLayer(n_filters=2, pooling=None)],
            n_filters=3,
            kernel_size=2,
            padding="same",
            activation="triangle",
            pooling="power",
            grid=1,
            random_state=0,
        ),
    ],
    "ImageAnnotator": lambda cls: [
        cls([("mask", PixelsHead()), ("kind", LabelHead()), ("points", PoseHead())], **_ANNOTATOR)
    ],
    "ImageTagger": lambda cls: [cls(**_ANNOTATOR)],
    "InstanceSegmenter": lambda cls: [cls(**_ANNOTATOR)],
    "IndependentTasks": lambda cls: [cls(LogisticRegression()), cls(Ridge())],
    "MultiHeadEstimator": lambda cls: [
        cls(random_state=0),
        cls(stack=True, n_components=2, random_state=0),
    ],
    "MultiHeadNetwork": lambda cls: [cls(learning_rate=0.01, max_iter=30, random_state=0)],
    "MultiTaskLatentClassifier": lambda cls: [
        cls(tol=1e-9),
        cls(alpha=0.1, sparsity=0.02, summary_rank=4, tol=1e-9),
    ],
    "MultiTaskLatentRegressor": lambda cls: [
        cls(alpha=0.1, tol=1e-10),
        cls(n_components=1, fit_intercept=False, tol=1e-10),
    ],
    "MultiTaskLinearRegressor": lambda cls: [
        cls(),
        cls(alpha=0.1, fit_intercept=False),
        cls(coupling=LearnedRelation(), loss_average="task", tol=1e-15),
        cls(coupling=JointSparsity(0.5), tol=1e-15, intercept_penalty=0.1),
        cls(coupling=ReducedRank()),
        cls(coupling=TaskFusion(), tol=1e-12),
        cls(coupling=SparseRelation(mean_variance=1.0)),
        cls(loss=QuantileLoss(0.4), tol=1e-13),
        cls(loss=PoissonLoss(), coupling=JointSparsity()),
    ],
    "MultiTaskLinearSVC": lambda cls: [
        cls(),
        cls(class_weight="balanced", loss_average="task", tol=1e-11),
        cls(coupling=JointSparsity(), tol=1e-15),
    ],
    "MultiTaskLinearSVR": lambda cls: [
        cls(alpha=0.1, tol=1e-12),
        cls(alpha=1e-3, squared=True, coupling=LearnedRelation(), tol=1e-13),
        cls(coupling=JointSparsity(0.5)),
    ],
    "MultiTaskLinearRegressorCV": lambda cls: [
        cls(alphas=5, cv=3),
        cls(alphas=[0.1, 0.01], couplings=[JointSparsity(0.5), Independent()], cv=2, scoring="r2", n_jobs=2),
        cls(cv="gcv"),
    ],
    "MultiTaskLogisticRegression": lambda cls: [
        cls(),
        cls(alpha=0.1, fit_intercept=False),
        cls(coupling=Independent(), loss_average="task", intercept_penalty=0.5),
        cls(coupling=OutlierTasks(), tol=1e-6),
        cls(coupling=ConcaveJointSparsity(), tol=1e-6),
        cls(coupling=FusedSparsity(), tol=1e-6),
    ],
    "MultiTaskLogisticRegressionCV": lambda cls: [
        cls(alphas=3, eps=0.1, cv=2, couplings=[Independent(), SharedParameters()], tol=1e-11),
        cls(alphas=[0.1, 0.01], couplings=Independent(), cv=2, one_standard_error=True),
    ],
    "MultiTaskMLPClassifier": lambda cls: [
        cls(random_state=0),
        cls(solver="adam", activation="relu", dropout=0.2, balancer=CAGrad(), **_SHORT),
    ],
    "MultiTaskMLPRegressor": lambda cls: [
        cls(random_state=0),
        cls(solver="adamw", head_layer_sizes=(8,), batch_norm=True, balancer=FAMO(), **_SHORT),
    ],
    "MultiTaskMixedModel": lambda cls: [cls(), cls(coupling=JointSparsity(), loss_average="task")],
    "ObjectDetector": lambda cls: [cls(**_ANNOTATOR)],
    "PixelAnnotator": lambda cls: [cls(**_ANNOTATOR)],
    "PooledTasks": lambda cls: [cls(LogisticRegression()), cls(Ridge())],
    "StreamingRidge": lambda cls: [
        cls(),
        cls(alphas=0.1, standardize=False, fit_intercept=False),
    ],
    "StreamingRidgeClassifier": lambda cls: [
        cls(),
        cls(alphas=[0.1, 0.01], standardize=False, n_jobs=2),
    ],
    "WaveletScattering": lambda cls: [cls(), cls(n_octaves=1, n_orientations=3, order=1)],
    "MultiPoseEstimator": lambda cls: [cls(**_ANNOTATOR)],
    "PoseEstimator": lambda cls: [cls(**_ANNOTATOR)],
    "RegionAnnotator": lambda cls: [cls(n_regions=12, **_ANNOTATOR)],
    "TaskRelationClassifier": lambda cls: [
        cls(tol=1e-12),
        cls(sharing=0, smoothing=0.01, loss_average="task", tol=1e-12),
    ],
    "TaskRelationRegressor": lambda cls: [
        cls(tol=1e-15),
        cls(alpha=0.1, sharing=0.5, fit_intercept=False),
    ],
}

_LIST_OF_CLASSES = {
    "check_classifier_multioutput": "classes_ is a list with an array per task, as RandomForestClassifier's; "
    "the check indexes it as one array, because a decision_function stands beside it"
}
_BATCHES = dict.fromkeys(
    ["check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"],
    "mini-batches are drawn from other rows where rows are repeated, as scikit-learn's MLPClassifier does",
)
_THROUGH_THE_ORIGIN = {
    "check_class_weight_classifiers": "without an intercept no weights let one class cover the plane"
}
_GAP = dict.fromkeys(
    ["check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"],
    "the check compares predictions to 1e-7, which take a smaller gap than a kinked loss is fitted to",
)
_NEGATIVE = {
    "check_regressor_multioutput": "the check's targets are negative, whatever the tag positive_only says"
}
EXPECTED_FAILURES: dict[str, dict[str, str]] = {
    "IndependentTasks": _LIST_OF_CLASSES,
    "MultiTaskLatentClassifier": _LIST_OF_CLASSES,
    "MultiTaskLinearSVC": _LIST_OF_CLASSES,
    "MultiTaskLogisticRegression": _LIST_OF_CLASSES,
    "MultiTaskLogisticRegressionCV": _LIST_OF_CLASSES,
    "PooledTasks": _LIST_OF_CLASSES,
    "StreamingRidgeClassifier": _LIST_OF_CLASSES,
    "TaskRelationClassifier": _LIST_OF_CLASSES,
}


def task_targets(estimator, rng: np.random.Generator):
    """Forty rows of five numbers and two tasks: classes for a classifier, numbers otherwise."""
    X = rng.normal(size=(40, 5))
    score = X @ rng.normal(size=(5, 2))
    score = np.exp(score) if estimator.__sklearn_tags__().target_tags.positive_only else score
    if is_classifier(estimator):
        return X, np.where(score > 0, "yes", "no")
    return X, score if is_regressor(estimator) else (score[:, 0] > 0).astype(int)


def images(estimator, rng: np.random.Generator):
    """Twelve grey images of 9 x 9 pixels and a number for each."""
    return rng.random((12, 9, 9)), np.arange(12) % 2


def annotated(estimator, rng: np.random.Generator):
    """Eight images of 14 x 15 pixels, a bright square in each, and what ``estimator`` learns of them."""
    X, name = rng.normal(100, 5, (8, 14, 15)), type(estimator).__name__
    mask, corners = np.zeros(X.shape, int), rng.integers(1, 7, (8, 2))
    for one, (row, column) in zip(mask, corners, strict=True):
        one[row : row + 6, column : column + 6] = 1
    points = np.stack([corners[:, ::-1], corners[:, ::-1] + 6], axis=1).astype(float)
    kinds = np.arange(8) % 2
    records = [{"boxes": [box], "labels": [1]} for box in points.reshape(8, 4)]
    answers = {
        "ImageAnnotator": skmtl.make_targets(mask=mask.astype(np.uint8), kind=kinds, points=points),
        "ImageTagger": kinds,
        "ObjectDetector": np.array(records, dtype=object),
        "MultiPoseEstimator": points[:, None],
        "PoseEstimator": points,
    }
    return X + 60 * mask, answers.get(name, mask)


def mixed_targets(estimator, rng: np.random.Generator):
    """Forty rows of five numbers; for each a class, a number and two tags, some of them missing."""
    X = rng.normal(size=(40, 5))
    kind = np.where(X[:, 0] > 0, "yes", "no").astype(object)
    size, tags = X.sum(axis=1), (X[:, 1:3] > 0).astype(float)
    kind[0], size[1], tags[2] = None, np.nan, np.nan
    return X, skmtl.make_targets(kind=kind, size=size, tags=tags)


DATA: dict[str, Callable] = {
    "ConvFeatureExtractor": images,
    "MultiHeadEstimator": mixed_targets,
    "WaveletScattering": images,
}
DATA |= dict.fromkeys(
    [name for name, cls in vars(skmtl.annotation).items() if name in skmtl.__all__ and isinstance(cls, type)],
    annotated,
)


def find_estimators() -> dict[str, type]:
    """Public name -> class, for all that derive from ``BaseEstimator``, have ``fit`` and are no components.

    A part of the package that cannot be imported is left to ``test_import``, which names it.
    """
    return {cls.__name__: cls for cls in _public_classes() if _is_estimator(cls)}


def _public_classes() -> Iterator[type]:
    for part in [skmtl, *_parts()]:
        for name in getattr(part, "__all__", dir(part)):
            value = None if name.startswith("_") else _get(part, name)
            if isinstance(value, type) and value.__module__.startswith("skmtl."):
                yield value


def _parts() -> Iterator:
    for info in pkgutil.iter_modules(skmtl.__path__):
        if info.name not in NOT_SEARCHED and not info.name.startswith("_"):
            yield import_module(f"skmtl.{info.name}")


def _get(part, name: str):
    try:
        return getattr(part, name)
    except (AttributeError, ModuleNotFoundError):
        return None


def _is_estimator(cls: type) -> bool:
    return issubclass(cls, BaseEstimator) and not issubclass(cls, Component) and hasattr(cls, "fit")


def instances() -> list[BaseEstimator]:
    """The tested instances of every public estimator that stands and is in the table."""
    found = find_estimators()
    return [one for name in sorted(found) for one in VARIANTS.get(name, lambda cls: [])(found[name])]


def expected_failures(estimator) -> dict[str, str]:
    """Checks of scikit-learn that ``estimator`` fails on purpose -> the reason."""
    trains = is_classifier(estimator) or is_regressor(estimator)
    if trains and getattr(estimator, "solver", None) in ("adam", "adamw", "sgd"):
        return _BATCHES
    if estimator.__sklearn_tags__().target_tags.positive_only:
        return _NEGATIVE
    known = EXPECTED_FAILURES.get(type(estimator).__name__, {}) if is_classifier(estimator) else {}
    return {**known, **_linear_failures(estimator)}


def _linear_failures(estimator) -> dict[str, str]:
    """What linear models fail for their parameters' sake."""
    if type(estimator).__name__ == "MultiTaskLinearSVR" and estimator.tol > 1e-10:
        return _GAP
    weighs = hasattr(estimator, "class_weight") and hasattr(estimator, "coupling")
    return _THROUGH_THE_ORIGIN if weighs and not estimator.fit_intercept else {}


def data_for(estimator, rng: np.random.Generator):
    """Small training data that ``estimator`` can learn from."""
    return DATA.get(type(estimator).__name__, task_targets)(estimator, rng)
