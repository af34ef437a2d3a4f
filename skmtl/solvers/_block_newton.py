"""Newton's method for smooth convex functions of a matrix whose columns fall into blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from ._newton_cg import NewtonResult

# Changes of the value below this share of it are rounding, not descent.
ROUNDING = 1e-13
# A step is solved for until its residual is this share of what the gradient may keep in the end.
SPARE = 0.3


class Blocks:
    """Which columns of x (m, P) belong together: blocks share no entry of the Hessian.

    Each block has its own conjugate gradients and its own step length, and all of them meet in the same
    matrix products.

    Parameters
    ----------
    of_column : (P,) intp
        The block of each column, numbered from 0.
    """

    def __init__(self, of_column: np.ndarray):
        self.of_column = np.asarray(of_column)
        self.n = int(self.of_column.max()) + 1
        self._columns_alone = np.array_equal(self.of_column, np.arange(self.n))

    def dots(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The inner product (n,) of two arrays (m, P), block by block."""
        columns = np.einsum("ij,ij->j", a, b)
        return columns if self._columns_alone else np.bincount(self.of_column, columns, self.n)

    def norms(self, a: np.ndarray) -> np.ndarray:
        """The Euclidean norm (n,) of each block of ``a`` (m, P)."""
        return np.sqrt(self.dots(a, a))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """A value a block (n,) as one a column (P,)."""
        return values if self._columns_alone else values[self.of_column]


class Bend(Protocol):
    """The second derivative at a point."""

    def solve(self, gradient: np.ndarray, forcing: np.ndarray) -> np.ndarray:
        """About ``-H^-1 gradient``: each block's residual at most ``forcing`` (n,) times its gradient."""


class BlockProblem(Protocol):
    """What ``block_newton`` needs; x is a matrix (m, P)."""

    quadratic: bool
    blocks: Blocks

    def value_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]: ...

    def hessian(self, x: np.ndarray, *, coarse: bool) -> Bend:
        """The second derivative at x; ``coarse`` allows single precision."""


def block_newton(
    problem: BlockProblem,
    x: np.ndarray,
    *,
    tol: float,
    max_iter: int,
    gradient_scale: float | np.ndarray,
) -> NewtonResult:
    """Minimise a smooth convex function until ``|gradient of a block| <= tol * gradient_scale`` for all.

    ``residual`` is the largest norm of a block's gradient over its ``gradient_scale``.

    Truncated Newton: each step is solved for only as exactly as the gradient's decrease deserves (Dembo,
    Eisenstat & Steihaug 1982) and shortened until the value decreases enough (Armijo). Where single
    precision finds no descent, the same step is computed in double precision.
    """
    value, gradient = problem.value_gradient(x)
    scale, coarse = np.maximum(gradient_scale, np.finfo(float).tiny), True
    for n_iter in range(max_iter + 1):
        residuals = problem.blocks.norms(gradient) / scale
        residual = float(residuals.max())
        if not np.isfinite(residual):
            raise FloatingPointError("the objective is not finite: scale the features or raise alpha")
        if residual <= tol or n_iter == max_iter:
            break
        moved = _move(problem, x, value, gradient, _wish(problem, residuals, tol), coarse)
        if moved is None and not coarse:  # no descent left in floating point
            break
        if moved is None:
            coarse = False
        else:
            x, value, gradient = moved
    return NewtonResult(x, value, residual, n_iter, residual <= tol)


def _wish(problem: BlockProblem, residuals: np.ndarray, tol: float) -> np.ndarray:
    """The share of its gradient that each block may keep after the step; 1 where it is solved."""
    enough = SPARE * tol / np.maximum(residuals, tol)
    wish = enough if problem.quadratic else np.maximum(enough, np.minimum(0.1, np.sqrt(residuals)))
    return np.where(residuals > tol, wish, 1.0)


def conjugate_gradients(
    product: Callable[[np.ndarray], np.ndarray],
    precondition: Callable[[np.ndarray], np.ndarray],
    gradient: np.ndarray,
    forcing: np.ndarray,
    blocks: Blocks,
    dtype=np.float64,
) -> np.ndarray:
    """About ``-H^-1 gradient`` (m, P): every block's residual at most ``forcing`` (n,) times its gradient.

    All blocks take their steps at the same time, each with its own lengths; ``dtype`` is that of
    the arithmetic. Directions without curvature (a redundant intercept) are left alone.
    """
    norms = blocks.norms(gradient)
    going = (norms > 0) & (forcing < 1)
    r = -gradient * blocks.spread(np.where(going, 1.0 / np.where(going, norms, 1.0), 0.0))
    r = r.astype(dtype, copy=False)
    p, direction, rs = np.zeros_like(r), None, None
    for _ in range(10 * len(gradient) + 10):
        s = precondition(r)
        before, rs = rs, blocks.dots(r, s)
        if direction is None:
            direction = s
        else:
            direction = s + blocks.spread(_ratio(rs, before).astype(dtype)) * direction
        along = product(direction)
        bend = blocks.dots(direction, along)
        going = going & (bend > 0)
        length = blocks.spread(np.where(going, _ratio(rs, bend), 0).astype(dtype))
        p += length * direction
        r -= length * along
        going = going & (blocks.norms(r) > forcing)
        if not going.any():
            break
    return p * blocks.spread(norms)


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)


def _move(problem: BlockProblem, x, value, gradient, forcing, coarse: bool):
    """The next point with its value and gradient; None where no descent is found.

    A block's step is too long where its slope has turned by more than it was; blocks whose slope has not
    turned have descended, because the function is convex.
    """
    blocks = problem.blocks
    ignored = "ignore" if coarse else "warn"  # what overflows in single precision is seen below
    with np.errstate(over=ignored, invalid=ignored):
        step = problem.hessian(x, coarse=coarse).solve(gradient, forcing)
    slopes = blocks.dots(gradient, step)
    if not (np.isfinite(slopes).all() and slopes.max() <= 0 and slopes.min() < 0):
        return None
    lengths = np.ones(blocks.n)
    for _ in range(40):
        trial = x + blocks.spread(lengths) * step
        new_value, new_gradient = problem.value_gradient(trial)
        along = blocks.dots(new_gradient, step)
        enough = new_value <= value + 1e-4 * (lengths @ slopes) + ROUNDING * abs(value)
        if enough and (along <= -slopes).all():
            return trial, new_value, new_gradient
        turned = ~(along <= 0)
        lengths = np.where(turned if turned.any() else True, 0.5, 1.0) * lengths
    return None
