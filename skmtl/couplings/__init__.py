"""Couplings: the regulariser R(W) that ties tasks to each other."""

from ._base import Coupling, covariance_root
from ._fixed import GivenRelation, Independent, SharedParameters
from ._learned import LearnedRelation

__all__ = [
    "Coupling",
    "GivenRelation",
    "Independent",
    "LearnedRelation",
    "SharedParameters",
    "covariance_root",
]
