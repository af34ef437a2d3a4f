"""No features: what it costs to write as many zeros to fresh memory."""

from __future__ import annotations

import numpy as np

PACKAGE = "numpy"


def prepare(data, threads):
    return (*data.image.shape[:2], 3 * len(data.filters) * (2 if data.two_sided else 1))


def run(state):
    out = np.empty(state, np.float32)
    out.fill(0)
    return out


def result(state, output):
    return output
