"""What is seen of an image at a pixel: at all scales, in any box, in any light."""

import numpy as np
import pytest

from skmtl.annotation._derivatives import KINDS, LEVELS, Light, Pyramid, quarters, with_channels


def derivatives(image):
    """Features (h, w, 41 c) of all pixels."""
    image = with_channels(image)
    light = Light.of(image)
    box = light.pyramid(image).box(*(slice(0, n) for n in image.shape[:2]))
    return light.features(box.transpose(1, 2, 0))


@pytest.mark.parametrize("shape", [(20, 31), (6, 5, 3)])
def test_derivatives_are_those_of_gaussians(shape):
    """On a plane their mean is its value, its slope is the length of the gradient, nothing else is there."""
    row, column = np.indices(shape[:2], dtype=float)
    image = 3 + 0.3 * row - 0.4 * column
    image = image if len(shape) == 2 else image[:, :, None] * [1, 2, 0]
    told, channels = derivatives(image), 1 if len(shape) == 2 else 3
    assert told.shape == (*shape[:2], 41 * channels)
    np.testing.assert_allclose(
        told[3, 2, -channels:], image.reshape(-1, channels).mean(axis=0), rtol=1e-5, atol=1e-6
    )
    if channels == 1:
        np.testing.assert_allclose(told[10, 15, :4], [image[10, 15], 0, 0.5, 0], atol=0.02)


def test_half_of_the_derivatives_are_the_same_in_dim_light():
    image = np.random.default_rng(0).normal(100, 9, (20, 31, 2))
    bright, dim = (derivatives(one)[:, :, 40:80] for one in (image, 0.1 * image + 3))
    np.testing.assert_allclose(bright, dim, atol=1e-4)
    assert np.isfinite(derivatives(np.full((9, 9), 7.0))).all()


@pytest.mark.parametrize("step", [0.5, 1, 2])
def test_a_box_has_the_bits_of_the_whole(step):
    planes = np.random.default_rng(0).integers(0, 255, (2, 61, 43)).astype(np.uint8)
    shape = [int(-(-length * step // 1)) for length in planes.shape[1:]]
    whole = Pyramid(planes, [9, 90]).box(*(slice(0, n) for n in shape), step)
    assert whole.shape == (2 * LEVELS * KINDS, *shape)
    part = slice(3, 20), slice(7, shape[1])
    np.testing.assert_array_equal(Pyramid(planes, [9, 90]).box(*part, step), whole[:, *part])
    row, column = np.array([4, 19, 3]), np.array([20, 8, 8])
    np.testing.assert_array_equal(Pyramid(planes, [9, 90]).at(row, column, step), whole[:, row, column].T)


def test_a_pyramid_of_bands_is_one_of_the_whole(monkeypatch):
    planes = np.random.default_rng(0).normal(size=(1, 23, 10))
    (whole,) = Pyramid(planes).level(1)
    monkeypatch.setattr("skmtl.annotation._derivatives.BAND", 4)
    np.testing.assert_array_equal(Pyramid(planes).level(1)[0], whole)
    np.testing.assert_allclose(whole[0, 0], planes[0, :2, :2].mean(), rtol=1e-6)


def test_small_differences_on_a_bright_ground_are_seen():
    """Of numbers around 1e9, float32 holds no digit behind the point."""
    image = np.random.default_rng(0).normal(size=(12, 12))
    dim, bright = derivatives(image), derivatives(image + 2.0**30)
    np.testing.assert_allclose(bright[..., 20:40], dim[..., 20:40], atol=1e-4)


def test_the_view_is_what_features_are():
    image = np.random.default_rng(0).normal(100, 9, (8, 9, 2))
    light = Light.of(image)
    maps = np.random.default_rng(1).normal(size=(7, 40)).astype(np.float32)
    matrix, shift = light.view()
    np.testing.assert_allclose(light.features(maps), maps @ matrix + shift, rtol=1e-5, atol=1e-5)


def test_quarters():
    image = np.zeros((4, 6))
    image[2:, 3:] = [[1, 1, 1], [3, 3, 3]]
    np.testing.assert_allclose(quarters(image), [0, 0, 0, 0, 0, 0, 2, 1])
