"""One LogisticRegression a task, solver newton-cholesky."""

from __future__ import annotations

from functools import partial

from competitors import _sklearn_loop as loop
from competitors._stops import TOLERANCES  # noqa: F401

PACKAGE = "scikit-learn"
prepare = partial(loop.prepare_own_rows, solver="newton-cholesky")
run, result = loop.run, loop.coefficients
