"""Losses know the target and the raw prediction; neither X nor which task a column belongs to."""

from ._base import Curvature, Loss
from ._classes import LogisticLoss, MultinomialLoss
from ._numbers import SquaredLoss

__all__ = ["Curvature", "LogisticLoss", "Loss", "MultinomialLoss", "SquaredLoss"]
