"""Networks of several tasks: a shared trunk with a head a task."""

from ._augment import Augment
from ._classifier import MultiTaskMLPClassifier
from ._conv_trunk import ConvTrunk
from ._inputs_trunk import InputsTrunk
from ._multi_head import MultiHeadNetwork
from ._pretrained_trunk import PretrainedTrunk
from ._regressor import MultiTaskMLPRegressor
from ._sharing_trunks import CrossStitchTrunk, MixtureTrunk
from ._trunks import DenseTrunk, Trunk

__all__ = [
    "Augment",
    "ConvTrunk",
    "CrossStitchTrunk",
    "DenseTrunk",
    "InputsTrunk",
    "MixtureTrunk",
    "MultiHeadNetwork",
    "MultiTaskMLPClassifier",
    "MultiTaskMLPRegressor",
    "PretrainedTrunk",
    "Trunk",
]
