"""What a network tells of rows: set right for how they were drawn, and as numbers that another one sees."""

from __future__ import annotations

import numpy as np

from ._head import UNKNOWN

#: Probabilities are kept so far from 0 and 1 before their logarithms are taken.
EDGE = 1e-3


def told_columns(told: dict[str, dict[str, np.ndarray]]) -> np.ndarray:
    """All that was told of rows side by side, (m, k): log odds of kinds, and numbers."""
    columns = []
    for fields in told.values():
        for field, values in fields.items():
            if field == "kind":
                sure = np.clip(values[:, 1:] if values.shape[1] == 2 else values, EDGE, 1 - EDGE)
                values = np.log(sure / (1 - sure))
            columns.append(values)
    return np.concatenate(columns, axis=1, dtype=np.float32)


def set_right(probability: np.ndarray, seen: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Probabilities (m, n_codes) as if rows had not been drawn, from those (m, k) of the codes ``seen``."""
    out = np.zeros((len(probability), len(shares)))
    known = seen != UNKNOWN
    out[:, seen[known]] = probability[:, known] / shares[seen[known]]
    return out / out.sum(axis=1, keepdims=True)
