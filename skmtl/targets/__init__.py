"""What ``y`` means: the one place that reads targets, plain ones and structured ones."""

from ._columns import join_labels
from ._estimator import TaskTargetsMixin, label_weights
from ._known import known_classes, read_known_targets
from ._reader import TaskTargets, read_targets
from ._structured import make_targets, split_targets

__all__ = [
    "TaskTargets",
    "TaskTargetsMixin",
    "join_labels",
    "known_classes",
    "label_weights",
    "make_targets",
    "read_known_targets",
    "read_targets",
    "split_targets",
]
