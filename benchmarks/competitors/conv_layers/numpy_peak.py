"""No competitor: products of square matrices with as many multiply-adds, the pace of the machine's sgemm."""

from __future__ import annotations

import numpy as np
from competitors.conv_features.numpy_peak import prepare, run

PACKAGE = "numpy"
__all__ = ["PACKAGE", "prepare", "result", "run"]


def result(state, output):
    data = state[0]
    side = data.X.shape[1] // 4
    return np.zeros((len(data.X), side, side, 64))
