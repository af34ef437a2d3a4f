"""Couplings: the regulariser R(W) that ties tasks to each other."""

from ._base import (
    ConcaveCoupling,
    Coupling,
    FusionCoupling,
    ProximalCoupling,
    QuadraticCoupling,
    RankCoupling,
    TaskEdges,
    TaskPrior,
    covariance_root,
    is_identity,
)
from ._clusters import ClusteredTasks
from ._concave import ConcaveJointSparsity, WeightedRowNorm
from ._fixed import GivenRelation, Independent, SharedParameters
from ._fused import FusedRowNorm, FusedSparsity
from ._fusion import TaskFusion
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
from ._rank import ReducedRank
from ._sparse import ElementwiseSparsity, JointSparsity
from ._sparse_relation import SparseRelation
from ._sums import Dirty, OutlierTasks, RobustLowRank, SparseLowRank

__all__ = [
    "ClusteredTasks",
    "ConcaveCoupling",
    "ConcaveJointSparsity",
    "Coupling",
    "Dirty",
    "ElementwiseSparsity",
    "EntryNorm",
    "FusedRowNorm",
    "FusedSparsity",
    "FusionCoupling",
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
    "RankCoupling",
    "ReducedRank",
    "RobustLowRank",
    "RowMax",
    "RowNorm",
    "SharedParameters",
    "SparseLowRank",
    "SparseRelation",
    "SquaredTraceNorm",
    "TaskChain",
    "TaskEdges",
    "TaskFusion",
    "TaskGraph",
    "TaskNorm",
    "TaskPrior",
    "TraceNorm",
    "WeightedRowNorm",
    "covariance_root",
    "is_identity",
]
