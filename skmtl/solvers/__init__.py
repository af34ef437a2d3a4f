"""Solvers know functions of a vector or plain matrices; neither losses, nor couplings, nor tasks."""

from ._kronecker import KroneckerRidge
from ._newton_cg import NewtonResult, newton_cg
from ._proximal_gradient import Certificate, ProximalResult, proximal_gradient
from ._row_descent import RowResult, row_descent
from ._task_rows import PartPrices, TaskRowResult, task_row_descent
from ._task_states import SharedGram, TaskGrams, TaskResiduals

__all__ = [
    "Certificate",
    "KroneckerRidge",
    "NewtonResult",
    "ProximalResult",
    "PartPrices",
    "RowResult",
    "SharedGram",
    "TaskGrams",
    "TaskResiduals",
    "TaskRowResult",
    "newton_cg",
    "proximal_gradient",
    "row_descent",
    "task_row_descent",
]
