"""Impartial multi-task learning."""

from __future__ import annotations

import numpy as np

from ._base import GramianBalancer


class IMTLG(GramianBalancer):
    """IMTL-G (Liu et al. 2021, eq. 6): the combination whose projections on all tasks' gradients are equal.

    ``G w`` shall be proportional to the norms of the gradients and the weights sum to 1; they may be
    negative. Where the gradients depend on each other linearly, the least-squares solution is taken.
    """

    def combine(self, gramian):
        norms = np.sqrt(np.diag(gramian))
        # On unit gradients the system is scaled alike for every task: G = N C N, so w = C^+ 1 / norms.
        cosines = gramian / np.outer(norms, norms)
        weights = np.linalg.pinv(cosines, hermitian=True).sum(axis=1) / norms
        total = weights.sum()
        if abs(total) < 1e-8 * np.abs(weights).sum():
            return np.full(len(gramian), 1 / len(gramian))  # no combination that sums to 1 is impartial
        return weights / total
