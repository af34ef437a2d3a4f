"""What is cut out of an image: the pixels that Pillow makes of it, and those at the edge beyond it."""

import numpy as np
import pytest
from PIL import Image

from skmtl.annotation._cut_outs import SIDE, WIDER, cut_outs

BILINEAR = Image.Resampling.BILINEAR


def around(box):
    """The square that is cut out."""
    middle, side = (box[:2] + box[2:]) / 2, WIDER * (box[2:] - box[:2]).max()
    return np.concatenate([middle - side / 2, middle + side / 2])


BOXES = [[30, 25, 70, 65], [20.5, 30, 27.25, 44], [50, 40, 130, 180], [90, 90, 91, 90]]


@pytest.mark.parametrize("box", BOXES)
def test_pixels_are_those_of_pillow(box):
    image, box = np.random.default_rng(0).normal(size=(220, 200)).astype(np.float32), np.array(box, float)
    told = Image.fromarray(image).resize((SIDE, SIDE), BILINEAR, box=tuple(around(box)))
    np.testing.assert_allclose(cut_outs(image, box[None])[0], told, atol=2e-5)


def test_boxes_channels_and_types():
    colours = np.random.default_rng(0).integers(0, 256, (60, 80, 3))
    boxes = np.array([[5.0, 5, 30, 40], [-20, 40, 10, 75], [70, 2, 79, 9]])
    for kind in (np.uint8, np.uint16, np.int64, np.float32, np.float64):
        cuts = cut_outs(colours.astype(kind), boxes)
        assert cuts.shape == (3, SIDE, SIDE, 3) and cuts.dtype == kind
        alone = cut_outs(colours[:, :, 1].astype(kind), boxes[1:2])[0]
        np.testing.assert_array_equal(cuts[1, :, :, 1], alone)
        np.testing.assert_allclose(cuts, cut_outs(colours.astype(float), boxes), atol=0.501)
    assert cut_outs(colours > 127, boxes).dtype == bool
    assert cut_outs(colours, boxes[:0]).shape == (0, SIDE, SIDE, 3)


def test_beyond_the_image_its_outermost_pixels_are_repeated():
    image, box = np.random.default_rng(0).random((20, 30)), np.array([-9.0, 12, 4, 35])
    more = cut_outs(np.pad(image, 40, mode="edge"), box[None] + 40)
    np.testing.assert_allclose(cut_outs(image, box[None]), more)
    np.testing.assert_array_equal(cut_outs(image, np.array([[-200.0, -200, -180, -180]]))[0], image[0, 0])


def test_large_objects_are_read_band_by_band(monkeypatch):
    image, box = np.random.default_rng(0).random((90, 80, 2)), np.array([[3.0, 4, 77, 88]])
    whole = cut_outs(image, box)
    monkeypatch.setattr("skmtl.annotation._cut_outs.BAND", 7)
    np.testing.assert_allclose(cut_outs(image, box), whole, rtol=1e-12)
