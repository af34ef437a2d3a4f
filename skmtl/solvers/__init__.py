"""Solvers know functions of a vector or plain matrices; neither losses, nor couplings, nor tasks."""

from ._kronecker import KroneckerRidge
from ._left_out import generalised_errors, left_out_errors
from ._newton_cg import NewtonResult, newton_cg
from ._precision import Patience, noise, reachable, rounding
from ._proximal_gradient import Certificate, ProximalResult, proximal_gradient
from ._row_descent import RowResult, row_descent, row_problem

__all__ = [
    "Certificate",
    "KroneckerRidge",
    "NewtonResult",
    "Patience",
    "ProximalResult",
    "RowResult",
    "generalised_errors",
    "left_out_errors",
    "newton_cg",
    "noise",
    "proximal_gradient",
    "reachable",
    "rounding",
    "row_descent",
    "row_problem",
]
