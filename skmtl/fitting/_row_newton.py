"""Sparse couplings with any smooth loss: Newton steps by block coordinate descent on working sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..couplings import EntryNorm, RowNorm
from ..solvers import NewtonStep
from ._composite import null_and_rounding
from ._data import DataLoss
from ._newton_model import LossModel

# A working set holds the features in use, this share more of them, and this many besides.
MARGIN, BESIDES = 0.5, 128
# Numbers in the products of features that a Newton step may keep; so many features are one block; and
# where there are more, so many of them.
ROOM, ALONE, BLOCK = 4_000_000, 128, 32
# Passes over a block before the other blocks' turn, and sweeps over all blocks, in one Newton step.
PASSES, SWEEPS, PASSES_ALONE = 4, 50, 200
# A Newton step is exact enough once a pass gains this share of what the first one has gained, times the
# relative gap; the share lies between these bounds.
ENOUGH, LEAST, MOST = 0.1, 1e-6, 1e-2


class SlopeCertificate(NamedTuple):
    """A certificate, and the size of each feature's slope (d,) over alpha at the feasible dual point."""

    residual: float
    gap: float
    slopes: np.ndarray


class RowNewtonProblem:
    r"""``f(W, b) + alpha * h(W)`` for an h that is a sum over the rows of W, or over its entries.

    The vector x holds W (d, P), then b (P,).

    Parameters
    ----------
    data : DataLoss
        Its losses must have a conjugate.
    penalty : RowNorm or EntryNorm
    alpha : float > 0
    intercepts : (P,) float
        The best ones without any feature: the origin, at whose value a relative gap is 1.
    """

    def __init__(self, data: DataLoss, penalty: RowNorm | EntryNorm, alpha: float, intercepts: np.ndarray):
        self.data, self.penalty, self.alpha, self.intercepts = data, penalty, alpha, intercepts
        self.origin = np.concatenate([np.zeros(data.shape).ravel(), intercepts])

    @cached_property
    def _scales(self) -> tuple[float, float]:
        at_zero = self.data.value(self.image(np.zeros_like(self.origin)))
        return null_and_rounding(self.data.value(self.image(self.origin)), at_zero)

    @property
    def null_value(self) -> float:
        """What 1 means in ``tol``."""
        return self._scales[0]

    @property
    def rounding(self) -> float:
        """What of a gap is none."""
        return self._scales[1]

    def vector(self, parts, b: np.ndarray) -> np.ndarray:
        """The x with these parts (d, P) and intercepts (P,)."""
        return np.concatenate([sum(parts).ravel(), b])

    def weights(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (d, P) and b (P,)."""
        P = self.data.shape[1]
        return x[:-P].reshape(self.data.shape), x[-P:]

    def parts(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The parts (1, d, P) that sum to W, and b (P,)."""
        W, b = self.weights(x)
        return W[None], b

    def image(self, x):
        return self.data.image(*self.weights(x))

    def objective(self, x, image):
        return self.data.value(image) + self.alpha * self.penalty.value(self.weights(x)[0])

    def certificate(self, x, image):
        """The duality gap over the null value."""
        point = self.data.dual_point(image)
        slope = -point.slope / self.alpha
        share = self.penalty.share(slope)
        other = self.data.conjugate(point, share) + self.alpha * self.penalty.conjugate(share * slope)
        gap = max(self.objective(x, image) + other, 0.0)
        return SlopeCertificate(
            max(gap - self.rounding, 0.0) / self.null_value, gap, share * self._sizes(slope)
        )

    def _sizes(self, slope: np.ndarray) -> np.ndarray:
        return np.linalg.norm(slope, axis=1) if self._by_rows else np.abs(slope).max(axis=1, initial=0.0)

    @property
    def _by_rows(self) -> bool:
        return isinstance(self.penalty, RowNorm)

    # ---------------------------------------------------------------------------------- working sets

    def working_set(self, x, certificate):
        """The features in use and the steepest others, but none that the gap proves to be out.

        The dual optimum lies within ``sqrt(2 L gap)`` of the dual point, in the norm that weighs a label
        by the inverse of its weight, with L the losses' smoothness (Ndiaye et al. 2017, "Gap safe screening
        rules for sparsity enforcing penalties", theorem 2).
        """
        used = self.weights(x)[0].any(axis=1)
        reach = np.sqrt(2.0 * certificate.gap) * self._reach / self.alpha
        candidates = np.flatnonzero(used | (certificate.slopes + reach >= self.penalty.weight))
        size = BESIDES + int((1.0 + MARGIN) * np.count_nonzero(used))
        if len(candidates) <= size:
            return candidates
        steepness = np.where(used, np.inf, certificate.slopes)[candidates]
        return np.sort(candidates[np.argpartition(-steepness, size)[:size]])

    @cached_property
    def _reach(self) -> np.ndarray:
        """How far a slope can be from where it is, (d,), for a unit of distance in the dual."""
        if any(part.loss.smoothness is None for part in self.data.parts):
            return np.full(self.data.shape[0], np.inf)
        like = self.data.image(np.zeros(self.data.shape), np.zeros(self.data.shape[1]))
        bound = self.data.columns(
            like, lambda part, z: np.broadcast_to(part.loss.smoothness * part.w[..., None], z.shape)
        )
        return np.sqrt(self.data.design.diagonal(bound)[0].max(axis=1))

    def restrict(self, chosen):
        if len(chosen) == self.data.shape[0]:
            return self
        return RowNewtonProblem(self.data.restrict(chosen), self.penalty, self.alpha, self.intercepts)

    def pick(self, x, chosen):
        W, b = self.weights(x)
        return np.concatenate([W[chosen].ravel(), b])

    def put(self, part, chosen):
        P = self.data.shape[1]
        W = np.zeros(self.data.shape)
        W[chosen] = part[:-P].reshape(-1, P)
        return np.concatenate([W.ravel(), part[-P:]])

    # --------------------------------------------------------------------------------------- the step

    def newton_step(self, x, image, certificate):
        W, b = self.weights(x)
        model, before = LossModel(self.data, image), W
        W, shift = self._descend(model, W.copy(), float(np.clip(ENOUGH * certificate.residual, LEAST, MOST)))
        along = self.data.image(W - before, shift)
        change = self.alpha * (self.penalty.value(W) - self.penalty.value(before))
        change += float(np.vdot(model.start, along))
        return NewtonStep(np.concatenate([(W - before).ravel(), shift]), along, change)

    def _descend(self, model: LossModel, W: np.ndarray, enough: float) -> tuple[np.ndarray, np.ndarray]:
        """Minimise the model plus the penalty by sweeps over blocks of features, intercepts along."""
        parts = self._blocks
        alone = len(parts) == 1 and model.exact
        products = [_Products(part, model.bend) for _, part in parts]
        shift, dZ, first = np.zeros(W.shape[1]), None, None
        for _ in range(1 if alone else SWEEPS):
            fall = 0.0
            for (block, part), product in zip(parts, products, strict=True):
                before, residual = W[block].copy(), model.residual(dZ)
                passes = PASSES_ALONE if alone else PASSES
                won, moved = product.descend(W[block], residual, self._kernel, passes, enough)
                fall, shift = fall + won, shift + moved
                if not alone:
                    change = part.image(W[block] - before, moved)
                    dZ = change if dZ is None else dZ + change
            first = first or fall
            if fall <= enough * first:
                break
        return W, shift

    @cached_property
    def _blocks(self) -> list[tuple[slice, DataLoss]]:
        d, P = self.data.shape
        if d <= ALONE and d * d * P <= ROOM:
            return [(slice(0, d), self.data)]
        size = int(np.clip(ROOM // (d * P), 8, BLOCK))
        blocks = [slice(start, min(start + size, d)) for start in range(0, d, size)]
        return [(block, self.data.restrict(np.arange(d)[block])) for block in blocks]

    @cached_property
    def _kernel(self) -> Callable:
        """The kernel with its numbers filled in; loaded late, so that predicting needs no numba."""
        from ..kernels.weighted_rows import descend_entries, descend_rows

        descend = descend_rows if self._by_rows else descend_entries
        weight, ridge = self.alpha * self.penalty.weight, self.alpha * self.penalty.ridge
        return lambda gram, slope, W, passes, enough: descend(gram, slope, W, weight, ridge, passes, enough)


class _Products:
    """The curvature of a block of features (m, m, P), the intercepts' part taken out of it."""

    def __init__(self, data: DataLoss, bend: np.ndarray):
        self.data = data
        grams, self.cross, totals = data.design.products(bend)
        self.gram = np.ascontiguousarray(grams.transpose(1, 2, 0))
        self.totals = np.where(data.intercept & (totals > 0), totals, np.inf)

    def descend(self, W: np.ndarray, residual: np.ndarray, kernel: Callable, passes: int, enough: float):
        """Change W (m, P) in place; gives the first pass's gain and the change of the intercepts."""
        before = W.copy()
        G, g = self.data.pull_back(residual)
        slope = self.cross * (g / self.totals) - G
        won = kernel(self.gram, slope, W, passes, enough)
        shift = -(g + np.einsum("mp,mp->p", self.cross, W - before)) / self.totals
        return won, shift
