"""Newton steps in coordinates in which the features' mean square is about the identity."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from ..solvers import conjugate_gradients
from ..utils._parallel import run_blocks
from ._row_passes import RowPasses, bends_of, cut_rows, summed
from ._ties import Tie

# The least that is added to the mean square, as a share of its mean diagonal: single precision needs it.
LEAST_RIDGE = 3e-4
# The curvature of losses falls while they are learned; the coordinates are made for this share of the first.
LATER_CURVATURE = 0.1


class WhitenedRows:
    r"""``X L^-T`` for ``L L' = gram + s I``, in single precision, where gram is the mean of ``x x'``.

    In ``V = L' U`` the ridge ``alpha/2 |U|^2`` is ``alpha/(2 s) (|V|^2 - |X L^-T V|^2 / n)``, whatever s: no
    further product is needed for it, and none to precondition. With ``s = alpha / total curvature`` the
    Hessian of a column whose curvature is the same in all rows is a multiple of the identity.
    """

    def __init__(self, passes: RowPasses, curvature: float, alpha: float):
        gram = passes.gram()
        self.s = max(alpha / (LATER_CURVATURE * curvature), LEAST_RIDGE * np.trace(gram) / len(gram))
        gram.flat[:: len(gram) + 1] += self.s
        self.L = cholesky(gram, lower=True, overwrite_a=True)
        X = passes.take_single().T
        self.X = np.ascontiguousarray(solve_triangular(self.L, X, lower=True, overwrite_b=True).T)
        self.blocks, self.ridge, self.n_jobs = cut_rows(passes.data, self.X), alpha / self.s, passes.n_jobs

    def enter(self, gradient: np.ndarray) -> np.ndarray:
        """A gradient in U and b (d + 1, P) as one in V and b."""
        slopes = solve_triangular(self.L, gradient[:-1].astype(np.float32), lower=True)
        return np.vstack([slopes, gradient[-1].astype(np.float32)])

    def leave(self, step: np.ndarray) -> np.ndarray:
        """A step in V and b as one in U and b."""
        return np.vstack([solve_triangular(self.L, step[:-1], lower=True, trans=1), step[-1]])


class WhitenedBend:
    """The Hessian at raw predictions Z (n, P), solved with in the whitened coordinates."""

    def __init__(self, rows: WhitenedRows, ties: list[Tie], blocks, intercept: bool, Z: np.ndarray):
        self.rows, self.ties, self.blocks, self.intercept = rows, ties, blocks, intercept
        weights = np.empty_like(Z, dtype=np.float32)
        self.bends = run_blocks(lambda block: bends_of(block, Z, weights), rows.blocks, rows.n_jobs)
        self.totals = weights.sum(axis=0)

    def solve(self, gradient: np.ndarray, forcing: np.ndarray) -> np.ndarray:
        """About ``-H^-1 gradient``; see ``skmtl.solvers.conjugate_gradients``."""
        norms = self.blocks.spread(self.blocks.norms(gradient))
        scaled = gradient / np.where(norms > 0, norms, 1.0)
        step = conjugate_gradients(
            self.product, self._preconditioner(), self.rows.enter(scaled), forcing, self.blocks, np.float32
        )
        return self.rows.leave(step).astype(np.float64) * norms

    def product(self, v: np.ndarray) -> np.ndarray:
        """H v, both in V and b."""
        V, c = v[:-1], v[-1]
        share = np.float32(self.rows.ridge / len(self.rows.X))

        def work(pair):
            G, g = np.zeros_like(V), np.zeros_like(c)
            for piece, bend in zip(*pair, strict=True):
                z = piece.X @ V
                R = piece.loss.bend(bend, self._tie(z) + c)
                g += R.sum(axis=0)
                G += piece.X.T @ (self._tie(R) - share * z)
            return G, g

        pairs = zip(self.rows.blocks, self.bends, strict=True)
        G, g = summed(run_blocks(work, pairs, self.rows.n_jobs))
        G += np.float32(self.rows.ridge) * V
        return np.vstack([G, g if self.intercept else np.zeros_like(g)])

    def _tie(self, Z: np.ndarray) -> np.ndarray:
        if all(tie.plain for tie in self.ties):
            return Z
        out = np.empty_like(Z)
        for tie in self.ties:
            tie.apply(Z, out)
        return out

    def _preconditioner(self):
        """Division by the columns' curvatures, tied as their tasks are."""
        turns = []
        for tie in self.ties:
            L, V = tie.eigen(self.totals)
            V = None if V is None else V.astype(np.float32)
            turns.append((tie.columns, (1.0 / np.maximum(L, self.rows.ridge)).astype(np.float32), V))
        inverse = 1.0 / np.where(self.totals > 0, self.totals, 1.0)

        def apply(R):
            out = np.empty_like(R)
            for columns, shrink, V in turns:
                mine = R[:-1, columns]
                out[:-1, columns] = mine * shrink if V is None else ((mine @ V) * shrink) @ V.T
            out[-1] = R[-1] * inverse
            return out

        return apply
