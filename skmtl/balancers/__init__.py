"""Balancers: what each task's loss or gradient weighs in the joint step."""

from ._aligned import Aligned
from ._base import Balancer, GramianBalancer
from ._cagrad import CAGrad
from ._dwa import DynamicWeightAverage
from ._famo import FAMO
from ._fixed import Fixed
from ._gradnorm import GradNorm
from ._imtl import IMTLG
from ._mgda import MGDA
from ._nash import NashMTL
from ._pcgrad import PCGrad
from ._uncertainty import Uncertainty

__all__ = [
    "Aligned",
    "Balancer",
    "CAGrad",
    "DynamicWeightAverage",
    "FAMO",
    "Fixed",
    "GradNorm",
    "GramianBalancer",
    "IMTLG",
    "MGDA",
    "NashMTL",
    "PCGrad",
    "Uncertainty",
]
