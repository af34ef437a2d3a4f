"""The classes whose objects may stand in a model file."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from sklearn.base import BaseEstimator

#: Packages whose public estimators and components may: all of them are values of parameters and arrays.
PUBLIC = (
    "annotation",
    "balancers",
    "baseline",
    "compose",
    "couplings",
    "feature_extraction",
    "heads",
    "linear_model",
    "losses",
    "neural_network",
)
#: And what they hold: "package.Class" -> the module it lives in. Of scikit-learn only models that are
#: arrays and numbers.
PARTS = {
    "annotation.CellLevel": "skmtl.annotation._scale",
    "annotation.Cells": "skmtl.annotation._rows",
    "annotation.CloserLook": "skmtl.annotation._closer",
    "annotation.ImageLevel": "skmtl.annotation._whole",
    "annotation.Joint": "skmtl.annotation._shape",
    "annotation.PixelLevel": "skmtl.annotation._looks",
    "annotation.PlaceLevel": "skmtl.annotation._levels",
    "annotation.Projection": "skmtl.annotation._projection",
    "annotation.Regions": "skmtl.annotation._rows",
    "annotation.Scale": "skmtl.annotation._scale",
    "feature_extraction.FittedLayer": "skmtl.feature_extraction._layers",
    "feature_extraction.Geometry": "skmtl.feature_extraction._layers",
    "io.Report": "skmtl.io",
    "kernels.Window": "skmtl.kernels.windows",
    "sklearn.DummyClassifier": "sklearn.dummy",
    "sklearn.LabelBinarizer": "sklearn.preprocessing",
    "sklearn.LogisticRegression": "sklearn.linear_model",
    "sklearn.MLPClassifier": "sklearn.neural_network",
    "sklearn.Pipeline": "sklearn.pipeline",
    "sklearn.Ridge": "sklearn.linear_model",
    "sklearn.RidgeCV": "sklearn.linear_model",
    "sklearn.StandardScaler": "sklearn.preprocessing",
}
#: Attributes that only more learning would need.
LEFT_OUT = {"sklearn.MLPClassifier": ("_optimizer", "_random_state")}


def class_named(name: str) -> type:
    """The class of a name in a file. Raises ValueError for any that may not stand there."""
    package, _, label = name.partition(".")
    if name in PARTS:
        return getattr(import_module(PARTS[name]), label)
    if package in PUBLIC:
        module = import_module(f"skmtl.{package}")
        found = getattr(module, label) if label in module.__all__ else None
        if isinstance(found, type) and issubclass(found, (BaseEstimator, tuple)):
            return found
    raise ValueError(f"it holds a {name!r:.80}, which is no part of a model")


def name_of(kind: type) -> str | None:
    """The name of a class in files; None for one that may not stand there."""
    package = kind.__module__.removeprefix("skmtl.").split(".")[0]
    name = f"{package}.{kind.__name__}"
    try:
        return name if class_named(name) is kind else None
    except ValueError:
        return None


def make(name: str, state: Any) -> Any:
    """The object of a named class with the attributes, or the fields, that a file holds."""
    kind = class_named(name)
    if issubclass(kind, tuple):
        return kind._make(state)
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise ValueError(f"the attributes of a {name} are not named")
    one = kind.__new__(kind)
    if isinstance(one, BaseEstimator):
        vars(one).update(_defaults(kind, name, state))
    vars(one).update(state)
    return one


def _defaults(kind: type, name: str, state: dict) -> dict[str, Any]:
    """Of parameters that the version which wrote the file did not have the defaults: they change nothing."""
    given = inspect.signature(kind.__init__).parameters
    lacking = {key: given[key].default for key in kind._get_param_names() if key not in state}
    for key, default in lacking.items():
        if default is inspect.Parameter.empty:
            raise ValueError(
                f"it holds a {name} without {key!r}, which this version of skmtl has: fit the model anew"
            )
    return lacking
