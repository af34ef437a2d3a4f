"""Networks of several tasks: a shared trunk with a head a task."""

from ._classifier import MultiTaskMLPClassifier
from ._regressor import MultiTaskMLPRegressor

__all__ = ["MultiTaskMLPClassifier", "MultiTaskMLPRegressor"]
