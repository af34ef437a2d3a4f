"""skmtl: multi-task learning for scikit-learn users, on a CPU, for tables and for images.

Importing the package loads nothing: each public name is fetched on first use, so that
``import skmtl`` costs no numba, no scikit-image and no matplotlib.
"""

from importlib import import_module

from ._version import __version__ as __version__

_SUBMODULES = (
    "annotation",
    "balancers",
    "compose",
    "couplings",
    "datasets",
    "feature_extraction",
    "heads",
    "inspection",
    "io",
    "linear_model",
    "losses",
    "metrics",
    "model_selection",
    "neural_network",
    "nn",
    "persistence",
    "solvers",
    "targets",
)

_HOME = {
    "ConvFeatureExtractor": "feature_extraction",
    "ImageAnnotator": "annotation",
    "ImageTagger": "annotation",
    "IndependentTasks": "baseline",
    "InstanceSegmenter": "annotation",
    "MultiHeadEstimator": "compose",
    "MultiHeadNetwork": "neural_network",
    "MultiPoseEstimator": "annotation",
    "MultiTaskLatentClassifier": "linear_model",
    "MultiTaskLatentRegressor": "linear_model",
    "MultiTaskLinearRegressor": "linear_model",
    "MultiTaskLinearRegressorCV": "linear_model",
    "MultiTaskLinearSVC": "linear_model",
    "MultiTaskLinearSVR": "linear_model",
    "MultiTaskLogisticRegression": "linear_model",
    "MultiTaskLogisticRegressionCV": "linear_model",
    "MultiTaskMLPClassifier": "neural_network",
    "MultiTaskMLPRegressor": "neural_network",
    "MultiTaskMixedModel": "linear_model",
    "ObjectDetector": "annotation",
    "PixelAnnotator": "annotation",
    "PooledTasks": "baseline",
    "PoseEstimator": "annotation",
    "RegionAnnotator": "annotation",
    "StreamingRidge": "linear_model",
    "StreamingRidgeClassifier": "linear_model",
    "TaskKFold": "model_selection",
    "TaskRelationClassifier": "linear_model",
    "TaskRelationRegressor": "linear_model",
    "load_model": "persistence",
    "make_targets": "targets",
    "save_model": "persistence",
    "split_targets": "targets",
    "show_versions": "utils",
}

__all__ = sorted([*_SUBMODULES, *_HOME, "__version__"])


def __getattr__(name):
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
