"""Solvers know functions of a vector or plain matrices; neither losses, nor couplings, nor tasks."""

from ._kronecker import KroneckerRidge
from ._newton_cg import NewtonResult, newton_cg
from ._proximal_gradient import Certificate, ProximalResult, proximal_gradient
from ._proximal_newton import NewtonStep, proximal_newton, selective_newton
from ._row_descent import RowResult, row_descent

__all__ = [
    "Certificate",
    "KroneckerRidge",
    "NewtonResult",
    "NewtonStep",
    "ProximalResult",
    "RowResult",
    "newton_cg",
    "proximal_gradient",
    "proximal_newton",
    "row_descent",
    "selective_newton",
]
