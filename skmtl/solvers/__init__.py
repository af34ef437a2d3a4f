"""Solvers know functions of a vector or plain matrices; neither losses, nor couplings, nor tasks."""

from ._kronecker import KroneckerRidge
from ._newton_cg import Blocks, NewtonResult, conjugate_gradients, newton_cg
from ._proximal_gradient import Certificate, ProximalResult, proximal_gradient
from ._row_descent import RowResult, row_descent

__all__ = [
    "Blocks",
    "Certificate",
    "KroneckerRidge",
    "NewtonResult",
    "ProximalResult",
    "RowResult",
    "conjugate_gradients",
    "newton_cg",
    "proximal_gradient",
    "row_descent",
]
