"""Couplings: the regulariser R(W) that ties tasks to each other."""

from ._base import Coupling, ProximalCoupling, QuadraticCoupling, covariance_root
from ._clusters import ClusteredTasks
from ._fixed import GivenRelation, Independent, SharedParameters
from ._graph import TaskChain, TaskGraph
from ._latent import LatentBasis
from ._learned import LearnedRelation
from ._low_rank import LowRank
from ._penalties import (
    EntryNorm,
    NormPenalty,
    Penalty,
    RowMax,
    RowNorm,
    SquaredTraceNorm,
    TaskNorm,
    TraceNorm,
)
from ._sparse import ElementwiseSparsity, JointSparsity
from ._sums import Dirty, OutlierTasks, RobustLowRank, SparseLowRank

__all__ = [
    "ClusteredTasks",
    "Coupling",
    "Dirty",
    "ElementwiseSparsity",
    "EntryNorm",
    "GivenRelation",
    "Independent",
    "JointSparsity",
    "LatentBasis",
    "LearnedRelation",
    "LowRank",
    "NormPenalty",
    "OutlierTasks",
    "Penalty",
    "ProximalCoupling",
    "QuadraticCoupling",
    "RobustLowRank",
    "RowMax",
    "RowNorm",
    "SharedParameters",
    "SparseLowRank",
    "SquaredTraceNorm",
    "TaskChain",
    "TaskGraph",
    "TaskNorm",
    "TraceNorm",
    "covariance_root",
]
