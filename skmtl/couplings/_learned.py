"""A task covariance learned from the weights themselves."""

from __future__ import annotations

import numpy as np

from ._base import QuadraticCoupling, TaskPrior, checked_number, solve_psd, spread_factor
from ._fixed import checked_sharing
from ._spectral import CommonColumn, SmoothedTraceNorm


class LearnedRelation(QuadraticCoupling):
    r"""Task relations learned around a shared part: ``w_t = w_0 + v_t``, V = (v_1 ... v_T).

    .. math:: R = \min_{w_0, V, \Omega} \frac{1}{2s}\|w_0\|^2 + \frac12 tr(V \Omega^{-1} V')
              + \frac{\epsilon}{2} tr(\Omega^{-1}), \quad tr\,\Omega = (1 - s) T

    It is jointly convex. For given weights the best relation is
    ``Omega = (1 - s) T (V'V + eps I)^(1/2) / tr(...)``; the task covariance is ``s 11' + Omega``. With
    that relation in its place,

    .. math:: R = \min_{w_0} \frac{1}{2s}\|w_0\|^2
              + \frac{1}{2(1 - s)T} \left(tr (V'V + \epsilon I)^{1/2}\right)^2

    is a function of W alone, and that is what fits minimise. ``sharing=0`` is the multi-task
    relationship learning of the paper, and with ``smoothing=0`` besides it is the squared trace norm,
    ``LowRank(squared=True)`` with alpha / T.

    Parameters
    ----------
    sharing : float in [0, 1), default 0.25
        Part of the prior variance that is common to all tasks.
    smoothing : float >= 0, default 1e-4
        The epsilon that keeps Omega regular, in units of squared weights.

    References
    ----------
    Zhang & Yeung (2010), "A convex formulation for learning task relationships in multi-task
    learning"; the learned mean w_0 is an addition.
    """

    learned = True

    def __init__(self, sharing: float = 0.25, smoothing: float = 1e-4):
        self.sharing = sharing
        self.smoothing = smoothing

    def covariance(self, n_tasks):
        s = checked_sharing(self.sharing)
        if s == 1:
            raise ValueError("LearnedRelation.sharing must be below 1: with 1 there is nothing left to learn")
        checked_number("LearnedRelation.smoothing", self.smoothing, 0, closed=True)
        return (1.0 - s) * np.eye(n_tasks) + s

    def penalties(self, n_tasks):
        s = checked_sharing(self.sharing)
        own = SmoothedTraceNorm((1.0 - s) * n_tasks, self.smoothing)
        return (own, CommonColumn(s)) if s > 0 else (own,)

    def relearn(self, W, C):
        return self.relation([solve_psd(C, W.T).T @ (C - self.sharing)])  # V of W = w_0 1' + V

    def relation(self, parts):
        V, floor = parts[0], np.sqrt(self.smoothing)
        T = V.shape[1]
        _, values, directions = np.linalg.svd(V, full_matrices=False)
        root = (directions.T * (np.sqrt(values**2 + self.smoothing) - floor)) @ directions + floor * np.eye(T)
        trace = np.trace(root)
        root = 0.5 * (root + root.T) if trace > 0 else np.eye(T)
        return self.sharing + (1.0 - self.sharing) * T * root / (trace or T)

    def shared(self, W, C):
        if self.sharing == 0:
            return W.mean(axis=1)
        return self.sharing * solve_psd(C, W.T).sum(axis=0)

    def task_prior(self, parts, families, shared):
        """The relation seen from the features: ``D = (1 - s) T (V V' + eps I)^(1/2) / tr(...)``.

        For tasks of several columns D is scaled such that V costs what it costs in R.
        """
        if shared is None:
            return None
        family, origin = families[0], shared if self.sharing else np.zeros_like(shared)
        V = family.by_task(parts[0]) - origin[:, None, :]
        left, values, _ = np.linalg.svd(V.reshape(len(V), -1), full_matrices=False)
        floor = np.sqrt(self.smoothing)
        stacked = V.transpose(0, 2, 1).reshape(-1, len(family.tasks))
        trace = np.sqrt(np.maximum(np.linalg.eigvalsh(stacked.T @ stacked), 0.0) + self.smoothing).sum()
        scale = (1.0 - self.sharing) * len(family.tasks) / trace
        if family.n_columns > 1:
            scale *= values.sum() / trace
        return TaskPrior(spread_factor(left, scale * np.hypot(values, floor), scale * floor), origin)

    def constant(self, C):
        return 0.5 * self.smoothing * np.trace(np.linalg.inv(C - self.sharing)) if self.smoothing else 0.0
