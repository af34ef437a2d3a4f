"""Data and a quadratic coupling as a function of one matrix, for the fastest Newton steps on plain data."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import numpy as np
from threadpoolctl import threadpool_limits

from ..design import Family, SharedDesign, tasks_of_columns
from ..solvers import Blocks, conjugate_gradients
from ._data import DataLoss
from ._own_rows import OwnRowsBend, tasks_are_small_problems
from ._passes import DataBend, Evaluation, WholePasses
from ._precondition import FeatureBasis, eigenvectors_pay, jacobi, whitening_pays
from ._row_passes import RowPasses
from ._ties import Tie
from ._whitened import WhitenedBend, WhitenedRows

# Single precision cannot solve for a step more exactly than this.
SINGLE = 1e-4


class BlockwiseProblem:
    r"""The function of ``JointProblem``, for float64 data whose losses bend and whose intercepts are free.

    In U the coupling is a plain ridge, whatever the covariance C (singular ones too), and the
    problem is strongly convex in U with modulus alpha. The matrix x (d + 1, P) holds U and, below it, b.
    """

    def __init__(self, data: DataLoss, families: list[Family], alpha: float, n_jobs: int | None = None):
        self.data, self.families, self.alpha = data, families, alpha
        self.quadratic = data.quadratic
        shared = isinstance(data.design, SharedDesign) and not data.design.sparse
        self.passes = RowPasses(data, n_jobs) if shared else WholePasses(data)
        self.n_jobs, self._basis, self._rows, self._seen = n_jobs, None, None, None
        self.set_covariances([np.eye(len(family.tasks)) for family in families])

    def set_covariances(self, covariances: list[np.ndarray]) -> None:
        """Tie each family's tasks by its covariance (T_f, T_f)."""
        self.ties = [Tie(family, C) for family, C in zip(self.families, covariances, strict=True)]
        self.blocks = Blocks(self._block_of_column())
        self._seen = None

    def start(self, b: np.ndarray | None = None) -> np.ndarray:
        """No slope, and intercepts b (P,) or none."""
        x = np.zeros((self.data.shape[0] + 1, self.data.shape[1]))
        if b is not None:
            x[-1] = b
        return x

    def weights(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (d, P) and b (P,) of the matrix x."""
        return self._tie(x[:-1]), x[-1]

    def vector(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The x whose weights are W (as far as the covariances allow) and b: for warm starts."""
        return np.vstack([self._tie(W, inverse=True), b])

    def gradient_scale(self, origin: np.ndarray) -> np.ndarray:
        """The norm of each block's gradient at the origin, what 1 means in ``tol``.

        A block whose norm there is less than a thousandth of the largest is measured by that instead: its
        gradient may vanish at the origin by chance.
        """
        norms = self.blocks.norms(self.value_gradient(origin)[1])
        return np.maximum(norms, 1e-3 * norms.max())

    def value_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Objective and its gradient in x."""
        found = self._evaluate(x)
        value = found.value + 0.5 * self.alpha * float(np.vdot(x[:-1], x[:-1]))
        return value, self.pull_back(found.G, found.g, x)

    def hessian(self, x: np.ndarray, *, coarse: bool = False) -> JointBend | OwnRowsBend:
        """The second derivative at x."""
        Z = self._evaluate(x).Z
        if tasks_are_small_problems(self.data, self.ties):
            return OwnRowsBend(self.data, self.ties[0], self.alpha, Z, self.n_jobs)
        if coarse and self._whitens():
            return WhitenedBend(self._whitened(Z), self.ties, self.blocks, self.data.intercept, Z)
        return JointBend(self, self.passes.bend(Z, coarse=coarse))

    def _whitens(self) -> bool:
        size = self.data.design.X.shape[0], *self.data.shape
        single = isinstance(self.passes, RowPasses) and self.passes.single_suffices
        return single and not eigenvectors_pay(*size) and whitening_pays(*size)

    def _whitened(self, Z: np.ndarray) -> WhitenedRows:
        if self._rows is None:
            curvature = self.passes.bend(Z, coarse=True).totals.mean()
            self._rows = WhitenedRows(self.passes, float(curvature), self.alpha)
        return self._rows

    def _evaluate(self, x: np.ndarray) -> Evaluation:
        """The data's side at x, kept: the Hessian is asked for where the gradient was."""
        if self._seen is None or self._seen[0] is not x:
            self._seen = x, self.passes.evaluate(*self.weights(x))
        return self._seen[1]

    def one_blas_thread(self) -> AbstractContextManager:
        """Where rows go through in several blocks: one BLAS thread for each, for the bits and for speed.

        Two BLAS threads wait for each other whenever another process has a core.
        """
        several = isinstance(self.passes, RowPasses) and len(self.passes.blocks) > 1
        return threadpool_limits(1, user_api="blas") if several else nullcontext()

    def preconditioner(self, bend: DataBend):
        """An approximate inverse of the Hessian."""
        design, (d, P) = self.data.design, self.data.shape
        if not design.sparse and eigenvectors_pay(design.X.shape[0], d, design.columns_per_row(P)):
            if self._basis is None:
                self._basis = FeatureBasis(self.passes.gram())
            return self._basis.preconditioner(bend, self.ties, self.alpha)
        D, diagonal = bend.diagonal(), np.empty((d + 1, P), bend.dtype)
        for tie in self.ties:
            tie.add_variances(D, diagonal[:-1])
        diagonal[:-1] += self.alpha
        diagonal[-1] = bend.totals
        return jacobi(diagonal)

    def pull_back(self, G: np.ndarray, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The gradient in x of a loss with gradients G in W and g in b, plus the ridge's."""
        out = np.empty_like(x)
        self._tie(G, out[:-1])
        out[:-1] += x.dtype.type(self.alpha) * x[:-1]
        out[-1] = g
        return out

    def _tie(self, U: np.ndarray, out: np.ndarray | None = None, *, inverse: bool = False) -> np.ndarray:
        """U C^(1/2) along the tasks, family by family; symmetric, so it is its own adjoint."""
        if all(tie.plain for tie in self.ties) and out is None:
            return U
        out = np.empty_like(U) if out is None else out
        for tie in self.ties:
            tie.apply(U, out, inverse=inverse)
        return out

    def _block_of_column(self) -> np.ndarray:
        """Tasks are blocks of their own where nothing ties them; else a family is one."""
        block = tasks_of_columns(self.families).copy()
        for tie in self.ties:
            if not tie.separate:
                block[tie.columns] = tie.family.tasks[0]
        return np.unique(block, return_inverse=True)[1]


class JointBend:
    """The Hessian at a point, solved with by conjugate gradients."""

    def __init__(self, problem: BlockwiseProblem, bend: DataBend):
        self.problem, self.bend = problem, bend

    def product(self, v: np.ndarray) -> np.ndarray:
        """H v."""
        return self.problem.pull_back(*self.bend.product(*self.problem.weights(v)), v)

    def solve(self, gradient: np.ndarray, forcing: np.ndarray) -> np.ndarray:
        """About ``-H^-1 gradient``; see ``skmtl.solvers.conjugate_gradients``."""
        problem, dtype = self.problem, np.dtype(self.bend.dtype)
        if dtype == np.float32:
            forcing = np.maximum(forcing, SINGLE)
        precondition = problem.preconditioner(self.bend)
        return conjugate_gradients(self.product, precondition, gradient, forcing, problem.blocks, dtype)
