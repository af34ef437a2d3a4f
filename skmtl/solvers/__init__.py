"""Solvers know functions of a vector or plain matrices; neither losses, nor couplings, nor tasks."""

from ._kronecker import KroneckerRidge
from ._newton_cg import NewtonResult, newton_cg

__all__ = ["KroneckerRidge", "NewtonResult", "newton_cg"]
