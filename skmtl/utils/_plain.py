"""Arrays that need no checks of scikit-learn, which take longer than a small image."""

from __future__ import annotations

import math

import numpy as np
from sklearn.utils import assert_all_finite

_TOGETHER = 2**18  # numbers that are looked at together: what a test for NaN allocates stays small
_ONE_THREAD = 10_000  # of longer vectors OpenBLAS makes a dot product in threads


def is_plain(estimator, X) -> bool:
    """Whether X is what scikit-learn's checks of a fitted estimator would let through, but for NaN."""
    fitted = vars(estimator)
    return (
        type(X) is np.ndarray
        and X.dtype.kind in "biuf"
        and X.ndim > 1
        and len(X) > 0
        and X.shape[1] == fitted.get("n_features_in_")
        and "feature_names_in_" not in fitted
    )


def refuse_not_finite(estimator, X: np.ndarray) -> None:
    """Raise scikit-learn's error where X holds NaN or infinity; tested block by block, nothing is copied."""
    if X.dtype.kind != "f":
        return
    step = len(X) if X.size <= _TOGETHER else max(_TOGETHER * len(X) // X.size, 1)
    for first in range(0, len(X), step):
        block = X[first : first + step]
        if not (_has_finite_square(block) or np.isfinite(block).all()):
            assert_all_finite(block, estimator_name=type(estimator).__name__, input_name="X")


def _has_finite_square(block: np.ndarray) -> bool:
    """Whether a small ``block`` has a finite sum of squares, told in half the time: then all is finite."""
    return block.size <= _ONE_THREAD and math.isfinite(np.vdot(block, block))
