"""The data's side of a fit: losses and a design as one function of weights and intercepts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..losses import Curvature, Loss


class LossPart(NamedTuple):
    """The loss of some tasks on their columns of Z: targets and weights are (n, m)."""

    loss: Loss
    columns: slice
    y: np.ndarray
    w: np.ndarray

    def raw(self, Z: np.ndarray) -> np.ndarray:
        """The tasks' raw predictions (n, m, C)."""
        return Z[:, self.columns].reshape(*self.y.shape, -1)

    def on_rows(self, rows: slice, dtype) -> LossPart:
        """The part on some rows, with weights and targets of that type."""
        y, w = (values[rows].astype(dtype, copy=False) for values in (self.y, self.w))
        return self._replace(y=y, w=w)

    @property
    def n_columns(self) -> int:
        """C, the columns of one task."""
        return (self.columns.stop - self.columns.start) // self.y.shape[1]


class DualPoint(NamedTuple):
    """A point of the dual problem: ``slope`` (d, P) is its image in W, ``residual`` (n, ...) itself."""

    slope: np.ndarray
    residual: np.ndarray
    #: Its image in the intercepts (P,), where these are shrunk.
    totals: np.ndarray | None = None


class DataLoss:
    """``f(W, b) = sum_k loss_k(forward(W, b)_k)``: W (d, P), b (P,); Z = forward(W, b) is its image.

    The parts k stand in the order of their columns.
    """

    def __init__(
        self, design, parts: list[LossPart], shape: tuple[int, int], *, intercept: bool, shrinkage=None
    ):
        self.shrinkage = shrinkage
        self.design, self.parts, self.shape, self.intercept = design, parts, shape, intercept
        self.dtype = parts[0].w.dtype
        self.quadratic = all(part.loss.quadratic for part in parts)
        self.kinked = any(part.loss.kinked for part in parts)
        self.flat = any(part.loss.flat for part in parts)

    def on_rows(self, rows: slice, dtype) -> DataLoss:
        """The losses on some rows, for values, residuals and bends in arithmetic of that type."""
        parts = [part.on_rows(rows, dtype) for part in self.parts]
        return DataLoss(self.design, parts, self.shape, intercept=self.intercept)

    def image(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.design.forward(W, b)

    def value(self, Z: np.ndarray) -> float:
        return sum(part.loss.value(part.y, part.raw(Z), part.w) for part in self.parts)

    def residual(self, Z: np.ndarray) -> np.ndarray:
        """Derivative of f in Z."""
        return self.columns(Z, lambda part, z: part.loss.gradient(part.y, z, part.w))

    def pull_back(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The adjoint of ``image``; intercepts that are not fitted have no gradient."""
        G, g = self.design.adjoint(R)
        return G, g if self.intercept else np.zeros_like(g)

    def bends(self, Z: np.ndarray) -> list[Curvature]:
        """Second derivative of f in Z, part by part."""
        return [part.loss.curvature(part.y, part.raw(Z), part.w) for part in self.parts]

    def bend(self, bends: list[Curvature], dZ: np.ndarray) -> np.ndarray:
        """The product of the second derivative with a direction."""
        each = iter(bends)
        return self.columns(dZ, lambda part, dz: next(each).apply(dz))

    def diagonal(self, bends: list[Curvature], Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The Hessian's diagonal in W and in b; 1 for intercepts that are not fitted."""
        each = iter(bends)
        D, d = self.design.diagonal(self.columns(Z, lambda part, z: next(each).diagonal))
        return D, d if self.intercept else np.ones_like(d)

    def restrict(self, chosen: np.ndarray) -> DataLoss:
        """The same for models of some of the features."""
        design = self.design.restrict(chosen)
        return DataLoss(design, self.parts, (len(chosen), self.shape[1]), intercept=self.intercept)

    def columns(self, Z: np.ndarray, per_part) -> np.ndarray:
        """An array like Z with ``per_part(part, raw Z of the part)`` in the columns of each part."""
        out = np.empty_like(Z)
        for part in self.parts:
            out[:, part.columns] = per_part(part, part.raw(Z)).reshape(len(Z), -1)
        return out

    def start(self) -> np.ndarray:
        """Intercepts (P,) that a model without features can start from; 0 where none are fitted."""
        if not self.intercept:
            return np.zeros(self.shape[1])
        return np.concatenate([
            np.repeat(part.loss.start(part.y[g], part.w[g]), part.n_columns)
            for part in self.parts for g in self.design.groups
        ])  # fmt: skip

    # ------------------------------------------------------------------------------- bounds, duality

    def curvature_bound(self) -> tuple[float, float]:
        """Largest eigenvalues, about, of a bound of the Hessian: in W, and in b.

        A few power iterations come close from below; solvers that use it must check their steps. Losses
        without a bound count as if theirs were 1.
        """
        scale = self.columns(
            np.empty((len(self.parts[0].y), self._width()), self.dtype),
            lambda part, z: np.broadcast_to((part.loss.smoothness or 1.0) * part.w[..., None], z.shape),
        )
        zero = np.zeros(self.shape[1], self.dtype)
        largest = power_iteration(
            lambda V: self.design.adjoint(scale * self.design.forward(V, zero))[0], self.shape, self.dtype
        )
        return largest, float(self.design.adjoint(scale)[1].max())

    def _width(self) -> int:
        return max(part.columns.stop for part in self.parts)

    def dual_point(self, Z: np.ndarray) -> DualPoint:
        """The dual point of the residual at Z."""
        return self.feasible(self.residual(Z))

    def feasible(self, R: np.ndarray) -> DualPoint:
        """A derivative R of f, changed where intercepts are free so that it is feasible for them."""
        if self.intercept:
            R = self.columns(R, self._balanced if self.shrinkage is None else _balanced_over_tasks)
        return (
            DualPoint(self.design.adjoint(R)[0], R) if self.shrinkage is None else DualPoint(*self._pair(R))
        )

    def _pair(self, R: np.ndarray):
        G, totals = self.design.adjoint(R)
        return G, R, totals

    def _balanced(self, part: LossPart, r: np.ndarray) -> np.ndarray:
        if self.design.tables is None:
            return part.loss.balance(part.y, r, part.w)
        out = np.empty_like(r)
        for rows, real in self.design.tables:
            y, w = part.y[rows, 0], np.where(real, part.w[rows, 0], 0.0)
            out[rows[real], 0] = part.loss.balance(y, r[rows, 0], w)[real]
        return out

    def conjugate(self, point: DualPoint, share: float) -> float | None:
        """``f*`` at ``share`` times the residual of a dual point; None where a loss has no formula."""
        values = [
            part.loss.conjugate(part.y, share * part.raw(point.residual), part.w) for part in self.parts
        ]
        if None in values:
            return None
        intercepts = 0.0 if self.shrinkage is None else self.shrinkage.conjugate(share * point.totals)
        return sum(values) + intercepts


def _balanced_over_tasks(part: LossPart, r: np.ndarray) -> np.ndarray:
    """The gradient balanced over the rows of all tasks together: shrunk intercepts bind no task's own sum."""
    one = (part.y.reshape(-1, 1), r.reshape(-1, 1, r.shape[-1]), part.w.reshape(-1, 1))
    return part.loss.balance(*one).reshape(r.shape)


def power_iteration(apply, shape: tuple[int, int], dtype) -> float:
    """About the largest eigenvalue, from below, of a positive semi-definite map of arrays of that shape."""
    V, largest = np.random.default_rng(0).normal(size=shape).astype(dtype, copy=False), 0.0
    for _ in range(12):
        length = np.linalg.norm(V)
        if length == 0:
            break
        V = apply(V / length)
        largest = float(np.linalg.norm(V))
    return largest
