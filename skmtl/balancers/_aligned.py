"""Aligned gradients."""

from __future__ import annotations

import numpy as np

from ._base import GramianBalancer


class Aligned(GramianBalancer):
    """Aligned-MTL (Senushkin, Patakin, Kuznetsov & Konushin 2023, eq. 14): gradients made orthogonal.

    The tasks' gradients are replaced by the nearest orthogonal ones, all as long as the smallest singular
    value of their matrix, and added up. Directions in which the gradients do not differ (zero singular
    values) are left out.
    """

    def combine(self, gramian):
        values, vectors = np.linalg.eigh(gramian)
        kept = values > len(values) * np.finfo(float).eps * values[-1] * 10
        values, vectors = values[kept], vectors[:, kept]
        balance = (vectors * np.sqrt(values[0] / values)) @ vectors.T
        return balance.sum(axis=1)
