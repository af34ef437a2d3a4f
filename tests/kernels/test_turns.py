"""Images along slanted rows: against slow twins, and against scipy."""

import naive_grids
import numpy as np
import pytest
from _asserts import ROUNDING, ROUNDING_32, SAME_BITS, assert_close
from scipy.ndimage import map_coordinates

from skmtl.kernels.turns import bilinear, nearest

TOLERANCE = {np.float32: ROUNDING_32, np.float64: ROUNDING}
SHAPES = pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 6, 4, 1), (1, 1, 1, 2), (2, 1, 5, 1)])


def slanted(shape, seed=0):
    """Parts of places in and around images (n, h, w, C), and the places themselves, y and x (n, h, w)."""
    n, height, width, _ = shape
    rng = np.random.default_rng(seed)
    down, along = rng.uniform(-1, height + 1, (2, n, height)), rng.uniform(-1.5, width, (2, n, width))
    return down, along, down[:, :, :, None] + along[:, :, None, :]


@SHAPES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bilinear(shape, dtype):
    images = np.random.default_rng(1).normal(size=shape).astype(dtype)
    down, along, places = slanted(shape)
    out = np.empty_like(images)
    bilinear(images, down, along, out)
    for image, own, y, x in zip(images, out, *places, strict=True):
        for (i, j), place in np.ndenumerate(y):
            twin = naive_grids.between_pixels(image, place, x[i, j])
            assert_close(own[i, j], twin, TOLERANCE[dtype])
        for c in range(shape[3]):
            other = map_coordinates(image[..., c].astype(float), [y - 0.5, x - 0.5], order=1, mode="nearest")
            assert_close(own[..., c], other, TOLERANCE[dtype])


@SHAPES
def test_nearest(shape):
    n, height, width, _ = shape
    numbers = np.arange(n * height * width).reshape(n, height, width)
    down, along, places = slanted(shape)
    found, beyond = np.empty((n, height, width), np.int64), np.empty((n, height, width), bool)
    nearest(down, along, found, beyond)
    for image, own, out, y, x in zip(numbers, found, beyond, *places, strict=True):
        other = map_coordinates(image, [y - 0.5, x - 0.5], order=0, mode="nearest")
        assert_close(own, other, SAME_BITS)
        for (i, j), place in np.ndenumerate(y):
            assert out[i, j] == naive_grids.lies_outside(image, place, x[i, j])


def test_the_middles_of_pixels_are_the_pixels_to_the_bit():
    images = np.random.default_rng(2).normal(size=(1, 4, 6, 2)).astype(np.float32)
    down = np.stack([np.arange(4)[None] + 0.5, np.zeros((1, 4))])
    along = np.stack([np.zeros((1, 6)), np.arange(6)[None] + 0.5])
    out = np.empty_like(images)
    bilinear(images, down, along, out)
    assert_close(out, images, SAME_BITS)
