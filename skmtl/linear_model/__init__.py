"""Linear models of several tasks: losses x couplings."""

from ._classifier import MultiTaskLogisticRegression
from ._cv import MultiTaskLinearRegressorCV, MultiTaskLogisticRegressionCV
from ._regressor import MultiTaskLinearRegressor

__all__ = [
    "MultiTaskLinearRegressor",
    "MultiTaskLinearRegressorCV",
    "MultiTaskLogisticRegression",
    "MultiTaskLogisticRegressionCV",
]
