"""The largest of squares and its way back, against numpy."""

import numpy as np
import pytest

from skmtl.kernels.largest import largest, slopes_of_largest


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_each_square_gives_its_first_largest_pixel(size, dtype):
    rng = np.random.RandomState(size)
    X = rng.randint(0, 4, (2, 7, 5, 3)).astype(dtype)  # many are equal
    rows, columns = 7 // size, 5 // size
    out, codes = np.empty((2, rows, columns, 3), dtype), np.empty((2, rows, columns, 3), np.uint8)
    largest(X, size, out, codes)
    cut = X[:, : rows * size, : columns * size].reshape(2, rows, size, columns, size, 3)
    squares = cut.transpose(0, 1, 3, 2, 4, 5).reshape(2, rows, columns, size * size, 3)
    np.testing.assert_array_equal(out, squares.max(axis=3))
    np.testing.assert_array_equal(codes, squares.argmax(axis=3))

    slopes, back = rng.normal(size=out.shape).astype(dtype), np.full(X.shape, 7, dtype)
    slopes_of_largest(slopes, codes, size, back)
    got = back[:, : rows * size, : columns * size].reshape(2, rows, size, columns, size, 3)
    got = got.transpose(0, 1, 3, 2, 4, 5).reshape(squares.shape)
    np.testing.assert_array_equal(
        got, (np.arange(size * size)[:, None] == codes[:, :, :, None]) * slopes[:, :, :, None]
    )
    assert (back[:, rows * size :] == 7).all() and (back[:, :, columns * size :] == 7).all()


def test_nan_is_not_hidden():
    X = np.array([[1.0, np.nan], [3.0, 2.0]])[None, :, :, None]
    out, codes = np.empty((1, 1, 1, 1)), np.empty((1, 1, 1, 1), np.uint8)
    largest(X, 2, out, codes)
    assert np.isnan(out.item())
