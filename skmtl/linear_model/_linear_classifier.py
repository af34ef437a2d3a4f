"""Linear classification of several tasks: everything but the loss."""

from __future__ import annotations

from sklearn.base import ClassifierMixin

from ..targets import TaskTargets, label_weights
from ..utils._init import extended_init
from ..utils._sklearn import StrOptions
from ._base import LinearTaskModel
from ._decoding import ClassDecoding
from ._weights import class_weighted


class LinearTaskClassifier(ClassDecoding, LinearTaskModel, ClassifierMixin):
    """Weighs classes; subclasses give the loss."""

    _classify = True
    _parameter_constraints = {
        **LinearTaskModel._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    __init__ = extended_init(LinearTaskModel, {"class_weight": None})

    def _label_weights(self, targets: TaskTargets, sample_weight, target_weight):
        weight = label_weights(targets, sample_weight, target_weight)
        return class_weighted(targets, weight, self.class_weight)
