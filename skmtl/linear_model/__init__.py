"""Linear models of several tasks: losses x couplings."""

from ._classifier import MultiTaskLogisticRegression
from ._cv import MultiTaskLinearRegressorCV, MultiTaskLogisticRegressionCV
from ._latent_models import MultiTaskLatentClassifier, MultiTaskLatentRegressor
from ._mixed import MultiTaskMixedModel
from ._regressor import MultiTaskLinearRegressor
from ._relations import TaskRelationClassifier, TaskRelationRegressor
from ._streaming_models import StreamingRidge, StreamingRidgeClassifier
from ._svm import MultiTaskLinearSVC, MultiTaskLinearSVR

__all__ = [
    "MultiTaskLatentClassifier",
    "MultiTaskLatentRegressor",
    "MultiTaskLinearRegressor",
    "MultiTaskLinearRegressorCV",
    "MultiTaskLinearSVC",
    "MultiTaskLinearSVR",
    "MultiTaskLogisticRegression",
    "MultiTaskLogisticRegressionCV",
    "MultiTaskMixedModel",
    "StreamingRidge",
    "StreamingRidgeClassifier",
    "TaskRelationClassifier",
    "TaskRelationRegressor",
]
