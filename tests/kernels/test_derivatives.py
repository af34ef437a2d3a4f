"""Kernels of derivatives and pyramids, against scipy's filters and interpolation."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d, map_coordinates

from skmtl.annotation._derivatives import taps
from skmtl.feature_extraction._geometry import between, reflected
from skmtl.kernels.derivatives import SIZE, derive, enlarge_planes, halve

ROUNDING = 2e-6  # float32 sums of 49 products of numbers around 1


@pytest.mark.parametrize("shape", [(2, 6, 8), (1, 5, 7), (3, 1, 4), (1, 3, 1)])
def test_halving_takes_means_of_four(shape):
    planes = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    out = np.full((shape[0], *(-(-length // 2) for length in shape[1:])), np.nan, np.float32)
    halve(planes, out)
    even = np.pad(planes, [(0, 0), *((0, length % 2) for length in shape[1:])], mode="edge")
    means = even.reshape(shape[0], out.shape[1], 2, out.shape[2], 2).mean(axis=(2, 4))
    np.testing.assert_allclose(out, means, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("shape", [(2, 9, 11), (1, 4, 13), (1, 1, 5)])
def test_derivatives_are_those_of_scipy(shape):
    planes = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    box = slice(shape[1] // 3, shape[1]), slice(1, shape[2] - 1)
    axes = [
        reflected(n, SIZE)[part.start : part.stop + SIZE - 1] for n, part in zip(shape[1:], box, strict=True)
    ]
    out = np.empty((shape[0], 4, *(part.stop - part.start for part in box)), np.float32)
    derive(planes, *axes, taps(), out)
    np.testing.assert_allclose(out, by_scipy(planes)[:, :, *box], rtol=0, atol=ROUNDING)


def by_scipy(planes):
    """The four numbers at every pixel (C, 4, h, w), one-dimensional filters one after the other."""
    g, first, second = (
        np.concatenate([sign * half[:0:-1], half]) for half, sign in zip(taps(), (1, -1, 1), strict=True)
    )

    def filtered(down, along):
        some = correlate1d(planes.astype(float), down, axis=1, mode="mirror")
        return correlate1d(some, along, axis=2, mode="mirror")

    xx, yy = filtered(g, second), filtered(second, g)
    slope = np.hypot(filtered(g, first), filtered(first, g))
    return np.stack([filtered(g, g), xx + yy, slope, np.hypot((xx - yy) / 2, filtered(first, first))], axis=1)


def test_enlarging_is_linear_interpolation():
    maps = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    down, along = (between(np.arange(n), 4, n, np.float32) for n in (14, 19))
    out = np.empty((3, 14, 19), np.float32)
    enlarge_planes(maps, down, along, out)
    places = np.meshgrid(*((np.arange(n) + 0.5) / 4 - 0.5 for n in (14, 19)), indexing="ij")
    for plane, own in zip(maps.astype(float), out, strict=True):
        expected = map_coordinates(plane, places, order=1, mode="nearest")
        np.testing.assert_allclose(own, expected, rtol=0, atol=ROUNDING)
