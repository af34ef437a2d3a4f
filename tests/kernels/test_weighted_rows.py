"""The kernels of weighted row descent against their slow twins."""

import naive_rows
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl.kernels.weighted_rows import descend_entries, descend_rows, row_length

BISECTION = Tolerance("a length found by bisection", rtol=1e-9, atol=1e-11)
M, P = 5, 4


@pytest.fixture
def model(rng):
    """Curvatures (P, M, M) that differ between columns, slopes' targets (M, P) and weights (M, P)."""
    A = rng.normal(size=(P, 9, M)) * np.geomspace(0.1, 3.0, P)[:, None, None]
    return A.transpose(0, 2, 1) @ A, 3 * rng.normal(size=(M, P)), rng.normal(size=(M, P))


@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("weight, ridge", [(2.0, 0.0), (1.0, 0.7), (0.0, 0.5), (1e3, 0.0)])
@pytest.mark.parametrize("kernel, by_rows", [(descend_rows, True), (descend_entries, False)])
def test_rows_move_as_in_the_twin(kernel, by_rows, weight, ridge, passes, model):
    grams, moment, W = model
    expected = naive_rows.descend_weighted(grams, moment, W, weight, ridge, passes, by_rows)
    slope = moment - np.einsum("pij,jp->ip", grams, W)
    fall = kernel(np.ascontiguousarray(grams.transpose(1, 2, 0)), slope, W, weight, ridge, passes, 0.0)
    assert fall > 0
    assert_close(W, expected, BISECTION)
    assert_close(slope, moment - np.einsum("pij,jp->ip", grams, W), ROUNDING)


@pytest.mark.parametrize("kernel", [descend_rows, descend_entries])
def test_rows_at_rest_stay(kernel, model):
    grams, moment, W = model
    W[:] = 0.0
    slope = moment.copy()
    assert kernel(np.ascontiguousarray(grams.transpose(1, 2, 0)), slope, W, 1e3, 0.0, 5, 1e-9) == 0
    assert not W.any()
    assert_close(slope, moment, ROUNDING)


@pytest.mark.parametrize("kernel", [descend_rows, descend_entries])
def test_many_passes_end_by_themselves_at_the_minimum(kernel, model):
    grams, moment, W = model
    gram = np.ascontiguousarray(grams.transpose(1, 2, 0))
    slope = moment - np.einsum("pij,jp->ip", grams, W)
    kernel(gram, slope, W, 1.0, 0.1, 10_000, 1e-16)
    before = W.copy()
    kernel(gram, slope, W, 1.0, 0.1, 1, 0.0)
    assert_close(W, before, Tolerance("a pass that gains 1e-16 of the first one's", rtol=1e-6, atol=1e-6))


@pytest.mark.parametrize("start", [0.0, 1e-6, 1.0, 1e9])
@pytest.mark.parametrize("weight", [0.0, 0.3, 4.0])
def test_the_length_of_a_row_whatever_the_guess(start, weight, rng):
    wanted, bend = rng.normal(size=6) * 3, np.geomspace(1e-6, 1e3, 6)
    w = naive_rows.weighted_row(wanted, bend, weight, 0.0, True)
    assert_close(row_length(wanted, bend, weight, 0.0, start), np.linalg.norm(w), BISECTION)


def test_a_column_without_curvature_takes_what_the_others_leave():
    """Tasks whose rows all have weight zero: the length is that of the others' weights."""
    wanted, bend = np.array([3.0, 0.0]), np.array([2.0, 0.0])
    assert_close(row_length(wanted, bend, 1.0, 0.0, 0.0), 1.0, ROUNDING)
    assert row_length(np.zeros(2), np.zeros(2), 1.0, 0.0, 0.0) == 0
