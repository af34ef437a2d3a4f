"""The data's side of a fit: losses and a design as one function of weights and intercepts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..losses import Curvature, Loss


class LossPart(NamedTuple):
    """One family's loss on its columns of Z: targets and weights are (n, m)."""

    loss: Loss
    columns: slice
    y: np.ndarray
    w: np.ndarray

    def raw(self, Z: np.ndarray) -> np.ndarray:
        """The family's raw predictions (n, m, C)."""
        return Z[:, self.columns].reshape(*self.y.shape, -1)

    def on_rows(self, rows: slice, dtype) -> LossPart:
        """The part on some rows, with weights and targets of that type."""
        y, w = (values[rows].astype(dtype, copy=False) for values in (self.y, self.w))
        return self._replace(y=y, w=w)


class DualPoint(NamedTuple):
    """A point of the dual problem: ``slope`` (d, P) is its image in W, ``residual`` (n, ...) itself."""

    slope: np.ndarray
    residual: np.ndarray


class DataLoss:
    """``f(W, b) = sum_f loss_f(forward(W, b)_f)``: W (d, P), b (P,); Z = forward(W, b) is its image."""

    def __init__(self, design, parts: list[LossPart], shape: tuple[int, int], *, intercept: bool):
        self.design, self.parts, self.shape, self.intercept = design, parts, shape, intercept
        self.quadratic = all(part.loss.quadratic for part in parts)

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

    def columns(self, Z: np.ndarray, per_part) -> np.ndarray:
        """An array like Z with ``per_part(part, raw Z of the part)`` in the columns of each part."""
        out = np.empty_like(Z)
        for part in self.parts:
            out[:, part.columns] = per_part(part, part.raw(Z)).reshape(len(Z), -1)
        return out

    # ------------------------------------------------------------------------------- bounds, duality

    def curvature_bound(self) -> tuple[float, float]:
        """Largest eigenvalues, about, of a bound of the Hessian: in W, and in b.

        A few power iterations come close from below; solvers that use it must check their steps. Losses
        without a bound count as if theirs were 1.
        """
        scale = self.columns(
            np.empty((len(self.parts[0].y), self._width())),
            lambda part, z: np.broadcast_to((part.loss.smoothness or 1.0) * part.w[..., None], z.shape),
        )
        zero = np.zeros(self.shape[1])
        largest = power_iteration(
            lambda V: self.design.adjoint(scale * self.design.forward(V, zero))[0], self.shape
        )
        return largest, float(self.design.adjoint(scale)[1].max())

    def _width(self) -> int:
        return max(part.columns.stop for part in self.parts)

    def dual_point(self, Z: np.ndarray) -> DualPoint:
        """The residual at Z, changed where intercepts are free so that it is feasible for them."""
        R = self.residual(Z)
        if self.intercept:
            R = self.columns(R, self._balanced)
        return DualPoint(self.design.adjoint(R)[0], R)

    def _balanced(self, part: LossPart, r: np.ndarray) -> np.ndarray:
        return np.concatenate([part.loss.balance(part.y[g], r[g], part.w[g]) for g in self.design.groups])

    def conjugate(self, point: DualPoint, share: float) -> float | None:
        """``f*`` at ``share`` times the residual of a dual point; None where a loss has no formula."""
        values = [
            part.loss.conjugate(part.y, share * part.raw(point.residual), part.w) for part in self.parts
        ]
        return None if None in values else sum(values)


def power_iteration(apply, shape: tuple[int, int]) -> float:
    """About the largest eigenvalue, from below, of a positive semi-definite map of arrays of that shape."""
    V, largest = np.random.default_rng(0).normal(size=shape), 0.0
    for _ in range(12):
        length = np.linalg.norm(V)
        if length == 0:
            break
        V = apply(V / length)
        largest = float(np.linalg.norm(V))
    return largest
