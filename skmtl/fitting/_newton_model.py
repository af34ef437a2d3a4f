"""The quadratic model of the loss around raw predictions: what a Newton step minimises."""

from __future__ import annotations

import numpy as np

from ._data import DataLoss, LossPart

# A task's second derivative in its classes, M, is below this many times its diagonal: by Gershgorin's
# circles that holds where no row of M has more off the diagonal than on it, as for probabilities.
CLASSES = 2.0
# Labels count with at least this share of the mean curvature: saturated ones keep the model bounded.
LEAST_BEND = 1e-9


class LossModel:
    r"""``<R, dZ> + <dZ, M dZ> / 2`` for changes dZ of the raw predictions from Z.

    ``bend`` is an upper bound of M that is diagonal, an array like Z; where all tasks have one column it is M
    itself (``exact``), up to a floor for labels whose curvature has vanished.
    """

    def __init__(self, data: DataLoss, Z: np.ndarray):
        self.data, self.start = data, data.residual(Z)
        self.bends = data.bends(Z)
        self.exact = all(bend.diagonal.shape[-1] == 1 for bend in self.bends)
        each = iter(self.bends)
        diagonal = data.columns(Z, lambda part, z: _upper_bound(next(each).diagonal))
        weight = data.columns(Z, _weights_like)
        self.bend = np.maximum(diagonal, LEAST_BEND * diagonal.sum() / max(weight.sum(), 1e-300) * weight)

    def residual(self, dZ: np.ndarray | None) -> np.ndarray:
        """Derivative of the model at dZ (None: 0)."""
        if dZ is None:
            return self.start
        return self.start + (self.bend * dZ if self.exact else self.data.bend(self.bends, dZ))


def _upper_bound(diagonal: np.ndarray) -> np.ndarray:
    return diagonal if diagonal.shape[-1] == 1 else CLASSES * diagonal


def _weights_like(part: LossPart, z: np.ndarray) -> np.ndarray:
    return np.broadcast_to(part.w[..., None], z.shape)
