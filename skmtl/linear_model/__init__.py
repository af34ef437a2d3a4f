"""Linear models of several tasks: losses x couplings."""

from ._classifier import MultiTaskLogisticRegression
from ._latent_models import MultiTaskLatentClassifier, MultiTaskLatentRegressor
from ._regressor import MultiTaskLinearRegressor
from ._relations import TaskRelationClassifier, TaskRelationRegressor

__all__ = [
    "MultiTaskLatentClassifier",
    "MultiTaskLatentRegressor",
    "MultiTaskLinearRegressor",
    "MultiTaskLogisticRegression",
    "TaskRelationClassifier",
    "TaskRelationRegressor",
]
