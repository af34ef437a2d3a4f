"""The factorization in blocks is numpy's, for sizes that blocks do and do not divide."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import ROUNDING, ROUNDING_32, SAME_BITS, assert_close

from skmtl.solvers import _cholesky, cholesky_in_place


@pytest.mark.parametrize("p", [1, 7, 8, 9, 40])
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, ROUNDING), (np.float32, ROUNDING_32)])
def test_factor(p, dtype, tolerance, rng, monkeypatch):
    monkeypatch.setattr(_cholesky, "SIZE", 8)
    root = rng.normal(size=(p, 2 * p))
    A = (root @ root.T / p).astype(dtype)
    expected = np.linalg.cholesky(A.astype(np.float64))
    only_lower = np.tril(A) + np.triu(np.full_like(A, np.nan), 8)
    factors = [np.tril(cholesky_in_place(only_lower.copy(), n_jobs)) for n_jobs in (1, 2, 3)]
    assert factors[0].dtype == dtype
    assert_close(factors[0], expected, tolerance)
    assert_close(factors[1], factors[0], SAME_BITS)
    assert_close(factors[2], factors[0], SAME_BITS)


def test_a_matrix_that_is_not_positive_is_refused(monkeypatch):
    monkeypatch.setattr(_cholesky, "SIZE", 2)
    with pytest.raises(np.linalg.LinAlgError):
        cholesky_in_place(np.diag([1.0, 1.0, 1.0, -1.0]))
