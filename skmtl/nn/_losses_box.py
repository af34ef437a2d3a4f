"""The loss of one box per image."""

from __future__ import annotations

import numpy as np

from ._losses import Loss, huber


def box(delta: float = 1.0, overlap: float = 1.0) -> Loss:
    """Huber loss of the four corners' coordinates plus ``overlap * (1 - IoU)``.

    z and y are (n, 4) as x1, y1, x2, y2 with x1 < x2 and y1 < y2 in y, w (n,). A predicted box whose
    corners are turned has no area, and only the first part pulls at it. Girshick (2015), eq. 3, and
    Yu et al. (2016), eq. 2, without the logarithm.
    """
    corners = huber(delta)

    def loss(Z, y, w):
        value, dZ = corners(Z, y, np.broadcast_to(w[:, None], Z.shape))
        if overlap:
            iou, d_iou = box_overlap(Z, y)
            value += overlap * float(np.vdot(w, 1 - iou))
            dZ = dZ - overlap * w[:, None] * d_iou
        return value, dZ

    return loss


def box_overlap(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intersection over union (n,) of boxes row by row, and its derivative (n, 4) in the first ones."""
    size = np.maximum(Z[:, 2:] - Z[:, :2], 0)
    inner = np.maximum(np.minimum(Z[:, 2:], y[:, 2:]) - np.maximum(Z[:, :2], y[:, :2]), 0)
    shared = inner.prod(axis=1)
    union = size.prod(axis=1) + (y[:, 2:] - y[:, :2]).prod(axis=1) - shared
    union = np.where(union > 0, union, 1)
    iou = shared / union
    # Derivatives of the two areas: a side that is moved sweeps the other side's length.
    d_size = size[:, ::-1] * (size > 0)
    d_inner = inner[:, ::-1] * (inner > 0)
    d_area = np.concatenate([-d_size, d_size], axis=1)
    d_shared = np.concatenate([-d_inner * (Z[:, :2] > y[:, :2]), d_inner * (Z[:, 2:] < y[:, 2:])], axis=1)
    d_union = d_area - d_shared
    return iou, (d_shared - iou[:, None] * d_union) / union[:, None]
