"""Losses know the target and the raw prediction; neither X nor which task a column belongs to."""

from ._base import Curvature, Loss
from ._classes import LogisticLoss, MultinomialLoss
from ._counts import PoissonLoss
from ._margins import SquaredHingeLoss
from ._numbers import SquaredLoss
from ._tubes import EpsilonInsensitiveLoss, HuberLoss, QuantileLoss, SquaredEpsilonInsensitiveLoss

__all__ = [
    "Curvature",
    "EpsilonInsensitiveLoss",
    "HuberLoss",
    "LogisticLoss",
    "Loss",
    "MultinomialLoss",
    "PoissonLoss",
    "QuantileLoss",
    "SquaredEpsilonInsensitiveLoss",
    "SquaredHingeLoss",
    "SquaredLoss",
]
