"""Solvers know functions of a vector or plain matrices; neither losses, nor couplings, nor tasks."""

from ._anderson import Anderson
from ._block_newton import Blocks, block_newton, conjugate_gradients
from ._cholesky import cholesky_in_place, lower_tiles, spans
from ._kronecker import KroneckerRidge
from ._left_out import generalised_errors, left_out_errors
from ._newton_cg import NewtonResult, newton_cg
from ._precision import Patience, noise, reachable, rounding
from ._proximal_gradient import Certificate, ProximalResult, proximal_gradient
from ._proximal_newton import NewtonStep, proximal_newton, selective_newton
from ._row_descent import RowResult, row_descent, row_problem
from ._task_rows import PartPrices, TaskRowResult, task_row_descent
from ._task_states import SharedGram, TaskGrams, TaskResiduals

__all__ = [
    "Anderson",
    "Blocks",
    "Certificate",
    "KroneckerRidge",
    "NewtonResult",
    "NewtonStep",
    "Patience",
    "ProximalResult",
    "PartPrices",
    "RowResult",
    "SharedGram",
    "TaskGrams",
    "TaskResiduals",
    "TaskRowResult",
    "block_newton",
    "cholesky_in_place",
    "conjugate_gradients",
    "generalised_errors",
    "left_out_errors",
    "lower_tiles",
    "newton_cg",
    "noise",
    "proximal_gradient",
    "proximal_newton",
    "reachable",
    "rounding",
    "row_descent",
    "row_problem",
    "selective_newton",
    "spans",
    "task_row_descent",
]
