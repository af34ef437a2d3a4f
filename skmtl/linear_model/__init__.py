"""Linear models of several tasks: losses x couplings."""

from ._classifier import MultiTaskLogisticRegression
from ._cv import MultiTaskLinearRegressorCV, MultiTaskLogisticRegressionCV
from ._mixed import MultiTaskMixedModel
from ._regressor import MultiTaskLinearRegressor
from ._svm import MultiTaskLinearSVC, MultiTaskLinearSVR

__all__ = [
    "MultiTaskLinearRegressor",
    "MultiTaskLinearRegressorCV",
    "MultiTaskLinearSVC",
    "MultiTaskLinearSVR",
    "MultiTaskLogisticRegression",
    "MultiTaskLogisticRegressionCV",
    "MultiTaskMixedModel",
]
