"""What every test has: one thread per process, and seeded random numbers."""

from __future__ import annotations

import os
import zlib

# Before numpy, scipy or numba load: with more BLAS threads than free cores small products stall, and
# the suite shall give the same bits on every machine that has the same code paths.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

# That is too late where pytest has loaded scikit-learn already, for the warnings that its settings name.
threadpool_limits(int(os.environ["OPENBLAS_NUM_THREADS"]), user_api="blas")


@pytest.fixture
def seed(request) -> int:
    """A seed that differs from test to test and is the same in every run of the same test."""
    return zlib.crc32(request.node.name.encode())


@pytest.fixture
def rng(seed) -> np.random.Generator:
    """A seeded generator of random numbers, fresh for each test."""
    return np.random.default_rng(seed)
