"""Networks of several tasks: a shared trunk with a head a task."""

from ._classifier import MultiTaskMLPClassifier
from ._multi_head import MultiHeadNetwork
from ._regressor import MultiTaskMLPRegressor
from ._trunks import ConvTrunk, DenseTrunk, Trunk

__all__ = [
    "ConvTrunk",
    "DenseTrunk",
    "MultiHeadNetwork",
    "MultiTaskMLPClassifier",
    "MultiTaskMLPRegressor",
    "Trunk",
]
