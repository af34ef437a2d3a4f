"""Joint sparsity that does not shrink the features it keeps."""

from __future__ import annotations

import numpy as np

from ._base import ConcaveCoupling, checked_number
from ._penalties import Penalty, shrinkage
from ._sparse import used_rows

LEAST_CONCAVITY = {"mcp": 1.0, "scad": 2.0}


class ConcaveJointSparsity(ConcaveCoupling):
    r"""All tasks use the same few features, whose weights are not shrunk: MCP or SCAD of the row norms.

    .. math:: \alpha R(W) = \sum_j \varphi(\|w_{j\cdot}\|_2), \quad \varphi(0) = 0,

    whose slope starts at alpha, as that of ``JointSparsity``, and falls to zero at ``gamma * alpha`` with
    ``gamma = concavity``: with :math:`x_+ = \max(x, 0)`,

    .. math:: \varphi'(x) = (\alpha - x / \gamma)_+ \; \text{(mcp)}, \qquad
              \varphi'(x) = \min(\alpha, (\gamma \alpha - x)_+ / (\gamma - 1)) \; \text{(scad)}.

    Rows longer than ``gamma * alpha`` feel no penalty at all: the bias of the convex norm, which shrinks
    what it keeps and therefore needs an alpha that keeps too much, is gone. The problem is **not convex**.
    A fit starts from the solution of ``JointSparsity`` and takes the tangent of the penalty again and again
    (local linear approximation), so that each step is a convex problem and the objective never rises; it
    ends in a stationary point, which ``optimality_`` certifies, and which may be a local minimum. There is
    no duality gap. Features should be of equal scale. Where classes are separable by the features that feel
    no penalty there is no best model, and a fit stops short: raise alpha or the concavity.

    A fitted estimator has ``support_`` (n_features,), True for the features in use.

    Parameters
    ----------
    penalty : {"mcp", "scad"}, default "mcp"
    concavity : float, default 3
        The gamma above; more than 1 for MCP, more than 2 for SCAD. Infinity would be ``JointSparsity``.

    References
    ----------
    Zhang (2010), "Nearly unbiased variable selection under minimax concave penalty", equation 2.1;
    Fan & Li (2001), "Variable selection via nonconcave penalized likelihood", equation 2.7; Breheny &
    Huang (2015), "Group descent algorithms for nonconvex penalized regression", for groups; Zou & Li
    (2008), "One-step sparse estimates in nonconcave penalized likelihood models", equation 2.6.
    """

    def __init__(self, penalty: str = "mcp", concavity: float = 3.0):
        self.penalty = penalty
        self.concavity = concavity

    def check(self) -> None:
        if self.penalty not in LEAST_CONCAVITY:
            raise ValueError(f"ConcaveJointSparsity.penalty must be 'mcp' or 'scad', got {self.penalty!r}")
        checked_number("ConcaveJointSparsity.concavity", self.concavity, LEAST_CONCAVITY[self.penalty])

    def value(self, W, alpha):
        x, g = _row_norms(W), self.concavity
        if self.penalty == "mcp":
            x = np.minimum(x, g * alpha)
            return float((x - 0.5 * x**2 / (g * alpha)).sum())
        flat = np.minimum(x, alpha)
        bent = np.clip(x, alpha, g * alpha) - alpha
        return float((flat + bent - 0.5 * bent**2 / ((g - 1.0) * alpha)).sum())

    def tangent(self, W, alpha):
        x, g = _row_norms(W), self.concavity
        slopes = 1.0 - x / (g * alpha) if self.penalty == "mcp" else (g - x / alpha) / (g - 1.0)
        return WeightedRowNorm(np.clip(slopes, 0.0, 1.0))

    def describe(self, parts, families):
        return {"support_": used_rows(parts[0])}


class WeightedRowNorm(Penalty):
    """``sum_j weights_j |w_j|``; some weights may be 0, so that no scaling makes a slope dual feasible."""

    def __init__(self, weights: np.ndarray):
        self.weights = weights

    def value(self, W):
        return float(self.weights @ _row_norms(W))

    def prox(self, V, step):
        return V * shrinkage(_row_norms(V), step * self.weights)[:, None]


def _row_norms(W: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("dp,dp->d", W, W))
